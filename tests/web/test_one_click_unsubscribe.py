"""RFC 8058, exactly: one POST unsubscribes, without cookie, redirect, nonce or rule about robots,
as often as it comes, and after an erasure too.
"""

from __future__ import annotations

import httpx
import pytest

from engine.context import AppContext
from engine.letter.link_token import CONFIRM, EVERYTHING, UNSUBSCRIBE
from engine.subscriber.events import ConsentWithdrawn, ListLeft
from tests.web.correspondence import YES, confirmation, erased, letter

BOUNDARY = "------------------------d74496d66958873e"
URLENCODED = ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")
MULTIPART = (
    f"multipart/form-data; boundary={BOUNDARY}",
    f"--{BOUNDARY}\r\nContent-Disposition: form-data;"
    f' name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{BOUNDARY}--\r\n'.encode(),
)
BODIES = pytest.mark.parametrize(
    ("kind", "body"), [URLENCODED, MULTIPART], ids=["urlencoded", "multipart"]
)


def one_click(site: str, token: str, kind: str, body: bytes, agent: str = "") -> httpx.Response:
    headers = {
        "Content-Type": kind,
        "User-Agent": agent,
        "Origin": "https://mail.example",
        "Accept": "*/*",
    }
    return httpx.post(f"{site}/l/{token}", content=body, headers=headers, timeout=20)


@BODIES
def test_the_two_bodies_of_the_standard_unsubscribe_once_however_often_they_come(
    context: AppContext, site: str, kind: str, body: bytes
) -> None:
    found = letter(context)
    for _ in range(2):
        answer = one_click(site, found.token(UNSUBSCRIBE), kind, body)
        assert answer.status_code == 200 and not answer.history and "location" not in answer.headers
        assert "set-cookie" not in answer.headers and answer.headers["content-type"].startswith(
            "text/plain"
        )
        assert answer.elapsed.total_seconds() < 1
    withdrawn, left = found.since()
    assert isinstance(withdrawn, ConsentWithdrawn) and (withdrawn.purpose, withdrawn.act) == (
        "conseils",
        "rfc8058",
    )
    assert isinstance(left, ListLeft) and left.why == "withdrawn"
    assert found.entries()[-2].cause.door == "one-click"


@pytest.mark.parametrize("agent", ["", "curl/8.5.0", "Googlebot/2.1", "Barracuda Sentinel (EE)"])
def test_no_rule_about_robots_concerns_a_one_click(
    context: AppContext, site: str, agent: str
) -> None:
    found = letter(context)
    one_click(site, found.token(UNSUBSCRIBE), *URLENCODED, agent)
    assert isinstance(found.since()[0], ConsentWithdrawn)


def test_forty_one_clicks_in_a_row_are_none_too_many(context: AppContext, site: str) -> None:
    found = letter(context)
    assert {one_click(site, found.token(UNSUBSCRIBE), *URLENCODED).text for _ in range(40)} == {
        "unsubscribed\n"
    }
    assert len([event for event in found.since() if isinstance(event, ConsentWithdrawn)]) == 1


@BODIES
def test_it_succeeds_after_the_person_is_erased(
    context: AppContext, site: str, kind: str, body: bytes
) -> None:
    found = letter(context)
    erased(found)
    before = context.ledger.head()
    answer = one_click(site, found.token(UNSUBSCRIBE), kind, body)
    assert (answer.status_code, answer.text, context.ledger.head()) == (
        200,
        "unsubscribed\n",
        before,
    )
    assert (
        "Votre désinscription est faite" in httpx.get(f"{site}/l/{found.token(UNSUBSCRIBE)}").text
    )


@BODIES
def test_on_any_other_link_it_does_nothing(
    context: AppContext, site: str, kind: str, body: bytes
) -> None:
    found, asked = letter(context), confirmation(context)
    before = context.ledger.head()
    for token in (found.link(YES), found.token(EVERYTHING), asked.token(CONFIRM), "A" * 35):
        answer = one_click(site, token, kind, body)
        # A link of ours shows its page; of one that is not, nobody is told that it unsubscribed
        # them.
        assert answer.status_code == (404 if token == "A" * 35 else 200) and answer.headers[
            "content-type"
        ].startswith("text/html")
    assert context.ledger.head() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=Two-Clicks"),
        ("application/x-www-form-urlencoded", b"One-Click=List-Unsubscribe"),
        ("application/x-www-form-urlencoded", b"x=1&" * 400 + b"List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click&x=" + b"x" * 100_000),
        ("multipart/form-data", MULTIPART[1]),
        ("multipart/form-data; boundary=other", MULTIPART[1]),
        (MULTIPART[0], MULTIPART[1][:60]),
        (MULTIPART[0], MULTIPART[1].replace(b"form-data;", b"form-data; filename=x;")),
        ("application/json", b'{"List-Unsubscribe": "One-Click"}'),
    ],
)
def test_anything_else_is_refused_with_the_page_to_press_on_and_changes_nothing(
    context: AppContext, site: str, kind: str, body: bytes
) -> None:
    found = letter(context)
    before = context.ledger.head()
    answer = one_click(site, found.token(UNSUBSCRIBE), kind, body)
    assert (answer.status_code, context.ledger.head()) == (400, before)
    assert "<button" in answer.text
