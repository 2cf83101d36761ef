"""What segments read in the vault, and where the members of those that do are kept: in the vault,
since to be one of them says something personal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from engine.frozen import dataclass
from engine.store.binary import uuids
from engine.store.sql import AnyCursor, beside
from engine.subscriber.person import MeasuredActs

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class PersonalTraits:
    """A person's fields and collection source as the vault has them now; see Known."""

    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""
    measured: MeasuredActs | None = None


class PersonalSegments:
    """Implements projections.segments.PersonalHome."""

    schema = "vault"
    sql = SQL

    def traits_of(
        self, cursor: AnyCursor, subscribers: Collection[str], *, measured: bool
    ) -> dict[str, PersonalTraits]:
        """In the transaction of the cursor; people whom the vault does not know are left out.
        `measured`: what they clicked and opened is asked for too.
        """
        rows = cursor.execute(SQL["known"], {"subscribers": uuids(subscribers)}).fetchall()
        acts = measured_acts(cursor, subscribers) if measured else {}
        return {
            str(who): PersonalTraits(
                fields, source, form, acts.get(str(who), ()) if measured else None
            )
            for who, fields, source, form in rows
        }

    def values_of(self, cursor: AnyCursor, field: str) -> set[str]:
        """Every value that a field has."""
        rows = cursor.execute(SQL["fields_there"], {"name": field}).fetchall()
        return {str(row[0]) for row in rows}

    def sources(self, cursor: AnyCursor) -> set[str]:
        return {str(row[0]) for row in cursor.execute(SQL["sources_there"]).fetchall()}


def measured_acts(
    cursor: AnyCursor, subscribers: Collection[str]
) -> dict[str, list[tuple[str, str, int]]]:
    acts: dict[str, list[tuple[str, str, int]]] = {}
    rows = cursor.execute(SQL["measured_of"], {"subscribers": uuids(subscribers)}).fetchall()
    for subscriber, act, letter, at in rows:
        acts.setdefault(str(subscriber), []).append((str(act), str(letter), int(at)))
    return acts
