"""A checkpoint says whose tree, how large and which root, in three lines; what a log adds to them
is kept and not understood (F02, F05).
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.checkpoint import (
    Checkpoint,
    check_statement,
    open_checkpoint,
    parse_checkpoint,
    read_checkpoint,
)
from engine.proof.errors import ProofRefused
from engine.proof.note import format_note, parse_note, to_base64
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.tlog_proof import TlogProof, parse_proof, verify_entry
from engine.proof.tree import EMPTY_ROOT, leaf_hash
from tests.proof.vectors import PROOF, PROOF_ENTRY, PROOF_LEAF, PROOF_VKEY

ROOT = bytes(range(32))
GOOD = f"relance.example/relance/0123456789abcdef\n42\n{to_base64(ROOT)}\n"
SIGNER = NoteSigner("relance.example/relance/0123456789abcdef", b"k" * 32)
KEY = read_vkey(PROOF_VKEY)


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = parse_checkpoint(GOOD)
    assert checkpoint == Checkpoint("relance.example/relance/0123456789abcdef", 42, ROOT)
    assert str(checkpoint) == GOOD


def test_what_a_log_adds_is_unknown_and_signed_with_the_rest() -> None:
    extended = GOOD + "ext one\n+ \u00e9 two\n"
    checkpoint = open_checkpoint(SIGNER.sign(extended), [SIGNER.verifier])
    assert (checkpoint.size, checkpoint.extensions) == (42, ("ext one", "+ \u00e9 two"))
    assert str(checkpoint) == extended
    with pytest.raises(ProofRefused, match="not one over this text"):
        altered = SIGNER.sign(extended).replace(b"two", b"2")
        open_checkpoint(altered, [SIGNER.verifier])


def test_a_signed_one_is_believed_by_the_key_of_its_name() -> None:
    assert open_checkpoint(SIGNER.sign(GOOD), [SIGNER.verifier]).size == 42
    assert read_checkpoint(SIGNER.sign(GOOD)).size == 42


def test_a_known_key_of_another_name_does_not_speak_for_it() -> None:
    other = NoteSigner("other.example/log", b"o" * 32)
    with pytest.raises(ProofRefused, match="not signed by a key of that name"):
        open_checkpoint(other.sign(GOOD), [other.verifier, SIGNER.verifier])


def test_the_empty_tree_has_its_own_root() -> None:
    assert parse_checkpoint(f"a\n0\n{to_base64(EMPTY_ROOT)}\n").root == EMPTY_ROOT
    with pytest.raises(ProofRefused, match="empty tree"):
        parse_checkpoint(f"a\n0\n{to_base64(ROOT)}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        GOOD[:-1],
        GOOD + "\n",
        GOOD + "\nan extension line\n",
        GOOD + "an extension line\n\n",
        GOOD + "an extension line",
        GOOD.replace("relance.example", ""),
        "a b" + GOOD[7:],
        "a+b" + GOOD[7:],
        "a\u00a0b" + GOOD[7:],
        GOOD.replace("42", "042"),
        GOOD.replace("42", "-42"),
        GOOD.replace("42", "+42"),
        GOOD.replace("42", "4_2"),
        GOOD.replace("42", "٤٢"),
        GOOD.replace("42", "²"),
        GOOD.replace("42", ""),
        GOOD.replace("42", " 42"),
        GOOD.replace("42", "9" * 5000),
        GOOD.replace("42", str(2**63)),
        GOOD.replace("AAEC", "AAE"),
        GOOD.replace("AAEC", "AAEC AAEC"),
        GOOD.replace("AAEC", "AAECAAEC"),
        GOOD.replace("=", ""),
        GOOD.replace("8=", "9="),
    ],
)
def test_what_is_not_to_the_letter_a_checkpoint_is_refused(text: str) -> None:
    if text == GOOD.replace("relance.example", ""):
        text = text[text.index("\n") :]
    with pytest.raises(ProofRefused):
        parse_checkpoint(text)


def test_the_published_proof_is_believed() -> None:
    assert leaf_hash(PROOF_ENTRY) == PROOF_LEAF
    proof = parse_proof(PROOF)
    assert (proof.index, len(proof.hashes), proof.extra) == (3, 3, None)
    assert bytes(proof) == PROOF
    assert verify_entry(PROOF_ENTRY, proof, [KEY]).size == 7


def _refused(entry: bytes, raw: bytes) -> None:
    with pytest.raises(ProofRefused):
        verify_entry(entry, parse_proof(raw), [KEY])


def test_no_byte_of_a_proof_can_be_another() -> None:
    for at in range(len(PROOF)):
        for other in b"AZaz09+/= \n\0\xff":
            if other != PROOF[at]:
                _refused(PROOF_ENTRY, PROOF[:at] + bytes((other,)) + PROOF[at + 1 :])


def test_no_byte_of_a_proof_can_be_left_out_or_added() -> None:
    for at in range(len(PROOF)):
        for altered in (
            PROOF[:at] + PROOF[at + 1 :],
            PROOF[:at] + b"A" + PROOF[at:],
            PROOF[:at] + b"\n" + PROOF[at:],
            PROOF[:at],
        ):
            _refused(PROOF_ENTRY, altered)


def test_no_byte_of_an_entry_can_be_another() -> None:
    for at in range(len(PROOF_ENTRY)):
        _refused(PROOF_ENTRY[:at] + b"~" + PROOF_ENTRY[at + 1 :], PROOF)


def test_what_is_added_to_a_proof_is_carried_and_never_believed() -> None:
    proof = parse_proof(PROOF)
    more = TlogProof(proof.index, proof.hashes, proof.checkpoint, b"whatever")
    assert b"extra d2hhdGV2ZXI=\n" in bytes(more)
    assert parse_proof(bytes(more)) == more
    assert verify_entry(PROOF_ENTRY, more, [KEY])


def test_a_witness_may_sign_below_the_checkpoint_without_being_known() -> None:
    proof = parse_proof(PROOF)
    note, witness = parse_note(proof.checkpoint), parse_note(SIGNER.sign("x\n"))
    both = TlogProof(
        proof.index, proof.hashes, format_note(note.text, [*witness.signatures, *note.signatures])
    )
    assert verify_entry(PROOF_ENTRY, parse_proof(bytes(both)), [KEY])


def test_a_leaf_that_stands_alone_needs_no_hashes() -> None:
    entry = b"the only one"
    checkpoint = SIGNER.sign(str(Checkpoint(SIGNER.verifier.name, 1, leaf_hash(entry))))
    assert (
        verify_entry(
            entry, parse_proof(bytes(TlogProof(0, (), checkpoint))), [SIGNER.verifier]
        ).size
        == 1
    )


def test_a_proof_of_more_hashes_than_any_tree_is_high_is_refused() -> None:
    proof = parse_proof(PROOF)
    with pytest.raises(ProofRefused, match="more than 63"):
        parse_proof(bytes(TlogProof(3, (ROOT,) * 64, proof.checkpoint)))


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["\n", "a", "0", "1", "42", to_base64(ROOT), to_base64(EMPTY_ROOT), GOOD, "+", " "]
        )
    ).map("".join)
)
def test_reading_a_checkpoint_says_nothing_but_its_refusal_and_what_is_read_is_written_the_same(
    text: str,
) -> None:
    with suppress(ProofRefused):
        assert str(parse_checkpoint(text)) == text


LINES = PROOF.decode().split("\n")


@given(
    st.binary()
    | st.lists(st.sampled_from([*LINES, "", "extra AAAA", "index 0", "index 00", "extra", "é"]))
    .map("\n".join)
    .map(str.encode)
)
def test_reading_a_proof_says_nothing_but_its_refusal_and_what_is_read_is_written_the_same(
    raw: bytes,
) -> None:
    with suppress(ProofRefused):
        proof = parse_proof(raw)
        assert bytes(proof) == raw
        verify_entry(PROOF_ENTRY, proof, [KEY])


NAMES = st.sampled_from(["a.example/x", "cosignature/v1", "\u00e9", "a b", "", "42"])
SECOND = st.sampled_from(["42", "0", "time 42", "stream x", "nothing-held/v1", "next key", "", "A"])
REST = st.lists(st.sampled_from([to_base64(ROOT), to_base64(EMPTY_ROOT), "", "x", "42"]))


@given(NAMES, NAMES, SECOND, REST)
def test_no_text_is_both_a_checkpoint_and_a_statement_nor_begins_like_a_cosignature(
    origin: str, first: str, second: str, rest: list[str]
) -> None:
    """One key signs both: its statements can stand for no checkpoint, and the other way round."""
    text = "".join(f"{line}\n" for line in (first, second, *rest))
    try:
        check_statement(text, origin)
    except ProofRefused:
        return
    assert first == origin and not text.startswith("cosignature/v1\n")
    with pytest.raises(ProofRefused):
        parse_checkpoint(text)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(st.just("x")))
def test_no_checkpoint_is_a_statement_of_any_origin(
    size: int, root: bytes, extensions: list[str]
) -> None:
    for origin in ("a.example/x", str(size)):
        text = str(Checkpoint(origin, size, root, tuple(extensions)))
        for name in (origin, *text.split("\n")):
            with pytest.raises(ProofRefused, match="a statement begins"):
                check_statement(text, name)
