"""Mails that came in (B12): the digest of each, so that one that is delivered twice is one fact;
what waits to be handed on to the operator; and what was not understood, bounded in number and size.

Apart from vault.py, which is long, and writes these rows with its own. Instants are the engine's,
in milliseconds, unless they are said to be the wall clock's.
"""

from __future__ import annotations

from typing import Final, Literal, cast

from engine.frozen import dataclass
from engine.ledger.store import WithinRefused
from engine.store.binary import byteas
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)
MAX_UNKNOWN: Final = 1000
MAX_UNKNOWN_BYTES: Final = 100 * 1024 * 1024
MAX_FORGOTTEN = 1000
HELD_FOR: Final = 600_000
InboundState = Literal["handled", "waiting", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundNote:
    """What is kept of one mail. `octets` are None where its words are no longer needed; `why` is
    the code of the reason why it was not understood. `of_person`: it goes with whoever the fact is
    about.
    """

    digest: bytes
    state: InboundState
    door: str
    why: str = ""
    octets: bytes | None = None
    of_person: bool = False


@dataclass(frozen=True, slots=True)
class UnknownMail:
    """A mail that was not understood: the hexadecimal digest it is known by, when and through which
    door it came, why it is kept, its size in octets, and the first of them.
    """

    id: str
    at: int
    door: str
    why: str
    size: int
    begin: bytes


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that is to be handed on."""

    digest: bytes
    at: int
    octets: bytes


class UnknownFull(Exception):
    """There is no room for one more mail that was not understood: look at those that are kept."""


class InboundMails:
    def __init__(self, database: Database) -> None:
        self.database = database

    def state_of(self, digest: bytes) -> InboundState | None:
        """What became of this very mail when it came before; None where it has not."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["state_of"], {"digest": digest}).fetchone()
        return cast(InboundState, row[0]) if row is not None else None

    def keep(self, note: InboundNote, at: int) -> None:
        """Of a mail from which no fact follows. Raises UnknownFull."""
        with self.database.transaction() as connection, connection.cursor() as cursor:
            if note.state == "unknown":
                count, octets, _ = self._held(cursor)
                if count >= MAX_UNKNOWN or octets + len(note.octets or b"") > MAX_UNKNOWN_BYTES:
                    raise UnknownFull
            _insert(cursor, note, at, None)

    def held(self) -> tuple[int, int, int]:
        """How many were not understood, their octets, and since when the oldest is here (0: none
        is).
        """
        with self.database.connection() as connection, connection.cursor() as cursor:
            return self._held(cursor)

    def waiting_since(self) -> tuple[int, int]:
        """How many wait to be handed on, and since when the oldest (0: none does)."""
        with self.database.connection() as connection:
            count, since = connection.execute(SQL["waiting_since"]).fetchone() or (0, 0)
        return int(count), int(since)

    def _held(self, cursor: AnyCursor) -> tuple[int, int, int]:
        count, octets, since = cursor.execute(SQL["held"]).fetchone() or (0, 0, 0)
        return int(count), int(octets), int(since)

    def take_waiting(self, now: int) -> WaitingMail | None:
        """The next mail to hand on, None where none waits. Nobody else gets it for ten minutes of
        the wall clock, which shows `now` (ms); then it is tried again, unless it was handed on.
        """
        values = {"now": now, "until": now + HELD_FOR}
        with self.database.connection() as connection:
            row = connection.execute(SQL["take_waiting"], values).fetchone()
        return WaitingMail(bytes(row[0]), int(row[1]), bytes(row[2])) if row is not None else None

    def handed_on(self, digest: bytes) -> None:
        with self.database.connection() as connection:
            connection.execute(SQL["handed_on"], {"digest": digest})

    def unknown(self, prefix: str = "", most: int = MAX_UNKNOWN) -> list[UnknownMail]:
        """The newest first; those alone whose id begins with `prefix`, hexadecimal digits."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["unknown"], {"prefix": prefix, "most": most}).fetchall()
        return [
            UnknownMail(str(id), int(at), str(door), str(why), int(size), bytes(begin))
            for id, at, door, why, size, begin in rows
        ]

    def octets(self, id: str) -> bytes:
        """Of a mail that was not understood. Raises KeyError where there is none of this id."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["octets"], {"digest": bytes.fromhex(id)}).fetchone()
        if row is None:
            raise KeyError(id)
        return bytes(row[0])

    def throw_away(self, *ids: str) -> int:
        """Delete what is kept of these; how many there were."""
        values = {"digests": byteas([bytes.fromhex(id) for id in ids])}
        with self.database.connection() as connection:
            return connection.execute(SQL["throw_away"], values).rowcount

    def forget(self, before: int) -> int:
        """Delete what came in before an instant; how many there were."""
        values = {"before": before, "most": MAX_FORGOTTEN}
        with self.database.connection() as connection:
            return connection.execute(SQL["forget"], values).rowcount


def keep_inbound(cursor: AnyCursor, subscriber: str, note: InboundNote, at: int) -> None:
    """Beside the facts that follow from the mail, in their transaction. Raises WithinRefused where
    the same mail is being handled by another.
    """
    if not _insert(cursor, note, at, subscriber if note.of_person else None):
        raise WithinRefused


def _insert(cursor: AnyCursor, note: InboundNote, at: int, subscriber: str | None) -> bool:
    values = {
        "digest": note.digest,
        "at": at,
        "state": note.state,
        "door": note.door,
        "subscriber": subscriber,
        "why": note.why,
        "octets": note.octets,
    }
    return cursor.execute(SQL["keep"], values).rowcount == 1
