"""Whoever was silent at letters that were sent to them is asked by a list of the author's own, and
not written to for its purpose any more when no answer comes, until they do something themselves.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.runtime.scheduler import recurrences
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.model import Broadcast, Ending, Link, List, Reactivation
from engine.simulation.live import SimulatedOrder, live
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from tests.examples import (
    AT_ONCE,
    CLICK,
    ENGINE,
    FORM,
    LATER,
    NOON,
    PARIS,
    PLAN,
    POLL_AT,
    POLL_DUE,
    SECOND,
    begun,
    letter,
    local,
    on,
    perform,
    sent,
    subscribe,
)
from tests.given import Given, History, given

GO_ON = Link(0, "move", 21, "Oui")
WAIT = Delay(days=14)
ASKS = List(
    90,
    "encore-la",
    "conseils",
    letters=(
        letter("still", AT_ONCE, links=(GO_ON,)),
        letter("last", reminds="still", wait=Delay(days=14), links=(GO_ON,)),
    ),
    ends=Ending("stop", after=WAIT),
)
ASKING = replace(
    PLAN,
    edition=2,
    lists={**PLAN.lists, 90: ASKS},
    reactivations={90: Reactivation(90, Delay(months=12), 3)},
)
A_YEAR_LATER = local("2027-03-02 12:00")
"""Since NOON, when they joined."""
ASK = c.AskTheSilent(A_YEAR_LATER, ENGINE, 90)
RECEIVED = tuple(
    sent(f"r{n}", f"tip{n}", 21, at=local(f"2026-{month:02}-10 09:00"))
    for n, month in enumerate((4, 7, 10))
)
SILENT: History = (on(21), RECEIVED)
STILL_SENT = A_YEAR_LATER + HOUR
LAST_SENT = local("2027-03-16 13:00")
STOPPED_AT = local("2027-03-30 13:00")
STOPPED = e.PurposeStopped(STOPPED_AT, "conseils", 2, NOON)
ASKED: History = (
    SILENT,
    e.ListJoined(A_YEAR_LATER, 90, 2),
    sent("q1", "still", 90, 2, STILL_SENT),
    sent("q2", "last", 90, 2, LAST_SENT),
)
PRESSED = c.Answer(STOPPED_AT - SECOND, CLICK, "q1", 90, 2, 0, "move", 21, "human_button")


def who(*history: History) -> Given:
    return given(*history, plan=ASKING)


def test_who_is_silent_for_a_year_at_what_was_sent_is_asked() -> None:
    who(SILENT).when(ASK).then(e.ListJoined(A_YEAR_LATER, 90, 2))


def test_a_second_before_the_year_is_over_nobody_is_asked() -> None:
    who(SILENT).when(replace(ASK, at=A_YEAR_LATER - SECOND)).nothing()


@pytest.mark.parametrize(
    "event",
    [
        e.LetterAnswered(LATER, "r0", 0, "human_button"),
        e.OrderRecorded(LATER, "o1", 100, "EUR"),
        e.ContactNoted(A_YEAR_LATER - DAY, LATER),
        e.PreferencesSet(LATER, frequency="weekly", act="human_button"),
        e.ConsentGiven(LATER, "offres", "page", "", "human_button"),
    ],
)
def test_whatever_they_did_themselves_within_the_year_is_no_silence(event: e.PersonEvent) -> None:
    who(SILENT, event).when(ASK).nothing()


def test_a_page_that_acted_by_itself_breaks_no_silence() -> None:
    automatic = e.LetterAnswered(LATER, "r0", 0, "auto_submit")
    assert who(SILENT, automatic).when(ASK).names == ["ListJoined"]


def test_who_got_too_few_letters_is_not_silent() -> None:
    """Withheld for a cap, refused by a server or not due: what did not reach them asks nothing."""
    withheld = e.LetterWithheld(LATER, "list:21", "tip2", "pressure", 21, 1, until=NOON + DAY)
    failed = (begun("r3", "tip3", 21), e.LetterFailed(LATER, "r3", 550))
    who(on(21), RECEIVED[:2], withheld, failed).when(ASK).nothing()


def test_letters_from_before_that_time_do_not_count() -> None:
    later = replace(ASK, at=local("2027-05-01 12:00"))
    who(SILENT).when(later).nothing()


def test_the_time_of_a_pause_is_no_silence() -> None:
    paused = e.PreferencesSet(NOON, paused_until=local("2026-06-02 12:00"), act="human_button")
    ended = who(on(21), paused, RECEIVED, sent("r9", "tip9", 21, at=local("2026-12-10 09:00")))
    ended.when(ASK).nothing()
    at = local("2027-06-02 12:00")
    assert ended.when(replace(ASK, at=at)).names == ["ListJoined"]


@pytest.mark.parametrize(
    "event",
    [
        e.ConsentWithdrawn(LATER, "conseils"),
        e.SubscriberSuppressed(LATER, "operator"),
        e.ProcessingRestricted(LATER),
        e.PermissionAsked(LATER, "q9", A_YEAR_LATER + DAY),
        e.GroundDeclared(NOON, "conseils", "service", "declared"),
        e.ListJoined(LATER, 90, 2),
    ],
)
def test_who_is_not_written_to_or_asked_already_is_not_asked(event: e.PersonEvent) -> None:
    who(SILENT, event).when(ASK).nothing()


def test_nobody_is_asked_twice_within_the_time() -> None:
    """A robot that pressed the button took them off the list and said nothing."""
    robot = e.ListMoved(STILL_SENT + HOUR, 90, 2, 21, 1, "q1", 0, False, act="auto_submit")
    asked = (SILENT, e.ListJoined(A_YEAR_LATER, 90, 2), sent("q1", "still", 90, 2, STILL_SENT))
    newer = tuple(sent(f"n{n}", f"new{n}", 21, at=A_YEAR_LATER + n * 30 * DAY) for n in range(2, 5))
    pressed = who(asked, robot, newer)
    pressed.when(replace(ASK, at=local("2028-03-02 12:00"))).nothing()
    assert pressed.when(replace(ASK, at=local("2028-03-02 12:01"))).names == ["ListJoined"]


def test_silence_to_the_end_stops_the_purpose_and_nothing_else() -> None:
    stopped = who(ASKED).when(perform("list:90", STOPPED_AT))
    left = e.ListLeft(STOPPED_AT, 90, 2, "ended")
    person = stopped.then(STOPPED, left).person
    assert why_not(person, "letter", "conseils") == "long silent"
    assert person.grounds["conseils"].status == "live" and 21 in person.memberships
    assert not person.suppressed and not person.objected


def test_a_second_before_its_time_nothing_is_stopped() -> None:
    who(ASKED).when(perform("list:90", STOPPED_AT - SECOND)).nothing()


def test_a_press_the_second_before_the_stop_prevents_it() -> None:
    pressed = who(ASKED).when(PRESSED)
    assert pressed.lists == {21: 1}
    pressed.when(perform("list:90", STOPPED_AT)).nothing()


def test_an_order_the_second_before_the_stop_takes_them_off_the_list_that_asks() -> None:
    ordered = who(ASKED, e.OrderRecorded(STOPPED_AT - SECOND, "o1", 100, "EUR"))
    left = e.ListLeft(STOPPED_AT, 90, 2, "ended")
    ordered.when(perform("list:90", STOPPED_AT)).then(left)


def test_whom_no_letter_has_asked_is_not_stopped() -> None:
    """Withheld, refused by a server, or left out of a trial."""
    withheld = e.LetterWithheld(STILL_SENT, "list:90", "still", "too late", 90, 2)
    unasked = who(SILENT, e.ListJoined(A_YEAR_LATER, 90, 2), withheld)
    left = e.ListLeft(STOPPED_AT, 90, 2, "ended")
    unasked.when(perform("list:90", STOPPED_AT)).then(left)


def test_who_was_heard_of_is_asked_no_more() -> None:
    asked = who(SILENT, e.ListJoined(A_YEAR_LATER, 90, 2))
    assert asked.acts["list:90"].letter == "still"
    heard = asked.and_also(e.OrderRecorded(A_YEAR_LATER + MINUTE, "o1", 100, "EUR"))
    assert heard.acts["list:90"].kind == "end"
    heard.when(perform("list:90", STILL_SENT)).then(e.ListLeft(STILL_SENT, 90, 2, "ended"))


def test_no_letter_of_the_purpose_leaves_while_it_is_stopped() -> None:
    stopped = who(on(1), replace(STOPPED, at=NOON + MINUTE))
    assert stopped.acts["list:1"].kind == "idle"
    assert stopped.acts["list:1"].why == "long silent"
    claim = given(on(1), replace(STOPPED, at=NOON + MINUTE), plan=ASKING, calendar=POLL_DUE)
    told = claim.when(perform("broadcast:enfants/2026-03-03", POLL_AT))
    assert "LetterBegun" not in ([] if not hasattr(told.outcome, "events") else told.names)
    assert why_not(stopped.person, "letter", "offres") == "no ground for this purpose"
    assert why_not(stopped.person, "permission", "*", request="q") != "long silent"


@pytest.mark.parametrize(
    "command",
    [
        c.Answer(STOPPED_AT + DAY, CLICK, "q2", 90, 2, 0, "move", 21, "human_button"),
        c.RecordOrder(STOPPED_AT + DAY, CLICK, "o1", 100, "EUR"),
        c.ChangeProfile(STOPPED_AT + DAY, FORM, last_contact=STOPPED_AT - DAY),
        c.SetPreferences(STOPPED_AT + DAY, CLICK, frequency="weekly", act="human_button"),
        replace(PRESSED, at=STOPPED_AT + DAY),
        subscribe(40, at=STOPPED_AT + DAY, own_act=True),
    ],
)
def test_any_later_act_lets_letters_go_on_at_once(command: c.AnyCommand) -> None:
    stopped = who(ASKED).when(perform("list:90", STOPPED_AT)).done
    assert why_not(stopped.person, "letter", "conseils")
    assert not why_not(stopped.when(command).person, "letter", "conseils")


def test_a_form_that_anybody_can_fill_in_lets_letters_go_on_once_it_is_confirmed() -> None:
    request = c.RequestConsent(STOPPED_AT + DAY, FORM, (21,), "r1", by_anybody=True)
    asked = who(ASKED, STOPPED).when(request)
    assert asked.names == ["ConsentRequested"]
    assert why_not(asked.person, "letter", "conseils") == "long silent"
    assert not why_not(asked.person, "confirmation", "conseils", request="r1")
    press = c.Confirm(STOPPED_AT + DAY + HOUR, CLICK, "conseils", "r1", "human_button")
    assert not why_not(asked.when(press).person, "letter", "conseils")


def test_what_a_robot_does_or_somebody_notes_of_older_days_lets_nothing_go_on() -> None:
    stopped = who(ASKED, STOPPED)
    robot = e.LetterAnswered(STOPPED_AT + DAY, "q2", 0, "auto_submit")
    older = e.ContactNoted(STOPPED_AT + DAY, NOON - DAY)
    assert why_not(stopped.and_also(robot, older).person, "letter", "conseils") == "long silent"


def test_unsubscribing_from_another_purpose_lets_nothing_go_on() -> None:
    other = e.ConsentGiven(NOON, "offres", "single")
    away = e.ConsentWithdrawn(STOPPED_AT + DAY, "offres", "rfc8058")
    stopped = who(SILENT, other, STOPPED, away)
    assert why_not(stopped.person, "letter", "conseils") == "long silent"


def test_the_term_of_retention_takes_over_unchanged() -> None:
    in_three_years = local("2029-03-02 12:00")
    asked = c.AskAgain(in_three_years, ENGINE, "q9")
    assert who(ASKED, STOPPED).when(asked).names == ["PermissionAsked"]


def test_who_was_stopped_and_came_back_can_be_asked_again() -> None:
    back = e.OrderRecorded(STOPPED_AT + DAY, "o1", 100, "EUR")
    left = e.ListLeft(STOPPED_AT, 90, 2, "ended")
    newer = tuple(sent(f"n{n}", f"new{n}", 21, at=STOPPED_AT + n * 30 * DAY) for n in range(2, 5))
    again = who(ASKED, STOPPED, left, back, newer)
    again.when(replace(ASK, at=STOPPED_AT + 360 * DAY)).nothing()
    assert again.when(replace(ASK, at=STOPPED_AT + 367 * DAY)).names == ["ListJoined"]


def test_a_simulated_reader_lives_through_five_years_of_silence_and_comes_back() -> None:
    """Three letters a year at most, and nothing any more once the purpose is stopped."""
    quarterly = letter("quarterly")
    broadcast = Broadcast("season", "conseils", (21,), quarterly, every="0 9 1 */3 *")
    plan = replace(ASKING, broadcasts={"season": broadcast})
    order = SimulatedOrder("", 4 * 365 * DAY)
    entries = live(
        plan, 21, {}, NOON, PARIS, 5 * 366 * DAY, recurrences, orders=[order]
    )  # fmt: skip
    told = [entry for entry in entries if entry.kind != "withheld"]
    stops = [entry.at for entry in told if entry.kind == "stops"]
    asked = [entry.at for entry in told if (entry.kind, entry.letter) == ("letter", "still")]
    assert asked[0] == A_YEAR_LATER and local("2027-03-29 12:00") < stops[0]
    ordered = NOON + order.after
    silent = [entry for entry in told if stops[0] < entry.at < ordered]
    assert silent == [] or {entry.kind for entry in silent} <= {"leaves"}
    again = [entry for entry in told if entry.at > ordered and entry.kind == "broadcast"]
    assert len(again) >= 3, "the next season's letter leaves again"


def test_a_choice_that_changes_nothing_lets_letters_go_on() -> None:
    unchanged = c.SetPreferences(STOPPED_AT + DAY, CLICK, act="human_button")
    who(SILENT).when(unchanged).nothing()
    again = who(ASKED, STOPPED).when(unchanged)
    assert not why_not(again.person, "letter", "conseils")


def test_unsubscribing_on_the_page_of_preferences_lets_nothing_go_on() -> None:
    away = c.SetPreferences(STOPPED_AT + DAY, CLICK, act="human_button", off=("offres",))
    other = e.ConsentGiven(NOON, "offres", "single")
    left = who(SILENT, other, STOPPED).when(away)
    assert why_not(left.person, "letter", "conseils") == "long silent"
