"""The ledger: append-only, one total order without gaps, kept by the `eventsourcing` library's recorder on PostgreSQL.

`append` writes a batch in one transaction and answers per stream. Vault rows go first, sorted by key, the ledger's lock last; NOTIFY wakes whoever
follows.
If the process dies anywhere, either the whole batch is there, vault rows included, or nothing is. A COMMIT whose answer was lost may have
happened: ids are minted by the caller before, so the same command decided again finds its own work.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import psycopg
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from engine.ledger.codec import Encoded, Entry, decode
from engine.store.database import DATABASE_LOST
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)
CHANNEL = "ledger_events"
AT_HEAD = -1
LOST: tuple[type[Exception], ...] = (OperationalError, InterfaceError, *DATABASE_LOST)
"""What a lost or restarting database raises on the way through the library: wait and try again."""

Within = Callable[[AnyCursor], None]
Row = tuple[uuid.UUID, int, str, bytes]


@dataclass(frozen=True, slots=True)
class Append:
    """Events for one stream, expected to follow `version` (AT_HEAD: wherever it ends), with what the vault writes in the same transaction.

    `key` is what another writer might want too (the hash of an address): vault rows are written in its order, those without one last, so that no
    two batches wait for each other.
    """

    stream: str
    version: int
    events: tuple[Encoded, ...]
    within: Within | None = None
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Written:
    """`positions` in the ledger, and the version the stream has reached."""

    positions: tuple[int, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The stream has moved on (or a vault rule was broken by someone quicker): read again, decide again."""


class Together(Protocol):
    def __call__(self, cursor: AnyCursor, indexes: Sequence[int]) -> None: ...


class WithinRefused(Exception):
    """Raised by `within` when a row of the vault stands in the way; the append it belongs to becomes a Conflict."""


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder with `insert_events` by binary COPY at dense positions."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> Sequence[int]:
        rows = [(uuid.UUID(str(event.originator_id)), event.originator_version, event.topic, event.state) for event in stored_events]
        return self.write(rows, cast(Sequence[Within], kwargs.get("within", ())))

    def write(self, rows: Sequence[Row], within: Sequence[Within]) -> Sequence[int]:
        """Append in order; the positions taken."""
        with self.datastore.get_connection() as connection, connection.transaction(), connection.cursor() as cursor:
            for each in within:
                each(cursor)
            self._lock_table(cursor)
            head = cursor.execute(SQL["head"]).fetchone()
            assert head is not None
            first = int(head["coalesce"]) + 1
            with cursor.copy(SQL["copy"]) as copy:
                copy.set_types(["uuid", "int8", "text", "bytea", "int8"])
                for position, row in enumerate(rows, first):
                    copy.write_row((*row, position))
            self._notify_channel(cursor)
        return range(first, first + len(rows))


