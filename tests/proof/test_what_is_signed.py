"""What docs/format.md says of signed files ("What is signed"), followed by a reader that shares
nothing with the engine or with verify.py.
"""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.proof.handed import bundle_of, small_book
from tests.proof.witness import WitnessServer

FILES = bundle_of(small_book())
WITNESS = WitnessServer({})


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_key(vkey: str) -> tuple[str, bytes, int, bytes]:
    """Name, id, type and public key."""
    name, key_id, encoded = vkey.split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    assert sha256(name.encode() + b"\n" + blob)[:8] == key_id
    return name, bytes.fromhex(key_id), blob[0], blob[1:]


def signed_text(note: bytes, vkey: str) -> str:
    """The text of a note, where every line of this key holds and there is one."""
    name, key_id, kind, public = read_key(vkey)
    text, _, lines = note.decode().rpartition("\n\n")
    held = 0
    for line in lines.splitlines():
        dash, signer, encoded = line.split(" ")
        blob = base64.b64decode(encoded, validate=True)
        if (signer, blob[:4]) != (name, key_id):
            continue
        message, signature = f"{text}\n".encode(), blob[4:]
        if kind == 4:
            seconds = int.from_bytes(signature[:8], "big")
            message, signature = b"cosignature/v1\ntime %d\n" % seconds + message, signature[8:]
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        held += dash == "\u2014"
    assert held
    return f"{text}\n"


def own_key() -> str:
    return FILES["vkey.txt"].decode().strip()


def lines_of(names: set[str], digest_of_checkpoint: str) -> str:
    digests = {name: sha256(FILES[name]) for name in names} | (
        {"checkpoint": digest_of_checkpoint} if "checkpoint" in names else {}
    )
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(names))


def test_the_checkpoint_and_the_statement_are_told_apart_by_line_two() -> None:
    checkpoint = signed_text(FILES["checkpoint"], own_key()).split("\n")
    statement = signed_text(FILES["stream.note"], own_key()).split("\n")
    assert checkpoint[0] == statement[0] == read_key(own_key())[0]
    assert checkpoint[1].isdigit() and not statement[1][:1].isdigit()
    assert len(base64.b64decode(checkpoint[2], validate=True)) == 32


def test_the_statement_pins_the_files_and_of_the_checkpoint_its_text() -> None:
    text = signed_text(FILES["checkpoint"], own_key())
    lines = signed_text(FILES["stream.note"], own_key()).split("\n")
    entries = {name for name in FILES if name.startswith("entries/")}
    rest = set(FILES) - entries - {"stream.note", "SHA256SUMS"}
    assert lines[3:5] == [
        f"size {text.splitlines()[1]}",
        f"entries {sha256(lines_of(entries, '').encode())}",
    ]
    assert "\n".join(lines[5:]) == lines_of(rest, sha256(text.encode()))
    listed = set(FILES) - {"SHA256SUMS", "checkpoint"}
    assert FILES["SHA256SUMS"].decode() == lines_of(listed, "")


def test_a_proof_ends_with_the_checkpoint_and_a_witness_signs_its_text() -> None:
    text = signed_text(FILES["checkpoint"], own_key())
    proof = FILES["entries/0000000022.tlog-proof"]
    head, _, checkpoint = proof.partition(b"\n\n")
    assert head.split(b"\n")[:2] == [b"c2sp.org/tlog-proof@v1", b"index 21"]
    assert signed_text(checkpoint, own_key()) == text
    cosigned = FILES["checkpoint"] + WITNESS.line(text).encode()
    assert signed_text(cosigned, WITNESS.vkey) == signed_text(cosigned, own_key()) == text
    with pytest.raises(InvalidSignature):
        signed_text(FILES["checkpoint"] + WITNESS.line("x\n").encode(), WITNESS.vkey)
