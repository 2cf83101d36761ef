"""A signed note is read to the letter, and believed only when a known key has signed it (F03,
F04).
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.errors import ProofRefused
from engine.proof.note import (
    MAX_SIGNATURES,
    Signature,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    verified,
)
from engine.proof.signing import NoteSigner, Verifier, read_vkey
from tests.proof.vectors import NOTE, NOTE_VKEY, PROOF_SEED_OF, PROOF_VKEY, TWO_SIGNED, TWO_VKEYS

ANNA, BRUNO = NoteSigner("anna.example/log", b"a" * 32), NoteSigner("bruno.example/log", b"b" * 32)
TEXT = "Le potager\n\nse réveille.\n"


def below(signer: NoteSigner, text: str = TEXT) -> Signature:
    return parse_note(signer.sign(text)).signatures[0]


def test_the_standards_own_example_is_believed() -> None:
    key = read_vkey(NOTE_VKEY)
    assert key.vkey == NOTE_VKEY
    note = parse_note(NOTE)
    assert verified(note, [key]) == (key,)
    assert note.text == "This is an example message.\n"
    assert format_note(note.text, note.signatures) == NOTE


def test_the_example_with_another_word_is_not() -> None:
    with pytest.raises(ProofRefused, match="not one over this text"):
        verified(parse_note(NOTE.replace(b"message", b"massage")), [read_vkey(NOTE_VKEY)])


def test_a_note_of_two_keys_is_believed_by_either() -> None:
    peter, enoch = map(read_vkey, TWO_VKEYS)
    note = parse_note(TWO_SIGNED)
    assert verified(note, [peter]) == (peter,)
    assert verified(note, [enoch, peter]) == (peter, enoch)


def test_a_key_of_a_known_seed_has_the_verifier_key_that_others_computed() -> None:
    assert (
        NoteSigner("log.example.fr/consent/tenant-1", sha256(PROOF_SEED_OF).digest()).vkey
        == PROOF_VKEY
    )


def test_a_text_may_hold_empty_lines_and_comes_back_as_it_was() -> None:
    note = parse_note(ANNA.sign(TEXT))
    assert note.text == TEXT
    assert verified(note, [ANNA.verifier]) == (ANNA.verifier,)


def test_signatures_of_unknown_keys_are_passed_over_even_of_types_nobody_knows() -> None:
    unknown = Signature("witness.example/w1", b"\1\2\3\4", b"\6" * 2420)
    note = parse_note(format_note(TEXT, [unknown, below(ANNA), unknown]))
    assert verified(note, [ANNA.verifier]) == (ANNA.verifier,)


def test_the_same_name_with_another_id_is_another_key() -> None:
    namesake = NoteSigner("anna.example/log", b"c" * 32)
    note = parse_note(format_note(TEXT, [below(namesake), below(ANNA)]))
    assert verified(note, [ANNA.verifier]) == (ANNA.verifier,)


def test_the_same_line_twice_counts_once() -> None:
    assert verified(parse_note(format_note(TEXT, [below(ANNA)] * 2)), [ANNA.verifier]) == (
        ANNA.verifier,
    )


def test_one_bad_signature_of_a_known_key_refuses_the_note_though_another_is_good() -> None:
    bad = Signature(BRUNO.verifier.name, BRUNO.verifier.key_id, b"\0" * 64)
    for order in ([below(ANNA), bad], [bad, below(ANNA)], [below(BRUNO), below(ANNA), bad]):
        with pytest.raises(ProofRefused, match=r"bruno\.example"):
            verified(parse_note(format_note(TEXT, order)), [ANNA.verifier, BRUNO.verifier])


@pytest.mark.parametrize("keys", [[], [BRUNO.verifier]])
def test_a_note_signed_by_nobody_known_is_refused(keys: list[object]) -> None:
    with pytest.raises(ProofRefused, match="none of the keys"):
        verified(parse_note(ANNA.sign(TEXT)), keys)  # type: ignore[arg-type]


def test_sixteen_signatures_are_read_and_a_note_of_more_than_anybody_needs_is_not() -> None:
    witnesses = [NoteSigner(f"witness.example/{n}", bytes((n,)) * 32) for n in range(16)]
    note = parse_note(format_note(TEXT, map(below, witnesses)))
    assert len(verified(note, [each.verifier for each in witnesses])) == 16
    with pytest.raises(ProofRefused, match="more than"):
        format_note(TEXT, [below(ANNA)] * (MAX_SIGNATURES + 1))


GOOD = ANNA.sign(TEXT).decode()
LINE = GOOD.split("\n\n")[-1]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        GOOD[:-1].encode(),
        f"{GOOD}\n".encode(),
        f"{GOOD}no signature\n".encode(),
        GOOD.replace("— ", "- ").encode(),
        GOOD.replace("— ", "—").encode(),
        GOOD.replace("— ", "—  ").encode(),
        GOOD.replace("\n— ", "\n — ").encode(),
        GOOD.replace("/log ", "/log  ").encode(),
        GOOD.replace("/log ", "/log\u00a0").encode(),
        GOOD.replace("/log ", "/lo+g ").encode(),
        GOOD.replace("/log ", "/lo\u2003g ").encode(),
        GOOD.replace("=\n", "\n").encode(),
        GOOD.replace("=\n", "= \n").encode(),
        GOOD.replace("=\n", "!=\n").encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("potager", "pot\tager").encode(),
        GOOD.replace("potager", "pot\0ager").encode(),
        GOOD.replace("potager", "pot\x1b[2Jager").encode(),
        GOOD.encode().replace("é".encode(), b"\xe9"),
        f"{TEXT}\n— anna.example/log AAAA\n".encode(),
        f"{TEXT}\n—  AAAAAAAA\n".encode(),
        b"x" * 1_000_001,
    ],
)
def test_what_is_not_to_the_letter_a_note_is_refused(raw: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_note(raw)


def test_no_character_of_a_signature_can_be_another() -> None:
    for at in range(GOOD.rindex(" ") + 1, len(GOOD) - 1):
        for other in "AB+/=z":
            if other != GOOD[at]:
                with pytest.raises(ProofRefused):
                    verified(
                        parse_note((GOOD[:at] + other + GOOD[at + 1 :]).encode()), [ANNA.verifier]
                    )


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "anna",
        "anna+00000000",
        "anna+00000000+",
        "anna+00000000+AQ==",
        NOTE_VKEY.replace("530d903a", "530d903b"),
        NOTE_VKEY.replace("530d903a", "530D903A"),
        NOTE_VKEY.replace("/foo", "/fo"),
        NOTE_VKEY[:-1],
        NOTE_VKEY + "=",
        " " + NOTE_VKEY,
        NOTE_VKEY + "\n",
        NOTE_VKEY.replace("A", "é"),
    ],
)
def test_a_verifier_key_that_is_not_one_is_refused(vkey: str) -> None:
    with pytest.raises(ProofRefused):
        read_vkey(vkey)


def test_a_key_of_another_type_is_named() -> None:
    with pytest.raises(ProofRefused, match="not an Ed25519 key"):
        read_vkey(format_vkey("anna", 6, b"\0" * 1312))
    with pytest.raises(ProofRefused, match="not an Ed25519 key"):
        read_vkey(format_vkey("anna", 1, b"\0" * 31))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2028b", "a\nb", "a\x7f\tb"])
def test_nobody_signs_in_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ProofRefused):
        NoteSigner(name, b"a" * 32)


def test_a_key_is_made_of_thirty_two_bytes() -> None:
    with pytest.raises(ProofRefused, match="32 bytes"):
        NoteSigner("anna", b"a" * 31)


@pytest.mark.parametrize("text", ["", "no end", "\r\n", "a\0\n", "a\n\ud800\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises((ProofRefused, UnicodeEncodeError)):
        ANNA.sign(text)


PIECES = [
    "\n",
    "\n\n",
    "— ",
    "—",
    " ",
    "+",
    "anna.example/log",
    "AAAAAAAAAAA=",
    LINE,
    GOOD,
    TEXT,
    "é",
    "\0",
    "\x85",
    "\u2028",
    "\ud800",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4)).map("".join)


@given(st.binary() | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_reading_a_note_says_nothing_but_its_refusal_and_what_is_read_is_written_the_same(
    raw: bytes,
) -> None:
    with suppress(ProofRefused):
        note = parse_note(raw)
        assert format_note(note.text, note.signatures) == raw
        verified(note, [ANNA.verifier])


@given(
    st.text()
    | st.lists(
        st.sampled_from(["+", "530d903a", "example.com/foo", NOTE_VKEY, "AQ==", "é", "\ud800"])
    ).map("".join)
)
def test_reading_a_verifier_key_says_nothing_but_its_refusal(text: str) -> None:
    with suppress(ProofRefused):
        parse_vkey(text)
        assert read_vkey(text).vkey == text


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_checking_with_any_key_whatsoever_is_yes_or_no(public: bytes, signature: bytes) -> None:
    for kind in (1, 4):
        assert Verifier("anna", public, kind).verifies(TEXT, signature) is False


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_is_believed(text: str, seed: bytes) -> None:
    signer = NoteSigner("anna.example/log", seed)
    assert verified(parse_note(signer.sign(text + "\n")), [read_vkey(signer.vkey)])
