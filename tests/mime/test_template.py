"""A frame filled for a person is the very message that `serialize` writes, or is refused for the
same reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mime.header_values import message_id
from engine.mime.headers import Mailbox, structured_header
from engine.mime.message import (
    Mail,
    MessageTooBig,
    MimeTemplate,
    Personal,
    quoted_printable,
    serialize,
)
from engine.mime.self_test import HOSTILE_ADDRESSES, HOSTILE_VALUES
from tests.mime.test_message import EXTRA, LETTER

DOMAIN = "lettres.exemple.fr"
MARKS = ("m" * 35, "n" * 35)
TOKENS = ("AQ-_" + "x" * 31, "AR-_" + "y" * 31)
URL = "<https://lettres.exemple.fr/l/{}>"


def extra(words: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*EXTRA, ("List-Help", URL.format(words[0])), ("X-Percent", "100 % %(to)b"))


FRAME = MimeTemplate(LETTER.sender, LETTER.reply_to, DOMAIN, extra(MARKS), MARKS)
ANNE = Personal(
    "anne@exemple.fr",
    "Bonjour",
    1_800_000_000_999,
    bytes(range(16)),
    "Bonjour.\r\n",
    "<p>Bonjour.</p>\r\n",
)


def plain(who: Personal) -> Mail:
    """`who` of the plain path, whose parts are not encoded yet; what is in clear encodes to
    itself.
    """
    return replace(
        LETTER,
        to=Mailbox("", who.address),
        subject=who.subject,
        date=datetime.fromtimestamp(who.at / 1000, UTC),
        message_id=message_id(who.message, DOMAIN),
        extra=extra(TOKENS),
        text=who.text,
        html=who.html,
    )


def assert_same(who: Personal) -> None:
    encoded = who._replace(
        text=quoted_printable(who.text).decode(), html=quoted_printable(who.html).decode()
    )
    try:
        expected = serialize(plain(who))
    except ValueError as reason:
        with pytest.raises(type(reason)) as refusal:
            FRAME.fill(encoded, TOKENS)
        assert str(refusal.value) == str(reason)
    else:
        assert FRAME.fill(encoded, TOKENS) == expected


@given(
    st.text() | st.text("aé =?🎄,", min_size=30, max_size=200),
    st.integers(-2_000_000_000_000, 4_000_000_000_000),
    st.binary(min_size=15, max_size=17) | st.binary(min_size=16, max_size=16),
    st.text("a=_-\n.é%()\r"),
    st.text("a=_-\n.é%()\r"),
)
@example("", 0, b"\xff" * 16, "--=_x", "%(to)b")
def test_whoever_gets_it_the_octets_are_those_of_the_plain_path(
    subject: str, at: int, message: bytes, text: str, html: str
) -> None:
    try:
        message_id(message, DOMAIN)
    except ValueError:
        with pytest.raises(ValueError, match="16 random octets"):
            FRAME.fill(ANNE._replace(message=message), TOKENS)
    else:
        assert_same(Personal("zoe@exemple.fr", subject, at, message, text, html))


@pytest.mark.parametrize(
    "address",
    [
        *HOSTILE_ADDRESSES,
        "zoé@exemple.fr",
        "zoe@éxemple.fr",
        "a" * 64 + "@exemple.fr",
        "a" * 65 + "@exemple.fr",
    ],
)
def test_every_address_is_written_or_refused_as_by_the_plain_path(address: str) -> None:
    assert_same(ANNE._replace(address=address))


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_every_hostile_subject_is_refused_as_by_the_plain_path(value: str) -> None:
    assert_same(ANNE._replace(subject=value))
    with pytest.raises(ValueError, match="Subject"):
        FRAME.fill(ANNE._replace(subject=value), TOKENS)


def test_a_message_above_the_size_cap_is_refused() -> None:
    with pytest.raises(MessageTooBig):
        FRAME.fill(ANNE._replace(text="x" * 1_000_000), TOKENS)


def test_a_sender_who_writes_like_nobody_gets_no_frame() -> None:
    with pytest.raises(ValueError, match="looks like one of a letter to nobody"):
        MimeTemplate(Mailbox("html-for-nobody", LETTER.sender.address), None, DOMAIN, (), ())


def test_the_header_of_a_batch_stands_where_it_does_on_the_plain_path_or_nowhere() -> None:
    headers = (("X-First", "1"), ("X-Batch", "stand-in"), ("X-Last", "2"))
    template = MimeTemplate(LETTER.sender, LETTER.reply_to, DOMAIN, headers, (), "X-Batch")
    for value in ("", "one", "word " * 40 + "end"):
        batch = (("X-Batch", value),) if value else ()
        mail = replace(plain(ANNE), extra=(headers[0], *batch, headers[2]))
        lines = structured_header("X-Batch", value) if value else b""
        assert template.fill(ANNE, (), lines) == serialize(mail)
