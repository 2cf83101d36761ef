"""Sealing to an auditor's public key in the age format (C2SP age v1), so that `age -d` opens it
anywhere. The door to pyrage, which is brought in where something is sealed: the configuration knows
this file, and every verb the configuration.
"""

from __future__ import annotations

from typing import cast

from engine.words import N_, WordedError


class SealingRefused(WordedError, ValueError):
    """A key that is none, or a file that this key does not open."""


def recipient(text: str) -> str:
    """The public key itself, checked. Raises SealingRefused."""
    import pyrage

    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise SealingRefused(
            N_('it is not a public key of age: it begins with "age1", and `age-keygen` makes one')
        ) from None
    return text


def seal(octets: bytes, public_key: str) -> bytes:
    """Encrypt so that only the holder of the private key can read it. Raises SealingRefused."""
    import pyrage

    return cast(
        bytes, pyrage.encrypt(octets, [pyrage.x25519.Recipient.from_str(recipient(public_key))])
    )


def unseal(sealed: bytes, private_key: str) -> bytes:
    """`private_key` is a line "AGE-SECRET-KEY-1…". Raises SealingRefused."""
    import pyrage

    try:
        return cast(bytes, pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(private_key)]))
    except pyrage.IdentityError:
        raise SealingRefused(
            N_('it is not a private key of age: it begins with "AGE-SECRET-KEY-1"')
        ) from None
    except pyrage.DecryptError:
        raise SealingRefused(
            N_("this key does not open it: it was sealed to another, or is damaged")
        ) from None
