"""The names of events are for ever: each has stored samples, only ever added, which every later
program still reads and writes byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from engine.ledger.codec import Encoded, Entry, decode
from engine.ledger.names import NAME_OF, NAMES, RETIRED, UPCASTS, VERSIONS

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.json"))
PATTERN = re.compile(r"(?P<name>[a-z]+(-[a-z]+)*)\.v(?P<v>[1-9][0-9]*)(\.[a-z-]+)?\.json")


def shape(path: Path) -> tuple[str, int]:
    found = PATTERN.fullmatch(path.name)
    assert found is not None, path.name
    return found["name"], int(found["v"])


def read(path: Path) -> Entry:
    return decode(1, path.read_bytes())


def test_each_name_and_version_has_a_full_and_a_minimal_sample() -> None:
    wanted = {(name, v) for name in NAMES for v in range(1, VERSIONS.get(name, 1) + 1)}
    there = {path.name for path in SAMPLES}
    assert {f"{name}.v{v}{kind}.json" for name, v in wanted for kind in ("", ".minimal")} <= there


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_what_was_stored_is_read_under_its_name(path: Path) -> None:
    name, v = shape(path)
    entry = read(path)
    assert entry.name == name
    assert type(entry.event) is NAMES[name]
    assert b'"v":%d,' % v in path.read_bytes()


@pytest.mark.parametrize(
    "path",
    [path for path in SAMPLES if shape(path)[1] == VERSIONS.get(shape(path)[0], 1)],
    ids=lambda path: path.name,
)
def test_what_was_stored_in_todays_shape_is_written_the_same_today(path: Path) -> None:
    entry = read(path)
    assert (
        Encoded(entry.stream, entry.event, entry.cause, entry.recorded_at).at_version(entry.version)
        == path.read_bytes()
    )


@pytest.mark.parametrize("name", sorted(NAMES))
def test_some_sample_says_something_in_every_field(name: str) -> None:
    events = [read(path).event for path in SAMPLES if shape(path)[0] == name]
    silent = {
        field.name
        for field in fields(NAMES[name])
        if all(getattr(event, field.name) == field.default for event in events)
    }
    assert silent == set(), (
        "a field was added: add a sample in which it is set, and keep the others"
    )


def test_a_retired_name_is_never_used_again() -> None:
    assert not RETIRED & set(NAMES)


def test_names_are_lower_case_words_and_each_class_has_one() -> None:
    assert [name for name in NAMES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)] == []
    assert len(NAME_OF) == len(NAMES)


def test_each_older_shape_has_its_way_to_the_next() -> None:
    assert set(UPCASTS) == {
        (name, v) for name, current in VERSIONS.items() for v in range(1, current)
    }
    assert set(VERSIONS) <= set(NAMES)
