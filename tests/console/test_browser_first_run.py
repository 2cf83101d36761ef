"""The first run in a real browser, from `relance init` to an answer that moves a number: a newcomer
follows what the pages say, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.authoring.new_installation import own_installation
from engine.authoring.starter import Owner, Ports
from tests.cli.commanding import Installation
from tests.running import PATIENCE, free_port, wait_for
from tests.web.browsing import browsing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HUMAN_MILLIS = 3_100
"""A form that is sent faster was filled in by a machine."""


@dataclass
class Begun(Installation):
    """As `relance init` lays it out."""

    console: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        address = "4 chemin des Tilleuls, 00000 Semailles"
        owner = Owner("The Herbs", address, "a@potager.example", self.url, "Herbs", "en")
        own_installation(self.folder, owner, Ports(self.web, self.smtp, self.page, self.console))

    def link(self) -> str:
        """The one that `run` prints."""
        printed = "".join(path.read_text() for path in self.folder.parent.glob("run-*/out"))
        found = re.search(r"http://localhost:\d+/link/\S+", printed)
        return found[0] if found else ""


def opened_by(page: Page, name: str) -> Page:
    """The new page that a link of the current step opens."""
    with page.context.expect_page() as opened:
        page.locator("[aria-current=step]").get_by_role("link", name=name).click()
    return opened.value


def press(page: Page) -> None:
    page.locator("main form button, form button").first.click()
    page.wait_for_load_state()


def click_in_letter(mailbox: Page, subject: str, words: str) -> None:
    """Once the letter stands in the list of the mailbox page, which renews itself."""
    letters = mailbox.frame_locator("iframe.list")
    letters.get_by_role("link", name=subject).click()
    link = mailbox.frame_locator("iframe.letter").get_by_role("link", name=words)
    with mailbox.context.expect_page() as opened:
        link.click()
    press(opened.value)
    opened.value.close()


def put_in(page: Page, answer: str) -> None:
    if not page.locator("#answer").is_visible():
        page.get_by_text("An answer the reader clicks").click()
    page.fill("#answer", answer)
    with page.expect_navigation():
        page.get_by_role("button", name="Put in the answer").click()


def test_a_newcomer_is_led_to_an_answer_that_moves_a_number(tmp_path: Path) -> None:
    relance = Begun(tmp_path / "mine")
    with relance.running(), browsing() as page:
        page.context.set_default_timeout(PATIENCE * 1000)
        wait_for(relance.link)
        page.goto(relance.link())
        page.fill("[name=name]", "Zoé")
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("link", name="Begin a dialogue").click()
        page.fill("[name=title]", "On the balcony")
        page.fill("[name=subject]", "Welcome")
        page.get_by_role("button", name="Make it").click()
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("A pot is enough.\n\nHave you sown?\n\n")
        put_in(page, "Yes indeed")
        put_in(page, "Not yet")
        page.get_by_role("link", name="Today").click()
        page.get_by_role("link", name="Save it").click()
        page.get_by_role("button", name="Save to the folder").click()
        page.get_by_role("link", name="Today").click()
        page.get_by_role("link", name="Look at the plan").first.click()
        page.get_by_role("button", name="Put this in force").click()
        expect(page.get_by_text("Edition 2 is in force.")).to_be_visible()
        page.get_by_role("link", name="All steps").click()
        form = opened_by(page, "Open the form")
        form.fill("[type=email]", "moi@lecteurs.example")
        for box in form.locator("[type=checkbox]").all():
            box.check()
        form.wait_for_timeout(HUMAN_MILLIS)
        press(form)
        mailbox = opened_by(page, "Open the mailbox page")
        click_in_letter(mailbox, "Please confirm your subscription", "Yes, subscribe me")
        click_in_letter(mailbox, "Welcome", "Yes indeed")
        done = page.locator("ol.steps > .done")
        wait_for(lambda: page.reload() and done.count() == 7)
        page.get_by_role("link", name="Open the drawing").first.click()
        expect(page.get_by_role("link", name="Yes indeed")).to_contain_text("1")
        page.get_by_role("link", name="Today").click()
        page.get_by_role("button", name="Put them away").click()
        expect(page.get_by_text("First steps", exact=True)).to_have_count(0)
