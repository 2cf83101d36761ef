"""The addresses by which a mail that comes back names its letter: `bounce+TOKEN@domain` is a
letter's return path (VERP, A14), `u+TOKEN@domain` unsubscribes by mail (B08). Pure.

TOKEN is base32 in lower case of 16 octets of the message id and 16 of HMAC-SHA-256 under a key of
its own: 52 characters, no address inside. What the token is for is part of the MAC, so that a
return path, which any reader of a letter sees, unsubscribes nobody. Mail systems on the way may
write a local part in capitals; reading allows it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Literal, get_args

from engine.keyed_hash import keyed_hash
from engine.mime.header_values import base32

TokenUse = Literal["bounce", "unsubscribe"]
TOKEN_CHARACTERS: Final = 52
MAILBOXES: Final[dict[TokenUse, str]] = {"bounce": "bounce", "unsubscribe": "u"}
"""What stands before the plus, the same for every letter: mail systems that know a sender by it
(Mailinblack) know all of them.
"""
MAX_LOCAL_CHARACTERS: Final = 64
"""Octets of a local part, RFC 5321 section 4.5.3.1.1."""
_MESSAGE_OCTETS = _MAC_OCTETS = 16
_PREFIXES: Final[dict[TokenUse, bytes]] = {
    "bounce": b"bounce\0",
    "unsubscribe": b"unsubscribe\0",
}


@dataclass(frozen=True, slots=True)
class ReturnToken:
    """A token of this installation's. `message` is 32 hexadecimal digits."""

    use: TokenUse
    message: str


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """Those of an installation's letters. `domain` "" says that no mail of theirs is read; `usual`
    is then the sender of the envelope.
    """

    key: bytes
    domain: str
    usual: str

    def token(self, use: TokenUse, message: str) -> str:
        return make_token(self.key, use, message)

    def sender(self, token: str) -> str:
        """The sender of a letter's envelope, by its token for bounces."""
        return f"{MAILBOXES['bounce']}+{token}@{self.domain}" if self.domain else self.usual

    def mailto(self, token: str) -> str:
        """What a mail program opens to unsubscribe, by the letter's token for that (A21)."""
        return f"mailto:{MAILBOXES['unsubscribe']}+{token}@{self.domain}?subject=unsubscribe"


def return_key(link_key: bytes) -> bytes:
    """The key of these tokens alone, derived from the one that signs links."""
    return hmac.digest(link_key, b"return-path/v1", hashlib.sha256)


def return_address(key: bytes, use: TokenUse, mailbox: str, message: str) -> str:
    """`mailbox` with the token after a plus. Raises ValueError where the local part would be longer
    than 64 octets: that of `mailbox` may have eleven.
    """
    local, _, domain = mailbox.rpartition("@")
    local = f"{local}+{make_token(key, use, message)}"
    if len(local) > MAX_LOCAL_CHARACTERS:
        raise ValueError("The part of a return path before the plus has at most 11 characters.")
    return f"{local}@{domain}"


def make_token(key: bytes, use: TokenUse, message: str) -> str:
    """Also what stands in ENVID, where a relay takes it. `message` is 32 hexadecimal digits."""
    octets = bytes.fromhex(message)
    return base32(octets + _mac(key, use, octets))


def read_token(key: bytes, text: str) -> ReturnToken | None:
    """None for what this installation has not made. Compared in constant time."""
    if len(text) != TOKEN_CHARACTERS or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text.upper() + "====")
    except binascii.Error:
        return None
    if base64.b32encode(raw).decode().rstrip("=") != text.upper():  # bits left over in the last one
        return None
    octets, mac = raw[:_MESSAGE_OCTETS], raw[_MESSAGE_OCTETS:]
    for use in get_args(TokenUse):
        if hmac.compare_digest(_mac(key, use, octets), mac):
            return ReturnToken(use, octets.hex())
    return None


def read_return_address(key: bytes, address: str) -> ReturnToken | None:
    """The token of an address; None where it has none of this installation's."""
    return read_token(key, address.rpartition("@")[0].rpartition("+")[2])


def _mac(key: bytes, use: TokenUse, octets: bytes) -> bytes:
    return keyed_hash(key, _PREFIXES[use]).digest(octets)[:_MAC_OCTETS]
