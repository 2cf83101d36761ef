"""The statement that nothing is held about an address or a mail, with what it does not say: a text
to be signed as a note (C2SP signed-note). Pure.

Its first line is the origin, as a checkpoint's is; its second is no number, so that nobody can take
it for a checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from engine.i18n.printable import printable

KIND = "nothing-held/v1"


@dataclass(frozen=True, slots=True)
class Asked:
    """`what`: "address", "message-id" or "mail" (then `said` is the SHA-256 of the file)."""

    what: str
    said: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far the ledger was read: the last position, and the RFC 6962 leaf hash of the entry there
    ("" for an empty ledger).
    """

    size: int
    leaf: str = ""


def head_of(size: int, state: bytes | None) -> Head:
    return Head(size, hashlib.sha256(b"\0" + state).hexdigest() if state is not None else "")


def statement(
    origin: str,
    asked: Sequence[Asked],
    at: str,
    head: Head,
    suppressed: str | None,
    sentences: Sequence[str],
) -> str:
    """`at` is ISO 8601 in UTC; `suppressed` the reason on the suppression list, "" for not on it,
    None where no address was asked about.
    """
    lines = [
        origin,
        KIND,
        *(f"{each.what} {printable(each.said)}" for each in asked),
        f"at {at}",
        f"ledger {head.size} {head.leaf}".rstrip(),
    ]
    if suppressed is not None:
        lines.append(f"suppressed {suppressed or 'no'}")
    return "\n".join([*lines, "", *(printable(each) for each in sentences)]) + "\n"
