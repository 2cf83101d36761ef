"""A TOML text of an author, however deep or long it is, is read or refused in a time that grows
with its length alone.
"""

from __future__ import annotations

import time

import pytest

from engine.sequence.toml import MAX_KEY_PARTS, read_tables, toml_mistake

SECONDS = 20


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{b = " * 100_000,
        "a" + ".a" * 400_000 + " = 1",
        'a = 1\n"a"' + '."a"' * 200_000 + " = 1",
        "[a" + " . 'a'" * 150_000 + "]",
        "\n".join("[" + ".".join("a" * n) + "]" for n in range(1, 1300)),
        "x = {a" + ".a" * 400_000 + " = 1}",
    ],
    ids=["lists", "tables", "a key", "quoted keys", "a table", "many tables", "within a table"],
)
def test_what_is_too_deep_is_said_at_once(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match="nested too deeply") as refused:
        read_tables(text)
    assert (
        str(toml_mistake("d.toml", text, refused.value))
        == "d.toml:1: this is not TOML: its tables and lists are nested too deeply"
    )
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a = '" + "a" * 900_000 + "'",
        "a = '" + "b." * 10 + "'",
        "a" + ".a" * (MAX_KEY_PARTS - 1) + " = 1",
    ],
)
def test_what_is_only_long_is_read(text: str) -> None:
    began = time.monotonic()
    assert list(read_tables(text)) == ["a"]
    assert time.monotonic() - began < SECONDS
