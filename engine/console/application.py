"""The console as one site: every page module's routes behind the guard, the files of style and
script, and what is said where there is no page.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute

from engine.authoring.inspection import looked_through
from engine.console import (
    api_reference,
    backup_pages,
    broadcast_form,
    broadcast_pages,
    connection_pages,
    date_pages,
    delivery_pages,
    dialogue_lists,
    dialogues,
    editor,
    first_steps,
    form_pages,
    import_pages,
    layout_page,
    letters,
    operator_pages,
    paper_pages,
    people_pages,
    person_acts,
    person_page,
    programme_page,
    proof_pages,
    publish_pages,
    request_pages,
    results_of_people,
    results_pages,
    saved_draft,
    segment_builder,
    segment_pages,
    story_pages,
    timing_page,
    today,
    version_pages,
    week_page,
)
from engine.console.access import Right
from engine.console.account import AccountPages
from engine.console.accounts import AccountsPages
from engine.console.caller import OpenRoute
from engine.console.guard import Guard, headers_of
from engine.console.oidc import Provider
from engine.console.passkeys import Passkeys
from engine.console.recovery import RecoveryCodes
from engine.console.rendering import ConsolePages, Standing, static_file
from engine.console.sign_in import SignIn
from engine.console.stores import ConsoleStores
from engine.console.visit import Route
from engine.i18n.language import N_
from engine.imports.background import ImportRuns
from engine.imports.uploads import Uploads
from engine.ledger.store import LOST
from engine.letter.source_folder import read_sequences
from engine.sequence.mistakes import Unpublishable
from engine.web.pages import App, Headers

log = logging.getLogger("relance.console")
Endpoint = Callable[[Request], Awaitable[Response]]


def page_routes(stores: ConsoleStores, imports: ImportRuns | None = None) -> tuple[Route, ...]:
    """Of every page module. `imports` are those that are carried out beside the pages."""
    return (
        *today.routes(stores),
        *first_steps.routes(stores),
        *dialogues.routes(stores),
        *editor.routes(stores),
        *letters.routes(stores),
        *dialogue_lists.routes(stores),
        *timing_page.routes(stores),
        *date_pages.routes(stores),
        *version_pages.routes(stores),
        *layout_page.routes(stores),
        *saved_draft.routes(stores),
        *publish_pages.routes(stores),
        *results_pages.routes(stores),
        *results_of_people.routes(stores),
        *people_pages.routes(stores),
        *person_page.routes(stores),
        *person_acts.routes(stores),
        *request_pages.routes(stores),
        *paper_pages.routes(stores),
        *operator_pages.routes(stores),
        *delivery_pages.routes(stores),
        *week_page.routes(stores),
        *proof_pages.routes(stores),
        *backup_pages.routes(stores),
        *story_pages.routes(stores),
        *segment_builder.routes(stores),
        *segment_pages.routes(stores),
        *programme_page.routes(stores),
        *broadcast_form.routes(stores),
        *broadcast_pages.routes(stores),
        *api_reference.routes(stores),
        *form_pages.routes(stores),
        *connection_pages.routes(stores),
        *import_pages.routes(stores, imports),
    )


class Console:
    """`app` serves `routes` to who may, and `open_routes` to everybody."""

    def __init__(
        self, stores: ConsoleStores, origin: str, key: bytes, routes: Sequence[Route] = ()
    ) -> None:
        """`origin` is what browsers reach it by; `key` signs what waits for somebody to sign in.
        `routes` come besides those of the page modules.
        """
        pages = ConsolePages(stores.config.site, lambda: _standing(stores))
        accounts, desk = stores.accounts, stores.console_desk
        passkeys = Passkeys(accounts, desk, origin, stores.config.site.name)
        codes = RecoveryCodes(accounts, desk, stores.desk, key)
        settings = stores.config.console.oidc
        provider = (
            Provider(settings, accounts, desk, origin, stores.config.folder) if settings else None
        )
        sign_in = SignIn(stores, passkeys, codes, provider)
        own = AccountPages(stores, passkeys, codes).routes()
        of_others = AccountsPages(stores, origin).routes()
        self.guard = Guard(stores, pages, origin, key, sign_in.page)
        self.open_routes: tuple[OpenRoute, ...] = tuple(sign_in.open_routes())
        self.imports = ImportRuns(Uploads(stores.config.data))
        pages_of_all = page_routes(stores, self.imports)
        self.routes = (*sign_in.routes(), *own, *of_others, *pages_of_all, *routes)
        site = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
        for route in self.open_routes:
            _add(site, route.method, route.path, _opened(self.guard, route))
        for guarded in self.routes:
            if not isinstance(guarded.right, Right):
                raise TypeError(f"{guarded.method} {guarded.path} names no right")
            _add(site, guarded.method, guarded.path, _guarded(self.guard, guarded))
        _add(site, "GET", "/static/{digest}/{name}", _static)
        _add_errors(site, self.guard)
        site.add_middleware(Headers, ours=headers_of(origin), cookies=True)
        self.site, self.app = site, cast(App, site)
        self._stores = stores

    def look_through(self) -> None:
        """Compile the letters of the author's folder, which takes seconds, before anybody waits
        for a page.
        """
        config = self._stores.config
        with suppress(Unpublishable, OSError):
            looked_through(config, read_sequences(config.sequences), self._stores.clock.now())

    def close(self) -> None:
        """What is done beside the pages stops between two steps."""
        self.imports.close()


def _standing(stores: ConsoleStores) -> Standing:
    clock, installation = stores.clock, stores.installation_stream.known
    folder = stores.config.sequences
    return Standing(
        paused=0 in installation.paused,
        speed=clock.rate,
        now=clock.now(),
        is_bare=not installation.plan().titles and next(folder.glob("*.toml"), None) is None,
    )


def _add(site: FastAPI, method: str, path: str, endpoint: Endpoint) -> None:
    methods = ["GET", "HEAD"] if method == "GET" else [method]
    site.router.routes.append(StarletteRoute(path, endpoint, methods=methods))


def _opened(guard: Guard, route: OpenRoute) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await guard.answer_open(route, request)

    return endpoint


def _guarded(guard: Guard, route: Route) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await guard.answer(route, request)

    return endpoint


async def _static(request: Request) -> Response:
    file = static_file(request.path_params["digest"], request.path_params["name"])
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return file


def _add_errors(site: FastAPI, guard: Guard) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        status, headers = cast(HTTPException, error).status_code, {}
        allowed = _allowed(site, request)
        if allowed and request.method not in allowed:
            status, headers = 405, {"Allow": ", ".join(allowed)}
        return await guard.lost(request, status, headers)

    async def unreachable(request: Request, error: Exception) -> Response:
        """No defect of ours, and no trace in the log: the database is away for a moment."""
        log.warning("the database does not answer", extra={"why": type(error).__name__})
        return guard.outside(
            guard.caller(request),
            HTTPStatus.SERVICE_UNAVAILABLE,
            N_("Something went wrong on our side"),
            N_("The database does not answer. Nothing was done; try again in a moment."),
            {"Retry-After": "5"},
        )

    async def failed(request: Request, error: Exception) -> Response:
        """Made outside of everything else, so it brings the headers itself."""
        return guard.outside(
            guard.caller(request),
            HTTPStatus.INTERNAL_SERVER_ERROR,
            N_("Something went wrong on our side"),
            N_("What happened is in the log of the program. Try again in a moment."),
            headers_of(guard.origin),
        )

    site.add_exception_handler(HTTPException, refused)
    for kind in LOST:
        site.add_exception_handler(kind, unreachable)
    site.add_exception_handler(Exception, failed)


def _allowed(site: FastAPI, request: Request) -> list[str]:
    methods: set[str] = set()
    for route in site.router.routes:
        if isinstance(route, StarletteRoute) and route.matches(request.scope)[0] != Match.NONE:
            methods |= route.methods or set()
    return sorted(methods)
