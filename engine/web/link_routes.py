"""`/l/TOKEN`, the way behind every link of every letter: a request is read here, and answered once
the visit it is has been carried out.

Visits of the same moment are carried out together (`link_visits.py`), off the event loop, which
only reads and answers. What is asked about a person's own data or set among their preferences is
rare and heavy, and goes a way of its own (`own_data.py`, `preferences.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from engine.commands.group_commit import GroupCommit, TooBusy
from engine.intake.clicks import read_body
from engine.ledger.store import LOST
from engine.letter.link_token import TOKEN_CHARACTERS
from engine.web.click_evidence import Visitor
from engine.web.limits import Pace
from engine.web.link_visits import LinkVisits
from engine.web.own_data import OwnData, is_of_own_data
from engine.web.pages import App, Ours, Receive, Send
from engine.web.preferences import PreferenceCentre, is_of_preferences
from engine.web.request import fields_of, visitor_of
from engine.web.robots import is_by_gateway, is_prefetch

log = logging.getLogger("relance.web")
AWAY = "a visitor was told to come back: the database does not answer"
PREFIX = "/l/"
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
PREVIEW = "preview"
MAX_QUERY_CHARACTERS = 200


class LinkRoutes:
    """Around the application rather than a route of it: a click needs nothing of what routes bring,
    and comes more often than all else.

    `failed` answers whatever could not be answered, before the error goes on to the log.
    """

    def __init__(
        self,
        app: App,
        visits: LinkVisits,
        own_data: OwnData,
        preferences: PreferenceCentre,
        *,
        headers: Ours,
        trusted_proxies: tuple[str, ...],
        failed: Callable[[int], Response],
    ) -> None:
        self.app, self.visits = app, visits
        self.own_data, self.preferences = own_data, preferences
        self.ours, self.trusted, self.failed = headers, trusted_proxies, failed
        self._looks, self._presses = Pace(30), Pace(30)
        self._group_commit = GroupCommit(visits.answers)

    async def __call__(
        self, scope: MutableMapping[str, object], receive: Receive, send: Send
    ) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] not in METHODS
            or not cast(str, scope["path"]).startswith(PREFIX)
        ):
            await self.app(scope, receive, send)
            return
        try:
            answer = await self._answer(Request(scope, receive))
        except LOST as error:
            log.warning(AWAY, extra={"why": type(error).__name__})
            answer = self.failed(503)
        except Exception:
            await self.ours.complete(self.failed(500))(scope, receive, send)
            raise
        await self.ours.complete(answer)(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        token = cast(str, request.scope["path"]).removeprefix(PREFIX)
        if token == PREVIEW:
            return self.visits.pages.preview()
        posted = request.method == "POST"
        too_often = len(token) == TOKEN_CHARACTERS and not (
            self._presses if posted else self._looks
        ).allows(token)
        fields = await fields_of(request) if posted else None
        visitor = _visitor(request, token, self.trusted, too_often)
        if is_of_own_data(token):
            return await run_in_threadpool(self.own_data.answer, visitor, fields)
        if is_of_preferences(token):
            return await run_in_threadpool(self.preferences.answer, visitor, fields)
        body = read_body(fields) if fields is not None else None
        try:
            return await self._group_commit.answer((visitor, body))
        except TooBusy:
            return self.visits.busy(token, body)


def _visitor(request: Request, token: str, trusted: tuple[str, ...], too_often: bool) -> Visitor:
    headers = dict(request.headers.items())
    return Visitor(
        token,
        request.method,
        headers.get("user-agent", ""),
        visitor_of(request, trusted),
        headers.get("sec-fetch-user", ""),
        is_prefetch(headers),
        too_often,
        is_by_gateway(headers),
        request.url.query[:MAX_QUERY_CHARACTERS],
    )
