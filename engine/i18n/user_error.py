"""How a verb says no: status 1 for a refusal, 2 for wrong input (docs/commands.md)."""

from __future__ import annotations

from enum import StrEnum

from engine.i18n.in_words import in_english, in_words
from engine.i18n.language import N_, Say
from engine.intake.address import AddressRefused, normalise
from engine.sequence.model import List, Plan, Segment
from engine.sequence.nearest import nearest
from engine.words import CodedError, Reason, Value, WordedError, Words, words


class UserError(Exception):
    """What standard error says, and the exit status that goes with it.

    `sentence` is a reason, or English and marked for the catalogue (`N_`) with `values`; an error
    among them is told in the reader's language.
    """

    def __init__(
        self, sentence: str | Words | Reason[StrEnum], status: int = 1, **values: object
    ) -> None:
        self.reason: Words | Reason[StrEnum] = (
            words(sentence, **{name: _value(value) for name, value in values.items()})
            if isinstance(sentence, str)
            else sentence
        )
        self.status = status
        super().__init__(in_english(self.reason))

    def said(self, _: Say) -> str:
        return in_words(self.reason, _)

    @property
    def words(self) -> Words:
        """To stand within a sentence."""
        return self.reason if isinstance(self.reason, Words) else words(str(self))


def _value(value: object) -> Value:
    match value:
        case WordedError(words=worded):
            return worded
        case CodedError(reason=reason) | AddressRefused(reason=reason):
            return reason
        case str() | int() | Words() | Reason():
            return value
        case _:
            return str(value)


class UnreadableInput(UserError):
    """Status 2 for something typed that is not what it should be."""

    def __init__(self, error: WordedError) -> None:
        super().__init__(error.words, 2)


def address_of(text: str) -> str:
    """The normalised address, or a UserError of status 2 that does not repeat it."""
    try:
        return normalise(text)
    except AddressRefused as error:
        raise UserError(error.reason, 2) from error


def list_of(plan: Plan, reference: str) -> List:
    """The published list of a number or name, or a UserError of status 2 that names those there
    are.
    """
    listed = plan.list_named(reference)
    if listed is not None:
        return listed
    if not plan.lists:
        raise UserError(NOTHING_PUBLISHED, 2)
    known = ", ".join(f"{other.id} ({other.name})" for other in plan.lists.values())
    meant = nearest(reference, [other.name for other in plan.lists.values()])
    if meant:
        raise UserError(
            N_("there is no published list {list}; did you mean {name}? There are: {known}"),
            2,
            list=reference,
            name=meant,
            known=known,
        )
    raise UserError(
        N_("there is no published list {list}; there are: {known}"), 2, list=reference, known=known
    )


def segment_of(plan: Plan, reference: str) -> Segment:
    """The published segment of an id, or a UserError of status 2 that names those there are."""
    name = reference.removeprefix("segment:")
    if name in plan.segments:
        return plan.segments[name]
    if not plan.segments:
        raise UserError(NO_SEGMENTS if plan.edition else NOTHING_PUBLISHED, 2)
    meant = nearest(name, plan.segments)
    known = ", ".join(plan.segments)
    if meant:
        raise UserError(
            N_("there is no published segment {segment}; did you mean {name}? There are: {known}"),
            2,
            segment=name,
            name=meant,
            known=known,
        )
    raise UserError(
        N_("there is no published segment {segment}; there are: {known}"),
        2,
        segment=name,
        known=known,
    )


def static_segment_of(plan: Plan, reference: str) -> Segment:
    """As `segment_of`, and a UserError of status 2 for one into which nobody can be put."""
    segment = segment_of(plan, reference)
    if not segment.static:
        raise UserError(
            N_(
                'nobody is put into the segment "{segment}": who is in it follows from its'
                " conditions"
            ),
            2,
            segment=segment.id,
        )
    return segment


NO_SEGMENTS = N_(
    "no segment is published: write `[[segment]]` in sequences/, then `relance publish`"
)


def purpose_of(plan: Plan, reference: str) -> str:
    """The id of a published purpose, "*" for all of them, or a UserError of status 2 that names
    those there are.
    """
    if reference == "*" or plan.agreed_to(reference) is not None:
        return reference
    if not plan.purposes:
        raise UserError(NOTHING_PUBLISHED, 2)
    raise UserError(
        N_("there is no purpose {purpose}; there are: {known}"),
        2,
        purpose=reference,
        known=", ".join(plan.purposes),
    )


NOTHING_PUBLISHED = N_(
    "nothing is published yet: `relance publish`, or the first `relance run`, does it"
)
