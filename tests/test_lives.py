"""Random lives against the promises: whatever a person, an author, a relay and a robot do, in any
order, what may never be never is.

`RELANCE_LIVES=2000` lives through more of them than a quick run does.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.i18n.in_words import in_english
from engine.ledger.codec import Encoded, decode, pack, unpacker
from engine.sequence.anchors import Anchor, Anchored, PersonalDate
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.model import Broadcast, Ending, Plan, Reactivation
from engine.sequence.timing import to_local
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.agenda import acts, keys
from engine.subscriber.agenda_key import matter_of
from engine.subscriber.answering import can_undo
from engine.subscriber.decide import decide
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.evolve import evolve, fold
from engine.subscriber.inactivity import heard_at
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY, Person
from engine.subscriber.rights import RIGHTS
from engine.subscriber.terms import (
    AnswerKind,
    Basis,
    LetterVerdict,
    Right,
    RightOutcome,
    Start,
    SuppressionReason,
)
from tests.auditor import Auditor
from tests.examples import (
    NOON,
    PLAN,
    QUESTION,
    QUESTION_AGAIN,
    WELCOME,
    letter,
    with_list,
    without_list,
)
from tests.sizes import sized

STREAM = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
LISTS = st.sampled_from(sorted(PLAN.lists))
PURPOSES = st.sampled_from(["conseils", "offres"])
ACTS = st.sampled_from(["human_button", "human_button", "auto_submit"])
DATED = with_list(
    10,
    letters=(
        WELCOME,
        replace(
            letter("before"),
            anchored=Anchored(Anchor("w", "Europe/Paris", at=NOON + 9 * DAY), Delay(days=2), True),
        ),
        replace(
            letter("feast"),
            anchored=Anchored(Anchor("f", "Europe/Paris", feast="paques"), Delay(days=1)),
        ),
        letter("behind", wait=Delay(days=1)),
        QUESTION,
        QUESTION_AGAIN,
    ),
)
"""Letters counted from a date and from a feast."""
CAKE = Broadcast(
    "cake",
    "conseils",
    tuple(PLAN.lists),
    replace(letter("cake"), anchored=Anchored(PersonalDate("birthday", True))),
)
ASKS_THE_SILENT = replace(
    with_list(20, letters=(letter("still", Delay()),), ends=Ending("stop", after=Delay(days=1))),
    reactivations={20: Reactivation(20, Delay(days=6), 1)},
)
PLANS = (
    PLAN,
    ASKS_THE_SILENT,
    with_list(
        10,
        letters=(
            WELCOME,
            replace(letter("added", Delay(days=1)), added_at=NOON + 3 * DAY),
            QUESTION,
            QUESTION_AGAIN,
        ),
    ),
    with_list(
        10,
        letters=(
            replace(letter("added", Delay(days=1)), added_at=NOON + 3 * DAY, backfill=True),
            QUESTION_AGAIN,
            QUESTION,
        ),
    ),
    with_list(10, letters=(QUESTION,), ends=Ending("copy", 40)),
    with_list(10, letters=(), ends=None),
    with_list(11, ends=Ending("move", 30)),
    with_list(11, ends=Ending("move", 1), leaves=(40, 43)),
    with_list(
        20,
        letters=(
            letter("water", Delay(days=1)),
            letter("again", reminds="water", wait=Delay(days=1)),
        ),
        ends=Ending("move", 10),
    ),
    with_list(12, purpose="offres"),
    without_list(11),
    without_list(1),
    replace(PLAN, broadcasts={}, edition=2),
    DATED,
)
WITH_CAKE = replace(PLAN, broadcasts={**PLAN.broadcasts, "cake": CAKE})
VERDICTS = st.sampled_from(
    [
        "sent",
        "sent",
        "sent",
        "temporary",
        "blocked",
        "hard",
        "soft",
        "doubt",
        "released",
        "cannot-render",
        "cannot-carry",
        "resend",
        "taken-as-sent",
    ]
)
read_back = unpacker(Person)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.plan: Plan = WITH_CAKE
        self.calendar: Calendar = ()
        self.person = NOBODY
        self.events: list[e.PersonEvent] = []
        self.auditor = Auditor()
        self.messages = 0
        self.took_lists_away = False

    def do(self, command: c.AnyCommand) -> bool:
        """Carry it out, write down what it did, let the auditor look, and ask for the same once
        more.
        """
        outcome = decide(command, self.person, self.plan, self.calendar)
        if not isinstance(outcome, Done):
            assert in_english(outcome)
            return False
        assert outcome.facts
        for fact in outcome.facts:
            stored = Encoded(STREAM, fact.event, fact.cause, self.now).at_version(
                len(self.events) + 1
            )
            assert decode(1, stored).event == fact.event
            self.events.append(fact.event)
            self.person = evolve(self.person, fact.event)
            self.auditor.see(fact.event, fact.cause, self.now)
        if not isinstance(command, c.Perform):
            again = decide(command, self.person, self.plan, self.calendar)
            assert not isinstance(again, Done), f"done twice: {again}"
        return True

    def cause(self, door: str) -> e.Cause:
        return e.Cause(door, "r1", evidence="e" * 64)

    def message(self) -> str:
        self.messages += 1
        return f"{self.messages:032x}"

    def letters(self) -> list[e.LetterBegun]:
        return [
            event
            for event in self.events
            if isinstance(event, e.LetterBegun) and event.kind not in ("confirmation", "permission")
        ]

    @initialize(number=LISTS)
    def someone_joins(self, number: int) -> None:
        self.do(
            c.Subscribe(self.now, self.cause("form"), number, "consent", "single", own_act=True)
        )

    @rule(
        number=LISTS,
        own_act=st.booleans(),
        basis=st.sampled_from(["consent", "service"]),
        start=st.sampled_from(["welcome", "none", "by-date"]),
    )
    def join(self, number: int, own_act: bool, basis: Basis, start: Start) -> None:
        counted = self.now - 3 * DAY if start == "by-date" else 0
        self.do(
            c.Subscribe(
                self.now,
                self.cause("api"),
                number,
                basis,
                "declared",
                start=start,
                counted_from=counted,
                own_act=own_act,
            )
        )

    @rule(numbers=st.lists(LISTS, min_size=1, max_size=3))
    def ask(self, numbers: list[int]) -> None:
        self.do(c.RequestConsent(self.now, self.cause("form"), tuple(numbers), self.message()))

    @rule(back=st.integers(0, 3))
    def confirm(self, back: int) -> None:
        asked = [event for event in self.events if isinstance(event, e.ConsentRequested)][
            -1 - back :
        ]
        if asked:
            self.do(
                c.Confirm(
                    self.now,
                    self.cause("click"),
                    asked[0].purpose,
                    asked[0].request,
                    "human_button",
                )
            )

    @rule(years=st.integers(0, 4), answers=st.booleans(), waits=st.booleans())
    def years_pass_in_silence(self, years: int, answers: bool, waits: bool) -> None:
        """Whoever is silent is asked; the question reaches them, or does not; they answer, or do
        not.
        """
        self.now += years * 366 * DAY
        if self.do(c.AskAgain(self.now, self.cause("engine"), self.message())):
            assert self.now - heard_at(self.person) >= 1095 * DAY
        if waits:
            self.the_agenda_is_done("sent", 1)
        if answers and EVERYTHING in self.person.requests:
            assert self.do(c.RenewPermission(self.now, self.cause("click"), "human_button"))
            assert heard_at(self.person) == self.now and EVERYTHING not in self.person.requests

    @rule(waits=st.booleans())
    def days_pass_in_silence(self, waits: bool) -> None:
        """Under a plan whose letters ask who is silent; they are put on its list, and it goes on to
        its end.
        """
        self.publish(ASKS_THE_SILENT)
        for _ in range(3):
            self.now += 2 * DAY
            self.the_agenda_is_done("sent", 4)
        silent = heard_at(self.person) <= self.now - 6 * DAY + HOUR
        if self.do(c.AskTheSilent(self.now, self.cause("engine"), 20)):
            assert silent and 20 in self.auditor.standing
            for _ in range(3 * waits):
                self.the_agenda_is_done("sent", 4)
                self.now += DAY

    @rule(
        which=st.integers(0, 30),
        to=LISTS,
        kind=st.sampled_from(["move", "move", "move", "copy"]),
        act=ACTS,
        agrees=st.booleans(),
    )
    def click(self, which: int, to: int, kind: AnswerKind, act: str, agrees: bool) -> None:
        letters = self.letters()
        if letters:
            from_letter = letters[-1 - which % len(letters)]
            listed = self.plan.lists.get(to)
            consented = listed.purpose if listed and agrees else ""
            number = to * 2 + (kind == "copy")
            self.do(
                c.Answer(
                    self.now,
                    self.cause("click"),
                    from_letter.message,
                    from_letter.list,
                    from_letter.run,
                    number,
                    kind,
                    to,
                    act,
                    consented,
                )
            )

    @rule(which=st.integers(0, 2), act=ACTS)
    def undo(self, which: int, act: str) -> None:
        moves = [event.message for event in self.events if isinstance(event, e.ListMoved)]
        if moves:
            message = moves[-1 - which % len(moves)]
            offered = can_undo(message, self.person, self.plan)
            assert offered is self.do(c.UndoMove(self.now, self.cause("click"), message, act)), (
                "a page offers what is refused, or hides what is not"
            )

    @rule(purpose=st.sampled_from(["conseils", "offres", "*"]))
    def unsubscribe(self, purpose: str) -> None:
        self.do(c.withdrawal(self.now, self.cause("one-click"), purpose, "rfc8058"))
        gone = self.auditor.live if purpose == "*" else self.auditor.live & {purpose}
        assert not gone
        standing = {
            listed.purpose
            for number in self.auditor.standing
            if (listed := self.plan.lists.get(number)) is not None
        }
        assert purpose not in standing and not (purpose == "*" and self.auditor.standing)

    @rule(purpose=PURPOSES, number=LISTS)
    def subscribe_again(self, purpose: str, number: int) -> None:
        self.do(c.Resubscribe(self.now, self.cause("click"), purpose, "human_button", list=number))

    @rule(source=st.one_of(st.just(0), LISTS), to=LISTS)
    def transfer(self, source: int, to: int) -> None:
        self.do(c.Transfer(self.now, self.cause("operator"), source, to))

    @rule(number=LISTS)
    def leave(self, number: int) -> None:
        self.do(c.LeaveList(self.now, self.cause("operator"), number))

    @rule(why=st.sampled_from(["complained", "operator"]), really=st.integers(0, 3))
    def suppress(self, why: SuppressionReason, really: int) -> None:
        if really == 0:
            self.do(c.Suppress(self.now, self.cause("relay"), why))

    @rule(span=st.sampled_from([0, 1000, MINUTE, HOUR, 12 * HOUR, DAY, 3 * DAY, 40 * DAY]))
    def time_passes(self, span: int) -> None:
        self.now += span

    @rule(verdict=VERDICTS, silent=st.integers(0, 5))
    def the_agenda_is_done(self, verdict: LetterVerdict, silent: int) -> None:
        """Whatever is due, once; some outcomes stay away for now."""
        for key in acts(self.person, self.plan, self.calendar):
            message = self.message()
            if self.do(c.Perform(self.now, self.cause("engine"), key, message, "s1")) and silent:
                event = self.events[-1]
                if isinstance(event, e.LetterBegun):
                    self.do(
                        c.RecordOutcome(
                            self.now, self.cause("relay"), event.message, verdict, 250, why="rcpt"
                        )
                    )

    @rule(days=st.integers(1, 12))
    def days_pass_as_they_should(self, days: int) -> None:
        for _ in range(days * 2):
            self.now += 12 * HOUR
            self.the_agenda_is_done("sent", 1)

    @precondition(lambda self: self.person.in_flight)
    @rule(which=st.integers(0, 5), verdict=VERDICTS)
    def an_outcome_arrives(self, which: int, verdict: LetterVerdict) -> None:
        """However late it is recorded, a letter left, or may have left, while its sender lived."""
        message, flight = [*self.person.in_flight.items()][which % len(self.person.in_flight)]
        at = flight.begun_at if verdict in ("sent", "doubt") else self.now
        self.do(c.RecordOutcome(at, self.cause("relay"), message, verdict, why="rcpt"))

    @rule(late=st.booleans())
    def what_was_withheld_is_mended(self, late: bool) -> None:
        """Each is tried again once: what may be tried again stands in the agenda, and nothing else
        may.
        """
        for key, act in acts(self.person, self.plan, self.calendar).items():
            if act.kind == "withheld":
                retry = c.RetryLetter(
                    self.now, self.cause("operator"), matter_of(key), act.letter, late
                )
                assert self.do(retry) or not late
                assert not late or key not in acts(self.person, self.plan, self.calendar)
        for event in self.letters():
            if f"withheld:{event.key}/{event.letter}" not in acts(
                self.person, self.plan, self.calendar
            ):
                assert not self.do(
                    c.RetryLetter(self.now, self.cause("operator"), event.key, event.letter, True)
                )

    @rule(plan=st.sampled_from(PLANS))
    def publish(self, plan: Plan) -> None:
        self.plan = replace(plan, broadcasts={**plan.broadcasts, "cake": CAKE})
        self.took_lists_away |= len(plan.lists) < len(PLAN.lists)

    @rule(ago=st.integers(0, 4))
    def a_date_comes_round(self, ago: int) -> None:
        """Each occurrence once, however often it is looked at."""
        day = to_local(self.now - ago * DAY, "Europe/Paris").date()
        command = c.ReachAnchor(self.now, self.cause("engine"), "birthday", str(day))
        if self.do(command):
            reached = [event for event in self.events if isinstance(event, e.AnchorReached)]
            assert len({event.occurrence for event in reached}) == len(reached)

    @rule()
    def a_broadcast_falls_due(self) -> None:
        key = f"broadcast:enfants/{len(self.calendar):03}"
        self.calendar = (*self.calendar, Occurrence("enfants", key, self.now))

    @rule(really=st.integers(0, 9))
    def erase(self, really: int) -> None:
        if really == 0:
            event = e.SubscriberErased(self.now)
            self.events.append(event)
            self.person = evolve(self.person, event)
            self.auditor.see(event, self.cause("operator"), self.now)

    @rule(right=st.sampled_from(RIGHTS), received=st.integers(0, 40))
    def ask_for_a_right(self, right: Right, received: int) -> None:
        self.do(
            c.ExerciseRight(
                self.now, self.cause("operator"), right, self.message(), self.now - received * DAY
            )
        )

    @rule(which=st.integers(0, 5), how=st.sampled_from(["done", "refused", "later"]))
    def answer_a_request(self, which: int, how: RightOutcome | Literal["later"]) -> None:
        standing = list(self.person.rights)
        if standing:
            request, cause = standing[which % len(standing)], self.cause("operator")
            self.do(
                c.ExtendRight(self.now, cause, request)
                if how == "later"
                else c.AnswerRight(self.now, cause, request, how)
            )

    @rule(which=st.integers(0, 4), lifted=st.booleans(), really=st.integers(0, 5))
    def carry_out_a_right(self, which: int, lifted: bool, really: int) -> None:
        request, cause = self.message(), self.cause("operator")
        commands: tuple[c.AnyCommand, ...] = (
            c.GrantAccess(self.now, cause, "access", request),
            c.Rectify(self.now, cause, request, ("first_name",)),
            c.Restrict(self.now, cause, request, lifted),
            c.Object(self.now, cause, request),
            c.Erase(self.now, cause, request),
        )
        if which < 3 or really == 0:
            self.do(commands[which])
        assert not self.person.erased or not (self.person.rights or self.person.memberships)

    @invariant()
    def the_fold_stands_where_the_facts_say(self) -> None:
        assert {m.list: m.run for m in self.person.memberships.values()} == self.auditor.standing
        assert {number: m.list for number, m in self.person.memberships.items()} == {
            number: number for number in self.auditor.standing
        }

    @invariant()
    def the_agenda_can_always_be_told(self) -> None:
        for key, act in acts(self.person, self.plan, self.calendar).items():
            assert act.kind in (
                "letter",
                "settle",
                "end",
                "expire",
                "idle",
                "right",
                "withheld",
            ), key
            assert (act.due == 0) == (
                act.kind in ("idle", "right", "withheld") or act.why == "in doubt"
            ), (key, act)
            if key.startswith("list:"):
                membership = self.person.memberships[int(key[5:])]
                assert act.run == membership.run
                assert act.due == 0 or act.due >= membership.since, (key, act)
                if act.kind == "letter":
                    assert (
                        act.letter not in membership.letters
                        or membership.letters[act.letter].status == "deferred"
                    )

    @invariant()
    def the_agenda_has_no_key_that_cannot_be_foreseen(self) -> None:
        assert acts(self.person, self.plan, self.calendar).keys() <= keys(
            self.person, self.plan, self.calendar
        )

    @invariant()
    def every_letter_without_an_outcome_is_on_the_agenda_once(self) -> None:
        told = acts(self.person, self.plan, self.calendar)
        waiting = [(act.list, act.run, act.letter) for act in told.values() if act.kind == "settle"]
        flying = [
            (flight.list, flight.run, flight.letter) for flight in self.person.in_flight.values()
        ]
        assert sorted(waiting) == sorted(flying)

    @invariant()
    def nobody_is_a_client_and_a_prospect(self) -> None:
        groups = {PLAN.lists[number].group for number in self.auditor.standing}
        assert self.took_lists_away or not {"clients", "prospects"} <= groups

    @invariant()
    def the_state_survives_being_stored(self) -> None:
        assert read_back(pack(self.person)) == self.person

    def teardown(self) -> None:
        assert fold(self.events) == self.person
        for end in range(0, len(self.events), 7):
            acts(fold(self.events[:end]), self.plan, self.calendar)


TestLives = Life.TestCase
TestLives.settings = settings(
    max_examples=int(os.environ.get("RELANCE_LIVES", sized(12, 40))),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
