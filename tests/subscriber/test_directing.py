"""A letter that somebody who works here directs to a person leaves now, whenever its author meant
it to; whether it may leave at all is asked as ever.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.i18n.in_words import in_english
from engine.sequence.delay import DAY, Delay
from engine.sequence.pressure import Cap
from engine.sequence.timing import Hours
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.agenda import acts, keys
from engine.subscriber.outcome import NothingToDo, Unchanged
from engine.subscriber.terms import PRESSURE
from tests.examples import (
    ANNA,
    ASKED,
    KNOWN,
    LATER,
    NOON,
    PLAN,
    POLL_AT,
    POLL_DUE,
    SHOP,
    on,
    perform,
    sent,
    with_list,
)
from tests.given import given

LIST, MAILING = "list:10", "broadcast:enfants/2026-03-03"
QUESTION = c.DirectLetter(LATER, SHOP, LIST, "question")
DIRECTED = e.LetterDirected(LATER, LIST, "question", 10, 1)
TO_CLIENTS = c.DirectLetter(LATER, SHOP, MAILING, "enfants", list=10)


def unchanged(*facts: e.PersonEvent, command: c.DirectLetter) -> object:
    outcome = given(*facts).when(command).outcome
    assert isinstance(outcome, NothingToDo) and in_english(outcome)
    return outcome.code


def test_a_letter_of_a_list_is_due_at_once() -> None:
    given(*ANNA, *sent("m0", "welcome")).when(QUESTION).then(DIRECTED)
    person = given(*ANNA, *sent("m0", "welcome"), DIRECTED).person
    act = acts(person, PLAN)[LIST]
    assert (act.letter, act.due, act.planned, act.why) == ("question", LATER, LATER, "")


def test_neither_its_hours_nor_the_lists_gap_hold_it_and_a_pause_of_theirs_does() -> None:
    listed = PLAN.lists[10]
    letters = tuple(replace(one, hours=Hours(at=0)) for one in listed.letters)
    plan = with_list(10, letters=letters, min_gap=Delay(days=3))
    person = given(*ANNA, *sent("m0", "welcome"), DIRECTED).person
    assert acts(person, plan)[LIST].due == LATER
    paused = replace(person, preferences=replace(person.preferences, paused_until=LATER + DAY))
    assert acts(paused, PLAN)[LIST].due >= LATER + DAY


def test_it_is_claimed_once_and_had_from_then_on() -> None:
    claimed = given(*ANNA, *sent("m0", "welcome"), DIRECTED).when(perform(LIST, LATER))
    assert claimed.names == ["LetterBegun"]
    assert unchanged(*ASKED, command=QUESTION) is Unchanged.LETTER_HAD_ALREADY
    assert unchanged(*ANNA, DIRECTED, command=QUESTION) is Unchanged.LETTER_HAD_ALREADY


def test_the_letters_before_it_keep_their_turn() -> None:
    person = given(*ANNA, DIRECTED, *sent("m1", "question", at=LATER)).person
    assert acts(person, PLAN)[LIST].letter == "welcome"


def test_a_broadcast_comes_by_any_list_or_by_a_segment_and_not_again_on_its_date() -> None:
    told = e.LetterDirected(LATER, MAILING, "enfants", 10, 1)
    given(*ANNA).when(TO_CLIENTS).then(told)
    person = given(*ANNA, told).person
    act = acts(person, PLAN)[MAILING]
    assert (act.letter, act.due, act.list, act.run) == ("enfants", LATER, 10, 1)
    assert MAILING in keys(person, PLAN)
    begun = given(*ANNA, told).when(perform(MAILING, LATER))
    assert begun.names == ["LetterBegun"]
    sent_now = (
        told,
        e.LetterBegun(LATER, MAILING, "broadcast", "enfants", "m9", 1, 10, 1, "conseils"),
    )
    had = given(*on(1), e.ListJoined(NOON, 10, 2), *sent_now, e.LetterSent(LATER, "m9", 250))
    on_its_date = acts(had.person, PLAN, POLL_DUE)[MAILING]
    assert on_its_date.letter == "enfants:reminder" and on_its_date.due > POLL_AT
    by_segment = replace(TO_CLIENTS, list=0, segment="lyon")
    by = e.LetterDirected(LATER, MAILING, "enfants", segment="lyon")
    given(*ANNA).when(by_segment).then(by)
    (fact,) = given(*ANNA, by).when(perform(MAILING, LATER)).facts
    assert isinstance(fact.event, e.LetterBegun) and fact.event.segment == "lyon"


@pytest.mark.parametrize(
    ("facts", "command", "why"),
    [
        ((*KNOWN,), QUESTION, Unchanged.NOT_ON_LIST),
        ((*KNOWN,), TO_CLIENTS, Unchanged.NOT_ON_LIST),
        (ANNA, replace(QUESTION, letter="other"), Unchanged.NOT_MEANT_FOR_THEM),
        (ANNA, replace(QUESTION, letter="question-again"), Unchanged.NOT_MEANT_FOR_THEM),
        (ANNA, replace(QUESTION, key="list:999"), Unchanged.NOT_MEANT_FOR_THEM),
        (ANNA, replace(TO_CLIENTS, list=0), Unchanged.NOT_MEANT_FOR_THEM),
        (
            (*ANNA, e.ConsentWithdrawn(NOON, "conseils")),
            QUESTION,
            Unchanged.MAY_NOT_BE_WRITTEN_TO,
        ),
    ],
)
def test_what_is_not_for_them_is_not_directed(
    facts: tuple[e.PersonEvent, ...], command: c.DirectLetter, why: Unchanged
) -> None:
    assert unchanged(*facts, command=command) is why


def test_under_a_full_cap_it_waits_as_ever() -> None:
    plan = replace(PLAN, caps=(Cap(1, Delay(days=7)),))
    directed = given(*ANNA, *sent("m0", "welcome"), DIRECTED, plan=plan)
    assert directed.when(perform(LIST, LATER)).names == ["LetterWithheld"]
    waits = directed.when(perform(LIST, LATER)).done
    assert waits.acts[LIST].why == PRESSURE and waits.acts[LIST].due > LATER
    assert waits.when(QUESTION).names == ["LetterDirected"]


def test_nobody_who_is_erased_gets_one() -> None:
    given(*ANNA, e.SubscriberErased(NOON)).when(QUESTION).refused("")
