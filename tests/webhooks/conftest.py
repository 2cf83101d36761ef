"""One installation for all calls of a worker: everybody in them is new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running_installation import Installations
from tests.webhooks.receiving_calls import FILES, Senders


@pytest.fixture(scope="package")
def senders(installations: Installations) -> Iterator[Senders]:
    with installations.made(FILES) as context:
        yield Senders(context)
