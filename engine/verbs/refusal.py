"""How a verb says no: status 1 for a refusal, 2 for wrong input (the command line's contract)."""

from __future__ import annotations

from engine.intake.address import AddressRefused, normalise
from engine.sequence.model import List, Plan


class Refusal(Exception):
    """A sentence for standard error and the exit status that goes with it."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def address_of(said: str) -> str:
    """The normalised address, or a Refusal of status 2 that does not repeat it."""
    try:
        return normalise(said)
    except AddressRefused as error:
        raise Refusal(str(error), 2) from error


def list_of(plan: Plan, said: str) -> List:
    """The published list of a number or name, or a Refusal of status 2 that names those there are."""
    found = plan.list_named(said)
    if found is None:
        known = ", ".join(f"{each.id} ({each.name})" for each in plan.lists.values()) or "nothing is published yet"
        raise Refusal(f"there is no published list {said}; there are: {known}", 2)
    return found


def purpose_of(plan: Plan, said: str) -> str:
    if said != "*" and said not in plan.purposes:
        raise Refusal(f"there is no purpose {said}; there are: {', '.join(plan.purposes)}", 2)
    return said
