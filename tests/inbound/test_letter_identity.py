"""By what a mail that comes back names its letter, in which order; never by an address (B01)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inbound.delivery_status import Bounced
from engine.inbound.letter_identity import LetterMark, mark_of
from engine.inbound.mail import parse_mail
from engine.mime.header_values import message_id
from engine.mime.return_path import make_token, return_address, return_key
from tests.inbound.corpora import OURS
from tests.inbound.mails import MESSAGE, read

OTHER = "ffeeddccbbaa99887766554433221100"
OTHER_ID = message_id(bytes.fromhex(OTHER), "garden.example")
STRANGE_KEY = return_key(b"x" * 32)
REPORT = """Return-Path: <>
From: MAILER-DAEMON@mx.example
To: {to}
Subject: failure notice
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{envelope}

Final-Recipient: rfc822; anna@reader.example
Action: failed
Status: 5.1.1

--b
Content-Type: {kind}

{original}

--b--
"""


def letter(
    to: str = "contact@garden.example",
    envelope: str = "",
    original: str = "Subject: x",
    kind: str = "message/rfc822",
) -> LetterMark | None:
    text = REPORT.replace("{to}", to).replace("{envelope}", envelope).replace("{kind}", kind)
    reading = read(text.replace("{original}", original))
    assert isinstance(reading, Bounced)
    return reading.letter


def test_the_token_outranks_the_envelope_id_which_outranks_the_message_id() -> None:
    envelope = "Original-Envelope-Id: {token}"
    original = f"Message-ID: {OTHER_ID}"
    assert letter("{return_path}", envelope, original) == LetterMark(MESSAGE, "token")
    assert letter(envelope=envelope, original=original) == LetterMark(MESSAGE, "envelope-id")
    assert letter(original=original) == LetterMark(OTHER, "message-id")
    assert letter() is None


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "text/rfc822-headers", "message/global-headers"]
)
def test_the_original_names_the_letter_in_whatever_form_it_is_attached(kind: str) -> None:
    assert letter(original="Message-ID: <{message_id}>", kind=kind) == LetterMark(
        MESSAGE, "message-id"
    )


@pytest.mark.parametrize(
    "original",
    [
        "Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaaa@elsewhere.example>",
        "Message-ID: <not-of-our-form@garden.example>",
        "Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaab@garden.example>",
        f"Return-Path: <{return_address(STRANGE_KEY, 'bounce', 'b@garden.example', MESSAGE)}>",
        f"Return-Path: <{return_address(OURS.key, 'unsubscribe', 'b@garden.example', MESSAGE)}>",
        "To: anna@reader.example",
    ],
)
def test_what_is_not_ours_names_nobody(original: str) -> None:
    assert letter(original=original) is None


def test_a_token_that_is_not_ours_in_any_place_names_nobody() -> None:
    token = make_token(STRANGE_KEY, "bounce", MESSAGE)
    assert letter(f"bounce+{token}@garden.example", f"Original-Envelope-Id: {token}") is None


def test_an_answer_names_the_letter_it_answers() -> None:
    for header in ("In-Reply-To: <{message_id}>", "References: <a@b.example> <{message_id}>"):
        mail = parse_mail(_octets(f"From: anna@reader.example\n{header}\n\nBonjour"))
        assert mark_of(mail, OURS, ()) == LetterMark(MESSAGE, "message-id")


def _octets(text: str) -> bytes:
    return text.replace(
        "{message_id}", message_id(bytes.fromhex(MESSAGE), "garden.example")[1:-1]
    ).encode()


@given(st.text(max_size=300), st.emails())
def test_no_text_and_no_address_names_anybody(text: str, address: str) -> None:
    octets = f"From: {address}\nTo: {address}\nReferences: {text}\n\n{address}\n{text}".encode()
    assert mark_of(parse_mail(octets), OURS, ()) is None
    assert mark_of(parse_mail(octets), OURS, (address, text)) is None
