"""Each code of a closed set has its words, in English and in French, and whoever gives it as a
reason gives what they need.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from engine.i18n.in_words import in_words
from engine.i18n.language import translator
from engine.i18n.refusals import REFUSALS, UNCHANGED
from engine.subscriber.outcome import Refusal, Unchanged
from engine.web.wording import FOR_READERS
from engine.words import Reason, Value, Words

ROOT = Path(__file__).parent.parent.parent
SENTENCES = Path(__file__).with_name("sentences.txt")
Table = dict[StrEnum, str]
Code = TypeVar("Code", bound=StrEnum)


def table(messages: Mapping[Code, str]) -> Table:
    return dict(messages.items())


TABLES: dict[type[StrEnum], Table] = {Refusal: table(REFUSALS), Unchanged: table(UNCHANGED)}
OTHER_EDGES: list[tuple[type[StrEnum], Table]] = [(Refusal, table(FOR_READERS))]
PLACE = re.compile(r"\{(\w+)(?::,)?\}")
VALUES: dict[str, Value] = {
    "group": "clients",
    "list": 1234,
    "other": "prospects",
    "purpose": "conseils",
    "right": "oblivion",
    "time": "30 days",
    "why": Words("bounced"),
}


def sentences() -> str:
    """The golden text: a code, its words in English and its words in French, for each."""
    english, french = translator("en"), translator("fr")
    lines = []
    for codes, messages in TABLES.items():
        for code in codes:
            names = PLACE.findall(messages[code])
            reason = Reason(code, **{name: VALUES[name] for name in names})
            told = (f"{codes.__name__}.{code.name}", in_words(reason, english))
            lines.append("\n  ".join((*told, in_words(reason, french))))
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


def given() -> Iterator[tuple[str, StrEnum, set[str]]]:
    """Where a code is given as a reason, and the names of the values given with it."""
    sets = {codes.__name__: codes for codes in TABLES}
    for file in sorted((ROOT / "engine").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            match call.args[0]:
                case ast.Attribute(value=ast.Name(id=name), attr=code) if name in sets:
                    values = {each.arg for each in call.keywords if each.arg}
                    yield f"{file.name}:{call.lineno}", sets[name][code], values


def test_whoever_gives_a_reason_gives_what_its_words_need() -> None:
    found = list(given())
    assert {(type(code), code) for _, code, _ in found} == {
        (codes, code) for codes in TABLES for code in codes
    }, "a code nobody gives"
    for place, code, values in found:
        assert values == set(PLACE.findall(TABLES[type(code)][code])), (place, code)
