"""Asking the sender's API for what an unsigned call names: SumUp for a checkout, HelloAsso for a
payment, with the operator's key. What the API answers counts, whatever the call said.

Anybody can write such a call: what it names goes into a path only if it is written as ids are, the
key goes to the API's own host alone, at a public address over HTTPS (G11), and no more than sixty
are asked for in a minute.

Sources: SumUp, https://developer.sumup.com/api (host, bearer key) and
https://developer.sumup.com/docs/problem/checkout-not-found (404). HelloAsso,
https://dev.helloasso.com/docs/introduction-à-lapi-de-helloasso (hosts and paths); second hand: the
fields of the token (`https://docs.rs/crate/helloasso`) and `GET /v5/payments/ID`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlencode

from engine.dns.https import Answered, Request, public_address
from engine.dns.resolver import Resolver
from engine.sequence.webhooks import WebhookKind
from engine.webhooks.body import Value, read_json
from engine.webhooks.delivery import (
    Delivery,
    DeliveryFault,
    DeliveryRefused,
    RereadFault,
    Undeliverable,
    Unreachable,
)
from engine.webhooks.reading import read_resource
from engine.words import Reason

ANSWER_SECONDS: Final = 8
REREADS_A_MINUTE: Final = 60
TOKEN_MARGIN_SECONDS: Final = 60
SUMUP: Final = "api.sumup.com"
HELLOASSO: Final = "api.helloasso.com"
_RESOURCE = re.compile(r"(?:checkouts|payments)/[A-Za-z0-9-]{1,64}")
_KEYS = {
    "sumup": re.compile(rb"[!-~]{1,2000}"),
    "helloasso": re.compile(rb"[!-9;-~]{1,2000}:[!-~]{1,2000}"),
}
_FORMS = {"sumup": "sup_sk_…", "helloasso": "CLIENT_ID:CLIENT_SECRET"}
_BEARER = re.compile(r"[!-~]{1,5000}")
_SECONDS = re.compile(r"[0-9]{1,9}")
_UNKNOWN = frozenset({400, 404, 410, 422})
_KEY_REFUSED = frozenset({401, 403})


class _Token(NamedTuple):
    text: str
    seconds: int


class _Kept(NamedTuple):
    key: bytes
    token: str
    until: float


class Rereading:
    """Used from one event loop. `clock`: seconds, only ever forward."""

    def __init__(
        self, resolver: Resolver, request: Request, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver, self._request, self._clock = resolver, request, clock
        self._asked: deque[float] = deque(maxlen=REREADS_A_MINUTE)
        self._token: _Kept | None = None
        self._one_token_at_a_time = asyncio.Lock()

    async def reread(
        self, kind: WebhookKind, delivery: Delivery, key: bytes
    ) -> Delivery | Undeliverable | Unreachable:
        """What counts instead of `delivery`, whose trust is "re-read". `key` is what
        `api_key_file` holds, b"" where there is none.
        """
        if kind not in ("sumup", "helloasso") or not delivery.resource:
            return delivery
        if _RESOURCE.fullmatch(delivery.resource) is None:
            return Reason(DeliveryFault.FIELD_MALFORMED, field="id")
        if not key:
            return Unreachable(Reason(RereadFault.KEY_MISSING))
        if _KEYS[kind].fullmatch(key) is None:
            return Unreachable(Reason(RereadFault.KEY_MALFORMED, form=_FORMS[kind]))
        now = self._clock()
        if len(self._asked) == REREADS_A_MINUTE and self._asked[0] > now - 60:
            return Unreachable(Reason(RereadFault.TOO_MANY, most=REREADS_A_MINUTE))
        self._asked.append(now)
        if kind == "sumup":
            path = f"/v0.1/{delivery.resource}"
            return _counted(kind, delivery, SUMUP, await self._answer(SUMUP, path, key.decode()))
        answered = await self._helloasso(f"/v5/{delivery.resource}", key)
        return _counted(kind, delivery, HELLOASSO, answered)

    async def _helloasso(self, path: str, key: bytes) -> Answered | Unreachable | None:
        """A token that is refused is asked for anew, once: the key may have been changed."""
        answered: Answered | Unreachable | None = None
        for _ in range(2):
            token = await self._helloasso_token(key)
            if isinstance(token, Unreachable):
                return token
            answered = await self._answer(HELLOASSO, path, token)
            if answered is None or answered.status != 401:
                return answered
            self._token = None
        return answered

    async def _helloasso_token(self, key: bytes) -> str | Unreachable:
        """Client credentials (RFC 6749 section 4.4), good for half an hour."""
        async with self._one_token_at_a_time:
            known = self._token
            if known and known.key == key and known.until > self._clock():
                return known.token
            client, _, secret = key.decode().partition(":")
            form = urlencode(
                {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
            )
            answered = await self._answer(HELLOASSO, "/oauth2/token", form=form.encode())
            if answered is None or answered.status >= 500 or answered.status == 429:
                return _away(HELLOASSO)
            if answered.status != 200:
                return Unreachable(Reason(RereadFault.KEY_REFUSED, host=HELLOASSO))
            token = _read_token(answered.octets)
            if token is None:
                return _away(HELLOASSO)
            until = self._clock() + token.seconds - TOKEN_MARGIN_SECONDS
            self._token = _Kept(key, token.text, until)
            return token.text

    async def _answer(
        self, host: str, path: str, bearer: str = "", form: bytes | None = None
    ) -> Answered | None:
        address = await public_address(self._resolver, host)
        if address is None:
            return None
        headers = {"Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await self._request(address, host, path, headers=headers, content=form)


def _counted(
    kind: WebhookKind, delivery: Delivery, host: str, answered: Answered | Unreachable | None
) -> Delivery | Undeliverable | Unreachable:
    if isinstance(answered, Unreachable):
        return answered
    if answered is None:
        return _away(host)
    if answered.status in _UNKNOWN:
        return Reason(DeliveryFault.RESOURCE_UNKNOWN, host=host, resource=delivery.resource)
    if answered.status in _KEY_REFUSED:
        return Unreachable(Reason(RereadFault.KEY_REFUSED, host=host))
    if answered.status != 200:
        return _away(host)
    return read_resource(kind, answered.octets)


def _read_token(octets: bytes) -> _Token | None:
    """RFC 6749 section 5.1."""
    try:
        body = Value(read_json(octets))
        text, seconds = body.at("access_token").root, body.text("expires_in")
    except DeliveryRefused:
        return None
    if not isinstance(text, str) or _BEARER.fullmatch(text) is None:
        return None
    return _Token(text, int(seconds) if _SECONDS.fullmatch(seconds) else 0)


def _away(host: str) -> Unreachable:
    return Unreachable(Reason(RereadFault.AWAY, host=host))
