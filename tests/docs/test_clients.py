"""The clients in clients/ are those that would be written of today's description of the API."""

from __future__ import annotations

from clients.generate import files


def test_each_client_is_that_of_todays_description() -> None:
    stale = [file.name for file, text in files().items() if file.read_text("utf-8") != text]
    assert not stale, f"{', '.join(stale)}: run .venv/bin/python -m clients.generate"
