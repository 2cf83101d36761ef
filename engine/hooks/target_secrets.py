"""The secrets that messages to targets are signed with: Standard Webhooks 1.0.0. Apart from what
makes messages, since `check` looks at the files alone.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Final

from engine.hooks.settings import Hook
from engine.secret_files import read_secret
from engine.sequence.mistakes import Unreadable
from engine.words import N_, Words

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = range(24, 65)


def secrets_of(hook: Hook, folder: Path) -> tuple[bytes, ...]:
    """`folder` is that of `config.toml`. Raises Unreadable."""
    return tuple(decode_secret(read_secret(folder / file), file) for file in hook.secret_files)


def secret_fault(hook: Hook, folder: Path) -> Words | None:
    """Why its secret cannot be used; None where it can."""
    try:
        secrets_of(hook, folder)
    except Unreadable as error:
        return error.words
    return None


def decode_secret(text: bytes, place: str) -> bytes:
    """Raises Unreadable for what is no secret of Standard Webhooks."""
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX.encode()), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) not in SECRET_BYTES:
        message = N_(
            "{place} holds no secret of Standard Webhooks: write `whsec_` and 24 to 64 random bytes"
            " in base64"
        )
        raise Unreadable(message, place=place)
    return secret
