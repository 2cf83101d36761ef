"""How many people have certain values of a field. Apart from vault.py, which is long and answers
about a few people: this is asked of everybody, when the type of a field is to change.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.frozen import dataclass
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class FieldCounts:
    database: Database

    def count_where(self, field: str, holds: Callable[[str], bool]) -> int:
        """How many people have a value of a field for which `holds`."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["values_of_field"], {"field": field})
            return sum(int(count) for value, count in rows if holds(str(value)))
