"""Whether the dates at which a ledger's entries were recorded can be true: none lies before that of
an entry it follows, and none after a checkpoint that covers it was signed.

`recorded_at` is the operator's clock. It proves nothing by itself; that it goes back, or lies after
a signature, shows that the clock was set, or that somebody wrote past the engine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Protocol

from engine.frozen import dataclass
from engine.installation.events import STREAM, ClockChanged
from engine.ledger.codec import Entry, EntryRefused, iso
from engine.ledger.store import Descent
from engine.words import N_, Words, words

TOLERANCE = 300_000
"""Milliseconds by which honest clocks may differ."""
RecordedAt = Callable[[int], int]
"""When the entry at a position was recorded (ms)."""


BACKDATED = N_(
    "the entry at position {first} was recorded {recorded}, before the one at position {after}"
    " ({latest}), which it follows: its date was set back"
)
ALL_BACKDATED = N_(
    "the entries at positions {first} to {last} were recorded from {recorded} on, before the one at"
    " position {after} ({latest}), which they follow: their dates were set back"
)
SIGNED_BEFORE = N_(
    "the entry at position {position} was recorded {recorded}, after the checkpoint of {size}"
    " entries that covers it was signed ({signed}): the clock was set"
)


class DatedLedger(Protocol):
    """What is asked of the ledger's store."""

    def head(self) -> int: ...
    def descents(self, upto: int, after: int = 0) -> list[Descent]: ...
    def recorded(self, positions: Collection[int]) -> dict[int, int]: ...
    def stream(self, stream: str) -> list[Entry]: ...


@dataclass(frozen=True, slots=True)
class Backdated:
    """The entries at positions `first` to `last` were recorded before the entry at `after`, which
    stands before them: the earliest at `recorded_at`, that one at `latest` (ms).
    """

    first: int
    last: int
    recorded_at: int
    after: int
    latest: int

    def words(self, date: Callable[[int], str]) -> Words:
        """`date` shows an instant."""
        return words(
            BACKDATED if self.first == self.last else ALL_BACKDATED,
            first=self.first,
            last=self.last,
            recorded=date(self.recorded_at),
            after=self.after,
            latest=date(self.latest),
        )


@dataclass(frozen=True, slots=True)
class SignedBefore:
    """The entry at `position` says that it was recorded at `recorded_at`, later than the checkpoint
    of `size` entries that covers it was signed at `signed_at` (ms).
    """

    position: int
    recorded_at: int
    size: int
    signed_at: int

    def words(self, date: Callable[[int], str]) -> Words:
        """`date` shows an instant."""
        return words(
            SIGNED_BEFORE,
            position=self.position,
            recorded=date(self.recorded_at),
            size=self.size,
            signed=date(self.signed_at),
        )


Descents = Callable[[int], Sequence[Descent]]


class DescentsKept:
    """The descents of a ledger, of which only what has come since is read again; all, where the
    ledger was put back and is shorter. For a process that is asked often, by several threads.
    """

    def __init__(self, ledger: DatedLedger) -> None:
        self._ledger, self._lock = ledger, Lock()
        self._kept: tuple[Descent, ...] = ()
        self._read = 0

    def upto(self, position: int) -> Sequence[Descent]:
        with self._lock:
            if position < self._read:
                self._kept, self._read = (), 0
            self._kept += tuple(self._ledger.descents(position, self._read))
            self._read = position
            return self._kept


