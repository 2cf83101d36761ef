"""How a verb says no: status 1 for a refusal, 2 for wrong input (the command line's contract)."""

from __future__ import annotations

from enum import StrEnum

from engine.i18n.in_words import in_english
from engine.i18n.language import N_, Say
from engine.i18n.refused import in_words
from engine.intake.address import AddressRefused, normalise
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import List, Plan
from engine.sequence.nearest import nearest
from engine.words import Reason


class Refusal(Exception):
    """A sentence for standard error and the exit status that goes with it.

    `sentence` is English and marked for the catalogue (`N_`); `values` are put in once it is
    translated, and `why` is translated too.
    """

    def __init__(self, sentence: str | Reason[StrEnum], status: int = 1, **values: object) -> None:
        super().__init__(
            in_english(sentence)
            if isinstance(sentence, Reason)
            else sentence.format(**values)
            if values
            else sentence
        )
        self.sentence, self.status, self.values = sentence, status, values

    def said(self, _: Say) -> str:
        """The sentence in a language; where it is the core's own, by its table."""
        if isinstance(self.sentence, Reason):
            return in_words(self.sentence, _)
        why = {"why": in_words(str(self.values["why"]), _)} if "why" in self.values else {}
        return (
            _(self.sentence).format(**self.values | why)
            if self.values
            else in_words(self.sentence, _)
        )


class UnreadableInput(Refusal):
    """Status 2 for something typed that is not what it should be."""

    def __init__(self, error: ValueError) -> None:
        super().__init__(str(error), 2)
        self._words = error.words if isinstance(error, Unreadable) else None

    def said(self, _: Say) -> str:
        return self._words.said(_) if self._words is not None else super().said(_)


def address_of(said: str) -> str:
    """The normalised address, or a Refusal of status 2 that does not repeat it."""
    try:
        return normalise(said)
    except AddressRefused as error:
        raise Refusal(str(error), 2) from error


def list_of(plan: Plan, said: str) -> List:
    """The published list of a number or name, or a Refusal of status 2 that names those there
    are.
    """
    found = plan.list_named(said)
    if found is not None:
        return found
    if not plan.lists:
        raise Refusal(NOTHING_PUBLISHED, 2)
    known = ", ".join(f"{each.id} ({each.name})" for each in plan.lists.values())
    meant = nearest(said, [each.name for each in plan.lists.values()])
    if meant:
        raise Refusal(
            N_("there is no published list {list}; did you mean {name}? There are: {known}"),
            2,
            list=said,
            name=meant,
            known=known,
        )
    raise Refusal(
        N_("there is no published list {list}; there are: {known}"), 2, list=said, known=known
    )


def purpose_of(plan: Plan, said: str) -> str:
    """The id of a published purpose, "*" for all of them, or a Refusal of status 2 that names those
    there are.
    """
    if said == "*" or said in plan.purposes:
        return said
    if not plan.purposes:
        raise Refusal(NOTHING_PUBLISHED, 2)
    raise Refusal(
        N_("there is no purpose {purpose}; there are: {known}"),
        2,
        purpose=said,
        known=", ".join(plan.purposes),
    )


NOTHING_PUBLISHED = N_(
    "nothing is published yet: `relance publish`, or the first `relance run`, does it"
)
