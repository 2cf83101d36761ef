"""What is published and paused, folded from the installation's own stream and kept up to date; and the way in for its facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from engine.installation.events import STREAM, InstallationEvent
from engine.installation.state import Installation
from engine.ledger.codec import Encoded, Entry
from engine.ledger.recorder import Within
from engine.ledger.store import Append, Ledger, Written
from engine.subscriber.events import Cause


class Publications:
    """The installation's own stream, folded and kept up to date."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._state = Installation()

    def current(self) -> Installation:
        """As of this moment in the ledger."""
        return self.follow(self.ledger.after({STREAM: self.version})[STREAM])

    @property
    def version(self) -> int:
        """How far its stream was followed."""
        return self._state.version

    @property
    def known(self) -> Installation:
        """As it was last followed: enough for what asks nothing of it."""
        return self._state

    def follow(self, later: Sequence[Entry]) -> Installation:
        """With later entries of its stream, read by somebody else."""
        state = self._state
        for entry in later:
            if entry.version == state.version + 1:
                state = state.evolve(cast(InstallationEvent, entry.event))
        self._state = state
        return state

    def append(self, events: Sequence[InstallationEvent], cause: Cause, now: int, within: Within | None = None) -> bool:
        """Append after the version that was read, with what the vault writes beside; False when someone else was quicker."""
        encoded = tuple(Encoded(STREAM, event, cause, now) for event in events)
        (answer,) = self.ledger.append([Append(STREAM, self._state.version, encoded, within)])
        return isinstance(answer, Written)
