"""`live` simulates one reader from joining until nothing more happens, on a clock that jumps from
one due moment to the next. Decisions and events are those of engine.subscriber.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.sequence.anchors import Anchor
from engine.sequence.condition import InSegment, MeasuredAct
from engine.sequence.delay import DAY, HOUR
from engine.sequence.model import MEASURE, Broadcast, Letter, Link, Plan
from engine.sequence.timing import later, read_local_minute, to_instant, to_local
from engine.simulation.calendar_entries import CalendarEntry, calendar_entries
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Act, Calendar, Occurrence, zone_of
from engine.subscriber.agenda import acts
from engine.subscriber.agenda_key import BroadcastKey, broadcast_at, encode, letter_ref
from engine.subscriber.answering import needs_consent
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.evolve import evolve
from engine.subscriber.outcome import Done, Refused
from engine.subscriber.person import NO_PREFERENCES, NOBODY, MeasuredActs, Person, Preferences
from engine.subscriber.personal_dates import personal_broadcasts
from engine.subscriber.reaching_dates import days_about
from engine.subscriber.reactivation import is_to_be_asked, silent_since
from engine.subscriber.truth import conditions_of

MAX_ENTRIES = 500
MAX_ROUNDS = 5
"""So often an answer may lead to a list before the calendar ends: the rounds are all alike."""
MAX_OCCURRENCES = 10
ENGINE = Cause("engine")
Step = tuple[int, Callable[[int], None]]
Recurring = Callable[[str, str, int], Iterator[int]]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer the reader gives: the link's index in its letter, and how long after the letter
    came (ms).
    """

    link: int
    after: int = HOUR


@dataclass(frozen=True, slots=True)
class SimulatedAct:
    """What a reader who agreed to be measured does with a letter, so long after it came (ms)."""

    act: MeasuredAct
    after: int = HOUR


SimulatedActs = Mapping[str, Sequence[SimulatedAct]]
"""By letter id, or "list/letter"; empty of who agreed, and does nothing of it."""


@dataclass(frozen=True, slots=True)
class SimulatedOrder:
    """`after` is counted from joining (ms)."""

    product: str
    after: int = DAY


@dataclass(frozen=True)
class _Known:
    """What is given of the reader; the simulated one gave their address here themselves."""

    fields: Mapping[str, str]
    source: str = ""
    form: str = ""
    measured: MeasuredActs | None = None


