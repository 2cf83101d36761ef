"""The address that shops call, over HTTP: what it answers to whom."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from engine.web import webhooks
from engine.webhooks.receiving import MAX_CALL_BYTES
from tests.web.serving import served
from tests.webhooks.calls import SECRET
from tests.webhooks.receiving_calls import Senders

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def site(senders: Senders) -> Iterator[httpx.Client]:
    with served(senders.context) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield client


def test_a_sender_may_try_the_address_before_it_is_saved(site: httpx.Client) -> None:
    assert site.head("/w/boutique").status_code == 200
    ping = site.post("/w/woocommerce", content=b"webhook_id=9")
    assert (ping.status_code, ping.text) == (200, "ok\n")
    assert site.post("/w/thrivecart", content=b"").status_code == 200


def test_a_browser_has_nothing_to_look_at(site: httpx.Client) -> None:
    page = site.get("/w/boutique")
    assert (page.status_code, page.headers["Allow"]) == (405, "HEAD, POST")
    deleted = site.delete("/w/boutique")
    assert deleted.status_code == 405 and "POST" in deleted.headers["Allow"]
    for method in ("HEAD", "GET", "POST"):
        assert site.request(method, "/w/nobody").status_code == 404
    assert site.post("/w/nobody").text == "no webhook of this name is published here\n"


def test_a_call_is_followed_and_answered(site: httpx.Client, senders: Senders) -> None:
    buyer = senders.buyer()
    body = {"order": "21", "email": buyer, "product": "livre", "amount": 12.5, "currency": "EUR"}
    address = f"/w/boutique?secret={SECRET.decode()}"
    for _ in range(2):
        assert site.post(address, json=body).status_code == 200
    assert senders.facts(buyer)[-1] == "order-recorded"
    bearer = {"Authorization": f"Bearer {SECRET.decode()}"}
    assert site.post("/w/boutique", json=body, headers=bearer).status_code == 200
    other = site.post("/w/boutique?secret=another", json=body)
    assert (other.status_code, other.text) == (
        403,
        "the secret that it carries is not the one in `secret_file`\n",
    )
    assert senders.last("boutique") == ["signature:secret_wrong"]
    bare = site.post("/w/boutique", json=body)
    assert bare.status_code == 403 and "?secret=" in bare.text


def test_what_cannot_be_read_or_is_too_large_is_refused_in_words(
    site: httpx.Client, senders: Senders
) -> None:
    bearer = {"Authorization": f"Bearer {SECRET.decode()}"}
    unread = site.post("/w/boutique", content=b"{", headers=bearer)
    assert (unread.status_code, unread.text) == (422, "it is not JSON in UTF-8\n")
    large = site.post("/w/boutique", content=b" " * (MAX_CALL_BYTES + 1), headers=bearer)
    assert large.status_code == 413
    assert senders.last("boutique") == ["call:too_large?kilobytes=256"]
    elsewhere = {"PAYPAL-CERT-URL": "https://evil.example/v1/notifications/certs/CERT-1"}
    forged = site.post("/w/paypal", content=b"{}", headers=elsewhere)
    assert (forged.status_code, senders.last("paypal")) == (
        403,
        ["signature:certificate_elsewhere"],
    )
    missing = site.post("/w/sumup", json={"event_type": "CHECKOUT_STATUS_CHANGED", "id": "c1"})
    assert missing.status_code == 503 and int(missing.headers["Retry-After"]) > 0


def test_who_calls_too_often_is_told_when_to_come_back(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_CALLS_A_MINUTE", 1)
    with served(senders.context) as url:
        first, second = (httpx.post(f"{url}/w/thrivecart") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert 0 < int(second.headers["Retry-After"]) <= 60
