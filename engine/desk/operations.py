"""What was done to the installation as a whole, and how it ended: copies made, tried and put back,
the ledger recomputed, proof handed over. Kept for thirteen months of wall clock; names nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from engine.frozen import dataclass
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
OperationKind = Literal["backup", "trial", "restore", "replay", "prove", "ledger"]
"""By the verb; "trial" is a copy put back for a trial."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`at` is wall clock. `position`: how far the ledger went. Of a copy: its `octets`, its `place`
    (a path, the home of whoever made it as "~") and `copy`, by which it is known again. `faults` is
    how many were found; `why` (English) what kept it from ending well.
    """

    kind: OperationKind
    at: datetime = BEGINNING
    well: bool = True
    position: int = 0
    octets: int = 0
    place: str = ""
    copy: str = ""
    faults: int = 0
    why: str = ""


class Operations:
    def __init__(self, database: Database) -> None:
        self.database = database

    def note(self, operation: Operation) -> None:
        """As of now, whatever its `at`."""
        values = {
            "kind": operation.kind,
            "well": operation.well,
            "position": operation.position,
            "octets": operation.octets,
            "place": operation.place,
            "copy": operation.copy,
            "faults": operation.faults,
            "why": operation.why,
        }
        with self.database.connection() as connection:
            connection.execute(SQL["note"], values)

    def latest(self, *kinds: OperationKind, limit: int = 1) -> list[Operation]:
        """The last of these kinds first."""
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["latest"], {"kinds": list(kinds), "limit": limit}
            ).fetchall()
        return [
            Operation(
                kind=kind,
                at=at,
                well=well,
                position=position,
                octets=octets,
                place=place,
                copy=copy,
                faults=faults,
                why=why,
            )
            for kind, at, well, position, octets, place, copy, faults, why in rows
        ]

    def forget(self) -> None:
        """Delete what is past its time to live."""
        with self.database.connection() as connection:
            connection.execute(SQL["forget"])


def place_of(path: Path) -> str:
    """A path as the desk keeps it: the name of a system's user, in that of their home, is not."""
    absolute = path.expanduser().absolute()
    try:
        return f"~/{absolute.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return absolute.as_posix()
