"""How much room words take in a drawing, which is laid out before any browser has seen it. Pure.

The widths are those of DejaVu Sans, the widest face that `system-ui` stands for on the systems of
today, rounded up: elsewhere words take less room than was kept for them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, normalize

_HUNDREDTHS = {
    28: "'ijl",
    32: " ,.IJ·’",
    36: "/:;\\f|",
    40: "()-[]t",
    44: "!r",
    48: '"',
    52: "*_`°–",
    56: "?Lcsz",
    60: "Fkvxy•“”",
    64: "$0123456789EPSTYabdeghnopqu{}«»ßø€",
    72: "ABCKRVXZ",
    76: "HNU",
    80: "&DGOQØ",
    84: "#+<=>^w~×",
    88: "M",
}
_WIDTHS = {glyph: width for width, glyphs in _HUNDREDTHS.items() for glyph in glyphs}
_WIDEST = 108
"""Of every sign that is not listed, in hundredths of the size of the type."""
_NARROW, _BOLD, _BOLD_WIDE = 70, 9, 14
ELLIPSIS = "…"


def width_of(words: str, size: int, bold: bool = False) -> int:
    """Pixels in which they fit, in type of `size` pixels."""
    return -(-sum(_width(glyph, bold) for glyph in words) * size // 100)


@lru_cache(maxsize=4096)
def _width(glyph: str, bold: bool) -> int:
    decomposed = normalize("NFD", glyph)
    width = sum(_WIDTHS.get(part, _WIDEST) for part in decomposed if not combining(part))
    return width + (0 if not bold else _BOLD if width < _NARROW else _BOLD_WIDE)


def fitted(words: str, room: int, size: int, bold: bool = False) -> str:
    """As much of them as fits a line, with an ellipsis where that is not all."""
    if width_of(words, size, bold) <= room:
        return words
    kept = words
    while kept and width_of(kept.rstrip() + ELLIPSIS, size, bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrapped(words: str, room: int, size: int, most: int, bold: bool = False) -> list[str]:
    """In at most so many lines, broken at blanks and after hyphens; the last ends with an ellipsis
    where more is left.
    """
    lines, parts = [""], re.findall(r"[^ -]*-*[ ]*", words)
    for part in parts:
        if width_of((lines[-1] + part).rstrip(), size, bold) <= room or not lines[-1]:
            lines[-1] += part
        else:
            lines.append(part)
    if len(lines) > most:
        lines[most - 1 :] = ["".join(lines[most - 1 :])]
    return [fitted(line.rstrip(), room, size, bold) for line in lines]
