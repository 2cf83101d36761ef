"""The sample installation with a few people, for each module of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.context import AppContext
from tests.console import sample
from tests.running_installation import Installations
from tests.web.browsing import close_browser


@pytest.fixture(scope="session", autouse=True)
def browser_closed_at_the_end() -> Iterator[None]:
    yield
    close_browser()


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(sample.FILES, config=sample.CONFIG) as made:
        yield made


@pytest.fixture(scope="module")
def people(context: AppContext) -> list[str]:
    return sample.lived(context)
