"""What a POST to a link says, in either encoding that RFC 8058 allows; whatever is malformed or too
large says nothing. What a posted form says, in whatever charset an old page posts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from engine.web.request import MAX_BODY_OCTETS, MAX_FIELDS, fields_of, posted_inputs

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
MULTIPART = "multipart/form-data; boundary=x"
PART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)
URLENCODED = "application/x-www-form-urlencoded"


def requested(body: bytes, kind: str) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    headers = [(b"content-type", kind.encode("latin-1"))] if kind else []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Request(scope, receive)


def posted(body: bytes, kind: str = URLENCODED) -> dict[str, str]:
    return asyncio.run(fields_of(requested(body, kind)))


def inputs(body: bytes, kind: str) -> dict[str, str]:
    return asyncio.run(posted_inputs(requested(body, kind)))


def urlencoded(values: Mapping[str, str], charset: str) -> bytes:
    return urlencode(values, encoding=charset, errors="xmlcharrefreplace").encode()


def parts(values: Mapping[str, str], charset: str) -> bytes:
    text = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    return f"{text}--x--\r\n".encode(charset, "xmlcharrefreplace")


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


@pytest.mark.parametrize(
    ("encode", "kind"), [(urlencoded, URLENCODED), (parts, MULTIPART)], ids=["urlencoded", "parts"]
)
@pytest.mark.parametrize(
    ("charset", "declared", "own"),
    [
        ("utf-8", "", ""),
        ("utf-8", "; charset=UTF-8", ""),
        # Named wrongly: what is UTF-8 throughout is nothing else.
        ("utf-8", "; charset=iso-8859-1", ""),
        ("utf-8", "", "windows-1252"),
        ("cp1252", "", ""),
        ("cp1252", '; charset="ISO-8859-1"', ""),
        ("cp1252", "", "windows-1252"),
        ("cp1252", "; charset=utf-8", ""),
        ("cp1252", "; charset=zlib", "utf-7"),
        ("iso8859-15", "; charset=ISO-8859-15", ""),
        ("iso8859-15", "", "ISO-8859-15"),
        ("mac_roman", "; charset=macintosh", ""),
        # All that this can write of it are references.
        ("ascii", "", ""),
        ("ascii", "; charset=us-ascii", ""),
    ],
)
def test_a_name_is_read_as_it_was_written_on_whatever_page(
    encode: Callable[[Mapping[str, str], str], bytes],
    kind: str,
    charset: str,
    declared: str,
    own: str,
) -> None:
    values = {"first_name": "Œdipe Łukasz à 5 €", "email": "a@exemple.fr"}
    own_charset = {"_charset_": own} if own else {}
    assert inputs(encode(own_charset | values, charset), kind + declared) == values


@pytest.mark.parametrize(
    "text", ["Œ &#321;", "&#10;", "&#55296;", "&#1114112;", "&amp;", "&#x141;"]
)
def test_what_no_browser_replaces_is_left_as_it_is(text: str) -> None:
    assert inputs(urlencoded({"a": text}, "utf-8"), URLENCODED) == {"a": text}


@given(st.binary(max_size=300), st.sampled_from([URLENCODED, URLENCODED + "; charset=macintosh"]))
def test_whatever_octets_a_form_holds_are_read(body: bytes, kind: str) -> None:
    assert all(isinstance(value, str) for value in inputs(body, kind).values())
