"""What a witness is asked and what it answers are read and written to the letter (C2SP
tlog-witness).
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof import verify
from engine.proof.checkpoint import Checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import parse_note, verified
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.tlog_witness import (
    SIZE_TYPE,
    Cosigned,
    KnownSize,
    add_checkpoint,
    parse_witness,
    read_answer,
)
from tests.proof.witness import WitnessServer, cosignature

ORIGIN, TIME = "lettres.example/relance/0123456789abcdef", 1_790_000_000
TEXT = str(Checkpoint(ORIGIN, 42, bytes(range(32))))
NOTE = NoteSigner(ORIGIN, b"k" * 32).sign(TEXT)
WITNESS = WitnessServer({})
KEY = read_vkey(WITNESS.vkey)
LINE = cosignature(WITNESS.name, WITNESS.seed, TIME, TEXT)
STRANGER = cosignature("other.example/w", bytes(32), TIME, TEXT)


def test_it_is_asked_with_the_size_it_knows_the_proof_and_the_checkpoint() -> None:
    hashes = [bytes(32), bytes(range(32))]
    lines = add_checkpoint(7, hashes, NOTE).decode().split("\n")
    assert lines[0] == "old 7" and lines[3] == "" and lines[4:] == NOTE.decode().split("\n")
    read = verify.parse_consistency(add_checkpoint(7, hashes, NOTE))
    assert (read.size, list(read.path)) == (7, hashes)
    assert add_checkpoint(0, [], NOTE) == b"old 0\n\n" + NOTE


@pytest.mark.parametrize("body", [LINE, STRANGER + LINE, LINE + STRANGER, LINE + LINE])
def test_its_own_line_is_taken_and_holds_below_the_checkpoint(body: str) -> None:
    cosigned = read_answer(200, "text/plain", body.encode(), NOTE, KEY)
    assert cosigned == Cosigned(LINE, TIME * 1000)
    assert verified(parse_note(NOTE + LINE.encode()), [KEY]) == (KEY,)


@pytest.mark.parametrize(
    ("status", "kind", "body", "why"),
    [
        (200, "text/plain", STRANGER, "without a signature"),
        (200, "text/plain", "", "is no signature lines"),
        (200, "text/plain", f"{TEXT}\n{LINE}", "without a signature"),
        (200, "text/plain", LINE.removesuffix("\n"), "is no signature lines"),
        (200, "text/plain", LINE + cosignature(WITNESS.name, WITNESS.seed, 7, "x\n"), "is not one"),
        (409, "text/plain", "42\n", "answered 409"),
        (409, SIZE_TYPE, "042\n", "not a whole number"),
        (409, SIZE_TYPE, "42\n\n", "not a whole number"),
        (409, SIZE_TYPE, "\u0664\n", "not ASCII"),
        (400, SIZE_TYPE, "42\n", "answered 400"),
    ],
)
def test_whatever_else_it_answers_is_refused_with_its_reason(
    status: int, kind: str, body: str, why: str
) -> None:
    with pytest.raises(ProofRefused, match=why):
        read_answer(status, kind, body.encode(), NOTE, KEY)


def test_the_size_it_knows_is_read() -> None:
    assert read_answer(409, SIZE_TYPE, b"42\n", NOTE, KEY) == KnownSize(42)


@given(
    st.sampled_from([200, 409]),
    st.binary(max_size=200)
    | st.lists(st.sampled_from([LINE, STRANGER, "\n", "— ", TEXT, "42"]))
    .map("".join)
    .map(str.encode),
)
def test_no_answer_breaks_the_reader(status: int, body: bytes) -> None:
    with suppress(ProofRefused):
        read_answer(status, SIZE_TYPE, body, NOTE, KEY)


@given(st.text(max_size=60) | st.sampled_from([WITNESS.vkey, f"x {WITNESS.vkey}", "a b"]))
def test_no_text_breaks_the_reader_of_config(text: str) -> None:
    with suppress(ProofRefused):
        witness = parse_witness(text)
        assert parse_witness(f"{witness.url}/ {witness.vkey}") == witness
