"""The token in a link: which letter, which action, and a MAC that only this installation can make
(G01). Pure.

35 characters: base64url(version ‖ action ‖ position ‖ HMAC-SHA-256(key, "link/v1\\0" ‖ those ‖
message id)[:16]). Nothing personal; it outlives list, publication and erasure, because the entry at
`position` does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from engine.keyed_hash import keyed_hash

VERSION = 1
UNSUBSCRIBE, EVERYTHING, CONFIRM, UNDO, NOT_ME, MY_DATA, PREFERENCES, MEASURED = range(8)
FIRST_LINK = 16
TOKEN_CHARACTERS = 35
MAX_POSITION = 2**63 - 1
_PREFIX = b"link/v1\0"
_MAC_OCTETS = 16
_FOR_URLS = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class TokenParts:
    """The parts of a token that is not verified yet: look up the entry at `position`, then check
    with `genuine`.
    """

    version: int
    action: int
    position: int
    mac: bytes
    payload: bytes

    @property
    def link(self) -> int:
        """The n-th link of the letter, or -1 for the other actions."""
        return self.action - FIRST_LINK if self.action >= FIRST_LINK else -1


def make_token(key: bytes, action: int, position: int, message: str) -> str:
    """`position` is the ledger's of the entry the mail came from, `message` the id that stands
    there.
    """
    return make_tokens(key, (action,), position, message)[0]


def make_tokens(key: bytes, actions: Sequence[int], position: int, message: str) -> list[str]:
    """One for each of these actions of a letter."""
    place, message_octets = position.to_bytes(8, "big"), message.encode()
    mac = keyed_hash(key, _PREFIX).digest
    made = []
    for action in actions:
        payload = bytes((VERSION, action)) + place
        # The octet at its end makes 36 characters of 27 octets: they are encoded in one go.
        made.append(payload + mac(payload + message_octets)[:_MAC_OCTETS] + b"\0")
    text = binascii.b2a_base64(b"".join(made), newline=False).translate(_FOR_URLS).decode()
    return [text[start : start + TOKEN_CHARACTERS] for start in range(0, len(text), 36)]


def read_token(text: str) -> TokenParts | None:
    """The parts of a token, or None for what cannot be one."""
    if len(text) != TOKEN_CHARACTERS or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if (
        len(raw) != 26
        or raw[0] != VERSION
        or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text
    ):
        return None
    return TokenParts(raw[0], raw[1], int.from_bytes(raw[2:10], "big"), raw[10:], raw[:10])


def genuine(key: bytes, claimed: TokenParts, message: str) -> bool:
    """Whether the MAC is this installation's. Compared in constant time."""
    return hmac.compare_digest(_mac(key, claimed.payload + message.encode()), claimed.mac)


def _mac(key: bytes, signed: bytes) -> bytes:
    return keyed_hash(key, _PREFIX).digest(signed)[:_MAC_OCTETS]


COUNTED_PREFIX = "/v/"
_ADDRESS_PREFIX = b"address/v1\0"
MAX_ADDRESS_CHARACTERS = 6000


def counted_address(key: bytes, letter: str, address: str) -> str:
    """What follows COUNTED_PREFIX, the same for everybody who gets `letter` (a letter_ref): where
    an ordinary link of it leads, signed, so that nobody else can lead anywhere by way of this
    installation; "" is the picture whose loads are counted.
    """
    payload = f"{letter}\0{address}".encode()
    mac = hmac.digest(key, _ADDRESS_PREFIX + payload, hashlib.sha256)[:_MAC_OCTETS]
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()


def read_counted_address(key: bytes, text: str) -> tuple[str, str] | None:
    """The letter and the address; None for what `counted_address` has not made."""
    if len(text) > MAX_ADDRESS_CHARACTERS or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, payload = raw[:_MAC_OCTETS], raw[_MAC_OCTETS:]
    genuine = hmac.digest(key, _ADDRESS_PREFIX + payload, hashlib.sha256)[:_MAC_OCTETS]
    if not hmac.compare_digest(mac, genuine):
        return None
    letter, _, address = payload.decode().partition("\0")
    return letter, address
