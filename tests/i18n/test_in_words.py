"""Each code of a closed set has its words, in English and in French, and whoever gives it as a
reason gives what they need.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from engine.i18n.in_words import CALLS, REFUSALS, UNCHANGED, in_english, in_words
from engine.i18n.language import translator
from engine.i18n.rejections import (
    ADDRESSES,
    AMOUNTS,
    DATE_KINDS,
    DATES,
    FIELDS,
    FILE_KINDS,
    MAILS,
    ORDERS,
    REQUIREMENTS,
    ROWS,
)
from engine.i18n.rejections import TABLES as TABLE_WORDS
from engine.imports.refusals import DateKind, FileKind, RowFault, TableFault
from engine.intake.address import AddressFault
from engine.intake.amounts import AmountFault
from engine.intake.body_reader import CallFault
from engine.intake.field_reader import FieldFault
from engine.intake.ground_requirements import Requirement
from engine.intake.instants import DateFault
from engine.intake.mail_fault import MailFault
from engine.intake.orders import OrderFault
from engine.subscriber.outcome import Refusal, Unchanged
from engine.web.pages import FOR_READERS
from engine.words import Reason, Value, Words

ROOT = Path(__file__).parent.parent.parent
SENTENCES = Path(__file__).with_name("sentences.txt")
Table = dict[StrEnum, str]
Code = TypeVar("Code", bound=StrEnum)


def table(messages: Mapping[Code, str]) -> Table:
    return dict(messages.items())


TABLES: dict[type[StrEnum], Table] = {
    Refusal: table(REFUSALS),
    Unchanged: table(UNCHANGED),
    AddressFault: table(ADDRESSES),
    AmountFault: table(AMOUNTS),
    CallFault: table(CALLS),
    DateFault: table(DATES),
    FieldFault: table(FIELDS),
    DateKind: table(DATE_KINDS),
    FileKind: table(FILE_KINDS),
    MailFault: table(MAILS),
    OrderFault: table(ORDERS),
    Requirement: table(REQUIREMENTS),
    RowFault: table(ROWS),
    TableFault: table(TABLE_WORDS),
}
# Given as values of a reason, not as reasons.
VALUES_ONLY = {DateKind, FileKind, Requirement}
OTHER_EDGES: list[tuple[type[StrEnum], Table]] = [(Refusal, table(FOR_READERS))]
PLACE = re.compile(r"\{(\w+)(?::,)?\}")
VALUES: dict[str, Value] = {
    "segment": "salon-2026",
    "amount": "1.234",
    "basis": "soft-optin",
    "code": "vidoe",
    "column": "3 'désinscrit'",
    "columns": "1 'a', 2 'b'",
    "currency": "EUR",
    "day": "1990-01-01",
    "decimals": 6,
    "digits": 2,
    "field": "first_name",
    "file": "amis.csv",
    "first": 1800,
    "group": "clients",
    "hint": "",
    "known": "a, b",
    "last": 2199,
    "line": 1234,
    "list": 1234,
    "most": 2_500_000,
    "n": 1234,
    "name": "'désinscrit'",
    "number": 3,
    "product": "LIVRE",
    "one": 2,
    "option": "--map 3=email",
    "options": "--ignore 3",
    "other": 7,
    "purpose": "conseils",
    "reason": "operator",
    "right": "François",
    "sign": "ß",
    "time": "30 days",
    "what": DateKind.COLLECTION,
    "whole": 15,
    "why": Words("bounced"),
}
# What stands in the words of one code alone, and in those of another something else.
OF_ONE: dict[StrEnum, dict[str, Value]] = {
    Refusal.GROUP_YIELDS: {"other": "prospects"},
    Refusal.JOURNAL_UNWRITABLE: {"why": "No space left on device"},
    Refusal.RIGHT_UNKNOWN: {"right": "oblivion"},
    CallFault.REQUIRED_FOR_BASIS: {"why": Requirement.ORDER},
    RowFault.TOO_MANY_CELLS: {"columns": 2},
    TableFault.BROKEN_LINE: {"why": Reason(RowFault.QUOTE_OPEN)},
    TableFault.NOT_A_TABLE: {"what": FileKind.PDF},
    TableFault.REJECTS_UNWRITABLE: {"why": "No space left on device"},
    TableFault.UNREADABLE: {"why": Reason(TableFault.BLANK_LINES_ONLY)},
}


def sentences() -> str:
    """The golden text: each code with its words in English and, unless only callers of the API read
    them, in French.
    """
    lines = []
    for codes, messages in TABLES.items():
        for code in codes:
            values = VALUES | OF_ONE.get(code, {})
            names = PLACE.findall(messages[code])
            reason = Reason(code, **{name: values[name] for name in names})
            lines += [f"{codes.__name__}.{code.name}", f"  {in_english(reason)}"]
            if codes is not CallFault:
                lines.append(f"  {in_words(reason, translator('fr'))}")
    return "\n".join(lines) + "\n"


def test_each_code_is_told_as_it_always_was() -> None:
    assert sentences() == SENTENCES.read_text("utf-8")


@pytest.mark.parametrize(
    ("codes", "messages"),
    [*TABLES.items(), *OTHER_EDGES],
    ids=lambda each: each.__name__ if isinstance(each, type) else "",
)
def test_each_code_has_its_words(codes: type[StrEnum], messages: Table) -> None:
    assert set(messages) == set(codes)
    assert all(messages.values())


@pytest.mark.parametrize("codes", [codes for codes in TABLES if codes is not CallFault])
def test_each_code_is_told_in_french(codes: type[StrEnum]) -> None:
    french = translator("fr")
    for code, message in TABLES[codes].items():
        assert french(message) != message, code


def test_what_a_file_is_and_why_it_cannot_be_read_is_translated_within_the_sentence() -> None:
    french = translator("fr")
    document = Reason(TableFault.NOT_A_TABLE, file="amis.csv", what=FileKind.PDF)
    assert in_words(document, french).startswith("amis.csv est un PDF : ouvrez-le")
    broken = Reason(TableFault.BROKEN_LINE, line=2, why=Reason(RowFault.QUOTE_OPEN))
    assert (
        in_words(Reason(TableFault.UNREADABLE, file="amis.csv", why=broken), french)
        == "amis.csv ne peut pas être lu : à la ligne 2, un guillemet est ouvert et n’est pas fermé"
    )
    alike = Reason(TableFault.SEVERAL_LOOK_ALIKE, columns="1 'a', 2 'b'", field="email")
    assert in_words(alike, french).endswith("--map NUMÉRO=email")


def code_in(node: ast.AST) -> StrEnum | None:
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=code):
            codes = next((each for each in TABLES if each.__name__ == name), None)
            return codes[code] if codes is not None and code in codes.__members__ else None
        case _:
            return None


@dataclass(frozen=True)
class Use:
    """A code as the program's source has it; `values`: the names given with it where it is an
    argument of a call.
    """

    code: StrEnum
    values: frozenset[str] | None


def uses(tree: ast.Module) -> Iterator[Use]:
    for node in ast.walk(tree):
        if (code := code_in(node)) is not None:
            yield Use(code, None)
        if isinstance(node, ast.Call):
            for code in filter(None, map(code_in, node.args)):
                yield Use(code, frozenset(each.arg for each in node.keywords if each.arg))


@pytest.fixture(scope="module")
def in_the_source() -> list[Use]:
    return [
        use
        for file in sorted((ROOT / "engine").rglob("*.py"))
        if file.parent.name != "i18n"
        for use in uses(ast.parse(file.read_text("utf-8")))
    ]


def test_each_code_is_given_somewhere(in_the_source: list[Use]) -> None:
    found = {(type(use.code), use.code) for use in in_the_source}
    everyone = {(codes, code) for codes in TABLES.keys() - {Requirement} for code in codes}
    assert everyone - found == set()


def test_whoever_gives_a_reason_gives_what_its_words_need(in_the_source: list[Use]) -> None:
    found = [(use.code, use.values) for use in in_the_source if use.values is not None]
    assert len(found) > 150
    for code, values in found:
        if type(code) not in VALUES_ONLY:
            assert values == set(PLACE.findall(TABLES[type(code)][code])), code
