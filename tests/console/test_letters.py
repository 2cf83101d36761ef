"""The page of a letter: how it looks for a chosen reader, what is to be looked at again, a test of
it, and what came of it.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import get_args

import pytest
from fastapi.responses import Response

from engine.console import letters
from engine.console.access import Role
from engine.console.letter_checklist import CONSTRUCTS, MAIL_PROGRAMS, Shown
from engine.console.visit import Redirect, Route
from engine.context import AppContext
from engine.intake.own_data import FIELD
from engine.sending.mailbox import Mailbox
from tests.console.visiting import answered, visit, words_of
from tests.running import free_port

LIST, LETTER = "10", "graines-semees"
PATH = "/l/{list}/{letter}"
XSS = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def routes(context: AppContext) -> tuple[Route, ...]:
    return tuple(letters.routes(context))


def ask(
    routes: tuple[Route, ...],
    part: str = "",
    method: str = "GET",
    role: Role = Role.OPERATOR,
    letter: str = LETTER,
    session: str = "s1",
    inputs: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Response:
    visitor = visit(
        role,
        url=f"/l/{LIST}/{letter}",
        path={"list": LIST, "letter": letter},
        query=dict(query or {}),
        inputs=dict(inputs or {}),
        session=session,
    )
    return answered(routes, method, PATH + part, visitor)


def frame(routes: tuple[Route, ...], **query: str) -> str:
    return bytes(ask(routes, "/shown", query=query).body).decode()


def query_of(answer: Response) -> dict[str, str]:
    assert isinstance(answer, Redirect), words_of(answer)
    query = answer.headers["location"].partition("?")[2].partition("#")[0]
    return dict(pair.split("=") for pair in query.split("&") if pair)


def test_the_page_tells_what_came_of_a_letter(routes: tuple[Route, ...], people: list[str]) -> None:
    page = words_of(ask(routes, role=Role.AUTHOR))
    for words in ("due 6", "answered “Oui” 2 33%", "answered “Non” 1 17%", "silent so far 3 50%"):
        assert words in page
    assert "unsubscribed 0" in page


def test_the_checklist_says_where_each_link_leads(routes: tuple[Route, ...]) -> None:
    page = words_of(ask(routes))
    assert "Oui, c’est fait moves to 11 graines-semees" in page
    assert "Mes données to “My data”" in page
    assert "of the 102 kB that Gmail shows" in page and "72 columns" in page


@pytest.mark.parametrize("look", ["wide", "phone", "dark", "outlook"])
def test_a_frame_leads_nowhere_and_fetches_nothing(routes: tuple[Route, ...], look: str) -> None:
    shown = frame(routes, look=look)
    assert set(re.findall(r'href="([^"]*)"', shown)) == {"#"}
    assert set(re.findall(r'src="(\w+:)', shown)) <= {"data:"}
    policy = ask(routes, "/shown", query={"look": look}).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script" not in policy


def test_outlook_takes_its_own_branches_and_rounds_no_corner(routes: tuple[Route, ...]) -> None:
    shown, usual = frame(routes, look="outlook"), frame(routes, look="wide")
    assert "border-radius" in usual and "border-radius" not in shown
    assert "<!--[if mso]>" in usual and "[if mso]" not in shown
    assert "@media" not in shown and "padding:14px 28px" in shown


def test_the_text_part_is_shown_as_text(routes: tuple[Route, ...]) -> None:
    assert "<pre" in frame(routes, look="text") and "À tout de suite" in frame(routes, look="text")


def test_somebody_invented_is_kept_out_of_the_address(routes: tuple[Route, ...]) -> None:
    answer = ask(routes, "/reader", "POST", inputs={FIELD + "first_name": "Zoé"})
    assert "Zo" not in answer.headers["location"]
    assert "Zoé" in frame(routes, **query_of(answer))
    assert "Zoé" not in frame(routes)


@pytest.mark.parametrize("look", ["wide", "outlook", "text"])
def test_what_is_typed_stays_words(routes: tuple[Route, ...], look: str) -> None:
    answer = ask(routes, "/reader", "POST", inputs={FIELD + "first_name": XSS})
    query = query_of(answer)
    assert "<script" not in frame(routes, **query, look=look)
    assert "<script>alert" not in bytes(ask(routes, query=query).body).decode()


def test_a_person_is_shown_only_to_who_may_read_people(
    routes: tuple[Route, ...], context: AppContext, people: list[str]
) -> None:
    who = people[4]
    address = context.vault.people([who])[who].address
    query = query_of(ask(routes, "/reader", "POST", inputs={"do": "person", "address": address}))
    assert query == {"person": who}
    before = len(context.ledger.stream(who))
    assert address in words_of(ask(routes, session="s7", query=query))
    assert [entry.name for entry in context.ledger.stream(who)][before:] == ["profile-read"]
    assert ask(routes, "/shown", session="s7", query=query).status_code == 200
    assert len(context.ledger.stream(who)) == before + 1
    for part in ("", "/shown"):
        assert ask(routes, part, role=Role.AUTHOR, query=query).status_code == 403
    refused = ask(
        routes, "/reader", "POST", Role.AUTHOR, inputs={"do": "person", "address": address}
    )
    assert refused.status_code == 403


def test_what_is_written_is_shown_beside_what_is_in_force(
    routes: tuple[Route, ...], context: AppContext
) -> None:
    file = context.config.sequences / "onboarding" / "graines-semees.md"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + "\nUne ligne toute neuve.\n", encoding="utf-8")
    try:
        assert "In force As written now" in words_of(ask(routes))
        assert "toute neuve" in frame(routes, plan="draft")
        assert "toute neuve" not in frame(routes)
    finally:
        file.write_text(before, encoding="utf-8")
    assert "As written now" not in words_of(ask(routes))


def test_hostile_words_of_a_letter_stay_words(
    routes: tuple[Route, ...], context: AppContext
) -> None:
    """In the subject, the preheader, the words of links and a picture's."""
    dialogue = context.config.sequences / "onboarding.toml"
    words = context.config.sequences / "onboarding" / "graines-semees.md"
    before = dialogue.read_text(encoding="utf-8"), words.read_text(encoding="utf-8")
    quoted = XSS.replace('"', '\\"')
    old = r'subject += "Avez-vous semé[^"]*"\n  preheader = [^\n]*'
    new = f'subject = "{quoted}"\n  preheader = "{quoted} &lt;b&gt;"'
    hostile, count = re.subn(old, lambda _all: new, before[0])
    assert count == 1
    dialogue.write_text(hostile, encoding="utf-8")
    words.write_text(before[1] + f"\n[{XSS}](https://example.org/)\n", encoding="utf-8")
    try:
        page = bytes(ask(routes, query={"plan": "draft"}).body).decode()
        assert "<script>alert" not in page and "script&gt;alert" in page
        for look in ("wide", "outlook", "text"):
            assert "<script>alert" not in frame(routes, plan="draft", look=look)
    finally:
        dialogue.write_text(before[0], encoding="utf-8")
        words.write_text(before[1], encoding="utf-8")


