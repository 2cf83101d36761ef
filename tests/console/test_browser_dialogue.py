"""The drawing in a real browser: words stay on their cards, numbers change by themselves, and it is
walked by keyboard and without script.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from tests.console.serving import Served
from tests.web.browsing import browsing

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("people")]

OUTSIDE = """() => {
  const wrong = [];
  const near = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  for (const box of document.querySelectorAll(".drawing .box")) {
    const card = box.querySelector(".body").getBoundingClientRect();
    const texts = [...box.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    texts.filter(([, at]) => at.width).forEach(([words, at], index, all) => {
      if (at.left < card.left + 4 || at.right > card.right - 4 || at.bottom > card.bottom + 1) wrong.push([box.id, words]);
      for (const [other, there] of all.slice(index + 1)) if (near(at, there)) wrong.push([box.id, words, other]);
    });
  }
  return wrong;
}"""  # noqa: E501
LARGEST = """() => document.querySelectorAll(".drawing .count, .drawing .people")
  .forEach((text) => { text.textContent = "9\\u202f999\\u202f999"; })"""

HIGHEST = """() => [...document.querySelectorAll(".drawing .box > .body")]
  .map((card) => card.getBoundingClientRect())
  .sort((one, other) => one.top - other.top)[0]"""


@contextmanager
def opened(console: Served, path: str, *, scripts: bool = True) -> Iterator[Page]:
    """A page of the console as an operator's browser shows it."""
    with console.as_role() as session, browsing(scripts=scripts) as page:
        cookie = {"name": session.cookie, "value": session.token, "url": console.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        answer = page.goto(console.url + path)
        assert answer is not None and answer.status == 200
        yield page


@pytest.mark.parametrize("dialogue", ["onboarding", "prospects", "clients"])
def test_every_word_stays_on_its_card_whatever_the_numbers(console: Served, dialogue: str) -> None:
    with opened(console, f"/d/{dialogue}") as page:
        assert page.evaluate(OUTSIDE) == []
        page.evaluate(LARGEST)
        assert page.evaluate(OUTSIDE) == []


def test_numbers_change_where_they_stand_and_the_focus_stays(console: Served) -> None:
    with opened(console, "/d/onboarding") as page:
        number = page.locator("#p-list-11")
        true = number.text_content()
        page.locator(".drawing a").nth(3).focus()
        place = number.bounding_box()
        page.evaluate("document.getElementById('p-list-11').textContent = '–'")
        live = page.locator("[hx-get]").get_attribute("hx-get")
        page.evaluate("(url) => htmx.ajax('GET', url, {target: 'main', swap: 'none'})", live)
        page.wait_for_function("document.getElementById('p-list-11').textContent != '–'")
        assert number.text_content() == true
        assert number.bounding_box() == place
        assert page.evaluate(
            "document.activeElement === document.querySelectorAll('.drawing a')[3]"
        )


def test_a_card_is_reached_by_keyboard_and_shows_it(console: Served) -> None:
    with opened(console, "/d/onboarding") as page:
        page.locator(".drawing-frame").focus()
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "getComputedStyle(document.activeElement.querySelector('.head')).strokeWidth"
        )
        assert focused == "3px"
        page.keyboard.press("Enter")
        page.wait_for_url("**/list/10?days=30")


def test_without_script_every_switch_is_a_link(console: Served) -> None:
    with opened(console, "/d/onboarding", scripts=False) as page:
        page.get_by_role("link", name="90").click()
        assert "days=90" in page.url
        page.locator("#list-10 .line.answer .row").first.click()
        assert "/way/list-10-graines-semees-moved11?days=90" in page.url


def test_a_narrow_window_scrolls_the_drawing_and_not_the_page(console: Served) -> None:
    with opened(console, "/d/onboarding") as page:
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        frame = page.locator(".drawing-frame")
        assert frame.evaluate("(frame) => frame.scrollWidth > frame.clientWidth")
        page.reload()
        first = page.evaluate(HIGHEST)
        assert first["left"] >= 0 and first["left"] + first["width"] <= 360
