"""A simulated reader gets what is for the segments they are in, by what is given of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import MEASURE, Field, Purpose
from engine.simulation.answers import read_measured
from engine.simulation.live import SimulatedOrder, live
from tests.examples import local
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

NOON = local("2026-03-02 12:00")
SEGMENT = '[[segment]]\nid = "lyon"\nname = "Lyon"\nall = [\'field town is "Lyon"\']\n'
NEWS = (
    '[[broadcast]]\nid = "news"\nto = ["segment:lyon"]\non = "2026-03-05 09:00"\n'
    'subject = "S"\nbody = "a.md"\n'
)
LETTERS = letter("garden", 'only = "segment:lyon"') + letter("all", when='after = "1 day"')
PLAN = read(
    HEAD + SEGMENT + listed(10, "dix") + LETTERS + NEWS,
    settings=replace(SETTINGS, fields=(Field("town", "Ville"),)),
)


@pytest.mark.parametrize(
    ("town", "comes"),
    [
        ("Lyon", [("letter", "garden"), ("letter", "all"), ("broadcast", "news")]),
        ("Nice", [("withheld", "garden"), ("letter", "all")]),
        ("", [("withheld", "garden"), ("letter", "all")]),
    ],
)
def test_what_is_known_of_the_reader_says_what_comes(
    town: str, comes: list[tuple[str, str]]
) -> None:
    fields = {"town": town} if town else {}
    entries = live(PLAN, 10, {}, NOON, "Europe/Paris", 7 * DAY, fields=fields)
    assert [(entry.kind, entry.letter) for entry in entries if entry.letter] == comes


MEASURES = replace(SETTINGS, measured=Purpose(MEASURE, "Mesurer", "Treize mois."))
KEEN = (
    '[[segment]]\nid = "keen"\nname = "K"\nall = ["measured clicked 10/one within 3 days"]\n'
    '[[segment]]\nid = "cold"\nname = "C"\nnone = ["measured clicked 10/one within 1 hour"]\n'
)
SERIES = letter("one") + letter("warm", 'only = "segment:keen"', when='after = "2 days"')
MEASURED = read(
    HEAD
    + KEEN
    + listed(10, "dix")
    + SERIES
    + letter("cool", 'only = "segment:cold"', when='after = "2 days"'),
    settings=MEASURES,
)


@pytest.mark.parametrize(
    ("typed", "comes"),
    [
        ([], [("letter", "one"), ("withheld", "warm"), ("withheld", "cool")]),
        (["yes"], [("letter", "one"), ("withheld", "warm"), ("letter", "cool")]),
        (
            ["one=clicked@1d"],
            [("letter", "one"), ("measured", "one"), ("letter", "warm"), ("letter", "cool")],
        ),
        (
            ["10/one=opened"],
            [("letter", "one"), ("measured", "one"), ("withheld", "warm"), ("letter", "cool")],
        ),
    ],
)
def test_who_agrees_to_be_measured_is_in_segments_by_what_they_click(
    typed: list[str], comes: list[tuple[str, str]]
) -> None:
    """Of who does not agree it is unknown, so that neither segment holds."""
    measured = read_measured(MEASURED, typed)
    entries = live(MEASURED, 10, {}, NOON, "Europe/Paris", 7 * DAY, measured=measured)
    assert [(entry.kind, entry.letter) for entry in entries if entry.letter] == comes


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("one", "is nothing that is measured"),
        ("one=bought", "is nothing that is measured"),
        ("two=clicked", 'there is no letter "two"'),
        ("one=clicked@soon", "is not a duration"),
    ],
)
def test_what_is_no_measured_act_is_refused_with_what_there_is(typed: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_measured(MEASURED, [typed])


def test_where_nobody_is_asked_to_be_measured_nobody_is() -> None:
    with pytest.raises(Unreadable, match="nobody is asked to be measured"):
        read_measured(PLAN, ["yes"])


BUYERS = (
    '[[segment]]\nid = "new"\nname = "New"\nall = [\'ordered "livre" within 3 days\']\n'
    '[[rule]]\nwhen = "enters new"\nthen = { move = 11, from = 10 }\n'
    '[[rule]]\nwhen = "leaves new"\nthen = { leave = 11 }\n'
)


def test_rules_take_who_enters_and_who_time_takes_out_again() -> None:
    plan = read(HEAD + BUYERS + listed(10, "dix") + letter("all") + listed(11, "onze"))
    order = SimulatedOrder("livre", 2 * DAY)
    entries = live(plan, 10, {}, NOON, "Europe/Paris", 30 * DAY, orders=[order])
    told = [((entry.at - NOON) // DAY, entry.kind) for entry in entries]
    assert told[2:] == [
        (2, "orders"),
        (2, "enters"),
        (2, "passes"),
        (5, "is out"),
        (5, "leaves"),
        (5, "rests"),
    ]


def test_a_broadcast_that_is_not_for_the_reader_leaves_the_end_where_it_was() -> None:
    text = HEAD + SEGMENT + listed(10, "dix") + letter("all") + NEWS.replace("lyon", "buyers")
    text += '[[segment]]\nid = "buyers"\nname = "B"\nall = ["ordered"]\n'
    plan = read(text, settings=replace(SETTINGS, fields=(Field("town", "Ville"),)))
    entries = live(plan, 10, {}, NOON, "Europe/Paris", 30 * DAY)
    assert entries[-1].kind == "rests" and entries[-1].at == entries[-2].at
