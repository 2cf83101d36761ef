"""Which column holds what, and which character stands between columns; nothing is chosen where two
answers fit.

A mapping given by a person always wins; then a heading that is the name of a wanted field, then one
that is its label, then the headings people commonly use in French and English. Accents, case,
spaces and punctuation of a heading mean nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from engine.imports.refusals import TableFault, TableRefused
from engine.intake.address import AddressRefused, normalise

EMAIL = "email"
DELIMITERS = (",", ";", "\t", "|")

# As exports of other programs, and address books in French, English, German, Spanish, Italian and
# Dutch, call them.
_COMMON = {
    EMAIL: (
        "email, e-mail, mail, courriel, adresse email, adresse mail, adresse courriel, adresse"
        " électronique, email address, mail address, adresse e-mail, adresse de messagerie, adresse"
        " de courriel, adresse électronique principale, première adresse électronique, e-mail 1 -"
        " value, email 1, e-mail 1, primary email, primary e-mail, primary email address, email"
        " (home), subscriber email, contact email, user email, billing email, customer email,"
        " e-mail-adresse, primäre e-mail-adresse, emailadresse, mailadresse, correo, correo"
        " electrónico, dirección de correo electrónico, dirección de correo, indirizzo email,"
        " indirizzo e-mail, posta elettronica, indirizzo di posta elettronica, e-mailadres,"
        " emailadres, primair e-mailadres"
    ),
    "first_name": (
        "prénom, first name, given name, fname, firstname, subscriber first name, vorname, nombre,"
        " nome, voornaam, billing first name"
    ),
    "last_name": (
        "nom, nom de famille, last name, surname, family name, lname, lastname, nachname, apellido,"
        " apellidos, cognome, achternaam, billing last name"
    ),
    "timezone": (
        "fuseau, fuseau horaire, time zone, timezone, tz, zeitzone, zona horaria, fuso orario,"
        " tijdzone"
    ),
    "language": (
        "langue, language, locale, lang, preferred language, langue préférée, sprache, idioma,"
        " lingua, taal"
    ),
}


def folded(heading: str) -> str:
    """'Adresse e-mail' and 'ADRESSE_EMAIL' are one heading."""
    apart = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(character for character in apart if character.isalnum())


_HEADINGS = {
    folded(heading): field for field, headings in _COMMON.items() for heading in headings.split(",")
}
_OF_MAIL = re.compile("mail|courriel|courrier|messagerie|electroni|elettronic|correo")
# Mostly a street, a person or a yes: they are taken for e-mail only where no other heading is, and
# addresses stand below them.
_PERHAPS_EMAIL = frozenset(
    map(
        folded,
        (
            "adresse",
            "address",
            "subscriber",
            "abonné",
            "abonnée",
            "recipient",
            "destinataire",
            "contact",
            "abonnent",
        ),
    )
)


class Place(str):
    """The number of a column, from 1, as a name of it: whatever the headings are called."""

    __slots__ = ()


def is_address(cell: str) -> bool:
    try:
        normalise(cell)
    except AddressRefused:
        return False
    return True


def choose_delimiter(samples: Mapping[str, Sequence[Sequence[str]]], known: Collection[str]) -> str:
    """The key of `samples` (delimiter -> first rows read with it) whose rows look most like a
    table.

    `known` are folded headings: of wanted fields, and those a person has mapped.
    """
    return max(samples, key=lambda delimiter: _likeness(samples[delimiter], known))


def _likeness(
    rows: Sequence[Sequence[str]], known: Collection[str]
) -> tuple[int, float, float, int]:
    if not rows:
        return 0, 0.0, 0.0, 0
    first = rows[0]
    recognised = sum(folded(cell) in known for cell in first)
    with_address = sum(any("@" in cell and is_address(cell) for cell in row) for row in rows)
    alike = sum(len(row) == len(first) for row in rows)
    return recognised, with_address / len(rows), alike / len(rows), len(first)


def headings_of(
    wanted: Collection[str], labels: Mapping[str, str], usual: Mapping[str, str]
) -> dict[str, str]:
    """Folded heading -> field. `labels` is field -> what it is called; one that two fields have
    stands for neither. `usual` are folded headings that this kind of file has besides.
    """
    known = _HEADINGS | dict(usual)
    fields = {heading: field for heading, field in known.items() if field in wanted}
    called = [(folded(label), field) for field, label in labels.items() if field in wanted]
    alike = Counter(heading for heading, _ in called)
    fields |= {
        heading: field
        for heading, field in called
        if alike[heading] == 1 and heading and fields.get(heading) != EMAIL
    }
    return fields | {folded(field): field for field in wanted}


def known_headings(fields: Mapping[str, str], mapping: Mapping[str, str]) -> set[str]:
    return {*fields, *map(folded, mapping), *_PERHAPS_EMAIL} - {""}


def columns_by_heading(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    wanted: Collection[str],
    mapping: Mapping[str, str],
    fields: Mapping[str, str],
    taken: Collection[int] = (),
) -> dict[str, int]:
    """Field -> column index, from the headings, which `fields` knows; `rows` are the first rows
    below them; columns that are `taken` hold no field.

    Raises TableRefused.
    """
    columns = _mapped(mapping, wanted, header, len(header))
    _check_taken(columns, taken)
    indexes_by_field: dict[str, list[int]] = {}
    for index, heading in enumerate(header):
        field = fields.get(folded(heading))
        if (
            field is not None
            and field not in columns
            and index not in columns.values()
            and index not in taken
        ):
            indexes_by_field.setdefault(field, []).append(index)
    for field, indexes in indexes_by_field.items():
        if len(indexes) > 1:
            raise TableRefused(
                TableFault.SEVERAL_LOOK_ALIKE, columns=places(header, indexes), field=field
            )
        if indexes:
            columns[field] = indexes[0]
    if EMAIL not in columns:
        columns[EMAIL] = _by_what_stands_below(header, rows, {*columns.values(), *taken})
    return columns


def columns_by_content(
    rows: Sequence[Sequence[str]],
    wanted: Collection[str],
    mapping: Mapping[str, str],
    taken: Collection[int] = (),
) -> dict[str, int]:
    """Field -> column index where there are no headings: the column of addresses, and what was
    mapped by number.
    """
    width = max(map(len, rows))
    columns = _mapped(mapping, wanted, None, width)
    _check_taken(columns, taken)
    if EMAIL in columns:
        return columns
    counts = [
        sum(len(row) > index and is_address(row[index]) for row in rows) for index in range(width)
    ]
    likely = [
        index
        for index in range(width)
        if 2 * counts[index] >= max(counts) and index not in columns.values() and index not in taken
    ]
    if len(likely) != 1:
        if not likely:
            raise TableRefused(TableFault.NO_COLUMN_LEFT)
        numbers = ", ".join(str(index + 1) for index in likely)
        raise TableRefused(TableFault.ADDRESSES_IN_SEVERAL_COLUMNS, columns=numbers)
    return columns | {EMAIL: likely[0]}


def _mapped(
    mapping: Mapping[str, str], wanted: Collection[str], header: Sequence[str] | None, width: int
) -> dict[str, int]:
    columns: dict[str, int] = {}
    for name, field in mapping.items():
        if field not in wanted:
            raise TableRefused(
                TableFault.FIELD_UNKNOWN, field=shown(field), known=", ".join(sorted(wanted))
            )
        index = column_of(name, header, width)
        if field in columns:
            raise TableRefused(TableFault.FIELD_MAPPED_TWICE, field=field)
        if index in columns.values():
            raise TableRefused(TableFault.COLUMN_MAPPED_TWICE, number=index + 1)
        columns[field] = index
    return columns


def _check_taken(columns: Mapping[str, int], taken: Collection[int]) -> None:
    for index in columns.values():
        if index in taken:
            raise TableRefused(TableFault.COLUMN_MEANS_TWO_THINGS, number=index + 1)


def column_of(name: str, header: Sequence[str] | None, width: int) -> int:
    """The place, from 0, of the column called `name`, which is a heading or a number from 1. Raises
    TableRefused.
    """
    headings = () if isinstance(name, Place) else header or ()
    same = [
        index for index, heading in enumerate(headings) if folded(heading) == folded(name) != ""
    ]
    if len(same) > 1:
        raise TableRefused(TableFault.HEADINGS_ALIKE, columns=places(header or (), same))
    if same:
        return same[0]
    number = name.strip()
    if number.isascii() and number.isdecimal():
        if len(number) > 6 or not 1 <= int(number) <= width:
            raise TableRefused(TableFault.COLUMN_UNKNOWN, column=shown(number), known=width)
        return int(number) - 1
    if header is None:
        raise TableRefused(TableFault.NO_HEADINGS, column=shown(name))
    raise TableRefused(
        TableFault.COLUMN_UNKNOWN, column=shown(name), known=places(header, range(width))
    )


def is_column(name: str, header: Sequence[str] | None, width: int) -> bool:
    """Whether `column_of` finds it, or finds it twice."""
    try:
        column_of(name, header, width)
    except TableRefused as refusal:
        return refusal.reason.code is TableFault.HEADINGS_ALIKE
    return True


def _by_what_stands_below(
    header: Sequence[str], rows: Sequence[Sequence[str]], taken: Collection[int]
) -> int:
    """The column of addresses where no heading is known to be theirs: the only one that speaks of
    mail and holds some. Raises TableRefused.
    """
    free = [index for index in range(len(header)) if index not in taken]
    holding = [index for index in free if _holds(rows, index)]
    perhaps = [index for index in free if folded(header[index]) in _PERHAPS_EMAIL]
    likely = [
        index for index in holding if index in perhaps or _OF_MAIL.search(folded(header[index]))
    ]
    if not holding and not any(_filled(rows, index) for index in perhaps):
        likely = perhaps
    if len(likely) == 1:
        return likely[0]
    if holding:
        raise TableRefused(
            TableFault.NO_ADDRESS_HEADING,
            columns=places(header, holding),
            option=f"--map {(likely or holding)[0] + 1}={EMAIL}",
        )
    raise TableRefused(TableFault.NO_ADDRESS_COLUMN, columns=places(header, range(len(header))))


def _holds(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether addresses of people stand in a column: most of what is filled, and not one of an
    adviser or owner again and again.
    """
    cells = _filled(rows, index)
    return 2 * sum(map(is_address, cells)) > len(cells) and 2 * len(set(cells)) > len(cells)


def _filled(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index].strip() for row in rows if len(row) > index and row[index].strip()]


def places(header: Sequence[str], indexes: Collection[int]) -> str:
    """Columns as a sentence names them: number from 1 and heading."""
    named = [
        f"{index + 1} {shown(header[index])}" if header[index] else str(index + 1)
        for index in indexes
    ]
    return ", ".join(named[:20]) + (", …" if len(named) > 20 else "")


def shown(text: str) -> str:
    """A heading within a sentence: one line, in quotes, short."""
    visible = "".join(character if character.isprintable() else "?" for character in text.strip())
    return f"'{visible[:40]}…'" if len(visible) > 40 else f"'{visible}'"
