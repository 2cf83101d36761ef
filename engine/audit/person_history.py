"""One person's facts folded again, as the engine folded them: on which ground each letter stood
when it was begun (P1), and who was on which list, on what ground, as it was known at an instant.
Pure.

What was known at an instant is what the ledger had recorded by then. A fact recorded later that
claims an earlier date is told apart: it was so, or is said to have been so, and nobody knew it
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from engine.ledger.codec import Entry
from engine.sequence.model import MEASURE
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from engine.subscriber.evolve import evolve
from engine.subscriber.person import NOBODY, Ground, Person
from engine.subscriber.terms import mail_kind

PurposeOf = Callable[[int], str]
"""The purpose of a list as it was published at the instant, "" for a list nobody knows."""
GROUND_EVENTS = (e.ConsentGiven, e.GroundDeclared, e.ConsentConfirmed)


NO_GROUND = frozenset({
    e.LetterBegun, e.LetterSent, e.LetterDeferred, e.LetterFailed, e.LetterWithheld,
    e.LetterRetried, e.LetterDirected, e.LetterInDoubt, e.ListJoined, e.ListLeft, e.ListTransferred,
    e.ProfileChanged, e.ProfileRead, e.SegmentEntered, e.SegmentLeft, e.RulesApplied,
    e.AnchorReached, e.CallHonoured, e.OrderRefunded, e.ProofArchived, e.ProofOpened,
})  # fmt: skip
"""Facts that change nothing of whether somebody may be written to: `GroundHistory` answers the same
about later letters without them.
"""


@dataclass(frozen=True, slots=True)
class LetterGround:
    """What held for a letter's purpose just before the letter was begun. `why_not` is "" where it
    was allowed to leave. `basis` is "asked" for a mail that asks to confirm.

    `fact` gave the ground or made the request; `withdrawn` took the ground back, where it was no
    longer live.
    """

    purpose: str
    why_not: str
    basis: str = ""
    proof: str = ""
    fact: Entry | None = None
    withdrawn: Entry | None = None


class GroundHistory:
    """A person's facts, added in order; every answer holds after the last one added. Costs no more
    than the fold.
    """

    def __init__(self) -> None:
        self.person: Person = NOBODY
        self._given: dict[str, Entry] = {}
        self._requested: dict[str, Entry] = {}
        self._withdrawn: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        event = cast(e.PersonEvent, entry.event)
        match event:
            case e.ConsentGiven() | e.GroundDeclared() | e.ConsentConfirmed():
                self._given[event.purpose] = entry
            case e.ConsentRequested():
                self._requested[event.purpose] = entry
            case e.ConsentWithdrawn(_, "*"):
                self._withdrawn |= dict.fromkeys(self.person.grounds, entry)
            case e.ConsentWithdrawn():
                self._withdrawn[event.purpose] = entry
        self.person = evolve(self.person, event)

    def of_letter(self, letter: e.LetterBegun) -> LetterGround:
        """The ground of a letter that is begun now."""
        purpose = letter.purpose
        if letter.kind == "confirmation":
            pending = self.person.requests.get(purpose)
            why = why_not(
                self.person, "confirmation", purpose, request=pending.request if pending else ""
            )
            return LetterGround(purpose, why, "asked", "", self._requested.get(purpose))
        ground = self.person.grounds.get(purpose)
        why = why_not(self.person, mail_kind(letter.kind), purpose)
        if ground is None:
            return LetterGround(purpose, why)
        withdrawn = self._withdrawn.get(purpose) if ground.status == "withdrawn" else None
        return LetterGround(
            purpose, why, ground.basis, ground.proof, self._given.get(purpose), withdrawn
        )


@dataclass(frozen=True, slots=True)
class MembershipAsOf:
    """One person on one list (0: on none, a ground alone). `joined` is the fact that put them
    there, `given` the one their ground came from.

    `known` is False where the ledger recorded it only after the instant; `left` is a later fact
    that claims they had left by then. `away` are the times they were on another list instead, each
    from the fact that moved them to the one that took the move back. `barred` is why nothing could
    be sent, whatever the ground; never "erased", for whoever is erased is on no list.
    """

    subscriber: str
    list: int
    purpose: str
    joined: Entry | None
    ground: Ground | None
    given: Entry | None
    known: bool = True
    left: Entry | None = None
    away: tuple[tuple[Entry, Entry], ...] = ()
    barred: str = ""


class _MembershipHistory:
    """A person's facts, added in order, with the fact that opened each membership, what closed and
    reopened it, and the one that gave each ground.
    """

    def __init__(self) -> None:
        self.person: Person = NOBODY
        self.opened: dict[tuple[int, int], Entry] = {}
        self.closed: dict[tuple[int, int], Entry] = {}
        self.away: dict[tuple[int, int], tuple[tuple[Entry, Entry], ...]] = {}
        self.given: dict[str, Entry] = {}

    def add(self, entry: Entry) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Memberships (list, run) that the fact opened, and those it closed."""
        event, before = cast(e.PersonEvent, entry.event), self.person
        self.person = evolve(before, event)
        if isinstance(event, GROUND_EVENTS):
            self.given[event.purpose] = entry
        if self.person.memberships is before.memberships:
            return set(), set()
        now, then = _runs(self.person), _runs(before)
        for run in now - then:
            if isinstance(event, e.MoveUndone) and run in self.opened:
                self.away[run] = (*self.away.get(run, ()), (self.closed[run], entry))
            else:
                self.opened[run] = entry
        self.closed |= dict.fromkeys(then - now, entry)
        return now - then, then - now

    def membership(
        self, subscriber: str, run: tuple[int, int], purpose_of: PurposeOf, *, known: bool = True
    ) -> MembershipAsOf:
        purpose = purpose_of(run[0])
        barred = "processing restricted" if self.person.restricted else self.person.suppressed
        return MembershipAsOf(
            subscriber=subscriber,
            list=run[0],
            purpose=purpose,
            joined=self.opened[run],
            ground=self.person.grounds.get(purpose),
            given=self.given.get(purpose),
            known=known,
            away=self.away.get(run, ()),
            barred=barred,
        )


