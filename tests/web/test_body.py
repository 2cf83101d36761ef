"""What a POST to a link says, in either encoding that RFC 8058 allows; whatever is malformed or too
large says nothing.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from engine.web.request import MAX_BODY_OCTETS, MAX_FIELDS, fields_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
MULTIPART = "multipart/form-data; boundary=x"
PART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)
URLENCODED = "application/x-www-form-urlencoded"


def posted(body: bytes, kind: str = URLENCODED) -> dict[str, str]:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    headers = [(b"content-type", kind.encode("latin-1"))] if kind else []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return asyncio.run(fields_of(Request(scope, receive)))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"List-Unsubscribe=One-Click", URLENCODED),
        (b"List-Unsubscribe=One-Click", "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8"),
        # Named wrongly, or not at all.
        (b"List-Unsubscribe=One-Click", "text/plain"),
        (b"List-Unsubscribe=One-Click", ""),
        (PART, MULTIPART),
        (PART, MULTIPART.upper().replace("X", "x")),
    ],
)
def test_one_click_is_read_however_it_is_encoded(body: bytes, kind: str) -> None:
    assert posted(body, kind) == ONE_CLICK


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", URLENCODED),
        (b"", MULTIPART),
        (b"a" * (MAX_BODY_OCTETS + 1), URLENCODED),
        (b"&".join(b"a%d=1" % n for n in range(MAX_FIELDS + 1)), URLENCODED),
        (PART, "multipart/form-data"),
        (b"--x\r\n\r\n\r\n--x--\r\n", MULTIPART),
    ],
)
def test_what_is_malformed_or_too_large_says_nothing(body: bytes, kind: str) -> None:
    assert posted(body, kind) == {}


def test_a_file_says_nothing() -> None:
    part = PART.replace(b'"List-Unsubscribe"', b'"List-Unsubscribe"; filename="a.txt"')
    assert posted(part, MULTIPART) == {}


@given(st.binary(max_size=300), st.sampled_from([URLENCODED, MULTIPART, "", "multipart/mixed"]))
def test_whatever_is_posted_is_read_or_says_nothing(body: bytes, kind: str) -> None:
    assert all(isinstance(value, str) for value in posted(body, kind).values())
