"""The first steps tick themselves from what is there, and are put away once for an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from engine.console.access import Role
from engine.context import AppContext
from tests.console.serving import Browser, Served, console_of
from tests.running_installation import Installations, publish

STARTER = """title = "Prête d’avance"
purpose = "conseils"

[[list]]
id = 1
name = "accueil"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"
"""
EDITOR = "/d/les-herbes/edit"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Where the program has put in force what it was given."""
    files = {"prete.toml": STARTER, "bonjour.md": "Bonjour,\n\n[Oui](===1===)\n\nÀ bientôt.\n"}
    with installations.made(files) as made:
        yield made


@pytest.fixture(scope="module")
def console(context: AppContext) -> Iterator[Served]:
    with console_of(context) as served:
        yield served


def done(browser: Browser) -> list[bool]:
    items = re.findall(r"<li[^>]*class=\"(\w*)\">\s*<div class=\"row-head\">", steps(browser))
    assert len(items) == 7
    return [item == "done" for item in items]


def steps(browser: Browser) -> str:
    return unescape(browser.read("/first-steps"))


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "csrf"}


def put_in(browser: Browser, body: str, **inputs: str) -> None:
    page = browser.read(EDITOR)
    given = {**hidden(page), "subject": "Bienvenue", "preheader": "", "body": body, **inputs}
    assert browser.submit(EDITOR, given).status_code == 303


def test_what_is_there_ticks_the_steps_one_after_the_other(
    console: Served, operator: Browser
) -> None:
    assert not any(done(operator)), "what came with the installation is nobody's first step"
    assert "Begin a dialogue" in operator.read("/")
    begun = {"title": "Les herbes", "list": "Venus", "subject": "Bienvenue", "form": "yes"}
    assert operator.submit("/new-dialogue", {**begun, "purpose": "conseils"}).status_code == 303
    assert done(operator) == [True] + 6 * [False]
    words = "Bonjour,\n\nUn pot suffit.\n"
    put_in(operator, words, do="draft")
    assert done(operator) == 2 * [True] + 5 * [False]
    for answer in ("Oui", "Non"):
        body = re.search(
            r'<textarea id="body"[^>]*>\n(.*?)</textarea>', operator.read(EDITOR), re.S
        )
        assert body is not None
        answered = {"do": "answer", "answer": answer, "target": "new", "new_list": answer}
        put_in(operator, unescape(body[1]), kind="move", **answered)
    assert done(operator) == 3 * [True] + 4 * [False]
    assert operator.submit("/draft", {"do": "save"}).status_code == 303
    assert done(operator) == 4 * [True] + 3 * [False]
    assert "/d/les-herbes?plan=folder" in steps(operator)
    publish(console.context)
    assert done(operator) == 5 * [True] + 2 * [False]
    assert "/f/les-herbes" in steps(operator)


def test_who_may_not_write_is_not_led(console: Served) -> None:
    with console.as_role(Role.AUDITOR) as browser:
        assert "/first-steps" not in browser.read("/")
        assert browser.get("/first-steps").status_code == 403


def test_they_are_put_away_for_one_account_and_for_good(console: Served) -> None:
    with console.as_role(Role.AUTHOR) as browser, console.as_role(Role.OPERATOR) as other:
        assert "/first-steps" in browser.read("/")
        assert browser.submit("/first-steps").headers["location"] == "/"
        assert "Put away" in browser.read("/")
        assert "/first-steps" not in browser.read("/")
        assert "/first-steps" in other.read("/")
        assert "Put them away" not in steps(browser)
