"""A contested mail is a hostile file: what it says of itself is found, nothing in it is believed,
and no file takes long or raises anything else.
"""

from __future__ import annotations

import base64
import secrets
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.intake.contested import (
    MAX_MAIL_BYTES,
    Contested,
    ContestedRefused,
    message_of,
    read_contested,
)
from engine.mime.header_values import message_id
from tests.telling import telling

MESSAGE = "ab41d6c05f71cb04a0181feab57f05c0"
ID = message_id(bytes.fromhex(MESSAGE), "potager.example")
TOKEN, OTHER = "AQ" + "a" * 33, "AQ" + "b" * 33
MAIL = (
    "From: Le Potager <bonjour@potager.example>\r\nTo: anna@lecteurs.example\r\nSubject:"
    f" =?utf-8?q?Sem=C3=A9_=3F?=\r\nMessage-ID: {ID}\r\nList-Unsubscribe:"
    f" <https://x.example/l/{TOKEN}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;"
    " charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nAvez-vous sem=C3=A9 ?"
    f" https://x.example/l/{OTHER}\r\n"
).encode()


def test_a_letter_says_its_message_its_links_and_its_words() -> None:
    found = read_contested(MAIL)
    assert (found.messages, found.ids, found.tokens) == ((MESSAGE,), (ID,), (TOKEN, OTHER))
    assert (found.subject, found.to) == ("Semé ?", "anna@lecteurs.example")
    assert found.text.startswith("Avez-vous semé ?")


def forwarded() -> bytes:
    whole = EmailMessage()
    whole["From"] = "anna@lecteurs.example"
    whole["Subject"] = "Regardez ceci"
    whole["Message-ID"] = "<abc@lecteurs.example>"
    whole.set_content("Voici ce que j’ai reçu.")
    original = EmailMessage()
    original["Message-ID"] = ID
    original["To"] = "anna@lecteurs.example"
    original["Subject"] = "Semé ?"
    original.set_content("Avez-vous semé ?")
    whole.add_attachment(original)
    return whole.as_bytes()


def test_a_letter_forwarded_as_an_attachment_is_found_inside() -> None:
    found = read_contested(forwarded())
    assert (found.messages, found.subject, found.text.strip()) == (
        (MESSAGE,),
        "Semé ?",
        "Avez-vous semé ?",
    )


def test_a_mail_of_others_has_no_message_of_ours() -> None:
    found = read_contested(
        b"From: x@y.example\nMessage-ID: <abc@y.example>\nSubject: Gratuit\n\nBonjour"
    )
    assert (found.messages, found.ids, found.tokens) == ((), ("<abc@y.example>",), ())


@pytest.mark.parametrize(
    "said", [ID, ID.strip("<>"), ID.strip("<>").partition("@")[0], MESSAGE, f" {ID} "]
)
def test_a_message_id_is_understood_however_it_is_copied(said: str) -> None:
    assert message_of(said) == MESSAGE


@pytest.mark.parametrize(
    "said",
    [
        "",
        "<abc@y.example>",
        ID.upper(),
        MESSAGE.upper(),
        MESSAGE[:-1],
        "a" * 25,
        "a" * 25 + "9",
        "a" * 25 + "b",
    ],
)
def test_what_is_no_message_id_of_ours_is_none(said: str) -> None:
    assert message_of(said) == ""


