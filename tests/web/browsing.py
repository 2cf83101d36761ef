"""A real Chromium, where there is one; tests that need it are skipped by name elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

FIND = Path(__file__).parent.parent / "install_browser.sh"


@contextmanager
def browsing(*, scripts: bool = True, zone: str = "Europe/Paris") -> Iterator[Page]:
    found = subprocess.run(["sh", str(FIND), "--find"], capture_output=True, text=True, timeout=30).stdout.strip()
    if not found:
        pytest.skip("no Chromium on this machine (tests/install_browser.sh says how to get one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser.new_context(java_script_enabled=scripts, timezone_id=zone).new_page()
        finally:
            browser.close()
