"""Every page of the console in a real browser, light and dark: nothing that axe-core finds fault
with, nothing asked of another host, no error of the browser, and 360 px are wide enough. In the
short form every other page is dark, and the others are light: what is found in one alone is its
contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from engine.context import AppContext
from engine.installation.events import BroadcastFellDue
from engine.subscriber.events import Cause
from tests.console import sample
from tests.console.importing import PEOPLE, looked_at
from tests.console.serving import Browser, Served
from tests.console.walk import addresses
from tests.sizes import LONG
from tests.web.browsing import browsing

pytestmark = pytest.mark.browser
AXE = Path(__file__).with_name("axe.min.js").read_text("utf-8")
"""axe-core 4.14.1 (MPL-2.0) as npm has it. docs/licences.md names it."""
FAULTS = """(only) => axe.run(document, {
    runOnly: only, resultTypes: ["violations"], iframes: false,
    rules: {"label-content-name-mismatch": {enabled: false}},
  }).then((found) => found.violations.map((fault) =>
    `${fault.id}: ${fault.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" ")}`))"""
"""The rule that is off takes the title of an SVG for words that are seen."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": TAGS}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
Scheme = Literal["light", "dark"]
BOTH: tuple[Scheme, ...] = ("light", "dark")
TESTS = 4
"""The pages are walked by so many tests, which the workers share."""


@pytest.fixture(scope="module")
def upload(context: AppContext, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file that may hold people who refused, of which is shown what would happen."""
    return looked_at(context, tmp_path_factory.mktemp("sent"), PEOPLE, column_at_1="")


def is_whole_page(session: Browser, path: str) -> bool:
    """And not a piece of one, a letter as it is previewed, a download, or what leads on."""
    answer = session.get(path)
    assert answer.status_code < 500, (path, answer.text[:500])
    policy = answer.headers.get("content-security-policy", "")
    return "</nav>" in answer.text and "sandbox" not in policy


def faults(page: Page, url: str, schemes: Sequence[Scheme] = BOTH) -> list[str]:
    page.goto(url)
    return faults_here(page, schemes)


def faults_here(page: Page, schemes: Sequence[Scheme] = BOTH) -> list[str]:
    """Of the page as it stands, in the light, in the dark, and 360 px wide."""
    page.set_viewport_size({"width": 1280, "height": 760})
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = []
    for number, scheme in enumerate(schemes):
        page.emulate_media(color_scheme=scheme)
        found += page.evaluate(FAULTS, CONTRAST if number else EVERYTHING)
    page.set_viewport_size({"width": 360, "height": 760})
    width = page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"{width} px wide"] if width > 360 else found


@pytest.fixture(scope="module", autouse=True)
def broadcast_fallen_due(context: AppContext) -> None:
    """So that there is one for an auditor to decide again."""
    now, fallen = (
        context.clock.now(),
        BroadcastFellDue(context.clock.now(), "enfants", "2026-12-01"),
    )
    context.installation_stream.execute(lambda state: [fallen], Cause("engine"), now)


@pytest.fixture(scope="module", autouse=True)
def shop_connected(context: AppContext) -> None:
    sample.connected(context)


@pytest.mark.parametrize("number", range(TESTS))
def test_every_page_is_sound_in_a_browser(
    console: Served, context: AppContext, people: list[str], upload: str, number: int
) -> None:
    hosts: set[str] = set()
    errors: list[str] = []
    with console.as_role() as session, browsing() as page:
        cookie = {"name": session.cookie, "value": session.token, "url": console.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        # The browser keeps it for all pages: handing it over with each costs as much as a page.
        page.add_init_script(AXE)
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        # What the policy forbids is never asked for; the browser says so.
        page.on("console", lambda m: errors.append(m.text) if "Security Policy" in m.text else None)
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        paths = addresses(context, people[0], upload)[number::TESTS]
        found = {
            path: wrong
            for place, path in enumerate(paths)
            if is_whole_page(session, path)
            and (wrong := faults(page, console.url + path, BOTH if LONG else [BOTH[place % 2]]))
        }
    assert found == {}
    assert hosts == {urlsplit(console.url).netloc}
    assert errors == []
