"""The page of a letter in a real browser: it is used without script, fits a telephone, and nothing
is asked of another host.
"""

from __future__ import annotations

import pytest

from tests.console.serving import Served
from tests.console.test_browser_dialogue import opened

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("people")]


def test_a_letter_is_looked_at_without_script_and_without_another_host(console: Served) -> None:
    with opened(console, "/l/10/graines-semees", scripts=False) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for look in ("360 px", "Sombre", "Outlook"):
            page.get_by_role("link", name=look).click()
            frame = page.frame_locator("iframe.mail")
            frame.get_by_role("link", name="Oui, c’est fait").click()
            assert frame.get_by_role("link", name="Oui, c’est fait").is_visible()
        assert asked and not [url for url in asked if not url.startswith(console.url)]


@pytest.mark.parametrize("look", ["wide", "phone", "text"])
def test_a_narrow_window_scrolls_the_letter_and_not_the_page(console: Served, look: str) -> None:
    with opened(console, f"/l/10/graines-semees?look={look}") as page:
        page.set_viewport_size({"width": 360, "height": 700})
        page.locator("summary").last.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
