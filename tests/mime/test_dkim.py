"""Signatures verify in dkimpy's eyes, over the letters of the other tests, after all that a relay
may do to a mail; and break with whatever changes what a reader sees (A40-A43).

dkimpy is an oracle: it shares no line with what signs here.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from itertools import islice

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.mime.dkim import (
    SIGNED,
    VALID_SECONDS,
    Signer,
    relaxed_body,
    relaxed_fields,
    signed,
    signed_data,
)
from engine.mime.message import serialize
from engine.sending.envelope import crlf
from tests.mime.test_message import LETTER, letters
from tests.sizes import sized

RSA, ED25519 = generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
SIGNERS = (
    Signer(
        "exemple.fr",
        "r",
        "rsa-sha256",
        lambda digest: RSA.sign(digest, PKCS1v15(), Prehashed(SHA256())),
    ),
    Signer("exemple.fr", "e", "ed25519-sha256", ED25519.sign),
)
RECORDS = {
    b"r._domainkey.exemple.fr.": b"v=DKIM1; k=rsa; p="
    + base64.b64encode(
        RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ),
    b"e._domainkey.exemple.fr.": b"v=DKIM1; k=ed25519; p="
    + base64.b64encode(ED25519.public_key().public_bytes_raw()),
}
NOW = int(time.time())
MESSAGE = serialize(LETTER)
SIGNED_MESSAGE = signed(MESSAGE, SIGNERS, NOW)
EMPTY = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # RFC 6376 section 3.4.4


def verdicts(message: bytes) -> list[bool]:
    """Of the RSA and of the Ed25519 signature."""

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        return RECORDS[name]

    found = []
    for index in range(2):
        try:
            found.append(bool(dkim.DKIM(message).verify(index, dnsfunc=lookup)))
        except dkim.DKIMException:
            found.append(False)
    return found


def head_and_body(message: bytes) -> tuple[bytes, bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


def test_the_letters_of_the_corpus_verify_and_are_seven_bit_so_that_no_relay_converts_them() -> (
    None
):
    tried = 0
    for mail in islice(letters(), 0, None, sized(37, 5)):
        octets = signed(serialize(mail), SIGNERS, NOW)
        assert octets.isascii()
        assert max(map(len, octets.split(b"\r\n"))) <= 998
        assert verdicts(octets) == [True, True]
        tried += 1
    assert tried > 20


def test_a_signature_is_relaxed_over_the_whole_body_dated_and_names_each_header_once_more() -> None:
    (own, other) = relaxed_fields(head_and_body(SIGNED_MESSAGE)[0])["dkim-signature"]
    tags = dict(tag.strip().split("=", 1) for tag in own.decode().partition(":")[2].split(";"))
    assert set(tags) == {"v", "a", "c", "d", "s", "t", "x", "h", "bh", "b"}
    assert (tags["v"], tags["a"], tags["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (tags["t"], tags["x"]) == (str(NOW), str(NOW + VALID_SECONDS))
    assert b"a=ed25519-sha256" in other
    names = tags["h"].replace(" ", "").split(":")
    there = relaxed_fields(head_and_body(MESSAGE)[0])
    assert {name: names.count(name) for name in SIGNED} == {
        name: len(there.get(name, ())) + 1 for name in SIGNED
    }
    assert not {"return-path", "received", "bcc"} & set(names)
    head = SIGNED_MESSAGE[: SIGNED_MESSAGE.index(MESSAGE)]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))


ADDED = (
    b"From: x@mechant.example",
    b"Subject: Gagnez",
    b"Reply-To: x@mechant.example",
    b"Cc: x@mechant.example",
    b"List-Unsubscribe: <https://mechant.example/u>",
)


@pytest.mark.parametrize("added", ADDED, ids=lambda line: line.partition(b":")[0].decode())
@pytest.mark.parametrize("place", ["top", "bottom"])
def test_a_header_added_on_the_way_breaks_both_signatures(added: bytes, place: str) -> None:
    head, body = head_and_body(SIGNED_MESSAGE)
    head = added + b"\r\n" + head if place == "top" else head + b"\r\n" + added
    assert verdicts(head + b"\r\n\r\n" + body) == [False, False]


@pytest.mark.parametrize(
    "changed",
    [
        lambda octets: octets.replace(b"Bonjour", b"Bonsoir"),
        lambda octets: octets + b"PS\r\n",
        lambda octets: octets.replace(b"https://lettres.exemple.fr/u/", b"https://mechant.fr/u/"),
        lambda octets: octets.replace(b"Message-ID: <", b"Message-ID: <x"),
        lambda octets: octets.replace(b"=C3=A9", b"=E9"),
        lambda octets: octets.replace(b"List-Unsubscribe-Post: ", b"X-Post: "),
    ],
    ids=["a word", "a line more", "a link", "the id", "another charset", "one click gone"],
)
def test_what_is_changed_on_the_way_breaks_both_signatures(
    changed: Callable[[bytes], bytes],
) -> None:
    assert changed(SIGNED_MESSAGE) != SIGNED_MESSAGE
    assert verdicts(changed(SIGNED_MESSAGE)) == [False, False]


def refolded(octets: bytes) -> bytes:
    """Each blank of the headers is a fold, but the first one after the name."""
    head, body = head_and_body(octets)
    lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
    folded = [
        name + b": " + value.replace(b" ", b"\r\n\t ")
        for name, _, value in (line.partition(b": ") for line in lines)
    ]
    return b"\r\n".join(folded) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "carried",
    [
        lambda octets: b"Received: from a by b; now\r\n" + octets,
        lambda octets: b"Return-Path: <a@exemple.fr>\r\n" + octets,
        lambda octets: octets + b"\r\n\r\n",
        lambda octets: octets.replace(b"Subject: ", b"SUBJECT:   "),
        lambda octets: octets.replace(b".point\r\n", b".point \t \r\n"),
        refolded,
    ],
    ids=["received", "return path", "lines at the end", "case", "blanks at an end", "folded"],
)
def test_what_relays_do_breaks_nothing(carried: Callable[[bytes], bytes]) -> None:
    assert carried(SIGNED_MESSAGE) != SIGNED_MESSAGE
    assert verdicts(carried(SIGNED_MESSAGE)) == [True, True]


@pytest.mark.parametrize(
    "message",
    [
        b"From: a@exemple.fr\r\n\r\n",
        b"From: a@exemple.fr\r\n\r\n\r\n\r\n",
        b"From: a@exemple.fr\r\n\r\nno line end",
        b"From: a@exemple.fr\r\n\r\nblanks at the end \t",
        b"From: a@exemple.fr\r\n\r\n  \r\n\tin\t the \t way  \r\n \r\n",
        b"From: a@exemple.fr\r\nSubject: " + b"mot " * 240 + b"\r\n\r\nx\r\n",
        b"From: a@exemple.fr\r\nSubject:\r\n a\r\n\t b  \r\nTo:b@exemple.fr\r\n\r\nx\r\n",
        b"From: a@exemple.fr\r\nList-Id: <a>\r\nList-Id: <b>\r\n\r\nx\r\n",
    ],
)
def test_messages_at_the_edges_verify_as_they_are_carried(message: bytes) -> None:
    assert verdicts(crlf(signed(message, SIGNERS, NOW))) == [True, True]


def test_an_empty_body_has_the_hash_that_the_standard_gives() -> None:
    assert b"bh=" + EMPTY in signed(b"From: a@exemple.fr\r\n\r\n\r\n", SIGNERS, NOW)


def test_the_example_of_rfc_6376_is_made_canonical_as_it_says() -> None:
    fields = relaxed_fields(b"A: X\r\nB : Y\t\r\n\tZ  ")
    assert fields == {"a": [b"a:X"], "b": [b"b:Y Z"]}
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


def test_the_example_of_rfc_8463_has_its_body_hash_and_its_ed25519_signature() -> None:
    head = (
        b"From: Joe SixPack <joe@football.example.com>\r\n"
        b"To: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\n"
        b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>"
    )
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest())
    assert body_hash == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    field = (
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
        b" d=football.example.com; i=@football.example.com;\r\n"
        b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        b" subject : date : message-id : from : subject : date;\r\n"
        b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
    )
    (own,) = relaxed_fields(field)["dkim-signature"]
    names = ("from", "to", "subject", "date", "message-id", "from", "subject", "date")
    key = Ed25519PrivateKey.from_private_bytes(
        base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    )
    digest = hashlib.sha256(signed_data(relaxed_fields(head), names) + own).digest()
    assert base64.b64encode(key.sign(digest)) == (
        b"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    )
