"""The ledger: append-only, one total order without gaps, kept by the `eventsourcing` library's
recorder on PostgreSQL.

`append` writes a batch in one transaction and answers per stream. Vault rows go first, sorted by
key, the ledger's lock last; NOTIFY wakes whoever follows. If the process dies anywhere, either the
whole batch is there, vault rows included, or nothing is. A COMMIT whose answer was lost may have
happened: ids are minted by the caller before, so the same command decided again finds its own work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import NamedTuple, Protocol, cast

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from psycopg.rows import DictRow, TupleRow, tuple_row
from psycopg.sql import Composed

from engine.frozen import dataclass, made_fast
from engine.ledger.admission import Admission
from engine.ledger.codec import Encoded, Entry, EntryRefused, decode
from engine.ledger.connections import Connections
from engine.ledger.names import SINCE
from engine.ledger.recorder import LedgerRecorder, Row, Within
from engine.store.binary import bigints, uuids
from engine.store.database import CLOSE_SECONDS, DATABASE_LOST, Database
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)
CHANNEL = "ledger_events"
INSTALLATION_CHANNEL = "installation_events"
"""Of what InstallationStream appends: what is published, paused, and how fast the clock goes."""
AT_HEAD = -1
MAX_SMALL_APPEND = 50
"""Up to this many events are inserted by one statement; more are copied."""
MAX_DEADLOCKS = 3
LOST: tuple[type[Exception], ...] = (OperationalError, InterfaceError, *DATABASE_LOST)
"""What a lost or restarting database raises through the library: wait and try again."""


@made_fast
@dataclass(frozen=True, slots=True)
class Append:
    """Events for one stream, expected to follow `version` (AT_HEAD: whatever the head is), with
    what the vault writes in the same transaction.

    `key` is what another writer might insert too (the keyed hash of an address): vault rows are
    written in its order and those without a key last, so that two batches never deadlock.
    """

    stream: str
    version: int
    events: tuple[Encoded, ...]
    within: Within | None = None
    key: bytes = b""


class Written(NamedTuple):
    """`positions` in the ledger, and the version the stream has reached."""

    positions: tuple[int, ...]
    version: int


class Descent(NamedTuple):
    """The entry at `position` was recorded at `recorded_at`, the one it follows at `before` (ms,
    later).
    """

    position: int
    recorded_at: int
    before: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The stream has moved on (or another writer inserted the same vault row first): load and
    decide again.
    """


class Span(NamedTuple):
    """Entries between two positions, both excluded: those of some `names` or, without any, of all;
    of one `stream`, or of all.
    """

    after: int
    before: int
    names: Collection[str] = ()
    stream: str = ""
    newest_first: bool = False


class WriteTogether(Protocol):
    def __call__(self, cursor: AnyCursor, indexes: Sequence[int]) -> None: ...


class WithinRefused(Exception):
    """Raised by `within` when a row of the vault is in the way; its append is then answered with a
    Conflict.
    """


