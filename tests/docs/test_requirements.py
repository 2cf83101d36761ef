"""docs/requirements.md: each code that the source cites is stated there, once, and the files that
it says hold it exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import QUOTED, ROOT, page, rows

PLACES = ("engine", "projections", "bench", "tests", "docs", ".githooks")
FILES = ("config.toml", "README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml")
READ = {"", ".py", ".sql", ".html", ".md", ".toml"}

CODE = re.compile(r"(?<![\w+/=])[A-H]\d\d(?![\w+/=])")
RANGE = re.compile(r"\b([A-H])(\d\d)(?:-| to )\1(\d\d)\b")


def cited(text: str) -> Iterator[tuple[int, str]]:
    """Line and code of each citation; a range cites all that it spans."""
    for number, line in enumerate(text.splitlines(), start=1):
        for code in CODE.findall(line):
            yield number, code
        for letter, first, last in RANGE.findall(line):
            for within in range(int(first), int(last) + 1):
                yield number, f"{letter}{within:02}"


def sources() -> Iterator[Path]:
    for place in PLACES:
        for file in sorted((ROOT / place).rglob("*")):
            if file.suffix in READ and "samples" not in file.parts and file.is_file():
                yield file
    yield from (ROOT / name for name in FILES if (ROOT / name).exists())


LINES = [cells for cells in rows(page("docs/requirements.md")) if CODE.fullmatch(cells[0])]
"""Code, demand, source and what holds it."""
STATED = [cells[0] for cells in LINES]


def test_each_code_that_is_cited_is_stated() -> None:
    citations = [
        (code, f"{file.relative_to(ROOT)}:{number}: {code}")
        for file in sources()
        for number, code in cited(file.read_text("utf-8"))
    ]
    assert len({code for code, place in citations if place.startswith("engine/")}) > 50
    assert not [place for code, place in citations if code not in STATED]


def test_each_code_is_stated_once() -> None:
    assert len(STATED) > 150
    assert sorted(set(STATED)) == sorted(STATED)


@pytest.mark.parametrize("cells", LINES, ids=lambda cells: cells[0])
def test_each_line_says_what_is_asked_and_what_holds_it(cells: list[str]) -> None:
    _, demand, source, held_by = cells
    assert len(demand) > 8 and source
    named = QUOTED.findall(held_by)
    missing = [path for path in named if not (ROOT / path).is_file()]
    assert not missing
    assert named or held_by == "–"
    assert named or "**" in demand, "what nothing holds is said not to be built, or to be dropped"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("the headers of C02.", ["C02"]),
        ("(A02 to A05, G10)", ["A02", "A05", "G10", "A02", "A03", "A04", "A05"]),
        ("D07-D10", ["D07", "D10", "D07", "D08", "D09", "D10"]),
        ("per-file-ignores = E501", []),
        ("colour #A0B1C2, AB12, B2B, +A12/", []),
    ],
)
def test_a_citation_is_recognised(text: str, codes: list[str]) -> None:
    assert [code for _, code in cited(text)] == codes
