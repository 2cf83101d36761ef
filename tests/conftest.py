"""What every test may ask for: a running installation of its own, cheaply."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from engine.context import AppContext
from engine.store import cluster
from tests.clusters import SHARED
from tests.running_installation import Installations
from tests.sizes import sized

# Of each property that does not say for itself; more by RELANCE_EXAMPLES. No example is timed: a
# busy machine is no fault of the program.
settings.register_profile(
    "relance", max_examples=int(os.environ.get("RELANCE_EXAMPLES", sized(15, 40))), deadline=None
)
settings.load_profile("relance")

pytest_plugins = ["tests.named_skips", "tests.workers"]

MakeContext = Callable[..., AppContext]


def pytest_configure(config: pytest.Config) -> None:
    """One folder for all processes of a run, removed in the end."""
    if SHARED not in os.environ:
        os.environ[SHARED] = folder = tempfile.mkdtemp(prefix="relance-")
        config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays, so nobody looks for garbage in it, then or later.

    Garbage is looked for less often than Python does by itself: a test that reads every source file
    makes half a million nodes that all live, and spends two thirds of its time on looking.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def authorities_are_read_once() -> Iterator[None]:
    """Each client of httpx, thus each `httpx.get`, reads the certificates of every authority of the
    world: 24 ms of processor time, for pages on loopback.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context)
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def postgresql_takes_little_memory() -> Iterator[None]:
    """As in `tests.forkserver`: of a large machine it takes gigabytes, and lays them out and looks
    through them for each of the servers that test processes start.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "CGROUP_LIMITS", (Path(__file__).with_name("memory.max"),))
        yield


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
