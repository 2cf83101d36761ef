"""A simulated reader gets what is for the segments they are in, by what is given of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY
from engine.sequence.model import Field
from engine.simulation.live import live
from tests.examples import local
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

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
    entries = live(PLAN, 10, {}, local("2026-03-02 12:00"), "Europe/Paris", 7 * DAY, fields=fields)
    assert [(entry.kind, entry.letter) for entry in entries if entry.letter] == comes