class Ledger:
    """The store's interface: append batches, read streams, read on from a position."""

    def __init__(self, conninfo: str, *, pool_size: int = 4) -> None:
        self.datastore = Connections(conninfo, pool_size, schema="ledger")
        self.recorder = LedgerRecorder(self.datastore, events_table_name="events")
        self.recorder.channel_name = CHANNEL
        self._admission = Admission()

    def close(self) -> None:
        self.datastore.pool.close(timeout=CLOSE_SECONDS)

    def append(
        self, batch: Sequence[Append], together: WriteTogether | None = None
    ) -> list[Written | Conflict]:
        """Write what is not stale; one answer per append, in order. Raises ValueError when a stream
        stands in the batch twice, HeldBack for what programs at work could not read.

        When facts were recorded never decreases along positions: clocks of several machines differ
        by a little, and a fact whose time lies before that of the last entry is recorded at that
        entry's time. Its `at` stays what the clock said.

        The first attempt is optimistic; when it fails, the heads are looked up under the lock.
        `together(cursor, indexes)` does for many appends at once what each has as `within`; if it
        fails, its writes are rolled back and each `within` is called by itself.
        """
        if len({append.stream for append in batch}) < len(batch):
            raise ValueError("a stream stands in this batch twice")
        if SINCE:
            with self.datastore.get_connection() as connection:
                self._admission.check(connection, (e for append in batch for e in append.events))
        answers: dict[int, Written | Conflict] = {}
        batch = _in_order(batch)
        careful, deadlocks = any(append.version == AT_HEAD for append in batch), 0
        while len(answers) < len(batch):
            waiting = [i for i in range(len(batch)) if i not in answers]
            try:
                written = self._write(
                    [batch[i] for i in waiting],
                    careful,
                    partial(together, indexes=waiting) if together else None,
                )
                answers.update(zip(waiting, written, strict=True))
            except _Stale as stale:
                answers.update((waiting[n], Conflict()) for n in stale.indexes)
            except IntegrityError:
                if careful:
                    raise
                careful, together = True, None
            except OperationalError as error:
                deadlocks += 1
                if (
                    not isinstance(error.__cause__, psycopg.errors.DeadlockDetected)
                    or deadlocks > MAX_DEADLOCKS
                ):
                    raise
        return [answers[i] for i in range(len(batch))]

    def _write(
        self, chosen: Sequence[Append], careful: bool, together: Within | None
    ) -> list[Written]:
        """All of them or none. `careful`: at the heads as they are under the lock. Raises _Stale,
        IntegrityError.
        """
        versions = [append.version for append in chosen]
        earliest = next((event.recorded_at for append in chosen for event in append.events), 0)

        def under_the_lock(cursor: AnyCursor, last_recorded: int) -> Sequence[Row]:
            late = earliest < last_recorded
            if not careful:
                return _rows(_in_order(chosen, last_recorded), versions) if late else rows
            heads = {
                str(row["id"]): int(row["coalesce"])
                for row in cursor.execute(
                    SQL["heads"], {"streams": [append.stream for append in chosen]}
                )
            }
            stale = [
                n
                for n, append in enumerate(chosen)
                if append.version not in (AT_HEAD, heads[append.stream])
            ]
            if stale:
                raise _Stale(stale)
            versions[:] = [heads[append.stream] for append in chosen]
            return _rows(_in_order(chosen, last_recorded) if late else chosen, versions)

        within: Sequence[Within] = [together] if together is not None else _guarded(chosen)
        few = [] if careful else _few(chosen)
        rows: list[Row] = [] if careful or few else _rows(chosen, versions)
        taken = tuple(
            self.recorder.write_few(few, earliest, within)
            if few
            else self.recorder.write(under_the_lock, within)
        )
        answers, start = [], 0
        for append, version in zip(chosen, versions, strict=True):
            count = len(append.events)
            answers.append(Written(taken[start : start + count], version + count))
            start += count
        return answers

    def head(self) -> int:
        """The last position, 0 for an empty ledger."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["head"]).fetchone()
        assert row is not None
        return int(row["coalesce"])

    def head_and_bytes_at(self, position: int) -> tuple[int, bytes | None]:
        """`head` and `bytes_at`, asked in one."""
        with self.datastore.get_connection() as connection:
            values = {"position": position}
            row = connection.execute(SQL["head_and_bytes_at"], values, binary=True).fetchone()
        assert row is not None
        return int(row["head"]), bytes(row["state"]) if row["state"] is not None else None

    def last_recorded(self) -> int:
        """When the last entry was recorded (engine time, ms), 0 for an empty ledger."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["last"]).fetchone()
        return int(row["recorded_at"]) if row is not None else 0

    def recorded(self, positions: Collection[int]) -> dict[int, int]:
        """When the entries at these positions were recorded (ms); those beyond the head are left
        out.
        """
        with self.datastore.get_connection() as connection:
            rows = connection.execute(SQL["recorded"], {"positions": list(positions)}).fetchall()
        return {int(row["position"]): int(row["recorded_at"]) for row in rows}

    def descents(self, upto: int, after: int = 0) -> list[Descent]:
        """Where an entry was recorded before the one it follows, after a position and up to
        another. Reads every entry between them.
        """
        with self.datastore.get_connection() as connection:
            values = {"upto": upto, "after": after}
            rows = connection.execute(SQL["descents"], values).fetchall()
        return [
            Descent(int(row["position"]), int(row["recorded_at"]), int(row["before"]))
            for row in rows
        ]

    def any_registered(self) -> bool:
        """Whether anybody was ever registered."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["any_registered"]).fetchone()
        return row is not None and bool(row["found"])

    def after(self, versions: dict[str, int]) -> dict[str, list[Entry]]:
        """For many streams at once: the entries later than the given version of each."""
        entries: dict[str, list[Entry]] = {stream: [] for stream in versions}
        if not versions:
            return entries
        with self.datastore.get_connection() as connection:
            rows = _fetched(
                connection, "after", streams=uuids(versions), versions=bigints(versions.values())
            )
        for row in rows:
            entry = entry_of(*row)
            entries[entry.stream].append(entry)
        return entries

    def stream(self, stream: str) -> list[Entry]:
        return self.after({stream: 0})[stream]

    def window(self, stream: str, after: int, upto: int, but: Collection[str] = ()) -> list[Entry]:
        """A stream's entries of the versions `after` + 1 to `upto`, but for those of some names."""
        with self.datastore.get_connection() as connection:
            rows = _fetched(
                connection, "window", stream=stream, after=after, upto=upto, but=list(but)
            )
        return [entry_of(*row) for row in rows]

    def stored(self, stream: str) -> dict[int, tuple[Entry, bytes]]:
        """A stream's entries by position, each with the exact bytes it was decoded from."""
        with self.datastore.get_connection() as connection:
            rows = _fetched(connection, "after", streams=uuids([stream]), versions=bigints([0]))
        return {row[0]: (entry_of(*row), bytes(row[4])) for row in rows}

    def between(self, after: int, upto: int, limit: int = 1000) -> list[Entry]:
        """Entries in order, positions `after` + 1 to `upto`, at most `limit`. Raises EntryRefused
        where a column and the entry disagree.
        """
        with self.datastore.get_connection() as connection:
            rows = _fetched(connection, "between", after=after, upto=upto, limit=limit)
        return [entry_of(*row) for row in rows]

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

    def bytes_at(self, position: int) -> bytes | None:
        """An entry as it is stored."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(SQL["bytes"], {"position": position}, binary=True).fetchone()
        return bytes(row["state"]) if row is not None else None

    def bytes_at_all(self, positions: Collection[int]) -> dict[int, bytes]:
        """The stored bytes at these positions; positions beyond the head are left out."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(
                SQL["bytes_at_all"], {"positions": list(positions)}, binary=True
            ).fetchall()
        return {int(row["notification_id"]): bytes(row["state"]) for row in rows}

    def latest(self, names: Sequence[str], limit: int, within: int = 20_000) -> list[Entry]:
        """The last entries of these names, the newest first, as far as they are among the last
        `within` of the ledger. Raises EntryRefused where a column and the entry disagree.
        """
        with self.datastore.get_connection() as connection:
            rows = _fetched(connection, "latest", names=list(names), limit=limit, within=within)
        return [entry_of(*row) for row in rows]

    def page(self, span: Span, limit: int) -> list[Entry]:
        """At most `limit` entries of a span. Raises EntryRefused where a column and the entry
        disagree.
        """
        name = "earlier" if span.newest_first else "later"
        values = {"after": span.after, "before": span.before, "names": list(span.names)}
        with self.datastore.get_connection() as connection:
            rows = (
                _fetched(connection, f"{name}_of", **values, stream=span.stream, limit=limit)
                if span.stream
                else _fetched(connection, name, **values, limit=limit)
            )
        return [entry_of(*row) for row in rows]

    def at(self, position: int) -> Entry | None:
        with self.datastore.get_connection() as connection:
            rows = _fetched(connection, "at", position=position)
        return entry_of(*rows[0]) if rows else None

    def at_all(self, positions: Collection[int]) -> dict[int, Entry]:
        """The entries at these positions; positions beyond the head are left out. Raises
        EntryRefused where a column and the entry disagree.
        """
        with self.datastore.get_connection() as connection:
            rows = _fetched(connection, "at_all", positions=list(positions))
        return {row[0]: entry_of(*row) for row in rows}


