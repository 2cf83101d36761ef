"""What letters come to: counters that name nobody, from what the rows of the letters say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import pytest

from engine.context import AppContext
from engine.ledger.codec import Entry
from engine.ledger.names import NAME_OF
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.views import week_of
from projections.counters import Cell, CohortTally, Tally, arrivals_in
from projections.letter_rows import LetterRows, needed_by
from tests.projections.test_rebuilding import (
    a_life_with_every_turn,
    begun,
    happened,
    joined,
    silent,
)

AT = 1_700_000_000_000
ANNA, BELA = (f"{number:08d}-0000-0000-0000-000000000000" for number in (1, 2))
ONE, TWO = "1" * 32, "2" * 32
ENGINE = e.Cause("engine")
Fact = e.Event | tuple[e.Event, e.Cause]


def counts(facts: Iterable[Fact], person: str = ANNA) -> dict[tuple[str, str], int]:
    return {(cell.what, cell.detail): n for cell, (n, _) in tallied(facts, person).items()}


def amounts(facts: Iterable[Fact], letter: str) -> dict[str, int]:
    return {
        cell.what: amount
        for cell, (_, amount) in tallied(facts).items()
        if cell.letter == letter and amount
    }


def tallied(facts: Iterable[Fact], person: str = ANNA) -> dict[Cell, tuple[int, int]]:
    entries = entries_of(facts, person)
    rows, tally = LetterRows(needed_by(entries).spans), Tally()
    for entry in entries:
        rows.take(entry)
    tally.add(rows, 1)
    return tally.changed()


def entries_of(facts: Iterable[Fact], person: str = ANNA) -> list[Entry]:
    entries = []
    for position, fact in enumerate(facts, start=1):
        event, cause = fact if isinstance(fact, tuple) else (fact, ENGINE)
        known = cast(e.PersonEvent, event)
        name = NAME_OF[type(known)]
        entries.append(Entry(position, person, position, name, event.at, event.at, cause, known))
    return entries


def sent(at: int = AT, message: str = ONE, key: str = "list:10") -> tuple[e.PersonEvent, ...]:
    return begun(at, message, key=key), e.LetterSent(at + 1, message)


def moved(at: int, target: int, link: int, label: str, message: str = ONE) -> e.ListMoved:
    return e.ListMoved(
        at, 10, 1, target, 2, message, link, act="human_button", question="list:10/un", label=label
    )


def test_a_letter_counts_once_by_what_became_of_it_last() -> None:
    assert counts([begun(AT, ONE)]) == {("became", "begun"): 1}
    deferred = [begun(AT, ONE), e.LetterDeferred(AT + 1, ONE, AT + 9)]
    assert counts(deferred) == {("became", "deferred"): 1}
    again = [*deferred, begun(AT + 9, ONE, attempt=2), e.LetterSent(AT + 10, ONE)]
    assert counts(again) == {("became", "sent"): 1}


def test_a_letter_in_doubt_that_is_taken_as_sent_was_accepted() -> None:
    doubt = [begun(AT, ONE), e.LetterInDoubt(AT + 1, ONE)]
    assert counts(doubt) == {("became", "doubt"): 1}
    settled = [*doubt, e.LetterInDoubt(AT + 2, ONE, "taken-as-sent")]
    assert counts(settled) == {("became", "sent"): 1}


@pytest.mark.parametrize(
    "facts, bounce",
    [
        ([e.LetterFailed(AT, ONE, why="refused"), e.MailBounced(AT, "hard", ONE)], "hard"),
        ([e.LetterFailed(AT, ONE, why="refused"), e.MailBounced(AT, "soft", ONE)], "soft"),
        ([e.LetterFailed(AT, ONE, why="refused")], "blocked"),
        (
            [
                e.LetterDeferred(AT, ONE, AT + 1, why="blocked"),
                e.LetterFailed(AT, ONE, why="gave up"),
            ],
            "blocked",
        ),
        ([e.LetterFailed(AT, ONE, why="gave up")], "gave-up"),
    ],
)
def test_a_refused_letter_counts_by_whose_fault_it_was(
    facts: list[e.PersonEvent], bounce: str
) -> None:
    counted = counts([begun(AT, ONE), *facts])
    assert counted == {("became", "failed"): 1, ("bounced", bounce): 1}


def test_a_letter_that_came_back_later_was_accepted_and_bounced() -> None:
    counted = counts([*sent(), e.MailBounced(AT + DAY, "hard", ONE)])
    assert counted == {("became", "sent"): 1, ("bounced", "hard"): 1}


def test_a_letter_withheld_before_it_was_begun_counts_with_its_reason_once() -> None:
    withheld = [e.LetterWithheld(AT + n, "list:10", "un", "preferences", 10, 1) for n in range(2)]
    assert counts(withheld) == {("became", "withheld"): 1, ("withheld", "preferences"): 1}


def test_a_letter_that_waits_for_room_is_not_withheld() -> None:
    waiting = e.LetterWithheld(AT, "list:10", "un", "pressure", 10, 1, until=AT + DAY)
    assert counts([waiting]) == {}


def test_of_two_moves_the_later_holds_and_copies_stand_beside_it() -> None:
    copied = e.ListCopied(AT + 3, 10, 1, 12, 3, ONE, 2, "auto_submit", label="Aussi")
    facts = [*sent(), moved(AT + 2, 11, 0, "Oui"), copied, moved(AT + 4, 20, 1, "Non")]
    assert counts(facts) == {
        ("became", "sent"): 1, ("answered", ""): 1, ("answer", "Non"): 1, ("moved", "20"): 1,
        ("answer", "Aussi"): 1, ("answer-by-page", "Aussi"): 1, ("copied", "12"): 1,
    }  # fmt: skip


def test_a_move_taken_back_was_no_answer() -> None:
    undone = e.MoveUndone(AT + 3, ONE, 11, 2, ((10, 1),))
    assert counts([*sent(), moved(AT + 2, 11, 0, "Oui"), undone]) == {("became", "sent"): 1}


def test_an_answer_recorded_without_its_words_counts_by_its_place() -> None:
    counted = counts([*sent(), e.LetterAnswered(AT + 2, ONE, 1, "human_button")])
    assert counted[("answer", "#2")] == 1


def test_an_order_counts_for_the_last_letter_of_seven_days_and_for_the_last_act() -> None:
    order = e.OrderRecorded(AT + 2 * DAY, "o", 4900, "EUR")
    facts = [
        *sent(),
        moved(AT + 2, 11, 0, "Oui"),
        *sent(AT + DAY, TWO, key="broadcast:mai/2026-05-01"),
        order,
        e.OrderRefunded(AT + 3 * DAY, "o", 900, "EUR"),
    ]
    assert amounts(facts, "broadcast:mai/un") == {"ordered": 4900, "refunded": 900}
    acted = {"ordered-after-act": 4900, "refunded-after-act": 900}
    assert amounts(facts, "list:10/un") == acted


@pytest.mark.parametrize("after, counted", [(0, 1), (7 * DAY, 1), (7 * DAY + 1, 0), (-1, 0)])
def test_an_order_counts_within_seven_days_of_the_letter(after: int, counted: int) -> None:
    order = e.OrderRecorded(AT + 1 + after, "o", 4900, "EUR")
    assert counts([*sent(), order]).get(("ordered", "EUR"), 0) == counted


def test_an_automatic_answer_is_no_act_before_an_order() -> None:
    answered = e.LetterAnswered(AT + 2, ONE, 0, "auto_submit")
    counted = counts([*sent(), answered, e.OrderRecorded(AT + 3, "o", 4900, "EUR")])
    assert ("ordered-after-act", "EUR") not in counted


@pytest.mark.parametrize(
    "door, counted", [("click", 1), ("one-click", 1), ("mailto", 1), ("operator", 0)]
)
def test_a_withdrawal_counts_for_the_letter_whose_link_was_pressed(door: str, counted: int) -> None:
    withdrawn = e.ConsentWithdrawn(AT + 2, "conseils", "human_button"), e.Cause(door, ONE)
    assert counts([*sent(), withdrawn]).get(("unsubscribed", ""), 0) == counted


def test_a_complaint_counts_for_the_last_letter_accepted() -> None:
    facts = [*sent(), *sent(AT + DAY, TWO, key="list:20"), e.MailComplained(AT + 2 * DAY, "relay")]
    complained = [cell.letter for cell in tallied(facts) if cell.what == "complained"]
    assert complained == ["list:20/un"]


def test_a_complaint_that_names_its_letter_counts_for_that_one() -> None:
    complained = e.MailComplained(AT + 2 * DAY, "yahoo"), e.Cause("mail", ONE)
    facts = [*sent(), *sent(AT + DAY, TWO, key="list:20"), complained]
    assert [cell.letter for cell in tallied(facts) if cell.what == "complained"] == ["list:10/un"]


def test_all_that_becomes_of_a_letter_counts_in_the_week_it_was_begun() -> None:
    """2026-11-29 was a Sunday, and the Monday of its week the 23rd."""
    sunday = 1_795_996_799_000
    assert week_of(sunday) * DAY == 1_795_392_000_000
    assert week_of(sunday + 1000) == week_of(sunday) + 7
    facts = [*sent(sunday), moved(sunday + 8 * DAY, 11, 0, "Oui")]
    assert {cell.week for cell in tallied(facts)} == {week_of(sunday)}


def test_people_are_erased_and_the_counters_stay(make_context: Callable[..., AppContext]) -> None:
    context = make_context({})
    at = context.clock.now()
    anna = happened(context, *a_life_with_every_turn(at, ONE))
    context.views.catch_up()
    before = context.views.counted([""])
    assert {("became", "sent"), ("complained", ""), ("refunded", "EUR")} <= {
        (count.what, count.detail) for count in before
    }
    happened(context, e.SubscriberErased(at + DAY), to=anna)
    happened(context, *joined(at))
    context.views.catch_up()
    assert context.views.counted([""]) == before
    assert context.views.counted(["list:10/un"]) == before
    assert context.views.counted([""], since=week_of(at) + 1) == []
    context.views.rebuild(["letters"], silent)
    assert sorted(map(repr, context.views.counted([""]))) == sorted(map(repr, before))
    assert context.views.compare(silent) == []


def test_counters_are_handed_out_added_up_over_the_weeks_or_by_week_alone(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context({})
    at, week = context.clock.now(), 7 * DAY
    letters = [fact for n in range(3) for fact in sent(at + n * week, f"{n}" * 32)]
    happened(context, *joined(at), *letters, *sent(at, "a" * 32, "ask:conseils"))
    context.views.catch_up()
    assert sorted((c.letter, c.week, c.n) for c in context.views.counted([""])) == [
        ("ask:conseils/un", 0, 1),
        ("list:10/un", 0, 3),
    ]
    mondays = [week_of(at + n * week) for n in range(3)]
    by_week = context.views.counted_weeks([""])
    assert sorted((c.week, c.letter, c.list, c.n) for c in by_week) == [
        (monday, "", 0, 1) for monday in mondays
    ]
    of_list = context.views.counted_weeks([""], mondays[1], mondays[2], 10)
    assert sorted(c.week for c in of_list) == mondays[1:]
    assert context.views.counted([""], number=11) == context.views.counted_weeks([""], number=11)


def cohorts(*facts: Fact) -> dict[tuple[int, int, str], int]:
    """By weeks counted from the first fact's."""
    entries = entries_of(facts)
    rows, tally = LetterRows(needed_by(entries).spans), CohortTally()
    for entry in entries:
        rows.take(entry)
    tally.add(rows, 1)
    first = week_of(AT)
    counted = tally.by_week(arrivals_in(entries))
    return {
        ((at - first) // 7, (to - first) // 7, what): n for (at, to, what), n in counted.items()
    }


def test_who_came_in_a_week_is_followed_week_by_week() -> None:
    came, answer = e.ListJoined(AT, 10, 1), moved(AT + 8 * DAY, 11, 0, "Oui")
    left = (e.ConsentWithdrawn(AT + 16 * DAY, "conseils"), e.Cause("click", TWO))
    assert cohorts(came, *sent(AT), answer, *sent(AT + 15 * DAY, TWO), left) == {
        (0, 0, "joined"): 1,
        (0, 0, "accepted"): 1,
        (0, 0, "answered"): 1,
        (0, 2, "accepted"): 1,
        (0, 2, "unsubscribed"): 1,
    }


def test_only_the_first_list_counts_and_only_letters_since() -> None:
    came, again = e.ListJoined(AT, 10, 1), e.ListJoined(AT + 7 * DAY, 11, 1)
    assert cohorts(*sent(AT), came, again) == {(0, 0, "joined"): 1}