class Chronology:
    """The dates of the entries at positions 1 to `head`; `descents` are all there are."""

    def __init__(self, descents: Sequence[Descent], recorded_at: RecordedAt, head: int) -> None:
        self._recorded_at, self._head = recorded_at, head
        # Within a span no date goes back: (first position, last position, when that was recorded).
        starts = [1, *(descent.position for descent in descents)]
        ends = [*(start - 1 for start in starts[1:]), head]
        latest = [
            *(descent.before for descent in descents),
            *([recorded_at(head)] if head else ()),
        ]
        self._spans = [*zip(starts, ends, latest, strict=False)] if head else []
        self.backdated = tuple(self._find(descents))

    @classmethod
    def of(cls, ledger: DatedLedger, descents: Descents | None = None) -> Chronology:
        """`descents`: those up to a position. Reads the whole ledger where none are handed over."""
        head = ledger.head()
        return cls(
            (descents or ledger.descents)(head),
            lambda position: ledger.recorded([position]).get(position, 0),
            head,
        )

    def _find(self, descents: Sequence[Descent]) -> list[Backdated]:
        found: list[Backdated] = []
        after, latest = 0, 0
        for descent, (first, last, ends_at), (_, before, before_at) in zip(
            descents, self._spans[1:], self._spans, strict=False
        ):
            if before_at > latest:
                after, latest = before, before_at
            end = last if ends_at < latest else self._first_not_before(first, last, latest) - 1
            if found and found[-1].last == first - 1 and found[-1].after == after:
                run = found[-1]
                earliest = min(run.recorded_at, descent.recorded_at)
                found[-1] = Backdated(run.first, end, earliest, after, latest)
            else:
                found.append(Backdated(first, end, descent.recorded_at, after, latest))
        return found

    def _first_not_before(self, first: int, last: int, instant: int) -> int:
        """Within a span: the first position recorded at an instant or later, `last` + 1 if none."""
        places = range(first, last + 1)
        return first + bisect_left(places, instant, key=self._recorded_at)

    def backdated_at(self, position: int) -> Backdated | None:
        place = bisect_right(self.backdated, position, key=lambda run: run.first) - 1
        if place < 0 or self.backdated[place].last < position:
            return None
        return self.backdated[place]

    def known_at(self, instant: int) -> int:
        """The last position before the first entry that was recorded after an instant: what stands
        later cannot have been known by then, whatever it says of itself.
        """
        for first, last, ends_at in self._spans:
            if ends_at > instant:
                return self._first_not_before(first, last, instant + 1) - 1
        return self._head


class DeclaredClock:
    """What the ledger itself says of its clock. `entries` is the installation's whole stream."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.changes = [
            (entry, entry.event) for entry in entries if isinstance(entry.event, ClockChanged)
        ]

    def wall_time(self, position: int, recorded_at: int) -> int:
        """What the wall clock showed when the entry at a position was recorded, by the changes of
        speed declared before it (ms).
        """
        place = bisect_right(self.changes, position, key=lambda change: change[0].position) - 1
        if place < 0:
            return recorded_at
        changed = self.changes[place][1]
        engine = changed.at + changed.jumped * changed.rate
        return engine - changed.ahead + (recorded_at - engine) // max(1, changed.rate)

    def recorded_after(self, position: int, recorded_at: int, signed_at: int) -> bool:
        """Whether an entry says that it was recorded later than a checkpoint over it was signed, by
        more than clocks differ.
        """
        return self.wall_time(position, recorded_at) > signed_at + TOLERANCE

    def signed_before(
        self, signed: Iterable[tuple[int, int]], recorded: Mapping[int, int]
    ) -> Iterator[SignedBefore]:
        """`signed` are checkpoints, the smallest first: how many entries each covers, and when it
        was signed (ms). Of those that follow one another and were signed before their last entry
        was recorded, the first.
        """
        following = False
        for size, signed_at in signed:
            if size not in recorded:
                continue
            wrong = self.recorded_after(size, recorded[size], signed_at)
            if wrong and not following:
                yield SignedBefore(size, recorded[size], size, signed_at)
            following = wrong


def date_faults(ledger: DatedLedger, signed: Sequence[tuple[int, int]]) -> Iterator[Words]:
    """All that is wrong with the dates of a ledger. `signed` as for `DeclaredClock.signed_before`.
    Reads the whole ledger.
    """
    yield from (run.words(iso) for run in Chronology.of(ledger).backdated)
    try:
        clock = DeclaredClock(ledger.stream(STREAM))
    except EntryRefused:
        # Named by whoever reads every entry; here nothing is declared.
        clock = DeclaredClock(())
    recorded = ledger.recorded([size for size, _ in signed])
    yield from (before.words(iso) for before in clock.signed_before(signed, recorded))