@dataclass
class SimulatedReader:
    plan: Plan
    answers: Mapping[str, Sequence[GivenAnswer]]
    recurring: Recurring
    person: Person = NOBODY
    calendar: Calendar = ()
    entries: list[CalendarEntry] = field(default_factory=list)
    pending_answers: list[tuple[c.Answer, str]] = field(default_factory=list)
    last_occurrence: dict[str, int] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    last_date: dict[str, int] = field(default_factory=dict)
    begun: int = 0
    orders: list[tuple[int, str]] = field(default_factory=list)
    ordered: int = 0
    inside: set[str] = field(default_factory=set)
    acts_to_come: SimulatedActs | None = None
    pending_acts: list[tuple[int, CalendarEntry, str]] = field(default_factory=list)
    noted: MeasuredActs = ()

    def circling(self) -> int:
        """The list to which an answer has led as often as is told, 0 for none."""
        led = Counter(entry.target for entry in self.entries if entry.kind == "moves")
        return next((number for number, times in led.items() if times >= MAX_ROUNDS), 0)

    def execute(self, command: c.AnyCommand) -> None:
        """Decide and fold the events. A refusal becomes an entry too."""
        outcome = decide(command, self.person, self.plan, self.calendar)
        if isinstance(outcome, Refused):
            self.entries.append(CalendarEntry(command.at, "refused", refused=outcome))
        for event in outcome.events if isinstance(outcome, Done) else ():
            self.entries += calendar_entries(event, self.person, self.plan)
            self.person = evolve(self.person, event)
            if isinstance(event, LetterBegun):
                self.execute(c.RecordOutcome(event.at, ENGINE, event.message, "sent"))
                self._schedule_answer(event)
                self._schedule_acts(event)

    def next_mailing(self, now: int) -> Step | None:
        """The next broadcast for a list the reader is on, or for a segment."""
        mailings = [
            (moment, broadcast)
            for broadcast in self.plan.broadcasts.values()
            if (broadcast.segments or self._is_on(broadcast))
            and (
                moment := self._moment(
                    broadcast, max(now - 1000, self.last_occurrence.get(broadcast.id, 0))
                )
            )
            is not None
        ]
        if not mailings:
            return None
        at, broadcast = min(mailings, key=lambda mailing: mailing[0])
        return at, lambda now: self._fall_due(broadcast, at)

    def next_answer(self) -> Step | None:
        return (self.pending_answers[0][0].at, self._answer) if self.pending_answers else None

    def next_measured(self) -> Step | None:
        return (self.pending_acts[0][0], self._note) if self.pending_acts else None

    def next_order(self) -> Step | None:
        return (self.orders[0][0], self._order) if self.orders else None

    def next_question(self, now: int) -> Step | None:
        """The next time at which they are silent for so long that letters ask them."""
        zone = zone_of(self.person, self.plan)
        questions = []
        for reactivation in self.plan.reactivations.values():
            at = max(now, later(silent_since(self.person), reactivation.silent_for, zone))
            if is_to_be_asked(self.person, self.plan, reactivation, at):
                questions.append((at, reactivation.list))
        if not questions:
            return None
        at, number = min(questions)
        return at, lambda now: self.execute(c.AskTheSilent(now, ENGINE, number))

    def next_rule(self, now: int) -> Step | None:
        """The next moment at which the reader enters or leaves a segment that rules are about."""
        conditions = conditions_of(self.plan)
        turns: list[tuple[int, str]] = []
        for segment in {rule.segment for rule in self.plan.rules}:
            condition = conditions.resolved(InSegment(segment))
            at = now
            truth, changes_at = conditions.truth_of(condition, self.person, self._known, at)
            while (truth is True) is (segment in self.inside) and changes_at > at:
                at = changes_at
                truth, changes_at = conditions.truth_of(condition, self.person, self._known, at)
            if (truth is True) is not (segment in self.inside):
                turns.append((at, segment))
        if not turns:
            return None
        at, segment = min(turns)

        def apply(now: int) -> None:
            entered = segment not in self.inside
            self.inside ^= {segment}
            cause = Cause("rule", segment)
            self.execute(c.ApplyRules(now, cause, segment, entered, self._known))

        return at, apply

    def next_act(self) -> Step | None:
        due = [
            (act.due, key) for key, act in self.acts().items() if act.due and act.kind != "settle"
        ]
        if not due:
            return None
        at, key = min(due)
        return at, lambda now: self.perform(now, key)

    def why_at_rest(self) -> str:
        idle = [act.why for act in self.acts().values() if act.why]
        return idle[0] if idle else "on no list any more"

    def perform(self, at: int, key: str) -> None:
        self.begun += 1
        self.execute(
            c.Perform(
                at=at,
                cause=ENGINE,
                key=key,
                message=f"{self.begun:032x}",
                sender="simulation",
                known=self._known,
            )
        )

    @property
    def _known(self) -> _Known:
        return _Known(self.fields, measured=None if self.acts_to_come is None else self.noted)

    def _note(self, at: int) -> None:
        _, entry, letter = self.pending_acts.pop(0)
        self.entries.append(entry)
        self.noted = (*self.noted, (entry.label, letter, at))

    def _answer(self, at: int) -> None:
        """Give the first pending answer; where it leads to another purpose, the reader consents on
        the page that asks.
        """
        command, label = self.pending_answers.pop(0)
        self.entries.append(
            CalendarEntry(at, "answers", command.source, target=command.target, label=label)
        )
        self.execute(
            replace(command, consented=needs_consent(self.person, self.plan, command.target))
        )

    def _order(self, at: int) -> None:
        _, product = self.orders.pop(0)
        self.ordered += 1
        command = c.RecordOrder(
            at=at,
            cause=ENGINE,
            order=str(self.ordered),
            amount=0,
            currency="EUR",
            products=(product,),
        )
        self.execute(command)

    def _schedule_acts(self, begun: LetterBegun) -> None:
        acts = self.acts_to_come or {}
        for act in acts.get(f"{begun.list}/{begun.letter}", acts.get(begun.letter, ())):
            at = begun.at + act.after
            entry = CalendarEntry(at, "measured", begun.list, begun.letter, label=act.act)
            self.pending_acts.append((at, entry, letter_ref(begun.key, begun.letter)))
        self.pending_acts.sort(key=lambda pending: pending[0])

    def _schedule_answer(self, begun: LetterBegun) -> None:
        """Schedule the reader's answers to this letter, if there are any."""
        letter = _letter(self.plan, begun)
        if letter is None:
            return
        links: dict[int, Link] = {action.index: action for action in letter.links}
        for given in self.answers.get(
            f"{begun.list}/{begun.letter}", self.answers.get(begun.letter, ())
        ):
            link = links.get(given.link)
            if link is None:
                continue
            cause = Cause("click", begun.message, link.index)
            command = c.Answer(
                at=begun.at + given.after,
                cause=cause,
                message=begun.message,
                source=begun.list,
                run=begun.run,
                link=link.index,
                kind=link.kind,
                target=link.target,
                act="human_button",
                question=letter_ref(begun.key, begun.letter),
                label=link.readable,
            )
            self.pending_answers = sorted(
                [*self.pending_answers, (command, link.label)], key=lambda action: action[0].at
            )

    def next_date(self, now: int) -> Step | None:
        """The next day on which a date of the reader's own comes round."""
        zone = zone_of(self.person, self.plan)
        days = [
            (begins, personal.field, value)
            for broadcast, anchored, personal in personal_broadcasts(self.plan)
            if (broadcast.segments or self._is_on(broadcast))
            and (value := self.fields.get(personal.field, ""))
            for begins in days_about(value, anchored, personal, now, zone)
            if begins > self.last_date.get(personal.field, now - 1)
        ]
        if not days:
            return None
        at, field, value = min(days)

        def reach(now: int) -> None:
            self.last_date[field] = at
            self.execute(c.ReachAnchor(max(at, now), ENGINE, field, value, self._known))

        return at, reach

    def _is_on(self, broadcast: Broadcast) -> bool:
        return any(number in self.person.memberships for number in broadcast.to)

    def _moment(self, broadcast: Broadcast, after: int) -> int | None:
        if (anchored := broadcast.anchored) is not None:
            return anchored.following(after, broadcast.letter.hours, self.plan.timezone)
        if not broadcast.on:
            return next(self.recurring(broadcast.every, self.plan.timezone, after), None)
        moment = to_instant(read_local_minute(broadcast.on), self.plan.timezone)
        return moment if moment > after else None

    def _fall_due(self, broadcast: Broadcast, at: int) -> None:
        self.last_occurrence[broadcast.id] = at
        zone, anchored = self.plan.timezone, broadcast.anchored
        if anchored is not None and isinstance(anchored.date, Anchor):
            date = anchored.date_of(at, broadcast.letter.hours, zone)
            name = anchored.date.occurrence(date)
        else:
            name = f"{to_local(at, zone):%Y-%m-%dT%H%M}"
        new = Occurrence(broadcast.id, encode(BroadcastKey(broadcast.id, name)), at)
        same = [occurrence for occurrence in self.calendar if occurrence.broadcast == broadcast.id][
            -MAX_OCCURRENCES + 1 :
        ]
        self.calendar = (
            *(occurrence for occurrence in self.calendar if occurrence.broadcast != broadcast.id),
            *same,
            new,
        )

    def acts(self) -> dict[str, Act]:
        return acts(self.person, self.plan, self.calendar, self._known)


