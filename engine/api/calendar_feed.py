"""`/calendar/KEY.ics`: the programme of what is published, this year's and the next, for the
calendar of whoever holds a key with the scope `calendar`. The key stands in the address, because
calendars can send no header: it may do nothing else, and is revoked like any other.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import Response

from engine.api.problems import Problem
from engine.api.routes import Gateway
from engine.api.scopes import CALENDAR, CALENDAR_PATH
from engine.ledger.store import LOST

CONTENT_TYPE = "text/calendar; charset=utf-8"


def router(gateway: Gateway, feed: Callable[[], bytes]) -> APIRouter:
    """`feed` blocks, and raises one of LOST while the database is away."""
    routes = APIRouter()

    @routes.get(CALENDAR_PATH, include_in_schema=False)
    def calendar(key: str) -> Response:
        try:
            if gateway.key_named(key, CALENDAR).scopes != {CALENDAR}:
                raise Problem(
                    403,
                    "a key in an address may do nothing but this: make one with the"
                    " scope calendar alone",
                )
            return Response(
                feed(), media_type=CONTENT_TYPE, headers={"Cache-Control": "private, max-age=900"}
            )
        except Problem as problem:
            return problem.response()
        except LOST:
            return Response(
                "the database does not answer\n", 503, {"Retry-After": "60"}, "text/plain"
            )

    return routes
