"""Themes and types of content: declared in config.toml, said by letters, published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import config_of
from engine.installation.state import read_settings, write_settings
from engine.sequence.check import check
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Content, Purpose, Theme
from engine.sequence.parse import Settings, read_plan

SETTINGS = Settings(
    purposes=(Purpose("conseils", "Conseils"),),
    themes=(Theme("semis", "Semis"), Theme("recoltes", "Récoltes")),
    contents=(Content("video", "Vidéos"),),
)
DIALOGUE = """
purpose = "conseils"
[[list]]
id = 1
name = "une"
  [[list.letter]]
  id = "a"
  after = "1 day"
  subject = "A"
  body = "a.md"
  theme = "{theme}"
  content = "{content}"
[[broadcast]]
id = "b"
to = [1]
on = "2026-12-01 09:00"
subject = "B"
body = "a.md"
theme = "semis"
reminder = {{ wait = "5 days" }}
"""
CONFIG = """
[site]
name = "A"
url = "http://127.0.0.1:8080"
from = "a@example.org"
postal_address = "1 rue A"
[[purpose]]
id = "conseils"
name = "Conseils"
[[theme]]
id = "semis"
name = "Semis"
"""


def files(theme: str = "semis", content: str = "video") -> dict[str, str]:
    return {"a.toml": DIALOGUE.format(theme=theme, content=content), "a.md": "Bonjour"}


def test_a_letter_says_what_it_is_about_and_of_which_type() -> None:
    plan, mistakes = read_plan(files(), SETTINGS)
    assert not mistakes
    letter, broadcast = plan.lists[1].letters[0], plan.broadcasts["b"]
    assert (letter.theme, letter.content) == ("semis", "video")
    assert broadcast.reminder is not None and broadcast.reminder.theme == "semis"
    assert list(plan.themes) == ["semis", "recoltes"]


@pytest.mark.parametrize(
    ("written", "key", "line"),
    [(("semi", "video"), "theme", 11), (("semis", "vido"), "content", 12)],
)
def test_an_unknown_one_is_a_mistake_at_its_line_with_the_nearest(
    written: tuple[str, str], key: str, line: int
) -> None:
    [mistake] = read_plan(files(*written), SETTINGS)[1]
    assert (mistake.file, mistake.line) == ("a.toml", line)
    assert key in str(mistake) and ("semis" in str(mistake) or "video" in str(mistake))


def test_one_that_no_letter_has_is_told() -> None:
    plan, _ = read_plan(files("semis", ""), SETTINGS)
    told = [str(m) for m in check(plan, files("semis", "") | {"config.toml": CONFIG})]
    assert [text for text in told if 'theme = "recoltes"' in text]
    assert [text for text in told if 'content = "video"' in text]
    assert not [text for text in told if 'theme = "semis"' in text]


def test_config_declares_them_and_says_what_is_wrong() -> None:
    assert config_of(Path(), CONFIG).settings.themes == (Theme("semis", "Semis"),)
    for wrong, words in (
        ('[[theme]]\nid = "semis"\nname = "Encore"', "two [[theme]]"),
        ('[[content]]\nid = "Une Vidéo"\nname = "V"', "une-video"),
        ('[[content]]\nname = "V"', "`id`"),
        ('[[content]]\nid = "v"\nname = "V"\ncolor = "red"', "color"),
    ):
        with pytest.raises(Unpublishable) as raised:
            config_of(Path(), CONFIG + wrong)
        assert words in str(raised.value)


def test_they_are_published_with_the_settings_and_older_settings_keep_their_bytes() -> None:
    assert read_settings(write_settings(SETTINGS)) == SETTINGS
    plain = json.loads(write_settings(replace(SETTINGS, themes=(), contents=())))
    assert not plain.keys() & {"themes", "contents"}


FORM = """
[[form]]
name = "f"
title = "F"
list = 1
notice = "N"
checkbox = "Oui"
ask = {ask}
"""


@pytest.mark.parametrize(
    ("ask", "settings", "mistake"),
    [
        ('["theme"]', SETTINGS, "and \"measure\", not 'theme'"),
        ("[1]", SETTINGS, "not 1"),
        ('"themes"', SETTINGS, "`ask` must be"),
        ('["contents"]', replace(SETTINGS, contents=()), "nobody can choose among contents"),
    ],
)
def test_a_form_asks_for_what_there_is_to_choose_and_for_nothing_else(
    ask: str, settings: Settings, mistake: str
) -> None:
    written = files("semis", "") if not settings.contents else files()
    _, mistakes = read_plan(
        written | {"b.toml": 'purpose = "conseils"' + FORM.format(ask=ask)}, settings
    )
    [found] = mistakes
    assert mistake in str(found) and (found.file, found.line) == ("b.toml", 8)


def test_a_form_asks_in_the_order_of_the_page() -> None:
    form = 'purpose = "conseils"' + FORM.format(ask='["frequency", "themes"]')
    plan, mistakes = read_plan(files() | {"b.toml": form}, SETTINGS)
    assert not mistakes and plan.forms["f"].ask == ("themes", "frequency")
