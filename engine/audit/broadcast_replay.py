"""Who was chosen for a broadcast, recomputed from each person's facts and what was published then:
whether they should have been written to, and what became of it. Every claim is decided again by the
code that decided it. Pure.

What a segment's conditions ask of fields is not reproducible: the vault keeps no former values.
There the answer is unknown, and all else about the claim is decided as if they had fitted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from engine.audit.published import Published
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.sequence.model import Broadcast, Plan
from engine.subscriber import events as e
from engine.subscriber.act import Occurrence
from engine.subscriber.agenda_key import BroadcastKey, decode
from engine.subscriber.commands import Perform
from engine.subscriber.condition_answers import Truth
from engine.subscriber.due_acts import perform
from engine.subscriber.eligibility import why_not
from engine.subscriber.evolve import evolve, fold
from engine.subscriber.mailing_acts import addressed_by_ledger, mailing_act
from engine.subscriber.outcome import Done, Outcome
from engine.subscriber.person import NOBODY, Person
from engine.subscriber.personal_dates import own_occurrences
from engine.subscriber.terms import HELD_OUT, NOT_ELIGIBLE, NOT_IN_SEGMENT, PRESSURE
from engine.subscriber.truth import conditions_of

Claimed = e.LetterBegun | e.LetterWithheld
Should = Literal["yes", "no", "unknown"]
"""Whether they should have been written to; unknown where only the vault could tell."""
NOT_ADDRESSED = "not addressed"
"""They were on none of its lists, and in none of its segments, when it fell due; or are no more."""
FaultCode = Literal[
    "not-for-them", "to-be-withheld", "to-be-begun", "other-reason", "other-letter", "nothing-due"
]


@dataclass(frozen=True, slots=True)
class ClaimFault:
    """A claim at `position` that does not follow from the facts before it. "not-for-them": begun to
    whom it was not for; "to-be-withheld": begun, `decided` says why it was to be withheld;
    "to-be-begun": withheld; "other-reason": withheld, `decided` is why; "other-letter": begun, and
    `decided` names what is otherwise; "nothing-due": withheld, and it was not for them.
    """

    code: FaultCode
    position: int
    why: str = ""
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One person and one occurrence of a broadcast. `became` is the status of its letter, "" where
    no fact names it; `why` the reason for which it was withheld or not begun, as decisions name it;
    `position` that of the fact that says so, 0 for none. `due`: it waits for its claim.
    """

    subscriber: str
    should: Should
    became: str = ""
    why: str = ""
    segment: str = ""
    position: int = 0
    due: bool = False
    faults: tuple[ClaimFault, ...] = ()


@dataclass(frozen=True, slots=True)
class DecidedAgain:
    should: Should
    fault: ClaimFault | None = None


def is_claim(entry: Entry, key: str = "") -> bool:
    """Whether a fact is a broadcast's claim, under this encoded key or any: a letter begun, or
    withheld.
    """
    event = entry.event
    return isinstance(event, Claimed) and (
        event.key == key if key else isinstance(decode(event.key), BroadcastKey)
    )


def decided_again(person: Person, entry: Entry, published: Published) -> DecidedAgain | None:
    """A claim of a broadcast, decided on `person` as they were before it. None where its edition
    does not have it, or where it is the outcome of a letter that was under way.
    """
    event = cast(Claimed, entry.event)
    if isinstance(event, e.LetterWithheld) and event.message in person.in_flight:
        return None
    answers = []
    for position in published.may_have_known(entry):
        plan = published.plan(event.edition) if event.edition else published.plan_at(position)
        answer = _decided(person, entry, event, plan, position, published)
        if answer is not None and answer.fault is None:
            return answer
        answers.append(answer)
    return answers[0]


