"""Every kind's calls, as they came and as they go wrong on the way, end in exactly one fact or in a
named refusal: one installation for all.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus

import pytest

from engine.webhooks.delivery import DeliveryFault, RereadFault, Unreachable
from engine.webhooks.reading import read_resource
from engine.webhooks.receiving import Believed, CallAnswer, Receiving
from engine.webhooks.signatures import verify
from engine.words import Reason
from tests.webhooks.calls import NOW, SAMPLES, SECRET
from tests.webhooks.receiving_calls import Senders, Sent, is_of_letter

pytestmark = pytest.mark.postgres
BOUGHT = [
    "subscriber-registered",
    "ground-declared",
    "list-joined",
    "call-honoured",
    "order-recorded",
]
BOUNCED = ["mail-bounced", "list-left", "call-honoured"]
COMPLAINED = ["consent-withdrawn", "list-left", "mail-complained"]
FOLLOWS = {
    **{name: BOUGHT for name in SAMPLES if name.endswith(" purchase")},
    **{name: BOUGHT[:-1] for name in SAMPLES if name.endswith(" booking")},
    **{name: BOUNCED for name in SAMPLES if name.endswith((" bounce", " soft"))},
    **{name: COMPLAINED for name in SAMPLES if name.endswith((" complaint", " complaints"))},
}
"""What the calls lead to that need no other before them."""
REFUNDED = ["order-refunded", "call-honoured", "list-left", "call-honoured"]
OF_THE_BODY = [
    name for name in FOLLOWS if SAMPLES[name].trust == "signed" and SAMPLES[name].kind != "mailgun"
]
"""Mailgun's signature covers a time and a token alone."""


def prepared(senders: Senders, name: str) -> tuple[str, Sent]:
    of_letter = is_of_letter(SAMPLES[name].fact)
    address, letter = senders.reader() if of_letter else (senders.buyer(), "")
    return address, senders.call(name, address, letter)


@pytest.mark.parametrize("name", FOLLOWS)
def test_a_call_is_followed_once_however_often_it_comes_and_whoever_falls_over(
    senders: Senders, name: str
) -> None:
    address, sent = prepared(senders, name)

    class Killed(Receiving):
        """Falls over between the commit and the answer."""

        def follow(self, believed: Believed) -> CallAnswer:
            super().follow(believed)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        senders.comes(sent, Killed(senders.context.webhooks(), lambda: NOW))
    for _ in range(2):
        assert senders.comes(sent).status == HTTPStatus.OK
    assert senders.facts(address) == FOLLOWS[name]


@pytest.mark.parametrize("name", OF_THE_BODY)
def test_what_was_changed_on_the_way_is_refused_by_name_and_nothing_follows(
    senders: Senders, name: str
) -> None:
    address, sent = prepared(senders, name)
    webhook, middle = sent.webhook, sent.raw.index(address.partition("@")[0].encode())
    flipped = sent.raw[:middle] + bytes([sent.raw[middle] ^ 1]) + sent.raw[middle + 1 :]
    written_anew = json.dumps(json.loads(sent.raw), indent=1).encode()
    for raw in (flipped, written_anew):
        answer = senders.comes(replace(sent, raw=raw))
        if webhook == "ses" and raw == written_anew:
            # Of its envelope the members are signed, not how they are written.
            assert answer.status == HTTPStatus.OK
            continue
        assert answer.status == HTTPStatus.FORBIDDEN
        assert senders.last(webhook) == ["signature:wrong"] and answer.text
    assert senders.facts(address) == (FOLLOWS[name] if webhook == "ses" else [])


@pytest.mark.parametrize("name", [name for name in FOLLOWS if SAMPLES[name].trust == "secret-url"])
def test_whoever_does_not_know_the_secret_is_refused(senders: Senders, name: str) -> None:
    address, sent = prepared(senders, name)
    wrong = replace(
        sent,
        raw=sent.raw.replace(SECRET, b"another"),
        headers=[(key, value.replace(SECRET.decode(), "another")) for key, value in sent.headers],
    )
    assert senders.comes(wrong).status == HTTPStatus.FORBIDDEN
    assert senders.last(sent.webhook) == ["signature:secret_wrong"]
    assert senders.facts(address) == []


@pytest.mark.parametrize("name", [name for name in FOLLOWS if name.endswith(" purchase")])
def test_an_order_that_is_told_again_in_another_delivery_is_the_same_order(
    senders: Senders, name: str
) -> None:
    address, sent = prepared(senders, name)
    assert senders.comes(sent).status == HTTPStatus.OK
    sample = SAMPLES[name]
    raw = sent.raw + (b"&again=1" if sample.body is None else b" ")
    again = replace(sent, raw=raw, headers=sample.signed_for(raw))
    assert senders.comes(again).status == HTTPStatus.OK
    assert senders.last(sent.webhook) == ["purchase unchanged:order_recorded"]
    assert senders.facts(address) == BOUGHT


KINDS_OF_REFUNDS = [name.partition(" ")[0] for name in SAMPLES if name.endswith(" refund")]


