"""CONTRIBUTING.md leads where it says: each `file:name` is there, and each way goes from import to
import in at most ten stations.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import ROOT, page

PAGE = page("CONTRIBUTING.md")
NAMED = re.findall(r"`((?:engine|projections|tests)/[\w/.]+\.py):([\w.]+)`", PAGE)
WAYS = re.findall(
    r"^### (A (?:click|row|letter|mail that arrives).*)\n\n(?:[^|\n].*\n\n)?((?:\|.*\n)+)",
    PAGE,
    re.MULTILINE,
)


def defined(body: list[ast.stmt], names: list[str]) -> bool:
    """Whether a class, function or constant of this dotted name is defined there."""
    first, *rest = names
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner) if name == first:
                return not rest or defined(inner, rest)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name == first:
                return not rest
            case ast.AnnAssign(target=ast.Name(id=name)) if name == first:
                return not rest
            case ast.Assign(targets=[ast.Name(id=name)]) if name == first:
                return not rest
    return False


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_each_name_is_defined_in_its_file(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert defined(tree.body, name.split(".")), f"{path} has no {name}"


def test_four_ways_are_followed_in_at_most_ten_rooms() -> None:
    assert len(WAYS) == 4
    for title, table in WAYS:
        stations = re.findall(r"^\| \d+ \| (.+) \|$", table, re.MULTILINE)
        assert 5 <= len(stations) <= 10, title
        assert all(re.search(r"`[\w/]+\.py:\w", station) for station in stations), title
        assert "engine/ledger/store.py:Ledger.append" in table, f"{title} does not reach the commit"


@pytest.mark.parametrize(("title", "table"), WAYS)
def test_each_file_on_a_way_is_imported_by_one_before_it(title: str, table: str) -> None:
    files = list(dict.fromkeys(re.findall(r"`((?:engine|projections)/[\w/]+\.py):", table)))
    reached: set[str] = {files[0]}
    for file in files:
        assert file in reached, f"{title}: nothing before {file} imports it"
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = node.module.replace(".", "/")
                reached.add(f"{module}.py")
                reached.update(f"{module}/{alias.name}.py" for alias in node.names)


def test_a_name_that_is_not_there_is_found_missing() -> None:
    tree = ast.parse("class A:\n    def b(self): ...\nC: int = 1\n")
    assert defined(tree.body, ["A", "b"]) and defined(tree.body, ["C"])
    assert not defined(tree.body, ["A", "c"]) and not defined(tree.body, ["b"])