def test_every_construct_of_the_table_has_words_and_an_answer_for_each_program(
    routes: tuple[Route, ...],
) -> None:
    known = tomllib.loads(MAIL_PROGRAMS.read_text(encoding="utf-8"))
    assert {one["id"] for one in known["construct"]} == set(CONSTRUCTS)
    for one in known["construct"]:
        assert len(one["shown"]) == len(known["programs"])
        assert set(one["shown"]) <= set(get_args(Shown)) and one["tested"].year >= 2019
    assert "Buttons side by side" in words_of(ask(routes))


def test_a_broadcast_and_its_reminder_have_pages(
    routes: tuple[Route, ...], context: AppContext
) -> None:
    plan = context.installation_stream.current().plan()
    broadcast = next(one for one in plan.broadcasts.values() if one.reminder is not None)
    assert broadcast.reminder is not None
    first = visit(url=f"/b/{broadcast.id}", path={"broadcast": broadcast.id})
    assert answered(routes, "GET", "/b/{broadcast}", first).status_code == 200
    path = {"broadcast": broadcast.id, "letter": broadcast.reminder.id}
    second = replace(first, path=path)
    assert "no answer after" in words_of(answered(routes, "GET", "/b/{broadcast}/{letter}", second))
    assert answered(routes, "GET", "/b/{broadcast}/{letter}/shown", second).status_code == 200


def test_no_such_letter_is_a_page_that_says_so(routes: tuple[Route, ...]) -> None:
    assert ask(routes, letter="nowhere").status_code == 404
    assert ask(routes, "/shown", letter="nowhere").status_code == 404


def at_port(context: AppContext, port: int) -> tuple[Route, ...]:
    """The pages of an installation whose built-in mailbox listens there."""
    config = replace(context.config, mailbox_smtp_port=port)
    return tuple(letters.routes(replace(context, config=config)))


@contextmanager
def listening(folder: Path, port: int) -> Iterator[Mailbox]:
    loop, mailbox = asyncio.new_event_loop(), Mailbox(folder)
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(mailbox.start(port), loop).result(10)
        yield mailbox
        asyncio.run_coroutine_threadsafe(mailbox.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_test_that_cannot_leave_says_why(context: AppContext) -> None:
    routes = at_port(context, free_port())
    wrong = ask(routes, "/test", "POST", inputs={"to": "nobody"})
    assert wrong.status_code == 422
    unserved = ask(routes, "/test", "POST", inputs={"to": "moi@example.org"})
    assert unserved.status_code == 422 and "built-in mailbox" in words_of(unserved)


def test_a_test_says_so_does_nothing_and_is_no_fact_of_anybody(
    context: AppContext, people: list[str], tmp_path: Path
) -> None:
    before, port = context.ledger.head(), free_port()
    with listening(tmp_path / "mailbox", port) as mailbox:
        routes, limit = at_port(context, port), letters.TESTS_AN_HOUR
        sent = ask(routes, "/test", "POST", inputs={"to": "moi@example.org"})
        assert isinstance(sent, Redirect) and "moi" not in sent.headers["location"] + sent.done
        answers = [
            ask(routes, "/test", "POST", inputs={"to": "moi@example.org"}).status_code
            for _again in range(limit)
        ]
        assert answers[0] == 303 and answers[-1] == 422
        (first, *_others) = sorted((tmp_path / "mailbox").glob("*.eml"))
        assert mailbox.folder == tmp_path / "mailbox"
    mail = message_from_bytes(first.read_bytes(), policy=default)
    assert mail["subject"].startswith("[Test] Avez-vous")
    assert isinstance(mail, EmailMessage)
    html = mail.get_body(("html",))
    assert html is not None
    assert set(re.findall(r"/l/([\w-]+)", html.get_content())) == {"preview"}
    assert context.ledger.head() == before
