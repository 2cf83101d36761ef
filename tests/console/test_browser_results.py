"""Charts in a real browser: at any width no words lie upon others or beyond the frame, and nothing
needs a script.
"""

from __future__ import annotations

import pytest

from tests.console.sample import ASKED
from tests.console.serving import Served
from tests.console.test_browser_dialogue import opened

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("people")]

WRONG = """() => [...document.querySelectorAll("svg.plot")].flatMap((plot) => {
  const frame = plot.getBoundingClientRect();
  const words = [...plot.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return words.flatMap(([said, at], index) => [
    ...(at.left < frame.left - 1 || at.right > frame.right + 1 || at.bottom > frame.bottom + 1 ? [said] : []),
    ...words.slice(index + 1).filter(([, other]) =>
      at.left < other.right && other.left < at.right && at.top + 2 < other.bottom && other.top + 2 < at.bottom
    ).map(([other]) => said + " / " + other),
  ]);
})"""  # noqa: E501


@pytest.mark.parametrize("path", ["/results", f"/results/letter/{ASKED}", "/results/joined"])
def test_words_of_charts_lie_apart_on_a_telephone_and_on_a_screen(
    console: Served, path: str
) -> None:
    with opened(console, path, scripts=False) as page:
        assert page.locator("svg.plot").count() >= (1 if "joined" not in path else 0)
        for width in (360, 760, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(WRONG) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
