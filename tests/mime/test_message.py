"""Whole letters on the wire: each header once, sound octets, parts that come back as composed (A01,
A02, A07, A60).
"""

from __future__ import annotations

import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mime import headers
from engine.mime.header_values import (
    ONE_CLICK,
    feedback_id,
    list_id,
    list_unsubscribe,
    message_id,
)
from engine.mime.headers import HeaderRefused, Mailbox
from engine.mime.message import Mail, MessageTooBig, boundary, serialize
from engine.mime.self_test import self_test
from tests.sending.reading import lines

EXTRA = (
    ("List-Id", list_id("Été à Noël", "conseils.exemple.fr")),
    (
        "List-Unsubscribe",
        list_unsubscribe(
            "https://lettres.exemple.fr/u/".ljust(75, "x"), "mailto:u+t@exemple.fr?subject=stop"
        ),
    ),
    ("List-Unsubscribe-Post", ONE_CLICK),
    ("Feedback-ID", feedback_id("welcome", "marketing", "acme", "relance1")),
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ("Precedence", "bulk"),
)
LETTER = Mail(
    sender=Mailbox("Zoé de Relance", "lettres@exemple.fr"),
    to=Mailbox("Éléonore", "eleonore@exemple.fr"),
    reply_to=Mailbox("", "reponse@exemple.fr"),
    subject="Votre réponse nous manque 🎄",
    date=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    message_id=message_id(bytes(range(16)), "lettres.exemple.fr"),
    extra=EXTRA,
    text="Bonjour Éléonore,\n\n.\n.point\nFrom ici\n" + "long " * 1_000,
    html="<p>Bonjour Éléonore</p>\n" + "x" * 5_000,
)
ONCE = {"date", "from", "to", "subject", "message-id", "mime-version", "content-type"}


def letters() -> Iterator[Mail]:
    subjects = [
        "",
        "Bonjour",
        "Été à Noël 🎄" * 40,
        "x" * 500,
        'a "b" <c@d.fr>',
        "Bcc: y@e.fr",
        "mot " * 40 + "fin",
    ]
    names = ["", "Zoe", "Durand, Zoé", '"', "Société Générale de Lettres et d'Annonces 🎄" * 3]
    bodies = ["", "Bonjour", ".\r\n", "\n.\r\nMAIL FROM:<x>", "é" * 5_000, "fin \t"]
    for number, (subject, name, text, html, extra) in enumerate(
        product(subjects, names, bodies, [None, "", "<p>é</p>"], [(), EXTRA])
    ):
        to = Mailbox(name, f"p{number}@exemple.fr")
        reply_to = Mailbox(name, "r@exemple.fr") if number % 2 else None
        mid = message_id(number.to_bytes(16, "big"), "exemple.fr")
        yield replace(
            LETTER,
            subject=subject,
            to=to,
            reply_to=reply_to,
            text=text,
            html=html,
            extra=extra,
            message_id=mid,
        )


def read(octets: bytes) -> EmailMessage:
    message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(octets)
    for part in message.walk():
        assert part.defects == []
    return message


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None and part.get_content_charset() == "utf-8"
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode("utf-8")


def crlf(body: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", body)


def test_over_a_thousand_letters_hold_each_header_once_and_sound_lines() -> None:
    written = list(letters())
    for mail in written:
        octets = serialize(mail)
        found = lines(octets)
        head = found[: found.index(b"")]
        assert max(map(len, found)) <= 998
        assert all(len(line) <= 78 or line.startswith(b"List-Unsubscribe:") for line in found)
        names = Counter(line.split(b":")[0].decode().lower() for line in head if line[:1] != b" ")
        expected = (
            ONCE
            | {name.lower() for name, _ in mail.extra}
            | ({"reply-to"} if mail.reply_to else set())
        )
        expected |= {"content-transfer-encoding"} if mail.html is None else set()
        assert names == Counter(expected)
        assert Counter(name.lower() for name in read(octets)) == names
    assert len(written) > 1_000


def test_a_letter_reads_back_as_it_was_composed() -> None:
    assert LETTER.html is not None
    message = read(serialize(LETTER))
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"] == LETTER.message_id
    for name, box in (("From", LETTER.sender), ("To", LETTER.to), ("Reply-To", LETTER.reply_to)):
        (address,) = message[name].addresses
        assert box is not None and (address.display_name, address.addr_spec) == (
            box.display,
            box.address,
        )
    for name, value in EXTRA:
        assert message[name] == value
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert body_of(message, "plain") == crlf(LETTER.text)
    assert body_of(message, "html") == crlf(LETTER.html)


@given(st.text(), st.none() | st.text())
def test_any_bodies_come_back(text: str, html: str | None) -> None:
    message = read(serialize(replace(LETTER, text=text, html=html)))
    if html is None:
        assert body_of(message, "plain").removesuffix("\r\n") == crlf(text).removesuffix("\r\n")
    else:
        assert (body_of(message, "plain"), body_of(message, "html")) == (crlf(text), crlf(html))


def test_no_octet_reaches_eighty_hexadecimal() -> None:
    assert max(serialize(LETTER)) < 0x80
    assert max(serialize(replace(LETTER, html=None))) < 0x80


def test_the_same_letter_is_the_same_octets_and_another_id_another_boundary() -> None:
    assert serialize(LETTER) == serialize(replace(LETTER))
    other = serialize(replace(LETTER, message_id="<other@exemple.fr>"))
    assert read(other).get_boundary() != read(serialize(LETTER)).get_boundary()


def test_a_boundary_that_occurs_in_a_part_is_not_taken() -> None:
    first = boundary("<a@e.fr>")
    second = boundary("<a@e.fr>", b"x", b"--" + first.encode() + b"--")
    assert second != first
    assert boundary("<a@e.fr>", first.encode(), second.encode()) not in (first, second)


@pytest.mark.parametrize(
    "name",
    [
        "Bcc",
        "bcc",
        "Cc",
        "To",
        "FROM",
        "Subject",
        "Message-Id",
        "MIME-Version",
        "Content-Type",
        "Date",
        "Sender",
    ],
)
def test_a_header_of_the_letter_itself_cannot_be_given_again(name: str) -> None:
    with pytest.raises(HeaderRefused):
        serialize(replace(LETTER, extra=((name, "x"),)))


def test_a_header_given_twice_is_refused_whatever_its_case() -> None:
    with pytest.raises(HeaderRefused, match=r"^list-id may stand only once"):
        serialize(replace(LETTER, extra=(*EXTRA, ("list-id", "<b.exemple.fr>"))))


def test_the_size_cap_is_exact() -> None:
    size = len(serialize(LETTER))
    assert len(serialize(LETTER, size_cap=size)) == size
    with pytest.raises(MessageTooBig, match=rf"\b{size} octets\b"):
        serialize(LETTER, size_cap=size - 1)
    with pytest.raises(MessageTooBig):
        serialize(replace(LETTER, text="x" * 1_000_000))


def test_the_self_test_passes_here() -> None:
    self_test()


@pytest.mark.parametrize("hole", ["_FORBIDDEN", "decoded"])
def test_the_self_test_refuses_to_start_with_a_hole_in_the_guard(
    hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, hole, {"_FORBIDDEN": re.compile("(?!)"), "decoded": str}[hole])
    with pytest.raises(RuntimeError, match=r"must not send\.$") as failure:
        self_test()
    assert "Bcc" not in str(failure.value)
