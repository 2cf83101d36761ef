"""A checkpoint: whose tree, how many leaves, which root. C2SP tlog-checkpoint v1.0.0, without
extension lines. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.proof.encoding import from_base64, is_name, to_base64, to_number
from engine.proof.errors import ProofRefused
from engine.proof.note import Key, parse_note, verified
from engine.proof.tree import EMPTY_ROOT, HASH_BYTES


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """From a note's text. Raises ProofRefused."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise ProofRefused("a checkpoint has three lines: origin, size and root")
    origin = lines[0]
    size = to_number(lines[1], "the checkpoint's size")
    root = from_base64(lines[2], "the checkpoint's root")
    if not is_name(origin):
        raise ProofRefused("the checkpoint's origin is empty, or holds a space or a plus sign")
    if len(root) != HASH_BYTES:
        raise ProofRefused(f"the checkpoint's root is not {HASH_BYTES} bytes long")
    if size == 0 and root != EMPTY_ROOT:
        raise ProofRefused("the checkpoint's root is not that of an empty tree")
    return Checkpoint(origin, size, root)


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
