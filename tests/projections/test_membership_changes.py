"""What each event means for who stands on which list: the one reading that every count of members
uses.
"""

from __future__ import annotations

from typing import get_args

import pytest

from engine.subscriber import events as e
from projections.members import CHANGING, Joined, Left, Transition, changes, transition

AT = 1_772_449_200_417
MESSAGE = "5b1f0c9d2e7a4863b0d15c2f9e7a4b31"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (e.ListJoined(AT, 10, 2), [Joined(10, 2, AT, "joined")]),
        (e.ListLeft(AT, 10, 2, "asked"), [Left(10, 2)]),
        (
            e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0),
            [Left(10, 2), Joined(11, 1, AT, "moved", 10)],
        ),
        # They stood on the target already.
        (e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0, joined=False), [Left(10, 2)]),
        # They had left the list that sent the letter.
        (e.ListMoved(AT, 10, 0, 11, 1, MESSAGE, 0), [Joined(11, 1, AT, "moved", 10)]),
        (e.ListCopied(AT, 10, 2, 21, 1, MESSAGE, 0), [Joined(21, 1, AT, "copied", 10)]),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "ended"),
            [Left(10, 2), Joined(20, 1, AT, "transferred", 10, "", "ended")],
        ),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "ended", copied=True),
            [Joined(20, 1, AT, "transferred", 10, "", "ended")],
        ),
        (
            e.MoveUndone(AT, MESSAGE, 11, 1, ((10, 2), (12, 1))),
            [Left(11, 1), Joined(10, 2, AT, "reopened"), Joined(12, 1, AT, "reopened")],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_lets_people_join_and_leave(
    event: e.PersonEvent, expected: list[Joined | Left]
) -> None:
    assert list(changes(event)) == expected


def test_no_other_event_of_a_person_is_about_lists() -> None:
    about_lists = {kind for kind in get_args(e.PersonEvent) if kind.__name__.startswith("List")}
    assert about_lists | {e.MoveUndone} == CHANGING


DAY = 20_514
"""Of AT."""


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (e.ListJoined(AT, 10, 2), Transition(DAY, 0, 10, "joined", "", "form")),
        (e.ListLeft(AT, 10, 2, "withdrawn"), Transition(DAY, 10, 0, "left", "", "withdrawn")),
        (e.ListLeft(AT, 10, 2, "ended"), Transition(DAY, 10, 0, "ended", "", "")),
        (
            e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0, question="list:10/asks", label="Oui"),
            Transition(DAY, 10, 11, "moved", "list:10/asks", "Oui"),
        ),
        # They stood on the target already: they went that way all the same.
        (
            e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0, joined=False),
            Transition(DAY, 10, 11, "moved", "", ""),
        ),
        (
            e.ListCopied(AT, 10, 2, 21, 1, MESSAGE, 0, label="Oui"),
            Transition(DAY, 10, 21, "copied", "", "Oui"),
        ),
        (e.ListTransferred(AT, 10, 2, 20, 1, "ended"), Transition(DAY, 10, 20, "ended", "", "")),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "ended", copied=True),
            Transition(DAY, 10, 20, "copied", "", "ended"),
        ),
        (e.ListTransferred(AT, 10, 2, 20, 1, "rule"), Transition(DAY, 10, 20, "rule", "", "")),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "api"),
            Transition(DAY, 10, 20, "transferred", "", "api"),
        ),
        # The list to which an ending copies took nobody in.
        (e.ListTransferred(AT, 10, 2, 20, 0, "refused", copied=True), None),
        (e.MoveUndone(AT, MESSAGE, 11, 1, ((10, 2),)), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_is_a_way_that_somebody_went(
    event: e.PersonEvent, expected: Transition | None
) -> None:
    assert transition(event, "form") == expected
