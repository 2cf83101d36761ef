"""Mails that were made to do harm, and mails that arrived damaged: bounded, never an error, never a
verdict (B12).
"""

from __future__ import annotations

import base64
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.inbound.delivery_status import Bounced
from engine.inbound.mail import MAX_MAIL_BYTES, InboundFault
from engine.inbound.reading import NotUnderstood, Replied, read_mail
from tests.inbound.corpora import OURS
from tests.inbound.mails import read, sample
from tests.inbound.test_samples import OTHERS
from tests.sizes import sized

MAX_SECONDS = 1
MAX_MEMORY_BYTES = 200_000_000
HEAD = b"From: a@reader.example\nSubject: x\nMIME-Version: 1.0\n"


def nested(depth: int) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    )
    return HEAD + opening + b"\nx\n" + b"".join(b"--b%d--\n" % n for n in reversed(range(depth)))


def many(parts: int) -> bytes:
    head = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n'
    return head + b"--b\n\nx\n" * parts + b"--b--\n"


MAILS_INSIDE = HEAD + b"Content-Type: message/rfc822\n\n" * 1000 + b"x"
REPORTS_INSIDE = HEAD + b"".join(
    b'Content-Type: multipart/report; boundary="b%d"\n\n--b%d\nContent-Type: message/rfc822\n\n'
    % (n, n)
    for n in range(1000)
)
LARGE = HEAD + b"\n" + b"550 5.1.1 user unknown <a@b.example> could not be delivered to\n" * 500_000
BOMBS = {
    "thirty megabytes": (LARGE, InboundFault.TOO_LARGE),
    "a thousand multiparts in each other": (nested(1000), InboundFault.TOO_DEEP),
    "a thousand parts": (many(1000), InboundFault.TOO_MANY_PARTS),
    "a thousand reports in each other": (REPORTS_INSIDE, InboundFault.TOO_DEEP),
    "no header": (b"\xff\xfe\x00 nothing", InboundFault.NO_HEADER),
    "nothing": (b"", InboundFault.NO_HEADER),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_passes_a_bound_is_kept_and_not_read(name: str) -> None:
    octets, fault = BOMBS[name]
    began = time.perf_counter()
    reading = read_mail(octets, OURS)
    assert time.perf_counter() - began < MAX_SECONDS
    assert isinstance(reading, NotUnderstood) and reading.why.code == fault


def test_the_bounds_themselves_are_allowed() -> None:
    assert isinstance(read_mail(nested(10), OURS), Replied)
    assert isinstance(read_mail(many(49), OURS), Replied)
    assert isinstance(read_mail(MAILS_INSIDE, OURS), Replied)


DAEMON = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n"
SLOW = {
    "words of one line": DAEMON + b"\n" + b"user recipient address mailbox " * 300_000,
    "addresses": DAEMON + b"\n" + b"a@b.example " * 700_000,
    "at signs": DAEMON + b"\n" + b"@" * 9_000_000,
    "digits": DAEMON + b"\n" + b"550 5.1.1 " * 900_000,
    "lines": DAEMON + b"\n" + b"\n" * 9_000_000,
    "tags": DAEMON + b"Content-Type: text/html\n\n" + b"<style" * 1_500_000,
    "open tags": DAEMON + b"Content-Type: text/html\n\n" + b"<br " * 2_000_000,
    "headers": b"".join(b"X-%d: a\n" % n for n in range(500_000)) + DAEMON + b"\nx",
    "one header": DAEMON + b"X: " + b" a\n" * 2_000_000 + b"\nx",
    "encoded words": b"Subject: " + b"=?utf-8?q?=41?= " * 500_000 + b"\n\nx",
    "open words": b"From: a@b.example\nSubject: " + b"=?utf-8?q?" * 900_000 + b"\n\nx",
    "parameters": DAEMON + b"Content-Type: multipart/mixed" + b"; a=b" * 1_500_000 + b"\n\nx",
    "boundaries": DAEMON + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bb\n" * 1_500_000,
    "base64": DAEMON
    + b"Content-Transfer-Encoding: base64\n\n"
    + base64.b64encode(b"550 user unknown <a@b.example>:\n" * 200_000),
    "blocks": DAEMON
    + b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 150_000,
    "references": b"From: a@b.example\nReferences: "
    + b"<aaaaaaaaaa@b.example> " * 400_000
    + b"\n\nx",
    "results": b"From: a@b.example\nAuthentication-Results: mx.garden.example; "
    + b"dkim=pass (" * 900_000
    + b"\n\nSTOP",
}


@pytest.mark.parametrize("name", SLOW)
def test_nothing_takes_long_or_much(name: str) -> None:
    octets = SLOW[name]
    assert len(octets) < MAX_MAIL_BYTES
    began = time.process_time()
    read_mail(octets, OURS)
    assert time.process_time() - began < MAX_SECONDS
    tracemalloc.start()
    read_mail(octets, OURS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_MEMORY_BYTES


@given(st.binary(max_size=3000))
@example(b"Content-Type: text/plain; charset=idna\n\n\xc3\xa9")
@example(b"Content-Type: text/plain; charset=zlib\nContent-Transfer-Encoding: base64\n\n=")
@example(b"From: \x00\xff <a@b.example>\nSubject: =?utf-8?b?/w==?= \x00\n\n\x00STOP\x00")
@example(b'Content-Type: multipart/mixed; boundary=""\n\n--\n')
@example(b'A: b\nContent-Type: application/gzip; name="a!b!1!2.gz"\n\n\x1f\x8b\x08')
@example(b'A: b\nContent-Type: application/zip; name="a!b!1!2.zip"\n\nPK\x03\x04')
def test_no_octets_are_an_error(octets: bytes) -> None:
    read_mail(octets, OURS)
    read_mail(b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n" + octets, OURS)


@pytest.mark.parametrize("name", sorted(set(OTHERS) - {"forged-victim.eml"}))
def test_no_cut_at_all_makes_a_bounce_for_good(name: str) -> None:
    octets = sample(name)
    for end in range(0, len(octets), sized(3, 1)):
        reading = read_mail(octets[:end], OURS)
        assert not (isinstance(reading, Bounced) and reading.kind == "hard"), octets[:end][-60:]


def test_charsets_that_disagree_are_read_as_far_as_they_go() -> None:
    words = "550 5.1.1 Adresse inconnue : é".encode("latin-1") + "é".encode()
    mail = b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nTo: {}\n"
    mail += b"Content-Type: text/plain; charset=utf-8\n\n<anna@reader.example>:\n" + words
    reading = read(mail)
    assert isinstance(reading, Bounced) and reading.kind == "hard"
    assert [recipient.address for recipient in reading.recipients] == ["anna@reader.example"]
