"""The HTTP API: one call, one command, answered after it is written. Keys with scopes; an address
never stands in a URL, which ends in logs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC
from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engine.api.api_call import Api, ApiCall
from engine.api.openapi import OPERATIONS, document
from engine.api.operation import Operation
from engine.api.parameters import read_parameters
from engine.api.problems import Problem, bad_body
from engine.api.stores import ApiStores
from engine.commands.group_commit import CommandGroupCommit
from engine.desk.desk import KEY_PREFIX, ApiKey, Desk
from engine.web.limits import Pace
from engine.web.request import TooLarge, body_of, visitor_of

MAX_CALLS_PER_MINUTE = 600
MAX_KEY_CHARACTERS = 255
NOT_EXECUTED = (400, 404, 409, 412)
"""Refusals after which nothing was done, and nothing will be."""
JSON_TYPES = ("application/json", "application/problem+json", "application/*", "*/*")

Handler = Callable[[ApiCall], Response]


def router(stores: ApiStores, gateway: Gateway, group_commit: CommandGroupCommit) -> APIRouter:
    routes, api = APIRouter(), Api(stores, group_commit)
    paths: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = operation
    for path in sorted(paths, key=by_specificity):
        routes.routes.append(Route(f"/api/v1/{path}", _Path(paths[path], gateway, api)))

    @routes.get("/openapi.json", include_in_schema=False)
    @routes.get("/api/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        return JSONResponse(document(stores.config.site.name, stores.config.site.url))

    return routes


def by_specificity(path: str) -> list[bool]:
    """Sorts a path with a word before one that has a parameter in its place."""
    return [part.startswith("{") for part in path.split("/")]


class _Path:
    """What one path answers: its calls by their method, and every other method with 405."""

    def __init__(self, operations: dict[str, Operation], gateway: Gateway, api: Api) -> None:
        self.operations, self.gateway, self.api = operations, gateway, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = self.operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            answer: Response = self._other_method(request.method)
        else:
            answer = await self.gateway.answer(
                request, operation, partial(operation.handler, self.api)
            )
        await answer(scope, receive, send)

    def _other_method(self, method: str) -> Response:
        allowed = sorted({*self.operations, *(["HEAD"] if "GET" in self.operations else [])})
        detail = f"this call is made by {' or '.join(self.operations)}"
        return Problem(405, detail, headers={"Allow": ", ".join(allowed)}).response()


class Gateway:
    """What every call passes: its size, its key and the key's scope, its pace, its JSON, and its
    Idempotency-Key. A refusal is answered as a Problem.
    """

    def __init__(self, desk: Desk, pepper: bytes, trusted_proxies: tuple[str, ...]) -> None:
        """`pepper` keys the hashes of idempotency keys and calls."""
        self.desk, self.pepper, self.trusted_proxies = desk, pepper, trusted_proxies
        self.pace = Pace(MAX_CALLS_PER_MINUTE)

    async def answer(self, request: Request, operation: Operation, handler: Handler) -> Response:
        try:
            body = await body_of(request, operation.max_octets) if operation.has_body else b""
        except TooLarge:
            most = operation.max_octets // 1024
            return Problem(413, f"a call holds at most {most} kB").response()
        return await run_in_threadpool(self._answer, request, operation, handler, body)

    def _answer(
        self, request: Request, operation: Operation, handler: Handler, body: bytes
    ) -> Response:
        try:
            key = self.key_of(request, operation.scope)
            acceptable(request.headers.get("accept", ""))
            sent_key = "" if operation.method == "GET" else self._idempotency_key(request)
            read, canonical = None, ""
            if operation.has_body:
                read, canonical = _json(request.headers.get("content-type", ""), body)
            # A POST without parameters never looked at its query, and goes on so.
            declared = operation.parameters
            query = request.query_params.multi_items() if declared or not operation.has_body else []
            parameters = read_parameters(declared, request.path_params, query)
            key_hash = call_hash = ""
            if sent_key and operation.writes:
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
                if_match=request.headers.get("if-match", ""),
                query=query,
                parameters=parameters,
            )
            answer = self._once(call, handler)
            if operation.method == "GET" and answer.status_code == 200:
                return validated(answer, request.headers.get("if-none-match", ""))
            return answer
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
            if call.key_hash and problem.status in NOT_EXECUTED:
                self.desk.free_call(call.key_hash, call.call_hash)
            raise
        if call.key_hash:
            self.desk.call_done(call.key_hash, call.call_hash)
        return answer

    def key_of(self, request: Request, scope: str) -> ApiKey:
        """The caller's key. Raises Problem for none, for one that has expired or comes too often,
        for one that may not do this.
        """
        return self.key_named(key_text(request.headers.get("authorization", "")), scope)

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


def key_text(authorization: str) -> str:
    """What was sent as a key, "" for nothing: a bearer's token, or the password of Basic (RFC 7617)
    and without one the user, which is all that some tools can send.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, password = base64.b64decode(token.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    return password or user


def acceptable(accept: str) -> None:
    """Raises Problem (406) where the Accept header excludes JSON (RFC 9110, 12.5.1)."""
    ranges = [part.replace(" ", "").lower() for part in accept.split(",") if part.strip()]
    wanted = [
        media for media, _, weight in (part.partition(";q=") for part in ranges) if _some(weight)
    ]
    if ranges and not any(media.partition(";")[0] in JSON_TYPES for media in wanted):
        raise Problem(406, "the answer is application/json")


def _some(weight: str) -> bool:
    return weight.strip("0.") != "" or weight == ""


def validated(answer: Response, if_none_match: str) -> Response:
    """The answer under its ETag, or 304 where the caller has it (RFC 9110, 13.1.2)."""
    answer.headers.setdefault("Cache-Control", "private, no-cache")
    etag = answer.headers.setdefault(
        "ETag", f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    )
    had = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if etag.removeprefix("W/") not in had and "*" not in had:
        return answer
    kept = ("etag", "cache-control", "link")
    return Response(
        status_code=304, headers={n: answer.headers[n] for n in kept if n in answer.headers}
    )


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
