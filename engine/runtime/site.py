"""The site a reader reaches: links, forms, pictures and downloads, the API, and what a monitor
asks. Nothing here knows who the reader is.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from engine.api import audit_files, calendar_feed, monitoring
from engine.api import routes as api
from engine.api.problems import Problem, too_busy
from engine.api.stores import ApiStores
from engine.audience.programme import programme
from engine.audience.year import entry_in_words
from engine.authoring.served_assets import ServedAssets
from engine.commands.group_commit import CommandGroupCommit
from engine.config import Site
from engine.i18n.language import N_, translator
from engine.ledger.store import LOST
from engine.letter.colour import text_on
from engine.letter.link_token import COUNTED_PREFIX
from engine.runtime.scheduler import recurrences
from engine.sequence.timing import to_local
from engine.status.findings import of_views
from engine.status.gather import StatusStores, gather, view_states
from engine.web import forms, webhooks
from engine.web.counted_links import CountedLinks
from engine.web.front import Front
from engine.web.link_pages import LinkPages
from engine.web.link_routes import AWAY, METHODS, PREFIX, LinkRoutes
from engine.web.link_visits import LinkVisits
from engine.web.own_data import OwnData
from engine.web.pages import App, Headers, Ours, Pages, site_headers, spoken
from engine.web.preferences import PreferenceCentre
from engine.web.request import wants_json
from engine.web.stores import FormStores, LinkStores, OwnDataStores
from engine.webhooks.receiving import WebhookStores

log = logging.getLogger("relance.web")
WRONG = N_("Something went wrong on our side")
NO_SUCH_CALL = "there is no such call: /openapi.json describes those there are"
ASSET_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".zip": "application/zip",
    ".ics": "text/calendar; charset=utf-8",
    ".epub": "application/epub+zip",
    ".mp3": "audio/mpeg",
}


class SiteStores(StatusStores, Protocol):
    """What the site hands to its rooms: each its own stores."""

    @property
    def store_trouble(self) -> Callable[[], str]: ...

    def served_assets(self) -> ServedAssets: ...
    def forms(self) -> FormStores: ...
    def links(self) -> LinkStores: ...
    def own_data(self) -> OwnDataStores: ...
    def api(self) -> ApiStores: ...
    def webhooks(self) -> WebhookStores: ...


def make_site(stores: SiteStores, group_commit: CommandGroupCommit) -> App:
    """Everything readers, authors' forms and other programs reach under `[site] url`."""
    app = FastAPI(
        title=stores.config.site.name,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    pages = Pages(stores.config.site)
    headers = site_headers(stores.config.site)
    app.add_middleware(Headers, ours=headers)
    app.include_router(forms.router(stores.forms(), group_commit))
    app.include_router(webhooks.router(stores.webhooks()))
    _add_api(app, stores, group_commit)
    _add_files(app, stores.served_assets())
    front = Front(pages, stores.config, stores.installation_stream, stores.vault)
    _add_front(app, front)
    links = stores.links()
    _add_counted_links(app, CountedLinks(stores.config, links, front))
    _add_errors(app, front)
    link_pages = LinkPages(links, pages, front)
    return LinkRoutes(
        app,
        LinkVisits(links, link_pages),
        OwnData(stores.own_data(), links, link_pages),
        PreferenceCentre(links, link_pages),
        headers=Ours(headers),
        trusted_proxies=stores.config.web.trusted_proxies,
        failed=partial(_failure, pages),
    )


def _add_api(app: FastAPI, stores: SiteStores, group_commit: CommandGroupCommit) -> None:
    web, api_stores = stores.config.web, stores.api()
    gateway = api.Gateway(api_stores.desk, api_stores.pepper, web.trusted_proxies)
    app.include_router(api.router(api_stores, gateway, group_commit))
    app.include_router(
        monitoring.router(
            gateway,
            lambda: not stores.store_trouble() and not tuple(of_views(view_states(stores))),
            lambda: gather(stores),
            open_on_loopback=web.metrics == "loopback",
        )
    )
    app.include_router(audit_files.router(stores.tree, gateway))
    app.include_router(calendar_feed.router(gateway, lambda: _calendar(stores)))


def _calendar(stores: SiteStores) -> bytes:
    """The programme of what is published, of this year and the next."""
    from engine.audience.calendar_file import calendar_file

    site, now = stores.config.site, stores.clock.now()
    plan, say = stores.installation_stream.current().plan(), translator(site.language)
    year = to_local(now, site.timezone).year
    years = [programme(plan, wanted, recurrences, {}) for wanted in (year, year + 1)]
    entries = tuple(entry for made in years for entry in made.entries)
    host = urlsplit(site.url).hostname or "localhost"
    return calendar_file(
        replace(years[0], entries=entries),
        host,
        now,
        lambda entry: entry_in_words(entry, plan, say),
    )


class _OpenedFile(FileResponse):
    """A file that was opened before, whatever its name leads to by now. With `saved_as` it is a
    download.
    """

    def __init__(self, descriptor: int, media_type: str, saved_as: str | None) -> None:
        headers = {"Cache-Control": "public, max-age=3600"}
        self._descriptor = descriptor
        super().__init__(
            f"/dev/fd/{descriptor}",
            media_type=media_type,
            headers=headers,
            filename=saved_as,
            stat_result=os.fstat(descriptor),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._descriptor)


def _add_files(app: FastAPI, assets: ServedAssets) -> None:
    @app.api_route("/a/{kind}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def file(kind: str, name: str) -> Response:
        descriptor = assets.open(kind, name)
        if descriptor is None:
            raise HTTPException(404)
        return _OpenedFile(
            descriptor,
            ASSET_TYPES.get(Path(name).suffix.lower(), "application/octet-stream"),
            name if kind == "files" else None,
        )

    @app.api_route("/robots.txt", methods=["GET", "HEAD"], include_in_schema=False)
    async def robots() -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _add_front(app: FastAPI, front: Front) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def welcome(request: Request) -> Response:
        return front.welcome(request)

    @app.api_route("/favicon.ico", methods=["GET", "HEAD"], include_in_schema=False)
    async def icon() -> Response:
        return Response(
            _icon(front.pages.site),
            headers={"Cache-Control": "public, max-age=86400"},
            media_type="image/svg+xml",
        )


def _add_counted_links(app: FastAPI, counted: CountedLinks) -> None:
    methods = ["GET", "HEAD"]

    @app.api_route(COUNTED_PREFIX + "{token}", methods=methods, include_in_schema=False)
    def of_everybody(token: str, request: Request) -> Response:
        return counted.answer(token, request)

    @app.api_route(COUNTED_PREFIX + "{token}/{personal}", methods=methods, include_in_schema=False)
    def of_one_person(token: str, personal: str, request: Request) -> Response:
        return counted.answer(token, request, personal)


def _icon(site: Site) -> str:
    """The name's first letter on the installation's colour."""
    letter = next(
        (
            character
            for character in site.name.partition("’")[2] or site.name
            if character.isalnum()
        ),
        "R",
    ).upper()
    colour = site.colour or "#1f5c43"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32"'
        f' rx="7" fill="{colour}"/><text x="16" y="23" text-anchor="middle" font-size="20"'
        ' font-weight="700" font-family="system-ui, sans-serif"'
        f' fill="{text_on(colour)}">{escape(letter)}</text></svg>'
    )


def _routes(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """Those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if isinstance(included, APIRouter):
            yield from _routes(included.routes)
        else:
            yield route


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """The methods this path knows, [] where there is nothing at all."""
    if request.url.path.startswith(PREFIX):
        return list(METHODS)
    methods: set[str] = set()
    for route in _routes(app.routes):
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _failure(pages: Pages, status: int = 500) -> Response:
    language = spoken("", pages.site)
    _ = translator(language)
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return pages.page(
        "plain.html",
        language,
        status=status,
        heading=_(WRONG),
        paragraphs=(_("Please try again in a moment."),),
        headers=headers,
    )


def _is_call(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _add_errors(app: FastAPI, front: Front) -> None:
    _ = translator(front.language)

    async def refused(request: Request, error: Exception) -> Response:
        status, allowed = cast(HTTPException, error).status_code, _allowed(app, request)
        if status == 404 and allowed and request.method not in allowed:
            status = 405
        headers = {"Allow": ", ".join(allowed)} if status == 405 else {}
        if _is_call(request) or wants_json(request):
            is_lost_call = status == 404 and _is_call(request)
            detail = NO_SUCH_CALL if is_lost_call else HTTPStatus(status).phrase
            return Problem(status, detail, headers=headers).response()
        heading, text = _("This cannot be done"), _("Please go back and try again.")
        if status in (404, 405):
            heading = _("There is nothing here")
            text = _("Perhaps the address was cut off. Please open it again from the letter.")
        return await run_in_threadpool(
            partial(front.lost, heading, (text,), status=status, headers=headers)
        )

    async def failed(request: Request, error: Exception) -> Response:
        """Made outside of everything else, so it brings the headers itself."""
        answer = (
            Problem(500, _(WRONG)).response()
            if _is_call(request) or wants_json(request)
            else _failure(front.pages)
        )
        return Ours(site_headers(front.pages.site)).complete(answer)

    async def unreachable(request: Request, error: Exception) -> Response:
        """No defect of ours, and no trace in the log: the database is away for a moment."""
        log.warning(AWAY, extra={"why": type(error).__name__})
        if _is_call(request) or wants_json(request):
            return too_busy(
                "the database does not answer: send the same call again in a moment"
            ).response()
        return _failure(front.pages, HTTPStatus.SERVICE_UNAVAILABLE)

    app.add_exception_handler(HTTPException, refused)
    for kind in LOST:
        app.add_exception_handler(kind, unreachable)
    app.add_exception_handler(Exception, failed)
