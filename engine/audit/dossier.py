"""The dossier of a contested case: one first page that answers whether it was this person, what
they were shown, when and how, and what cannot be proved; behind it every fact. For a lawyer or a
judge, who never saw a ledger: keys, positions and digests stand in the annex alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from engine.audit.committed_address import address_lines
from engine.audit.dossier_answers import Answers, Row
from engine.audit.dossier_case import GroundCase, LetterTold, person_case
from engine.audit.fact_report import FactReport
from engine.audit.identity import Identity
from engine.audit.report import Line, Note, Section
from engine.audit.story import fact_lines
from engine.i18n.language import Language, counting_translator
from engine.privacy.paper_markdown import paper_foot
from engine.proof.store import SignedCheckpoint
from engine.subscriber import events as e

MAX_GROUNDS = 3
"""Grounds told on the first page."""


@dataclass(frozen=True, slots=True)
class Question:
    """`dates`: its answers are short."""

    heading: str
    rows: tuple[Row, ...]
    dates: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """`about` says who drew it up and when, `foot` stands on every page."""

    title: str
    about: str
    conclusion: tuple[Line, ...]
    questions: tuple[Question, ...]
    annex: tuple[Section, ...]
    foot: str
    language: Language

    @property
    def faulty(self) -> bool:
        """Whether anything in it is a fault."""
        rows = (row.line for question in self.questions for row in question.rows)
        return any(map(_is_fault, chain(self.conclusion, rows, *_lines(self.annex))))


@dataclass(frozen=True, slots=True)
class Attestation:
    """How far the ledger was read and by whose installation, and what is signed over it:
    `stamped_at` is when a time-stamping authority stamped `signed` (ms), 0 for never; `key` is what
    verifies it.
    """

    site: str
    position: int
    signed: SignedCheckpoint
    stamped_at: int
    key: str


def dossier(
    person: Identity,
    facts: FactReport,
    attested: Attestation,
    standing: Sequence[str],
    now: int,
) -> Dossier:
    """`standing` says how the person stands at `now` (engine time, ms)."""
    _, case = facts.say, person_case(person.entries)
    answers = Answers(person, case, facts)
    grounds = case.latest[-MAX_GROUNDS:]
    clock = facts.clock_section(person.entries[0].position)
    annex = (
        Section(
            _("A. Every fact, in order"),
            fact_lines(person.entries, facts),
        ),
        *clock,
        Section(
            _("B. The letters"),
            tuple(_letter(letter, answers) for letter in case.letters) or (Line(_("none")),),
        ),
        Section(
            _("C. How it stands now"),
            tuple(map(Line, standing)) or (Line(_("on no list, with no ground")),),
        ),
        Section(_("D. How to verify this file"), tuple(_verifying(person, attested, answers))),
    )

    def rows(rows_of: Callable[[GroundCase], Iterator[Row]]) -> tuple[Row, ...]:
        """Of each ground; under the name of its purpose where there are several."""
        if not grounds:
            return (Row("", Line(_("nothing is on record"))),)
        if len(grounds) == 1:
            return tuple(rows_of(grounds[0]))
        return tuple(
            row
            for ground in grounds
            for row in (Row(answers.purpose(ground), Line("")), *rows_of(ground))
        )

    wanting = [line for ground in grounds for line in answers.wanting(ground)]
    wanting = [*answers.groundless(), *dict.fromkeys(wanting)]
    return Dossier(
        title=_("Evidence file: {person}").format(person=answers.who),
        about=_("drawn up by {site} on {when} ({zone})").format(
            site=attested.site, when=answers.moment(now), zone=facts.zone
        ),
        conclusion=tuple(_conclusion(answers, grounds, annex)),
        questions=(
            Question(_("1. Was it this person?"), rows(answers.identity)),
            Question(_("2. What were they shown?"), rows(answers.shown)),
            Question(_("3. When? Before the letters?"), rows(answers.dates), dates=True),
            Question(_("4. How?"), rows(answers.acts)),
            Question(
                _("5. What is missing or cannot be proved"),
                tuple(
                    Row("", line)
                    for line in (*wanting, *_dates(attested, answers, changed=bool(clock)))
                ),
            ),
        ),
        annex=annex,
        foot=paper_foot(
            attested.site,
            attested.position,
            (attested.signed.size, attested.signed.signed_at),
            answers.moment,
            _,
        ),
        language=facts.language,
    )


def _conclusion(
    answers: Answers, grounds: Sequence[GroundCase], annex: Sequence[Section]
) -> Iterator[Line]:
    _, ngettext = answers.say, counting_translator(answers.facts.language)
    for ground in grounds:
        yield from answers.conclusion(ground)
    if not grounds:
        yield Line(_("Nothing was ever recorded that would allow to write to this person."))
    groundless = len(answers.case.groundless)
    if groundless:
        sentence = ngettext(
            "{n} letter was begun without a live ground (5).",
            "{n} letters were begun without a live ground (5).",
            groundless,
        )
        yield Line(sentence.format(n=groundless), mark="fault")
    faults = sum(map(_is_fault, chain(*_lines(annex))))
    if faults:
        sentence = ngettext(
            "{n} fact of the annex shows a fault: it is marked there with an exclamation mark.",
            "{n} facts of the annex show a fault: they are marked there with an exclamation mark.",
            faults,
        )
        yield Line(sentence.format(n=faults), mark="fault")
    earlier = len(answers.case.grounds) - len(grounds)
    if earlier:
        sentence = ngettext(
            "{n} other request or ground, older or for another purpose, is told in the annex.",
            "{n} other requests or grounds, older or for other purposes, are told in the annex.",
            earlier,
        )
        yield Line(sentence.format(n=earlier))


def _dates(attested: Attestation, answers: Answers, *, changed: bool) -> Iterator[Line]:
    """What holds of every date here; `changed`: the clock was, since the person was registered."""
    _ = answers.say
    if changed:
        words = _("the clock of this installation was changed since then: see the annex")
        yield Line(words, mark="pointer")
    if attested.stamped_at:
        sentence = _(
            "dates before the independent time stamp of {when}: they are those of this"
            " installation’s clock"
        )
        yield Line(sentence.format(when=answers.moment(attested.stamped_at)))
    else:
        yield Line(
            _(
                "the dates themselves: they are those of this installation’s clock, and no"
                " independent authority has stamped this file’s checkpoint"
            )
        )
    yield Line(
        _(
            "that nothing was changed before somebody else kept a checkpoint: whoever has a mail of"
            " this installation with the header Relance-Checkpoint can verify it from then on"
        )
    )


def _letter(letter: LetterTold, answers: Answers) -> Line:
    _, facts, event = answers.say, answers.facts, letter.event
    outcome = letter.outcome.event if letter.outcome is not None else None
    match outcome:
        case None:
            became = _("nothing is recorded yet of how it ended")
        case e.LetterSent():
            became = _("taken by the mail server on {when}").format(when=answers.moment(outcome.at))
        case e.LetterDeferred():
            became = _("put off on {when}").format(when=answers.moment(outcome.at))
        case e.LetterFailed():
            became = _("could not be delivered, {when}").format(when=answers.moment(outcome.at))
        case e.LetterWithheld():
            became = _("not sent")
        case _:
            became = _("perhaps delivered: no answer after the last line")
    named = (
        _("confirmation mail")
        if event.kind == "confirmation"
        else facts.letters.get(event.message, event.letter)
    )
    text = _("{when}: {letter}; {outcome}").format(
        when=answers.moment(event.at), letter=named, outcome=became
    )
    plan = facts.published.plan_at(letter.begun.position)
    place = _("position {position} · message {message}").format(
        position=letter.begun.position, message=event.message
    )
    return Line(text, (facts.ground(letter.ground, plan), Note(place)))


def _verifying(person: Identity, attested: Attestation, answers: Answers) -> Iterator[Line]:
    _, signed = answers.say, attested.signed
    yield Line(
        _(
            "This file is to be read. The proof is the zip that `relance audit prove` writes for"
            " the same person: it verifies without Relance and without a network, by the script"
            " verify.py in it (docs/audit.md)."
        )
    )
    sentence = _("person {id}, {count} facts; the ledger was read up to position {position}")
    yield Line(
        sentence.format(id=person.subscriber, count=len(person.entries), position=attested.position)
    )
    sentence = _("checkpoint of {origin}: {size} entries, root {root}, signed on {when}")
    yield Line(
        sentence.format(
            origin=signed.origin,
            size=signed.size,
            root=signed.root.hex(),
            when=answers.moment(signed.signed_at),
        ),
        (Note("", verbatim=signed.note.decode()),),
    )
    yield from address_lines(person.committed, _)
    yield Line(_("key that verifies it: {key}").format(key=attested.key))
    if attested.stamped_at:
        sentence = _("stamped by a time-stamping authority on {when}")
        yield Line(sentence.format(when=answers.moment(attested.stamped_at)))
    yield Line(
        _(
            "Where a fact of the annex has two dates, the first is what is claimed, the second when"
            " the ledger took it down. An exclamation mark is not to be overlooked."
        )
    )


def _lines(sections: Sequence[Section]) -> Iterator[Sequence[Line]]:
    return (section.lines for section in sections)


def _is_fault(line: Line) -> bool:
    return "fault" in (line.mark, *(note.mark for note in line.notes))
