"""The HTTP API: one call, one command, answered after it is written. Keys with scopes; an address
never stands in a URL, which ends in logs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from engine.api.calls import ApiCall, Calls
from engine.api.openapi import ANSWER, DOSSIER, KNOWN, OPEN, RECEIPT, SCHEMES, operation
from engine.api.order_calls import OrderCalls
from engine.api.problems import Problem, bad_body
from engine.api.rights_calls import RightsCalls
from engine.api.stores import ApiStores
from engine.commands.group_commit import CommandGroupCommit
from engine.desk.desk import KEY_PREFIX, ApiKey, Desk
from engine.intake import rights_calls as read
from engine.intake.calls import LOOKUP, SEGMENT, SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION
from engine.intake.orders import ORDER, REFUND
from engine.intake.preferences import PREFERENCES
from engine.web.limits import Pace
from engine.web.request import TooLarge, body_of, visitor_of

MAX_CALLS_PER_MINUTE = 600
MAX_KEY_CHARACTERS = 255
VERSION = "1"

PROTECTING = ("people/restrict", "people/object", "people/erase")
Handler = Callable[[ApiCall], JSONResponse]


def router(stores: ApiStores, gateway: Gateway, group_commit: CommandGroupCommit) -> APIRouter:
    routes, calls = APIRouter(), Calls(stores, group_commit)

    @routes.post(
        "/api/v1/subscriptions",
        openapi_extra=operation(SUBSCRIPTION, "subscribe", ANSWER, (200, 201)),
        status_code=201,
    )
    async def subscribe(request: Request) -> Response:
        """Put a person on a list on a ground you declare, or ask them by mail whether they want to
        be there.
        """
        return await gateway.answer(request, "subscribe", calls.subscribe)

    @routes.post("/api/v1/transfers", openapi_extra=operation(TRANSFER, "transfer", ANSWER, (200,)))
    async def transfer(request: Request) -> Response:
        """Move a person from one list to another."""
        return await gateway.answer(request, "transfer", calls.transfer)

    @routes.post(
        "/api/v1/unsubscriptions",
        openapi_extra=operation(UNSUBSCRIPTION, "unsubscribe", ANSWER, (200,), whatever_key=True),
    )
    async def unsubscribe(request: Request) -> Response:
        """Withdraw a person from a purpose, or from everything."""
        return await gateway.answer(request, "unsubscribe", calls.unsubscribe)

    @routes.post(
        "/api/v1/people/lookup",
        openapi_extra=operation(LOOKUP, "read", KNOWN, (200,), writes=False),
    )
    async def look_up(request: Request) -> Response:
        """Where a person stands."""
        return await gateway.answer(request, "read", calls.look_up, writes=False)

    @routes.post(
        "/api/v1/people/preferences",
        openapi_extra=operation(PREFERENCES, "preferences", ANSWER, (200,)),
    )
    async def set_preferences(request: Request) -> Response:
        """What somebody chooses to receive; a member left out stays as it is."""
        return await gateway.answer(request, "preferences", calls.set_preferences)

    in_segment = operation(SEGMENT, "segments", ANSWER, (200,))

    @routes.post("/api/v1/segments/put", openapi_extra=in_segment)
    async def put_into_segment(request: Request) -> Response:
        """Put somebody who is known into a segment without conditions."""
        return await gateway.answer(request, "segments", calls.put_into_segment)

    @routes.post("/api/v1/segments/take", openapi_extra=in_segment)
    async def take_out_of_segment(request: Request) -> Response:
        """Take somebody out of a segment without conditions."""
        return await gateway.answer(request, "segments", calls.take_out_of_segment)

    orders = OrderCalls(stores, calls)

    @routes.post(
        "/api/v1/orders",
        openapi_extra=operation(ORDER, "orders", ANSWER, (200, 201)),
        status_code=201,
    )
    async def record_order(request: Request) -> Response:
        """Somebody who is known ordered something. An order is recorded once, whatever the key."""
        return await gateway.answer(request, "orders", orders.record)

    @routes.post(
        "/api/v1/refunds",
        openapi_extra=operation(REFUND, "orders", ANSWER, (200, 201)),
        status_code=201,
    )
    async def refund_order(request: Request) -> Response:
        """An order was paid back, wholly or in part. Send a part under an Idempotency-Key: another
        call without one is another refund.
        """
        return await gateway.answer(request, "orders", orders.refund)

    add_rights(routes, gateway, RightsCalls(stores, calls))
    described: dict[str, object] = {}

    @routes.get("/openapi.json", include_in_schema=False)
    @routes.get("/api/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        if not described:
            described.update(
                get_openapi(
                    title=f"{stores.config.site.name}: Relance",
                    version=VERSION,
                    routes=list(routes.routes),
                )
            )
            described["components"] = {"securitySchemes": SCHEMES}
        return JSONResponse(described)

    return routes


def add_rights(routes: APIRouter, gateway: Gateway, calls: RightsCalls) -> None:
    """What a person may ask of who holds their data."""
    for path, members, answer, act, status, about in (
        (
            "people/export",
            read.EXPORT,
            DOSSIER,
            calls.export,
            200,
            "Everything held about a person; answers a right of access.",
        ),
        (
            "people/correct",
            read.CORRECTION,
            ANSWER,
            calls.correct,
            200,
            "Correct what is wrong about a person.",
        ),
        (
            "people/restrict",
            read.RESTRICTION,
            ANSWER,
            calls.restrict,
            200,
            "Freeze a person: nothing is sent or deleted until it is lifted.",
        ),
        (
            "people/object",
            read.OBJECTION,
            ANSWER,
            calls.objection,
            200,
            "A person objects to marketing: everything is withdrawn at once.",
        ),
        (
            "people/erase",
            read.ERASURE,
            RECEIPT,
            calls.erase,
            200,
            "Forget a person; answers with a receipt of what remains and why.",
        ),
        (
            "requests",
            read.REQUEST,
            ANSWER,
            calls.record,
            201,
            "Record that a person asked for something that is answered later.",
        ),
        (
            "requests/answer",
            read.ANSWER,
            ANSWER,
            calls.settle,
            200,
            "A request was answered, refused, or put off.",
        ),
        (
            "requests/open",
            (),
            OPEN,
            calls.open_requests,
            200,
            "The requests that wait for an answer, the most urgent first; they name nobody.",
        ),
    ):
        writes, whatever_key = path != "requests/open", path in PROTECTING
        described = operation(
            members,
            "rights",
            answer,
            (200,) if status == 200 else (200, status),
            writes=writes,
            whatever_key=whatever_key,
        )
        routes.add_api_route(
            f"/api/v1/{path}",
            _endpoint(gateway, act, writes),
            methods=["POST"],
            description=about,
            summary=about.partition(";")[0].rstrip("."),
            openapi_extra=described,
            status_code=status,
            operation_id=path.replace("/", "_"),
        )


def _endpoint(
    gateway: Gateway, handler: Handler, writes: bool
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await gateway.answer(request, "rights", handler, writes=writes)

    return answer


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
        key = (
            self.desk.find_key(token.strip())
            if scheme.lower() == "bearer" and token.strip().startswith(KEY_PREFIX)
            else None
        )
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
