"""Who was known to stand where: the fold of what had been recorded by then, whatever came later,
however it is dated.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit.person_history import (
    NO_GROUND,
    GroundHistory,
    MembershipAsOf,
    memberships_as_of,
)
from engine.ledger.codec import Entry
from engine.ledger.names import NAME_OF
from engine.subscriber import events as e
from engine.subscriber.evolve import fold
from engine.subscriber.person import Ground

DAY = 86_400_000
STREAM = "7b1c1c5e-0000-4000-8000-000000000001"
CAUSE = e.Cause("import")
ON_TEN = (
    (1, e.SubscriberRegistered(DAY)),
    (1, e.ConsentGiven(DAY, "conseils", "single")),
    (1, e.ListJoined(DAY, 10, 1)),
)


def history(*dated: tuple[int, e.PersonEvent]) -> list[Entry]:
    """Events with the day each was recorded on."""
    return [
        Entry(number, STREAM, number, NAME_OF[type(event)], event.at, recorded * DAY, CAUSE, event)
        for number, (recorded, event) in enumerate(dated, start=1)
    ]


def then(day: int, entries: Sequence[Entry]) -> list[MembershipAsOf]:
    known = [entry.position for entry in entries if entry.recorded_at <= day * DAY]
    return list(memberships_as_of(entries, day * DAY, len(known), lambda number: "conseils"))


def test_a_place_recorded_by_then_is_known_with_both_dates_of_its_ground() -> None:
    given_ = e.ConsentGiven(2 * DAY, "conseils", "declared")
    entries = history(
        (5, e.SubscriberRegistered(5 * DAY)), (5, given_), (5, e.ListJoined(5 * DAY, 10, 1))
    )
    assert then(4, entries) == [
        MembershipAsOf(STREAM, 0, "conseils", None, _ground(entries), entries[1], known=False)
    ]
    (membership,) = then(5, entries)
    assert (membership.list, membership.known, membership.joined, membership.given) == (
        10,
        True,
        entries[2],
        entries[1],
    )


def _ground(entries: Sequence[Entry]) -> Ground:
    return fold([entry.event for entry in entries]).grounds["conseils"]  # type: ignore[misc]


GIVEN, STOPPED = (
    e.ConsentGiven(DAY, "conseils", "single"),
    e.PurposeStopped(DAY, "conseils", DAY, 0),
)
BOUNCED, FROZEN = e.MailBounced(DAY, "hard", "m1"), e.ProcessingRestricted(DAY)
BEGUN = e.LetterBegun(DAY, "list:10", "letter", "un", "m1", 10, 1, 1, "conseils", "bench")


@pytest.mark.parametrize(
    "facts",
    [
        (e.ConsentWithdrawn(DAY, "conseils"),),
        (e.ConsentWithdrawn(DAY, "*"),),
        (e.ConsentWithdrawn(DAY, "*"), GIVEN),
        (BOUNCED,),
        (BOUNCED, e.SubscriberReachable(DAY, "mail")),
        (e.MailComplained(DAY),),
        (e.SubscriberSuppressed(DAY, "asked"),),
        (FROZEN,),
        (FROZEN, e.ProcessingRestricted(DAY, True)),
        (STOPPED,),
        (STOPPED, e.LetterAnswered(2 * DAY, "m1", 1, "human_button", "list:10/un", "Oui")),
        (STOPPED, e.OrderRecorded(2 * DAY, "o", 100, "EUR", ("A",))),
        (STOPPED, e.PreferencesSet(2 * DAY, act="human_button")),
        (STOPPED, e.ContactNoted(2 * DAY, 2 * DAY)),
        (e.SubscriberErased(DAY),),
    ],
)
def test_what_bears_on_no_ground_may_be_left_out_of_what_came_before(
    facts: tuple[e.PersonEvent, ...],
) -> None:
    """A page of somebody's facts shows the ground of each letter in it, and reads little more."""
    noise: tuple[e.PersonEvent, ...] = (
        e.ListJoined(DAY, 10, 1),
        BEGUN,
        e.LetterSent(DAY, "m1"),
        e.ProfileRead(DAY),
    )
    life: list[e.PersonEvent] = [e.SubscriberRegistered(DAY), GIVEN, *noise]
    for fact in facts:
        life += [fact, *noise]
    whole, window = GroundHistory(), GroundHistory()
    for entry in history(*((1, event) for event in life)):
        whole.add(entry)
        if type(entry.event) not in NO_GROUND:
            window.add(entry)
    assert window.of_letter(BEGUN) == whole.of_letter(BEGUN)


