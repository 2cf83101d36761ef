"""History is what it is: whatever facts follow one another, also such as no rule would let happen,
a person is folded from them.
"""

from __future__ import annotations

import typing
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given as whatever
from hypothesis import settings
from hypothesis import strategies as st

from engine.ledger.codec import pack, unpacker
from engine.subscriber import events as e
from engine.subscriber.agenda import acts
from engine.subscriber.evolve import evolve, fold
from engine.subscriber.person import NOBODY, Person
from tests.examples import NOON, PLAN, POLL_DUE
from tests.ledger.events import kinds_of
from tests.sizes import sized

NAMES = (
    "conseils",
    "*",
    "list:10",
    "list:1",
    "ask:conseils",
    "broadcast:enfants/2026-03-03",
    "welcome",
    "question",
    "ask",
    "m1",
    "m2",
    "rule",
    "",
)
NUMBERS = st.sampled_from([0, 1, 2, 3, 10, 11, NOON, NOON + 1])
read_back = unpacker(Person)


def few(kind: object) -> st.SearchStrategy[object]:
    """Few different values, so that facts meet."""
    if kind in (int, bool):
        return NUMBERS if kind is int else st.booleans()
    if kind is str:
        return st.sampled_from(NAMES)
    inner = typing.get_args(kind)
    return (
        st.lists(few(inner[0]), max_size=2).map(tuple)
        if inner[1:] == (...,)
        else st.tuples(*map(few, inner))
    )


def any_of(kind: type) -> st.SearchStrategy[typing.Any]:
    return st.builds(kind, **{name: few(hint) for name, hint in kinds_of(kind).items()})


KINDS = typing.get_args(e.PersonEvent)
HISTORIES = st.lists(st.sampled_from(KINDS).flatmap(any_of), max_size=25)


@settings(max_examples=sized(37, 150), deadline=None)
@whatever(HISTORIES)
def test_any_history_folds_to_a_person_whose_agenda_can_be_told(
    events: list[e.PersonEvent],
) -> None:
    person = NOBODY
    for event in events:
        person = evolve(person, event)
        acts(person, PLAN, POLL_DUE)
    assert person.version == len(events)
    assert fold(events) == person == read_back(pack(person))


@settings(max_examples=sized(25, 100), deadline=None)
@whatever(HISTORIES, HISTORIES)
def test_a_fold_goes_on_from_wherever_it_stopped(
    first: list[e.PersonEvent], later: list[e.PersonEvent]
) -> None:
    assert fold(later, fold(first)) == fold([*first, *later])


def test_no_further_fact_leaves_a_person_as_they_were() -> None:
    values: dict[str, typing.Any] = {field.name: field.name for field in fields(Person)}
    person = Person(**values)
    assert fold((), person) == person


def test_a_person_is_assigned_nothing_once_folded() -> None:
    person = fold([e.SubscriberRegistered(NOON)])
    with pytest.raises(FrozenInstanceError):
        person.suppressed = "bounced"  # type: ignore[misc]


def test_every_kind_of_fact_is_tried() -> None:
    assert len(KINDS) >= 29
    assert all(kinds_of(kind)["at"] is int for kind in KINDS)


def test_what_a_person_is_never_changes_by_being_looked_at() -> None:
    person = fold([e.SubscriberRegistered(NOON), e.ListJoined(NOON, 10, 1)])
    before = pack(person)
    evolve(person, e.ListLeft(NOON, 10, 1, "asked"))
    assert pack(person) == before
