"""A French installation is told in French what its embedded PostgreSQL is doing."""

from __future__ import annotations

import pytest

from engine.i18n.language import translator
from engine.store.files import Wait
from engine.words import Words


def test_what_is_waited_for_is_said_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.files.PAUSE_SECONDS", 0)
    monkeypatch.setattr("engine.store.files.TOLD_EVERY", 0)
    heard: list[Words] = []
    Wait(heard.append).pause("PostgreSQL is stopping")
    assert heard[0].said(translator("fr")) == "PostgreSQL s’arrête (0 s jusqu’ici)"
    assert heard[0].said() == "PostgreSQL is stopping (0 s so far)"
