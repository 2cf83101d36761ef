"""The rows of a benchmark: rounds of measure and limit side by side, one table for people, one list
in JSON for programs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

KEYS = ("name", "figure", "unit", "limit", "ratio", "goal")


@dataclass(frozen=True, slots=True)
class Row:
    """`figure` and `limit` in `unit`; `ratio` is figure / limit. `goal` is the least wanted of what
    it is `of`: where that is not said, up to 1 of the ratio, above 1 of the figure.

    `at_most`: the goal, of whichever kind, is the most that is wanted. `floor` is the least that is
    still taken where the goal is not reached.
    """

    name: str
    figure: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    goal: float | None = None
    floor: float | None = None
    at_most: bool = False
    of: Literal["figure", "ratio"] | None = None

    @property
    def reached(self) -> str:
        if self.goal is None:
            return ""
        of = self.of or ("figure" if self.goal > 1 else "ratio")
        held = self.figure if of == "figure" else self.ratio
        if held is None:
            return "no"
        if held <= self.goal if self.at_most else held >= self.goal:
            return "yes"
        return "floor" if self.floor is not None and held >= self.floor else "no"


class Watch:
    """`with Watch() as it: …`, then `it.seconds` by the wall."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.perf_counter() - self._begun


def against(
    name: str,
    unit: str,
    goal: float | None,
    rounds: Sequence[tuple[float, float]],
    *,
    floor: float | None = None,
    at_most: bool = False,
    of: Literal["figure", "ratio"] | None = None,
) -> Row:
    """The row of the round (figure, limit) whose ratio is the median: both its figures were taken
    within the same seconds of this machine.
    """
    figure, limit = sorted(rounds, key=lambda pair: pair[0] / pair[1])[(len(rounds) - 1) // 2]
    return Row(
        name,
        round(figure, 1),
        unit,
        round(limit, 1),
        round(figure / limit, 3),
        goal,
        floor,
        at_most,
        of,
    )


def printed(rows: Sequence[Row]) -> str:
    """One table, its columns as wide as they need to be."""
    heads = ("measure", "figure", "limit", "unit", "ratio", "goal", "reached")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    numbers = (1, 2, 4, 5)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n in numbers else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    limit = "" if row.limit is None else _number(row.limit)
    return (
        row.name,
        _number(row.figure),
        limit,
        row.unit,
        "" if row.ratio is None else f"{row.ratio:.2f}",
        _goal(row),
        row.reached,
    )


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    sign, floor = "< " if row.at_most else "", "" if row.floor is None else f" ({row.floor:.2f})"
    is_figure = row.of == "figure" or (row.of is None and row.goal > 1)
    return sign + (f"{row.goal:,.0f}" if is_figure else f"{row.goal:.2f}") + floor


def _number(figure: float) -> str:
    """Small ones with a digit or two behind the point: whole ones would say nothing."""
    return f"{figure:,.0f}" if figure >= 100 or figure == 0 else f"{figure:.3g}"


def write(rows: Sequence[Row], path: Path) -> None:
    """`results.json`: a list of {name, figure, unit, limit, ratio, goal}."""
    path.write_text(
        json.dumps([{key: getattr(row, key) for key in KEYS} for row in rows], indent=2) + "\n",
        encoding="utf-8",
    )
