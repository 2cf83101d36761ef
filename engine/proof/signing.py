"""Ed25519 signatures of notes (RFC 8032; C2SP signed-note types 0x01 and 0x04).

What computes them is brought in where something is signed or checked: every verb has the tree at
hand, and few sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.proof.errors import ProofRefused
from engine.proof.note import (
    COSIGNATURE,
    ED25519,
    Signature,
    format_note,
    format_vkey,
    is_name,
    key_id,
    parse_vkey,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES, TIME_BYTES = 32, 8


@dataclass(frozen=True)
class Verifier:
    """A key that checks; `kind` is ED25519, or COSIGNATURE for a witness."""

    name: str
    public: bytes
    kind: int = ED25519

    @cached_property
    def key_id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    @cached_property
    def vkey(self) -> str:
        """As others write it down: name+id+key."""
        return format_vkey(self.name, self.kind, self.public)

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return _public_key(self.public)

    def verifies(self, text: str, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        message = text.encode()
        if self.kind == COSIGNATURE:
            seconds = int.from_bytes(signature[:TIME_BYTES], "big")
            signature = signature[TIME_BYTES:]
            message = b"cosignature/v1\ntime %d\n%b" % (seconds, message)
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_vkey(text: str) -> Verifier:
    """Raises ProofRefused."""
    name, kind, public = parse_vkey(text)
    if kind not in (ED25519, COSIGNATURE) or len(public) != KEY_BYTES:
        raise ProofRefused(f"the verifier key of {name} is not an Ed25519 key")
    try:
        _public_key(public)
    except ValueError:
        raise ProofRefused(f"the verifier key of {name} is not a point of the curve") from None
    return Verifier(name, public, kind)


def _public_key(octets: bytes) -> Ed25519PublicKey:
    """Raises ValueError for what is not a point of the curve."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(octets)


class NoteSigner:
    """A key that signs in a name. `seed` is the 32 bytes of an Ed25519 private key."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not is_name(name):
            raise ProofRefused(
                "the name of a key holds a space, a plus sign or a control character, or is empty"
            )
        if len(seed) != KEY_BYTES:
            raise ProofRefused(
                f"the seed of a signing key is {KEY_BYTES} bytes long, not {len(seed)}"
            )
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    def sign(self, text: str) -> bytes:
        """The signed note over `text`, which ends with a newline."""
        signature = Signature(
            self.verifier.name, self.verifier.key_id, self._key.sign(text.encode())
        )
        return format_note(text, (signature,))
