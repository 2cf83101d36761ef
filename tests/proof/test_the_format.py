"""docs/format.md: its figures and examples are true, its table of types is the program's."""

from __future__ import annotations

import dataclasses
import hashlib
import re

import pytest

from engine.installation.publishing import MAX_PIECE_BYTES, words
from engine.ledger import codec
from engine.ledger.names import NAMES
from engine.proof import checkpoint, tree, verify
from engine.proof.signing import read_vkey
from engine.subscriber.events import Cause
from engine.vault import evidence
from tests.docs.pages import QUOTED, page, rows, section

PAGE = page("docs/format.md")
TYPES = {"str": "text", "int": "number", "bool": "true or false"}
DEFAULTS: dict[str, object] = {"empty": "", "true": True, "false": False}


def digest_after(words_before: str) -> str:
    """The first digest behind some words of the page."""
    match = re.search(r"`([0-9a-f]{64})`", PAGE.partition(words_before)[2])
    assert match
    return match[1]


def blocks(fence: str) -> list[str]:
    fenced = [block.partition("\n") for block in PAGE.split("```")[1::2]]
    return [text for name, _, text in fenced if name == fence]


def test_the_entry_on_the_page_has_the_bytes_and_the_leaf_hash_that_it_says() -> None:
    [block] = blocks("json")
    octets = block.removesuffix("\n").encode()
    entry = codec.decode(1, octets)
    again = codec.Encoded(entry.stream, entry.event, entry.cause, entry.recorded_at)
    assert again.at_version(entry.version) == octets
    assert tree.leaf_hash(octets).hex() == digest_after("Its leaf hash")


def test_what_is_escaped_in_an_entry_is_what_the_page_says() -> None:
    text = '"\\/\b\t\n\f\r\x00\x1f\x7fé\u2028'
    assert codec.canonical(text).decode() == (r'"\"\\/\b\t\n\f\r\u0000\u001f' + '\x7fé\u2028"')
    assert f"{codec.MAX_ENTRY:,}" in PAGE and codec.MAX_INTEGER == 2**53 - 1


def test_the_digests_on_the_page_are_those_of_what_it_names() -> None:
    name, description = re.findall(
        r"A purpose with the name `(.+)` and the description `(.+)` has", PAGE
    )[0]
    purpose = hashlib.sha256(f"{name}\n{description}".encode()).hexdigest()
    assert digest_after("and the description") == purpose
    payload, salt = re.findall(r"The evidence `(.+)` has, under the salt `([0-9a-f]{64})`", PAGE)[0]
    committed = evidence.committed(bytes.fromhex(salt), payload.encode()).hex()
    assert digest_after("the commitment\n") == committed
    first, second = (tree.leaf_hash(entry) for entry in (b'{"at":1}', b'{"at":2}'))
    assert digest_after("which are no entries") == tree.node_hash(first, second).hex()


def test_the_checkpoint_on_the_page_is_signed_by_the_key_beside_it() -> None:
    note = next(block for block in blocks("") if "— " in block)
    vkey = re.search(r"`(\S+\+[0-9a-f]{8}\+\S+)`", PAGE)
    assert vkey
    assert checkpoint.open_checkpoint(note.encode(), [read_vkey(vkey[1])]).size == 7


def test_a_long_text_is_cut_as_the_page_says() -> None:
    text = "é" * MAX_PIECE_BYTES
    pieces = words(0, text, {})
    assert f"{MAX_PIECE_BYTES:,} bytes" in PAGE
    assert [(piece.part, piece.parts) for piece in pieces] == [(0, 2), (1, 2)]
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in words(0, "", {})] == [""]


ROWS = [cells for cells in rows(section(PAGE, "An entry")) if len(cells) == 3]
TABLE: dict[str, tuple[str, object]] = {}
for kind, names, default in ROWS:
    known = default.strip("`")
    for name in QUOTED.findall(names):
        number = int(known) if known.lstrip("-").isdigit() else known
        TABLE.setdefault(name, (kind, DEFAULTS.get(known, number)))


@pytest.mark.parametrize("name", [*NAMES, "cause"])
def test_each_field_has_the_type_and_the_default_of_the_page(name: str) -> None:
    """Those before the semicolon have no default: they always stand there."""
    row = next((cells for cells in rows(PAGE) if len(cells) == 3 and cells[0] == f"`{name}`"), None)
    always = set(QUOTED.findall(row[2].partition(";")[0])) if row else {"door"}
    for field in dataclasses.fields(NAMES.get(name, Cause)):
        if field.name == "at":
            continue
        kind, default = TABLE.get(field.name, ("text", ""))
        if field.name.endswith("_at"):
            kind, default = "number", 0
        if (name, field.name) in {("mail-complained", "source")}:
            kind, default = "text", ""
        if field.name == "why":
            default = "asked" if name == "move-undone" else ""
        assert TYPES.get(str(field.type), "list") == kind, field.name
        if field.name in always:
            assert field.default is dataclasses.MISSING, field.name
        else:
            assert field.default == (() if kind == "list" else default), field.name
            assert type(field.default) is type(() if kind == "list" else default), field.name


def test_verify_py_knows_every_event() -> None:
    assert set(NAMES) <= verify.OF_PEOPLE | verify.OF_INSTALLATION
