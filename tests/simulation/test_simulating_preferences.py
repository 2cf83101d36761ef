"""A dialogue lived through by somebody who chose what to receive."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from engine.cli.simulate import Options, simulate
from engine.i18n.user_error import UserError
from engine.sequence.model import Content, Theme
from engine.sequence.timing import to_instant
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

MONDAY = to_instant(datetime(2026, 11, 23, 15), "Europe/Paris")
DIALOGUE = HEAD + listed(10, "semis", "ends = { leave = true }") + letter("one")
DIALOGUE += letter("two", 'theme = "semis"', when='after = "2 days"')
DIALOGUE += letter("three", when='wait = "1 day"')
PLAN = read(
    DIALOGUE,
    {"a.md": "Bonjour."},
    replace(
        SETTINGS,
        themes=(Theme("semis", "Semis"), Theme("recoltes", "Récoltes")),
        contents=(Content("video", "Vidéos"),),
    ),
)


def told(*preferences: str) -> list[str]:
    lines: list[str] = []
    simulate(PLAN, Options("d.toml", start=MONDAY, preferences=preferences), lines.append, "en")
    return [line.partition("  ")[2].strip() for line in lines]


def test_a_letter_that_was_not_chosen_is_left_out_and_the_series_goes_on() -> None:
    lines = told("theme=recoltes")
    assert "letter two is left out: preferences" in "\n".join(lines)
    assert any("letter three" in line for line in lines)
    assert not any("left out" in line for line in told("theme=semis", "content=video"))


def test_letters_wait_for_the_end_of_a_pause() -> None:
    lines: list[str] = []
    options = Options("d.toml", start=MONDAY, preferences=("pause=2026-12-24",))
    simulate(PLAN, options, lines.append, "en")
    [first] = [line for line in lines if "letter one" in line]
    assert "2026-12-24 00:00" in first


@pytest.mark.parametrize("wrong", ["theme=semi", "video", "frequency=daily", "pause=demain"])
def test_what_is_no_choice_is_told_with_what_there_is(wrong: str) -> None:
    with pytest.raises(UserError) as raised:
        told(wrong)
    assert "theme=semis" in str(raised.value) and "frequency=weekly" in str(raised.value)
