"""The page of preferences in a real Chromium: without JavaScript, on a telephone and a desktop, by
day and by night.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

import pytest
from playwright.sync_api import expect

from engine.context import AppContext
from engine.letter.link_token import PREFERENCES
from engine.subscriber import events as e
from tests.running_installation import CONFIG, Installations
from tests.web.browsing import browsing
from tests.web.correspondence import FILES, PHONE, letter
from tests.web.test_in_a_browser import CONTRAST, picture
from tests.web.test_preferences import MORE, MORE_CONFIG

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    files = FILES | {"encore.toml": MORE}
    with installations.made(files, config=CONFIG + MORE_CONFIG) as made:
        yield made


def test_a_person_chooses_without_javascript(context: AppContext, site: str) -> None:
    found = letter(context)
    with browsing(scripts=False, agent=PHONE, width=390) as page:
        page.goto(f"{site}/l/{found.token(PREFERENCES)}")
        picture(page, "preferences")
        page.get_by_label("Semis & plants").check()
        page.get_by_label("Au plus une par semaine").check()
        page.get_by_label("Les astuces").check()
        page.get_by_label("Faire une pause").fill("2020-01-01")
        with page.expect_navigation():
            page.get_by_role("button", name="Enregistrer mes choix").click()
        assert page.title().startswith("Erreur")
        page.get_by_role("link", name="Faire une pause").click()
        expect(page.get_by_label("Faire une pause")).to_be_focused()
        picture(page, "preferences-wrong")
        expect(page.get_by_label("Semis & plants")).to_be_checked()
        page.get_by_label("Faire une pause").fill("")
        page.get_by_role("button", name="Enregistrer mes choix").click()
        expect(page.get_by_role("status")).to_contain_text("Semis & plants")
        picture(page, "preferences-saved")
        assert page.context.cookies() == []
    assert isinstance(found.since()[-1], e.PreferencesSet)


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 390), ("light", 1280)])
def test_it_is_readable_by_day_and_by_night_and_on_every_screen(
    context: AppContext, site: str, scheme: str, width: int
) -> None:
    found = letter(context)
    looks = cast(Literal["light", "dark"], scheme)
    with browsing(agent=PHONE, width=width, scheme=looks) as page:
        page.goto(f"{site}/l/{found.token(PREFERENCES)}")
        picture(page, f"preferences-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ratios = page.evaluate(CONTRAST, "h1, h2, p, legend, label span, button, footer p")
        assert len(ratios) > 10 and min(ratios) >= 4.5
        heights = page.evaluate(
            "[...document.querySelectorAll('button, label.tick, input[type=date]')]"
            ".map((node) => node.getBoundingClientRect().height)"
        )
        assert min(heights) >= 24, "large enough for a thumb (WCAG 2.2, 2.5.8)"
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden])')]"
            ".filter((node) => !node.labels.length).length"
        )
        assert unnamed == 0
