"""`/w/NAME`: where shops and mail services tell what happened, as `[[webhook]]` declares them. Each
answer is for a machine: its status says whether the same has to be sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import ClientDisconnect

from engine.dns.settings import Dns
from engine.i18n.language import N_, translator
from engine.sequence.mistakes import Unreadable
from engine.web.limits import Pace
from engine.web.request import TooLarge, body_of, neighbourhood, visitor_of
from engine.webhooks.call_outcomes import CallRefusal
from engine.webhooks.receiving import (
    MAX_CALL_BYTES,
    Believed,
    CallAnswer,
    ReceivedCall,
    Receiving,
    WebhookStores,
)
from engine.webhooks.secret_files import api_key_of
from engine.webhooks.signatures import certificate_url
from engine.words import Reason

if TYPE_CHECKING:
    from engine.webhooks.sender_hosts import SenderHosts

MAX_CALLS_A_MINUTE = 1200
"""Of one part of the network: a shop that sells much calls a few times a second."""
MAX_SECRET_CHARACTERS = 500
METHODS = "HEAD, POST"
NOT_FOR_A_BROWSER = N_("Shops and mail services call this address; there is nothing to read here.")


def router(stores: WebhookStores) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    address = WebhookAddress(stores)

    @routes.head("/w/{name}")
    async def head(name: str) -> Response:
        """Some senders try an address so before they save it."""
        await address.tried(name)
        return Response()

    @routes.get("/w/{name}")
    async def get(name: str) -> Response:
        await address.tried(name)
        _ = translator(stores.config.site.language)
        return PlainTextResponse(f"{_(NOT_FOR_A_BROWSER)}\n", 405, {"Allow": METHODS})

    @routes.post("/w/{name}")
    async def post(name: str, request: Request) -> Response:
        return await address.answer(name, request)

    return routes


class WebhookAddress:
    """Used from one event loop."""

    def __init__(self, stores: WebhookStores) -> None:
        self.receiving, self.config = Receiving(stores), stores.config
        self.pace = Pace(MAX_CALLS_A_MINUTE)
        self._hosts: SenderHosts | None = None

    async def tried(self, name: str) -> None:
        """Raises HTTPException where no such webhook is published."""
        if await run_in_threadpool(self.receiving.webhook, name) is None:
            raise HTTPException(404)

    async def answer(self, name: str, request: Request) -> Response:
        visitor = visitor_of(request, self.config.web.trusted_proxies)
        if wait := self.pace.wait(neighbourhood(visitor)):
            return PlainTextResponse("too many calls", 429, {"Retry-After": str(wait)})
        webhook = await run_in_threadpool(self.receiving.webhook, name)
        if webhook is None:
            return PlainTextResponse("no webhook of this name is published here\n", 404)
        try:
            raw = await body_of(request, MAX_CALL_BYTES)
        except TooLarge:
            why = Reason(CallRefusal.TOO_LARGE, kilobytes=MAX_CALL_BYTES // 1024)
            return _response(await run_in_threadpool(self.receiving.refused, webhook, why))
        except ClientDisconnect:
            return Response(status_code=400)
        headers = request.headers.items()
        url = certificate_url(webhook.kind, headers, raw)
        if isinstance(url, Reason):
            return _response(await run_in_threadpool(self.receiving.refused, webhook, url))
        call = ReceivedCall(
            headers=headers,
            raw=raw,
            visitor=visitor,
            user_agent=request.headers.get("user-agent", "")[:500],
            in_url=request.query_params.get("secret", "")[:MAX_SECRET_CHARACTERS],
            certificate=await (await self._sender_hosts()).certificates.at(url) if url else None,
        )
        believed = await run_in_threadpool(self.receiving.believe, webhook, call)
        if isinstance(believed, Believed) and believed.trust == "re-read":
            believed = await self._reread(believed)
        if isinstance(believed, Believed) and believed.webhook.kind == "ses":
            away = await (await self._sender_hosts()).certificates.confirm(believed.delivery)
            if away is not None:
                believed = await run_in_threadpool(self.receiving.reread, believed, away)
        if isinstance(believed, CallAnswer):
            return _response(believed)
        return _response(await run_in_threadpool(self.receiving.follow, believed))

    async def _reread(self, believed: Believed) -> Believed | CallAnswer:
        webhook = believed.webhook
        try:
            key = await run_in_threadpool(api_key_of, webhook, self.config.folder)
        except Unreadable:
            why = Reason(CallRefusal.SECRET_UNREADABLE)
            return await run_in_threadpool(self.receiving.refused, webhook, why)
        rereading = (await self._sender_hosts()).rereading
        answered = await rereading.reread(webhook.kind, believed.delivery, key)
        return await run_in_threadpool(self.receiving.reread, believed, answered)

    async def _sender_hosts(self) -> SenderHosts:
        """One for all calls, whose memory it holds."""
        if self._hosts is None:
            hosts = await run_in_threadpool(_sender_hosts, self.config.dns)
            self._hosts = self._hosts or hosts
        return self._hosts


def _sender_hosts(dns: Dns) -> SenderHosts:
    from engine.webhooks.sender_hosts import SenderHosts

    return SenderHosts(dns)


def _response(answer: CallAnswer) -> Response:
    headers = {"Retry-After": str(answer.retry_after)} if answer.retry_after else None
    return PlainTextResponse(f"{answer.text}\n", answer.status, headers)
