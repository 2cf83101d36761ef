"""Rows one by one: what is rejected and why, what a stray quote costs, lists of addresses, speed
and memory.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from engine.i18n.in_words import in_english
from engine.imports.records import LINE_LIMIT, ROW_LINES
from engine.imports.table import Rejected, Row, TableRefused, open_table
from tests.imports.test_reading_tables import emails, rejected, rows, table
from tests.sizes import sized
from tests.telling import telling

ROOT = Path(__file__).parent.parent.parent
HEAD = "email,nom\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a@x.fr,A,B", "3 cells; there are 2 columns"),
        (",A", "e-mail cell is empty"),
        ('"",A', "e-mail cell is empty"),
        (" ,A", "e-mail cell is empty"),
        ("\ufeff\u200b,A", "e-mail cell is empty"),
        ("a@x.fr," + "é" * 1001, "cell for last_name is longer than 1000 characters"),
        ("a@x.fr," + "e" * 1001, "cell for last_name is longer than 1000 characters"),
        ("a@x.fr,A\x07B", "cell for last_name holds a control character"),
        ("a@x.fr,A\x1f", "cell for last_name holds a control character"),
        ("a@x.fr,A\x85", "cell for last_name holds a control character"),
        ('a@x.fr,"A\tB"', "cell for last_name holds a control character"),
        ("a\x1b@x.fr,A", "cell for email holds a control character"),
        ('a@x.fr,"A', "a quote is opened and not closed"),
        ('a@x.fr,"A"B"C"', "a quote stands where none can"),
        ("a@x.fr," + "x" * LINE_LIMIT, "the line is longer than"),
        ("a@x.fr," + "x" * (2 * LINE_LIMIT - 7), "the line is longer than"),
    ],
    ids=lambda value: ascii(value)[:30],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_a_bad_row_is_rejected_with_its_line_and_reason_and_costs_no_other(
    tmp_path: Path, row: str, reason: str, end: str
) -> None:
    opened = table(tmp_path, end.join(["email,nom", "b@x.fr,B", row, "c@x.fr,C", ""]))
    (bad,) = rejected(opened)
    assert bad.line == 3
    assert reason in in_english(bad.reason)
    assert bad.raw == row or (len(row) > LINE_LIMIT and row.startswith(bad.raw[:-1]))
    assert [(row.line, row.values["email"]) for row in opened.rows() if isinstance(row, Row)] == [
        (2, "b@x.fr"),
        (4, "c@x.fr"),
    ]


@pytest.mark.parametrize("length", range(LINE_LIMIT - 2, LINE_LIMIT + 3))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_a_line_is_counted_once_wherever_its_limit_falls(
    tmp_path: Path, length: int, end: str
) -> None:
    opened = table(tmp_path, end.join([HEAD.strip(), "a@x.fr,".ljust(length, "x"), "b@x.fr,B"]))
    assert [row.line for row in opened.rows()] == [2, 3]
    assert emails(opened) == ["b@x.fr"]


def test_a_row_that_is_too_long_by_empty_cells_alone_is_read(tmp_path: Path) -> None:
    assert emails(table(tmp_path, HEAD + "a@x.fr,A,,\nb@x.fr\n")) == ["a@x.fr", "b@x.fr"]


def test_a_cell_nobody_wants_may_hold_anything(tmp_path: Path) -> None:
    opened = table(tmp_path, "email,notes\na@x.fr," + "x" * 5000 + "\nb@x.fr,\x07\n")
    assert emails(opened) == ["a@x.fr", "b@x.fr"]


def test_blank_lines_and_rows_of_delimiters_are_skipped_and_counted(tmp_path: Path) -> None:
    opened = table(tmp_path, "\n\nemail;nom\n\n \t\n;;;\na@x.fr;A\n\n;\n")
    assert [row.line for row in rows(opened)] == [7]


def test_cells_are_stripped_composed_and_on_one_line(tmp_path: Path) -> None:
    opened = table(
        tmp_path, 'email,nom\n" a@x.fr ","\nDe\u0301\r\nsiré\n"\n\ufeffb@x.fr,\u00a0B\u200b\n'
    )
    assert [(row.line, row.values["last_name"]) for row in rows(opened)] == [
        (2, "Dé siré"),
        (6, "B"),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('Jean "JD" D', 'Jean "JD" D'),
        ('5"', '5"'),
        (' "Jean"', "Jean"),
        ('"Jean" ', "Jean"),
        ('"Jean" D', "Jean D"),
        ('"a\n\nb"', "a  b"),
        ('""', ""),
        ('""""', '"'),
    ],
)
def test_quotes_are_read_as_people_write_them(tmp_path: Path, written: str, read: str) -> None:
    (row,) = rows(table(tmp_path, f"nom,email\n{written},a@x.fr\n"))
    assert row.values["last_name"] == read
    assert row.raw == f"{written},a@x.fr"


