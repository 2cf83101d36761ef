"""What a monitor asks: `/health` for whoever spreads visitors over machines, `/metrics` for Prometheus where the operator wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from engine.house import House
from engine.ledger.store import LOST
from engine.status.findings import of_views
from engine.status.gather import gather, view_states
from engine.status.metrics import CONTENT_TYPE, exposition
from engine.web.api import Door
from engine.web.problem import Problem

HEALTH_PATIENCE = 5.0
SCOPE = "metrics"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def router(house: House) -> APIRouter:
    routes, door = APIRouter(), Door(house)
    asking: list[asyncio.Future[dict[str, object]]] = []

    @routes.api_route("/health", methods=["GET", "HEAD"], include_in_schema=False)
    async def health() -> Response:
        """200 while the database answers and every view follows, else 503. One question at a time: a dead database is not asked by a crowd."""
        if not asking or asking[0].done():
            asking[:] = [asyncio.ensure_future(run_in_threadpool(_state, house))]
        done, _ = await asyncio.wait(asking, timeout=HEALTH_PATIENCE)
        question = next(iter(done), None)
        if question is None or question.exception() is not None:
            return JSONResponse({"status": "the database does not answer"}, 503)
        state = question.result()
        return JSONResponse(state, 200 if state["status"] == "ok" else 503)

    @routes.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        if not (house.config.web.metrics == "loopback" and is_here(request.client.host if request.client else "", request.headers)):
            if "authorization" not in request.headers:
                # Who has no key is not told that there is anything.
                raise HTTPException(404)
            try:
                door.key_of(request, SCOPE)
            except Problem as problem:
                return problem.response()
        try:
            return Response(exposition(gather(house)), media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
        except LOST:
            return Response("the database does not answer\n", 503, media_type="text/plain")

    return routes


def is_here(peer: str, headers: Mapping[str, str]) -> bool:
    """A program on this machine that asks for itself: what a proxy hands on comes from this machine too, and says so."""
    return peer in ("127.0.0.1", "::1") and not any(name in headers for name in FORWARDED)


def _state(house: House) -> dict[str, object]:
    """A fault's words may quote a row, and this page is open to all: `relance status` says them, here is only that there is one."""
    states = view_states(house)
    found = tuple(of_views(states))
    views = {each.name: {"position": each.position, "behind": max(0, each.behind), "fault": bool(each.fault)} for each in states}
    said = {"view-stopped": "a view has stopped", "view-ahead": "a view is ahead of the ledger", "view-behind": "a view is far behind"}
    return {"status": said[found[0].code] if found else "ok", "head": max((e.position + e.behind for e in states), default=0), "views": views}
