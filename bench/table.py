"""The rows of a benchmark: rounds of measure and limit side by side, one table for people, one list in JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Row:
    """`figure` and `limit` in `unit`; `ratio` is figure / limit. `goal` up to 1 is the least ratio wanted, above 1 the least figure."""

    name: str
    figure: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    goal: float | None = None

    @property
    def reached(self) -> str:
        if self.goal is None:
            return ""
        held = self.figure if self.goal > 1 else self.ratio
        return "yes" if held is not None and held >= self.goal else "no"


class Watch:
    """`with Watch() as it: …`, then `it.seconds` by the wall."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.perf_counter() - self._begun


def against(name: str, unit: str, goal: float | None, rounds: Sequence[tuple[float, float]]) -> Row:
    """The row of the round (figure, limit) whose ratio is the median: both its figures were taken within the same seconds of this machine."""
    figure, limit = sorted(rounds, key=lambda pair: pair[0] / pair[1])[(len(rounds) - 1) // 2]
    return Row(name, round(figure, 1), unit, round(limit, 1), round(figure / limit, 3), goal)


def printed(rows: Sequence[Row]) -> str:
    """One table, its columns as wide as they need to be."""
    heads = ("measure", "figure", "limit", "unit", "ratio", "goal", "reached")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    numbers = (1, 2, 4, 5)
    return "\n".join(
        "  ".join(cell.rjust(width) if n in numbers else cell.ljust(width) for n, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    goal = "" if row.goal is None else f"{row.goal:,.0f}" if row.goal > 1 else f"{row.goal:.2f}"
    limit = "" if row.limit is None else f"{row.limit:,.0f}"
    return row.name, f"{row.figure:,.0f}", limit, row.unit, "" if row.ratio is None else f"{row.ratio:.2f}", goal, row.reached


def write(rows: Sequence[Row], path: Path) -> None:
    """`results.json`: a list of {name, figure, unit, limit, ratio, goal}."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
