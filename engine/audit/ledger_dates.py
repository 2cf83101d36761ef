"""The dates at which facts were recorded, held against their order and against the checkpoints that
cover them: what an auditor is told where they cannot be true.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from engine.i18n.dates import Moment
from engine.installation.state import Origin
from engine.installation.stream import InstallationStream
from engine.ledger.chronology import Chronology, DeclaredClock, Descents, SignedBefore
from engine.ledger.codec import Entry
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.proof.store import SignedCheckpoint
from engine.words import Words


class DatedStores(Protocol):
    @property
    def ledger(self) -> Ledger: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class CheckpointIndex:
    """Signed checkpoints by the entries they cover. `origins` are all there have been: of one that
    ended when the ledger was put back, only checkpoints of entries that are still there count.
    `stamped` says when one was first stamped, by origin and size: it was signed before.
    """

    def __init__(
        self,
        origins: Sequence[Origin],
        checkpoints: Iterable[SignedCheckpoint],
        stamped: Mapping[tuple[str, int], int],
    ) -> None:
        kept = {origin.name: origin.kept for origin in origins}
        standing = [
            checkpoint
            for checkpoint in checkpoints
            if checkpoint.origin in kept
            and ((end := kept[checkpoint.origin]) is None or checkpoint.size <= end)
        ]
        self._checkpoints = sorted(standing, key=lambda signed: (signed.size, signed.signed_at))
        self._stamped = stamped

    def __iter__(self) -> Iterator[SignedCheckpoint]:
        """The smallest first."""
        return iter(self._checkpoints)

    def signed_by(self, signed: SignedCheckpoint) -> int:
        """When it was signed at the latest (ms)."""
        stamped = self._stamped.get((signed.origin, signed.size), signed.signed_at)
        return min(signed.signed_at, stamped)

    def first_over(self, position: int) -> SignedCheckpoint | None:
        """None while no checkpoint covers the entry at this position."""
        place = bisect_left(self._checkpoints, position, key=lambda signed: signed.size)
        return self._checkpoints[place] if place < len(self._checkpoints) else None


class LedgerDates:
    """`installation` is its whole stream. `descents` as for `Chronology.of`: without them, the
    dates of the whole ledger are read.
    """

    def __init__(
        self,
        stores: DatedStores,
        installation: Sequence[Entry],
        descents: Descents | None = None,
    ) -> None:
        self.checkpoints = CheckpointIndex(
            stores.installation_stream.current().origins,
            stores.tree.all_checkpoints(),
            stores.tree.stamps.first_times(),
        )
        self._chronology = Chronology.of(stores.ledger, descents)
        self._clock = DeclaredClock(installation)
        self.clock_changes = self._clock.changes
        signed = [(item.size, self.checkpoints.signed_by(item)) for item in self.checkpoints]
        recorded = stores.ledger.recorded([size for size, _ in signed])
        self._signed_before = tuple(self._clock.signed_before(signed, recorded))

    def known_at(self, instant: int) -> int:
        """The position at which the ledger ended at an instant (engine time, ms)."""
        return self._chronology.known_at(instant)

    def faults_at(self, instant: int, moment: Moment) -> list[Words]:
        """What stands in the way of saying what was known at an instant: entries that say they were
        recorded by then and follow later ones, and entries that were signed by then and say they
        were recorded later.
        """
        backdated = [run for run in self._chronology.backdated if run.recorded_at <= instant]
        signed = [before for before in self._signed_before if before.signed_at <= instant]
        return [
            *(run.words(moment) for run in backdated),
            *(before.words(moment) for before in signed),
        ]

    def faults_of(self, entry: Entry, moment: Moment) -> list[Words]:
        """Why the date at which one fact was recorded cannot be true."""
        faults: list[Words] = []
        run = self._chronology.backdated_at(entry.position)
        if run is not None:
            alone = replace(
                run, first=entry.position, last=entry.position, recorded_at=entry.recorded_at
            )
            faults.append(alone.words(moment))
        over = self.checkpoints.first_over(entry.position)
        if over is not None:
            signed_at = self.checkpoints.signed_by(over)
            if self._clock.recorded_after(entry.position, entry.recorded_at, signed_at):
                before = SignedBefore(entry.position, entry.recorded_at, over.size, signed_at)
                faults.append(before.words(moment))
        return faults
