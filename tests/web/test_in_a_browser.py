"""The pages of links in a real Chromium: one click where nothing suggests a robot, one button where
something does, and no JavaScript needed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

import pytest
from playwright.sync_api import Page, expect

from engine.context import AppContext
from engine.letter.link_token import CONFIRM, EVERYTHING, MY_DATA, UNSUBSCRIBE
from engine.subscriber.events import ListMoved
from engine.web import link_pages, robots
from engine.web import link_visits as visits
from tests.sizes import sized
from tests.web.browsing import browsing
from tests.web.correspondence import (
    COPY,
    NO,
    OFFERS,
    SHOP,
    YES,
    Letter,
    confirmation,
    letter,
    phone,
)
from tests.web.test_robots import later

pytestmark = pytest.mark.browser

# Set it to a folder to look at what the tests look at.
PICTURES = os.environ.get("RELANCE_TEST_PICTURES", "")
HIDDEN = (
    "Object.defineProperty(document, 'visibilityState', {get: () => window.shown ? 'visible' :"
    " 'hidden'})"
)
PRERENDERED = "Object.defineProperty(document, 'prerendering', {get: () => !window.shown})"
CONTRAST = """(selector) => {
  const bright = (rgb) => rgb.match(/\\d+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const c = getComputedStyle(node).backgroundColor;
    return c === 'rgba(0, 0, 0, 0)' ? behind(node.parentElement) : c;
  };
  return [...document.querySelectorAll(selector)].map((node) => {
    const pair = [bright(getComputedStyle(node).color), bright(behind(node))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  });
}"""


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def moved(found: Letter) -> ListMoved:
    (event,) = [event for event in found.since() if isinstance(event, ListMoved)]
    return event


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_young_letter_waits_for_the_button_and_a_press_moves(
    context: AppContext, site: str, scripts: bool
) -> None:
    found = letter(context)
    with browsing(scripts=scripts, agent=phone(), width=390) as page:
        page.goto(f"{site}/l/{found.link(YES)}")
        page.wait_for_timeout(300)
        assert found.since() == []
        picture(page, "ask")
        page.get_by_role("button", name="Je réponds « Oui, c’est fait »").click()
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()
        picture(page, "done")
        page.get_by_role("button", name="Annuler").click()
        expect(page.get_by_role("heading", name="Votre réponse est annulée")).to_be_visible()
        picture(page, "undone")
    assert moved(found).act == "human_button"
    assert found.lists() == {10}


def test_an_old_letter_needs_one_click(context: AppContext, site: str) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone()) as page:
        page.goto(f"{site}/l/{found.link(YES)}")
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()
    assert (moved(found).act, found.lists()) == ("auto_submit", {11})


def test_unsubscribing_waits_for_its_button_and_a_press_brings_back(
    context: AppContext, site: str
) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone(), width=390) as page:
        page.goto(f"{site}/l/{found.token(UNSUBSCRIBE)}")
        page.wait_for_timeout(1000)
        assert found.lists() == {10}
        page.get_by_role("button", name="Me désinscrire").click()
        expect(page.get_by_role("heading", name="Votre désinscription est faite")).to_be_visible()
        assert found.lists() == set()
        picture(page, "unsubscribed")
        page.get_by_role("button", name="Me réabonner").click()
        expect(page.get_by_role("heading", name="Votre inscription est rétablie")).to_be_visible()
    assert found.lists() == {10}


class Wall:
    """A clock that goes on when it is told to, for pages that wait as long as they do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        monkeypatch.setattr(robots, "WAIT_SECONDS", 15.0)
        for module in (visits, link_pages):
            monkeypatch.setattr(module, "time", self)

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("foot_first", "pace"),
    # Each order and each pace once; at full size, each order at each pace.
    [(True, 1), (False, 12), (True, 12), (False, 1)][: sized(2, 4)],
)
def test_a_scanner_that_runs_scripts_and_opens_every_link_in_order_changes_nothing(
    context: AppContext, site: str, monkeypatch: pytest.MonkeyPatch, foot_first: bool, pace: int
) -> None:
    """Each page in a tab of its own, where it stays until all are opened and two minutes longer."""
    wall = Wall(monkeypatch)
    found = letter(context, minutes_ago=60)
    foot = [found.token(action) for action in (UNSUBSCRIBE, EVERYTHING, MY_DATA)]
    answers = [found.link(number) for number in (YES, NO, COPY, OFFERS, SHOP)]
    with browsing(agent=phone()) as page:
        page.clock.install()
        page.context.add_init_script(
            "Object.defineProperty(document, 'visibilityState', {get: () => 'visible'})"
        )
        for token in [*foot, *answers] if foot_first else [*answers, *foot]:
            page.context.new_page().goto(f"{site}/l/{token}")
            wall.now += pace
            later(context, f"{pace} seconds")
            page.clock.run_for(pace * 1000)
        wall.now += 120
        page.clock.run_for(120_000)
        page.wait_for_timeout(500)
    assert found.since() == [] and found.lists() == {10}


def test_an_old_letter_of_which_one_link_alone_is_opened_is_answered_after_fifteen_seconds(
    context: AppContext, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall(monkeypatch)
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone()) as page:
        page.clock.install()
        page.goto(f"{site}/l/{found.link(YES)}")
        expect(page.get_by_role("button", name="Je réponds « Oui, c’est fait »")).to_be_visible()
        page.clock.run_for(14_000)
        assert found.since() == []
        wall.now += 15
        page.clock.run_for(1_000)
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()
    assert found.lists() == {11}