def _letter(plan: Plan, begun: LetterBegun) -> Letter | None:
    if begun.kind == "broadcast":
        broadcast = broadcast_at(plan, begun.key)
        assert broadcast is not None
        return broadcast.letter if begun.letter == broadcast.letter.id else broadcast.reminder
    return plan.lists[begun.list].letter(begun.letter)


def live(
    plan: Plan,
    start_list: int,
    answers: Mapping[str, Sequence[GivenAnswer]],
    start: int,
    zone: str,
    horizon: int = 365 * DAY,
    recurring: Recurring = lambda every, zone, after: iter(()),
    fields: Mapping[str, str] | None = None,
    orders: Sequence[SimulatedOrder] = (),
    beside: Sequence[int] = (),
    preferences: Preferences = NO_PREFERENCES,
    measured: SimulatedActs | None = None,
) -> tuple[CalendarEntry, ...]:
    """The calendar of a reader who joins `start_list` at `start` (ms) with a live ground, in the
    IANA zone `zone`, over `horizon` ms.

    `answers` gives, by letter id (or "list/letter" where several lists have one), what is said to
    it, as often as the reader changes their mind; other letters meet silence. `recurring(cron line,
    zone, after)` yields the instants of recurring broadcasts later than `after`. `fields` is
    what is known of the reader, as the vault keeps it; `orders` is what they buy,
    `preferences` what they choose to receive as they join. `beside` are
    lists they join too, whose letters press on those of the first. `measured`: what they click and
    open, where they agree to be measured as they join. At most MAX_ENTRIES.
    """
    life = SimulatedReader(plan, answers, recurring, fields=fields or {}, acts_to_come=measured)
    life.orders = sorted((start + order.after, order.product) for order in orders)
    for number in (start_list, *beside):
        life.execute(
            c.Subscribe(
                at=start,
                cause=ENGINE,
                list=number,
                basis="consent",
                proof="single",
                timezone=zone,
                own_act=True,
            )
        )
    life.entries = [entry for entry in life.entries if entry.kind != "agrees"]
    if measured is not None:
        agreed = e.ConsentGiven(start, MEASURE, "page", act="human_button")
        life.person = evolve(life.person, agreed)
    if preferences != NO_PREFERENCES:
        life.execute(
            c.SetPreferences(
                at=start,
                cause=ENGINE,
                themes=preferences.themes,
                contents=preferences.contents,
                frequency=preferences.frequency,
                paused_until=preferences.paused_until,
                act="human_button",
            )
        )
    now = start
    for _ in range(MAX_ENTRIES):
        steps = [
            step
            for step in (
                life.next_mailing(now),
                life.next_date(now),
                life.next_answer(),
                life.next_measured(),
                life.next_order(),
                life.next_question(now),
                life.next_rule(now),
                life.next_act(),
            )
            if step is not None
        ]
        if not steps:
            rests_at = max((entry.at for entry in life.entries), default=start)
            return (*life.entries, CalendarEntry(rests_at, "rests", why=life.why_at_rest()))
        at, step = min(steps, key=lambda step_at: step_at[0])
        if at > start + horizon:
            return (*life.entries, CalendarEntry(start + horizon, "goes on"))
        now = max(now, at)
        step(now)
        if circling := life.circling():
            return (*life.entries, CalendarEntry(now, "circles", circling))
        if len(life.entries) >= MAX_ENTRIES:
            break
    return (*life.entries, CalendarEntry(now, "too long"))
