"""The Merkle tree over the ledger: RFC 6962, section 2.1, and its verifiers as RFC 9162, section
2.1.3 and 2.1.4 have them. SHA-256. Pure.

The leaf of an entry is made of the exact bytes that are stored; its index is its position less one.
A span (begin, end) is the range of leaves begin..end-1. A node (level, index) is the root of the
whole subtree over the leaves index * 2**level to (index + 1) * 2**level - 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.proof.errors import ProofRefused

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_HASHES = 63
"""A proof in a tree whose size is below 2**63 has no more."""

Span = tuple[int, int]
Node = tuple[int, int]
ReadNode = Callable[[int, int], bytes]
"""The hash of a node (level, index)."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The whole subtrees a tree of `size` leaves is made of, largest first: all that is needed to
    go on, and 64 hashes at most.
    """

    __slots__ = ("size", "subtrees")

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        self.size, self.subtrees = size, list(subtrees)
        if len(self.subtrees) != size.bit_count():
            raise ValueError(
                f"a tree of {size} leaves has {size.bit_count()} whole subtrees, not"
                f" {len(self.subtrees)}"
            )

    def append(self, leaf: bytes) -> None:
        """`leaf` is a leaf hash."""
        size, subtree = self.size, leaf
        while size & 1:
            subtree = node_hash(self.subtrees.pop(), subtree)
            size >>= 1
        self.subtrees.append(subtree)
        self.size += 1

    def root(self) -> bytes:
        return join(self.subtrees)


def join(subtrees: Sequence[bytes]) -> bytes:
    """The root over whole subtrees, largest first."""
    if not subtrees:
        return EMPTY_ROOT
    joined = subtrees[-1]
    for subtree in reversed(subtrees[:-1]):
        joined = node_hash(subtree, joined)
    return joined


def root_of(leaves: Iterable[bytes]) -> bytes:
    """`leaves` are leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def nodes_of(span: Span) -> Iterator[Node]:
    """The whole subtrees of a span of the tree, largest first."""
    begin, end = span
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def span_hash(span: Span, read: ReadNode) -> bytes:
    return join([read(level, index) for level, index in nodes_of(span)])


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What an inclusion proof is made of, from the leaf's sibling to the root's child. Raises
    ProofRefused for a leaf the tree does not have.
    """
    if not 0 <= index < size:
        raise ProofRefused(f"a tree of {size} leaves has no leaf {index}")
    spans: list[Span] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    return spans[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """What a consistency proof is made of; nothing from size 0 and from a size to itself. Raises
    ProofRefused for a tree that would shrink.
    """
    if not 0 <= old <= size:
        raise ProofRefused(f"a tree of {old} leaves cannot have become one of {size}")
    spans: list[Span] = []
    begin, end = 0, size
    if old in (0, size):
        return spans
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    if begin:
        spans.append((begin, end))
    return spans[::-1]


def _split(leaves: int) -> int:
    """The largest power of two below `leaves`."""
    return 1 << ((leaves - 1).bit_length() - 1)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """That the leaf of hash `leaf` stands at `index` in the tree of `size` leaves and this root.
    Raises ProofRefused.
    """
    if not 0 <= index < size:
        raise ProofRefused(f"a tree of {size} leaves has no leaf {index}")
    _check_hashes((leaf, root, *proof))
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofRefused("the inclusion proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofRefused("the inclusion proof is shorter than the tree is high")
    if found != root:
        raise ProofRefused(f"the inclusion proof of leaf {index} does not lead to the root")


def verify_consistency(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> None:
    """That the tree of `old` leaves is the beginning of the one of `size` leaves. Raises
    ProofRefused.

    From nothing any tree may grow: from size 0 the proof is empty, and `old_root` is that of the
    empty tree.
    """
    if not 0 <= old <= size:
        raise ProofRefused(f"a tree of {old} leaves cannot have become one of {size}")
    _check_hashes((old_root, root, *proof))
    for leaves, said in ((old, old_root), (size, root)):
        if leaves == 0 and said != EMPTY_ROOT:
            raise ProofRefused("the root of an empty tree is not the hash of nothing")
    if old == size and old_root != root:
        raise ProofRefused(f"two roots of {size} leaves differ")
    if old in (0, size):
        if proof:
            raise ProofRefused(
                f"from {old} leaves to {size} there is nothing to prove, but hashes are given"
            )
        return
    if _roots_from(old, size, proof, old_root) != (old_root, root):
        raise ProofRefused(f"the tree of {old} leaves is not the beginning of the one of {size}")


def _roots_from(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """The two roots a proof leads to. A root that is a whole subtree of the new tree is not
    repeated in its proof.
    """
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        raise ProofRefused("the consistency proof is empty")
    before = after = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofRefused("the consistency proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            after = node_hash(after, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofRefused("the consistency proof is shorter than the tree is high")
    return before, after


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(sibling) != HASH_BYTES for sibling in hashes):
        raise ProofRefused(f"a hash is not {HASH_BYTES} bytes long")