@given(
    st.binary(min_size=16, max_size=16),
    st.sampled_from(["potager.example", "xn--bcher-kva.example"]),
)
def test_every_message_id_that_is_made_is_read_back(random: bytes, domain: str) -> None:
    assert message_of(message_id(random, domain)) == random.hex()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no header"),
        (b"Bonjour,\n\nvoici.", "no header"),
        (b"PK\x03\x04\x00\x00", "not text"),
        (b"Subject: a\n\n" + b"a" * MAX_MAIL_BYTES, "larger"),
        (b"\r" * 300_000, "lines"),
        (
            b"Subject: a\n" + b"Content-Type: multipart/mixed; boundary=a\n" * 40,
            "parts within parts",
        ),
        (b"Subject: a\nContent-Type: text/plain;" + b' a="";' * 3000 + b"\n\nx", "Content header"),
        (b"Content-Type: message/rfc822\n\n" * 20_000, "not a mail that can be read"),
    ],
    ids=["empty", "text", "zip", "large", "lines", "nested", "parameters", "deep"],
)
def test_what_cannot_be_a_mail_is_refused_with_its_reason(data: bytes, why: str) -> None:
    with telling(ContestedRefused, why):
        read_contested(data)


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: " + b"=?" * 1_000_000 + b"\n\nx",
        b"Subject: x\n" + b" y\n" * 99_000,
        b"Message-ID: <a@b>\n" * 99_000 + b"\n",
        b"Subject: a\n\n" + b"/l/" * 900_000,
        b"Subject: a\nContent-Transfer-Encoding: base64\n\n" + b"====A" * 500_000,
        b"Subject: a\nContent-Type: text/plain; charset=punycode\n\n" + b"a-\xff9" * 700_000,
        b"To: =?punycode?q?" + b"a" * 7_000 + b"?=\n\n",
        b"Subject: a\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(31)
        )
        + b"x\n" * 99_000,
        b"Subject: a\nboundary         *" * 100_000,
    ],
    ids=[
        "encoded-words",
        "folded",
        "many-ids",
        "links",
        "base64",
        "codec",
        "codec-in-a-header",
        "nested",
        "boundaries",
    ],
)
@pytest.mark.timeout(30)
def test_a_file_made_to_keep_the_reader_busy_comes_to_an_end(data: bytes) -> None:
    try:
        read_contested(data)
    except ContestedRefused as refused:
        assert in_english(refused.reason)


def test_words_in_a_charset_nobody_knows_are_still_read() -> None:
    found = read_contested(
        b"Subject: a\nContent-Type: text/plain; charset=unicode_escape\n\n\\u0041 caf\xc3\xa9"
    )
    assert found.text == "\\u0041 café"


def test_a_subject_in_bare_utf_8_is_read() -> None:
    assert read_contested("Subject: Semé ?\n\nx".encode()).subject == "Semé ?"


PIECES = st.lists(
    st.sampled_from(
        [
            b"\n", b"\r\n", b"\r", b"\0", b"\xff", b" ", b";", b":", b"=?", b"?=",
            b"=?utf-8?b?w6k=?=", b"--b", b"--b--", b"Subject: ", b"To: <", b"Message-ID: ",
            ID.encode(), b"Content-Type: multipart/mixed; boundary=b",
            b"Content-Type: message/rfc822", b"Content-Type: text/html; charset=idna",
            b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode",
            b"begin 666 x", b"/l/" + TOKEN.encode(), b"List-Unsubscribe: <", b"From ",
            b"Content-Disposition: attachment",
        ]
    )
    | st.binary(max_size=8),
    max_size=60,
)  # fmt: skip


@given(PIECES.map(b"".join) | st.binary(max_size=500))
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:
    try:
        found = read_contested(data)
    except ContestedRefused:
        return
    assert isinstance(found, Contested)
    assert all(len(message) == 32 for message in found.messages) and len(found.tokens) <= 20


@given(st.data())
def test_a_letter_with_some_octets_changed_is_read_or_refused(data: st.DataObject) -> None:
    octets = bytearray(MAIL)
    for place in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=12)):
        octets[place] = data.draw(st.integers(0, 255))
    try:
        read_contested(bytes(octets))
    except ContestedRefused as refused:
        assert in_english(refused.reason)


def test_a_letter_in_base64_is_read() -> None:
    body = base64.encodebytes(f"Avez-vous semé ? https://x.example/l/{TOKEN}".encode())
    found = read_contested(
        b"Subject: a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:"
        b" base64\n\n" + body
    )
    assert found.tokens == (TOKEN,) and "semé" in found.text


def test_tokens_are_whole_and_bounded() -> None:
    links = b"\n".join(
        b"https://x.example/l/" + secrets.token_urlsafe(26)[:35].encode() for _ in range(200)
    )
    assert len(read_contested(b"Subject: a\n\n" + links).tokens) == 20
    assert read_contested(b"Subject: a\n\n/l/" + b"a" * 36).tokens == ()