def _runs(person: Person) -> set[tuple[int, int]]:
    return {(number, membership.run) for number, membership in person.memberships.items()}


def claimed_at(entry: Entry) -> int:
    """The date a fact claims: of a joining counted from the date of collection, that date."""
    return (
        entry.event.counted_from or entry.event.at
        if isinstance(entry.event, e.ListJoined)
        else entry.event.at
    )


def memberships_as_of(
    entries: Sequence[Entry], instant: int, known_until: int, purpose_of: PurposeOf
) -> Iterator[MembershipAsOf]:
    """One person's whole stream, as it was known at an instant (ms), and what was recorded later
    with a claim to have been so by then.

    `known_until` is the position at which the ledger ended at the instant (Chronology.known_at):
    what stands after it was not known, whatever date of recording it bears.
    """
    subscriber, history = entries[0].stream, _MembershipHistory()
    end = next((n for n, entry in enumerate(entries) if entry.position > known_until), len(entries))
    for entry in entries[:end]:
        history.add(entry)
    known = {
        run: history.membership(subscriber, run, purpose_of)
        for run in sorted(_runs(history.person))
    }
    later = entries[end:]
    if not any(claimed_at(entry) <= instant for entry in later):
        yield from known.values()
        return
    late: list[MembershipAsOf] = []
    for entry in later:
        opened, closed = history.add(entry)
        if claimed_at(entry) > instant:
            continue
        for run in closed & known.keys():
            known[run] = replace(known[run], left=entry)
        late += [
            history.membership(subscriber, run, purpose_of, known=False) for run in sorted(opened)
        ]
        if isinstance(entry.event, GROUND_EVENTS) and entry.event.purpose != MEASURE:
            purpose = entry.event.purpose
            late.append(
                MembershipAsOf(
                    subscriber=subscriber,
                    list=0,
                    purpose=purpose,
                    joined=None,
                    ground=history.person.grounds[purpose],
                    given=entry,
                    known=False,
                )
            )
    purposes = {membership.purpose for membership in late if membership.list}
    yield from known.values()
    yield from (
        membership for membership in late if membership.list or membership.purpose not in purposes
    )
