"""Nothing that somebody can type, write, read or call is missing on the pages of docs/, and they
have nothing that is not there.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from engine.api.openapi import OPERATIONS
from engine.cli.parser import parser
from engine.config import config_of
from engine.ledger.codec import decode
from engine.ledger.names import NAMES
from engine.sequence.parse import parse
from engine.sequence.table import Table
from tests.docs.pages import QUOTED, ROOT, page, rows, section

# Commands.


def commands(of: argparse.ArgumentParser, typed: str = "") -> Iterator[tuple[str, set[str]]]:
    """What can be typed, word by word, with the options it takes."""
    parts = [part for part in of._actions if isinstance(part, argparse._SubParsersAction)]
    for part in parts:
        for word, inner in part.choices.items():
            yield from commands(inner, f"{typed} {word}".strip())
    if not parts or (typed and not all(part.required for part in parts)):
        options = {
            max(action.option_strings, key=len) for action in of._actions if action.option_strings
        }
        yield typed, options - {"--help"}


THERE = dict(commands(parser()))
DOCUMENTED = {
    " ".join(word for word in QUOTED.findall(cells[0])[0].split() if not word.isupper()): {
        option for option in QUOTED.findall(cells[2]) if option.startswith("-")
    }
    for cells in rows(page("docs/commands.md"))
    if QUOTED.match(cells[0])
}


@pytest.mark.parametrize("command", THERE)
def test_each_command_has_its_row_with_its_options(command: str) -> None:
    assert DOCUMENTED[command] == THERE[command]


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(DOCUMENTED) == set(THERE)


# Keys.


def sample_configuration() -> Iterator[str]:
    """Line by line, with what stands there as an example alone: "#key = value"."""
    for line in page("config.toml").splitlines():
        yield line if line.startswith("# ") else line.removeprefix("#")


@pytest.fixture(scope="module")
def keys() -> Mapping[str, set[str]]:
    """Each table of the sample's files, by file and kind (`list[].letter[]`), with the keys that
    its reader knows.
    """
    known: dict[str, set[str]] = defaultdict(set)
    finish = Table.finish

    def noting(table: Table) -> None:
        kind = re.sub(r"\[\d+\]", "[]", table.path)
        known[f"{'config' if table.file == 'config.toml' else 'author'}:{kind}"] |= table.known
        finish(table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "finish", noting)
        settings = config_of(ROOT, "\n".join(sample_configuration())).settings
        folder = ROOT / "sequences"
        parse(
            {
                file.relative_to(folder).as_posix(): file.read_text("utf-8")
                for file in folder.rglob("*")
                if file.suffix in {".toml", ".md", ".html"}
            },
            settings,
        )
    return known


def test_each_key_of_the_configuration_is_in_the_sample(keys: Mapping[str, set[str]]) -> None:
    written: dict[str, set[str]] = defaultdict(set)
    kind = ""
    for line in sample_configuration():
        if header := re.fullmatch(r"\[\[?([\w.]+)\]\]?", line):
            kind = header[1] + ("[]" if line.startswith("[[") else "")
            written[""].add(header[1].partition(".")[0])
            written[header[1].rpartition(".")[0]].add(header[1].rpartition(".")[2])
        elif key := re.match(r"(\w+) = ", line):
            written[kind].add(key[1])
    # What a field may say stands in docs/author.md; its table has the name of the field.
    tables = {
        kind
        for kind in keys
        if kind.startswith("config:") and not kind.startswith("config:fields.")
    }
    assert len(tables) > 10
    for name in tables:
        assert keys[name] - written[name.removeprefix("config:")] == set(), name


def test_each_key_of_a_dialogue_is_on_the_page_for_authors(keys: Mapping[str, set[str]]) -> None:
    text = page("docs/author.md")
    tables = {kind for kind in keys if kind.startswith("author:")}
    assert {"author:list[].letter[]", "author:form[].field[]", "author:broadcast[]"} <= tables
    for name in tables:
        for key in keys[name]:
            spellings = rf"`{key}[` ]|(?<!\w){key} +=|\[\[?[\w.]*\b{key}\]"
            assert re.search(spellings, text), f"{name} {key}"


# Events.


EVENTS = {
    QUOTED.findall(cells[0])[0]: QUOTED.findall(cells[2])
    for cells in rows(page("docs/format.md"))
    if len(cells) == 3 and QUOTED.match(cells[0])
}


@pytest.mark.parametrize("name", NAMES)
def test_each_event_is_documented_with_its_fields(name: str) -> None:
    fields = [field.name for field in dataclasses.fields(NAMES[name])]
    assert ["at", *EVENTS[name]] == fields


def test_no_event_is_documented_that_is_not_there() -> None:
    assert set(EVENTS) == set(NAMES)


def test_the_members_of_an_entry_are_those_of_the_page() -> None:
    """And the entry on the page is one: a sample, byte for byte."""
    text = section(page("docs/format.md"), "An entry")
    members = [name for cells in rows(text) if len(cells) == 2 for name in QUOTED.findall(cells[0])]
    example = text.partition("```json\n")[2].partition("\n```")[0].encode()
    stored = (ROOT / "tests/ledger/samples/consent-given.v1.json").read_bytes()
    assert sorted(members) == sorted(msgspec.json.decode(stored))
    assert example == stored and decode(1, stored).name == "consent-given"


# Addresses.


def routes() -> Iterator[str]:
    """The path of each route that is declared word for word in the rooms of pages and API, or in
    the table of calls.
    """
    yield from (f"/api/v1/{operation.path}" for operation in OPERATIONS)
    for file in sorted((ROOT / "engine").rglob("*.py")):
        source = file.read_text("utf-8")
        # The built-in mailbox is a site of its own, on loopback.
        if "fastapi" not in source or file.name == "letterbox.py":
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id="routes" | "app"),
                        attr="get" | "post" | "put" | "delete" | "api_route",
                    ),
                    args=[ast.Constant(value=str(path)), *_],
                ):
                    yield path.replace(":path}", "}")


def test_each_address_is_on_the_page_of_the_api() -> None:
    documented = {
        re.sub("^[A-Z]+ ", "", word)
        for cells in rows(page("docs/api.md"))
        for word in QUOTED.findall(cells[0])
    }
    declared = Counter(routes())
    assert len(declared) > 15
    assert set(declared) - documented == set()
