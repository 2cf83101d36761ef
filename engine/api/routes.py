"""The HTTP API: one call, one command, answered after it is written. Keys with scopes; an address
never stands in a URL, which ends in logs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from functools import cache

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from engine.api.calls import ApiCall, Calls
from engine.api.openapi import CALLS, SCHEMES, Described, Schema, operation
from engine.api.order_calls import OrderCalls
from engine.api.problems import Problem, bad_body
from engine.api.rights_calls import RightsCalls
from engine.api.stores import ApiStores
from engine.commands.group_commit import CommandGroupCommit
from engine.desk.desk import KEY_PREFIX, ApiKey, Desk
from engine.web.limits import Pace
from engine.web.request import TooLarge, body_of, visitor_of

MAX_CALLS_PER_MINUTE = 600
MAX_KEY_CHARACTERS = 255
VERSION = "1"

Handler = Callable[[ApiCall], JSONResponse]
Endpoint = Callable[[Request], Awaitable[Response]]


def router(stores: ApiStores, gateway: Gateway, group_commit: CommandGroupCommit) -> APIRouter:
    calls = Calls(stores, group_commit)
    orders, rights = OrderCalls(stores, calls), RightsCalls(stores, calls)
    handlers: Mapping[str, Handler] = {
        "subscriptions": calls.subscribe,
        "transfers": calls.transfer,
        "unsubscriptions": calls.unsubscribe,
        "people/lookup": calls.look_up,
        "people/preferences": calls.set_preferences,
        "segments/put": calls.put_into_segment,
        "segments/take": calls.take_out_of_segment,
        "orders": orders.record,
        "refunds": orders.refund,
        "people/export": rights.export,
        "people/correct": rights.correct,
        "people/restrict": rights.restrict,
        "people/object": rights.objection,
        "people/erase": rights.erase,
        "requests": rights.record,
        "requests/answer": rights.settle,
        "requests/open": rights.open_requests,
    }

    def answering(call: Described) -> Endpoint:
        async def answer(request: Request) -> Response:
            return await gateway.answer(
                request, call.scope, handlers[call.path], writes=call.writes
            )

        return answer

    routes = _routes(answering)

    @routes.get("/openapi.json", include_in_schema=False)
    @routes.get("/api/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        return JSONResponse(document(stores.config.site.name))

    return routes


def _routes(endpoint: Callable[[Described], Endpoint]) -> APIRouter:
    routes = APIRouter()
    for call in CALLS:
        routes.add_api_route(
            f"/api/v1/{call.path}",
            endpoint(call),
            methods=["POST"],
            description=call.about,
            summary=call.about.partition(";")[0].rstrip("."),
            openapi_extra=operation(call),
            status_code=call.status,
            operation_id=call.operation_id,
        )
    return routes


@cache
def document(site: str) -> Schema:
    """The API as OpenAPI describes it; made when it is first asked for."""

    async def nothing(request: Request) -> Response:
        return Response()

    routes = list(_routes(lambda call: nothing).routes)
    described: Schema = get_openapi(title=f"{site}: Relance", version=VERSION, routes=routes)
    described["components"] = {"securitySchemes": SCHEMES}
    return described


class Gateway:
    """What every call passes: its size, its key and the key's scope, its pace, its JSON, and its
    Idempotency-Key. A refusal is answered as a Problem.
    """

    def __init__(self, desk: Desk, pepper: bytes, trusted_proxies: tuple[str, ...]) -> None:
        """`pepper` keys the hashes of idempotency keys and calls."""
        self.desk, self.pepper, self.trusted_proxies = desk, pepper, trusted_proxies
        self.pace = Pace(MAX_CALLS_PER_MINUTE)

    async def answer(
        self, request: Request, scope: str, handler: Handler, *, writes: bool = True
    ) -> Response:
        try:
            body = await body_of(request)
        except TooLarge:
            return Problem(413, "a call holds at most 64 kB").response()
        return await run_in_threadpool(self._answer, request, scope, handler, body, writes)

    def _answer(
        self, request: Request, scope: str, handler: Handler, body: bytes, writes: bool
    ) -> Response:
        try:
            key = self.key_of(request, scope)
            sent_key = self._idempotency_key(request)
            read, canonical = _json(request.headers.get("content-type", ""), body)
            key_hash = call_hash = ""
            if sent_key and writes:
                key_hash = self._hash("idempotency-key/v1", key.id, sent_key)
                path = request.url.path
                call_hash = self._hash("call/v2", key.id, sent_key, request.method, path, canonical)
            call = ApiCall(
                body=read,
                key_hash=key_hash,
                call_hash=call_hash,
                key=key,
                visitor=visitor_of(request, self.trusted_proxies),
                user_agent=request.headers.get("user-agent", "")[:500],
            )
            return self._once(call, handler)
        except Problem as problem:
            return problem.response()

    def _once(self, call: ApiCall, handler: Handler) -> Response:
        """Run the handler under the call's Idempotency-Key. An answer owns the key from then on; a
        refusal of the call frees it, so that the call may be put right. Any other failure leaves it
        bound: the command may still be executed.
        """
        try:
            answer = handler(call)
        except Problem as problem:
            if call.key_hash and problem.status in (400, 422):
                self.desk.free_call(call.key_hash, call.call_hash)
            raise
        if call.key_hash:
            self.desk.call_done(call.key_hash, call.call_hash)
        return answer

    def key_of(self, request: Request, scope: str) -> ApiKey:
        """The caller's key. Raises Problem for none, for one that has expired or comes too often,
        for one that may not do this.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.key_named(token.strip() if scheme.lower() == "bearer" else "", scope)

    def key_named(self, token: str, scope: str) -> ApiKey:
        """The same for a key that came by another way."""
        key = self.desk.find_key(token) if token.startswith(KEY_PREFIX) else None
        if key is None:
            raise Problem(
                401,
                "send a key of this installation: Authorization: Bearer relance_…",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if key.expired is not None:
            detail = (
                f"this key expired on {key.expired.astimezone(UTC):%Y-%m-%d at %H:%M} UTC: ask who"
                " made it for another"
            )
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        wait = self.pace.wait(key.id)
        if wait:
            raise Problem(
                429,
                f"more than {MAX_CALLS_PER_MINUTE} calls within a minute",
                headers={"Retry-After": str(wait)},
            )
        if scope not in key.scopes:
            raise Problem(403, f"this key may not do this: it lacks the scope {scope}")
        return key

    def _idempotency_key(self, request: Request) -> str:
        """As it was sent, "" where none was. Raises Problem for one that is none."""
        sent_key = request.headers.get("idempotency-key")
        if sent_key is None:
            return ""
        if not 0 < len(sent_key) <= MAX_KEY_CHARACTERS or not sent_key.isprintable():
            raise Problem(400, f"Idempotency-Key is 1 to {MAX_KEY_CHARACTERS} printable characters")
        return sent_key

    def _hash(self, *parts: str) -> str:
        return hmac.new(self.pepper, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def _json(content_type: str, body: bytes) -> tuple[object, str]:
    """What the body says, and the same in one spelling: spaces and the order of members are
    nothing.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "send the call as application/json")
    try:
        read: object = json.loads(body, object_pairs_hook=_members)
        return (
            read,
            hashlib.sha256(
                json.dumps(read, sort_keys=True, separators=(",", ":")).encode()
            ).hexdigest(),
        )
    except DuplicateMember as twice:
        raise bad_body((f"{twice}: is said twice",)) from None
    except (ValueError, RecursionError):
        raise bad_body(("the body is not JSON in UTF-8",)) from None


class DuplicateMember(Exception):
    """A member given twice, shortened for a sentence: nobody can know which of the two is meant."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise DuplicateMember(name[:40].encode("utf-8", "replace").decode())
        members[name] = value
    return members
