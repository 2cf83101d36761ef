"""The frame of all letters is edited as text, with a letter in it beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.visiting import words_of
from tests.console.writing import Desk, form_of
from tests.running_installation import LAYOUT

PAGE = "/layout"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def form(desk: Desk) -> dict[str, str]:
    return form_of(desk.get(PAGE), PAGE)


def test_keeping_a_frame_that_was_not_touched_leaves_every_octet(desk: Desk) -> None:
    desk.kept(PAGE, form(desk) | {"do": "save"})
    assert not desk.draft.paths() and (desk.sequences / "layout.html").read_text() == LAYOUT


def test_the_frame_is_kept_shown_with_a_letter_and_saved(desk: Desk) -> None:
    new = LAYOUT.replace("{{ content }}", "<h6>Au potager</h6>{{ content }}")
    desk.kept(PAGE, form(desk) | {"body": new, "do": "draft"})
    shown = desk.get("/layout/preview?letter=jardin:11/bravo&view=wide")
    assert "Au potager" in shown and "Bravo." in shown
    assert (desk.sequences / "layout.html").read_text() == LAYOUT
    desk.kept(PAGE, form(desk) | {"do": "save"})
    assert (desk.sequences / "layout.html").read_text() == new


@pytest.mark.parametrize("name", ["content", "foot"])
def test_what_it_must_hold_is_said_while_it_is_missing(desk: Desk, name: str) -> None:
    without = LAYOUT.replace(f"{{{{ {name} }}}}", "")
    told = desk.post("/layout/draft", form(desk) | {"body": without})
    assert "missing: no letter can be sent without it" in words_of(told)
    assert f"{{{{ {name} }}}}" in words_of(told).partition("What is to be mended")[0]
    page = words_of(desk.ask("GET", PAGE))
    assert "missing: no letter can be sent without it" in page and "mistake" in page


def test_words_that_were_changed_elsewhere_are_never_written_over(desk: Desk) -> None:
    opened = form(desk)
    theirs = LAYOUT.replace("<div>", "<div class='theirs'>")
    (desk.sequences / "layout.html").write_text(theirs)
    mine = LAYOUT.replace("<div>", "<div class='mine'>")
    answer = desk.post(PAGE, opened | {"body": mine, "do": "save"})
    assert answer.status_code == 409 and "Two versions of these words" in words_of(answer)
    assert (desk.sequences / "layout.html").read_text() == theirs


def test_without_a_letter_the_frame_can_be_edited_all_the_same(desk: Desk) -> None:
    for file in desk.sequences.rglob("*.toml"):
        file.unlink()
    assert "There is no letter yet" in words_of(desk.ask("GET", PAGE))
    assert desk.ask("GET", "/layout/preview").status_code == 404
