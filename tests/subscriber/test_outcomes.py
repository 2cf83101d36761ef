"""What became of a letter is recorded, whatever else has happened, once; and what a relay says
about an address adds up (A75, B04, B05).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY, HOUR, MINUTE
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.letter_outcomes import backoff
from engine.subscriber.terms import Fault, LetterVerdict
from tests.examples import ANNA, CLICK, LATER, NOON, begun, on, perform
from tests.given import Given, given

RELAY = e.Cause("relay")
FLYING = (*ANNA, begun("0000", "welcome"))


def outcome(
    verdict: LetterVerdict,
    at: int = LATER,
    message: str = "0000",
    code: int = 0,
    enhanced: str = "",
    why: str = "",
    fault: Fault = "mailbox",
) -> c.RecordOutcome:
    return c.RecordOutcome(at, RELAY, message, verdict, code, enhanced, why, fault=fault)


def test_accepted_is_sent() -> None:
    after = (
        given(FLYING)
        .when(outcome("sent", code=250, enhanced="2.0.0"))
        .then(e.LetterSent(LATER, "0000", 250, "2.0.0"))
    )
    assert after.person.in_flight == {}
    assert after.person.memberships[10].letters["welcome"].status == "sent"


@pytest.mark.parametrize(
    "verdict",
    [
        "sent",
        "temporary",
        "hard",
        "soft",
        "blocked",
        "doubt",
        "released",
        "cannot-render",
        "cannot-carry",
        "resend",
    ],
)
def test_an_outcome_is_recorded_once(verdict: LetterVerdict) -> None:
    settled = given(FLYING).when(outcome("sent"))
    settled.when(outcome(verdict)).nothing()
    given(ANNA).when(outcome(verdict)).nothing()


def test_a_verdict_nobody_knows_is_a_mistake_of_the_program() -> None:
    with pytest.raises(AssertionError, match="perhaps"):
        given(FLYING).when(outcome("perhaps"))  # type: ignore[arg-type]


def test_a_temporary_answer_puts_the_letter_off() -> None:
    given(FLYING).when(outcome("temporary", code=451, enhanced="4.7.1", why="rcpt")).then(
        e.LetterDeferred(LATER, "0000", LATER + 5 * MINUTE, 451, "4.7.1", "rcpt")
    )


def test_retries_come_further_and_further_apart_spread_by_a_tenth() -> None:
    minutes = [backoff(attempt, "0000") // MINUTE for attempt in range(1, 10)]
    assert minutes == [5, 15, 30, 60, 120, 240, 480, 480, 480]
    assert backoff(1, "ffff") == 5 * MINUTE + 30_000
    assert backoff(1, "8000") < backoff(1, "ffff")
    assert backoff(1, "") == backoff(1, "not hexadecimal") == 5 * MINUTE


def retried(
    verdict: LetterVerdict,
    fault: Fault = "mailbox",
    key: str = "list:21",
    person: Given | None = None,
) -> tuple[Given, int, list[str]]:
    """Try until the engine gives up: where that leaves the person, how long it took, and what the
    last attempt said.
    """
    person, at = person or given(on(21), begun("0000", "notebook", 21)), LATER
    for _ in range(100):
        said = person.when(outcome(verdict, at, "0000", 451, "4.2.2", "rcpt", fault))
        person = said.done
        if said.names[0] != "LetterDeferred":
            return person, at - LATER, said.names
        at = person.acts[key].due
        person = person.when(perform(key, at, "ffff")).done
    raise AssertionError("never gave up")


def test_the_engine_gives_up_before_seventy_two_hours_have_passed() -> None:
    person, took, names = retried("temporary")
    assert 60 * HOUR < took <= 72 * HOUR
    assert names == ["LetterFailed", "MailBounced"]
    assert person.person.memberships[21].letters["notebook"].status == "failed"


def test_a_confirmation_mail_is_given_up_before_a_day_has_passed() -> None:
    asked = given(
        e.SubscriberRegistered(NOON),
        e.ConsentRequested(LATER, "conseils", "r1", (10,), NOON + 7 * DAY),
        e.LetterBegun(LATER, "ask:conseils", "confirmation", "ask", "0000", 1),
    )  # fmt: skip
    _, took, names = retried("temporary", key="ask:conseils", person=asked)
    assert 12 * HOUR < took <= 24 * HOUR
    assert names[0] == "LetterFailed"


def test_giving_up_counts_against_the_address_only_if_the_answer_was_about_it() -> None:
    assert retried("temporary", "mailbox")[0].person.soft_bounces == 1
    for fault in ("sender", "unknown"):
        assert retried("temporary", fault)[0].person.soft_bounces == 0


def test_a_refusal_of_the_sender_is_retried_then_given_up_and_never_counts() -> None:
    given(FLYING).when(outcome("blocked", code=550, enhanced="5.7.1")).then(
        e.LetterDeferred(LATER, "0000", LATER + 5 * MINUTE, 550, "5.7.1", "blocked")
    )
    person, took, names = retried("blocked")
    assert took <= 72 * HOUR
    assert names == ["LetterFailed"]
    assert person.person.soft_bounces == 0


def test_patience_is_counted_from_the_first_attempt_that_was_made() -> None:
    """Claimed, never handed over, and the machine lay still for three days: the first greylisting
    is not the last word.
    """
    released = (
        given(FLYING)
        .when(outcome("released"))
        .then(e.LetterDeferred(LATER, "0000", LATER, why="never handed over"))
    )
    back = LATER + 80 * HOUR
    again = released.when(perform("list:10", back)).done
    assert again.when(outcome("temporary", back, why="rcpt")).names == ["LetterDeferred"]


@pytest.mark.parametrize("verdict", ["sent", "temporary", "blocked", "hard", "soft"])
def test_each_answer_of_a_server_says_whose_it_was(verdict: LetterVerdict) -> None:
    answered = given(FLYING).when(replace(outcome(verdict), provider="orange"))
    assert {getattr(fact.event, "provider", "") for fact in answered.facts} == {"orange"}


def test_giving_up_and_its_bounce_say_whose_answer_was_the_last() -> None:
    tired = given(ANNA, begun("0000", "welcome"))
    late = replace(outcome("temporary", LATER + 80 * HOUR), provider="orange")
    given_up = tired.when(late)
    assert given_up.names == ["LetterFailed", "MailBounced"]
    assert {getattr(fact.event, "provider", "") for fact in given_up.facts} == {"orange"}


def test_a_dead_address_is_suppressed_at_once() -> None:
    dead = given(FLYING).when(outcome("hard", code=550, enhanced="5.1.1"))
    dead.then(
        e.LetterFailed(LATER, "0000", 550, "5.1.1", "refused"),
        e.MailBounced(LATER, "hard", "0000", 550, "5.1.1"),
    )
    assert dead.person.suppressed == "bounced"


def soft_bounces(*days: int) -> list[e.PersonEvent]:
    return [e.MailBounced(NOON + day * DAY, "soft") for day in days]


def softly(person: Given, day: int) -> list[str]:
    at = NOON + day * DAY
    flying = person.and_also(begun("0000", "welcome", at=at))
    return flying.when(outcome("soft", at, code=552, enhanced="5.2.2")).names


def test_the_fifth_soft_bounce_in_a_row_over_a_fortnight_suppresses() -> None:
    assert softly(given(ANNA, *soft_bounces(0, 3, 6, 9)), 14) == [
        "LetterFailed",
        "MailBounced",
        "SubscriberSuppressed",
    ]


@pytest.mark.parametrize("fault", ["sender", "unknown"])
def test_a_refusal_that_is_not_about_the_mailbox_never_counts(fault: Fault) -> None:
    flying = given(ANNA, *soft_bounces(0, 3, 6, 9), begun("0000", "welcome", at=NOON + 14 * DAY))
    assert flying.when(outcome("soft", NOON + 14 * DAY, code=554, fault=fault)).names == [
        "LetterFailed"
    ]


def test_what_the_relay_cannot_carry_is_withheld_with_its_cause_and_never_counts() -> None:
    person = given(ANNA)
    for number in range(8):
        at = NOON + number * 7 * DAY
        person = person.and_also(begun("0000", "welcome", at=at))
        said = person.when(
            outcome("cannot-carry", at, code=553, enhanced="5.6.7", why="smtputf8", fault="sender")
        )
        said.then(
            e.LetterWithheld(
                at, "list:10", "welcome", "cannot be carried", 10, 1, "0000", "smtputf8"
            )
        )
        person = said.done
    assert (person.person.soft_bounces, person.person.suppressed) == (0, "")


def test_four_do_not_and_neither_do_five_within_less_than_a_fortnight() -> None:
    assert softly(given(ANNA, *soft_bounces(0, 3, 6)), 20) == ["LetterFailed", "MailBounced"]
    assert softly(given(ANNA, *soft_bounces(0, 3, 6, 9)), 13) == ["LetterFailed", "MailBounced"]


def test_any_accepted_letter_or_human_click_counts_from_zero_again() -> None:
    delivered = (begun("m5", "question"), e.LetterSent(NOON + 10 * DAY, "m5"))
    assert softly(given(ANNA, *soft_bounces(0, 3, 6, 9), delivered), 14) == [
        "LetterFailed",
        "MailBounced",
    ]
    clicked = e.LetterAnswered(NOON + 10 * DAY, "m5", 0, "human_button")
    assert softly(given(ANNA, *soft_bounces(0, 3, 6, 9), clicked), 14) == [
        "LetterFailed",
        "MailBounced",
    ]
    robot = e.LetterAnswered(NOON + 10 * DAY, "m5", 0, "auto_submit")
    assert softly(given(ANNA, *soft_bounces(0, 3, 6, 9), robot), 14)[-1] == "SubscriberSuppressed"


def test_a_complaint_is_not_overwritten_by_a_bounce() -> None:
    complained = given(ANNA, *soft_bounces(0, 3, 6, 9), e.MailComplained(NOON + 9 * DAY))
    assert softly(complained, 14) == ["LetterFailed", "MailBounced"]
    hard = given(FLYING, e.MailComplained(LATER)).when(outcome("hard"))
    assert hard.person.suppressed == "complained"


def test_what_cannot_be_rendered_or_may_not_be_sent_is_withheld() -> None:
    given(FLYING).when(outcome("cannot-render", why="field:town")).then(
        e.LetterWithheld(
            LATER, "list:10", "welcome", "cannot be rendered", 10, 1, "0000", "field:town"
        )
    )
    withheld = given(FLYING).when(outcome("not-eligible", why="consent withdrawn"))
    withheld.then(
        e.LetterWithheld(
            LATER, "list:10", "welcome", "not eligible: consent withdrawn", 10, 1, "0000"
        )
    )
    assert withheld.person.in_flight == {}


def test_a_letter_in_doubt_waits_for_whoever_settles_it() -> None:
    doubt = given(FLYING).when(outcome("doubt"))
    doubt.then(e.LetterInDoubt(LATER, "0000"))
    act = doubt.done.acts["list:10"]
    assert (act.kind, act.due, act.why) == ("settle", 0, "in doubt")
    doubt.when(outcome("doubt")).nothing()
    doubt.when(perform("list:10", LATER + DAY)).nothing()


def test_a_letter_in_doubt_is_sent_again_or_taken_as_sent() -> None:
    doubt = given(FLYING).when(outcome("doubt"))
    again = doubt.when(outcome("resend"))
    again.then(e.LetterInDoubt(LATER, "0000", "resend"))
    assert again.done.when(perform("list:10", LATER, "bbbb")).names == ["LetterBegun"]
    assert again.done.when(perform("list:10", LATER, "bbbb")).person.in_flight["0000"].attempt == 2
    taken = doubt.when(outcome("taken-as-sent"))
    taken.then(e.LetterInDoubt(LATER, "0000", "taken-as-sent"))
    assert taken.person.memberships[10].letters["welcome"].status == "sent"


def test_a_letter_that_is_not_in_doubt_cannot_be_settled_by_hand() -> None:
    given(FLYING).when(outcome("resend")).refused("not in doubt")
    given(FLYING).when(outcome("taken-as-sent")).refused("not in doubt")


def test_an_answer_that_arrives_after_all_ends_the_doubt() -> None:
    given(FLYING).when(outcome("doubt")).when(outcome("sent", code=250)).then(
        e.LetterSent(LATER, "0000", 250)
    )


def test_a_confirmation_in_doubt_does_not_keep_its_request_open_for_ever() -> None:
    asked = given(
        e.SubscriberRegistered(NOON),
        e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY),
        e.LetterBegun(NOON, "ask:conseils", "confirmation", "ask", "0000", 1),
        e.LetterInDoubt(NOON, "0000"),
    )  # fmt: skip
    assert (asked.acts["ask:conseils"].kind, asked.acts["flight:0000"].due) == ("expire", 0)
    expired = asked.when(perform("ask:conseils", NOON + 7 * DAY)).done
    assert list(expired.acts) == ["flight:0000"]
    assert expired.when(outcome("taken-as-sent", NOON + 8 * DAY)).person.in_flight == {}


@pytest.mark.parametrize(
    "meanwhile",
    [
        e.ListLeft(LATER, 10, 1, "operator"),
        e.ListMoved(LATER, 10, 1, 11, 2, "m9", 0),
        e.ConsentWithdrawn(LATER, "*"),
        e.SubscriberErased(LATER),
        e.ListTransferred(LATER, 10, 1, 20, 2, "operator"),
    ],
)
def test_an_outcome_is_recorded_wherever_the_person_is_by_then(meanwhile: e.PersonEvent) -> None:
    away = given(FLYING, meanwhile)
    assert (
        away.acts["flight:0000" if meanwhile != e.ConsentWithdrawn(LATER, "*") else "list:10"].kind
        == "settle"
    )
    for verdict in ("sent", "temporary", "hard", "soft", "released", "not-eligible"):
        after = away.when(outcome(verdict)).done
        assert after.person.in_flight == {}
        assert all(act.kind != "settle" for act in after.acts.values())


def test_two_runs_of_a_list_have_each_their_letter_in_flight() -> None:
    again = given(
        FLYING,
        e.ListLeft(LATER, 10, 1, "operator"),
        e.ListJoined(LATER, 10, 2),
        begun("m2", "welcome", 10, 2),
    )
    assert {key: act.run for key, act in again.acts.items() if act.kind == "settle"} == {
        "list:10": 2,
        "flight:0000": 1,
    }
    old = again.when(outcome("temporary")).done
    assert old.person.memberships[10].letters["welcome"].status == "begun"
    assert list(old.acts) == ["list:10"]


def test_who_stands_on_several_lists_is_written_to_from_each() -> None:
    both = given(on(10), e.ListJoined(NOON, 40, 2), begun("m1", "welcome"))
    assert both.when(perform("list:40", LATER)).names == ["LetterBegun"]
    assert CLICK not in {fact.cause for fact in both.when(perform("list:40", LATER)).facts}
