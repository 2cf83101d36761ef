"""What each event means for who stands on which list: the one reading that every count of members
uses.
"""

from __future__ import annotations

from typing import get_args

import pytest

from engine.subscriber import events as e
from projections.members import CHANGING, Joined, Left, changes

AT = 1_772_449_200_417
MESSAGE = "5b1f0c9d2e7a4863b0d15c2f9e7a4b31"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (e.ListJoined(AT, 10, 2), [Joined(10, 2, AT, "joined")]),
        (e.ListLeft(AT, 10, 2, "asked"), [Left(10, 2)]),
        (
            e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0),
            [Left(10, 2), Joined(11, 1, AT, "moved")],
        ),
        # They stood on the target already.
        (e.ListMoved(AT, 10, 2, 11, 1, MESSAGE, 0, joined=False), [Left(10, 2)]),
        # They had left the list that sent the letter.
        (e.ListMoved(AT, 10, 0, 11, 1, MESSAGE, 0), [Joined(11, 1, AT, "moved")]),
        (e.ListCopied(AT, 10, 2, 21, 1, MESSAGE, 0), [Joined(21, 1, AT, "copied")]),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "ended"),
            [Left(10, 2), Joined(20, 1, AT, "transferred")],
        ),
        (
            e.ListTransferred(AT, 10, 2, 20, 1, "ended", copied=True),
            [Joined(20, 1, AT, "transferred")],
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
