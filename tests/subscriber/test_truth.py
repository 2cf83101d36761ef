"""A condition is true, false or unknown of a person, and says when time alone may change that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequence.condition import (
    Answered,
    Combined,
    Condition,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
)
from engine.sequence.delay import DAY, Delay
from engine.sequence.model import Segment
from engine.sequence.timing import later
from engine.subscriber import events as e
from engine.subscriber.condition_answers import FOREVER, not_
from engine.subscriber.evolve import fold
from engine.subscriber.person import NOBODY, GivenAnswer, Membership, Person
from engine.subscriber.truth import SegmentConditions
from tests.conditions import (
    AGAIN,
    MOMENTS,
    PLAN,
    POLL,
    QUESTION,
    Known,
    conditions,
    instants,
    known,
    people,
)
from tests.examples import NOON

SEGMENTS = SegmentConditions(PLAN)
MONTH = Delay(days=30)
ANNA = Person(version=1, memberships={10: Membership(10, 1, NOON, NOON)})
LYON = Known({"town": "LYON"})


def truth(
    condition: Condition, person: Person = ANNA, of: Known | None = LYON, at: int = NOON
) -> bool | None:
    return SEGMENTS.truth_of(SEGMENTS.resolved(condition), person, of, at)[0]


def changes(condition: Condition, person: Person, at: int = NOON) -> int:
    return SEGMENTS.truth_of(SEGMENTS.resolved(condition), person, LYON, at)[1]


TOWN = FieldIs("town", "is", ("Lyon",))


def test_a_value_that_is_not_known_is_neither_the_one_nor_another() -> None:
    nowhere = Known()
    assert truth(TOWN) is True
    assert truth(TOWN, of=nowhere) is None
    assert truth(Combined(none=(TOWN,)), of=nowhere) is None
    assert truth(FieldIs("town", "is not", ("Lyon",)), of=nowhere) is None
    assert truth(FieldIs("town", "is", ("Nice",), or_unknown=True), of=nowhere) is True
    assert truth(FieldIs("town", "is", (), or_unknown=True)) is False


def test_a_value_of_another_type_is_not_known() -> None:
    many = Known({"children": "beaucoup"})
    assert truth(FieldIs("children", "over", ("2",)), of=many) is None
    assert truth(FieldIs("children", "is", (), or_unknown=True), of=many) is True


@pytest.mark.parametrize(
    ("field", "operator", "wanted", "kept", "holds"),
    [
        ("town", "is", "orléans", "ORLEANS", True),
        ("town", "starts with", "ly", "Lyon", True),
        ("town", "is", "Lyon 3", "Lyon", False),
        ("children", "over", "2", "2.5", True),
        ("children", "over", "2", "2", False),
        ("children", "under", "10", "9", True),
        ("birthday", "before", "1980-09-04", "1980-09-03", True),
        ("birthday", "after", "1980-09-03", "1980-09-03", False),
        ("likes", "is", "semis", "semis; taille", True),
        ("likes", "is not", "taille", "semis; taille", False),
    ],
)
def test_values_compare_by_the_type_of_their_field(
    field: str, operator: str, wanted: str, kept: str, holds: bool
) -> None:
    line = FieldIs(field, operator, (wanted,))  # type: ignore[arg-type]
    assert truth(line, of=Known({field: kept})) is holds


def test_a_group_is_any_of_its_lists() -> None:
    assert truth(InGroup("clients")) is True
    assert truth(InGroup("nobody")) is False


def test_an_act_leaves_its_window_on_the_minute_of_the_persons_calendar() -> None:
    answered = replace(ANNA, answers={"list:10/again": (GivenAnswer("m", "Oui", NOON),)})
    line = Answered(QUESTION, "oui", within=MONTH)
    end = later(NOON, MONTH, "Europe/Paris")
    assert changes(line, answered) == end
    assert end != NOON + 30 * DAY  # the clock goes forward meanwhile
    assert truth(line, answered, at=end - 1) is True
    assert truth(line, answered, at=end) is False


def test_who_was_never_heard_of_is_silent() -> None:
    assert truth(Silent(MONTH)) is True
    assert truth(Silent(MONTH), replace(ANNA, last_contact=NOON - DAY)) is False


def test_as_many_times_as_written_counts_from_the_latest() -> None:
    two = replace(ANNA, received={"conseils": (NOON - 40 * DAY, NOON - DAY), "offres": (NOON,)})
    assert truth(Received(MONTH, 2, "conseils"), two) is False
    assert truth(Received(MONTH, 2), two) is True


def test_a_child_is_its_parent_and_its_own_lines() -> None:
    answered = replace(ANNA, answers={"list:10/question": (GivenAnswer("m", "Oui", NOON),)})
    assert truth(InSegment("lyon"), answered) is True
    assert truth(InSegment("lyon")) is False


def test_facts_after_an_instant_can_be_left_out() -> None:
    late = replace(
        ANNA, memberships={12: Membership(12, 2, NOON + 1, NOON + 1)}, segments={"salon": NOON + 1}
    )
    for line in (On(12), InSegment("salon")):
        assert SEGMENTS.truth_of(line, late, None, NOON + 1)[0] is True
        assert SEGMENTS.truth_of(line, late, None, NOON + 1, upto=NOON)[0] is False


def test_who_was_not_put_into_a_static_segment_is_not_in_it() -> None:
    assert truth(InSegment("salon")) is False
    assert truth(InSegment("salon"), replace(ANNA, segments={"salon": NOON})) is True


def test_what_reads_the_vault_is_known_as_such() -> None:
    assert SEGMENTS.personal == {"lyon"}
    assert set(SEGMENTS.dynamic) == {"actifs", "lyon"}


def test_facts_touch_the_segments_that_ask_about_them() -> None:
    answer = e.LetterAnswered(NOON, "m", 0, "human_button", "list:10/question", "Oui")
    town = e.ProfileChanged(NOON, ("town",))
    assert set(SEGMENTS.touched_by([answer])) == {"actifs", "lyon"}
    undone = e.MoveUndone(NOON, "m", 11, 11, ())
    assert set(SEGMENTS.touched_by([undone])) == {"actifs", "lyon"}
    assert set(SEGMENTS.touched_by([town])) == {"lyon"}
    assert not SEGMENTS.touched_by([e.LetterSent(NOON, "m")])


QUESTIONS = st.sampled_from(["", "list:10/question", "list:10/again", "broadcast:enfants/enfants"])
PRODUCTS = st.sampled_from([("SEMIS",), ("COURS",), (), tuple(f"P{n}" for n in range(60))])


def facts(at: int) -> st.SearchStrategy[e.PersonEvent]:
    return st.one_of(
        st.builds(e.ListJoined, st.just(at), st.sampled_from([10, 11, 12]), st.just(99)),
        st.builds(e.ListLeft, st.just(at), st.sampled_from([10, 11, 12]), st.sampled_from([10])),
        st.builds(
            e.ListMoved, st.just(at), st.just(10), st.just(10), st.just(11), st.just(99),
            st.just("m"), st.just(1), question=QUESTIONS, label=st.just("Oui"),
        ),
        st.builds(
            e.LetterAnswered, st.just(at), st.just("m"), st.just(1), st.just("human_button"),
            QUESTIONS, st.sampled_from(["Oui", "Non"]),
        ),
        st.builds(e.MoveUndone, st.just(at), st.just("m"), st.just(11), st.just(11), st.just(())),
        st.builds(
            e.OrderRecorded, st.just(at), st.just("o"), st.just(9), st.just("EUR"), PRODUCTS
        ),
        st.just(e.OrderRefunded(at, "o", 9, "EUR")),
        st.just(e.SegmentEntered(at, "salon")),
        st.just(e.ContactNoted(at, at)),
        st.just(e.ProfileChanged(at, (), "Australia/Lord_Howe")),
        st.just(e.SubscriberRegistered(at, "America/New_York")),
    )  # fmt: skip


ASKED: tuple[Condition, ...] = (
    On(10),
    InGroup("clients"),
    InSegment("salon"),
    Joined(10, MONTH),
    Answered(),
    Answered(QUESTION, "oui", within=MONTH),
    Received(MONTH),
    Ordered(),
    Ordered("SEMIS", 2, MONTH),
    Silent(MONTH),
    Combined(all=(TOWN, Ordered("COURS"))),
    Combined(none=(Answered(POLL), On(11))),
)
OF_EACH_LINE = SegmentConditions(
    replace(
        PLAN,
        segments={**PLAN.segments}
        | {f"s{n}": Segment(f"s{n}", "S", own=Combined(all=(c,))) for n, c in enumerate(ASKED)},
    )
)


@given(st.data(), st.sampled_from(MOMENTS), st.booleans())
def test_what_facts_do_not_touch_stays_as_it_is(
    data: st.DataObject, around: int, new: bool
) -> None:
    asked, some = OF_EACH_LINE, st.lists(facts(around), min_size=1, max_size=4)
    before = NOBODY if new else fold(data.draw(some), data.draw(people(around)))
    happened = [*([e.SubscriberRegistered(around)] if new else []), *data.draw(some)]
    after, of = fold(happened, before), data.draw(known)
    for name in asked.dynamic.keys() - set(asked.touched_by(happened, after)):
        stood = (False, 0) if new else asked.holds(name, before, of, around)
        assert asked.holds(name, after, of, around) == stood
    answers = {name: asked.holds(name, after, of, around) for name in asked.dynamic}
    members, look = asked.memberships(frozenset(asked.dynamic), after, of, around)
    assert members == {name for name, (truth, _) in answers.items() if truth}
    assert look == min((look for _, look in answers.values() if look), default=0)


@given(st.data(), st.sampled_from(MOMENTS))
def test_nothing_changes_before_the_instant_that_is_named(data: st.DataObject, around: int) -> None:
    condition = SEGMENTS.resolved(data.draw(conditions))
    person, of = data.draw(people(around)), data.draw(known)
    now, then = sorted(data.draw(st.tuples(instants(around), instants(around))))
    truth_now, changes_at = SEGMENTS.truth_of(condition, person, of, now)
    assert changes_at == 0 or changes_at > now
    if changes_at == 0 or then < changes_at:
        truth_then, look = SEGMENTS.truth_of(condition, person, of, then)
        assert (truth_then is True, look) == (truth_now is True, changes_at)
    else:
        assert SEGMENTS.truth_of(condition, person, of, changes_at)[1] != changes_at


CLICKED = Measured("clicked", MONTH, QUESTION)
AGREED = NOON - 40 * DAY


@pytest.mark.parametrize(
    ("since", "acts", "holds"),
    [
        (0, (), None),
        (AGREED, (), False),
        (NOON - DAY, (), None),
        (AGREED, (("clicked", "list:10/question", NOON - DAY),), True),
        (AGREED, (("clicked", AGAIN, NOON - DAY),), True),
        (AGREED, (("clicked", "list:11/x", NOON - DAY),), False),
        (AGREED, (("opened", "list:10/question", NOON - DAY),), False),
        (AGREED, (("clicked", "list:10/question", NOON - 31 * DAY),), False),
        (NOON - DAY, (("clicked", "list:10/question", NOON),), True),
        (NOON - DAY, (("clicked", "list:10/question", NOON - 2 * DAY),), None),
    ],
)
def test_what_was_measured_is_known_of_who_agreed_for_as_long_as_they_did(
    since: int, acts: tuple[tuple[str, str, int], ...], holds: bool | None
) -> None:
    person = replace(ANNA, measured_since=since)
    assert truth(CLICKED, person, Known(measured=acts)) is holds
    assert truth(CLICKED, person, None) is None, "where no vault is at hand"
    assert truth(Combined(none=(CLICKED,)), person, Known(measured=acts)) is (
        None if holds is None else not holds
    )


@pytest.mark.parametrize(
    ("acts", "holds"),
    [
        ((), False),
        ((("relayed", "list:10/question", NOON - 35 * DAY),), None),
        ((("relayed", "list:10/question", AGREED - DAY),), False),
        ((("relayed", "list:11/x", NOON - DAY),), False),
        (
            (("relayed", AGAIN, NOON - 2 * DAY), ("opened", "list:10/question", NOON - DAY)),
            True,
        ),
    ],
)
def test_whether_who_has_their_pictures_relayed_opened_a_letter_is_not_known(
    acts: tuple[tuple[str, str, int], ...], holds: bool | None
) -> None:
    person, known = replace(ANNA, measured_since=AGREED), Known(measured=acts)
    assert truth(Measured("opened", MONTH, QUESTION), person, known) is holds
    assert truth(CLICKED, person, known) is False


def test_time_makes_it_known_and_ends_what_was_done() -> None:
    lately = replace(ANNA, measured_since=NOON - DAY)
    of = Known(measured=(("clicked", "list:10/question", NOON),))
    line = SEGMENTS.resolved(CLICKED)
    assert SEGMENTS.truth_of(line, lately, Known(), NOON) == (
        None,
        later(NOON - DAY, MONTH, "Europe/Paris"),
    )
    assert SEGMENTS.truth_of(line, lately, of, NOON) == (True, later(NOON, MONTH, "Europe/Paris"))


def test_where_the_town_is_not_known_time_alone_helps_nobody() -> None:
    received = replace(ANNA, received={"conseils": (NOON,)})
    line = Combined(all=(TOWN, Received(MONTH)))
    assert SEGMENTS.truth_of(line, received, Known(), NOON) == (None, 0)
    assert SEGMENTS.truth_of(line, received, LYON, NOON) == (
        True,
        later(NOON, MONTH, "Europe/Paris"),
    )


@given(st.data(), st.sampled_from(MOMENTS))
def test_not_is_the_other_and_unknown_stays_unknown(data: st.DataObject, around: int) -> None:
    condition = SEGMENTS.resolved(data.draw(conditions))
    person, of = data.draw(people(around)), data.draw(known)
    first, look = SEGMENTS.truth_of(condition, person, of, around)
    negated, _ = SEGMENTS.truth_of(Combined(none=(condition,)), person, of, around)
    assert negated is not_(first)
    assert SEGMENTS.truth_of(Combined(any=(condition,)), person, of, around)[0] is first
    assert look < FOREVER


def test_who_came_by_a_form_has_it_for_a_source() -> None:
    line = SourceIs(("salon",))
    for person, expected in (
        (Known(form="salon"), True),
        (Known(source="foire", form="salon"), False),
        (Known(source="salon", form="web"), True),
        (Known(), None),
    ):
        assert truth(line, of=person) is expected
