"""Visits, and which of them are presumed to be people's: robots by their behaviour, told by a clock
in hand, and nothing kept but the counters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.desk.desk import VisitCell
from engine.web.measured_visits import PersonalVisit
from engine.web.request import neighbourhood
from engine.web.robots import VERDICT_SECONDS, LoggedVisit, presumed_human
from engine.web.visit_counts import VisitCounts

CELL = VisitCell("list:10/un", "answer", "Oui", 20_000)


def visit(
    at: float, link: str = "a", *, letter: str = "m", visitor: str = "v", network: str = "n",
    withdraws: bool = False, suspect: bool = False,
) -> LoggedVisit:  # fmt: skip
    return LoggedVisit(at, letter, link, visitor, network, withdraws, suspect)


@pytest.mark.parametrize(
    "visits, human",
    [
        ([visit(0)], True),
        ([visit(0, suspect=True)], False),
        ([visit(0), visit(5, "b"), visit(9.9, "c")], False),
        ([visit(0), visit(5, "b"), visit(10.1, "c")], True),
        ([visit(0), visit(5, "b"), visit(9, "a")], True),
        ([visit(n, link, visitor=f"v{n}") for n, link in enumerate("abc")], False),
        ([visit(n, link, letter=f"m{n}") for n, link in enumerate("abc")], False),
        ([visit(n, link, letter="", visitor=f"v{n}") for n, link in enumerate("abc")], True),
        ([visit(0), visit(60, "u", withdraws=True)], False),
        ([visit(0), visit(60.1, "u", withdraws=True)], True),
        ([visit(0, "u", withdraws=True), visit(1, "e", withdraws=True)], True),
        ([visit(60 * n, network=f"n{n}", visitor=f"v{n}") for n in range(3)], False),
        ([visit(61 * n, network=f"n{n}", visitor=f"v{n}") for n in range(3)], True),
        ([visit(n, network="", visitor=f"v{n}") for n in range(9)], True),
        ([visit(n, letter="", network=f"n{n}", visitor=f"v{n}") for n in range(9)], True),
    ],
)
def test_robots_are_told_by_what_they_do(visits: Sequence[LoggedVisit], human: bool) -> None:
    assert set(presumed_human(visits)) == {human}


def test_one_robot_does_not_make_others_suspected() -> None:
    robot = [visit(n, link, letter="r", visitor="robot") for n, link in enumerate("abc")]
    assert presumed_human([*robot, visit(2, letter="p", visitor="person")])[-1]


def test_a_robot_that_opens_one_link_of_each_letter_is_told_by_its_hurry_in_all_of_them() -> None:
    visits = [visit(n, letter=f"m{n}", visitor="robot") for n in range(4)]
    assert not any(presumed_human(visits))


def test_a_network_is_a_24_or_a_48() -> None:
    assert neighbourhood("198.51.100.7") == "198.51.100.0/24"
    assert neighbourhood("2001:db8:1:2::7", v6=48) == "2001:db8:1::/48"


class Desk:
    """What is written, added up."""

    def __init__(self) -> None:
        self.written: dict[VisitCell, tuple[int, int]] = {}

    def count_visits(self, counts: Sequence[tuple[VisitCell, int, int]]) -> None:
        for cell, visits, people in counts:
            before = self.written.get(cell, (0, 0))
            self.written[cell] = before[0] + visits, before[1] + people


class Clock:
    at = 0.0

    def now(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk() -> Desk:
    return Desk()


class Measuring:
    def __init__(self) -> None:
        self.kept: list[PersonalVisit] = []

    def keep(self, visits: Sequence[PersonalVisit]) -> None:
        self.kept += visits


@pytest.fixture
def measuring() -> Measuring:
    return Measuring()


@pytest.fixture
def counts(desk: Desk, clock: Clock, measuring: Measuring) -> VisitCounts:
    return VisitCounts(desk, clock.now, measuring)


def test_a_visit_is_counted_once_nothing_more_can_change_what_it_is_taken_for(
    counts: VisitCounts, desk: Desk, clock: Clock
) -> None:
    counts.note(visit(0), CELL)
    clock.at = VERDICT_SECONDS - 1
    counts.settle()
    assert desk.written == {}
    clock.at = VERDICT_SECONDS
    counts.settle()
    counts.settle()
    assert desk.written == {CELL: (1, 1)}


def test_what_was_counted_still_speaks_of_what_comes_after_it(
    counts: VisitCounts, desk: Desk, clock: Clock
) -> None:
    for number, at in enumerate((0, 60, 119)):
        counts.note(visit(at, network=f"n{number}", visitor=f"v{number}"), CELL)
    for clock.at in (120, 180, 239):
        counts.settle()
    assert desk.written == {CELL: (3, 0)}


def test_what_a_lost_database_did_not_take_is_written_the_next_time(
    counts: VisitCounts, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts.note(visit(0), CELL)

    def lost(_counts: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(desk, "count_visits", lost)
        with pytest.raises(OSError):
            counts.settle(all_of_them=True)
    counts.close()
    assert desk.written == {CELL: (1, 1)}


ANNAS = PersonalVisit("token", "list:10/un", "clicked", "Oui", 1)


def test_whose_it_was_is_passed_on_with_the_verdict_and_of_no_robot(
    counts: VisitCounts, desk: Desk, clock: Clock, measuring: Measuring
) -> None:
    counts.note(visit(0), None, ANNAS)
    counts.note(visit(0, letter="r", visitor="r", suspect=True), CELL, replace(ANNAS, token="r"))
    counts.settle()
    assert measuring.kept == []
    clock.at = VERDICT_SECONDS
    counts.settle()
    counts.settle()
    assert measuring.kept == [ANNAS] and desk.written == {CELL: (1, 0)}


def test_what_a_lost_database_did_not_take_of_whose_it_was_is_passed_on_the_next_time(
    counts: VisitCounts, measuring: Measuring, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    counts.note(visit(0), CELL, ANNAS)

    def lost(_visits: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(measuring, "keep", lost)
        with pytest.raises(OSError):
            counts.settle(all_of_them=True)
    counts.settle()
    assert measuring.kept == [ANNAS] and desk.written == {CELL: (1, 1)}, "counted once"


def test_a_flood_is_counted_and_takes_no_more_room(
    counts: VisitCounts, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.web.visit_counts.MAX_LOGGED", 2)
    for number in range(5):
        counts.note(visit(0, visitor=f"v{number}"), CELL)
    counts.close()
    assert desk.written == {CELL: (5, 2)}
