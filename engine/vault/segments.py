"""What segments read in the vault, and where the members of those that do are kept: in the vault,
since to be one of them says something personal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.store.binary import uuids
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class PersonalTraits:
    """A person's fields and collection source as the vault has them now; see Known."""

    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""


class PersonalSegments:
    """Implements projections.segments.PersonalHome."""

    schema = "vault"
    sql = SQL

    def traits_of(
        self, cursor: AnyCursor, subscribers: Collection[str]
    ) -> dict[str, PersonalTraits]:
        """In the transaction of the cursor; people whom the vault does not know are left out."""
        rows = cursor.execute(SQL["known"], {"subscribers": uuids(subscribers)}).fetchall()
        return {str(row[0]): PersonalTraits(*row[1:]) for row in rows}

    def values_of(self, cursor: AnyCursor, field: str) -> set[str]:
        """Every value that a field has."""
        rows = cursor.execute(SQL["fields_there"], {"name": field}).fetchall()
        return {str(row[0]) for row in rows}

    def sources(self, cursor: AnyCursor) -> set[str]:
        return {str(row[0]) for row in cursor.execute(SQL["sources_there"]).fetchall()}
