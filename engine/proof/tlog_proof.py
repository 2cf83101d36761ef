"""One entry's proof as a file: its index, its inclusion proof, and the checkpoint it leads to. C2SP
tlog-proof v1. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.proof.checkpoint import Checkpoint, open_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import MOST_BYTES, Key, from_base64, parse_note, to_base64, to_number
from engine.proof.tree import HASH_BYTES, MAX_HASHES, leaf_hash, verify_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"
_INDEX, _EXTRA = "index ", "extra "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`hashes` go from the leaf's sibling to the root's child; `checkpoint` is the signed note,
    verbatim. Nobody signs `extra`: never trust it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __bytes__(self) -> bytes:
        """The file."""
        lines = [FIRST_LINE]
        if self.extra is not None:
            lines.append(_EXTRA + to_base64(self.extra))
        lines += [f"{_INDEX}{self.index}", *map(to_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_proof(raw: bytes) -> TlogProof:
    """Raises ProofRefused; says nothing of whether the proof is good."""
    if len(raw) > 2 * MOST_BYTES:
        raise ProofRefused(f"a proof of {len(raw)} bytes is longer than {2 * MOST_BYTES}")
    head, blank, checkpoint = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofRefused("the proof holds more than ASCII above its checkpoint") from None
    if not blank or lines.pop(0) != FIRST_LINE:
        raise ProofRefused(f"the proof does not begin with {FIRST_LINE}, or holds no checkpoint")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = from_base64(lines.pop(0).removeprefix(_EXTRA), "the proof's extra line")
    if not lines or not lines[0].startswith(_INDEX):
        raise ProofRefused("the proof does not say the index of its entry")
    index = to_number(lines.pop(0).removeprefix(_INDEX), "the proof's index")
    if len(lines) > MAX_HASHES:
        raise ProofRefused(f"the proof has {len(lines)} hashes, more than {MAX_HASHES}")
    hashes = tuple(from_base64(line, "a hash of the proof") for line in lines)
    if any(len(sibling) != HASH_BYTES for sibling in hashes):
        raise ProofRefused(f"a hash of the proof is not {HASH_BYTES} bytes long")
    parse_note(checkpoint)
    return TlogProof(index, hashes, checkpoint, extra)


def verify_entry(entry: bytes, proof: TlogProof, keys: Sequence[Key]) -> Checkpoint:
    """That these exact bytes stand at the proof's index below a checkpoint that one of `keys` has
    signed; that checkpoint. Raises ProofRefused.
    """
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint
