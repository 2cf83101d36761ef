"""The file of rejected rows: there only when needed, private, and inert in any spreadsheet."""

from __future__ import annotations

import csv
import random
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.imports.rejected_rows import Rejections, RejectWriter, inert
from engine.imports.table import Rejected, TableRefused, open_table
from engine.intake.address import AddressFault
from engine.words import Reason
from tests.telling import telling

EMPTY = Reason(AddressFault.EMPTY)


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_nothing_rejected_leaves_no_file(tmp_path: Path) -> None:
    with RejectWriter(tmp_path / "people.csv") as rejects:
        assert rejects.count == 0
    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_stand_beside_their_file_with_line_reason_and_text(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text('email,nom\n,"Zoé"\na@x.fr,A\nb@x.fr,B,C\n', "utf-8")
    with RejectWriter(path) as rejects:
        for row in open_table(path, ("last_name",)).rows():
            if isinstance(row, Rejected):
                rejects.add(row.line, in_english(row.reason), row.raw)
    assert rejects.path == tmp_path / "people.csv.rejected.csv"
    assert rejects.count == 2
    assert written(rejects.path) == [
        ["line", "reason", "row"],
        ["2", "the e-mail cell is empty", ',"Zoé"'],
        ["4", "the row has 3 cells; there are 2 columns", "b@x.fr,B,C"],
    ]
    content = rejects.path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600


def test_an_older_file_or_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    (tmp_path / "a.csv.rejected.csv").symlink_to(elsewhere)
    (tmp_path / "b.csv.rejected.csv").write_text("old")
    (tmp_path / "b.csv.rejected.csv").chmod(0o644)
    for name in ("a.csv", "b.csv"):
        with RejectWriter(tmp_path / name) as rejects:
            rejects.add(1, "reason", "row")
        assert not rejects.path.is_symlink()
        assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600
        assert len(written(rejects.path)) == 2
    assert elsewhere.read_text() == "kept"


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    rejects = RejectWriter(tmp_path / "missing" / "people.csv")
    with telling(TableRefused, "cannot be written"):
        rejects.add(1, "reason", "row")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ('=HYPERLINK("http://x.fr")', '\'=HYPERLINK("http://x.fr")'),
        ("+33 6", "'+33 6"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ('"=1"', '\'"=1"'),
        (" =1", "' =1"),
        ("'=1", "''=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("＝1", "'＝1"),
        ("a@x.fr;=1", "a@x.fr;'=1"),
        ('a@x.fr;"=1"', 'a@x.fr;\'"=1"'),
        ("a@x.fr\n=1", "a@x.fr\n'=1"),
        ("a@x.fr\t-1", "a@x.fr\t'-1"),
        ("a@x.fr,=1", "a@x.fr,=1"),
        ("a@x.fr", "a@x.fr"),
        ("1=1", "1=1"),
        ("", ""),
    ],
)
def test_a_cell_that_a_sheet_would_run_is_made_inert(cell: str, safe: str) -> None:
    assert inert(cell) == safe


@given(st.text(st.sampled_from("=+-@\t\r\n;\"' ,ax"), max_size=20))
def test_no_cell_of_any_sheet_starts_as_a_formula(cell: str) -> None:
    safe = inert(cell)
    assert not re.match(r"[\t\r]", safe)
    for part in re.split(r"[;\t\r\n]", safe):
        assert not re.match(r"[ \"]*[=+\-@]", part)
    assert re.sub("'", "", safe) == re.sub("'", "", cell)


@pytest.mark.parametrize("rows", [0, 1, 9_999, 10_000, 25_001])
def test_rejected_rows_stand_in_the_order_of_their_lines_however_many_and_however_late_they_came(
    tmp_path: Path, rows: int
) -> None:
    lines = list(range(2, rows + 2))
    random.Random(rows).shuffle(lines)
    source = tmp_path / "list.csv"
    with Rejections(source, str) as rejections:
        for line in lines:
            rejections.add(line, EMPTY, f'"{line}\r\n\udcff;é')
    assert [path.name for path in tmp_path.iterdir()] == (["list.csv.rejected.csv"] if rows else [])
    if rows:
        with (tmp_path / "list.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
            written = list(csv.reader(file))[1:]
        assert [int(line) for line, _reason, _raw in written] == sorted(lines)
        assert all(raw.startswith(f'"{line}') for line, _reason, raw in written)


def test_rows_that_are_too_long_to_be_held_stand_in_order_too(tmp_path: Path) -> None:
    with Rejections(tmp_path / "list.csv", str) as rejections:
        for line in (5, 3, 4, 2):
            rejections.add(line, EMPTY, "x" * 6_000_000)
    with (tmp_path / "list.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line.partition(",")[0] for line in file][1:] == ['"2"', '"3"', '"4"', '"5"']


def test_a_disk_that_takes_no_more_rejected_rows_is_a_sentence(tmp_path: Path) -> None:
    with (
        telling(TableRefused, "rejected rows cannot be written to"),
        Rejections(tmp_path / "gone" / "list.csv", str) as rejections,
    ):
        for line in range(10_000):
            rejections.add(line, EMPTY, "x")
