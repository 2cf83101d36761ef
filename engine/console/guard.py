"""What stands before every page of the console: is it our address that was asked, does the request
come from a page of ours, who is signed in, and may they. Nothing else asks for a session or a role.

A session is known by a token of 256 random bits in a cookie that is sent to this site alone, never
with a request that another site has begun (SameSite=Strict). What is posted carries a second token,
made of the first: whoever cannot read our pages cannot know it.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from engine.config import Config
from engine.console.access import Account, Role
from engine.console.caller import (
    Caller,
    Carried,
    GoOn,
    OpenRoute,
    SignedIn,
    SignedOut,
    ToProvider,
    language_of,
    opened,
)
from engine.console.posted import TooLarge, Unreadable, posted
from engine.console.rendering import OF_A_PAGE, ConsolePages
from engine.console.visit import Redirect, Route, Visit
from engine.desk.clock import wall_now
from engine.desk.console import LONGEST_SECONDS, ConsoleDesk, Session
from engine.i18n.language import N_, translator
from engine.imports.uploads import Uploads
from engine.vault.accounts import Accounts, SignIn, StoredAccount
from engine.web.pages import YEAR_SECONDS
from engine.web.request import neighbourhood, visitor_of

log = logging.getLogger("relance.console")
FLOW_SECONDS = 10 * 60
CSRF_INPUT, CSRF_HEADER = "csrf", "x-csrf-token"
ENROLMENT = "/account"
"""Where somebody who still has to add a passkey may go."""


class GuardStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def console_desk(self) -> ConsoleDesk: ...


class SignInPage(Protocol):
    def __call__(self, caller: Caller, url: str, carried: str = "", status: int = 200) -> Response:
        """The page for signing in, which leads on to `url`; `carried` is posted with it."""


class Guard:
    """`origin` is the console's address, "https://console.example.org". `key` signs what waits for
    its account.
    """

    def __init__(
        self,
        stores: GuardStores,
        pages: ConsolePages,
        origin: str,
        key: bytes,
        sign_in_page: SignInPage,
    ) -> None:
        self.stores, self.pages, self.origin, self.key = stores, pages, origin, key
        self.sign_in_page = sign_in_page
        self.incoming = Uploads(stores.config.data).incoming
        parts = urlsplit(origin)
        self.host, self.secure = parts.netloc.lower(), parts.scheme == "https"
        # Safari refuses Secure, and with it the prefix, on http://localhost; ports share cookies.
        self.cookie = "__Host-relance" if self.secure else f"relance-console-{parts.port or 80}"

    # Who asks.

    def caller(self, request: Request, inputs: Mapping[str, str] | None = None) -> Caller:
        site = self.stores.config.site
        return Caller(
            origin=self.origin,
            language=language_of(request.headers.get("accept-language", ""), site.language),
            pages=self.pages,
            network=visitor_of(request, self.stores.config.console.trusted_proxies),
            browser=request.headers.get("user-agent", ""),
            path=dict(request.path_params),
            query=dict(request.query_params),
            inputs=inputs or {},
            under_way=request.cookies.get(self._flow_cookie, ""),
        )

    @property
    def _flow_cookie(self) -> str:
        return f"{self.cookie}-flow"

    def refusal(self, request: Request) -> Response | None:
        """Why a request is not looked at: it names another host, or another site has begun it."""
        if request.headers.get("host", "").lower() != self.host:
            return self.outside(
                self.caller(request),
                HTTPStatus.MISDIRECTED_REQUEST,
                N_("The console has another address"),
                N_("Please open it here: {url}"),
                url=self.origin,
                link=self.origin,
            )
        if request.method in ("GET", "HEAD"):
            return None
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        ours = origin == self.origin if origin is not None else site == "same-origin"
        if ours and site in (None, "same-origin"):
            return None
        return self.outside(
            self.caller(request),
            HTTPStatus.FORBIDDEN,
            N_("This came from another site"),
            N_("Nothing was done. Please use the pages of the console itself."),
        )

    def outside(
        self,
        caller: Caller,
        status: int,
        heading: str,
        sentence: str,
        headers: Mapping[str, str] | None = None,
        link: str = "/",
        **values: str,
    ) -> Response:
        """A page for somebody of whom nothing is known."""
        _ = translator(caller.language)
        response = caller.page(
            "outside.html",
            status=status,
            heading=_(heading),
            sentence=_(sentence).format(**values),
            link=link,
        )
        response.headers.update(headers or {})
        return response

    def _known(self, request: Request) -> tuple[str, Session | None, StoredAccount | None]:
        """The cookie's token, its session if it has one, open or over, and whose it is."""
        token = request.cookies.get(self.cookie, "")
        session = self.stores.console_desk.session(token) if token else None
        account = self.stores.accounts.account(session.account) if session is not None else None
        return token, session, account

    def account_of(self, stored: StoredAccount, request: Request) -> Account:
        wanted = stored.language or request.headers.get("accept-language", "")
        return Account(
            id=stored.id,
            name=stored.name,
            role=Role(stored.role),
            reads=stored.reads,
            language=language_of(wanted, self.stores.config.site.language),
        )

    async def lost(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        """There is no such page, or not for this method."""
        if refusal := self.refusal(request):
            return refusal
        token, session, stored = await run_in_threadpool(self._known, request)
        heading, sentence = (
            N_("There is nothing here"),
            N_("Perhaps the address was cut off, or what stood here is gone."),
        )
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            sentence = N_("A form leads here: go back to its page, and press its button.")
        if session is None or stored is None or session.is_over or session.enrols:
            return self.outside(self.caller(request), status, heading, sentence, headers)
        account = self.account_of(stored, request)
        visit = Visit(
            account=account, pages=self.pages, url=request.url.path, csrf=self.csrf(token)
        )
        response = visit.refused(visit.say(sentence), status)
        response.headers.update(headers)
        return response

    # What is answered.

    async def answer_open(self, route: OpenRoute, request: Request) -> Response:
        if refusal := self.refusal(request):
            return refusal
        if route.method == "GET":
            response = await run_in_threadpool(route.handler, self.caller(request))
            return await run_in_threadpool(self._settled, request, response)
        try:
            async with posted(request, self.incoming, uploads=False) as body:
                response = await run_in_threadpool(route.handler, self.caller(request, body.inputs))
                return await run_in_threadpool(self._settled, request, response)
        except (TooLarge, Unreadable) as error:
            return self._unreadable(request, error)

    async def answer(self, route: Route, request: Request) -> Response:
        if refusal := self.refusal(request):
            return refusal
        token, session, stored = await run_in_threadpool(self._known, request)
        if session is None or stored is None or session.is_over:
            return await self._not_signed_in(route, request, session, stored)
        account = self.account_of(stored, request)
        is_htmx = request.headers.get("hx-request") == "true"
        # What a page fetches by itself keeps nobody signed in.
        if session.is_stale and not (is_htmx and request.method == "GET"):
            await run_in_threadpool(self.stores.console_desk.see_session, token)
        visit = Visit(
            account=account,
            pages=self.pages,
            url=request.url.path,
            csrf=self.csrf(token),
            session=session.id,
            path=dict(request.path_params),
            query=dict(request.query_params),
            is_htmx=is_htmx,
        )
        if session.enrols and not _is_below(request.url.path, ENROLMENT):
            return visit.goes_to(ENROLMENT)
        if not account.may(route.right):
            return self.forbidden(visit)
        if route.method == "GET":
            return await self._shown(route, visit, request, session)
        return await self._done(route, visit, request, token)

    def forbidden(self, visit: Visit) -> Response:
        return visit.refused(
            visit.say(
                N_(
                    "Your account may not do this. An operator can change what it may, under"
                    " Accounts."
                )
            ),
            HTTPStatus.FORBIDDEN,
        )

    async def _shown(
        self, route: Route, visit: Visit, request: Request, session: Session
    ) -> Response:
        notice = session.notice if not visit.is_htmx else ""
        response = await run_in_threadpool(route.handler, replace(visit, notice=notice))
        if notice and response.status_code == HTTPStatus.OK:
            await run_in_threadpool(self.stores.console_desk.set_notice, session.id, "")
        return await run_in_threadpool(self._settled, request, response)

    async def _done(self, route: Route, visit: Visit, request: Request, token: str) -> Response:
        try:
            async with posted(request, self.incoming, uploads=route.uploads) as body:
                given = body.inputs.get(CSRF_INPUT) or request.headers.get(CSRF_HEADER, "")
                if not hmac.compare_digest(given.encode(), visit.csrf.encode()):
                    return visit.refused(
                        visit.say(
                            N_(
                                "This page was opened before you last signed in. Nothing was done:"
                                " go back, load it anew, and try again."
                            )
                        ),
                        HTTPStatus.FORBIDDEN,
                    )
                whole = replace(visit, inputs=body.inputs, all_inputs=body.pairs, files=body.files)
                response = await run_in_threadpool(route.handler, whole)
        except TooLarge:
            return visit.refused(
                visit.say(N_("This is more than can be sent at once.")),
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        except Unreadable:
            return visit.refused(visit.say(N_("This form could not be read.")), 400)
        return await run_in_threadpool(self._settled, request, response)

    def _unreadable(self, request: Request, error: TooLarge | Unreadable) -> Response:
        if isinstance(error, TooLarge):
            return self.outside(
                self.caller(request),
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                N_("This is too large"),
                N_("This is more than can be sent at once."),
            )
        return self.outside(
            self.caller(request), 400, N_("This cannot be done"), N_("This form could not be read.")
        )

    # Whoever is not signed in, or no longer.

    async def _not_signed_in(
        self,
        route: Route,
        request: Request,
        session: Session | None,
        stored: StoredAccount | None,
    ) -> Response:
        caller = self.caller(request)
        if request.headers.get("hx-request") == "true":
            sentence = translator(caller.language)(N_("You are signed out. Load the page anew."))
            return Response(sentence, HTTPStatus.UNAUTHORIZED, media_type="text/plain")
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if route.method == "GET":
            if self.cookie not in request.cookies and _from_elsewhere(request):
                # A link in a mail: the cookie comes once the page is asked for by a page of ours.
                return caller.page("on.html", headers={"Refresh": f"0; url={url}"}, url=url)
            return Redirect(f"/sign-in?on={quote(url, safe='')}" if url != "/" else "/sign-in")
        if session is None or stored is None:
            return await run_in_threadpool(
                self.sign_in_page, caller, "/", "", HTTPStatus.UNAUTHORIZED
            )
        try:
            async with posted(request, self.incoming, uploads=route.uploads) as body:
                pairs = [pair for pair in body.pairs if pair[0] != CSRF_INPUT]
                carried = Carried(stored.id, url, pairs).sealed(self.key) if pairs else ""
        except (TooLarge, Unreadable) as error:
            return self._unreadable(request, error)
        return await run_in_threadpool(
            self.sign_in_page, caller, url, carried, HTTPStatus.UNAUTHORIZED
        )

    # Cookies.

    def csrf(self, token: str) -> str:
        """What this session's forms carry; it says nothing about the token."""
        return hmac.digest(token.encode(), b"console-csrf/v1", "sha256").hex()

    def _settled(self, request: Request, response: Response) -> Response:
        """What a handler asked for beside its page: a session begun or ended, a sentence for the
        next page.
        """
        desk, token = self.stores.console_desk, request.cookies.get(self.cookie, "")
        if isinstance(response, ToProvider):
            self._set(response, self._flow_cookie, response.flow, FLOW_SECONDS, "lax")
        if isinstance(response, SignedIn | SignedOut):
            if token and (session := desk.session(token)):
                desk.end_session(session.id)
            new = ""
            if isinstance(response, SignedIn):
                self._note_sign_in(request, response)
                new = desk.open_session(
                    response.account,
                    response.way,
                    request.headers.get("user-agent", ""),
                    enrols=response.enrols,
                )
            token = new
            if isinstance(response, SignedIn) and response.carried:
                response = self._with_what_waited(request, response, response.account, token)
            elif isinstance(response, SignedIn) and response.way == "oidc":
                # Come from another site: the cookie is sent once a page of ours leads on.
                url = response.headers["location"]
                headers = {"Refresh": f"0; url={url}"}
                response = self.caller(request).page("on.html", headers=headers, url=url)
                self._set(response, self._flow_cookie, "", 0, "lax")
            self._set(response, self.cookie, new, LONGEST_SECONDS if new else 0)
        elif isinstance(response, GoOn):
            _, session, stored = self._known(request)
            if session is None or stored is None or session.is_over:
                return self.sign_in_page(self.caller(request), "/", response.carried)
            return self._with_what_waited(request, response, stored.id, token)
        if isinstance(response, Redirect) and response.done and token:
            session = desk.session(token)
            if session is not None:
                desk.set_notice(session.id, response.done)
        return response

    def _note_sign_in(self, request: Request, response: SignedIn) -> None:
        network = visitor_of(request, self.stores.config.console.trusted_proxies)
        self.stores.accounts.note_sign_in(
            SignIn(
                account=response.account,
                at=wall_now(),
                what="in",
                way=response.way,
                network=neighbourhood(network),
            )
        )

    def _with_what_waited(
        self, request: Request, response: SignedIn | GoOn, account: str, token: str
    ) -> Response:
        waiting = opened(response.carried, self.key)
        if waiting is None or waiting.account != account:
            return response
        return self.caller(request).page(
            "post_on.html", url=waiting.url, pairs=waiting.pairs, csrf=self.csrf(token)
        )

    def _set(
        self,
        response: Response,
        name: str,
        value: str,
        seconds: int,
        same_site: Literal["strict", "lax"] = "strict",
    ) -> None:
        response.set_cookie(
            name, value, max_age=seconds, secure=self.secure, httponly=True, samesite=same_site
        )


def headers_of(origin: str) -> dict[str, str]:
    """On every answer that has not set its own; HSTS where it is reached by https (G20)."""
    own = OF_A_PAGE | {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return own | (
        {"Strict-Transport-Security": f"max-age={YEAR_SECONDS}"}
        if origin.startswith("https:")
        else {}
    )


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/") or path == "/sign-out"


def _from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") == "cross-site"
