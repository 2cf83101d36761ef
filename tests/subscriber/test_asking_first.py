"""A consent that a file declares without a proof: the person is asked once, and joins once they
confirm.
"""

from __future__ import annotations

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.agenda_key import request_key
from tests.examples import ANNA, CLICK, KNOWN, LATER, NOON, REGISTERED
from tests.given import given

FILE = e.Cause("import", "i1")
WEEK = 7 * DAY
REQUEST = e.ConsentRequested(
    NOON, "conseils", "r1", (10,), NOON + WEEK, declared=True, start="welcome"
)
ASKED = (REGISTERED, REQUEST)


def ask_first(at: int = LATER, number: int = 10, **told: str) -> c.AskFirst:
    return c.AskFirst(at, FILE, number, "r2", "none", **told)  # type: ignore[arg-type]


def begun(letter: str) -> e.LetterBegun:
    return e.LetterBegun(
        NOON, request_key("conseils"), "confirmation", letter, "m1", 1, purpose="conseils"
    )


def test_a_stranger_is_asked_and_joins_nothing_yet() -> None:
    asked = given().when(ask_first())
    asked.then(
        e.SubscriberRegistered(LATER),
        e.ConsentRequested(
            LATER, "conseils", "r2", (10,), LATER + WEEK, declared=True, start="none"
        ),
    )
    assert asked.lists == {} and not asked.person.grounds


def test_who_confirms_joins_and_receives_what_the_file_was_to_start() -> None:
    declared = e.ConsentRequested(
        NOON,
        "conseils",
        "r1",
        (10,),
        NOON + WEEK,
        declared=True,
        start="by-date",
        counted_from=NOON - 30 * DAY,
    )
    given(REGISTERED, declared).when(
        c.Confirm(LATER, CLICK, "conseils", "r1", "human_button")
    ).then(
        e.ConsentConfirmed(LATER, "conseils", "r1", "human_button"),
        e.ListJoined(LATER, 10, 1, "by-date", NOON - 30 * DAY),
    )


def test_one_mail_asks_and_no_reminder_follows() -> None:
    asked = given(ASKED)
    assert asked.acts[request_key("conseils")].letter == "ask-first"
    sent = asked.and_also(begun("ask-first"), e.LetterSent(NOON, "m1"))
    assert sent.acts[request_key("conseils")].kind == "expire"


def test_a_mail_that_is_deferred_is_tried_again() -> None:
    deferred = given(ASKED, begun("ask-first"), e.LetterDeferred(NOON, "m1", LATER))
    act = deferred.acts[request_key("conseils")]
    assert (act.letter, act.due) == ("ask-first", LATER)


def test_nobody_is_asked_twice_whether_the_request_is_open_or_has_expired() -> None:
    given(ASKED).when(ask_first()).nothing()
    expired = given(ASKED, e.ConsentExpired(NOON + WEEK, "conseils", "r1"))
    expired.when(ask_first(NOON + 2 * WEEK)).nothing()


def test_who_was_asked_in_vain_may_still_ask_to_join_themselves() -> None:
    expired = given(ASKED, e.ConsentExpired(NOON + WEEK, "conseils", "r1"))
    own = expired.when(
        c.RequestConsent(NOON + 2 * WEEK, e.Cause("form", "f1"), (10,), "r3", "n1", "inscription")
    )
    assert own.names == ["ConsentRequested"]
    assert own.done.acts[request_key("conseils")].letter == "ask"


def test_who_has_a_live_ground_joins_on_that() -> None:
    given(KNOWN).when(ask_first()).then(e.ListJoined(LATER, 10, 1, "none"))
    given(ANNA).when(ask_first()).nothing()


def test_who_has_withdrawn_objected_or_cannot_be_reached_is_not_asked() -> None:
    given(KNOWN, e.ConsentWithdrawn(NOON, "conseils")).when(ask_first()).refused("withdrawn")
    given(REGISTERED, e.ConsentWithdrawn(NOON, "*")).when(ask_first()).refused("no more letters")
    given(KNOWN, e.SubscriberSuppressed(NOON, "bounced")).when(ask_first()).refused("")
    given(KNOWN, e.SubscriberErased(NOON, "asked")).when(ask_first()).refused("erased")


def test_a_request_of_their_own_that_is_open_is_left_to_them() -> None:
    own = e.ConsentRequested(NOON, "conseils", "r1", (11,), NOON + WEEK, "n1", "inscription")
    given(REGISTERED, own).when(ask_first()).nothing()
