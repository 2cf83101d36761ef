"""One installation and its site for each module of these tests: everybody in them is new."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from engine.context import AppContext
from engine.web import forms, robots
from tests.running_installation import Installations
from tests.web.browsing import close_browser
from tests.web.correspondence import FILES, Telephone, phone
from tests.web.serving import served


@pytest.fixture(scope="session", autouse=True)
def browser_closed_at_the_end() -> Iterator[None]:
    yield
    close_browser()


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


@pytest.fixture(scope="module")
def site(context: AppContext) -> Iterator[str]:
    with served(context) as url:
        yield url


@pytest.fixture(autouse=True)
def pages_wait_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests a page that acts by itself waits half a second."""
    monkeypatch.setattr(robots, "WAIT_SECONDS", 0.5)


@pytest.fixture(autouse=True)
def forms_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MIN_ANSWER_SECONDS", 0)


@pytest.fixture
def reader(site: str) -> Iterator[httpx.Client]:
    """A person's telephone, without JavaScript; it follows no redirect."""
    with Telephone(base_url=site, headers={"User-Agent": phone()}, timeout=20) as client:
        yield client