@pytest.mark.parametrize("kind", KINDS_OF_REFUNDS)
def test_a_refund_that_overtakes_its_purchase_leads_to_what_it_would_have_led_to(
    senders: Senders, kind: str
) -> None:
    ends = dict[bool, list[str]]()
    for in_order in (True, False):
        address = senders.buyer()
        calls = [senders.call(f"{kind} {what}", address) for what in ("purchase", "refund")]
        for sent in calls if in_order else reversed(calls):
            assert senders.comes(sent).status == HTTPStatus.OK
        ends[in_order] = senders.facts(address)
        for sent in calls:
            senders.comes(sent)
        assert senders.facts(address) == ends[in_order]
        assert senders.person(address).memberships == {}
    assert ends[True] == ends[False] == [*BOUGHT, *REFUNDED]


KINDS_OF_ENDS = [name.partition(" ")[0] for name in SAMPLES if name.endswith(" subscription")]


@pytest.mark.parametrize("known", [False, True], ids=["stranger", "known"])
@pytest.mark.parametrize("kind", KINDS_OF_ENDS)
def test_a_subscription_that_has_ended_takes_its_buyer_off_the_list_once(
    senders: Senders, kind: str, known: bool
) -> None:
    """Also where its end overtakes its purchase."""
    for in_order in (True, False):
        address = senders.reader()[0] if known else senders.buyer()
        calls = [senders.call(f"{kind} {what}", address) for what in ("purchase", "subscription")]
        if kind == "stripe":
            # Its end names nobody: the session with which it began does.
            raw = calls[0].raw.replace(b'"subscription":null', b'"subscription":"sub_1"')
            headers = SAMPLES["stripe purchase"].signed_for(raw)
            calls[0] = replace(calls[0], raw=raw, headers=headers)
        for _ in range(2):
            for sent in calls if in_order else reversed(calls):
                assert senders.comes(sent).status == HTTPStatus.OK
            joined, left = (senders.facts(address).count(f"list-{a}") for a in ("joined", "left"))
            assert (joined, left) == (1, 1)
        assert 11 not in senders.person(address).memberships


def test_two_at_once_are_one(senders: Senders) -> None:
    for name in ("stripe purchase", "shopify purchase"):
        address, sent = prepared(senders, name)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(senders.comes, [sent] * 4))
        assert {answer.status for answer in answers} <= {
            HTTPStatus.OK,
            HTTPStatus.SERVICE_UNAVAILABLE,
        }
        assert senders.facts(address) == BOUGHT


def test_a_token_of_mailgun_counts_for_one_body(senders: Senders) -> None:
    address, sent = prepared(senders, "mailgun bounce")
    assert senders.comes(sent).status == HTTPStatus.OK
    forged = replace(sent, raw=sent.raw.replace(b'"failed"', b'"complained"'))
    assert senders.comes(forged).status == HTTPStatus.FORBIDDEN
    assert senders.last("mailgun") == ["call:token_spent"]
    assert senders.comes(sent).status == HTTPStatus.OK
    assert senders.facts(address) == BOUNCED


def test_a_checkout_of_sumup_counts_once_its_api_has_said_so(senders: Senders) -> None:
    address, sent = prepared(senders, "sumup")
    answer = {"status": "PAID", "id": "c1", "amount": 12.5, "currency": "EUR"}
    paid = read_resource(
        "sumup", json.dumps(answer | {"personal_details": {"email": address}}).encode()
    )
    away = Unreachable(Reason(RereadFault.AWAY, host="api.sumup.com"))
    unknown = Reason(DeliveryFault.RESOURCE_UNKNOWN, host="api.sumup.com", resource="c1")
    for told, status in ((away, 503), (unknown, 422), (paid, 200), (paid, 200)):
        assert senders.comes(sent, reread=told).status == status
    assert senders.facts(address) == BOUGHT
    codes = [call.refusal for call in senders.context.webhook_calls.recent("sumup", 4)]
    assert codes[2:] == ["body:resource_unknown?host=api.sumup.com", "api:away?host=api.sumup.com"]


def test_a_bounce_of_a_letter_that_the_views_do_not_know_yet_is_put_off(senders: Senders) -> None:
    address, letter = senders.reader(followed=False)
    sent = senders.call("postmark bounce", address, letter)
    answer = senders.comes(sent)
    assert (answer.status, answer.retry_after > 0) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
    senders.context.views.catch_up()
    assert senders.comes(sent).status == HTTPStatus.OK
    assert senders.facts(address) == BOUNCED


def test_a_bounce_of_a_letter_of_somebody_else_s_changes_nothing(senders: Senders) -> None:
    address = senders.buyer()
    sent = senders.call("brevo bounce", address, "abcdefghijklmnopqrstuvwxya@elsewhere.example")
    assert senders.comes(sent).status == HTTPStatus.OK
    assert senders.last("brevo") == ["bounce fact:letter_unknown"]


def test_helloasso_signs_to_its_partners_alone() -> None:
    sample = SAMPLES["helloasso purchase"]
    assert verify("helloasso", (), sample.signed(), sample.octets, NOW) == "re-read"
    assert verify("helloasso", (SECRET,), sample.signed(), sample.octets, NOW) == "signed"


def test_without_its_secret_a_call_is_put_off(senders: Senders) -> None:
    _, sent = prepared(senders, "calendly booking")
    secret = senders.context.config.folder / "secret-calendly"
    kept = secret.read_bytes()
    try:
        secret.write_bytes(b"\n")
        answer = senders.comes(sent)
    finally:
        secret.write_bytes(kept)
    assert (answer.status, answer.retry_after > 0) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
    assert senders.last("calendly") == ["call:secret_unreadable"]
