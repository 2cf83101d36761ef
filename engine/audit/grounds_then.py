"""Which ground a letter stood on when it was begun, and the fact that ground came from: P1 asked
again, one fact after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from engine.ledger.codec import Entry
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from engine.subscriber.evolve import evolve
from engine.subscriber.person import NOBODY, Person


@dataclass(frozen=True, slots=True)
class GroundThen:
    """What held for a purpose just before an entry. `why_not` is "" where the letter might leave.
    `basis` is "asked" for a mail that asks to confirm.

    `fact` gave the ground or made the request; `withdrawn` took it back, where it was no longer
    live.
    """

    purpose: str
    why_not: str
    basis: str = ""
    proof: str = ""
    fact: Entry | None = None
    withdrawn: Entry | None = None


class GroundsFollowed:
    """Sees a person's facts in order. What it says holds after the last one seen. Costs no more
    than the fold.
    """

    def __init__(self) -> None:
        self.person: Person = NOBODY
        self._given: dict[str, Entry] = {}
        self._asked: dict[str, Entry] = {}
        self._withdrawn: dict[str, Entry] = {}

    def see(self, entry: Entry) -> None:
        event = cast(e.PersonEvent, entry.event)
        match event:
            case e.ConsentGiven() | e.GroundDeclared() | e.ConsentConfirmed():
                self._given[event.purpose] = entry
            case e.ConsentRequested():
                self._asked[event.purpose] = entry
            case e.ConsentWithdrawn(_, "*"):
                self._withdrawn |= dict.fromkeys(self.person.grounds, entry)
            case e.ConsentWithdrawn():
                self._withdrawn[event.purpose] = entry
        self.person = evolve(self.person, event)

    def fact(self, purpose: str) -> Entry | None:
        """The fact that gave the latest ground for a purpose, live or not."""
        return self._given.get(purpose)

    def asked(self, purpose: str) -> Entry | None:
        return self._asked.get(purpose)

    def of(self, letter: e.LetterBegun) -> GroundThen:
        """On what ground this letter, begun now, stands."""
        purpose = letter.purpose
        if letter.kind == "confirmation":
            pending = self.person.requests.get(purpose)
            why = why_not(
                self.person, letter.kind, purpose, request=pending.request if pending else ""
            )
            return GroundThen(purpose, why, "asked", "", self._asked.get(purpose))
        ground = self.person.grounds.get(purpose)
        why = why_not(self.person, letter.kind, purpose)
        if ground is None:
            return GroundThen(purpose, why)
        withdrawn = self._withdrawn.get(purpose) if ground.status == "withdrawn" else None
        return GroundThen(
            purpose, why, ground.basis, ground.proof, self._given.get(purpose), withdrawn
        )
