"""Base64 as RFC 4648, section 4 has it, read strictly: one text for each value, so that no
character can be altered unseen. Pure.
"""

from __future__ import annotations

import binascii

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
