"""Signed notes: a text and whose signatures stand below it. C2SP signed-note v1.0.0. Pure: who can
check a signature is handed in.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from engine.proof.errors import ProofRefused


def to_base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()


def from_base64(text: str, what: str) -> bytes:
    """`what` names the value in the sentence of a refusal. Raises ProofRefused also for padding
    bits that are not zero.
    """
    try:
        value = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ProofRefused(f"{what} is not base64") from None
    if to_base64(value) != text:
        raise ProofRefused(f"{what} is not base64 as it is written canonically")
    return value


def to_number(text: str, what: str) -> int:
    """ASCII decimal without leading zeroes, below 2**63. Raises ProofRefused."""
    if (
        not text.isascii()
        or not text.isdigit()
        or len(text) > 19
        or (text[0] == "0" and text != "0")
        or int(text) >= 2**63
    ):
        raise ProofRefused(
            f"{what} is not a whole number from 0 to 2^63 - 1 without leading zeroes"
        )
    return int(text)


def is_name(text: str) -> bool:
    """Whether a key or an origin may be called so: something, without spaces of any kind, plus
    signs and control characters (C2SP signed-note).
    """
    return (
        text != ""
        and not any(
            character.isspace() or character < " " or character == "+" for character in text
        )
        and _is_text(text)
    )


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


ED25519, COSIGNATURE = 1, 4
"""Types of signature: Ed25519 over the text; a witness's, with its time (C2SP tlog-cosignature)."""
MOST_BYTES, MAX_SIGNATURES = 1_000_000, 64
_DASH = "— "


@dataclass(frozen=True, slots=True)
class Signature:
    """A line below a note. `key_id` are four bytes, `value` what follows them."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends with a newline; it is worth nothing until `verified`."""

    text: str
    signatures: tuple[Signature, ...]


class Key(Protocol):
    """Who can check a signature of the key of this name and id."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verifies(self, text: str, signature: bytes) -> bool: ...


def parse_note(raw: bytes) -> Note:
    """Raises ProofRefused for whatever is not a signed note; says nothing of whether the signatures
    are good.
    """
    if len(raw) > MOST_BYTES:
        raise ProofRefused(f"a note of {len(raw)} bytes is longer than {MOST_BYTES}")
    try:
        whole = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProofRefused("the note is not UTF-8") from None
    _check_characters(whole)
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise ProofRefused("the note is not a text, an empty line, and lines of signatures")
    signature_lines = lines[:-1].split("\n")
    if len(signature_lines) > MAX_SIGNATURES:
        raise ProofRefused(
            f"the note has {len(signature_lines)} signatures, more than {MAX_SIGNATURES}"
        )
    return Note(text + "\n", tuple(_signature(line) for line in signature_lines))


def format_note(text: str, signatures: Iterable[Signature]) -> bytes:
    """Raises ProofRefused for what `parse_note` would refuse."""
    raw = (text + "\n" + "".join(map(format_line, signatures))).encode("utf-8", "surrogatepass")
    if parse_note(raw).text != text:
        raise ProofRefused("the text of a note ends with a newline")
    return raw


def format_line(signature: Signature) -> str:
    """The line below a note, its newline included."""
    return f"{_DASH}{signature.name} {to_base64(signature.key_id + signature.value)}\n"


def verified(note: Note, keys: Sequence[Key]) -> tuple[Key, ...]:
    """Those of `keys` that have signed; signatures of others are passed over. Raises ProofRefused
    if one of a known key fails, or none is there.
    """
    verifying: list[Key] = []
    for signature in note.signatures:
        for key in keys:
            if (key.name, key.key_id) == (signature.name, signature.key_id):
                if not key.verifies(note.text, signature.value):
                    raise ProofRefused(f"the signature of {key.name} is not one over this text")
                if key not in verifying:
                    verifying.append(key)
    if not verifying:
        raise ProofRefused("the note is signed by none of the keys that are trusted here")
    return tuple(verifying)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes((kind,)) + public).digest()[:4]


def format_vkey(name: str, kind: int, public: bytes) -> str:
    return f"{name}+{key_id(name, kind, public).hex()}+{to_base64(bytes((kind,)) + public)}"


def parse_vkey(text: str) -> tuple[str, int, bytes]:
    """Name, type and public key of a verifier key. Raises ProofRefused, also where the id is not
    that of the key.
    """
    name, first, rest = text.partition("+")
    said_id, second, encoded = rest.partition("+")
    if not first or not second or not is_name(name):
        raise ProofRefused("the verifier key is not name+id+key")
    blob = from_base64(encoded, "the verifier key's third part")
    if len(blob) < 2:
        raise ProofRefused("the verifier key holds no key")
    if said_id != key_id(name, blob[0], blob[1:]).hex():
        raise ProofRefused("the verifier key's id is not that of its name and key")
    return name, blob[0], blob[1:]


def _check_characters(whole: str) -> None:
    if any(character < " " and character != "\n" for character in whole):
        raise ProofRefused("the note holds a control character")


def _signature(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2 or not is_name(parts[0]):
        raise ProofRefused("a line below the note is not a dash, a name and a signature")
    blob = from_base64(parts[1], f"the signature of {parts[0]}")
    if len(blob) < 5:
        raise ProofRefused(f"the signature of {parts[0]} is too short to be one")
    return Signature(parts[0], blob[:4], blob[4:])
