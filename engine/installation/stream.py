"""What is published and paused, folded from the installation's own stream and kept up to date; and
the one way in for its events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from engine.installation.events import STREAM, InstallationEvent
from engine.installation.state import Installation
from engine.ledger.codec import Encoded, Entry
from engine.ledger.recorder import Within
from engine.ledger.store import SQL, Append, Ledger, Written
from engine.store.sql import AnyCursor
from engine.subscriber.events import Cause


class InstallationStream:
    """The installation's own stream, folded and kept up to date."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._state = Installation()

    def current(self) -> Installation:
        """The state as of this moment in the ledger."""
        return self.follow(self.ledger.after({STREAM: self.version})[STREAM])

    @property
    def version(self) -> int:
        """The version of the last entry that was folded."""
        return self._state.version

    @property
    def known(self) -> Installation:
        """The state as last followed, without a query."""
        return self._state

    def follow(self, later: Sequence[Entry]) -> Installation:
        """The state with later entries folded in, which somebody else has read."""
        state = self._state
        for entry in later:
            if entry.version == state.version + 1:
                state = state.evolve(cast(InstallationEvent, entry.event))
        self._state = state
        return state

    def execute(
        self,
        decide: Callable[[Installation], Sequence[InstallationEvent]],
        cause: Cause,
        now: int,
        within: Within | None = None,
    ) -> tuple[InstallationEvent, ...]:
        """Append what `decide` returns for the current state, together with what `within` writes to
        the vault; returns the events, () if there were none.

        The engine writes to this stream as well, so a conflict is decided again and refuses nobody;
        what `decide` raises goes through. `now` is engine time in ms; nothing is recorded before it
        was so.
        """
        while True:
            state = self.current()
            events = tuple(decide(state))
            if not events:
                return ()
            told = partial(_tell, within)
            encoded = tuple(Encoded(STREAM, event, cause, max(now, event.at)) for event in events)
            (answer,) = self.ledger.append([Append(STREAM, state.version, encoded, told)])
            if isinstance(answer, Written):
                return events


def _tell(within: Within | None, cursor: AnyCursor) -> None:
    """Write what belongs to the events, and let every process hear of them once committed."""
    if within is not None:
        within(cursor)
    cursor.execute(SQL["notify_installation"])