class Ledger:
    """The store's face: append batches, read streams, read on from a position."""

    def __init__(self, conninfo: str, *, pool_size: int = 4) -> None:
        parts = conninfo_to_dict(conninfo)
        self.datastore = PostgresDatastore(
            dbname=str(parts["dbname"]),
            host=str(parts.get("host", "")),
            port=str(parts.get("port", "5432")),
            user=str(parts["user"]),
            password=str(parts.get("password", "")),
            pool_size=1,
            max_overflow=pool_size - 1,
            schema="ledger",
            connect_timeout=30,
        )
        self.recorder = LedgerRecorder(self.datastore, events_table_name="events")
        self.recorder.channel_name = CHANNEL

    def close(self) -> None:
        self.datastore.close()

    def append(self, batch: Sequence[Append], together: Together | None = None) -> list[Written | Conflict]:
        """Write what is not stale; one answer per append, in order. A stream may stand in a batch once.

        `together(cursor, indexes)` does at once what each of these appends has as `within`. It is tried first; if anything stands in the way of the
        batch, what it wrote is rolled back and each `within` says for itself.
        """
        answers: list[Written | Conflict | None] = [None] * len(batch)
        open_ones = list(range(len(batch)))
        known = self._heads([batch[i].stream for i in open_ones if batch[i].version == AT_HEAD])
        versions = [known.get(each.stream, 0) if each.version == AT_HEAD else each.version for each in batch]
        for _ in range(len(batch) + 8):
            if not open_ones:
                break
            try:
                self._write([(batch[i], versions[i]) for i in open_ones], answers, open_ones, together)
                break
            except _Stale as stale:
                together = None
                open_ones = self._drop_stale(batch, versions, answers, open_ones, stale.index)
        return [answer if answer is not None else Conflict() for answer in answers]

    def _write(
        self, chosen: list[tuple[Append, int]], answers: list[Written | Conflict | None], indexes: list[int], together: Together | None
    ) -> None:
        rows: list[Row] = []
        for each, version in chosen:
            stream = uuid.UUID(each.stream)
            for offset, event in enumerate(each.events, 1):
                rows.append((stream, version + offset, event.name, event.at_version(version + offset)))
        within: Sequence[Within]
        if together is not None:
            within = [partial(together, indexes=indexes)]
        else:
            order = sorted(range(len(chosen)), key=lambda n: (not chosen[n][0].key, chosen[n][0].key, chosen[n][0].stream))
            within = [_Guarded(n, own) for n in order if (own := chosen[n][0].within) is not None]
        try:
            positions = self.recorder.write(rows, within)
        except IntegrityError as error:
            raise _Stale(-1) from error
        taken = 0
        for index, (each, version) in zip(indexes, chosen, strict=True):
            count = len(each.events)
            answers[index] = Written(tuple(positions[taken : taken + count]), version + count)
            taken += count

    def _drop_stale(
        self, batch: Sequence[Append], versions: list[int], answers: list[Written | Conflict | None], open_ones: list[int], index: int
    ) -> list[int]:
        """After a rolled back attempt: answer those that cannot be written, and give AT_HEAD ones their new version."""
        if index >= 0:
            answers[open_ones[index]] = Conflict()
            return [i for n, i in enumerate(open_ones) if n != index]
        heads = self._heads([batch[i].stream for i in open_ones])
        remaining = []
        for i in open_ones:
            head = heads[batch[i].stream]
            if batch[i].version == AT_HEAD:
                versions[i] = head
                remaining.append(i)
            elif head == versions[i]:
                remaining.append(i)
            else:
                answers[i] = Conflict()
        return remaining

    def _heads(self, streams: Sequence[str]) -> dict[str, int]:
        if not streams:
            return {}
        with self.datastore.get_connection() as connection:
            rows = connection.execute(SQL["heads"], {"streams": list(streams)}).fetchall()
        return {str(row["id"]): int(row["coalesce"]) for row in rows}

    def head(self) -> int:
        """The last position, 0 for an empty ledger."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["head"]).fetchone()
        assert row is not None
        return int(row["coalesce"])

    def after(self, versions: dict[str, int]) -> dict[str, list[Entry]]:
        """For many streams at once: the entries later than the given version of each."""
        found: dict[str, list[Entry]] = {stream: [] for stream in versions}
        if not versions:
            return found
        with self.datastore.get_connection() as connection:
            rows = connection.execute(
                SQL["after"], {"streams": list(versions), "versions": list(versions.values())}, binary=True
            ).fetchall()
        for row in rows:
            found[str(row["originator_id"])].append(decode(row["notification_id"], row["state"]))
        return found

    def stream(self, stream: str) -> list[Entry]:
        return self.after({stream: 0})[stream]

    def between(self, after: int, upto: int, limit: int = 1000) -> list[Entry]:
        """Entries in order, positions `after` + 1 to `upto`, at most `limit`. Raises EntryRefused where a column and the entry disagree."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(SQL["between"], {"after": after, "upto": upto, "limit": limit}, binary=True).fetchall()
        return [decode(row["notification_id"], row["state"]) for row in rows]

    def all(self, upto: int | None = None, batch: int = 2000) -> Iterator[list[Entry]]:
        """The whole ledger in batches, up to a position (default: the head as it is now)."""
        end = self.head() if upto is None else upto
        position = 0
        while position < end:
            entries = self.between(position, end, batch)
            if not entries:
                return
            yield entries
            position = entries[-1].position

    def at(self, position: int) -> Entry | None:
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["at"], {"position": position}, binary=True).fetchone()
        return decode(position, row["state"]) if row is not None else None


class _Stale(Exception):
    def __init__(self, index: int) -> None:
        self.index = index


class _Guarded:
    """A vault write that says whose it was when it fails."""

    def __init__(self, index: int, within: Within) -> None:
        self.index = index
        self.within = within

    def __call__(self, cursor: AnyCursor) -> None:
        try:
            self.within(cursor)
        except WithinRefused as error:
            raise _Stale(self.index) from error


def create(owner: str) -> None:
    """Make the ledger's schema and table as the library has them, with dense positions and the guard. Harmless when they are there."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(SQL["schema"])
        ledger = Ledger(owner)
        try:
            ledger.recorder.create_table()
        finally:
            ledger.close()
        for name in ("dense", "forbid", "guard"):
            connection.execute(SQL[name])
