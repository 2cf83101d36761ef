"""The pictures of the console that documents show are there, and `make pictures` makes them."""

from __future__ import annotations

import re

from engine.console.rendering import NAVIGATION
from tests.console.pictures import FOLDER, PICTURES, files
from tests.console.sample import ROOT

LIMIT_OCTETS = 1_500_000
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def shown() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    return set(re.findall(r"pictures/(console-[a-z-]+\.webp)", text))


def test_each_picture_that_is_shown_is_there_and_made_by_the_script() -> None:
    kept = {path.name for path in FOLDER.glob("console-*")}
    assert shown() == kept
    assert kept <= set(files())


def test_the_script_visits_every_place_of_the_navigation() -> None:
    places = {place.url for group in NAVIGATION for place in group.places}
    assert places <= {picture.page for picture in PICTURES}


def test_the_pictures_stay_small_together() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("console-*")) < LIMIT_OCTETS
