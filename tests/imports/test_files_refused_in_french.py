"""Whatever the pure readers of files say against a file or a row, a French installation says in
French.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from engine.i18n.language import translator
from engine.i18n.refused import in_words
from engine.imports import columns, encoding, layout, records, rows, table
from engine.imports import rejects_file as rejects
from engine.intake import address, contested

READERS = (address, columns, contested, encoding, layout, records, rejects, rows, table)
SAYS = {"TableRefused", "AddressRefused", "ContestedRefused", "ValueError", "Rejected", "Broken"}
DEFECTS = {"a pepper is never empty and a tenant never holds a NUL"}


def sentences(module: ModuleType) -> Iterator[str]:
    """Each with a sign in place of its values; a constant of the module stands as it is."""
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
            for said in (each for argument in node.args for each in _strings(argument)):
                words = "".join(
                    _part(module, part)
                    for part in (said.values if isinstance(said, ast.JoinedStr) else [said])
                )
                if len(words.split()) > 2 and words not in DEFECTS:
                    yield words


def _strings(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """The outermost ones: what stands within an f-string is part of it."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def _part(module: ModuleType, part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    named = (
        part.value.id
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name)
        else ""
    )
    found = getattr(module, named, None) if named.isupper() else None
    return str(found) if isinstance(found, str) else "X"


EVERY = sorted({said for module in READERS for said in sentences(module)})


def test_the_readers_are_read() -> None:
    assert len(EVERY) > 40


@pytest.mark.parametrize("said", EVERY)
def test_what_a_reader_says_is_said_in_french(said: str) -> None:
    assert in_words(said, translator("fr")) != said
    assert in_words(said, translator("en")) == said


def test_what_a_file_is_and_why_it_cannot_be_read_is_translated_within_the_sentence() -> None:
    french = translator("fr")
    found = in_words(
        "amis.csv is a PDF: open it in the program it comes from and save it as CSV (UTF-8)", french
    )
    assert found.startswith("amis.csv est un PDF : ouvrez-le")
    assert (
        in_words("amis.csv cannot be read: on line 2, a quote is opened and not closed", french)
        == "amis.csv ne peut pas être lu : à la ligne 2, un guillemet est ouvert et n’est pas fermé"
    )
    assert in_words(
        "1 'a', 2 'b' all look like email: say which with --map NUMBER=email", french
    ).endswith("--map NUMÉRO=email")


def test_what_the_embedded_postgresql_says_of_its_progress_is_said_in_french() -> None:
    say = translator("fr")
    assert (
        in_words("Creating a new PostgreSQL in /srv/relance/data/postgres", say)
        == "Création d’un PostgreSQL neuf dans /srv/relance/data/postgres"
    )
    assert (
        in_words("PostgreSQL is stopping (12 s so far)", say)
        == "PostgreSQL s’arrête (12 s jusqu’ici)"
    )
