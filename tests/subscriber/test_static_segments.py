"""People are put into a segment without conditions, and taken out of it."""

from __future__ import annotations

from dataclasses import replace

from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import ANNA, CALL, LATER, NOON, PLAN
from tests.given import given

PUT = c.PutIntoSegment(LATER, CALL, "salon")
TAKE = c.TakeOutOfSegment(LATER, CALL, "salon")
IN = (ANNA, e.SegmentEntered(NOON, "salon"))
GONE = replace(PLAN, segments={})


def test_who_is_put_into_a_segment_is_in_it_since_then() -> None:
    after = given(ANNA).when(PUT).then(e.SegmentEntered(LATER, "salon"))
    assert after.person.segments == {"salon": LATER}


def test_who_is_taken_out_is_no_longer_in_it() -> None:
    assert given(IN).when(TAKE).then(e.SegmentLeft(LATER, "salon")).person.segments == {}


def test_twice_changes_nothing() -> None:
    given(IN).when(PUT).nothing()
    given(ANNA).when(TAKE).nothing()


def test_a_call_that_is_repeated_puts_nobody_back_into_a_segment() -> None:
    once = given(ANNA).when(replace(PUT, call="k1")).when(TAKE)
    once.done.when(replace(PUT, call="k1")).nothing()
    given(IN).when(replace(TAKE, call="k2")).when(PUT).done.when(replace(TAKE, call="k2")).nothing()


def test_a_segment_nobody_declared_takes_nobody() -> None:
    given(ANNA).when(replace(PUT, segment="sallon")).refused('there is no segment "sallon"')
    given(ANNA).when(replace(TAKE, segment="sallon")).refused('there is no segment "sallon"')


def test_who_is_in_a_segment_with_conditions_follows_from_them() -> None:
    given(ANNA).when(replace(PUT, segment="acheteurs")).refused("follows from its conditions")
    given(ANNA).when(replace(TAKE, segment="acheteurs")).refused("follows from its conditions")


def test_people_can_be_taken_out_of_a_segment_that_is_no_longer_published() -> None:
    given(IN, plan=GONE).when(TAKE).then(e.SegmentLeft(LATER, "salon"))


def test_nobody_who_is_unknown_or_erased_is_put_into_a_segment() -> None:
    given().when(PUT).refused("nobody is known")
    erased = given(IN, e.SubscriberErased(NOON, "asked"))
    assert erased.when(PUT).refused("nobody is known").person.segments == {}
