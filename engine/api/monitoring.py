"""What a monitor asks: `/health` for a load balancer, `/metrics` for Prometheus where the operator
wants it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from engine.api.problems import Problem
from engine.api.routes import Gateway
from engine.ledger.store import LOST
from engine.status.facts import Facts
from engine.status.metrics import CONTENT_TYPE, exposition
from engine.web.request import is_this_machine

HEALTH_SECONDS = 5.0
SCOPE = "metrics"


def router(
    gateway: Gateway,
    is_well: Callable[[], bool],
    gather: Callable[[], Facts],
    *,
    open_on_loopback: bool,
) -> APIRouter:
    """`is_well` and `gather` block. With `open_on_loopback` a program on this machine needs no key
    for `/metrics`.
    """
    routes = APIRouter()
    asking: list[asyncio.Future[bool]] = []

    @routes.api_route("/health", methods=["GET", "HEAD"], include_in_schema=False)
    async def health() -> Response:
        """200 while the database answers and every view follows, else 503, and not a word more: it
        is open to all; `relance status` and `/metrics` say what is wrong. One question at a time: a
        dead database is not asked by a crowd.
        """
        if not asking or asking[0].done():
            asking[:] = [asyncio.ensure_future(run_in_threadpool(is_well))]
        done, _ = await asyncio.wait(asking, timeout=HEALTH_SECONDS)
        question = next(iter(done), None)
        well = question is not None and question.exception() is None and question.result()
        return JSONResponse({"status": "ok" if well else "failing"}, 200 if well else 503)

    @routes.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        if not (
            open_on_loopback
            and is_this_machine(request.client.host if request.client else "", request.headers)
        ):
            if "authorization" not in request.headers:
                # Who has no key is not told that there is anything.
                raise HTTPException(404)
            try:
                gateway.key_of(request, SCOPE)
            except Problem as problem:
                return problem.response()
        try:
            return Response(
                exposition(gather()),
                media_type=CONTENT_TYPE,
                headers={"Cache-Control": "no-store"},
            )
        except LOST:
            return Response("the database does not answer\n", 503, media_type="text/plain")

    return routes
