"""The console and the readers' site are two: neither answers for the other, and none hands out the
other's cookie.
"""

from __future__ import annotations

import re

import httpx

from tests.console.serving import Served
from tests.web.serving import served

OF_READERS = ("/health", "/ready", "/metrics", "/robots.txt", "/f/inscription", "/api/v1/lists")


def test_the_readers_site_has_no_page_of_the_console_and_takes_no_session(console: Served) -> None:
    with console.as_role() as browser, served(console.context) as site:
        cookies = {browser.cookie: browser.token}
        for route in console.console.routes:
            path = re.sub(r"\{[^}]+\}", "0", route.path)
            answer = httpx.request(route.method, site + path, cookies=cookies)
            assert "set-cookie" not in answer.headers
            # Below /l/ stand the readers' own links: this one leads nowhere, and says so.
            if path.startswith("/l/") and answer.status_code == 200:
                assert "console.css" not in answer.text, path
            elif path != "/":
                assert answer.status_code in (404, 405), path


def test_the_console_has_no_page_of_the_readers(console: Served) -> None:
    with console.as_role() as browser:
        for path in (*OF_READERS, "/l/" + "x" * 35):
            assert browser.get(path).status_code == 404, path