def test_without_javascript_an_old_letter_waits_for_the_button(
    context: AppContext, site: str
) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(scripts=False, agent=phone()) as page:
        page.goto(f"{site}/l/{found.link(YES)}")
        page.wait_for_timeout(300)
        assert found.since() == []
        page.get_by_role("button", name="Je réponds « Oui, c’est fait »").click()
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()


def test_a_browser_that_says_it_is_headless_gets_the_button(context: AppContext, site: str) -> None:
    found = letter(context, minutes_ago=60)
    with browsing() as page:
        page.goto(f"{site}/l/{found.link(YES)}")
        page.wait_for_timeout(500)
        assert found.since() == []
        assert page.get_by_role("button").count() == 1


@pytest.mark.parametrize(
    ("trick", "event"),
    [(HIDDEN, "visibilitychange"), (PRERENDERED, "prerenderingchange")],
    ids=["hidden", "prerendered"],
)
def test_a_page_nobody_sees_waits_until_somebody_does(
    context: AppContext, site: str, trick: str, event: str
) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone()) as page:
        page.add_init_script(trick)
        page.goto(f"{site}/l/{found.link(YES)}")
        page.wait_for_timeout(500)
        assert found.since() == []
        page.evaluate(f"window.shown = true; document.dispatchEvent(new Event('{event}'))")
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()
    assert found.lists() == {11}


def test_a_real_press_says_so_to_the_server_and_a_script_does_not(
    context: AppContext, site: str
) -> None:
    pressed, alone = letter(context), letter(context)
    context.clock.jump(3_600_000)
    with browsing(agent=phone(), scripts=False) as page:
        page.goto(f"{site}/l/{pressed.link(YES)}")
        page.get_by_role("button").click()
        expect(page.get_by_text("Bravo")).to_be_visible()
    with browsing(agent=phone()) as page:
        page.goto(f"{site}/l/{alone.link(YES)}")
        # Not asked of the browser: whoever asks it counts there as somebody who pressed.
        until(lambda: alone.since() != [])
        expect(page.get_by_text("Bravo")).to_be_visible()
    (by_hand,), (by_script,) = (
        context.vault.evidence_of(each.stream).values() for each in (pressed, alone)
    )
    assert (by_hand["act"], by_hand["sec_fetch_user"]) == ("human_button", "?1")
    assert (by_script["act"], by_script["sec_fetch_user"]) == ("auto_submit", "")


@pytest.mark.parametrize("minutes", [0, 60], ids=["by a press", "by itself"])
def test_the_reader_arrives_at_the_address_the_author_gave(
    context: AppContext, site: str, minutes: int
) -> None:
    found = letter(context, minutes_ago=minutes)
    with browsing(agent=phone()) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.context.route(
            "https://boutique.example/**",
            lambda route: route.fulfill(body="Merci de votre visite", content_type="text/plain"),
        )
        with page.expect_request("https://boutique.example/merci?de=potager") as arriving:
            page.goto(f"{site}/l/{found.link(SHOP)}")
            if not minutes:
                page.get_by_role("button").click()
        arriving.value.response()
        assert said == []
    assert found.lists() == {13}


def test_a_confirmation_waits_for_its_button_however_old_it_is(
    context: AppContext, site: str
) -> None:
    asked = confirmation(context)
    context.clock.jump(3_600_000)
    with browsing(agent=phone(), width=390) as page:
        page.goto(f"{site}/l/{asked.token(CONFIRM)}")
        page.wait_for_timeout(500)
        assert asked.since() == []
        picture(page, "confirm")
        page.get_by_role("button", name="Je confirme mon inscription").click()
        expect(page.get_by_text("C’est confirmé, bonne lecture !")).to_be_visible()
    assert asked.lists() == {10}


def test_another_purpose_is_a_box_that_a_person_ticks(context: AppContext, site: str) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone(), width=390) as page:
        page.goto(f"{site}/l/{found.link(OFFERS)}")
        box = page.get_by_role(
            "checkbox", name="Oui, je souhaite recevoir « Les offres du potager »."
        )
        assert not box.is_checked()
        picture(page, "consent")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        box.check()
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Votre réponse : Vos offres")).to_be_visible()
    assert found.lists() == {40}


def test_a_keyboard_is_enough(context: AppContext, site: str) -> None:
    found = letter(context)
    with browsing(agent=phone()) as page:
        page.goto(f"{site}/l/{found.link(NO)}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Votre réponse : Pas encore")).to_be_visible()
    assert found.lists() == {12}


def test_no_other_host_no_cookie_and_no_complaint(context: AppContext, site: str) -> None:
    found = letter(context, minutes_ago=60)
    with browsing(agent=phone()) as page:
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{site}/l/{found.link(YES)}")
        expect(page.get_by_text("Bravo ! La suite vous attend.")).to_be_visible()
        page.goto(f"{site}/l/{'A' * 35}")
        assert all(url.startswith(site) for url in asked)
        assert (said, page.context.cookies()) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_by_day_and_by_night_and_on_a_small_telephone(
    context: AppContext, site: str, scheme: str
) -> None:
    found = letter(context)
    with browsing(agent=phone(), width=320, scheme=cast(Literal["light", "dark"], scheme)) as page:
        for number, name in ((YES, "answer"), (OFFERS, "box")):
            page.goto(f"{site}/l/{found.link(number)}")
            picture(page, f"{name}-{scheme}")
            ratios = page.evaluate(CONTRAST, "h1, p, button, label, footer p")
            assert len(ratios) >= 5 and min(ratios) >= 4.5
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            button = page.get_by_role("button").bounding_box()
            assert button is not None and button["height"] >= 48
