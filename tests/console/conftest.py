"""The sample installation with a few people, for each module of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.context import AppContext
from tests.console import sample
from tests.console.serving import Browser, Served, console_of
from tests.running_installation import Installations
from tests.web.browsing import close_browser


@pytest.fixture(scope="session", autouse=True)
def browser_closed_at_the_end() -> Iterator[None]:
    yield
    close_browser()


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with sample.installed(installations) as made:
        yield made


@pytest.fixture(scope="module")
def people(context: AppContext) -> list[str]:
    return sample.lived(context)


@pytest.fixture(scope="module")
def console(context: AppContext) -> Iterator[Served]:
    """`console.as_role(Role.AUTHOR)` is the browser of somebody who is signed in."""
    with console_of(context) as served:
        yield served


@pytest.fixture
def operator(console: Served) -> Iterator[Browser]:
    with console.as_role() as browser:
        yield browser
