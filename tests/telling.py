"""Refusals that carry codes, held against what is told of them in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

import pytest

from engine.i18n.in_words import in_english
from engine.intake.address import AddressRefused
from engine.words import CodedError

Told = TypeVar("Told", bound=CodedError[StrEnum] | AddressRefused)


@contextmanager
def telling(error: type[Told], match: str) -> Iterator[pytest.ExceptionInfo[Told]]:
    """As `pytest.raises`; `match` is searched in what is told of the error in English."""
    with pytest.raises(error) as caught:
        yield caught
    assert re.search(match, in_english(caught.value.reason))
