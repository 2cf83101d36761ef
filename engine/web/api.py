"""The HTTP API: one call, one wish, answered after it is written. Keys with scopes; refusals in the form of RFC 9457; an address never in a URL."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from engine.desk.desk import KEY_PREFIX, ApiKey
from engine.gathering import Gatherer
from engine.house import House
from engine.intake import calls
from engine.web.acting import Acting
from engine.web.answers import Problem, shown
from engine.web.body import TooLarge, body_of
from engine.web.described import ANSWER, KNOWN, SCHEMES, operation
from engine.web.limits import Pace, visitor_of

CALLS_A_MINUTE = 600
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Asked:
    """One authenticated call: its JSON body, the key that makes a repeat harmless ("" for none), and who asked."""

    body: object
    call: str
    key: ApiKey
    visitor: str
    user_agent: str


Answer = Callable[[Asked], Response]


def router(house: House, gatherer: Gatherer) -> APIRouter:
    routes = APIRouter()
    door, acting = Door(house), Acting(house, gatherer)

    @routes.post("/api/v1/subscriptions", openapi_extra=operation(calls.SUBSCRIPTION, "subscribe", ANSWER, (200, 201)))
    async def subscribe(request: Request) -> Response:
        """Put a person on a list, or ask them by mail whether they want to be."""
        return await door.open(request, "subscribe", lambda asked: acting.subscribe(asked.body, asked.call, asked.who))

    return routes