class _Stale(Exception):
    """Which appends of an attempt are stale; nothing of the attempt was written."""

    def __init__(self, indexes: Sequence[int]) -> None:
        self.indexes = indexes


def _in_order(batch: Sequence[Append], last_recorded: int = 0) -> Sequence[Append]:
    """The batch, no event of it recorded before the one it follows, nor before `last_recorded`
    (ms).
    """
    times = [event.recorded_at for append in batch for event in append.events]
    if times == sorted(times) and (not times or times[0] >= last_recorded):
        return batch
    in_order = accumulate((max(time, last_recorded) for time in times), max)
    return [
        replace(
            append,
            events=tuple(
                Encoded(append.stream, event.event, event.cause, next(in_order))
                for event in append.events
            ),
        )
        for append in batch
    ]


def _rows(chosen: Sequence[Append], versions: Sequence[int]) -> list[Row]:
    return [
        event.row(number)
        for append, version in zip(chosen, versions, strict=True)
        for number, event in enumerate(append.events, version + 1)
    ]


def _few(chosen: Sequence[Append]) -> list[bytes]:
    """The rows as literals where there are few, else an empty list."""
    if sum(len(append.events) for append in chosen) > MAX_SMALL_APPEND:
        return []
    return [
        event.literals(number)
        for append in chosen
        for number, event in enumerate(append.events, append.version + 1)
    ]


