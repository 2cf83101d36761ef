"""A real Chromium, where there is one; tests that need it are skipped by name elsewhere.

One for a test process; each reader has a profile of their own in it.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

FIND = Path(__file__).parent.parent / "install_browser.sh"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process is started for hardly anything: each costs what loading several pages does.
    "--in-process-gpu",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--disable-features=SpareRendererForSitePerProcess,IsolateOrigins,site-per-process,"
    "BackForwardCache,Translate,MediaRouter,OptimizationHints",
]


@cache
def _browser() -> tuple[Browser, asyncio.AbstractEventLoop]:
    """One for this process, started by the first test that needs it, and the loop it is driven
    by.
    """
    found = subprocess.run(
        ["sh", str(FIND), "--find"], capture_output=True, text=True, timeout=30
    ).stdout.strip()
    if not found:
        pytest.skip("no Chromium on this machine (tests/install_browser.sh says how to get one)")
    with _driven_by(None):
        playwright = sync_playwright().start()
        loop = asyncio.get_running_loop()
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
    # What comes when things go right comes at once, unless the machine is busy.
    expect.set_options(timeout=30_000)
    _ENDINGS.callback(playwright.stop)
    _ENDINGS.callback(browser.close)
    return browser, loop


_ENDINGS = ExitStack()


def close_browser() -> None:
    if _browser.cache_info().currsize:
        with _driven_by(_browser()[1]):
            _ENDINGS.close()
        _browser.cache_clear()


@contextmanager
def _driven_by(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Playwright leaves its loop running in this thread; afterwards it is none of ours again, so
    that tests may run loops of their own.
    """
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@contextmanager
def browsing(
    *,
    scripts: bool = True,
    zone: str = "Europe/Paris",
    agent: str | None = None,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Page]:
    """A page of a reader who was never here before: without a cookie, a cache or a store.

    `agent` is what the browser says it is; by itself it says that it is headless, which is a
    robot's way to be.
    """
    browser, loop = _browser()
    with _driven_by(loop):
        context = browser.new_context(
            java_script_enabled=scripts,
            timezone_id=zone,
            user_agent=agent,
            viewport={"width": width, "height": 760},
            color_scheme=scheme,
        )
        try:
            yield context.new_page()
        finally:
            for page in context.pages:
                _leave(page)
            context.close()


def _leave(page: Page) -> None:
    """Nothing is under way in the page afterwards: a page that is closed while an answer is being
    put in its place is sometimes never closed, and Playwright waits for it without end
    (microsoft/playwright#42366).
    """
    for _ in range(3):
        with suppress(Error):  # another navigation came in between
            page.goto("about:blank", timeout=10_000)
            return
