"""A letter withheld for what somebody can mend is tried again when asked for: once, in its order,
within its lateness, only where it may leave.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.due_acts import NOT_WITHHELD, PAST_LATENESS
from tests.examples import (
    ANNA,
    LATER,
    NOON,
    PAUL,
    PLAN,
    POLL_AT,
    POLL_DUE,
    SHOP,
    begun,
    perform,
    with_list,
)
from tests.given import Given, given

FIELD = "field:town"


def withheld(
    message: str = "0000",
    letter: str = "welcome",
    at: int = LATER,
    why: str = "cannot be rendered",
    what: str = FIELD,
) -> e.LetterWithheld:
    return e.LetterWithheld(at, "list:10", letter, why, 10, 1, message, what)


ASIDE = given(ANNA, begun("0000", "welcome"), withheld())


def retry(
    at: int, letter: str = "welcome", key: str = "list:10", late: bool = False
) -> c.RetryLetter:
    return c.RetryLetter(at, SHOP, key, letter, late)


def test_what_can_be_mended_stands_in_the_agenda_with_what_to_mend() -> None:
    act = ASIDE.acts["withheld:list:10/welcome"]
    assert (act.kind, act.letter, act.due, act.list, act.run, act.why) == (
        "withheld",
        "welcome",
        0,
        10,
        1,
        FIELD,
    )


@pytest.mark.parametrize(
    ("why", "what", "shown"),
    [("cannot be carried", "smtputf8", "smtputf8"), ("cannot be rendered", "", "words")],
)
def test_so_does_what_the_relay_cannot_carry_and_what_was_recorded_before_causes_were(
    why: str, what: str, shown: str
) -> None:
    assert (
        given(ANNA, begun("0000", "welcome"), withheld(why=why, what=what))
        .acts["withheld:list:10/welcome"]
        .why
        == shown
    )


@pytest.mark.parametrize("why", ["too late", "not eligible: consent withdrawn"])
def test_what_nobody_can_mend_does_not_and_is_never_tried_again(why: str) -> None:
    person = given(ANNA, begun("0000", "welcome"), withheld(why=why, what=""))
    assert not [key for key in person.acts if key.startswith("withheld:")]
    assert person.when(retry(LATER, late=True)).outcome == NOT_WITHHELD


def test_tried_again_it_is_due_at_once_under_its_own_message_in_the_words_in_force() -> None:
    at = LATER + HOUR
    again = ASIDE.when(retry(at)).then(e.LetterRetried(at, "0000", "list:10", "welcome", 10, 1))
    assert (
        again.acts["list:10"].kind,
        again.acts["list:10"].letter,
        again.acts["list:10"].due,
    ) == ("letter", "welcome", at)
    newer = again.published(replace(PLAN, edition=7))
    (claimed,) = newer.when(perform("list:10", at, "ffff")).done.person.in_flight.items()
    assert (claimed[0], claimed[1].edition, claimed[1].attempt) == ("0000", 7, 2)


def test_nothing_is_tried_twice_and_nothing_that_was_sent() -> None:
    again = ASIDE.when(retry(LATER + HOUR)).done
    assert again.when(retry(LATER + HOUR)).outcome == NOT_WITHHELD
    sent = given(ANNA, begun("0000", "welcome"), e.LetterSent(LATER, "0000"))
    assert sent.when(retry(LATER + HOUR, late=True)).outcome == NOT_WITHHELD
    assert given(ANNA).when(retry(LATER, late=True)).outcome == NOT_WITHHELD


def test_withheld_again_it_may_be_tried_again() -> None:
    again = ASIDE.when(retry(LATER + HOUR)).done.and_also(
        begun("0000", "welcome", at=LATER + HOUR), withheld(at=LATER + HOUR)
    )
    assert again.when(retry(LATER + 2 * HOUR)).names == ["LetterRetried"]


def test_past_the_lateness_its_author_allows_it_stays_unless_that_is_asked_for() -> None:
    at = LATER + 30 * DAY
    alone = ASIDE.published(with_list(10, letters=PLAN.lists[10].letters[:1]))
    assert alone.when(retry(at)).outcome == PAST_LATENESS
    late = alone.when(retry(at, late=True)).then(
        e.LetterRetried(at, "0000", "list:10", "welcome", 10, 1, True)
    )
    assert late.when(perform("list:10", at + MINUTE, "ffff")).names == ["LetterBegun"]


def test_lateness_goes_on_while_what_is_tried_again_waits() -> None:
    again = ASIDE.when(retry(LATER + HOUR)).done
    assert again.when(perform("list:10", LATER + 30 * DAY, "ffff")).names == ["LetterWithheld"]


def test_patience_with_the_mail_server_begins_anew() -> None:
    at = LATER + DAY
    flying = ASIDE.when(retry(at)).done.when(perform("list:10", at, "ffff")).done
    assert flying.when(c.RecordOutcome(at, SHOP, "0000", "temporary", 451, why="rcpt")).names == [
        "LetterDeferred"
    ]


@pytest.mark.parametrize(
    "meanwhile",
    [
        e.ConsentWithdrawn(LATER, "conseils"),
        e.ProcessingRestricted(LATER),
        e.SubscriberErased(LATER),
        e.ListLeft(LATER, 10, 1, "operator"),
        e.MailBounced(LATER, "hard"),
        e.ListMoved(LATER, 10, 1, 11, 2, "m9", 0),
    ],
)
def test_who_may_no_longer_be_written_to_gets_nothing_and_is_not_counted(
    meanwhile: e.PersonEvent,
) -> None:
    gone = ASIDE.and_also(meanwhile)
    assert not [key for key in gone.acts if key.startswith("withheld:")]
    assert gone.when(retry(LATER + HOUR, late=True)).outcome == NOT_WITHHELD


def test_a_letter_that_is_no_longer_published_is_not_tried_again() -> None:
    assert (
        ASIDE.published(with_list(10, letters=PLAN.lists[10].letters[1:]))
        .when(retry(LATER + HOUR))
        .outcome
        == NOT_WITHHELD
    )


def waits(person: Given) -> Given:
    """Three letters, each a day after the one before."""
    first, *_ = PLAN.lists[10].letters
    letters = (
        first,
        *(replace(first, id=name, after=None, wait=Delay(days=1)) for name in ("second", "third")),
    )
    return person.published(with_list(10, letters=letters, min_gap=Delay(minutes=60)))


def test_letters_that_have_not_left_wait_behind_it_and_those_that_have_are_not_sent_again() -> None:
    waiting = waits(ASIDE)
    assert waiting.acts["list:10"].letter == "second"
    mended = waiting.when(retry(LATER + HOUR)).done
    assert (mended.acts["list:10"].letter, mended.acts["list:10"].due) == ("welcome", LATER + HOUR)
    sent = mended.and_also(
        begun("0000", "welcome", at=LATER + HOUR), e.LetterSent(LATER + HOUR, "0000")
    )
    assert (sent.acts["list:10"].letter, sent.acts["list:10"].due) == ("second", LATER + HOUR + DAY)
    later = LATER + DAY
    overtaken = (
        waiting.and_also(begun("m2", "second", at=later), e.LetterSent(later, "m2"))
        .when(retry(later + MINUTE))
        .done
    )
    act = overtaken.acts["list:10"]
    assert (act.letter, act.due) == (
        "welcome",
        later + HOUR,
    ), "it keeps its distance from what has been sent meanwhile"
    both = overtaken.and_also(begun("0000", "welcome", at=act.due), e.LetterSent(act.due, "0000"))
    assert both.acts["list:10"].letter == "third"


def test_a_reminder_of_what_has_been_answered_meanwhile_is_not_tried_again() -> None:
    asked = given(
        ANNA,
        begun("m1", "question"),
        e.LetterSent(LATER, "m1"),
        begun("m2", "question-again", at=LATER + DAY),
    )
    aside = asked.and_also(withheld("m2", "question-again", LATER + DAY))
    assert "withheld:list:10/question-again" in aside.acts
    answered = aside.and_also(e.LetterAnswered(LATER + DAY, "m1", 2, "human_button"))
    assert answered.when(retry(LATER + DAY, "question-again")).outcome == NOT_WITHHELD


def test_a_confirmation_mail_that_was_not_made_is_tried_again_while_its_request_is_open() -> None:
    asked = given(
        e.SubscriberRegistered(NOON),
        e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY),
        e.LetterBegun(NOON, "ask:conseils", "confirmation", "ask", "0000", 1),
        e.LetterWithheld(
            NOON, "ask:conseils", "ask", "cannot be rendered", message="0000", what="header"
        ),
    )
    mended = asked.when(retry(NOON + HOUR, "ask", "ask:conseils")).done
    assert mended.when(perform("ask:conseils", NOON + HOUR, "ffff")).names == ["LetterBegun"]
    expired = asked.and_also(e.ConsentExpired(NOON + 7 * DAY, "conseils", "r1"))
    assert (
        expired.when(retry(NOON + 8 * DAY, "ask", "ask:conseils", late=True)).outcome
        == NOT_WITHHELD
    )


def test_a_newsletter_is_tried_again_for_who_still_stands_there_and_its_reminder_follows() -> None:
    key = POLL_DUE[0].key
    first = e.LetterBegun(POLL_AT, key, "broadcast", "enfants", "b1", 1, 1, 1, "conseils", "s1")
    aside = given(
        PAUL,
        first,
        e.LetterWithheld(POLL_AT, key, "enfants", "cannot be rendered", 1, 1, "b1", FIELD),
        calendar=POLL_DUE,
    )
    assert aside.acts[f"withheld:{key}/enfants"].why == FIELD
    again = aside.when(retry(POLL_AT + HOUR, "enfants", key)).then(
        e.LetterRetried(POLL_AT + HOUR, "b1", key, "enfants", 1, 1)
    )
    claimed = again.when(perform(key, POLL_AT + HOUR, "ffff"))
    assert claimed.names == ["LetterBegun"]
    sent = claimed.done.and_also(e.LetterSent(POLL_AT + HOUR, "b1"))
    assert sent.acts[key].letter == "enfants:reminder"
    gone = aside.and_also(e.ListLeft(POLL_AT, 1, 1, "operator"))
    assert gone.when(retry(POLL_AT + HOUR, "enfants", key, late=True)).outcome == NOT_WITHHELD
