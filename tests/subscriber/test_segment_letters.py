"""Letters that go to a segment, or spare one: a broadcast to who was in it and still is, and
letters of a list that skip whoever they are not for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from engine.sequence.condition import Answered, Combined, FieldIs, InGroup, On, Ordered, Received
from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Broadcast, Field, Letter, Link, Plan, Segment
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.batch_memo import BatchMemo
from engine.subscriber.outcome import Done
from engine.subscriber.truth import conditions_of
from tests.examples import (
    ANNA,
    CLICK,
    KNOWN,
    LATER,
    NOON,
    PLAN,
    REGISTERED,
    on,
    perform,
    with_list,
)
from tests.given import Given, given

KEY = "broadcast:news/2026-03-03"
FELL_DUE = LATER + DAY
DUE: Calendar = (Occurrence("news", KEY, FELL_DUE),)
NEWS = Letter(
    "news", "Nouvelles", "a.md", links=(Link(0, "move", 50, "Oui"), Link(1, "move", 51, "Non"))
)
AGAIN = Letter("news-reminder", "Encore", "a.md", wait=Delay(days=1), reminds="news")
SEGMENTS = {
    **PLAN.segments,
    "prospects": Segment("prospects", "Prospects", own=Combined(none=(InGroup("clients"),))),
    "lyon": Segment("lyon", "Lyon", own=Combined(all=(FieldIs("town", "is", ("Lyon",)),))),
}


def plan_to(*segments: str, lists: tuple[int, ...] = ()) -> Plan:
    news = Broadcast("news", "conseils", lists, NEWS, reminder=AGAIN, segments=segments)
    fields = {"town": Field("town", "Ville")}
    return replace(PLAN, broadcasts={"news": news}, segments=SEGMENTS, fields=fields)


@dataclass(frozen=True)
class Vault:
    fields: dict[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""
    measured: tuple[tuple[str, str, int], ...] = ()


BEGUN = e.LetterBegun(
    at=FELL_DUE,
    key=KEY,
    kind="broadcast",
    letter="news",
    message="aaaa",
    edition=PLAN.edition,
    purpose="conseils",
    sender="s1",
    segment="salon",
)
SKIPPED = e.LetterWithheld(FELL_DUE, KEY, "news", "segment")
IN_SALON = e.SegmentEntered(NOON, "salon")
PERFORM = perform(KEY, FELL_DUE)


def due(*events: object, plan: Plan) -> Given:
    return given(*events, plan=plan, calendar=DUE)  # type: ignore[arg-type]


def test_a_broadcast_to_a_segment_goes_to_who_is_in_it_and_on_no_list() -> None:
    person = due(KNOWN, IN_SALON, plan=plan_to("salon"))
    person.when(PERFORM).then(BEGUN).when(PERFORM).nothing()


def test_who_is_in_no_segment_of_it_has_nothing_due() -> None:
    person = due(KNOWN, plan=plan_to("salon"))
    assert KEY not in person.acts
    person.when(PERFORM).nothing()


def test_it_needs_a_ground_for_its_own_purpose() -> None:
    assert KEY not in due(REGISTERED, IN_SALON, plan=plan_to("salon")).acts


def test_who_enters_after_it_fell_due_does_not_get_it() -> None:
    late = e.SegmentEntered(FELL_DUE + 1, "salon")
    assert KEY not in due(KNOWN, late, plan=plan_to("salon")).acts


def test_who_is_a_client_by_the_time_of_the_claim_gets_no_letter_for_prospects() -> None:
    prospect = due(KNOWN, plan=plan_to("prospects"))
    assert KEY in prospect.acts
    joined = prospect.and_also(e.ListJoined(FELL_DUE + HOUR, 10, 1))
    assert KEY not in joined.acts
    joined.when(perform(KEY, FELL_DUE + HOUR)).nothing()


def test_what_time_alone_has_changed_since_it_fell_due_changes_nothing() -> None:
    within = Received(Delay(days=2), purpose="conseils")
    segments = {"read": Segment("read", "R", own=Combined(all=(within,)))}
    plan = replace(plan_to("read"), segments=segments)
    flight = e.LetterBegun(NOON, "list:10", "letter", "welcome", "m0", 1, 10, 1, "conseils")
    person = due(ANNA, flight, e.LetterSent(NOON, "m0"), plan=plan)
    late = NOON + 3 * DAY
    assert conditions_of(plan).is_in("read", person.person, None, late) is False
    assert isinstance(person.when(perform(KEY, late)).outcome, Done)


def test_where_a_list_brings_it_too_it_comes_by_the_list() -> None:
    person = due(on(1), IN_SALON, plan=plan_to("salon", lists=(1,)))
    person.when(PERFORM).then(replace(BEGUN, list=1, run=1, segment=""))


def test_the_first_segment_that_holds_is_the_one_named() -> None:
    person = due(KNOWN, IN_SALON, plan=plan_to("foire", "salon", "prospects"))
    person.when(PERFORM).then(BEGUN)


class TestWhereAFieldIsAskedAbout:
    PERSON = due(KNOWN, plan=plan_to("lyon"))

    def test_the_claim_decides_with_what_the_vault_knows(self) -> None:
        assert KEY in self.PERSON.acts
        lyon = replace(PERFORM, known=Vault({"town": "Lyon"}))
        self.PERSON.when(lyon).then(replace(BEGUN, segment="lyon"))

    @pytest.mark.parametrize("known", [Vault({"town": "Nice"}), Vault(), None])
    def test_who_is_not_known_to_be_in_it_is_left_out_once(self, known: Vault | None) -> None:
        after = self.PERSON.when(replace(PERFORM, known=known)).then(SKIPPED)
        assert KEY not in after.acts

    def test_the_claim_says_for_which_matters_the_vault_is_asked(self) -> None:
        assert conditions_of(plan_to("lyon")).claims_reading_vault == {"broadcast:news"}
        assert conditions_of(plan_to("salon")).claims_reading_vault == frozenset()
        only = with_list(10, letters=(replace(PLAN.lists[10].letters[0], only="lyon"),))
        asking = conditions_of(replace(only, segments=SEGMENTS)).claims_reading_vault
        assert asking == {"list:10"}

    def test_people_in_the_same_state_are_decided_each_by_their_own_values(self) -> None:
        memo = BatchMemo(plan_to("lyon"), DUE)
        person = self.PERSON.person
        outcomes = [
            memo.perform(replace(PERFORM, known=Vault({"town": town})), person)
            for town in ("Lyon", "Nice", "Lyon")
        ]
        assert [type(o.events[0]).__name__ for o in outcomes if isinstance(o, Done)] == [
            "LetterBegun",
            "LetterWithheld",
            "LetterBegun",
        ]


def test_one_decision_for_many_keeps_the_segment_and_what_the_letter_is_about() -> None:
    plan = plan_to("salon")
    news = replace(NEWS, theme="semis", content="video")
    plan = replace(plan, broadcasts={"news": replace(plan.broadcasts["news"], letter=news)})
    memo, person = BatchMemo(plan, DUE), due(KNOWN, IN_SALON, plan=plan).person
    first, second = (
        memo.perform(replace(PERFORM, message=message), person) for message in ("aaaa", "bbbb")
    )
    assert isinstance(first, Done) and isinstance(second, Done)
    begun = replace(BEGUN, theme="semis", content="video")
    assert (first.events, second.events) == ((begun,), (replace(begun, message="bbbb"),))


def test_a_retry_asks_again_whether_they_are_in_the_segment() -> None:
    put_off = (KNOWN, IN_SALON, BEGUN, e.LetterDeferred(FELL_DUE, "aaaa", FELL_DUE + HOUR))
    again = perform(KEY, FELL_DUE + HOUR)
    plan = plan_to("salon")
    due(*put_off, plan=plan).when(again).then(replace(BEGUN, at=FELL_DUE + HOUR, attempt=2))
    gone = due(*put_off, e.SegmentLeft(FELL_DUE + 1, "salon"), plan=plan)
    gone.when(again).then(replace(SKIPPED, at=FELL_DUE + HOUR, message="aaaa"))


def test_its_reminder_goes_to_who_got_it_and_stays_silent() -> None:
    sent = due(KNOWN, IN_SALON, BEGUN, e.LetterSent(FELL_DUE, "aaaa"), plan=plan_to("salon"))
    at = FELL_DUE + DAY
    reminder = replace(BEGUN, at=at, letter="news-reminder", message="bbbb")
    sent.when(perform(KEY, at, "bbbb")).then(reminder)
    answered = sent.and_also(e.LetterAnswered(FELL_DUE + 1, "aaaa", 0, "human_button"))
    assert KEY not in answered.acts


def test_its_links_lead_from_outside_every_list_and_a_second_answer_moves_on() -> None:
    sent = due(KNOWN, IN_SALON, BEGUN, e.LetterSent(FELL_DUE, "aaaa"), plan=plan_to("salon"))
    yes = c.Answer(FELL_DUE + HOUR, CLICK, "aaaa", 0, 0, 0, "move", 50, "human_button")
    moved = sent.when(yes).then(
        e.ListMoved(FELL_DUE + HOUR, 0, 0, 50, 1, "aaaa", 0, act="human_button")
    )
    assert moved.lists == {50: 1}
    no = replace(yes, link=1, target=51)
    assert moved.when(no).lists == {51: 2}


LETTERS = PLAN.lists[10].letters
WELCOME = perform("list:10", NOON)


def series(**changed: str) -> Plan:
    first = replace(LETTERS[0], **changed)  # type: ignore[arg-type]
    plan = with_list(10, letters=(first, *LETTERS[1:]))
    return replace(plan, segments=SEGMENTS, fields={"town": Field("town", "Ville")})


@pytest.mark.parametrize(
    ("changed", "goes"),
    [
        ({"only": "salon"}, False),
        ({"unless": "salon"}, True),
        ({"only": "lyon"}, False),
        ({"unless": "lyon"}, True),
        ({"unless": "prospects"}, True),
        ({"only": "prospects"}, False),
    ],
)
def test_a_letter_skips_whoever_it_is_not_for(changed: dict[str, str], goes: bool) -> None:
    when = given(ANNA, plan=series(**changed)).when(WELCOME)
    assert when.names == (["LetterBegun"] if goes else ["LetterWithheld"])


def test_who_is_in_the_segment_gets_its_letter_and_is_spared_by_another() -> None:
    person = given(ANNA, IN_SALON, plan=series(only="salon"))
    assert person.when(WELCOME).names == ["LetterBegun"]
    assert person.published(series(unless="salon")).when(WELCOME).names == ["LetterWithheld"]


def test_a_letter_that_is_skipped_is_said_once_and_the_series_goes_on() -> None:
    skipped = given(ANNA, plan=series(only="salon")).when(WELCOME)
    after = skipped.then(e.LetterWithheld(NOON, "list:10", "welcome", "segment", 10, 1))
    act = after.acts["list:10"]
    assert (act.kind, act.letter) == ("letter", LETTERS[1].id)


def test_what_the_vault_knows_counts_at_the_claim_of_a_series_too() -> None:
    person = given(ANNA, plan=series(only="lyon"))
    lyon = replace(WELCOME, known=Vault({"town": "lyon"}))
    assert person.when(lyon).names == ["LetterBegun"]


def test_facts_that_put_somebody_into_a_segment_touch_it() -> None:
    dynamic = {"in": Segment("in", "I", own=Combined(all=(Ordered(), Answered(), On(10))))}
    static = Segment("s", "S", static=True)
    child = Segment("c", "C", parent="s", own=Combined(all=(On(10),)))
    plan = replace(PLAN, segments={**dynamic, "s": static, "c": child})
    touched = conditions_of(plan).touched_by
    assert set(touched([e.SegmentEntered(NOON, "s")])) == {"c"}
    assert set(touched([e.SegmentLeft(NOON, "s")])) == {"c"}
    assert not touched([e.SegmentEntered(NOON, "other")])


@pytest.mark.parametrize(
    ("operator", "known", "truth"),
    [
        ("is", "", True),
        ("is", "Lyon", False),
        ("is not", "", False),
        ("is not", "Lyon", True),
    ],
)
def test_unknown_is_asked_about_in_both_ways(operator: str, known: str, truth: bool) -> None:
    line = FieldIs("town", operator, (), or_unknown=True)  # type: ignore[arg-type]
    assert conditions_of(plan_to("lyon")).value_holds(line, known) is truth


def test_conditions_of_a_plan_are_made_once() -> None:
    plan = plan_to("lyon")
    assert conditions_of(plan) is conditions_of(plan)
