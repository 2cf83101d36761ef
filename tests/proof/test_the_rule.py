"""P1 line by line: docs/format.md says what must hold, and this file what happens otherwise.

For each line of the table a history, the command that could lead to what it forbids, and the like
of it that is allowed; the engine never makes the one and makes the other, the verifier names the
one with the line's code and nothing else, and lets the other pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.commands.command_handler import encoded
from engine.config import _LABEL as PURPOSE_ID
from engine.installation.publishing import arms_in
from engine.installation.state import write_settings
from engine.ledger.codec import EntryRefused
from engine.proof import verify
from engine.sending.claim import Claim, still_eligible
from engine.sending.smtp_settings import LONGEST_DIALOGUE, Timeouts
from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.model import MEASURE, Broadcast, Ending, Plan, Reactivation, Version
from engine.sequence.parse import Settings
from engine.sequence.pressure import parse_cap
from engine.sequence.versions import all_in
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.decide import decide
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done, Fact
from tests.auditor import entry_of
from tests.conditions import Known
from tests.examples import (
    ANNA,
    ENGINE,
    FORM,
    KNOWN,
    LATER,
    NOON,
    PARIS,
    PAUL,
    PLAN,
    REGISTERED,
    SHOP,
    YES,
    begun,
    click,
    letter,
    local,
    on,
    perform,
    sent,
    subscribe,
)
from tests.given import History, flat

CAPPED = replace(PLAN, caps=(parse_cap("1 per 1 week"),))
WELCOMED = (ANNA, sent("m0", "welcome", at=NOON))
QUESTION_AT, FREE_AT = local("2026-03-04 09:00"), local("2026-03-09 12:00")
HELD = e.LetterWithheld(
    at=QUESTION_AT,
    key="list:10",
    letter="question",
    why="pressure",
    list=10,
    run=1,
    until=FREE_AT,
    cap="1 per 7 days",
    edition=1,
    purpose="conseils",
)


def tried(version: str) -> Plan:
    """A plan in which everybody gets one version of the first letter."""
    listed = PLAN.lists[10]
    other = Version("b", 50, "Autrement", "welcome.md")
    first = replace(listed.letters[0], versions=(other,), tried_since=1)
    letters = (all_in(first, version), *listed.letters[1:])
    return replace(PLAN, lists={**PLAN.lists, 10: replace(listed, letters=letters)})


HELD_OUT = e.LetterWithheld(LATER, "list:10", "welcome", "holdout", 10, 1, edition=1)
BIRTHDAY = e.AnchorReached(local("2026-03-05 00:00"), "birthday", "2026")
CAKE = replace(
    PLAN,
    broadcasts={
        "cake": Broadcast(
            "cake",
            "conseils",
            (1,),
            replace(letter("cake"), anchored=Anchored(PersonalDate("birthday", True))),
        )
    },
)
ASKS_THE_SILENT = replace(
    PLAN,
    lists={**PLAN.lists, 12: replace(PLAN.lists[12], letters=(), ends=Ending("stop"))},
    reactivations={12: Reactivation(12, Delay(months=12), 1)},
)
YEAR_LATER = local("2027-03-02 12:00")
STOPPED = e.PurposeStopped(YEAR_LATER, "conseils", 1, NOON)
STREAM = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("| ").split(" | ")]) == 4
    and re.fullmatch(r"P1\.[0-9]{2}", cells[0])
}
LINES = {line.id: line for line in verify.RULE}

PRESS = e.Cause("click", "m1", evidence="e" * 64)
RELAY = e.Cause("relay")
WEEK = 7 * DAY
REQUEST = e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + WEEK, "n1", "inscription")
ASKED = (REGISTERED, REQUEST)
ASK_MAIL = e.LetterBegun(
    LATER, "ask:conseils", "confirmation", "ask", "aaaa", 1, 0, 0, "conseils", "s1"
)
CONFIRMED = e.ConsentConfirmed(LATER, "conseils", "r1", "human_button", "n1")
SILENT = local("2029-03-02 12:00")
EXPIRES = local("2029-04-01 12:00")
PERMISSION = e.PermissionAsked(SILENT, "q1", EXPIRES)
HEARD = e.ContactNoted(SILENT, SILENT)
GO_ON = e.LetterBegun(SILENT, "ask:*", "permission", "ask", "aaaa", 1, 0, 0, "*", "s1")
PERFORM_GO_ON = perform("ask:*", SILENT)
RENEW = c.RenewPermission(SILENT + DAY, PRESS, "human_button")
WELCOME = begun("aaaa", "welcome")
PERFORM = perform("list:10", LATER)
ABOUT_SEEDS = replace(begun("aaaa", "gift", 41), theme="semis")
UNDER_WAY = (ANNA, WELCOME)
DEFERRED = (*ANNA, WELCOME, e.LetterDeferred(LATER, "aaaa", LATER + 5 * MINUTE, why="rcpt"))
SECOND = replace(WELCOME, at=LATER + 5 * MINUTE, attempt=2)
PERFORM_SECOND = perform("list:10", LATER + 5 * MINUTE)
ERASED = e.SubscriberErased(NOON, "asked")
RIGHT = e.RightExercised(NOON, "access", "q1", local("2026-04-02 12:00"))
TO_SEGMENT = e.LetterBegun(
    LATER, "broadcast:b/1", "broadcast", "b", "aaaa", 1, purpose="conseils", segment="salon"
)
ENTERED = e.SegmentEntered(NOON, "salon")
APPLIED = e.RulesApplied(NOON, "salon", 1, True)
ORDERED = e.OrderRecorded(NOON, "o1", 1250, "EUR")
REFUNDED = e.OrderRefunded(LATER, "o1", 500, "EUR")
RIGHTS_MAIL = e.LetterBegun(LATER, "right:q1", "rights", "received", "aaaa", 1)
MENDABLE = e.LetterWithheld(
    LATER, "list:10", "welcome", "cannot be rendered", 10, 1, "aaaa", "field:town"
)
MOVED = e.ListMoved(LATER, 10, 1, 11, 2, "m1", 0, act="human_button")
ON_11 = (ANNA, sent("m0", "welcome", at=NOON), sent("m1", "question"), MOVED)


def outcome(verdict: str, message: str = "aaaa", at: int = LATER) -> c.RecordOutcome:
    return c.RecordOutcome(at, RELAY, message, verdict)  # type: ignore[arg-type]


def confirm(request: str = "r1", at: int = LATER) -> c.Confirm:
    return c.Confirm(at, PRESS, "conseils", request, "human_button")


def resubscribe(act: str, cause: e.Cause = PRESS) -> c.Resubscribe:
    return c.Resubscribe(LATER, cause, "offres", act)


def choose(act: str) -> c.SetPreferences:
    return c.SetPreferences(LATER, PRESS, frequency="weekly", act=act)


def offers(act: str) -> e.ConsentGiven:
    return e.ConsentGiven(LATER, "offres", "page", "", act)


@dataclass(frozen=True)
class Told:
    """A fact with its cause and when it was recorded: when it was so, if nothing else is said."""

    event: e.PersonEvent
    cause: e.Cause = PRESS
    recorded_at: int | None = None

    @property
    def recorded(self) -> int:
        return self.event.at if self.recorded_at is None else self.recorded_at

    def entry(self) -> verify.Entry:
        return entry_of(self.event, self.cause, self.recorded)


@dataclass(frozen=True)
class Life:
    """What had happened, what was then asked of the engine, and what is told to have come of it."""

    history: History
    command: Callable[[], c.AnyCommand]
    fact: Told
    plan: Plan = PLAN

    def faults(self) -> list[str]:
        replay = verify.Replay()
        replay.declared = {
            self.plan.edition: verify.parse_declared(declared_in(self.plan))
            or verify.NOTHING_DECLARED
        }
        replay.trials = {
            letter: [verify.Trial(1, arms)] for letter, arms in arms_in(self.plan).items()
        }
        for event in flat([self.history]):
            assert replay.apply(Told(event).entry()) == [], f"{event} should have been allowed"
        return replay.apply(self.fact.entry())

    def happens(self) -> bool:
        """Whether the engine makes this fact of the command, and writes it down."""
        try:
            result = decide(self.command(), fold(flat([self.history])), self.plan)
        except ValueError:
            return False
        if not isinstance(result, Done) or self.fact.event not in result.events:
            return False
        try:
            written = encoded(STREAM, Fact(self.fact.event, self.fact.cause), self.fact.recorded)
        except EntryRefused:
            return False
        return written.recorded_at == self.fact.recorded


def declared_in(plan: Plan) -> str:
    """The settings as they would have been published with a plan."""
    purposes = tuple(plan.purposes.values())
    return write_settings(Settings(plan.timezone, "fr", purposes, caps=plan.caps))


@dataclass(frozen=True)
class Scenario:
    """`also`: codes of other lines that such a fact breaks too. `in_the_engine`: where the rule is
    kept there, if neither by a decision nor by the codec.
    """

    forbidden: Life
    allowed: Life
    also: frozenset[str] = frozenset()
    in_the_engine: Callable[[], None] | None = None


def told(fact: e.PersonEvent | Told) -> Told:
    return fact if isinstance(fact, Told) else Told(fact)


def after(
    before: History,
    then: History,
    command: c.AnyCommand,
    fact: e.PersonEvent,
    *also: str,
    in_the_engine: Callable[[], None] | None = None,
) -> Scenario:
    """The fact is allowed after `before`, and no more once `then` has happened too."""
    forbidden = Life((before, then), lambda: command, Told(fact))
    allowed = Life(before, lambda: command, Told(fact))
    return Scenario(forbidden, allowed, frozenset(also), in_the_engine)


def rather(
    history: History,
    command: c.AnyCommand | Callable[[], c.AnyCommand],
    forbidden: e.PersonEvent | Told,
    otherwise: c.AnyCommand,
    allowed: e.PersonEvent | Told,
    *also: str,
    in_the_engine: Callable[[], None] | None = None,
    plan: Plan = PLAN,
) -> Scenario:
    """After the same history one fact is forbidden, and another is allowed."""
    made = command if callable(command) else lambda: command
    return Scenario(
        Life(history, made, told(forbidden), plan),
        Life(history, lambda: otherwise, told(allowed), plan),
        frozenset(also),
        in_the_engine,
    )


def nothing_is_asked_of_the_relay_after_a_stop() -> None:
    """The rule is asked again at most a second before MAIL, and the dialogue has its times."""
    assert isinstance(WELCOME, e.LetterBegun)
    before, stop = fold(flat(UNDER_WAY)), e.ConsentWithdrawn(LATER, "conseils", "rfc8058")
    claim = Claim(STREAM, "list:10", WELCOME, 1, before)
    assert still_eligible(before, claim) == ""
    assert still_eligible(fold([stop], before), claim) != ""
    assert Timeouts().dialogue <= LONGEST_DIALOGUE == verify.LATEST / 1000 - 1


def the_append_moves_the_time_on() -> None:
    """The append sees to it that no entry is recorded before the one it follows."""
    tests = Path(__file__).parents[1] / "ledger" / "test_store.py"
    assert "def test_writers_whose_clocks_differ_write_dates_that_never_go_back" in tests.read_text(
        encoding="utf-8"
    )


def purposes_are_labels() -> None:
    """None that a configuration declares only looks like another."""
    assert PURPOSE_ID.fullmatch("conseils")
    assert not PURPOSE_ID.fullmatch("c\u043enseils")


def withdraw(purpose: str) -> c.Withdraw:
    return c.Withdraw(LATER, PRESS, purpose, "rfc8058")


def the_engine_sends_none() -> None:
    assert decide(perform("right:q1", LATER), fold([*ANNA, RIGHT]), PLAN) != ()
    assert "rights" not in c.Perform.__annotations__


SCENARIOS = {
    "P1.01": rather(
        REGISTERED,
        subscribe(10, declared_at=-(10**15)),
        Told(e.ConsentGiven(-(10**15), "conseils", "single"), recorded_at=LATER),
        subscribe(10, declared_at=NOON),
        Told(e.ConsentGiven(NOON, "conseils", "single"), recorded_at=LATER),
    ),
    "P1.02": rather(
        REGISTERED,
        subscribe(10),
        Told(e.ConsentGiven(LATER, "conseils", "single"), recorded_at=LATER - 1),
        subscribe(10),
        Told(e.ConsentGiven(LATER, "conseils", "single"), recorded_at=LATER),
    ),
    "P1.03": rather(
        (ANNA, HEARD),
        c.LeaveList(LATER, SHOP, 10),
        e.ListLeft(LATER, 10, 1, "operator"),
        c.LeaveList(LATER, SHOP, 10),
        Told(e.ListLeft(LATER, 10, 1, "operator"), recorded_at=SILENT),
        in_the_engine=the_append_moves_the_time_on,
    ),
    "P1.04": after(
        (),
        (REGISTERED, ERASED),
        subscribe(10, timezone=PARIS, language="fr"),
        e.SubscriberRegistered(LATER, PARIS, "fr"),
        "registered-twice",
    ),
    "P1.05": after(KNOWN, ERASED, subscribe(10), e.ListJoined(LATER, 10, 1)),
    "P1.06": rather(
        KNOWN,
        resubscribe("auto_submit"),
        offers("auto_submit"),
        resubscribe("human_button"),
        offers("human_button"),
    ),
    "P1.07": rather(
        KNOWN, resubscribe(""), offers(""), resubscribe("human_button"), offers("human_button")
    ),
    "P1.08": rather(
        KNOWN,
        resubscribe("human_button", FORM),
        Told(offers("human_button"), FORM),
        resubscribe("human_button"),
        offers("human_button"),
    ),
    "P1.09": after(ASKED, e.ConsentWithdrawn(LATER, "conseils", "rfc8058"), confirm(), CONFIRMED),
    "P1.10": rather(ASKED, confirm("r9"), replace(CONFIRMED, request="r9"), confirm(), CONFIRMED),
    "P1.11": rather(
        ASKED,
        confirm(at=NOON + WEEK),
        replace(CONFIRMED, at=NOON + WEEK),
        confirm(at=NOON + WEEK - 1),
        replace(CONFIRMED, at=NOON + WEEK - 1),
    ),
    "P1.12": rather(
        KNOWN[:1],
        c.RequestConsent(NOON, FORM, (10,), "r1", "n1", "inscription"),
        replace(REQUEST, expires_at=NOON - 1),
        c.RequestConsent(NOON, FORM, (10,), "r1", "n1", "inscription"),
        REQUEST,
    ),
    "P1.13": rather(
        ASKED,
        c.DeclineRequest(LATER, PRESS, "conseils", "r9"),
        e.ConsentExpired(LATER, "conseils", "r9"),
        c.DeclineRequest(LATER, PRESS, "conseils", "r1"),
        e.ConsentExpired(LATER, "conseils", "r1"),
    ),
    "P1.14": after(
        ANNA, replace(PERMISSION, request="q0"), c.AskAgain(SILENT, ENGINE, "q1"), PERMISSION
    ),
    "P1.15": after(
        (ANNA, PERMISSION),
        HEARD,
        RENEW,
        e.PermissionRenewed(SILENT + DAY, "q1", "human_button"),
    ),
    "P1.16": rather(ANNA, PERFORM, replace(WELCOME, kind="surprise"), PERFORM, WELCOME),
    "P1.17": after(ANNA, ERASED, PERFORM, WELCOME, "letter-without-ground", "letter-off-list"),
    "P1.18": after(ANNA, e.ProcessingRestricted(LATER), PERFORM, WELCOME),
    "P1.19": after(ANNA, e.ConsentWithdrawn(LATER, "conseils", "rfc8058"), PERFORM, WELCOME),
    "P1.20": after(ANNA, e.SubscriberSuppressed(LATER, "operator"), PERFORM, WELCOME),
    "P1.21": after(ANNA, e.ListLeft(LATER, 10, 1, "operator"), PERFORM, WELCOME),
    "P1.22": after(ANNA, sent("m0", "welcome", at=NOON), PERFORM, WELCOME),
    "P1.23": after(
        ASKED, e.ConsentExpired(LATER, "conseils", "r1"), perform("ask:conseils", LATER), ASK_MAIL
    ),
    "P1.24": after(ASKED, e.MailComplained(LATER), perform("ask:conseils", LATER), ASK_MAIL),
    "P1.25": after(
        ASKED,
        (replace(ASK_MAIL, at=NOON, message="m0"), e.LetterSent(NOON, "m0", 250)),
        perform("ask:conseils", LATER),
        ASK_MAIL,
    ),
    "P1.26": after((ANNA, PERMISSION), HEARD, PERFORM_GO_ON, GO_ON),
    "P1.27": after(
        (ANNA, PERMISSION), e.SubscriberSuppressed(SILENT, "operator"), PERFORM_GO_ON, GO_ON
    ),
    "P1.28": after(
        (ANNA, PERMISSION),
        (replace(GO_ON, message="m0"), e.LetterSent(SILENT, "m0", 250)),
        PERFORM_GO_ON,
        GO_ON,
    ),
    "P1.29": rather(
        ASKED,
        perform("ask:offres", LATER),
        replace(ASK_MAIL, key="ask:offres"),
        perform("ask:conseils", LATER),
        ASK_MAIL,
    ),
    "P1.30": rather(
        ASKED,
        perform("ask:conseils", NOON + WEEK),
        replace(ASK_MAIL, at=NOON + WEEK),
        perform("ask:conseils", LATER),
        ASK_MAIL,
    ),
    "P1.31": rather(
        (REGISTERED, replace(REQUEST, hold_until=NOON + 2 * HOUR)),
        perform("ask:conseils", LATER),
        ASK_MAIL,
        perform("ask:conseils", NOON + 2 * HOUR),
        replace(ASK_MAIL, at=NOON + 2 * HOUR),
    ),
    "P1.32": after(
        (ANNA, RIGHT),
        e.RightAnswered(LATER, "q1", "done"),
        perform("right:q1", LATER),
        RIGHTS_MAIL,
        in_the_engine=the_engine_sends_none,
    ),
    "P1.33": after(
        (ANNA, RIGHT),
        (replace(RIGHTS_MAIL, message="m0"), e.LetterSent(LATER, "m0", 250)),
        perform("right:q1", LATER),
        RIGHTS_MAIL,
        in_the_engine=the_engine_sends_none,
    ),
    "P1.34": Scenario(
        Life(
            (ANNA, WELCOME, e.LetterSent(LATER, "aaaa", 250)), lambda: PERFORM_SECOND, Told(SECOND)
        ),
        Life(DEFERRED, lambda: PERFORM_SECOND, Told(SECOND)),
    ),
    "P1.35": Scenario(
        Life(UNDER_WAY, lambda: PERFORM_SECOND, Told(SECOND)),
        Life(DEFERRED, lambda: PERFORM_SECOND, Told(SECOND)),
    ),
    "P1.36": rather(
        DEFERRED,
        perform("list:10", LATER + MINUTE),
        replace(SECOND, at=LATER + MINUTE),
        PERFORM_SECOND,
        SECOND,
    ),
    "P1.37": rather(DEFERRED, PERFORM_SECOND, replace(SECOND, attempt=3), PERFORM_SECOND, SECOND),
    "P1.38": rather(
        UNDER_WAY,
        outcome("sent", "bbbb"),
        e.LetterSent(LATER, "bbbb"),
        outcome("sent"),
        e.LetterSent(LATER, "aaaa"),
    ),
    "P1.39": rather(
        UNDER_WAY,
        outcome("cannot-render", "bbbb"),
        replace(MENDABLE, message="bbbb", what=""),
        outcome("cannot-render"),
        replace(MENDABLE, what=""),
    ),
    "P1.40": after(
        UNDER_WAY,
        e.LetterFailed(LATER, "aaaa", why="refused"),
        outcome("sent"),
        e.LetterSent(LATER, "aaaa"),
    ),
    "P1.41": after(
        UNDER_WAY,
        e.ConsentWithdrawn(LATER, "conseils", "rfc8058"),
        outcome("sent", at=LATER + 2 * HOUR),
        e.LetterSent(LATER + 2 * HOUR, "aaaa"),
        in_the_engine=nothing_is_asked_of_the_relay_after_a_stop,
    ),
    "P1.42": Scenario(
        Life(UNDER_WAY, lambda: outcome("resend"), Told(e.LetterInDoubt(LATER, "aaaa", "resend"))),
        Life(
            (UNDER_WAY, e.LetterInDoubt(LATER, "aaaa")),
            lambda: outcome("resend"),
            Told(e.LetterInDoubt(LATER, "aaaa", "resend")),
        ),
    ),
    "P1.43": rather(
        UNDER_WAY,
        outcome("temporary"),
        e.LetterDeferred(LATER, "aaaa", LATER - 1),
        outcome("blocked"),
        e.LetterDeferred(
            LATER, "aaaa", LATER + 5 * MINUTE + 5 * MINUTE * 0xAAAA // 655350, why="blocked"
        ),
    ),
    "P1.44": Scenario(
        Life(
            (ANNA, sent("aaaa", "welcome")),
            lambda: c.RetryLetter(LATER, SHOP, "list:10", "welcome", True),
            Told(e.LetterRetried(LATER, "aaaa", "list:10", "welcome", 10, 1, True)),
        ),
        Life(
            (UNDER_WAY, MENDABLE),
            lambda: c.RetryLetter(LATER, SHOP, "list:10", "welcome", True),
            Told(e.LetterRetried(LATER, "aaaa", "list:10", "welcome", 10, 1, True)),
        ),
    ),
    "P1.45": rather(
        ANNA,
        c.ExerciseRight(NOON, SHOP, "access", "q1"),
        replace(RIGHT, due_at=NOON + 90 * DAY),
        c.ExerciseRight(NOON, SHOP, "access", "q1"),
        RIGHT,
    ),
    "P1.46": rather(
        (ANNA, RIGHT),
        c.AnswerRight(LATER, SHOP, "q9", "done"),
        e.RightAnswered(LATER, "q9", "done"),
        c.AnswerRight(LATER, SHOP, "q1", "done"),
        e.RightAnswered(LATER, "q1", "done"),
    ),
    "P1.47": rather(
        (ANNA, RIGHT),
        c.ExtendRight(LATER, SHOP, "q1"),
        e.RightExtended(LATER, "q1", local("2026-09-02 12:00")),
        c.ExtendRight(LATER, SHOP, "q1"),
        e.RightExtended(LATER, "q1", local("2026-06-02 12:00")),
    ),
    "P1.48": rather(
        ANNA,
        lambda: c.Erase(LATER, SHOP, "q1", "asked", LATER - 1, 3),
        e.ProofArchived(LATER, LATER - 1),
        c.Erase(LATER, SHOP, "q1", "asked", LATER + DAY, 3),
        e.ProofArchived(LATER, LATER + DAY),
    ),
    "P1.49": rather(
        KNOWN,
        subscribe(10, start="by-date", counted_from=LATER - 200 * 365 * DAY),
        e.ListJoined(LATER, 10, 1, "by-date", LATER - 200 * 365 * DAY),
        subscribe(10, start="by-date", counted_from=LATER - 3 * DAY),
        e.ListJoined(LATER, 10, 1, "by-date", LATER - 3 * DAY),
    ),
    "P1.50": rather(
        (ANNA, sent("m0", "welcome", at=NOON), sent("m1", "question")),
        click(YES, act="auto_submit"),
        replace(MOVED, act="auto_submit", hold_until=LATER - 1),
        click(YES, act="auto_submit"),
        replace(MOVED, act="auto_submit", hold_until=LATER + 10 * MINUTE),
    ),
    "P1.51": after(
        ANNA,
        e.ListLeft(LATER, 10, 1, "asked"),
        c.LeaveList(LATER, SHOP, 10),
        e.ListLeft(LATER, 10, 1, "operator"),
    ),
    "P1.52": rather(
        ANNA, subscribe(10), e.ListJoined(LATER, 10, 2), subscribe(40), e.ListJoined(LATER, 40, 2)
    ),
    "P1.53": rather(
        ON_11,
        c.UndoMove(LATER, PRESS, "m1", "human_button"),
        e.MoveUndone(LATER, "m1", 11, 2, ((10, 7),), act="human_button"),
        c.UndoMove(LATER, PRESS, "m1", "human_button"),
        e.MoveUndone(LATER, "m1", 11, 2, ((10, 1),), act="human_button"),
    ),
    "P1.54": rather(
        (ANNA, e.ListLeft(LATER, 10, 1, "asked")),
        subscribe(11),
        e.ListJoined(LATER, 11, 1),
        subscribe(11),
        e.ListJoined(LATER, 11, 2),
    ),
    "P1.55": rather(
        ON_11,
        c.UndoMove(LATER, PRESS, "m1", "human_button"),
        e.MoveUndone(LATER, "m1", 11, 0, ((10, 1),), act="human_button"),
        c.UndoMove(LATER, PRESS, "m1", "human_button"),
        e.MoveUndone(LATER, "m1", 11, 2, ((10, 1),), act="human_button"),
    ),
    "P1.56": rather(
        ANNA,
        withdraw("c\u043enseils"),
        e.ConsentWithdrawn(LATER, "c\u043enseils", "rfc8058"),
        withdraw("conseils"),
        e.ConsentWithdrawn(LATER, "conseils", "rfc8058"),
        in_the_engine=purposes_are_labels,
    ),
    "P1.57": rather(
        KNOWN,
        subscribe(10, timezone=PARIS, language="fr"),
        e.SubscriberRegistered(LATER, PARIS, "fr"),
        subscribe(10),
        e.ListJoined(LATER, 10, 1),
    ),
    "P1.58": rather(
        (ANNA, ORDERED),
        c.RecordOrder(LATER, SHOP, "o1", 1250, "EUR"),
        replace(ORDERED, at=LATER),
        c.RecordOrder(LATER, SHOP, "o2", 1250, "EUR"),
        replace(ORDERED, at=LATER, order="o2"),
    ),
    "P1.59": rather(
        (ANNA, ORDERED, REFUNDED),
        c.RefundOrder(LATER, SHOP, "o1", 751, "EUR"),
        replace(REFUNDED, amount=751),
        c.RefundOrder(LATER, SHOP, "o1", 750, "EUR"),
        replace(REFUNDED, amount=750),
    ),
    "P1.60": rather(
        KNOWN,
        choose("auto_submit"),
        e.PreferencesSet(LATER, frequency="weekly", act="auto_submit"),
        choose("human_button"),
        e.PreferencesSet(LATER, frequency="weekly", act="human_button"),
    ),
    "P1.61": after(
        on(41), e.PreferencesSet(NOON, ("recoltes",)), perform("list:41", LATER), ABOUT_SEEDS
    ),
    "P1.62": after(ANNA, e.PreferencesSet(NOON, paused_until=LATER + 1), PERFORM, WELCOME),
    "P1.63": rather(
        (ANNA, ENTERED),
        c.PutIntoSegment(LATER, SHOP, "salon"),
        replace(ENTERED, at=LATER),
        c.PutIntoSegment(LATER, SHOP, "foire"),
        replace(ENTERED, at=LATER, segment="foire"),
    ),
    "P1.64": rather(
        (ANNA, ENTERED),
        c.TakeOutOfSegment(LATER, SHOP, "foire"),
        e.SegmentLeft(LATER, "foire"),
        c.TakeOutOfSegment(LATER, SHOP, "salon"),
        e.SegmentLeft(LATER, "salon"),
    ),
    "P1.65": rather(
        WELCOMED,
        perform("list:10", QUESTION_AT),
        begun("aaaa", "question", at=QUESTION_AT),
        perform("list:10", FREE_AT),
        begun("aaaa", "question", at=FREE_AT),
        plan=CAPPED,
    ),
    "P1.66": rather(
        WELCOMED,
        perform("list:10", FREE_AT),
        replace(HELD, at=FREE_AT, until=FREE_AT + DAY),
        perform("list:10", QUESTION_AT),
        HELD,
        plan=CAPPED,
    ),
    "P1.67": rather(
        (PAUL, BIRTHDAY),
        c.ReachAnchor(BIRTHDAY.at + HOUR, ENGINE, "birthday", "1980-03-05"),
        BIRTHDAY,
        c.ReachAnchor(BIRTHDAY.at + 366 * DAY, ENGINE, "birthday", "1980-03-05"),
        replace(BIRTHDAY, at=local("2027-03-05 00:00"), occurrence="2027"),
        plan=CAKE,
    ),
    "P1.68": rather(
        (ANNA, ENTERED, ORDERED, APPLIED),
        c.ApplyRules(LATER, ENGINE, "salon", True, Known()),
        replace(APPLIED, at=LATER),
        c.ApplyRules(LATER, ENGINE, "acheteurs", True, Known()),
        e.RulesApplied(LATER, "acheteurs", 1, True, (30,)),
    ),
    "P1.69": rather(
        ANNA,
        PERFORM,
        replace(WELCOME, version="a"),
        PERFORM,
        replace(WELCOME, version="b"),
        plan=tried("b"),
    ),
    "P1.70": Scenario(
        Life(ANNA, lambda: PERFORM, Told(HELD_OUT), tried("b")),
        Life(ANNA, lambda: PERFORM, Told(HELD_OUT), tried("holdout")),
    ),
    "P1.71": after(ANNA, replace(STOPPED, at=LATER), PERFORM, WELCOME),
    "P1.72": rather(
        (ANNA, e.ListJoined(LATER, 12, 2), sent("m0", "still", 12, 2)),
        perform("list:12", YEAR_LATER),
        replace(STOPPED, silent_since=NOON - DAY),
        perform("list:12", YEAR_LATER),
        STOPPED,
        plan=ASKS_THE_SILENT,
    ),
}


def test_every_line_of_the_page_is_a_line_of_the_verifier_and_has_a_scenario() -> None:
    assert list(ROWS) == list(LINES) == list(SCENARIOS)


@pytest.mark.parametrize("line", LINES)
def test_the_page_and_the_verifier_say_the_same_of_a_line(line: str) -> None:
    about, _, code = ROWS[line]
    assert code == f"`{LINES[line].code}`"
    named = {name.partition(":")[0] for name in LINES[line].facts.split()} - {"any", "afterwards"}
    assert set(re.findall(r"`([a-z]+-[a-z-]+)`", about)) == named


@pytest.mark.parametrize("line", SCENARIOS)
def test_what_a_line_forbids_is_never_made_and_always_found(line: str) -> None:
    scenario = SCENARIOS[line]
    assert sorted(scenario.forbidden.faults()) == sorted({LINES[line].code, *scenario.also})
    if scenario.in_the_engine is not None:
        scenario.in_the_engine()
    else:
        assert not scenario.forbidden.happens()


def test_who_is_said_to_have_agreed_is_asked_first_and_by_no_other_mail() -> None:
    def ask() -> c.Perform:
        return perform("ask:conseils", LATER)

    declared = (REGISTERED, replace(REQUEST, declared=True))
    first = replace(ASK_MAIL, letter="ask-first")
    of_a_form = Life(declared, ask, Told(ASK_MAIL))
    assert of_a_form.faults() == ["confirmation-twice"] and not of_a_form.happens()
    of_nobody = Life(ASKED, ask, Told(first))
    assert of_nobody.faults() == ["confirmation-twice"] and not of_nobody.happens()
    asked_first = Life(declared, ask, Told(first))
    assert asked_first.faults() == [] and asked_first.happens()


def test_a_broadcast_to_a_segment_comes_by_no_list() -> None:
    def judged(**changed: object) -> list[str]:
        begun_so = replace(TO_SEGMENT, **changed)  # type: ignore[arg-type]
        return Life(ANNA, lambda: PERFORM, Told(begun_so)).faults()

    assert judged() == []
    assert judged(segment="") == ["letter-off-list"]
    assert judged(run=2) == ["letter-off-list"]
    assert judged(list=11) == ["letter-off-list"]
    assert judged(kind="letter") == ["letter-off-list"]


def test_a_consent_to_be_measured_is_a_ground_for_no_letter() -> None:
    agreed = e.ConsentGiven(NOON, MEASURE, "page", "", "human_button")
    measured = Life((ANNA, agreed), lambda: PERFORM, Told(replace(WELCOME, purpose=MEASURE)))
    assert measured.faults() == ["letter-without-ground"] and not measured.happens()
    asked = Life((REGISTERED, agreed, PERMISSION), lambda: PERFORM_GO_ON, Told(GO_ON))
    assert asked.faults() == ["permission-without-ground"] and not asked.happens()


@pytest.mark.parametrize("line", SCENARIOS)
def test_the_like_of_it_that_is_allowed_is_made_and_passes(line: str) -> None:
    scenario = SCENARIOS[line]
    assert scenario.allowed.faults() == []
    if scenario.in_the_engine is None:
        assert scenario.allowed.happens()


def test_a_cap_counts_in_the_verifier_what_it_counts_in_the_engine() -> None:
    """Of a purpose its own letters, of a choice all; a letter is as its last fact has left it."""
    offer = e.LetterBegun(NOON, "list:30", "letter", "offer", "m9", 1, 30, 2, "offres", "s1")
    history = (*WELCOMED, e.ConsentGiven(NOON, "offres", "single"), e.ListJoined(NOON, 30, 2))
    of_offers = replace(PLAN.purposes["offres"], caps=CAPPED.caps)
    plan = replace(PLAN, purposes={**PLAN.purposes, "offres": of_offers})
    beyond = {"letter-beyond-cap"}
    for before, fact, found in (
        (history, offer, set()),
        ((*history, e.PreferencesSet(NOON, frequency="weekly")), offer, beyond),
        ((*history, e.PreferencesSet(NOON, frequency="monthly")), offer, beyond),
        ((*history, offer), begun("aaaa", "question", at=QUESTION_AT), set()),
    ):
        assert set(Life(before, lambda: PERFORM, Told(fact), plan).faults()) == found
    second = replace(offer, at=QUESTION_AT, letter="other", message="m8")
    service = e.GroundDeclared(NOON, "offres", "service", "declared")
    consent = e.ConsentGiven(NOON, "offres", "single")
    full = (*history, offer, service)
    assert Life(full, lambda: PERFORM, Told(second), plan).faults() == []
    consented = Life((*full, consent), lambda: PERFORM, Told(second), plan)
    assert set(consented.faults()) == beyond
    doubt = e.LetterInDoubt(NOON, "m9"), e.LetterInDoubt(NOON, "m9", "resend")
    again = replace(offer, attempt=2)
    ends: tuple[tuple[e.PersonEvent, ...], ...] = (
        (e.LetterSent(NOON, "m9"),),
        doubt[:1],
        doubt,
        (*doubt, again, e.LetterFailed(NOON, "m9")),
        (*doubt, again, e.LetterDeferred(NOON, "m9", LATER)),
        (e.LetterFailed(NOON, "m9"),),
        (e.LetterDeferred(NOON, "m9", LATER),),
    )
    counted = [
        set(Life((*history, offer, *end), lambda: PERFORM, Told(second), plan).faults())
        for end in ends
    ]
    assert counted == [beyond] * 5 + [set()] * 2


@pytest.mark.parametrize(
    "other",
    [
        replace(HELD, cap="2 per 7 days"),
        replace(HELD, until=QUESTION_AT),
        replace(HELD, purpose="offres", cap="1 per 1 day"),
        replace(HELD, favoured="list:20/water", cap="1 per 1 day"),
    ],
)
def test_a_refusal_under_a_cap_that_is_not_in_force_is_found(other: e.LetterWithheld) -> None:
    assert Life(WELCOMED, lambda: PERFORM, Told(other), CAPPED).faults() == ["held-unduly"]
    kept = replace(HELD, at=FREE_AT, until=FREE_AT + DAY, favoured="list:20/water")
    assert Life(WELCOMED, lambda: PERFORM, Told(kept), CAPPED).faults() == []


def test_the_caps_of_an_edition_are_read_from_the_words_that_were_published() -> None:
    texts = ["20 per 1 month 2 days 3 hours 4 minutes", "1 per 90 minutes", "0 per", "x", 5]
    declared = verify.parse_declared(json.dumps({"pressure": texts, "timezone": PARIS}))
    assert declared is not None
    assert [cap[2:] for cap in declared.caps] == [(20, 1, 2, 184), (1, 0, 0, 90)]
    assert verify.parse_declared("[]") is verify.parse_declared("{") is None
    for text in texts[:2]:
        [same] = verify.parse_caps([str(parse_cap(str(text)))])
        assert same[2:] in [cap[2:] for cap in declared.caps]
