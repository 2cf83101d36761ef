"""A decision may rest on a person as they were a moment ago: it ends as if they had been read anew,
whatever has happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.commands.command_handler import Wish
from engine.context import House
from engine.subscriber.commands import Subscribe, Withdraw
from engine.subscriber.events import Cause, ConsentWithdrawn
from engine.subscriber.outcome import Done, NothingToDo
from engine.subscriber.person import Person
from engine.vault.vault import Keep

pytestmark = pytest.mark.postgres
OPERATOR = Cause("operator")
FILES = {"one.toml": 'title = "Un"\npurpose = "conseils"\n[[list]]\nid = 1\nname = "un"\n'}


def _join(house: House) -> tuple[str, Person]:
    now = house.clock.now()
    result = house.decisions.one(
        Wish(
            Subscribe(now, OPERATOR, 1, "consent", "declared"),
            address="anna@lecteurs.example",
            keep=Keep("", now),
        )
    )
    return result.stream, result.person


def _withdraw(house: House, stream: str) -> Wish:
    return Wish(Withdraw(house.clock.now(), OPERATOR, "conseils", "operator"), stream=stream)


def test_an_outcome_says_how_it_leaves_the_person(make_house: Callable[..., House]) -> None:
    house = make_house(FILES)
    stream, person = _join(house)
    assert person == house.decisions.load([stream])[stream]
    assert house.decisions.freshened({stream: person}) == {stream: person}


def test_who_is_known_as_they_are_is_decided_about_at_once(
    make_house: Callable[..., House],
) -> None:
    house = make_house(FILES)
    stream, person = _join(house)
    result = house.decisions.carry_out([_withdraw(house, stream)], {stream: person})[0]
    assert isinstance(result.outcome, Done)
    assert result.person == house.decisions.load([stream])[stream]


def test_who_has_moved_on_is_read_again(make_house: Callable[..., House]) -> None:
    house = make_house(FILES)
    stream, person = _join(house)
    assert isinstance(house.decisions.one(_withdraw(house, stream)).outcome, Done)
    result = house.decisions.carry_out([_withdraw(house, stream)], {stream: person})[0]
    assert isinstance(result.outcome, NothingToDo)
    assert (
        len([e for e in house.ledger.stream(stream) if isinstance(e.event, ConsentWithdrawn)]) == 1
    )


def test_that_nothing_is_to_be_done_never_rests_on_what_was_known(
    make_house: Callable[..., House],
) -> None:
    house = make_house(FILES)
    stream, before = _join(house)
    withdrawn = house.decisions.one(_withdraw(house, stream)).person
    now = house.clock.now()
    house.decisions.one(
        Wish(Subscribe(now, OPERATOR, 1, "consent", "declared", own_act=True), stream=stream)
    )
    assert withdrawn.version > before.version
    result = house.decisions.carry_out([_withdraw(house, stream)], {stream: withdrawn})[0]
    assert isinstance(result.outcome, Done), (
        "known as withdrawn already, but by now subscribed again"
    )
