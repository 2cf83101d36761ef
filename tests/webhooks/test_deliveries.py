"""Each call of each kind, as it came and changed on the way, ends in one delivery that is believed,
or in a named refusal.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.sequence.webhooks import WEBHOOK_KINDS
from engine.webhooks.body import Headers
from engine.webhooks.delivery import Delivery
from engine.webhooks.reading import read_delivery
from engine.webhooks.signatures import (
    SNS_TOLERANCE_MS,
    TOLERANCE_MS,
    Refusal,
    SignatureFault,
    Trust,
    verify,
)
from engine.words import Reason
from tests.webhooks.calls import NOW, SAMPLES, SECRET, Sample, certificate

NAMES = list(SAMPLES)
BY_SECRET = [name for name in NAMES if SAMPLES[name].trust == "secret-url"]
SIGNED = [name for name in NAMES if SAMPLES[name].trust == "signed"]
OF_THE_BODY = [name for name in SIGNED if SAMPLES[name].kind != "mailgun"]
"""Mailgun's signature covers a time and a token alone."""
BY_HEADER = [name for name in NAMES if SAMPLES[name].signed() and SAMPLES[name].trust != "none"]
WITH_A_TIME = [
    name
    for name in SIGNED
    if SAMPLES[name].kind in ("stripe", "calendly", "mailgun", "paypal", "ses", "generic")
]


def believed(
    sample: Sample, raw: bytes | None = None, headers: Headers | None = None, now: int = NOW
) -> Trust | Refusal:
    octets = sample.octets if raw is None else raw
    given = sample.signed() if headers is None else headers
    return verify(sample.kind, sample.secrets, given, octets, now, certificate=certificate())


def code(answer: Trust | Refusal) -> SignatureFault | None:
    return answer.code if isinstance(answer, Reason) else None


def test_every_kind_has_samples() -> None:
    assert {sample.kind for sample in SAMPLES.values()} == set(WEBHOOK_KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_call_is_believed_and_ends_in_its_facts(name: str) -> None:
    sample = SAMPLES[name]
    assert believed(sample) == sample.trust
    delivery = read_delivery(sample.kind, sample.signed(), sample.octets)
    assert isinstance(delivery, Delivery), delivery
    assert delivery.facts == ((sample.fact, *sample.more) if sample.fact else ())
    assert delivery == read_delivery(sample.kind, sample.signed(), sample.octets)


@pytest.mark.parametrize("name", OF_THE_BODY)
def test_no_flipped_bit_is_believed(name: str) -> None:
    sample = SAMPLES[name]
    octets, headers = sample.octets, sample.signed()
    for place in range(0, len(octets), max(1, len(octets) // 12)):
        flipped = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
        answer = believed(sample, flipped, headers)
        if sample.kind == "ses" and answer == "signed":
            # What its signature leaves out, such as the blanks between members, says nothing.
            assert read_delivery("ses", headers, flipped) == read_delivery("ses", headers, octets)
        else:
            assert code(answer) is not None


def reserialised(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw), indent=1).encode()


def reordered(raw: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(raw).items()))).encode()


@pytest.mark.parametrize("change", [reserialised, reordered])
@pytest.mark.parametrize("name", OF_THE_BODY)
def test_what_is_written_anew_is_not_believed(name: str, change: Callable[[bytes], bytes]) -> None:
    """But Amazon's, whose signature is of values and not of bytes."""
    sample = SAMPLES[name]
    changed, headers = change(sample.octets), sample.signed()
    if sample.kind == "ses":
        assert believed(sample, changed, headers) == "signed"
        assert read_delivery("ses", headers, changed) == read_delivery(
            "ses", headers, sample.octets
        )
    else:
        assert code(believed(sample, changed, headers)) is SignatureFault.WRONG


@pytest.mark.parametrize("name", [name for name in NAMES if not SAMPLES[name].raw])
def test_the_order_of_members_is_no_part_of_what_is_said(name: str) -> None:
    sample = SAMPLES[name]
    if not isinstance(sample.body, dict):
        return
    changed = reordered(sample.octets)
    read = read_delivery(sample.kind, sample.signed_for(changed), changed)
    assert isinstance(read, Delivery)
    assert read.facts == ((sample.fact, *sample.more) if sample.fact else ())


@pytest.mark.parametrize("name", WITH_A_TIME)
def test_what_is_too_old_or_ahead_is_not_believed(name: str) -> None:
    sample = SAMPLES[name]
    allowed = SNS_TOLERANCE_MS if sample.kind == "ses" else TOLERANCE_MS
    assert believed(sample, now=NOW + allowed) == "signed"
    assert code(believed(sample, now=NOW + allowed + 1000)) is SignatureFault.TOO_OLD
    assert code(believed(sample, now=NOW - TOLERANCE_MS - 1000)) is SignatureFault.IN_THE_FUTURE


@pytest.mark.parametrize("name", BY_HEADER)
def test_a_header_that_came_twice_is_refused(name: str) -> None:
    sample = SAMPLES[name]
    for doubled in sample.signed():
        headers = [*sample.signed(), doubled]
        believing = believed(sample, headers=headers)
        read = read_delivery(sample.kind, headers, sample.octets)
        assert (
            code(believing) is SignatureFault.HEADER_TWICE
            or isinstance(read, Reason)
            or (doubled[0] == "PAYPAL-CERT-URL")
        )


@pytest.mark.parametrize("name", [*SIGNED, *BY_SECRET])
def test_a_secret_can_be_replaced_while_calls_are_under_way(name: str) -> None:
    sample = SAMPLES[name]
    other = b"whsec_b3RoZXI=" if sample.kind == "generic" else b"another"

    def answer(*secrets: bytes) -> Trust | Refusal:
        return verify(
            sample.kind,
            secrets,
            sample.signed(),
            sample.octets,
            NOW,
            certificate=certificate(),
        )

    assert answer(other, *sample.secrets) == answer(*sample.secrets, other) == sample.trust
    assert code(answer(other)) in (
        SignatureFault.WRONG,
        SignatureFault.WRONG_TOPIC,
        SignatureFault.SECRET_WRONG,
    )
    reread = sample.kind in ("sumup", "helloasso")
    assert code(answer()) is (None if reread else SignatureFault.SECRET_MISSING)
    assert (
        code(answer(b"")) is code(answer(*sample.secrets, b" \n")) is (SignatureFault.SECRET_EMPTY)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_call_without_its_signature_counts_for_nothing_by_itself(name: str) -> None:
    sample = SAMPLES[name]
    if sample.kind in ("mailgun", "ses", "thrivecart"):
        return  # Theirs stands in the body.
    answer = believed(sample, headers=sample.headers)
    expected = "re-read" if sample.kind in ("helloasso", "sumup") else sample.trust
    if code(answer) is None:
        assert answer == expected in ("re-read", "none")
    else:
        assert code(answer) in (SignatureFault.HEADER_MISSING, SignatureFault.SECRET_NOT_CARRIED)


def test_a_secret_in_the_url_is_a_weak_proof() -> None:
    sample = SAMPLES["postmark bounce"]

    def answer(in_url: str) -> Trust | Refusal:
        return verify("postmark", (SECRET,), (), sample.octets, NOW, in_url=in_url)

    assert answer(SECRET.decode()) == "secret-url"
    assert code(answer("guess")) is SignatureFault.SECRET_WRONG
    assert code(answer("")) is SignatureFault.SECRET_NOT_CARRIED
