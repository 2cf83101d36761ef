"""How code is written: short files, names that mean something, no swallowed error, no Any, no SQL
among Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.shape.source import Finding, Source

LONGEST = 500
# Files that must be longer, each with its reason.
LONGER = {
    "engine/proof/verify.py": (
        4300,
        "an auditor holds it in hand as one file that needs no other; a fifth are its sentences",
    ),
}
WRITTEN = (".py", ".sql", ".html", ".css", ".js")
EMPTY_NAME = re.compile(r"(manager|helper|service|util)s?$", re.IGNORECASE)
ANY_ALLOWED = ("engine/ledger/codec.py", "engine/store/")

# Files whose statements cannot stand in a .sql file, each with its reason.
SQL_ALLOWED = {
    "engine/store/database.py": (
        "names of databases, roles and channels are identifiers, which no parameter can carry"
    ),
}

_STATEMENT = r"""
    select\s+\S.*\bfrom\b | insert\s+into\b | update\s+\S+\s+set\b
  | delete\s+from\b | merge\s+into\b
  | (create|alter|drop)\s+(or\s+replace\s+|unique\s+|unlogged\s+|temp(orary)?\s+)*
    (table|index|view|materialized|role|user|database|schema|function|procedure|trigger|type
    |sequence|extension|system)\b
  | with\s+(recursive\s+)?\w+\s+as\s+(not\s+materialized\s+|materialized\s+)?\(
  | truncate\s+(table\s+)?\w+\s*$ | copy\s.*\b(from\s+stdin|to\s+stdout)\b
  | (grant|revoke)\s.*\bon\b.*\b(to|from)\b | lock\s+table\b
"""
# English begins a sentence with one capital; SQL is written in all or in none.
_LOWER = re.compile(rf"\s*({_STATEMENT})", re.VERBOSE | re.DOTALL)
_LOUD = r"(select|copy|grant|revoke|set|listen|notify|explain)\s"
_UPPER = re.compile(rf"\s*({_LOUD}|{_STATEMENT})", re.VERBOSE | re.DOTALL | re.IGNORECASE)


def files_are_short(source: Source) -> Iterator[Finding]:
    lines = source.text.count("\n")
    most, _ = LONGER.get(source.path, (LONGEST, ""))
    if source.path.endswith(WRITTEN) and lines > most:
        yield source.finding(lines, f"{lines} lines, more than {most}: two things in one file?")


def names_say_what_a_thing_is(source: Source) -> Iterator[Finding]:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if EMPTY_NAME.search(part):
            yield source.finding(1, f"{part!r} says nothing about what is in it")
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and EMPTY_NAME.search(node.name):
            yield source.finding(node.lineno, f"{node.name} says nothing about what it is")


def no_error_is_swallowed(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield source.finding(node.lineno, "a bare except catches what it cannot know")
            elif _is_broad(node.type) and all(_does_nothing(step) for step in node.body):
                yield source.finding(
                    node.lineno, "every error is swallowed: name those that are meant"
                )
        elif (
            isinstance(node, ast.Call)
            and _name(node.func) == "suppress"
            and any(map(_is_broad, node.args))
        ):
            yield source.finding(node.lineno, "every error is swallowed: name those that are meant")


def _is_broad(caught: ast.expr) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return _name(caught) in {"Exception", "BaseException"}


def _does_nothing(step: ast.stmt) -> bool:
    said = step.value if isinstance(step, ast.Expr) else step
    return isinstance(said, ast.Pass | ast.Continue | ast.Constant)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def types_are_known(source: Source) -> Iterator[Finding]:
    if source.inside(ANY_ALLOWED):
        return
    for node in source.nodes:
        if isinstance(node, ast.Name | ast.Attribute) and _name(node) == "Any":
            yield source.finding(
                node.lineno, "Any switches the types off: say what it is, or object"
            )
    for line, name in source.imports:
        if name == "typing.Any":
            yield source.finding(line, "Any switches the types off: say what it is, or object")


def statements_stand_in_sql_files(source: Source) -> Iterator[Finding]:
    if source.path not in SQL_ALLOWED:
        yield from statements_in(source)


def statements_in(source: Source) -> Iterator[Finding]:
    prose = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            first = re.match(r"\s*(\w*)", node.value)
            shouted = first is not None and first[1].isupper()
            if (_UPPER if shouted else _LOWER).match(node.value):
                yield source.finding(
                    node.lineno, "a statement belongs in a .sql file, under a name"
                )


AGENDA_KEYS = "engine/subscriber/agenda_key.py"
_KEY_PREFIX = re.compile(r"(list|ask|broadcast|flight|right|withheld):(?!\s)")
_CUT = re.compile(r"\bkey\.r?(partition|split)\(['\"][:/]['\"]\)")


def agenda_keys_are_read_in_one_place(source: Source) -> Iterator[Finding]:
    """No other module writes the prefix of an agenda key, or cuts what is called a key; but for the
    verifier, which imports nothing.
    """
    if source.path in (AGENDA_KEYS, "engine/proof/verify.py"):
        return
    prose = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _KEY_PREFIX.match(node.value) and id(node) not in prose:
                yield source.finding(node.lineno, f"{node.value!r}: encode an AgendaKey")
        elif isinstance(node, ast.Call) and _CUT.search(ast.unparse(node)):
            yield source.finding(node.lineno, "decode the AgendaKey instead of cutting it")


POSITIONAL_AT_MOST = 4
# Every fact is folded there and every click and call decided: names cost an eighth of a fold.
POSITIONAL_ALLOWED = (
    "engine/subscriber/answering.py",
    "engine/subscriber/batch_memo.py",
    "engine/subscriber/consenting.py",
    "engine/subscriber/evolve.py",
    "engine/subscriber/letters.py",
    "engine/subscriber/person.py",
)


def many_values_are_named(source: Source) -> Iterator[Finding]:
    """In the core, whatever is made of more than four values says which is which."""
    if not source.path.startswith("engine/subscriber/") or source.inside(POSITIONAL_ALLOWED):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and _name(node.func)[:1].isupper():
            positional = sum(2 if isinstance(arg, ast.Starred) else 1 for arg in node.args)
            if positional > POSITIONAL_AT_MOST:
                yield source.finding(node.lineno, f"{_name(node.func)}: name its values")
