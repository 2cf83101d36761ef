"""A person's file is read as its author meant it, or refused with a sentence; one bad row never
costs another.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.imports.encoding import BYTES_LIMIT, WITH_LATIN1, ungarbled
from engine.imports.refusals import RowFault
from engine.imports.table import OpenTable, Rejected, Row, TableRefused, open_table
from engine.words import Reason
from tests.telling import telling

WANTED = ("first_name", "last_name", "company_size")
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
DELIMITERS = [",", ";", "\t", "|"]
LINE_ENDS = ["\n", "\r\n", "\r"]


def table(
    folder: Path,
    content: str | bytes,
    name: str = "people.csv",
    mapping: Mapping[str, str] | None = None,
) -> OpenTable:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table(path, WANTED, mapping or {})


def rows(opened: OpenTable) -> list[Row]:
    found = list(opened.rows())
    assert not rejected(opened)
    return [each for each in found if isinstance(each, Row)]


def emails(opened: OpenTable) -> list[str]:
    return [row.values["email"] for row in opened.rows() if isinstance(row, Row)]


def rejected(opened: OpenTable) -> list[Rejected]:
    return [row for row in opened.rows() if isinstance(row, Rejected)]


@pytest.mark.parametrize("end", [*LINE_ENDS, "mixed"], ids=ascii)
@pytest.mark.parametrize("delimiter", DELIMITERS, ids=ascii)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_delimiter_and_line_end_is_read(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    ends = itertools.cycle(["\r\n", "\n", "\r"] if end == "mixed" else [end])
    inside = "/" if delimiter == "\t" else delimiter
    lines = [
        ("Prénom", "Adresse e-mail", "Ville"),
        ("René", "rene@x.fr", "Orléans"),
        ("", "zoe@x.fr", ""),
        (f'"Anne{inside} ""dite"" Nane"', "anne@x.fr", "Sète"),
    ]
    opened = table(
        tmp_path, "".join(delimiter.join(line) + next(ends) for line in lines).encode(encoding)
    )
    assert opened.table.delimiter == delimiter
    assert opened.table.header == ("Prénom", "Adresse e-mail", "Ville")
    assert opened.table.columns == {"first_name": 0, "email": 1}
    assert opened.table.unmapped == ("Ville",)
    assert [(row.line, row.values["first_name"], row.values["email"]) for row in rows(opened)] == [
        (2, "René", "rene@x.fr"),
        (3, "", "zoe@x.fr"),
        (4, f'Anne{inside} "dite" Nane', "anne@x.fr"),
    ]


QUOTING: list[Literal[0, 1, 2]] = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]
TEXTS = st.text(st.characters(codec="cp1252", exclude_categories=["C"]), max_size=12)
CELLS = st.one_of(TEXTS, st.text(st.sampled_from(" \"',;|\n=aé-#"), max_size=12))


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8))


@given(
    grid=grids(),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(ENCODINGS),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from(QUOTING),
)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    grid: list[list[str]],
    delimiter: str,
    encoding: str,
    end: str,
    quoting: Literal[0, 1, 2],
) -> None:
    # What looks garbled is rejected with a question, however it was meant: see `ungarbled`.
    assume(not any(ungarbled(cell) for cells in grid for cell in cells))
    fields = [f"field {number}" for number in range(len(grid[0]) if grid else 0)]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)
    # In cp1252 this heading is no UTF-8; without it two signs such as "Ã©" would rightly be read as
    # one.
    writer.writerows(
        [
            ["email", *fields, "état"],
            *([f"a{number}@x.fr", *cells] for number, cells in enumerate(grid)),
        ]
    )
    path = tmp_path_factory.mktemp("grid") / "grid.csv"
    path.write_bytes(written.getvalue().encode(encoding))
    found = [list(row.values.values()) for row in rows(open_table(path, fields))]
    assert found == [[f"a{number}@x.fr", *map(as_read, cells)] for number, cells in enumerate(grid)]


def as_read(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip(" \n\u00a0").replace("\n", " "))


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.txt"]))
def test_any_bytes_at_all_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for start in (b"", b"email,nom\na@x.fr,b\n", b"\xff\xfe", b"a@x.fr\n", b'sep=;\r\nemail;"'):
        try:
            found = list(table(folder, start + content, name).rows())
        except TableRefused:
            continue
        lines = [row.line for row in found]
        assert lines == sorted(set(lines))
        assert all(row.values["email"] for row in found if isinstance(row, Row))


def test_one_byte_that_is_no_utf_8_on_line_ninety_thousand_decides_for_the_whole_file(
    tmp_path: Path,
) -> None:
    content = b"email;nom\n" + b"a@x.fr;Dupont\n" * 90_000 + b"z@x.fr;Andr\xe9\n"
    opened = table(tmp_path, content)
    assert opened.table.encoding == "cp1252"
    assert rows(opened)[-1].values["last_name"] == "André"


def test_utf_8_that_is_cut_within_its_last_character_is_not_utf_8(tmp_path: Path) -> None:
    assert table(tmp_path, b"email;nom\na@x.fr;Andr\xc3").table.encoding == "cp1252"


def test_a_byte_cp1252_does_not_define_costs_its_row_alone_and_the_others_keep_their_signs(
    tmp_path: Path,
) -> None:
    opened = table(tmp_path, b"email;nom\na@x.fr;\x80uro \x92\nb@x.fr;\x81\nc@x.fr;\xe9\n")
    assert [row.values["last_name"] for row in opened.rows() if isinstance(row, Row)] == [
        "€uro ’",
        "é",
    ]
    assert [row.line for row in rejected(opened)] == [3]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        *(
            (heading, "email")
            for heading in ("email", "E-Mail", "MAIL", "Courriel", "adresse", "Adresse email")
        ),
        *(
            (heading, "email")
            for heading in ("Adresse_E-mail", "adresse mail", "Email  Address", "\u200bEmail:")
        ),
        *(
            (heading, "first_name")
            for heading in ("Prénom", "PRENOM", "First name", "FirstName", "given-name")
        ),
        *(
            (heading, "last_name")
            for heading in ("Nom", "Nom de famille", "LAST_NAME", "surname", "Family name")
        ),
        *(
            (heading, "timezone")
            for heading in ("Fuseau", "fuseau horaire", "Time zone", "timezone")
        ),
        *((heading, "language") for heading in ("Langue", "language", "locale")),
        *(
            (heading, "company_size")
            for heading in ("company_size", "Company size", "COMPANY-SIZE")
        ),
    ],
)
def test_a_common_heading_maps_by_itself(tmp_path: Path, heading: str, field: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        f"{heading},other\na@x.fr,b\n" if field == "email" else f"email,{heading}\na@x.fr,b\n",
        "utf-8",
    )
    opened = open_table(path, (*WANTED, "timezone", "language"))
    assert opened.table.columns[field] == (0 if field == "email" else 1)
    assert opened.table.unmapped == (("other",) if field == "email" else ())


@pytest.mark.parametrize("heading", ["Code postal", "CODE_POSTAL", "côde postal"])
def test_a_heading_that_is_the_label_of_a_field_maps_by_itself(
    tmp_path: Path, heading: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"email;{heading}\na@x.fr;29000\n", "utf-8")
    assert open_table(path, ("postcode",), labels={"postcode": "Code postal"}).table.columns == {
        "email": 0,
        "postcode": 1,
    }


def test_a_label_gives_way_to_a_name_and_to_addresses_and_one_of_two_fields_stands_for_neither(
    tmp_path: Path,
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Mail;town;Nom;Lieu\na@x.fr;Brest;Dupont;Ici\n", "utf-8")
    labels = {"post": "Mail", "village": "Town", "company": "Nom", "here": "Lieu", "there": "lieu"}
    opened = open_table(
        path, ("post", "town", "village", "company", "last_name", "here", "there"), labels=labels
    )
    assert opened.table.columns == {"email": 0, "town": 1, "company": 2}
    assert opened.table.unmapped == ("Lieu",)


def test_a_heading_nobody_wants_is_named_and_not_read(tmp_path: Path) -> None:
    opened = table(tmp_path, "email,langue,,Prénom\na@x.fr,fr,x,Jean\n")
    assert opened.table.unmapped == ("langue",)
    assert rows(opened)[0].values == {"email": "a@x.fr", "first_name": "Jean"}


def test_a_street_is_not_taken_for_an_address(tmp_path: Path) -> None:
    opened = table(tmp_path, "nom;adresse;e-mail\nDupont;1, rue de la Paix;a@x.fr\n")
    assert opened.table.columns["email"] == 2
    with telling(TableRefused, "no column is known"):
        table(tmp_path, "nom;adresse\nDupont;1, rue de la Paix\n")


@pytest.mark.parametrize("mapping", [{"CONTACT": "email"}, {"2": "email"}, {" contact ": "email"}])
def test_a_column_is_mapped_by_heading_or_number(tmp_path: Path, mapping: dict[str, str]) -> None:
    opened = table(tmp_path, "nom;Contact;email\nDupont;a@x.fr;b@x.fr\n", mapping=mapping)
    assert opened.table.columns == {"email": 1, "last_name": 0}
    assert opened.table.unmapped == ("email",)
    assert emails(opened) == ["a@x.fr"]


@pytest.mark.parametrize(
    ("content", "mapping", "sentence"),
    [
        ("nom;contact\nA;a@x\n", {}, r"headings are 1 'nom', 2 'contact': .*--map HEADING=email"),
        ("email;courriel\na@x.fr;b@x.fr\n", {}, r"1 'email', 2 'courriel' all look like email"),
        (
            "email;nom\na@x.fr;A\n",
            {"prénom": "first_name"},
            r"no column 'prénom'; there are 1 'email', 2 'nom'",
        ),
        ("email;nom\na@x.fr;A\n", {"3": "first_name"}, r"no column '3'; there are 2"),
        ("email;nom\na@x.fr;A\n", {"0": "first_name"}, r"no column '0'"),
        ("email;nom\na@x.fr;A\n", {"0000000002": "first_name"}, r"no column '0000000002'"),
        ("email;nom\na@x.fr;A\n", {"nom": "fist_name"}, r"no field 'fist_name'"),
        (
            "email;nom;b\na@x.fr;A;B\n",
            {"nom": "last_name", "b": "last_name"},
            "two columns are mapped to last_name",
        ),
        (
            "email;nom\na@x.fr;A\n",
            {"nom": "last_name", "2": "first_name"},
            "column 2 is mapped to two fields",
        ),
        (
            "email;nom;nom\na@x.fr;A;B\n",
            {"nom": "last_name"},
            "2 'nom', 3 'nom' are both called so",
        ),
        ("a@x.fr;A\n", {"nom": "last_name"}, "the file has no headings"),
        ("a@x.fr;b@x.fr;A\n", {}, "columns 1, 2 all hold e-mail addresses"),
        ("a@x.fr;A\n", {"1": "last_name"}, "no column is left"),
    ],
)
def test_columns_that_are_unclear_are_refused(
    tmp_path: Path, content: str, mapping: dict[str, str], sentence: str
) -> None:
    with telling(TableRefused, sentence):
        table(tmp_path, content, mapping=mapping)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \r\n\t\n;;;\n", "blank lines only"),
        (b"\xef\xbb\xbf", "blank lines only"),
        (b"PK\x03\x04\x14\0\x06\0", "spreadsheet.*save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "old spreadsheet.*save it as CSV"),
        (b"\x1f\x8b\x08\0", "gzip.*save it as CSV"),
        (b"%PDF-1.7\n", "PDF"),
        (b"  <!DOCTYPE html><table>", "web page"),
        (b"email,nom\na@x.fr,A\0\n", "NUL characters .near byte 19"),
        (b"email,nom\n" + b"a@x.fr,A\n" * 200_000 + b"\xe9\0", "NUL"),
        ("email\na@x.fr\n\0\n".encode("utf-16"), "NUL"),
        (b"\xff\xfeemail\n\x00", "UTF-16"),
        (b"\xff\xfe" + "email\n".encode("utf-16-le") + b"\x00\xd8\x00", "UTF-16"),
        ("email\n".encode("utf-32"), "UTF-32"),
        (bytes(range(1, 256)) * 4, "is not text"),
        (b'"email,nom\na@x.fr,A\n', "on line 1, a quote is opened"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    with telling(TableRefused, sentence):
        table(tmp_path, content)


def test_a_file_that_is_missing_or_no_plain_file_or_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"email\na@x.fr\n")
    with (tmp_path / "vast").open("wb") as file:
        file.truncate(BYTES_LIMIT + 1)
    for path, limit, sentence in [
        (tmp_path / "missing.csv", 100, "no file"),
        (tmp_path / "nul\0", 100, "NUL"),
        (tmp_path / "large" / "below", 100, "cannot be read"),
        (tmp_path, 100, "not a plain file"),
        (tmp_path / "pipe", 100, "not a plain file"),
        (tmp_path / "large", 12, "13 bytes; the most that is read is 12"),
        (tmp_path / "vast", BYTES_LIMIT, "split it"),
    ]:
        with telling(TableRefused, sentence):
            open_table(path, (), limit=limit)
    assert emails(open_table(tmp_path / "large", (), limit=13)) == ["a@x.fr"]


def test_a_file_that_changes_after_it_was_looked_at_is_refused(tmp_path: Path) -> None:
    opened = table(tmp_path, "email\na@x.fr\n")
    (tmp_path / "people.csv").write_text("nom,email\nA,a@x.fr\n")
    with telling(TableRefused, "has changed"):
        next(opened.rows())


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with its mark"])
def test_a_line_that_is_no_utf8_in_a_file_that_is_costs_no_other(
    tmp_path: Path, mark: bytes
) -> None:
    lines = ["email;prénom", "rene@x.fr;René", "francois@x.fr;François"]
    content = mark + "\n".join(lines).encode() + b"\nzoe@x.fr;Zo\xeb\nana@x.fr;Ana\n"
    opened = table(tmp_path, content)
    read = [(row.line, row.values["first_name"]) for row in opened.rows() if isinstance(row, Row)]
    assert read == [(2, "René"), (3, "François"), (5, "Ana")]
    (damaged,) = rejected(opened)
    assert (damaged.line, damaged.raw) == (4, "zoe@x.fr;Zoë")
    assert "not UTF-8 as the rest of the file is" in in_english(damaged.reason)


def test_a_heading_that_is_no_utf8_is_still_read(tmp_path: Path) -> None:
    opened = table(tmp_path, b"email;Pr\xe9nom\nfran@x.fr;" + "François\n".encode())
    assert [row.values for row in rows(opened)] == [
        {"email": "fran@x.fr", "first_name": "François"}
    ]


def test_one_line_of_utf8_in_a_file_of_windows_is_garbled_and_the_rest_is_read(
    tmp_path: Path,
) -> None:
    content = (
        "email;prénom\nrene@x.fr;René\nzoe@x.fr;Zoë\n".encode("cp1252")
        + "fran@x.fr;François\n".encode()
    )
    opened = table(tmp_path, content)
    assert opened.table.encoding == "cp1252"
    assert [row.values["first_name"] for row in opened.rows() if isinstance(row, Row)] == [
        "René",
        "Zoë",
    ]
    (garbled,) = rejected(opened)
    assert garbled.line == 4
    assert garbled.kind is not None
    told, kind = in_english(garbled.reason), in_english(garbled.kind)
    assert told.startswith(kind) and told.endswith("it most likely reads: François")
    assert "Fran" not in kind


@pytest.mark.parametrize("text", ["François", "Éloïse", "L’Œuvre €", "À bientôt", "Łódź"])
def test_text_that_was_taken_for_another_encoding_is_recognised_with_what_it_most_likely_said(
    tmp_path: Path, text: str
) -> None:
    garbled = text.encode().decode("cp1252", WITH_LATIN1)
    (row,) = rejected(table(tmp_path, f"email;prénom\na@x.fr;{garbled}\n"))
    assert in_english(row.reason).endswith(f": {text}")


@given(st.text(st.characters(codec="cp1252", exclude_categories=["C"]), max_size=30))
def test_what_was_never_garbled_is_hardly_ever_taken_for_it(text: str) -> None:
    """Only a text can be whose octets, as Windows writes it, are wholly what another encoding has
    for letters.
    """
    right = ungarbled(text)
    octets = text.encode("cp1252")
    assert not right or any(
        right.encode(codec, "replace") == octets
        for codec in ("utf-8", "mac-roman", "cp850", "iso8859-15")
    )


@pytest.mark.parametrize(
    ("octets", "right"),
    [
        ("Zoé Gaëtan".encode("mac-roman"), "Zoé Gaëtan"),
        ("Zoé Gaëtan".encode("cp850"), "Zoé Gaëtan"),
        ("Cœur".encode("iso8859-15"), "Cœur"),
        ("Zoé".encode().decode("cp1252").encode().decode("cp1252").encode(), "Zoé"),
        (b"Fran&ccedil;ois", "François"),
        (b"L&#039;Ha&yuml;", "L'Haÿ"),
    ],
)
def test_accents_of_other_machines_are_recognised_and_said(
    tmp_path: Path, octets: bytes, right: str
) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"email,first_name\na@x.fr," + octets + b"\n")
    (row,) = open_table(path, ("first_name",)).rows()
    assert isinstance(row, Rejected) and in_english(row.reason).endswith(
        f"it most likely reads: {right}"
    )


def test_a_letter_that_another_program_could_not_read_is_said(tmp_path: Path) -> None:
    (row,) = rejected(table(tmp_path, "email;prénom\na@x.fr;Fran\ufffdois\n"))
    assert row.reason == Reason(RowFault.GARBLED, field="first_name")


@pytest.mark.parametrize(
    ("headings", "cells", "place"),
    [
        ("Prénom,E-mail 1 - Libellé,E-mail 1 - Valeur", "A,* Domicile,a@x.fr", 2),
        ("Vorname,E-Mail 1 – Label,E-Mail 1 – Wert", "A,* Privat,a@x.fr", 2),
        ("Prénom,Adresse de courrier,Adresse de messagerie 2", "A,a@x.fr,", 1),
        ("Prénom,Adresse e-mail (domicile),Adresse e-mail (travail)", "A,,a@x.fr", 2),
        ("Numéro,Email payeur", "1,a@x.fr", 1),
        ("Subscriber,Sent", "a@x.fr,3", 0),
        ("Email payeur,Address", "a@x.fr,", 0),
        ("E-mail 1 - Valeur,Contact", "a@x.fr,Eva", 0),
    ],
)
def test_the_only_column_that_speaks_of_mail_and_holds_addresses_is_theirs(
    tmp_path: Path, headings: str, cells: str, place: int
) -> None:
    assert table(tmp_path, f"{headings}\n{cells}\n").table.columns["email"] == place


@pytest.mark.parametrize(
    ("text", "option"),
    [
        (
            "Qui,Autre\na@x.fr,1\n",
            (
                "they stand in 1 'Qui': say which it is with --map NUMBER=email, most likely --map"
                " 1=email"
            ),
        ),
        (
            "Nom,Email payeur,Email invité\nA,a@x.fr,b@x.fr\n",
            "they stand in 2 'Email payeur', 3 'Email invité': say which",
        ),
    ],
)
def test_what_else_holds_addresses_is_named_with_what_to_type(
    tmp_path: Path, text: str, option: str
) -> None:
    with pytest.raises(TableRefused) as refusal:
        table(tmp_path, text)
    assert option in in_english(refusal.value.reason)


@pytest.mark.parametrize(
    ("before", "passed_over"),
    [
        ("Liste des adhérents au 01/01/2024,,\n,,\n", 1),
        ('Notes:\n"When exporting, some addresses may be missing."\n\n', 2),
        ("Titre,,\n,,\nMis à jour par,Eva,\n", 2),
        ("", 0),
    ],
)
def test_the_title_of_a_sheet_is_passed_over_and_counted(
    tmp_path: Path, before: str, passed_over: int
) -> None:
    opened = table(tmp_path, f"{before}Email,Prénom,Nom\na@x.fr,A,B\n")
    assert opened.table.passed_over == passed_over
    (row,) = opened.rows()
    assert isinstance(row, Row) and row.values == {
        "email": "a@x.fr",
        "first_name": "A",
        "last_name": "B",
    }


def test_people_before_a_row_that_looks_like_headings_are_people(tmp_path: Path) -> None:
    opened = table(tmp_path, "a@x.fr,A\nEmail,Prénom\n")
    assert opened.table.header is None and opened.table.passed_over == 0


def test_the_address_of_one_adviser_in_each_row_is_nobodys_own(tmp_path: Path) -> None:
    with telling(TableRefused, "no column is known"):
        table(tmp_path, "Nom,Mail du conseiller\nA,c@x.fr\nB,c@x.fr\nC,c@x.fr\n")


@pytest.mark.parametrize("text", ["CAFÉ»", "Âge", "Åsa", "Ã", "FORÊT – ÉTÉ", "â€"])
def test_accents_that_people_write_are_left_alone(text: str) -> None:
    assert ungarbled(text) == ""


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (
            "Titre,Prénom,Nom,Société,Adresse de messagerie,Type de messagerie",
            {"first_name": 1, "last_name": 2, "email": 4},
        ),
        (
            "First Name,Last Name,E-mail Address,E-mail Type,E-mail 2 Address",
            {"first_name": 0, "last_name": 1, "email": 2},
        ),
        (
            "Vorname,Nachname,E-Mail-Adresse,E-Mail 2: Adresse",
            {"first_name": 0, "last_name": 1, "email": 2},
        ),
        (
            "First Name,Last Name,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value",
            {"first_name": 0, "last_name": 1, "email": 3},
        ),
        (
            "First Name,Last Name,Display Name,Primary Email,Secondary Email",
            {"first_name": 0, "last_name": 1, "email": 3},
        ),
        (
            "Prénom,Nom de famille,Première adresse électronique",
            {"first_name": 0, "last_name": 1, "email": 2},
        ),
        ("Nombre,Apellidos,Correo electrónico", {"first_name": 0, "last_name": 1, "email": 2}),
        ("Voornaam,Achternaam,E-mailadres", {"first_name": 0, "last_name": 1, "email": 2}),
        ("CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS", {"email": 1, "first_name": 2, "last_name": 3}),
        ("Email Address,FNAME,LNAME", {"email": 0, "first_name": 1, "last_name": 2}),
    ],
)
def test_the_headings_of_address_books_and_other_programs_are_found(
    tmp_path: Path, headings: str, columns: dict[str, int]
) -> None:
    cells = [""] * (headings.count(",") + 1)
    cells[columns["email"]] = "a@x.fr"
    assert table(tmp_path, f"{headings}\n{','.join(cells)}\n").table.columns == columns
