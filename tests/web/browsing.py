"""A real Chromium, where there is one; tests that need it are skipped by name elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, sync_playwright

FIND = Path(__file__).parent.parent / "install_browser.sh"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def browsing(
    *,
    scripts: bool = True,
    zone: str = "Europe/Paris",
    agent: str | None = None,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Page]:
    """`agent` is what the browser says it is; by itself it says that it is headless, which is a
    robot's way to be.
    """
    found = subprocess.run(
        ["sh", str(FIND), "--find"], capture_output=True, text=True, timeout=30
    ).stdout.strip()
    if not found:
        pytest.skip("no Chromium on this machine (tests/install_browser.sh says how to get one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        try:
            context = browser.new_context(
                java_script_enabled=scripts,
                timezone_id=zone,
                user_agent=agent,
                viewport={"width": width, "height": 760},
                color_scheme=scheme,
            )
            yield context.new_page()
        finally:
            browser.close()
