"""An auditor who knows the facts and none of the engine's rules: the stand-alone verifier's own
replay (`engine/proof/verify.py`), fact by fact.

Those rules are written apart from `eligibility`, `evolve` and `acts` on purpose: two readings of
the same promises, which must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.ledger.codec import as_plain
from engine.ledger.names import NAME_OF
from engine.proof.verify import Entry, Replay
from engine.subscriber import events as e

UNSAID = e.Cause("form")


def entry_of(event: e.PersonEvent, cause: e.Cause = UNSAID, recorded_at: int = 0) -> Entry:
    """A fact as the rules look at it: by its name and what it says, as the ledger stores it.
    `recorded_at` 0: when it was so.
    """
    told = as_plain(event)
    at = told.pop("at")
    return plain_entry(NAME_OF[type(event)], told, as_plain(cause), at, recorded_at or at)


def plain_entry(
    name: str,
    data: Mapping[str, object],
    cause: Mapping[str, object] = MappingProxyType({}),
    at: int = 0,
    recorded_at: int = 0,
) -> Entry:
    return Entry(
        position=0,
        stream="",
        version=0,
        name=name,
        v=1,
        at=at,
        recorded_at=recorded_at,
        cause=cause,
        data=data,
        stored=b"",
    )


class Auditor:
    """One person's facts. `live` are the purposes that have a ground, `standing` is run by list."""

    def __init__(self) -> None:
        self.replay = Replay()

    def see(self, event: e.PersonEvent, cause: e.Cause, recorded_at: int) -> None:
        """Raises AssertionError for what may never be, a letter without a live ground before
        all.
        """
        faults = self.replay.apply(entry_of(event, cause, recorded_at))
        assert not faults, f"{', '.join(faults)}: {event}"

    @property
    def live(self) -> set[str]:
        return self.replay.live

    @property
    def standing(self) -> Mapping[int, int]:
        return self.replay.standing