def _decided(
    person: Person, entry: Entry, event: Claimed, plan: Plan, position: int, published: Published
) -> DecidedAgain | None:
    calendar, key = published.calendar_at(position), decode(event.key)
    broadcast = plan.broadcasts.get(key.broadcast) if isinstance(key, BroadcastKey) else None
    occurrences = (*calendar, *own_occurrences(person, plan))
    occurrence = next((there for there in occurrences if there.key == event.key), None)
    if occurrence is None or broadcast is None:
        return None
    by_ledger = addressed_by_ledger(person, broadcast, occurrence, plan)
    taken_as = _segment_taken(event, by_ledger, broadcast, plan)
    command = Perform(
        at=event.at,
        cause=entry.cause,
        key=event.key,
        message=event.message,
        sender=event.sender if isinstance(event, e.LetterBegun) else "",
        subscriber=entry.stream,
    )
    decided = _fact_of(perform(command, person, plan, calendar, taken_as))
    if isinstance(event, e.LetterBegun):
        fault = _fault_of_begun(event, decided, entry.position)
        return DecidedAgain("no" if fault else "unknown" if taken_as else "yes", fault)
    if taken_as and event.why == NOT_IN_SEGMENT and _left_after_segments(decided):
        return DecidedAgain("unknown")
    fault = _fault_of_withheld(event, decided, entry.position)
    return DecidedAgain("yes" if isinstance(decided, e.LetterBegun) else "no", fault)


def _segment_taken(event: Claimed, by_ledger: Truth, broadcast: Broadcast, plan: Plan) -> str:
    """The segment that is taken to bring the letter because only the vault could tell, "" where
    the ledger tells.
    """
    personal = conditions_of(plan).personal
    if isinstance(event, e.LetterBegun):
        return event.segment if by_ledger is not False and event.segment in personal else ""
    if by_ledger is not None or event.run:
        return ""
    return next((segment for segment in broadcast.segments if segment in personal), "")


def _fact_of(outcome: Outcome) -> e.PersonEvent | None:
    return outcome.events[0] if isinstance(outcome, Done) else None


def _left_after_segments(decided: e.PersonEvent | None) -> bool:
    """Whether nothing that is asked before the segments stood in its way."""
    return isinstance(decided, e.LetterBegun) or (
        isinstance(decided, e.LetterWithheld) and decided.why in (PRESSURE, HELD_OUT)
    )


def _fault_of_begun(
    event: e.LetterBegun, decided: e.PersonEvent | None, position: int
) -> ClaimFault | None:
    match decided:
        case e.LetterBegun():
            names = ("letter", "list", "run", "purpose", "segment", "version", "theme", "content")
            other = [name for name in names if getattr(decided, name) != getattr(event, name)]
            return ClaimFault("other-letter", position, "", ", ".join(other)) if other else None
        case e.LetterWithheld():
            return ClaimFault("to-be-withheld", position, "", decided.why)
        case _:
            return ClaimFault("not-for-them", position)


def _fault_of_withheld(
    event: e.LetterWithheld, decided: e.PersonEvent | None, position: int
) -> ClaimFault | None:
    match decided:
        case e.LetterBegun():
            return ClaimFault("to-be-begun", position, event.why)
        case e.LetterWithheld(why=why, cap=cap, favoured=favoured):
            if (why, cap, favoured) == (event.why, event.cap, event.favoured):
                return None
            return ClaimFault(
                "other-reason", position, event.why, f"{why} {cap} {favoured}".strip()
            )
        case _:
            return ClaimFault("nothing-due", position, event.why)


def claims_decided_again(
    entries: Sequence[Entry], published: Published
) -> Iterator[DecidedAgain | None]:
    """Every claim of any broadcast among one person's facts, as `decided_again`."""
    if not any(is_claim(entry) for entry in entries):
        return
    person: Person = NOBODY
    for entry in entries:
        if is_claim(entry):
            yield decided_again(person, entry, published)
        person = evolve(person, cast(e.PersonEvent, entry.event))


