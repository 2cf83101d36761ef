"""Curves of cost against size, as an SVG that says everything in words too. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 64, 56
COLOURS = ("#1f4e79", "#b3541e", "#3c7a3c")


@dataclass(frozen=True, slots=True)
class Curve:
    """`points` are (events in the ledger, milliseconds)."""

    name: str
    points: Sequence[tuple[int, float]]


def drawn(curves: Sequence[Curve]) -> str:
    """Sizes on a logarithmic axis, times from nought: what costs the same at every size is a level
    line.
    """
    sizes = sorted({size for curve in curves for size, _ in curve.points})
    most = _round(max(cost for curve in curves for _, cost in curve.points))

    def x(size: int) -> float:
        span = math.log(sizes[-1] / sizes[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(size / sizes[0]) / span

    def y(cost: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cost / most

    parts = [
        _text(
            LEFT,
            24,
            "Cost against the size of the ledger: milliseconds for 500 people",
            "start",
            "bold",
        )
    ]
    for cost in (0, most / 2, most):
        parts.append(f'<path d="M{LEFT} {y(cost):.1f}H{WIDTH - RIGHT}" stroke="#d0d4d9"/>')
        parts.append(_text(LEFT - 8, y(cost) + 4, f"{cost:g}", "end"))
    for size in sizes:
        parts.append(f'<path d="M{x(size):.1f} {HEIGHT - BOTTOM}v6" stroke="#4a5561"/>')
        parts.append(_text(x(size), HEIGHT - BOTTOM + 20, f"{size / 1e6:.3g} M", "middle"))
    parts.append(
        _text(
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "events in the ledger (logarithmic)", "middle"
        )
    )
    for place, (colour, curve) in enumerate(zip(COLOURS, curves, strict=False)):
        parts.append(_text(LEFT + 160 * place, 42, curve.name, "start", "bold", colour))
        way = "L".join(f"{x(size):.1f} {y(cost):.1f}" for size, cost in curve.points)
        parts.append(f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for size, cost in curve.points:
            parts.append(f'<circle cx="{x(size):.1f}" cy="{y(cost):.1f}" r="3.5" fill="{colour}"/>')
            parts.append(_text(x(size), y(cost) - 9, f"{cost:.1f}", "middle", colour=colour))
    title = "; ".join(
        f"{curve.name}: "
        + ", ".join(f"{cost:.1f} ms at {size:,} events" for size, cost in curve.points)
        for curve in curves
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12" role="img">'
    )
    return "\n".join(
        [
            head,
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _round(most: float) -> float:
    """The next of 1, 2, 5, 10, 20 …"""
    power = float(10 ** math.floor(math.log10(most)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


def _text(
    x: float, y: float, words: str, anchor: str, weight: str = "normal", colour: str = "#1c232b"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
        f' fill="{colour}">{escape(words)}</text>'
    )
