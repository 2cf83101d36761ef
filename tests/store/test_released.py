"""The version moves with what it stands for: with the tables of the database, and with what a
program writes into the ledger.

    python -m tests.store.test_released

writes down what the version that runs makes and writes, once, when it is released.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TypedDict, cast

from engine import __version__
from engine.ledger.names import NAMES, SINCE, VERSIONS
from engine.store.migrate import fingerprint
from engine.store.release import is_older, numbers

FILE = Path(__file__).with_name("released.json")


class Release(TypedDict):
    """`tables`: the fingerprint of what its migrations make, "" where it was not written down;
    `facts`: of each name its shape and its fields.
    """

    tables: str
    facts: dict[str, list[str]]


def released() -> dict[str, Release]:
    return cast(dict[str, Release], json.loads(FILE.read_text(encoding="utf-8")))


def written_now() -> dict[str, list[str]]:
    return {
        name: [f"v{VERSIONS.get(name, 1)}", *(field.name for field in dataclasses.fields(kind))]
        for name, kind in NAMES.items()
    }


def test_a_release_that_is_out_makes_the_tables_that_it_made() -> None:
    """Tables that are changed are those of a version of their own, after the last one that is
    out.
    """
    out = released()
    if __version__ in out:
        assert out[__version__]["tables"] in ("", fingerprint()), "raise engine.__version__"
    else:
        assert is_older(max(out, key=numbers), __version__)


def test_what_the_last_release_cannot_read_is_known_to_be_so() -> None:
    """`SINCE` names each kind of fact, shape and field that came after it."""
    out = released()
    last = max((version for version in out if version != __version__), key=numbers)
    known = out[last]["facts"]
    for name, (shape, *fields) in written_now().items():
        if name not in known:
            assert is_older(last, SINCE[name])
            continue
        if shape != known[name][0]:
            assert is_older(last, SINCE[f"{name} {shape}"])
        for field in set(fields) - set(known[name]):
            assert is_older(last, SINCE[f"{name}.{field}"])


def write_down() -> None:
    now: Release = {"tables": fingerprint(), "facts": written_now()}
    FILE.write_text(json.dumps(released() | {__version__: now}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_down()
