"""The editor in a real browser: what is typed is kept by itself, under the console's own policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from engine.authoring.drafts import Draft
from engine.console.access import Role
from tests.console.serving import Served
from tests.web.browsing import browsing

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
EDIT = "/d/onboarding/edit?letter=10/graines-semees"
KEPT = "gardé dans votre brouillon"
WORDS = "onboarding/graines-semees.md"


@contextmanager
def author(console: Served, *, width: int = 1280, expected: tuple[str, ...] = ()) -> Iterator[Page]:
    """Signed in. The browser must complain of nothing but what is `expected`, and ask no other host
    for anything.
    """
    account = console.account(Role.AUTHOR)
    token = console.context.console_desk.open_session(account.id, "link", "tests")
    with browsing(width=width) as page:
        cookie = console.console.guard.cookie
        page.context.add_cookies([{"name": cookie, "value": token, "url": console.url}])
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((console.url, "data:", "about:"))
                else complaints.append(asked.url)
            ),
        )
        yield page
        assert not [words for words in complaints if not words.startswith(expected)]


def draft(console: Served) -> Draft:
    config = console.context.config
    return Draft(config.data, config.sequences, console.account(Role.AUTHOR).id)


def test_what_is_typed_is_kept_and_shown_without_a_button(console: Served) -> None:
    with author(console) as page:
        page.goto(f"{console.url}{EDIT}")
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("Trois mots neufs. [Oui](===nulle-part===)")
        expect(page.locator("#kept")).to_contain_text(KEPT)
        assert (draft(console).text(WORDS) or "").endswith("(===nulle-part===)")
        expect(page.locator("#found")).to_contain_text("liste nulle-part")
        expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
        for _ in range(len("(===nulle-part===)")):
            page.keyboard.press("Backspace")
        shown = page.frame_locator("#preview iframe").locator("body")
        expect(shown).to_contain_text("Trois mots neufs.")
        page.get_by_label("Large, 600").check()
        expect(page.locator("#preview iframe.wide")).to_have_count(1)
        page.get_by_role("button", name="Garder et voir").click()
        expect(page.locator(".notice")).to_contain_text("Gardé dans votre brouillon")
        page.go_back()
        page.reload()
        expect(page.locator("#found")).not_to_contain_text("nulle-part")
    draft(console).discard(WORDS)


def test_a_session_that_ends_while_somebody_types_loses_nothing(console: Served) -> None:
    with author(console, expected=("Failed to load resource", "Response Status Error")) as page:
        page.goto(f"{console.url}{EDIT}")
        page.locator(".cm-content").click()
        page.context.clear_cookies()
        page.keyboard.type("Des mots à ne pas perdre. ")
        expect(page.locator("#unsaved")).to_be_visible()
        assert not draft(console).paths()
        token = console.context.console_desk.open_session(
            console.account(Role.AUTHOR).id, "link", "tests"
        )
        cookie = console.console.guard.cookie
        page.context.add_cookies([{"name": cookie, "value": token, "url": console.url}])
        page.keyboard.type("Et d’autres.")
        expect(page.locator("#kept")).to_contain_text(KEPT)
        expect(page.locator("#unsaved")).to_be_hidden()
        assert "Des mots à ne pas perdre. Et d’autres." in (draft(console).text(WORDS) or "")
    draft(console).discard(WORDS)


def test_a_picture_is_dropped_onto_the_words(console: Served) -> None:
    with author(console) as page:
        page.goto(f"{console.url}{EDIT}")
        page.locator(".cm-content").wait_for()
        page.evaluate(
            """() => {
              const bytes = new Uint8Array([0x89, 80, 78, 71, 13, 10, 26, 10]);
              const data = new DataTransfer();
              data.items.add(new File([bytes], "Mon semis.png", { type: "image/png" }));
              const host = document.querySelector(".code-editor");
              host.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true,
                cancelable: true, composed: true }));
            }"""
        )
        expect(page.locator(".notice")).to_contain_text("Mis dans la lettre")
        assert "![Mon semis](pictures/mon-semis.png)" in (draft(console).text(WORDS) or "")
    draft(console).discard(WORDS)


def test_the_frame_of_letters_is_kept_and_shown_while_it_is_typed(console: Served) -> None:
    with author(console) as page:
        page.goto(f"{console.url}/layout")
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("<h6>Au revoir !</h6>{{ foot }}")
        expect(page.locator("#kept")).to_contain_text(KEPT)
        assert "<h6>Au revoir" in (draft(console).text("layout.html") or "")
        expect(page.locator("#found li")).not_to_have_count(0)
        for _ in range(len("{{ foot }}")):
            page.keyboard.press("Backspace")
        shown = page.frame_locator("#preview iframe").locator("body")
        expect(shown).to_contain_text("Au revoir !")
    draft(console).discard("layout.html")


def test_a_version_that_is_typed_is_given_a_file_of_its_own(console: Served) -> None:
    with author(console) as page:
        page.goto(f"{console.url}/d/onboarding/versions?letter=10/graines-semees")
        page.fill("#subject-0", "Et vos graines ?")
        page.get_by_role("button", name="Garder").last.click()
        page.get_by_role("link", name="Ses mots").last.click()
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("Trois")
        expect(page.locator("#kept")).to_contain_text(KEPT)
        page.keyboard.type(" mots neufs.")
        expect(page.locator("#preview iframe")).to_have_count(1)
        shown = page.frame_locator("#preview iframe").locator("body")
        expect(shown).to_contain_text("Trois mots neufs.")
        page.get_by_role("button", name="Garder et voir").click()
        expect(page.locator(".notice")).to_contain_text("Gardé dans votre brouillon")
    own = "onboarding/graines-semees-b.md"
    assert (draft(console).text(own) or "").endswith("Trois mots neufs.")
    assert draft(console).paths() == (own, "onboarding.toml")
    for path in draft(console).paths():
        draft(console).discard(path)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(console: Served, width: int) -> None:
    with author(console, width=width) as page:
        for address in (EDIT, "/d/onboarding/timing", "/d/onboarding/lists", "/d/onboarding/text"):
            page.goto(f"{console.url}{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