def test_doubled_quotes_beside_a_delimiter_are_read_where_every_cell_is_quoted(
    tmp_path: Path,
) -> None:
    for cell in ['",', ',"', ',",', '"', '","', '",",', ',","', '"",""']:
        doubled = cell.replace('"', '""')
        (row,) = rows(table(tmp_path, f'nom,email\n"{doubled}","a@x.fr"\n'))
        assert row.values["last_name"] == cell
        (row,) = rows(table(tmp_path, f'email,nom\n"a@x.fr","{doubled}"\n'))
        assert row.values["last_name"] == cell


@pytest.mark.parametrize("after", [1, 10, ROW_LINES - 1, ROW_LINES, 5000])
def test_a_stray_quote_costs_only_its_line(tmp_path: Path, after: int) -> None:
    good = [f"user{number}@x.fr,N" for number in range(after)]
    quoted = '"last@x.fr","N"'
    opened = table(tmp_path, "\n".join(["email,nom", 'bad@x.fr,"N', *good, quoted, ""]))
    assert emails(opened) == [*(line.split(",")[0] for line in good), "last@x.fr"]
    assert [(row.line, row.raw) for row in rejected(opened)] == [(2, 'bad@x.fr,"N')]
    assert [row.line for row in opened.rows()] == list(range(2, after + 4))


def test_a_quoted_cell_of_many_lines_is_read_up_to_the_limit(tmp_path: Path) -> None:
    for lines, broken in [(ROW_LINES, []), (ROW_LINES + 1, [2])]:
        cell = "\n".join("x" * lines)
        opened = table(tmp_path, f'nom,email\n"{cell}",a@x.fr\nB,b@x.fr\n')
        assert [row.line for row in rejected(opened) if "quote" in in_english(row.reason)] == broken
        assert "b@x.fr" in emails(opened)


def test_excels_own_line_names_the_delimiter(tmp_path: Path) -> None:
    for first in ("sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"):
        opened = table(
            tmp_path,
            f"{first}\r\nemail;nom, prénom\r\na@x.fr;A, B, C\r\n",
            mapping={"2": "last_name"},
        )
        assert opened.table.header == ("email", "nom, prénom")
        assert [(row.line, row.values["last_name"]) for row in rows(opened)] == [(3, "A, B, C")]


@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_a_file_without_headings_is_known_by_its_first_row(tmp_path: Path, suffix: str) -> None:
    opened = table(
        tmp_path, "Jean;jean@x.fr\nZoé;zoe@x.fr;x\n", f"a{suffix}", mapping={"1": "first_name"}
    )
    assert opened.table.header is None
    assert opened.table.columns == {"first_name": 0, "email": 1}
    assert [(row.line, row.values["first_name"]) for row in rows(opened)] == [
        (1, "Jean"),
        (2, "Zoé"),
    ]


