"""A checkpoint: whose tree, how many leaves, which root. C2SP tlog-checkpoint v1.0.0. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.proof.errors import ProofRefused
from engine.proof.note import Key, from_base64, is_name, parse_note, to_base64, to_number, verified
from engine.proof.tree import EMPTY_ROOT, HASH_BYTES

NO_ORIGINS = ("", "cosignature/v1")
"""First lines that mean something else in what is signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`extensions` are lines that others' logs may add: signed with the rest, and nothing is known
    of what they mean. Relance writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """From a note's text. Raises ProofRefused."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise ProofRefused(
            "a checkpoint has three lines, origin, size and root, and no empty line after them"
        )
    origin = lines[0]
    size = to_number(lines[1], "the checkpoint's size")
    root = from_base64(lines[2], "the checkpoint's root")
    if not is_name(origin):
        raise ProofRefused("the checkpoint's origin is empty, or holds a space or a plus sign")
    if len(root) != HASH_BYTES:
        raise ProofRefused(f"the checkpoint's root is not {HASH_BYTES} bytes long")
    if size == 0 and root != EMPTY_ROOT:
        raise ProofRefused("the checkpoint's root is not that of an empty tree")
    return Checkpoint(origin, size, root, tuple(lines[3:]))


def check_statement(text: str, origin: str) -> None:
    """That a text which the log signs besides checkpoints can be taken for nothing else: its first
    line is the origin, its second begins with a letter (what kind of statement it is), where a
    checkpoint has a number; and what a witness signs begins otherwise (C2SP tlog-cosignature).
    Raises ProofRefused.
    """
    first, _, rest = text.partition("\n")
    if first != origin or first in NO_ORIGINS or not ("a" <= rest[:1] <= "z"):
        raise ProofRefused("a statement begins with the origin, then with what it states")


def open_checkpoint(raw: bytes, keys: Sequence[Key]) -> Checkpoint:
    """The checkpoint of a signed note, believed: signed by one of `keys` that bears the origin's
    name. Raises ProofRefused.
    """
    note = parse_note(raw)
    checkpoint = parse_checkpoint(note.text)
    if not any(key.name == checkpoint.origin for key in verified(note, keys)):
        raise ProofRefused(
            f"the checkpoint of {checkpoint.origin} is not signed by a key of that name"
        )
    return checkpoint


def read_checkpoint(raw: bytes) -> Checkpoint:
    """What a signed note says, not yet believed. Raises ProofRefused."""
    return parse_checkpoint(parse_note(raw).text)


HEADER = "Relance-Checkpoint"
WORD = 56
"""Characters in a word: at most 60, and so few that the first one and the header's name fit on a
line of 78 (A02).
"""
MAX_HEADER_CHARACTERS = 1_000_000
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
    for line in _LINE_END.split(mail[:MAX_HEADER_CHARACTERS]):
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
