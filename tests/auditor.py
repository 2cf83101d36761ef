"""An auditor who knows the facts and none of the engine's rules: the stand-alone verifier's own
replay (`engine/proof/verify.py`), fact by fact.

Those rules are written apart from `eligibility`, `evolve` and `acts` on purpose: two readings of
the same promises, which must agree.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.ledger.codec import as_plain
from engine.ledger.names import NAME_OF
from engine.proof.verify import Entry, Replay
from engine.subscriber import events as e


def entry_of(name: str, data: Mapping[str, object]) -> Entry:
    """A fact as the rules look at it: by its name and what it says, as the ledger stores it."""
    return Entry(
        position=0,
        stream="",
        version=0,
        name=name,
        v=1,
        at=0,
        recorded_at=0,
        cause={},
        data=data,
        stored=b"",
    )


class Auditor:
    """One person's facts. `live` are the purposes that have a ground, `standing` is run by list."""

    def __init__(self) -> None:
        self.replay = Replay()

    def see(self, event: e.PersonEvent) -> None:
        """Raises AssertionError for what may never be, a letter without a live ground before
        all.
        """
        faults = self.replay.apply(entry_of(NAME_OF[type(event)], as_plain(event)))
        assert not faults, "; ".join(faults)

    @property
    def live(self) -> set[str]:
        return self.replay.live

    @property
    def standing(self) -> Mapping[int, int]:
        return self.replay.standing