def test_a_text_file_is_one_address_per_line_with_comments(tmp_path: Path) -> None:
    lines = [
        "# our people",
        "",
        '"Dupont, Jean" <jean@x.fr>',
        "zoe@x.fr",
        " # x",
        "Martin, Ève <eve@x.fr>",
        "broken@",
    ]
    opened = table(tmp_path, "\r\n".join(lines), "people.TXT")
    assert (opened.table.delimiter, opened.table.header) == ("", None)
    assert [(row.line, row.values["email"]) for row in rows(opened)] == [
        (3, '"Dupont, Jean" <jean@x.fr>'),
        (4, "zoe@x.fr"),
        (6, "Martin, Ève <eve@x.fr>"),
        (7, "broken@"),
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a@x.fr\nb@x.fr\tB\nc@x.fr\n", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("email\na@x.fr\nDupont, Jean <b@x.fr>\n", ["a@x.fr", "Dupont, Jean <b@x.fr>"]),
        ("# x\nemail;nom\na@x.fr;A\n", ["a@x.fr"]),
        ("a@x.fr,A\nb@x.fr,B\n", ["a@x.fr", "b@x.fr"]),
        ("a@x.fr", ["a@x.fr"]),
    ],
)
def test_a_text_file_may_be_any_table(tmp_path: Path, content: str, found: list[str]) -> None:
    opened = table(tmp_path, content, "people.txt")
    assert emails(opened) == found
    assert not rejected(opened)


def test_all_addresses_on_one_line_are_refused(tmp_path: Path) -> None:
    with telling(TableRefused, "one address a row"):
        table(tmp_path, "a@x.fr; b@x.fr; c@x.fr\n", "people.txt")


def test_rows_may_be_read_again_and_progress_is_told(tmp_path: Path) -> None:
    opened = table(tmp_path, HEAD + "a@x.fr,A\n" * 50_000)
    size = (tmp_path / "people.csv").stat().st_size
    assert opened.progress() == (0, size)
    reading = opened.rows()
    for _ in range(25_000):
        next(reading)
    assert size / 3 < opened.progress()[0] < size
    assert len(list(reading)) == 25_000
    assert opened.progress() == (size, size)
    assert len(list(opened.rows())) == 50_000


READ_AND_WEIGH = """
import sys
from pathlib import Path
import psutil
from engine.imports.table import Row, open_table

def weight(): return psutil.Process().memory_info().rss

# From the first row on: what reading needs is brought in, and compiled where it never was, before.
before, most, count = 0, 0, 0
for row in open_table(Path(sys.argv[1]), ("first_name", "last_name")).rows():
    count += isinstance(row, Row)
    before = before or weight()
    if count % 10_000 == 1:
        most = max(most, weight())
print(count, most - before)
"""


def test_memory_stays_flat_over_three_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("email;prénom;nom;notes\n")
        file.writelines(f'user{number}@x.fr;"Zoé";Dupont;{"x" * 80}\n' for number in range(300_000))
    reading = [sys.executable, "-c", READ_AND_WEIGH, str(path)]
    said = subprocess.run(
        reading, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    count, growth = map(int, said.split())
    assert count == 300_000
    assert growth < 10_000_000 < path.stat().st_size / 3


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(HEAD + "x" * 20_000_000, id="one line without an end"),
        pytest.param(HEAD + 'a@x.fr,"' + "x" * 20_000_000, id="one quote without an end"),
        pytest.param(HEAD + 'a","b\n' * sized(8_000, 20_000), id="each line ends within a quote"),
        pytest.param(HEAD + '"\n' * 20_000, id="nothing but quotes"),
        pytest.param(HEAD + '"' * 5_000_001, id="only quotes on one line"),
        pytest.param(HEAD + "," * 5_000_000, id="only delimiters"),
        pytest.param(HEAD + ('"' + "x\n" * 48) * 5_000, id="a quote every fifty lines"),
        pytest.param(HEAD + "\n" * sized(60_000, 200_000), id="blank lines"),
    ],
)
def test_a_hostile_file_takes_bounded_memory_and_time(tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(content)
    del content
    began = time.monotonic()
    opened = open_table(path, ("last_name",))
    assert all(isinstance(row, Row | Rejected) for row in opened.rows())
    assert time.monotonic() - began < 30
    tracemalloc.start()
    try:
        for number, _ in enumerate(open_table(path, ("last_name",)).rows()):
            if number == 2_000:
                break
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
