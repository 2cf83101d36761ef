"""Colours by their contrast (WCAG 2.2, 1.4.3): whatever colour an installation chose, its buttons
and links can be read. Pure.
"""

from __future__ import annotations

import re

BLACK, WHITE = "#000000", "#ffffff"
READABLE = 4.5
"""The least contrast of text with what is behind it."""
_HEX = re.compile(r"#[0-9a-f]{3}|#[0-9a-f]{6}")
_STEPS = 32


def read_colour(text: str) -> str:
    """ "#1F5C43" or "#fc0" as "#rrggbb". Raises ValueError."""
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise ValueError(
            f'"{text}" is no colour: write # and six digits or letters from a to f, as in "#1f5c43"'
        )
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black and white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_on(colour: str) -> str:
    """Black or white, whichever is read better on it; one of them always has READABLE contrast."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def readable(colour: str, *papers: str) -> str:
    """The colour itself where text in it can be read on each of `papers`; otherwise as little
    darker or lighter as it takes.
    """
    for ink in sorted(
        (BLACK, WHITE), key=lambda ink: -min(contrast(ink, paper) for paper in papers)
    ):
        for step in range(_STEPS + 1):
            mixed = _mixed(colour, ink, step)
            if all(contrast(mixed, paper) >= READABLE for paper in papers):
                return mixed
    return text_on(papers[0])


def _mixed(colour: str, ink: str, step: int) -> str:
    pairs = zip(_channels(colour), _channels(ink), strict=True)
    return "#" + "".join(f"{(a * (_STEPS - step) + b * step) // _STEPS:02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
