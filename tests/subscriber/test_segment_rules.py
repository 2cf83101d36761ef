"""Who enters a segment, or leaves it, is dealt with as its rules say: once, and only where its
condition still says so.
"""

from dataclasses import replace

from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.conditions import Known
from tests.examples import ANNA, LATER, NOON, PLAN, RULE
from tests.given import given

SALON = e.SegmentEntered(NOON, "salon")
FOIRE = e.SegmentEntered(NOON, "foire")
ENTERS_SALON = c.ApplyRules(LATER, RULE, "salon", True, Known())
ENTERS_FOIRE = c.ApplyRules(LATER, RULE, "foire", True, Known())
LEAVES_FOIRE = c.ApplyRules(LATER + 1, RULE, "foire", False, Known())
BUYS = c.ApplyRules(LATER, RULE, "acheteurs", True, Known())
ORDERED = e.OrderRecorded(NOON, "o1", 1250, "EUR")


def test_who_enters_joins_the_list_of_the_rule() -> None:
    given(ANNA, SALON).when(ENTERS_SALON).then(
        e.RulesApplied(LATER, "salon", 1, True), e.ListJoined(LATER, 40, 2)
    )


def test_an_entry_is_dealt_with_once() -> None:
    given(ANNA, SALON).when(ENTERS_SALON).when(ENTERS_SALON).nothing()


def test_who_left_again_meanwhile_is_left_alone() -> None:
    given(ANNA, SALON, e.SegmentLeft(NOON, "salon")).when(ENTERS_SALON).nothing()


def test_who_is_moved_leaves_the_list_the_rule_names() -> None:
    life = given(ANNA, FOIRE).when(ENTERS_FOIRE)
    assert life.lists == {11: 2}
    left = life.when(c.TakeOutOfSegment(LATER, RULE, "foire")).when(LEAVES_FOIRE)
    assert left.lists == {}


def test_who_is_not_on_the_list_to_leave_is_not_moved() -> None:
    away = (ANNA, e.ListLeft(NOON, 10, 1, "operator"), FOIRE)
    given(away).when(ENTERS_FOIRE).then(e.RulesApplied(LATER, "foire", 1, True))


def test_who_comes_back_is_dealt_with_again() -> None:
    once = given(ANNA, FOIRE).when(ENTERS_FOIRE).when(c.TakeOutOfSegment(LATER, RULE, "foire"))
    again = once.when(LEAVES_FOIRE).when(c.PutIntoSegment(LATER + 2, RULE, "foire"))
    again.when(replace(ENTERS_FOIRE, at=LATER + 3)).then(
        e.RulesApplied(LATER + 3, "foire", 1, True)
    )


def test_a_list_that_takes_nobody_in_is_noted_and_stops_nothing_else() -> None:
    """There is no ground for list 30, which is of another purpose."""
    given(ANNA, ORDERED).when(BUYS).then(e.RulesApplied(LATER, "acheteurs", 1, True, (30,)))


def test_a_segment_without_rules_or_no_longer_published_changes_nothing() -> None:
    given(ANNA, SALON, plan=replace(PLAN, rules=())).when(ENTERS_SALON).nothing()
    given(ANNA, SALON, plan=replace(PLAN, segments={})).when(ENTERS_SALON).nothing()


def test_an_erased_person_is_not_dealt_with() -> None:
    given(ANNA, SALON, e.SubscriberErased(NOON, "asked")).when(ENTERS_SALON).refused(
        "nobody is known"
    )
