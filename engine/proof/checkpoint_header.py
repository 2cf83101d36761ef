"""A signed checkpoint in a mail's header, for whoever keeps the mail: written, and read back.
Pure.
"""

from __future__ import annotations

import re

from engine.proof.encoding import from_base64, to_base64
from engine.proof.errors import ProofRefused

HEADER = "Relance-Checkpoint"
WORD = 56
"""Characters in a word: at most 60, and so few that the first one and the header's name fit on a
line of 78 (A02).
"""
LONGEST_HEAD = 1_000_000
_LINE_END = re.compile(rb"\r\n|\r|\n")


def words_of(note: bytes) -> str:
    """A signed note as the header's value: its base64 in words separated by single blanks, at which
    it folds.
    """
    text = to_base64(note)
    return " ".join(text[n : n + WORD] for n in range(0, len(text), WORD))


def carried_by(mail: bytes) -> bytes:
    """The signed note that a mail carries, as its file (.eml) holds it; whether it is to be
    believed is another question.

    The rule: the header is what stands before the first empty line; lines end with CR LF, LF or CR,
    and one that begins with a blank or a tab goes on with the line before. Exactly one field is
    named `Relance-Checkpoint`, in capitals or not. Its value without its blanks, tabs and line ends
    is the base64 (RFC 4648, section 4, padded, strict) of the signed note, byte for byte. Nothing
    else in the mail counts: not the body, not a mail in it.

    Raises ProofRefused.
    """
    fields: list[list[bytes]] = []
    for line in _LINE_END.split(mail[:LONGEST_HEAD]):
        if not line:
            break
        if line[:1] in b" \t" and fields:
            fields[-1].append(line)
        else:
            fields.append([line])
    named = [b"".join(field).partition(b":") for field in fields]
    values = [
        value
        for name, colon, value in named
        if colon and name.strip().lower() == HEADER.lower().encode()
    ]
    if len(values) != 1:
        raise ProofRefused(
            f"the mail has {len(values)} headers {HEADER}; one is needed"
            if values
            else f"the mail has no header {HEADER}"
        )
    text = b"".join(values[0].split(b" ")).replace(b"\t", b"")
    return from_base64(text.decode("latin-1"), f"the header {HEADER}")
