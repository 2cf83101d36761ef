"""`live`: one reader from joining to rest, on a clock that only jumps. What is due, what is decided and what follows is engine.subscriber's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.sequence.delay import DAY, HOUR
from engine.sequence.model import Broadcast, Letter, Link, Plan
from engine.sequence.timing import to_instant, to_local
from engine.simulation.moment import Moment, moments_of
from engine.subscriber import commands as c
from engine.subscriber.acts import Act, Calendar, Occurrence, acts
from engine.subscriber.answering import needs_consent
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.evolve import evolve
from engine.subscriber.outcome import Done, Refused
from engine.subscriber.person import NOBODY, Person

MOST_MOMENTS = 500
OCCURRENCES_KEPT = 10
ENGINE = Cause("engine")
Recurring = Callable[[str, str, int], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer the reader gives: the link's index in its letter, and how long after the letter came (ms)."""

    link: int
    after: int = HOUR


@dataclass
class _Life:
    plan: Plan
    answers: Mapping[str, int | Said]
    person: Person = NOBODY
    calendar: Calendar = ()
    moments: list[Moment] = field(default_factory=list)
    to_say: list[tuple[c.Answer, str]] = field(default_factory=list)
    begun: int = 0

    def wish(self, command: c.AnyCommand) -> None:
        """Decide, and take in the facts. A refusal is a moment too."""
        outcome = decide(command, self.person, self.plan, self.calendar)
        if isinstance(outcome, Refused):
            self.moments.append(Moment(command.at, "refused", why=outcome.why))
        for event in outcome.events if isinstance(outcome, Done) else ():
            self.moments += moments_of(event, self.person, self.plan)
            self.person = evolve(self.person, event)
            if isinstance(event, LetterBegun):
                self.wish(c.RecordOutcome(event.at, ENGINE, event.message, "sent"))
                self._think(event)

    def perform(self, at: int, key: str) -> None:
        self.begun += 1
        self.wish(c.Perform(at, ENGINE, key, f"{self.begun:032x}", "simulation"))

    def answer(self) -> None:
        command, label = self.to_say.pop(0)
        self.moments.append(Moment(command.at, "answers", command.source, target=command.target, label=label))
        consented = needs_consent(self.person, self.plan, command.target)
        self.wish(replace_consent(command, consented))

    def _think(self, begun: LetterBegun) -> None:
        """Whether and when this letter will be answered."""
        said = self.answers.get(f"{begun.list}/{begun.letter}", self.answers.get(begun.letter))
        letter = _letter(self.plan, begun)
        if said is None or letter is None:
            return
        given = said if isinstance(said, Said) else Said(said)
        link: Link | None = next((each for each in letter.links if each.index == given.link), None)
        if link is not None:
            cause = Cause("click", begun.message, link.index)
            command = c.Answer(
                begun.at + given.after, cause, begun.message, begun.list, begun.run, link.index, link.kind, link.target, "human_button"
            )
            self.to_say = sorted([*self.to_say, (command, link.label)], key=lambda each: each[0].at)

    def falls_due(self, broadcast: Broadcast, at: int) -> None:
        if any(number in self.person.memberships for number in broadcast.to):
            local = to_local(at, self.plan.timezone)
            new = Occurrence(broadcast.id, f"broadcast:{broadcast.id}/{local:%Y-%m-%dT%H%M}", at)
            same = [each for each in self.calendar if each.broadcast == broadcast.id][-OCCURRENCES_KEPT + 1 :]
            self.calendar = (*(each for each in self.calendar if each.broadcast != broadcast.id), *same, new)

    def next_act(self) -> tuple[int, str] | None:
        due = [(act.due, key) for key, act in self._acts().items() if act.due and act.kind != "settle"]
        return min(due, default=None)

    def why_at_rest(self) -> str:
        idle = [act.why for act in self._acts().values() if act.why]
        return idle[0] if idle else "on no list any more"

    def _acts(self) -> dict[str, Act]:
        return acts(self.person, self.plan, self.calendar)


def live(
    plan: Plan,
    start_list: int,
    answers: Mapping[str, int | Said],
    start: int,
    zone: str,
    horizon: int = 365 * DAY,
    recurring: Recurring = lambda every, zone, after: iter(()),
) -> tuple[Moment, ...]:
    """The calendar of a reader who joins `start_list` at `start` (ms) with a live ground, in the IANA zone `zone`, over `horizon` ms.

    `answers` gives, by letter id (or "list/letter" where several lists have one), the index of the link clicked, or Said; other letters meet silence.
    `recurring(cron line, zone, after)` yields the instants of recurring broadcasts. At most MOST_MOMENTS.
    """
    life = _Life(plan, answers)
    life.wish(c.Subscribe(start, ENGINE, start_list, "consent", "single", timezone=zone, own_act=True))
    mailings = _Mailings(plan, start, recurring)
    now, end = start, start + horizon
    while len(life.moments) < MOST_MOMENTS:
        act, mailing = life.next_act(), mailings.next()
        said = life.to_say[0][0].at if life.to_say else None
        standing = bool(life.person.memberships)
        coming = [at for at in (act[0] if act else None, said, mailing if standing else None) if at is not None]
        if not coming or (act is None and said is None and not _awaited(life, mailings)):
            return (*life.moments, Moment(now, "rests", why=life.why_at_rest()))
        if min(coming) > end:
            return (*life.moments, Moment(end, "goes on"))
        now = max(now, min(coming))
        if standing and mailing == min(coming):
            life.falls_due(*mailings.take())
        elif said == min(coming):
            life.answer()
        elif act is not None:
            life.perform(now, act[1])
    return (*life.moments, Moment(now, "too long"))


def _awaited(life: _Life, mailings: _Mailings) -> bool:
    """Whether a broadcast to come is for a list the reader stands on."""
    return any(number in life.person.memberships for broadcast in mailings.to_come() for number in broadcast.to)


class _Mailings:
    """When each broadcast falls due, earliest first."""

    def __init__(self, plan: Plan, start: int, recurring: Recurring) -> None:
        self._streams: list[tuple[int, Broadcast, Iterator[int]]] = []
        for broadcast in plan.broadcasts.values():
            if broadcast.on:
                moment = to_instant(datetime.strptime(broadcast.on, "%Y-%m-%d %H:%M"), plan.timezone)
                self._add(broadcast, iter((moment,) if moment >= start else ()))
            else:
                self._add(broadcast, recurring(broadcast.every, plan.timezone, start))

    def _add(self, broadcast: Broadcast, stream: Iterator[int]) -> None:
        following = next(stream, None)
        if following is not None:
            self._streams.append((following, broadcast, stream))
            self._streams.sort(key=lambda each: (each[0], each[1].id))

    def next(self) -> int | None:
        return self._streams[0][0] if self._streams else None

    def take(self) -> tuple[Broadcast, int]:
        moment, broadcast, stream = self._streams.pop(0)
        self._add(broadcast, stream)
        return broadcast, moment

    def to_come(self) -> list[Broadcast]:
        return [broadcast for _, broadcast, _ in self._streams]