def test_a_joining_recorded_later_that_claims_an_earlier_day_is_told_apart() -> None:
    consent = e.ConsentGiven(3 * DAY, "conseils", "declared")
    joining = e.ListJoined(9 * DAY, 10, 1, "by-date", 3 * DAY)
    entries = history((9, e.SubscriberRegistered(9 * DAY)), (9, consent), (9, joining))
    (membership,) = then(5, entries)
    assert (membership.list, membership.known, membership.joined) == (10, False, entries[2])
    assert then(2, entries) == []


def test_a_leaving_recorded_later_that_claims_an_earlier_day_is_shown_beside_the_place() -> None:
    entries = history(*ON_TEN, (9, e.ListLeft(3 * DAY, 10, 1, "asked")))
    (membership,) = then(5, entries)
    assert (membership.known, membership.left) == (True, entries[3])
    (membership,) = then(2, entries)
    assert membership.left is None
    assert then(9, entries) == []


def test_a_fact_that_stands_after_what_was_recorded_later_was_not_known_by_its_own_date() -> None:
    """Its date of recording was set back: it stands where the ledger had come to by then."""
    entries = history(*ON_TEN, (9, e.ProfileChanged(9 * DAY)), (2, e.ListJoined(2 * DAY, 20, 2)))
    on_ten, on_twenty = memberships_as_of(entries, 5 * DAY, 3, lambda number: "conseils")
    assert (on_ten.list, on_ten.known) == (10, True)
    assert (on_twenty.list, on_twenty.known, on_twenty.joined) == (20, False, entries[4])


def test_after_an_undo_the_time_on_the_other_list_is_told_with_both_its_facts() -> None:
    moved = e.ListMoved(4 * DAY, 10, 1, 11, 2, "m", 0)
    undone = e.MoveUndone(6 * DAY, "m", 11, 2, ((10, 1),))
    again = e.ListMoved(7 * DAY, 10, 1, 11, 3, "m", 0)
    back = e.MoveUndone(8 * DAY, "m", 11, 3, ((10, 1),))
    entries = history(*ON_TEN, (4, moved), (6, undone), (7, again), (8, back))
    assert [(m.list, m.away) for m in then(5, entries)] == [(11, ())]
    assert [(m.list, m.joined, m.away) for m in then(6, entries)] == [
        (10, entries[2], ((entries[3], entries[4]),))
    ]
    assert [m.away for m in then(8, entries)] == [
        ((entries[3], entries[4]), (entries[5], entries[6]))
    ]


def test_a_withdrawn_ground_is_shown_as_it_was_known() -> None:
    entries = history(*ON_TEN, (4, e.ConsentWithdrawn(4 * DAY, "conseils")))
    assert [membership.ground.status for membership in then(4, entries) if membership.ground] == [
        "withdrawn"
    ]
    assert [membership.ground.status for membership in then(3, entries) if membership.ground] == [
        "live"
    ]


def test_whoever_is_erased_stands_nowhere_afterwards_and_stood_there_before() -> None:
    entries = history(*ON_TEN, (4, e.SubscriberErased(4 * DAY)))
    assert len(then(3, entries)) == 1 and then(4, entries) == []


EVENTS = st.one_of(
    st.builds(lambda at, n: e.ListJoined(at, n, n), st.integers(0, 20 * DAY), st.integers(1, 4)),
    st.builds(
        lambda at, n: e.ListLeft(at, n, n, "asked"), st.integers(0, 20 * DAY), st.integers(1, 4)
    ),
    st.builds(lambda at: e.ConsentGiven(at, "conseils", "declared"), st.integers(0, 20 * DAY)),
    st.builds(lambda at: e.ConsentWithdrawn(at, "conseils"), st.integers(0, 20 * DAY)),
    st.builds(
        lambda at, n: e.ListTransferred(at, 1, 1, n, n, "rule"),
        st.integers(0, 20 * DAY),
        st.integers(2, 4),
    ),
    st.builds(e.SubscriberErased, st.integers(0, 20 * DAY)),
)


@given(
    st.lists(EVENTS, max_size=12),
    st.lists(st.integers(0, 3), min_size=13, max_size=13),
    st.integers(0, 25),
)
def test_what_was_known_is_the_fold_of_what_was_recorded(
    events: list[e.PersonEvent], steps: list[int], day: int
) -> None:
    days = [sum(steps[: n + 1]) for n in range(len(steps))]
    entries = history((0, e.SubscriberRegistered(0)), *zip(days, events, strict=False))
    known = fold([entry.event for entry in entries if entry.recorded_at <= day * DAY])  # type: ignore[misc]
    found = then(day, entries)
    assert {(s.list, s.joined.recorded_at <= day * DAY) for s in found if s.known and s.joined} == {
        (n, True) for n in known.memberships
    }
    assert all(s.ground == known.grounds.get("conseils") for s in found if s.known)
    late = [s for s in found if not s.known]
    assert all(
        (s.joined or s.given) is not None and (s.joined or s.given).recorded_at > day * DAY  # type: ignore[union-attr]
        for s in late
    )
