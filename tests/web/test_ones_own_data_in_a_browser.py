"""“My data” in a real Chromium: without JavaScript, on a small telephone, by day and by night, from
the first press to the receipt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, cast

import pytest
from playwright.sync_api import expect

from engine.context import AppContext
from engine.letter.link_token import MY_DATA
from tests.web.browsing import browsing
from tests.web.correspondence import PHONE, letter
from tests.web.test_in_a_browser import CONTRAST, picture

pytestmark = pytest.mark.browser


def test_a_person_sees_takes_along_corrects_and_erases_without_javascript(
    context: AppContext, site: str
) -> None:
    found = letter(context)
    email = context.vault.people([found.stream])[found.stream].address
    with browsing(scripts=False, agent=PHONE, width=390) as page:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}/l/{found.token(MY_DATA)}")
        assert email not in page.content() and found.since() == []
        picture(page, "my-data-front")
        page.get_by_role("button", name="Tout voir").click()
        expect(page.get_by_text(email)).to_be_visible()
        picture(page, "my-data")
        with page.expect_download() as download:
            page.get_by_role("heading", name="Emporter vos données").click()
            page.get_by_role("button", name="(JSON)").click()
        assert download.value.suggested_filename == "mes-donnees.json"
        assert (
            json.loads(Path(download.value.path()).read_text("utf-8"))["person"]["email"] == email
        )
        page.get_by_role("heading", name="Corriger vos données").click()
        page.get_by_label("Prénom").fill("https://exemple.fr")
        page.get_by_role("button", name="Corriger mes données").click()
        assert page.title().startswith("Erreur : Vos données")
        page.get_by_role("link", name="Prénom").click()
        expect(page.get_by_label("Prénom")).to_be_focused()
        page.get_by_label("Fuseau horaire").select_option("Europe/Paris")
        page.get_by_label("Prénom").fill("Zoé")
        page.get_by_role("button", name="Corriger mes données").click()
        expect(page.get_by_role("status")).to_have_text("Vos données sont corrigées.")
        assert context.vault.people([found.stream])[found.stream].fields == {"first_name": "Zoé"}
        page.get_by_role("heading", name="Effacer vos données").click()
        page.get_by_role("button", name="Effacer mes données").click()
        picture(page, "my-data-erase")
        page.get_by_role("button", name="Tout effacer maintenant").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Tout effacer maintenant").click()
        expect(page.get_by_role("heading", name="Vos données sont effacées")).to_be_visible()
        picture(page, "my-data-erased")
        page.goto(f"{site}/l/{found.token(MY_DATA)}")
        expect(page.get_by_role("heading", name="Nous ne détenons rien sur vous")).to_be_visible()
        assert all(url.startswith(site) for url in asked)
        assert ([each for each in said if "422" not in each], page.context.cookies()) == ([], [])
    assert found.person().erased


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_by_day_and_by_night_on_a_small_telephone_and_by_keyboard(
    context: AppContext, site: str, scheme: str
) -> None:
    found = letter(context)
    with browsing(agent=PHONE, width=320, scheme=cast(Literal["light", "dark"], scheme)) as page:
        page.goto(f"{site}/l/{found.token(MY_DATA)}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ce que nous savons de vous")).to_be_visible()
        picture(page, f"my-data-{scheme}")
        assert page.evaluate("document.documentElement.scrollHeight") < 1700
        page.evaluate(
            "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
        )
        for where in ("h1, h2, p, dt, dd, button, label, footer p", "input, select"):
            ratios = page.evaluate(CONTRAST, where)
            assert len(ratios) >= 3 and min(ratios) >= 4.5
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Effacer mes données").click()
        expect(page.get_by_role("checkbox")).to_be_visible()
        assert min(page.evaluate(CONTRAST, "h1, h2, p, li, button, label")) >= 4.5
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None and box["height"] >= 48
