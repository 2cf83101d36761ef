"""People are put into a segment without conditions, and taken out of it."""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.model import Form
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


# By the way in.

SUBSCRIBE = c.Subscribe(LATER, CALL, 10, "consent", "declared", NOON, segments=("salon",))


def test_who_is_put_on_a_list_and_into_a_segment_is_in_both() -> None:
    new = given().when(SUBSCRIBE).person
    assert (set(new.memberships), new.segments) == ({10}, {"salon": LATER})
    given().when(SUBSCRIBE).when(SUBSCRIBE).nothing()


def test_who_is_on_the_list_already_is_put_into_the_segment_alone() -> None:
    before = given().when(replace(SUBSCRIBE, segments=()))
    assert before.done.when(SUBSCRIBE).then(e.SegmentEntered(LATER, "salon"))


def test_a_segment_with_conditions_or_none_at_all_costs_nobody_their_place() -> None:
    for segment in ("acheteurs", "sallon"):
        person = given().when(replace(SUBSCRIBE, segments=(segment,))).person
        assert (set(person.memberships), dict(person.segments)) == ({10}, {})


def test_who_is_asked_first_is_in_the_segment_at_once() -> None:
    asked = given().when(c.AskFirst(LATER, CALL, 10, "r1", segments=("salon",))).person
    assert (asked.memberships, asked.segments) == ({}, {"salon": LATER})


def test_who_joins_by_a_form_is_put_into_its_segment_when_they_confirm() -> None:
    form = Form("salon", "Salon", "conseils", 10, "Oui.", "Oui", segment="salon")
    asked = given(plan=replace(PLAN, forms={"salon": form})).when(
        c.RequestConsent(NOON, CALL, (10,), "r1", form="salon")
    )
    assert dict(asked.person.segments) == {}
    typed = c.RequestConsent(LATER, CALL, (10,), "r2", form="salon", by_anybody=True)
    known = given(ANNA, plan=replace(PLAN, forms={"salon": form}))
    known.when(typed).nothing()
    assert set(known.when(replace(typed, by_anybody=False)).person.segments) == {"salon"}
    confirmed = asked.when(c.Confirm(LATER, CALL, "conseils", "r1", "human_button"))
    assert confirmed.person.segments == {"salon": LATER}


def test_who_is_put_into_several_is_in_each_once() -> None:
    plan = replace(
        PLAN, segments={**PLAN.segments, "vip": replace(PLAN.segments["salon"], id="vip")}
    )
    subscribe = replace(SUBSCRIBE, segments=("salon", "vip", "acheteurs"))
    person = given(plan=plan).when(subscribe).person
    assert dict(person.segments) == {"salon": LATER, "vip": LATER}
    given(plan=plan).when(subscribe).when(replace(subscribe, segments=("vip",))).nothing()
