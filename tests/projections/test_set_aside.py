"""One person whose history the rules cannot take is set aside with the reason; everybody else is
followed, and they come back by themselves.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.cli.show import show
from engine.context import House
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.subscriber import events as e
from engine.subscriber import evolve
from engine.subscriber.person import Person
from projections.agenda import Agenda
from tests.installation import publish, write_sequences
from tests.projections.test_rebuilding import FILES, happened, joined, silent

pytestmark = pytest.mark.postgres
MakeHouse = Callable[..., House]
BEYOND_ANY_CALENDAR = 9 * 10**15
UNTAKEN = "KeyError: what has happened to this person cannot be taken in"


class AnotherVersion:
    """A program that cannot take one kind of fact, until it is replaced by one that can."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, unknown: type[e.PersonEvent] = e.ContactNoted
    ) -> None:
        self._apply, self._monkeypatch, self._unknown = evolve._apply, monkeypatch, unknown
        monkeypatch.setattr(evolve, "_apply", self.apply)

    def apply(self, person: Person, event: e.PersonEvent) -> Person:
        if isinstance(event, self._unknown):
            raise KeyError("anna@lecteurs.example")
        return self._apply(person, event)

    def upgraded(self) -> None:
        self._monkeypatch.setattr(evolve, "_apply", self._apply)


def started_again(house: House) -> None:
    house.views.follower.begun.clear()  # type: ignore[attr-defined]
    house.views.catch_up()


def aside(house: House) -> list[tuple[str, str]]:
    return [(who, why) for who, _position, why in house.views.aside(10)]


def due(house: House) -> set[str]:
    with house.database.connection() as connection:
        return {
            str(row[0])
            for row in connection.execute(
                f"SELECT subscriber FROM view_agenda_{Agenda.version}.agenda WHERE due > 0"
            ).fetchall()
        }


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> AnotherVersion:
    return AnotherVersion(monkeypatch)


@pytest.mark.parametrize("apart", [False, True], ids=["all in one batch", "a batch for each fact"])
def test_they_alone_are_set_aside_and_the_others_are_followed(
    make_house: MakeHouse, old: AnotherVersion, apart: bool
) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    people = []
    for number in range(3):
        people.append(happened(house, *joined(at)))
        if apart:
            house.views.catch_up()
        if number == 1:
            happened(house, e.ContactNoted(at, at), to=people[1])
    house.views.catch_up()
    assert aside(house) == [(people[1], UNTAKEN)]
    assert set(house.views.folds(people)) == due(house) == {people[0], people[2]}
    assert house.views.positions()[0] == ("agenda", house.ledger.head(), "")
    assert house.views.compare(silent) == []


def test_a_person_whose_next_act_no_calendar_holds_is_set_aside_too(make_house: MakeHouse) -> None:
    house = make_house(FILES)
    good = happened(house, *joined(house.clock.now()))
    bad = happened(house, *joined(BEYOND_ANY_CALENDAR))
    house.views.catch_up()
    assert [who for who, _why in aside(house)] == [bad] and due(house) == {good}
    assert house.views.compare(silent) == []


def test_later_facts_do_not_stand_on_nothing(make_house: MakeHouse, old: AnotherVersion) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    bad = happened(house, *joined(at), e.ContactNoted(at, at))
    house.views.catch_up()
    happened(house, *joined(at, 11, 2), to=bad)
    house.views.catch_up()
    assert (
        [who for who, _why in aside(house)] == [bad]
        and not house.views.folds([bad])
        and due(house) == set()
    )
    assert house.views.aside(1)[0][1] == house.ledger.head()
    assert house.views.compare(silent) == []


@pytest.mark.parametrize("how", ["a start", "a rebuild", "their next fact", "a publication"])
def test_they_come_back_with_a_program_that_can_take_it(
    make_house: MakeHouse, old: AnotherVersion, how: str
) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    bad = happened(house, *joined(at), e.ContactNoted(at, at))
    house.views.catch_up()
    started_again(house)
    assert [who for who, _why in aside(house)] == [bad]
    old.upgraded()
    if how == "a start":
        started_again(house)
    elif how == "a rebuild":
        house.views.rebuild(["agenda"], silent)
    elif how == "their next fact":
        happened(house, e.ContactNoted(at + 1, at + 1), to=bad)
    else:
        write_sequences(house.config.folder, {"a.toml": FILES["a.toml"].replace("1 day", "2 days")})
        publish(house)
    house.views.catch_up()
    assert aside(house) == [] and set(house.views.folds([bad])) == due(house) == {bad}
    assert house.views.compare(silent) == []


def test_a_crowd_of_them_is_tried_again_in_pieces(
    make_house: MakeHouse, old: AnotherVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.agenda.ASIDE_PIECE", 2)
    house = make_house(FILES)
    at = house.clock.now()
    people = {happened(house, *joined(at), e.ContactNoted(at, at)) for _ in range(5)}
    house.views.catch_up()
    assert {who for who, _why in aside(house)} == people
    old.upgraded()
    started_again(house)
    assert aside(house) == [] and due(house) == people


def test_a_rebuild_sets_aside_whom_it_cannot_take(
    make_house: MakeHouse, old: AnotherVersion
) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    good, bad = happened(house, *joined(at)), happened(house, *joined(at), e.ContactNoted(at, at))
    house.views.rebuild([], silent)
    assert aside(house) == [(bad, UNTAKEN)] and due(house) == {good}
    assert house.views.compare(silent) == []


def test_who_is_set_aside_is_shown_by_their_id_and_by_nothing_personal(
    make_house: MakeHouse, old: AnotherVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    bad = happened(house, *joined(at), e.ContactNoted(at, at))
    house.views.catch_up()
    house.desk.settle_stuck()
    facts = gather(house)
    ((who, key, why),) = [(each.subscriber, each.key, each.why) for each in facts.stuck]
    assert (who, key, why) == (bad, "agenda", UNTAKEN)
    assert "stuck" in {each.code for each in findings(facts)}
    assert b"relance_stuck 1.0\n" in exposition(facts)
    assert show(house, argparse.Namespace(address=bad, json=False)) == 0
    heard = capsys.readouterr().out
    assert (
        "Mis de côté, rien n’est envoyé : KeyError : ce qui est arrivé" in heard
        and "anna@" not in heard
    )


def test_a_fold_that_was_spoilt_is_no_reason_to_set_anybody_aside(make_house: MakeHouse) -> None:
    house = make_house(FILES)
    at = house.clock.now()
    person = happened(house, *joined(at))
    house.views.catch_up()
    fold = house.views.folds([person])[person]
    recent = house.views.agenda._recent  # type: ignore[attr-defined]
    recent[person] = replace(
        fold, memberships={10: replace(fold.memberships[10], since=BEYOND_ANY_CALENDAR)}
    )
    happened(house, e.ContactNoted(at, at), to=person)
    house.views.catch_up()
    assert aside(house) == [] and house.views.compare(silent) == []