def _guarded(chosen: Sequence[Append]) -> list[Within]:
    """The vault's writes, sorted so that all batches lock rows in the same order."""
    own = [
        (n, append, within)
        for n, append in enumerate(chosen)
        if (within := append.within) is not None
    ]
    own.sort(key=lambda guarded: (not guarded[1].key, guarded[1].key, guarded[1].stream))
    return [_Guarded(n, within) for n, _, within in own]


class _Guarded:
    """A vault write that names its append when it fails."""

    def __init__(self, index: int, within: Within) -> None:
        self.index = index
        self.within = within

    def __call__(self, cursor: AnyCursor) -> None:
        try:
            self.within(cursor)
        except (WithinRefused, psycopg.IntegrityError) as error:
            raise _Stale([self.index]) from error


def _fetched(
    connection: psycopg.Connection[DictRow], name: str, **values: object
) -> list[tuple[int, object, int, str, bytes]]:
    """The columns of entries as tuples: for thousands of rows the library's dictionaries cost too
    much.
    """
    return (
        connection.cursor(row_factory=tuple_row).execute(SQL[name], values, binary=True).fetchall()
    )


def entry_of(position: int, stream: object, version: int, name: str, state: bytes) -> Entry:
    """Columns are copies of what the entry says; where one disagrees, the table was altered. Raises
    EntryRefused.
    """
    entry = decode(position, state)
    if (entry.stream, entry.version, entry.name) != (str(stream), version, name):
        raise EntryRefused(f"the columns at position {position} are not what its entry says")
    return entry


def statements() -> list[Composed]:
    """The statements that create the library's table."""
    return list(Ledger("").recorder.sql_create_statements)


def create(connection: psycopg.Connection[TupleRow], tables: Sequence[Composed]) -> None:
    """Create the ledger's schema and table (`statements`), with dense positions and the guard
    against changes. Idempotent.
    """
    connection.execute(SQL["schema"])
    for statement in tables:
        # CREATE TYPE has no IF NOT EXISTS.
        with contextlib.suppress(psycopg.errors.DuplicateObject), connection.transaction():
            connection.execute(statement)
    for name in ("dense", "forbid", "guard", "assets"):
        connection.execute(SQL[name].encode())


def histories(
    database: Database, first: str, last: str, upto: int, batch: int = 5000
) -> Iterator[list[Entry]]:
    """Streams from `first` to `last`, each whole up to a position and one after the other; about
    `batch` entries at a time.

    Raises EntryRefused where a column and the entry disagree.
    """
    kept: list[Entry] = []
    with (
        database.transaction(long=True) as connection,
        connection.cursor("histories", binary=True) as cursor,
    ):
        cursor.execute(SQL["span"], {"first": first, "last": last, "upto": upto})
        while rows := cast(list[tuple[int, str, int, str, bytes]], cursor.fetchmany(batch)):
            kept += [entry_of(*row) for row in rows]
            open_stream = kept[-1].stream
            cut = (
                next((n for n in range(len(kept) - 1, -1, -1) if kept[n].stream != open_stream), -1)
                + 1
            )
            if cut:
                yield kept[:cut]
                del kept[:cut]
    if kept:
        yield kept
