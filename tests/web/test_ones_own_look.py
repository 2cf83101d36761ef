"""`[site] logo` and `colour`: pages wear an installation's own, and stay readable whatever it
is.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring.inspection import read_folder
from engine.config import read_config
from engine.letter.colour import READABLE, contrast, read_colour, readable, text_on
from engine.sequence.mistakes import Unpublishable
from engine.web.pages import DARK, LIGHT, Pages, tint_of
from tests.running_installation import CONFIG, LAYOUT, write_sequences

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
DIALOGUE = 'title = "Essai"\npurpose = "conseils"\n[[list]]\nid = 1\nname = "un"\n'


def configured(path: Path, keys: str) -> Path:
    (path / "config.toml").write_text(CONFIG.replace("[site]\n", f"[site]\n{keys}\n", 1), "utf-8")
    write_sequences(path, {"d.toml": DIALOGUE, "layout.html": LAYOUT})
    return path


def mistakes(path: Path, keys: str) -> list[str]:
    try:
        return [str(mistake) for mistake in read_folder(read_config(configured(path, keys))).fatal]
    except Unpublishable as error:
        return [str(mistake) for mistake in error.mistakes]


@given(colours)
def test_whatever_the_colour_its_buttons_and_links_can_be_read(colour: str) -> None:
    tint = tint_of(colour)
    assert tint is not None and contrast(tint.button, tint.on_button) >= READABLE
    assert all(contrast(tint.by_day, paper) >= READABLE for paper in LIGHT)
    assert all(contrast(tint.by_night, paper) >= READABLE for paper in DARK)


@given(colours, colours)
def test_a_readable_colour_is_found_for_any_paper_and_kept_where_it_was_one(
    colour: str, paper: str
) -> None:
    found = readable(colour, paper)
    assert contrast(found, paper) >= READABLE
    assert (found == colour) >= (contrast(colour, paper) >= READABLE)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast(
        "#777777", "#ffffff"
    ) == pytest.approx(4.478, abs=0.001)
    assert (text_on("#ffcc00"), text_on("#1f5c43")) == ("#000000", "#ffffff")


def test_the_papers_are_those_of_the_style() -> None:
    style = (Path(__file__).parents[2] / "engine/web/templates/style.css").read_text("utf-8")
    for sheet, paper in (LIGHT, DARK):
        assert f"--paper: {paper}; --sheet: {sheet};" in style


@pytest.mark.parametrize(
    ("text", "colour"), [("#1F5C43", "#1f5c43"), ("#fc0", "#ffcc00"), (" #abcdef ", "#abcdef")]
)
def test_a_colour_is_written_as_on_the_web(text: str, colour: str) -> None:
    assert read_colour(text) == colour


@pytest.mark.parametrize(
    "text", ["green", "1f5c43", "#12345", "#1f5c43;}body{display:none", "rgb(1,2,3)"]
)
def test_what_is_no_colour_is_said_with_its_line(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes(tmp_path, f'colour = "{text}"')
    assert mistake.startswith("config.toml:3: ") and "#1f5c43" in mistake


@pytest.mark.parametrize(
    "name",
    [
        "logo.png",
        "files/logo.png",
        "pictures/../config.toml",
        "pictures/.png",
        "pictures/a/b.png",
        "https://a.example/l.png",
        "pictures/logo.svg",
    ],
)
def test_a_logo_is_a_picture_that_is_served(tmp_path: Path, name: str) -> None:
    (mistake,) = mistakes(tmp_path, f'logo = "{name}"')
    assert mistake.startswith("config.toml:3: ") and name in mistake


def test_a_logo_that_is_not_there_stops_the_publication_and_its_page_shows_it_otherwise(
    tmp_path: Path,
) -> None:
    keys = 'logo = "pictures/notre logo.png"\ncolour = "#ffcc00"'
    (mistake,) = mistakes(tmp_path, keys)
    assert mistake.startswith("config.toml:3: ") and "sequences/pictures/notre logo.png" in mistake
    (tmp_path / "sequences/pictures").mkdir()
    (tmp_path / "sequences/pictures/notre logo.png").write_bytes(b"\x89PNG")
    assert mistakes(tmp_path, keys) == []
    page = bytes(
        Pages(read_config(tmp_path).site)
        .page("plain.html", "fr", heading="Bonjour", paragraphs=())
        .body
    ).decode()
    assert '<img src="/a/pictures/notre%20logo.png" alt="Le Potager" height="40">' in page
    assert "--button: #ffcc00; --on-button: #000000;" in page


def test_without_them_pages_wear_the_name_and_our_colours(tmp_path: Path) -> None:
    site = read_config(configured(tmp_path, "")).site
    assert (site.logo, site.colour) == ("", "")
    page = bytes(
        Pages(site).page("plain.html", "fr", heading="Bonjour", paragraphs=()).body
    ).decode()
    assert (
        "<img" not in page
        and '<p class="site">Le Potager</p>' in page
        and page.count("--button:") == 1
    )
