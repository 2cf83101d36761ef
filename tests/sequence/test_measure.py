"""`[measure]`: what is counted, and the words by which one agrees to be measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import config_of
from engine.installation.publishing import difference
from engine.installation.state import read_settings, write_settings
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import MEASURE, Purpose
from engine.sequence.parse import read_plan
from engine.sequence.parse_measure import USUAL_WORDS, Measure
from tests.sequence.test_themes import CONFIG, SETTINGS

FORM = """
purpose = "conseils"
[[form]]
name = "f"
title = "F"
list = 1
notice = "N"
checkbox = "Oui"
ask = ["measure"]
[[list]]
id = 1
name = "une"
"""


def test_nothing_is_counted_and_nobody_is_asked_unless_it_is_said(tmp_path: Path) -> None:
    config = config_of(tmp_path, CONFIG)
    assert config.measure == Measure(links=False, images=False)
    assert config.settings.measured is None
    assert "measure" not in json.loads(write_settings(config.settings))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_words_are_published_and_say_how_long_and_how_to_end_it(
    tmp_path: Path, language: str
) -> None:
    text = CONFIG.replace("[site]", f'[site]\nlanguage = "{language}"')
    settings = config_of(tmp_path, text + "[measure]\npeople = true\n").settings
    assert settings.measured == Purpose(MEASURE, *USUAL_WORDS["fr" if language == "fr" else "en"])
    assert read_settings(write_settings(settings)).measured == settings.measured
    said = settings.measured.description
    assert ("treize mois" in said) is (language == "fr") or "thirteen months" in said


def test_the_author_may_say_it_in_words_of_their_own(tmp_path: Path) -> None:
    words = '[measure]\npeople = true\nname = "Lecture"\ndescription = "Gardé un an."\n'
    measured = config_of(tmp_path, CONFIG + words).settings.measured
    assert measured == Purpose(MEASURE, "Lecture", "Gardé un an.")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ('[measure]\npeople = "oui"', "`people` must be"),
        ("[measure]\ndescription = 3", "`description` must be"),
        ("[measure]\nimages = 1", "`images` must be"),
        ("[measure]\npersons = true", "unknown key `persons`"),
        ('[[purpose]]\nid = "measure"\nname = "M"', '"measure" is the consent'),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, wrong: str, why: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        config_of(tmp_path, f"{CONFIG}\n{wrong}\n")
    assert why in str(refused.value)


def test_a_form_may_ask_it_only_where_people_are_measured() -> None:
    plan, mistakes = read_plan({"a.toml": FORM}, SETTINGS)
    assert ["nobody is measured" in str(mistake) for mistake in mistakes] == [True]
    measuring = replace(SETTINGS, measured=Purpose(MEASURE, "M", "D"))
    plan, mistakes = read_plan({"a.toml": FORM}, measuring)
    assert mistakes == () and plan.forms["f"].ask == ("measure",)


def test_a_publication_that_changes_the_words_says_so() -> None:
    before, _ = read_plan({}, SETTINGS)
    after, _ = read_plan({}, replace(SETTINGS, measured=Purpose(MEASURE, "M", "D")))
    assert difference(before, after).declared and not difference(before, before).declared
    assert not difference(before, after).settings, "no agenda depends on it"
