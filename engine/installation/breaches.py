"""The log of personal data breaches as its events tell (GDPR 33(5)). Pure; the words themselves lie
in the vault, behind each fact's commitment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, cast

from engine.frozen import dataclass
from engine.installation.events import BreachRecorded

Step = Literal["detected", "assessed", "authority-told", "people-told", "closed"]
Risk = Literal["unknown", "none", "risk", "high"]
STEPS: tuple[Step, ...] = ("detected", "assessed", "authority-told", "people-told", "closed")
RISKS: tuple[Risk, ...] = ("unknown", "none", "risk", "high")
WITHIN = 72 * 3_600_000
"""Milliseconds from the moment one has become aware of a breach until the authority is told, unless
there is no risk (GDPR 33(1)).
"""


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach as far as it is known. Instants are engine time in ms, 0: not yet; `people`: how
    many are affected, 0: not known.
    """

    breach: str
    detected_at: int
    risk: Risk = "unknown"
    people: int = 0
    authority_told_at: int = 0
    people_told_at: int = 0
    closed_at: int = 0

    @property
    def authority_due_at(self) -> int:
        """When the authority must have been told; 0 where it has been, or need not be."""
        return 0 if self.authority_told_at or self.risk == "none" else self.detected_at + WITHIN

    @property
    def people_owed(self) -> bool:
        """Whether those affected are still to be told, without undue delay (GDPR 34(1))."""
        return self.risk == "high" and not self.people_told_at


def evolved(breaches: Mapping[str, Breach], event: BreachRecorded) -> Mapping[str, Breach]:
    """With one more step. What a later step does not say stays as it was."""
    known = breaches.get(event.breach) or Breach(event.breach, event.at)
    risk = cast(Risk, event.risk) if event.risk else known.risk
    known = replace(known, risk=risk, people=event.people or known.people)
    match event.step:
        case "authority-told":
            known = replace(known, authority_told_at=event.at)
        case "people-told":
            known = replace(known, people_told_at=event.at)
        case "closed":
            known = replace(known, closed_at=event.at)
    return {**breaches, event.breach: known}


def told_late(breaches: Iterable[Breach], now: int) -> list[Breach]:
    """Those of which the authority should have been told by `now` and has not been."""
    return [
        breach
        for breach in breaches
        if breach.authority_due_at and breach.authority_due_at <= now and not breach.closed_at
    ]


def waiting(breaches: Iterable[Breach], now: int) -> list[Breach]:
    """Those under way in which something is still owed: to the authority in time yet, or to the
    people.
    """
    late = told_late(breaches, now)
    return [
        breach
        for breach in breaches
        if not breach.closed_at
        and breach not in late
        and (breach.authority_due_at or breach.people_owed)
    ]
