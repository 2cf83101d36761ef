"""Someone comes back to a list they had left: always, after a while, or never, as its author
says.
"""

from __future__ import annotations

from engine.sequence.delay import DAY
from engine.subscriber import events as e
from tests.examples import ANNA, LATER, NOON, local, on, sent, subscribe
from tests.given import Given, given


def left(number: int, at: int = NOON) -> Given:
    return given(on(number), e.ListLeft(at, number, 1, "ended"))


def test_coming_back_is_a_new_run_without_the_letters_of_the_old_one() -> None:
    again = given(ANNA, sent("m0", "welcome", at=NOON), e.ListLeft(NOON, 10, 1, "ended")).when(
        subscribe(10)
    )
    again.then(e.ListJoined(LATER, 10, 2))
    assert again.person.memberships[10].letters == {}
    assert again.done.acts["list:10"].letter == "welcome"


def test_nothing_of_the_old_run_stays_due() -> None:
    again = given(ANNA, e.ListLeft(NOON, 10, 1, "ended")).when(subscribe(10, at=NOON + 10 * DAY))
    assert [act.run for act in again.done.acts.values()] == [2]


def test_a_list_joined_again_after_thirty_days_counts_them_on_the_readers_calendar() -> None:
    """Across the change to summer time on 29 March 2026 the thirtieth day ends an hour earlier."""
    until = local("2026-04-01 12:00")
    assert until == NOON + 30 * DAY - 3_600_000
    left(40).when(subscribe(40, at=until - 1)).refused("less than 30 days ago")
    assert left(40).when(subscribe(40, at=until)).lists == {40: 2}


def test_a_list_that_is_joined_once_refuses_ever_after() -> None:
    left(41).when(subscribe(41, at=NOON + 9999 * DAY)).refused("never joined twice")


def test_a_first_joining_is_refused_by_neither() -> None:
    assert given().when(subscribe(40)).lists == {40: 1}
    assert given().when(subscribe(41)).lists == {41: 1}


def test_an_outcome_of_the_old_run_says_nothing_of_the_new_one() -> None:
    old = given(
        ANNA,
        e.LetterBegun(NOON, "list:10", "letter", "welcome", "m0", 1, 10, 1, "conseils"),
        e.ListLeft(NOON, 10, 1, "ended"),
    )
    again = old.when(subscribe(10)).done.and_also(e.LetterSent(LATER, "m0"))
    assert again.person.memberships[10].letters == {}
    assert again.person.in_flight == {}
    assert again.acts["list:10"].letter == "welcome"
