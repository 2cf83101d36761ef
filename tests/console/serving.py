"""The console of an installation on a loopback port, served by a real uvicorn in its own thread,
and browsers without script that are signed in to it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import httpx

from engine.console.access import Role
from engine.console.application import Console
from engine.console.visit import Route
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.vault.accounts import StoredAccount
from engine.web.server import listen, serve_on

PATIENCE_SECONDS = 20


class Served:
    """The running console at `url`; `as_role(role)` is somebody's browser."""

    def __init__(self, context: AppContext, console: Console, url: str) -> None:
        self.context, self.console, self.url = context, console, url
        self._accounts: dict[tuple[Role, bool], StoredAccount] = {}

    def account(self, role: Role, reads: bool = False) -> StoredAccount:
        """One of each kind, made once; there is an operator besides."""
        known = self._accounts.get((role, reads))
        if known is None:
            name = f"{role} {reads}"
            known = self.context.accounts.add(name, role, reads, wall_now())
            known = known or self.context.accounts.named(name)
            assert known is not None
            self._accounts[role, reads] = known
        return known

    def as_role(self, role: Role = Role.OPERATOR, *, reads: bool = False) -> Browser:
        return self.as_account(self.account(role, reads).id)

    def as_account(self, account: str) -> Browser:
        """A browser with a session of its own."""
        token = self.context.console_desk.open_session(account, "link", "tests")
        return Browser(self, token)

    def stranger(self) -> Browser:
        return Browser(self, "")


class Browser(httpx.Client):
    """Like a browser without script: it says where its forms come from, and follows no redirect by
    itself. `submit` posts what a page's form would.
    """

    def __init__(self, console: Served, token: str = "") -> None:
        guard = console.console.guard
        super().__init__(
            base_url=console.url,
            timeout=PATIENCE_SECONDS,
            headers={"Accept-Language": "en"},
        )
        if token:
            self.cookies.set(guard.cookie, token, domain="localhost.local")
        self.console, self.cookie = console, guard.cookie

    @property
    def token(self) -> str:
        return self.cookies.get(self.cookie) or ""

    @property
    def csrf(self) -> str:
        return self.console.console.guard.csrf(self.token)

    def submit(
        self,
        path: str,
        inputs: Mapping[str, str | Sequence[str]] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        data = {"csrf": self.csrf, **(inputs or {})}
        own = {"Origin": self.console.url, "Sec-Fetch-Site": "same-origin"}
        return self.post(path, data=data, files=files, headers={**own, **(headers or {})})

    def read(self, path: str) -> str:
        """A page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text


@contextmanager
def console_of(
    context: AppContext, routes: Sequence[Route] = (), **settings: object
) -> Iterator[Served]:
    """`routes` besides those of the program; `settings` of `[console]`."""
    listening = listen("127.0.0.1", 0)
    url = f"http://localhost:{listening.getsockname()[1]}"
    if settings:
        console_settings = replace(context.config.console, **settings)  # type: ignore[arg-type]
        context = replace(context, config=replace(context.config, console=console_settings))
    origin = str(settings.get("url") or url)
    console = Console(context, origin, context.secrets.nonce_key, routes)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        proxies = context.config.console.trusted_proxies
        loop.run_until_complete(serve_on(console.app, listening, proxies, ready.set, stop))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="console", daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE_SECONDS), "the console did not start"
        yield Served(context, console, url)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the console did not stop"
