"""The map in the first lines of the program, and the rooms of docs/design.md, are those there
are.
"""

from __future__ import annotations

import re

import engine
import engine.proof
from tests.docs.pages import ROOT, page, section

ROOMS = {file.parent.name for file in (ROOT / "engine").glob("*/__init__.py")}
FILES = {file.name for file in (ROOT / "engine").glob("*.py") if not file.name.startswith("_")}


def test_each_room_is_on_the_map_once() -> None:
    assert engine.__doc__ is not None
    flow, _, around = engine.__doc__.partition("\nAround it: ")
    named = re.findall(r"^(?:\d  .{20}| {23})([a-z0-9]+) {2,}", flow, re.MULTILINE)
    named += re.findall(r"([a-z0-9]+)\s\(", around)
    assert sorted(named) == sorted(ROOMS)


def test_each_file_beside_the_rooms_is_on_the_map() -> None:
    assert engine.__doc__ is not None
    assert set(re.findall(r"\b([a-z_]+\.py)\b", engine.__doc__)) == FILES


def test_each_room_has_its_line_in_the_design() -> None:
    named = re.findall(r"`engine/([a-z0-9]+)`", section(page("docs/design.md"), "Rooms"))
    assert sorted(named) == sorted(ROOMS)


def test_each_file_of_the_proof_is_on_its_own_map() -> None:
    assert engine.proof.__doc__ is not None
    files = {file.name for file in (ROOT / "engine/proof").glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"\b([a-z_]+\.py)\b", engine.proof.__doc__)) == files


def test_the_folders_of_tests_are_those_of_the_rooms() -> None:
    folders = {file.parent.name for file in (ROOT / "tests").glob("*/__init__.py")}
    assert folders - ROOMS == {
        "chaos",
        "cluster",
        "clients",
        "docs",
        "mail_hosts",
        "packaging",
        "projections",
        "providers",
        "shape",
    }
    assert folders >= ROOMS
