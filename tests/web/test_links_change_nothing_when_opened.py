"""Opening a link changes nothing, whoever opens it and however often (C01), and its page keeps
itself to itself (C02).
"""

from __future__ import annotations

import re

import httpx
import pytest

from engine.context import AppContext
from engine.letter.link_token import (
    CONFIRM,
    EVERYTHING,
    MY_DATA,
    NOT_ME,
    PREFERENCES,
    UNDO,
    UNSUBSCRIBE,
)
from tests.web.correspondence import COPY, MINUTE, OFFERS, YES, confirmation, letter

TIMES = 25
AHEAD = [
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
    {"X-Purpose": "preview"},
]


def every_link(context: AppContext) -> list[str]:
    found, asked = letter(context, minutes_ago=60), confirmation(context)
    context.clock.jump(60 * MINUTE)
    links = [found.link(number) for number in (YES, COPY, OFFERS)] + [
        found.token(action) for action in (UNSUBSCRIBE, EVERYTHING, UNDO, MY_DATA, PREFERENCES)
    ]
    return [*links, asked.token(CONFIRM), asked.token(NOT_ME), asked.token(MY_DATA)]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_event_comes_of_opening_every_kind_of_link_many_times(
    context: AppContext, reader: httpx.Client, method: str
) -> None:
    links = every_link(context)
    before = context.ledger.head()
    for _ in range(TIMES):
        assert {reader.request(method, f"/l/{token}").status_code for token in links} == {200}
    assert context.ledger.head() == before


@pytest.mark.parametrize("headers", AHEAD, ids=lambda headers: next(iter(headers)))
def test_a_prefetch_gets_the_page_and_the_page_does_not_act_by_itself(
    context: AppContext, reader: httpx.Client, headers: dict[str, str]
) -> None:
    found = letter(context, minutes_ago=60)
    before = context.ledger.head()
    ahead = reader.get(f"/l/{found.link(YES)}", headers=headers)
    assert (ahead.status_code, "<script" in ahead.text, context.ledger.head()) == (
        200,
        False,
        before,
    )
    assert "<script" in reader.get(f"/l/{found.link(YES)}").text


def steady(headers: httpx.Headers) -> dict[str, str]:
    values = {name: re.sub(r"'nonce-[^']*'", "'nonce-'", value) for name, value in headers.items()}
    return {name: value for name, value in values.items() if name not in ("date", "content-length")}


def test_get_head_and_options_answer_with_the_same_headers(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    answers = [
        reader.request(method, f"/l/{found.link(YES)}") for method in ("GET", "HEAD", "OPTIONS")
    ]
    assert [steady(answer.headers) for answer in answers] == [steady(answers[0].headers)] * 3
    assert answers[1].content == b""


def test_the_headers_of_a_page_are_those_of_the_standard(
    context: AppContext, reader: httpx.Client
) -> None:
    said = steady(reader.get(f"/l/{letter(context).link(YES)}").headers)
    assert said == {
        "content-type": "text/html; charset=utf-8",
        "content-language": "fr",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=31536000",
        "content-security-policy": (
            "default-src 'none'; style-src 'nonce-'; script-src 'nonce-'; img-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
    }


def test_the_nonce_of_a_page_is_its_own(context: AppContext, reader: httpx.Client) -> None:
    token = letter(context, minutes_ago=10).link(YES)
    nonces = set()
    for _ in range(3):
        page = reader.get(f"/l/{token}")
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", page.headers["content-security-policy"]))
        assert page.text.count(f'nonce="{nonce}"') == page.text.count("<style") + page.text.count(
            "<script"
        )
        nonces.add(nonce)
    assert len(nonces) == 3


def test_a_page_asks_no_other_host_for_anything_and_names_no_list(
    context: AppContext, reader: httpx.Client
) -> None:
    for token in every_link(context):
        page = reader.get(f"/l/{token}").text
        assert not re.search(r"(src|href|action)=\"(?!/l/|/f/|mailto:)", page)
        words = re.sub(r"<style.*?</style>|/l/[\w-]+|value=\"[^\"]*\"", "", page, flags=re.DOTALL)
        assert not re.search(
            r"numero-onze|numero-douze|prise-en-main|\b1[0123]\b|===|\+\+\+", words
        )


def test_the_page_says_the_answer_in_the_words_of_the_letter(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    assert "<h1>Votre réponse : Oui, c’est fait</h1>" in reader.get(f"/l/{found.link(YES)}").text
    assert ">Je réponds « Pas encore »</button>" in reader.get(f"/l/{found.link(1)}").text
    assert (
        "Ne plus recevoir « La lettre du potager »"
        in reader.get(f"/l/{found.token(UNSUBSCRIBE)}").text
    )


def test_a_reader_is_spoken_to_in_their_language(context: AppContext, reader: httpx.Client) -> None:
    page = reader.get(f"/l/{letter(context, language='en-GB').link(YES)}").text
    assert '<html lang="en"' in page and ">I answer “Oui, c’est fait”</button>" in page


def test_a_link_visited_more_than_thirty_times_a_minute_no_longer_acts_by_itself(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    pages = [reader.get(f"/l/{found.link(YES)}") for _ in range(32)]
    assert {page.status_code for page in pages} == {200}
    assert ["<script" in page.text for page in pages] == [True] * 30 + [False] * 2
    assert "<button" in pages[-1].text


def test_what_was_opened_and_never_pressed_is_lost(
    context: AppContext, reader: httpx.Client
) -> None:
    lost, pressed, robot = letter(context), letter(context), letter(context)
    with context.database.connection() as connection:
        connection.execute("DELETE FROM desk.shown")
    for each in (lost, pressed):
        reader.get(f"/l/{each.link(YES)}")
    reader.get(f"/l/{robot.link(YES)}", headers={"User-Agent": "BingPreview/1.0b"})
    context.desk.note_pressed([(pressed.claim.message, 16)])
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '1 hour'")
    assert context.desk.lost_messages() == (lost.claim.message,)
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '61 days'")
        context.desk.forget()
        assert connection.execute("SELECT count(*) FROM desk.shown").fetchone() == (0,)
