"""Which release a database was brought to, and which programs may work on it: several releases do
side by side while the machines of an installation are upgraded one by one.

A release adds before it takes away: what it adds stands beside programs of the release before, and
is made by `relance migrate`. What only older programs need is taken away, and what older programs
cannot read is written, once none of them is heard of; from then on they are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import Connection

from engine import __version__
from engine.store.sql import AnyCursor, beside
from engine.words import N_, WordedError

SQL = beside(__file__)
FIRST = "0.1.0"
"""Its programs say nothing of their version, and its databases nothing of theirs."""
HEARD_SECONDS = 30.0
"""A process that has said nothing for so long is not waited for: where it comes back, its next beat
ends it.
"""


class NewerDatabase(WordedError):
    """What stands in the database is more than this program can read."""


class NotMigrated(WordedError):
    """This program needs tables that nobody has made yet."""


@dataclass(frozen=True, slots=True)
class Release:
    """`version` brought the database to where it is, `fingerprint` names what its migrations make,
    programs older than `minimum` are refused.
    """

    version: str
    fingerprint: str
    minimum: str


class Heard(NamedTuple):
    """A process that works on the database."""

    parts: list[str]
    host: str
    pid: int
    version: str


def numbers(version: str) -> tuple[int, ...]:
    """What versions are compared by."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def is_older(version: str, than: str) -> bool:
    return numbers(version) < numbers(than)


def release_of(connection: Connection[Any]) -> Release | None:
    """None for a database in which nothing has been written yet."""
    ledger, release = connection.execute(SQL["tables"]).fetchone() or (False, False)
    row = connection.execute(SQL["release"]).fetchone() if release else None
    if row is not None:
        return Release(*row)
    written = ledger and connection.execute(SQL["any_entry"]).fetchone() is not None
    return Release(FIRST, "", FIRST) if written else None


def heard_of(connection: Connection[Any]) -> list[Heard]:
    """Who works on a database that has its stores, of whatever release."""
    rows = connection.execute(SQL["heard_of"], {"seconds": HEARD_SECONDS}).fetchall()
    return [Heard(*row) for row in rows]


def refuse_newer(minimum: str) -> None:
    """Raises NewerDatabase where this program is older than what is asked."""
    if is_older(__version__, minimum):
        raise NewerDatabase(
            N_(
                "what stands in the database is for Relance {minimum} and newer, and this is"
                " {own}: nothing was changed; use {minimum} or newer"
            ),
            minimum=minimum,
            own=__version__,
        )


def admit(cursor: AnyCursor, version: str) -> bool:
    """Whether what programs before `version` cannot read may be written; they are refused from then
    on.
    """
    cursor.execute(SQL["admit"], {"version": version, "seconds": HEARD_SECONDS})
    (minimum,) = cursor.execute(SQL["minimum"]).fetchone() or (FIRST,)
    return not is_older(minimum, version)
