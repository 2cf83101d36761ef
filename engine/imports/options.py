"""What an import is told: the file, what its columns mean, and what holds for every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.imports import rows
from engine.imports.columns import EMAIL
from engine.intake.instants import DateOrder


@dataclass(frozen=True)
class ImportOptions:
    """`mapping` is COLUMN -> field, or one of the names of `engine.imports.rows` for what is no
    field, or what a column of refusals means.

    `date_order`, where it is said, holds for every column of dates.
    """

    path: Path
    said: rows.Said
    mapping: Mapping[str, str]
    date_order: DateOrder | None = None
    update: bool = False
    dry_run: bool = False

    @property
    def wanted(self) -> tuple[str, ...]:
        """Fields are found by their headings; a column of grounds or refusals counts only when it
        is named.
        """
        named = set(rows.RESERVED.values()) & set(self.mapping.values())
        return (EMAIL, "timezone", "language", *self.said.fields, *sorted(named))
