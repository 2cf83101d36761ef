"""What every test may ask for: a running installation of its own, cheaply."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest
from hypothesis import settings

from engine.context import AppContext
from tests.running_installation import Installations
from tests.sizes import sized

# Of each property that does not say for itself; more by RELANCE_EXAMPLES. No example is timed: a
# busy machine is no fault of the program.
settings.register_profile(
    "relance", max_examples=int(os.environ.get("RELANCE_EXAMPLES", sized(15, 40))), deadline=None
)
settings.load_profile("relance")

pytest_plugins = ["tests.named_skips"]

MakeContext = Callable[..., AppContext]


@pytest.fixture(scope="session")
def installations() -> Iterator[Installations]:
    """The server of this test process; `with installations.made(files) as context:`."""
    with Installations() as server:
        yield server


@pytest.fixture
def make_context(installations: Installations) -> Iterator[MakeContext]:
    """`make_context(files, extra="…lines of config.toml")`: an AppContext, published when there are
    files, gone after the test.
    """
    with ExitStack() as contexts:

        def make(
            files: Mapping[str, str] | None = None, extra: str = "", **options: str
        ) -> AppContext:
            return contexts.enter_context(installations.made(files or {}, extra, **options))

        yield make
