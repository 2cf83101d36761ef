"""Dates that matter are named and moved by forms, and letters are counted from them by the timing
form.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.console.visiting import words_of
from tests.console.writing import DIALOGUE, Desk, form_of

DATES, TIMING = "/d/jardin/dates", "/d/jardin/timing"
ANCHORS = """
# Le printemps prochain.
[[anchor]]
id = "atelier"
at = "2027-03-12 20:00"        # à la grange

[[anchor]]
id    = "mamans"
feast = "Fête des mères"
at    = "9h"
"""
COUNTED = (
    DIALOGUE.replace(
        '  after     = "2 jours"', '  anchor    = "atelier"\n  before    = "1 semaine"'
    )
    + ANCHORS
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    (made.sequences / "jardin.toml").write_text(COUNTED)
    return made


def form(desk: Desk, date: str) -> dict[str, str]:
    """That of one date, "" for the one of a new date."""
    forms = desk.get(DATES).split(f'<form method="post" action="{DATES}"')[1:]
    posted = [form_of(f'action="{DATES}"{text}', DATES) for text in forms]
    return next(values for values in posted if values["date"] == (date or "_"))


def changed(desk: Desk) -> tuple[list[str], list[str]]:
    """Lines of the file that are gone, and that are new."""
    before, after = COUNTED.split("\n"), desk.text("jardin.toml").split("\n")
    gone = [line.strip() for line in before if line not in after]
    return gone, [line.strip() for line in after if line not in before]


@pytest.mark.parametrize("date", ["atelier", "mamans"])
def test_keeping_a_date_that_was_not_touched_leaves_every_octet(desk: Desk, date: str) -> None:
    desk.kept(DATES, form(desk, date) | {"do": "keep"})
    assert not desk.draft.paths()


def test_a_date_is_shown_with_what_is_counted_from_it_and_when_it_is_next(desk: Desk) -> None:
    page = words_of(desk.ask("GET", DATES))
    assert "12 March 2027, 20:00" in page and "31 May 2026, 9:00" in page
    assert "Counted from it: Oui ou non ?" in page and "Nothing is counted from it yet" in page


@pytest.mark.parametrize(
    ("date", "inputs", "gone", "new"),
    [
        (
            "atelier",
            {"at": "2027-04-02T19:30"},
            ['at = "2027-03-12 20:00"        # à la grange'],
            ['at = "2027-04-02 19:30"        # à la grange'],
        ),
        ("mamans", {"clock": "08:30"}, ['at    = "9h"'], ['at    = "08:30"']),
        ("mamans", {"feast": "noel"}, ['feast = "Fête des mères"'], ['feast = "noel"']),
        (
            "mamans",
            {"kind": "day", "at": "2027-05-01T09:00"},
            ['feast = "Fête des mères"', 'at    = "9h"'],
            ['at    = "2027-05-01 09:00"'],
        ),
    ],
)
def test_a_date_is_changed_where_it_stands(
    desk: Desk, date: str, inputs: Mapping[str, str], gone: list[str], new: list[str]
) -> None:
    desk.kept(DATES, form(desk, date) | {"do": "keep"} | dict(inputs))
    assert changed(desk) == (gone, new)


def test_a_date_is_named(desk: Desk) -> None:
    feast = {"name": "Noël en famille", "kind": "feast", "feast": "noel", "clock": "10:00"}
    desk.kept(DATES, form(desk, "") | {"do": "keep"} | feast)
    assert desk.text("jardin.toml") == COUNTED + (
        '\n[[anchor]]\nid    = "noel-en-famille"\nfeast = "noel"\nat    = "10:00"\n'
    )


@pytest.mark.parametrize(
    ("date", "inputs", "sentence"),
    [
        ("", {"name": "", "at": "2027-05-01T09:00"}, "Give it a name."),
        ("", {"name": "Atelier", "at": "2027-05-01T09:00"}, "Another date has this name already."),
        ("", {"name": "x", "at": ""}, "Say the day and the hour."),
        ("", {"name": "x", "kind": "feast"}, "Choose the feast."),
        ("atelier", {"at": "2027-02-30T09:00"}, "is not a date with its hour"),
        ("atelier", {"do": "remove"}, "There is no anchor"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    desk: Desk, date: str, inputs: Mapping[str, str], sentence: str
) -> None:
    answer = desk.post(DATES, form(desk, date) | {"do": "keep"} | dict(inputs))
    assert answer.status_code == 422 and sentence in words_of(answer)
    assert not desk.draft.paths()


def test_a_date_that_nothing_is_counted_from_is_taken_out(desk: Desk) -> None:
    desk.kept(DATES, form(desk, "mamans") | {"do": "remove"})
    assert desk.text("jardin.toml") == COUNTED[: COUNTED.index('\n[[anchor]]\nid    = "mamans"')]


# Letters that are counted from one.


def timing(desk: Desk, letter: str) -> dict[str, str]:
    page = desk.get(f"{TIMING}?letter={letter}")
    second = page.split(f'<form method="post" action="{TIMING}"')[1]
    return form_of(f'action="{TIMING}"{second}', TIMING) | {"do": "letter"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_anchored_letter_that_was_not_touched_keeps_every_octet(
    desk: Desk, language: str
) -> None:
    desk.language = "fr" if language == "fr" else "en"
    values = timing(desk, "10/question")
    assert values["delay"] == {"en": "1 week", "fr": "1 semaine"}[language]
    desk.kept(TIMING, values)
    assert not desk.draft.paths()


@pytest.mark.parametrize(
    ("letter", "inputs", "new"),
    [
        ("10/question", {"delay": "3 jours"}, ['before    = "3 days"']),
        ("10/question", {"side": "since"}, ['since     = "1 semaine"']),
        ("10/question", {"delay": ""}, []),
        ("10/question", {"anchor": "mamans"}, ['anchor    = "mamans"']),
        ("10/question", {"when": "wait", "delay": "2 days"}, ['wait      = "2 days"']),
        (
            "11/bravo",
            {"when": "anchor", "anchor": "mamans", "side": "before", "delay": "10 jours"},
            ['anchor    = "mamans"', 'before    = "10 days"'],
        ),
    ],
)
def test_a_letter_is_counted_from_a_date(
    desk: Desk, letter: str, inputs: Mapping[str, str], new: list[str]
) -> None:
    desk.kept(TIMING, timing(desk, letter) | dict(inputs))
    assert changed(desk)[1] == new
