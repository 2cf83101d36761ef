"""What holds for every page of the console, whatever it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.console.access import ROLES, Right, Role
from engine.console.rendering import (
    POLICY,
    STATIC,
    TEMPLATES,
    Standing,
    sentence,
    static_file,
    static_url,
)
from engine.console.visit import Mistake
from engine.words import LANGUAGES
from tests.console.visiting import visit

OWN_CODE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href|action)=\"?https?:",
    re.I,
)


STANDING = Standing(paused=True, speed=5000, now=1_796_029_200_000)


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_holds_script_style_or_another_host(template: Path) -> None:
    assert OWN_CODE.findall(template.read_text()) == []


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    assert "unsafe" not in POLICY and "http" not in POLICY and "*" not in POLICY


def test_a_page_names_only_what_its_account_may_see() -> None:
    assert b'href="/people"' in visit().refused("No.").body
    page = bytes(visit(Role.AUDITOR).refused("No.").body)
    assert b'href="/people"' not in page and b'href="/d"' in page


def test_what_is_shown_is_escaped_in_both_languages() -> None:
    for language in LANGUAGES:
        page = bytes(visit(language=language).refused("<img src=x>").body).decode()
        assert "<img" not in page and "Léa &lt;b&gt;" in page


@pytest.mark.parametrize(
    ("status", "url", "heading", "way"),
    [
        (404, "/results/letter/1/x", "There is nothing here", "/results"),
        (404, "/results", "There is nothing here", "/"),
        (403, "/segments/x/edit", "You may not do this", "/segments"),
        (409, "/", "This cannot be done", "/"),
    ],
)
def test_what_cannot_be_done_says_what_it_is_and_leads_to_the_place_it_belongs_to(
    status: int, url: str, heading: str, way: str
) -> None:
    page = bytes(visit(url=url).refused("No.", status).body).decode()
    assert f"<h1>{heading}</h1>" in page
    assert re.findall(r'class="button[^"]*" href="([^"]+)"', page)[0] == way


def test_where_nothing_is_written_every_empty_page_leads_to_the_first_steps() -> None:
    def ways(role: Role, standing: Standing) -> list[str]:
        answer = visit(role, url="/forms", standing=standing).page(
            "results.html", title="", asked=None, has_any=False
        )
        return re.findall(r'class="button" href="([^"]+)"', bytes(answer.body).decode())

    assert ways(Role.AUTHOR, Standing(is_bare=True)) == ["/first-steps"]
    assert ways(Role.AUTHOR, Standing()) == ways(Role.AUDITOR, Standing(is_bare=True))


def test_a_page_with_mistakes_says_so_in_its_title_and_leads_to_each() -> None:
    answer = visit(language="fr").page(
        "refused.html", sentence="x", mistakes=[Mistake("name", "Il manque un nom.")]
    )
    page = bytes(answer.body).decode()
    assert answer.status_code == 422
    assert "<title>Erreur\xa0:" in page
    assert '<a href="#name">Il manque un nom.</a>' in page


def test_sending_that_is_held_and_a_fast_clock_are_said_on_every_page() -> None:
    page = bytes(visit(language="fr", standing=STANDING).refused("x").body).decode()
    assert "5\u202f000" in page and "Les envois sont retenus" in page


def test_an_auditor_changes_nothing_and_only_operators_may_everything() -> None:
    assert ROLES[Role.AUDITOR] == {Right.SEE, Right.AUDIT, Right.PAPERS}
    assert [role for role in Role if ROLES[role] == frozenset(Right)] == [Role.OPERATOR]


def test_a_file_is_fetched_by_its_digest_alone() -> None:
    url = static_url("console.css")
    digest = url.split("/")[2]
    answer = static_file(digest, "console.css")
    assert answer is not None and answer.body == (STATIC / "console.css").read_bytes()
    assert static_file("0" * 16, "console.css") is None
    assert static_file(digest, "../visit.py") is None and static_file(digest, "console.js") is None


def test_words_of_the_command_line_become_a_sentence_of_a_page() -> None:
    assert sentence("start it: `relance <run>`") == ("Start it: <code>relance &lt;run&gt;</code>")
    assert sentence('"zz" is a person\'s, `"x"` not o\'brien@x') == (
        "“zz” is a person’s, <code>&#34;x&#34;</code> not o&#39;brien@x"
    )
    assert sentence('il n’y a pas de "zz"', "fr") == "Il n’y a pas de «\u00a0zz\u00a0»"
