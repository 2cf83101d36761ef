"""The installation that an operator edits, as it was before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.audit.operating import Asking, Operated, operated, put_right
from tests.running_installation import Installations


@pytest.fixture(scope="module")
def lived(installations: Installations) -> Iterator[Operated]:
    with operated(installations) as made:
        yield made


@pytest.fixture
def operator(lived: Operated) -> Iterator[Operated]:
    with put_right(lived) as made:
        yield made


@pytest.fixture
def asks(operator: Operated, capsys: pytest.CaptureFixture[str]) -> Asking:
    return Asking(operator, capsys)