class BroadcastReplay:
    """The occurrence of a broadcast under an encoded key, asked of people one by one. `fell_due` is
    where the ledger says that it fell due, None of one that comes on each reader's own date.
    """

    def __init__(self, published: Published, broadcast: str, key: str) -> None:
        self._published, self._broadcast, self._key = published, broadcast, key
        self.fell_due: tuple[int, Occurrence] | None = next(
            (fallen for fallen in published.fallen_due if fallen[1].key == key), None
        )

    def choice(self, entries: Sequence[Entry]) -> Choice | None:
        """Of one person's whole stream; None for who came later."""
        claims = [entry for entry in entries if is_claim(entry, self._key)]
        return self._claimed(entries, claims) if claims else self._unclaimed(entries)

    def _claimed(self, entries: Sequence[Entry], claims: Sequence[Entry]) -> Choice:
        """By every claim, also of its reminder; what it came to is what came of its letter."""
        person: Person = NOBODY
        letter = cast(Claimed, claims[0].event).letter
        choice = Choice(entries[0].stream, "unknown")
        for entry in entries:
            event = cast(e.PersonEvent, entry.event)
            if isinstance(event, Claimed) and event.key == self._key:
                again = decided_again(person, entry, self._published)
                faults = (again.fault,) if again is not None and again.fault is not None else ()
                choice = replace(choice, faults=(*choice.faults, *faults))
                if event.letter == letter:
                    choice = replace(
                        choice,
                        should=again.should if again is not None else choice.should,
                        why=event.why if isinstance(event, e.LetterWithheld) else "",
                        segment=event.segment if isinstance(event, e.LetterBegun) else "",
                        position=entry.position,
                    )
            person = evolve(person, event)
            mailing = person.mailings.get(self._key)
            if mailing is not None and letter in mailing.letters:
                choice = replace(choice, became=mailing.letters[letter].status)
        is_due = choice.why == PRESSURE and self._is_due(person, self._published.state.plan())
        return replace(choice, due=is_due)

    def _unclaimed(self, entries: Sequence[Entry]) -> Choice | None:
        """What they were to it when it fell due, and what took it from them since."""
        stream, choice, was_there, first = entries[0].stream, None, False, ""
        for position, at, person in self._states(entries):
            plan = self._published.plan_at(position)
            broadcast = plan.broadcasts.get(self._broadcast)
            occurrence = self._occurrence(person, plan)
            if broadcast is None or occurrence is None:
                continue
            if choice is None and at > occurrence.at + broadcast.max_lateness.least_ms + 2 * DAY:
                break
            was_there = was_there or 0 < person.registered_at <= occurrence.at
            by_ledger = addressed_by_ledger(person, broadcast, occurrence, plan)
            if self._is_due(person, plan):
                choice = Choice(stream, "yes" if by_ledger else "unknown", due=bool(by_ledger))
                continue
            why = _why_not_due(person, broadcast, by_ledger)
            if choice is None:
                first = first or why
            elif not choice.why:
                choice = replace(choice, due=False, why=why, position=position)
        return choice or (Choice(stream, "no", why=first) if was_there else None)

    def _states(self, entries: Sequence[Entry]) -> Iterator[tuple[int, int, Person]]:
        """The person when it fell due, and after each later fact, with its position and its date
        (ms).
        """
        begins = self.fell_due[0] if self.fell_due is not None else 0
        earlier = bisect_right(entries, begins, key=lambda entry: entry.position)
        person = fold(cast(e.PersonEvent, entry.event) for entry in entries[:earlier])
        if earlier:
            yield begins, 0, person
        for entry in entries[earlier:]:
            event = cast(e.PersonEvent, entry.event)
            person = evolve(person, event)
            yield entry.position, event.at, person

    def _occurrence(self, person: Person, plan: Plan) -> Occurrence | None:
        if self.fell_due is not None:
            return self.fell_due[1]
        own = own_occurrences(person, plan)
        return next((there for there in own if there.key == self._key), None)

    def _is_due(self, person: Person, plan: Plan) -> bool:
        """Whether it waits to be claimed for them, or may do so."""
        occurrence = self._occurrence(person, plan)
        act = mailing_act(person, occurrence, plan) if occurrence is not None else None
        return act is not None and act.kind == "letter"


def _why_not_due(person: Person, broadcast: Broadcast, by_ledger: Truth) -> str:
    reason = why_not(person, "broadcast", broadcast.purpose)
    if person.erased or (reason and by_ledger is not False):
        return f"{NOT_ELIGIBLE}{reason}"
    return NOT_ADDRESSED
