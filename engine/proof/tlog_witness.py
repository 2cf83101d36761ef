"""What a witness is asked over HTTP, and what it answers: `add-checkpoint` of C2SP tlog-witness.
Pure.

A witness cosigns the newest checkpoint once it has been shown that the tree of the last one it
cosigned is its beginning. It alone knows for certain which that was: the log sends the size it
believes, and a 409 says the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from engine.proof.errors import ProofRefused
from engine.proof.note import (
    COSIGNATURE,
    Key,
    Note,
    format_line,
    parse_note,
    parse_vkey,
    to_base64,
    to_number,
)

PATH = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
MAX_ANSWER_BYTES = 64 * 1024
TIME_BYTES = 8
TROUBLE = "cosigner"


@dataclass(frozen=True, slots=True)
class Witness:
    """`url` is the prefix that checkpoints are submitted under, without a slash at its end; `vkey`
    its verifier key (C2SP signed-note).
    """

    url: str
    vkey: str

    @property
    def name(self) -> str:
        return self.vkey.partition("+")[0]

    @property
    def mark(self) -> str:
        """Its name on the desk, and that of trouble with it."""
        return f"{TROUBLE}:{sha256(self.vkey.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """`line` is the witness's signature below the checkpoint, its newline included; `at` the time
    it states (ms).
    """

    line: str
    at: int


@dataclass(frozen=True, slots=True)
class KnownSize:
    """Of how many entries the last checkpoint was that the witness cosigned."""

    size: int


def parse_witness(text: str) -> Witness:
    """From `URL KEY`. Raises ProofRefused."""
    url, _, vkey = text.partition(" ")
    _, kind, public = parse_vkey(vkey)
    if kind != COSIGNATURE or len(public) != 32:
        raise ProofRefused("the key is not one of a witness that signs with Ed25519 (type 4)")
    return Witness(url.rstrip("/"), vkey)


def add_checkpoint(old: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """The body of the request: `hashes` prove that the tree of `old` entries is the beginning of
    the checkpoint's; none where `old` is 0 or the checkpoint's own size.
    """
    lines = [f"old {old}", *map(to_base64, hashes), "", ""]
    return "\n".join(lines).encode() + checkpoint


REFUSALS = {
    403: "the witness does not know the key of this log (403): send it the verifier key that"
    " `relance audit key` prints",
    404: "the witness does not know this log (404), or its address is wrong: send it origin and"
    " verifier key, as `relance audit key` prints them",
    422: "the witness does not take the proof that this tree continues the one it knows (422): the"
    " history it has seen is another, keep everything as it is",
    429: "the witness is asked too often (429)",
}


def read_answer(
    status: int, kind: str, body: bytes, checkpoint: bytes, key: Key
) -> Cosigned | KnownSize:
    """What a witness says to `checkpoint`, a signed note; `kind` is the answer's Content-Type.
    Lines of other keys than `key` are passed over. Raises ProofRefused with the reason where it
    cosigns nothing.
    """
    if status == 200:
        return _cosigned(body, parse_note(checkpoint), key)
    if status == 409 and kind == SIZE_TYPE:
        return KnownSize(to_number(_text(body).removesuffix("\n"), "the witness's size"))
    raise ProofRefused(REFUSALS.get(status, f"the witness answered {status}"))


def _cosigned(body: bytes, note: Note, key: Key) -> Cosigned:
    try:
        cosigned = parse_note(f"{note.text}\n".encode() + body)
    except ProofRefused as error:
        raise ProofRefused(f"the witness's answer is no signature lines: {error}") from None
    own = [
        signature
        for signature in cosigned.signatures
        if (signature.name, signature.key_id) == (key.name, key.key_id)
    ]
    if cosigned.text != note.text or not own:
        raise ProofRefused(f"the witness answered without a signature of {key.name}")
    if not all(key.verifies(note.text, signature.value) for signature in own):
        raise ProofRefused(f"the signature of {key.name} is not one over this checkpoint")
    seconds = int.from_bytes(own[0].value[:TIME_BYTES], "big")
    return Cosigned(format_line(own[0]), seconds * 1000)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise ProofRefused("the witness's size is not ASCII") from None
