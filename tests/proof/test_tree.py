"""The tree and its proofs: the published ones, every one of every small tree, and none that has
been tampered with (F01).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.errors import ProofRefused
from engine.proof.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    node_hash,
    root_of,
    span_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.proof import plain_tree
from tests.proof.vectors import CONSISTENCY, ENTRIES, INCLUSION, ROOTS, SOME_HASH

LARGEST = 70
MANY = [n.to_bytes(2, "big") for n in range(LARGEST)]
LEAVES = [leaf_hash(each) for each in MANY]


def read(level: int, index: int) -> bytes:
    return plain_tree.mth(MANY[index << level : (index + 1) << level])


def inclusion(index: int, size: int) -> list[bytes]:
    return [span_hash(span, read) for span in inclusion_spans(index, size)]


def consistency(old: int, size: int) -> list[bytes]:
    return [span_hash(span, read) for span in consistency_spans(old, size)]


def test_the_published_roots_come_out() -> None:
    assert (
        root_of([])
        == EMPTY_ROOT
        == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )
    for size, root in enumerate(ROOTS, start=1):
        assert root_of(map(leaf_hash, ENTRIES[:size])) == root


@pytest.mark.parametrize("place", INCLUSION)
def test_a_published_inclusion_proof_is_made_and_believed_and_none_that_differs_from_it(
    place: tuple[int, int],
) -> None:
    index, size = place
    proof, root, leaf = INCLUSION[place], ROOTS[size - 1], leaf_hash(ENTRIES[index])
    verify_inclusion(leaf, index, size, proof, root)
    assert [
        plain_tree.mth(ENTRIES[begin:end]) for begin, end in inclusion_spans(index, size)
    ] == proof
    for said in _tampered_inclusion(index, size, proof, root, leaf):
        with pytest.raises(ProofRefused):
            verify_inclusion(*said)


def _tampered_inclusion(
    index: int, size: int, proof: list[bytes], root: bytes, leaf: bytes
) -> Iterator[tuple[bytes, int, int, Sequence[bytes], bytes]]:
    """What the publisher of the proofs tries on each of them."""
    for other in (index - 1, index + 1, index ^ 2):
        yield leaf, other, size, proof, root
    for other in (size * 2, size // 2):
        yield leaf, index, other, proof, root
    yield b"WrongLeaf", index, size, proof, root
    for wrong in (EMPTY_ROOT, SOME_HASH):
        yield leaf, index, size, proof, wrong
    for more in (b"", root):
        yield leaf, index, size, [*proof, more], root
        yield leaf, index, size, [more, *proof], root
    for n, each in enumerate(proof):
        yield leaf, index, size, [*proof[:n], _flipped(each, 8), *proof[n + 1 :]], root
    if proof:
        yield leaf, index, size, proof[:-1], root
        yield leaf, index, size, [proof[0], SOME_HASH, *proof[1:]], root


@pytest.mark.parametrize("place", CONSISTENCY)
def test_a_published_consistency_proof_is_made_and_believed_and_none_that_differs_from_it(
    place: tuple[int, int],
) -> None:
    old, size = place
    proof, before, root = CONSISTENCY[place], ROOTS[old - 1], ROOTS[size - 1]
    verify_consistency(old, size, proof, before, root)
    assert [
        plain_tree.mth(ENTRIES[begin:end]) for begin, end in consistency_spans(old, size)
    ] == proof
    for said in _tampered_consistency(old, size, proof, before, root) if proof else ():
        with pytest.raises(ProofRefused):
            verify_consistency(*said)


def _tampered_consistency(
    old: int, size: int, proof: list[bytes], before: bytes, root: bytes
) -> Iterator[tuple[int, int, Sequence[bytes], bytes, bytes]]:
    """What the publisher of the proofs tries on each of them."""
    for other in (old - 1, old + 1, old ^ 2):
        yield other, size, proof, before, root
    for other in (size * 2, size // 2):
        yield old, other, proof, before, root
    yield old, size, proof, b"WrongRoot", root
    yield old, size, proof, before, b"WrongRoot"
    yield old, size, proof, root, before
    # Not in the publisher's list: a true proof and a true root do not vouch for another beginning.
    yield old, size, proof, SOME_HASH, root
    yield old, size, proof, _flipped(before, 1), root
    yield old, size, [], before, root
    for more in (b"", before, root, proof[0]):
        yield old, size, [more, *proof], before, root
        yield old, size, [*proof, more], before, root
    yield old, size, proof[:-1], before, root
    for n, each in enumerate(proof):
        yield old, size, [*proof[:n], _flipped(each, 16), *proof[n + 1 :]], before, root


def test_every_proof_of_every_tree_of_up_to_seventy_leaves_is_the_one_the_rfc_defines() -> None:
    for size in range(1, LARGEST + 1):
        entries = MANY[:size]
        root = plain_tree.mth(entries)
        assert root_of(LEAVES[:size]) == root
        for index in range(size):
            proof = inclusion(index, size)
            assert proof == plain_tree.path(index, entries)
            verify_inclusion(LEAVES[index], index, size, proof, root)
        for old in range(1, size + 1):
            steps = consistency(old, size)
            assert steps == plain_tree.proof(old, entries)
            verify_consistency(old, size, steps, plain_tree.mth(entries[:old]), root)


def test_a_proof_is_believed_of_no_other_leaf_and_in_no_other_tree() -> None:
    roots = [plain_tree.mth(MANY[:size]) for size in range(20)]
    for size in range(1, 20):
        for index in range(size):
            proof = inclusion(index, size)
            for other_index in range(-1, 21):
                for other_size in range(-1, 21):
                    # A leaf that stands alone at the right edge climbs by the same hashes in some
                    # other sizes; their roots differ.
                    if (
                        (other_index, other_size) != (index, size)
                        and 0 <= other_size < 20
                        and other_size != size
                    ):
                        with pytest.raises(ProofRefused):
                            verify_inclusion(
                                LEAVES[index],
                                other_index,
                                other_size,
                                proof,
                                roots[other_size],
                            )
                if other_index != index:
                    with pytest.raises(ProofRefused):
                        verify_inclusion(LEAVES[index], other_index, size, proof, roots[size])


def test_from_nothing_any_tree_may_grow_and_the_proof_is_empty() -> None:
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 8, [], EMPTY_ROOT, ROOTS[7])
    assert consistency_spans(0, 8) == consistency_spans(0, 0) == consistency_spans(8, 8) == []


@pytest.mark.parametrize(
    "said",
    [
        (0, 0, [], SOME_HASH, SOME_HASH),
        (0, 0, [], SOME_HASH, EMPTY_ROOT),
        (0, 0, [], EMPTY_ROOT, SOME_HASH),
        (0, 0, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT),
        (0, 1, [], SOME_HASH, ROOTS[0]),
        (0, 1, [EMPTY_ROOT], EMPTY_ROOT, ROOTS[0]),
        (1, 1, [], ROOTS[0], ROOTS[1]),
        (1, 1, [EMPTY_ROOT], ROOTS[0], ROOTS[0]),
        (1, 0, [], ROOTS[0], EMPTY_ROOT),
        (2, 1, [], ROOTS[1], ROOTS[0]),
        (1, 2, [], ROOTS[0], ROOTS[1]),
        (-1, 2, [], ROOTS[0], ROOTS[1]),
    ],
)
def test_an_empty_tree_has_one_root_and_nothing_to_prove_is_proven_by_nothing(
    said: tuple[int, int, list[bytes], bytes, bytes],
) -> None:
    with pytest.raises(ProofRefused):
        verify_consistency(*said)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (2, 1), (-1, 3)])
def test_a_tree_proves_no_leaf_it_does_not_have(index: int, size: int) -> None:
    with pytest.raises(ProofRefused):
        inclusion_spans(index, size)
    with pytest.raises(ProofRefused):
        verify_inclusion(ROOTS[0], index, size, [], ROOTS[0])


def test_a_tree_does_not_shrink() -> None:
    with pytest.raises(ProofRefused):
        consistency_spans(3, 2)
    with pytest.raises(ProofRefused):
        consistency_spans(-1, 2)


def test_a_frontier_goes_on_from_where_it_was_left() -> None:
    frontier = Frontier()
    for size in range(LARGEST):
        assert frontier.root() == plain_tree.mth(MANY[:size])
        frontier = Frontier(frontier.size, frontier.subtrees)
        frontier.append(LEAVES[size])
    with pytest.raises(ValueError, match="3 leaves"):
        Frontier(3, [EMPTY_ROOT])


def test_a_leaf_is_no_node() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"x") == sha256(b"\0x").digest()


@given(st.lists(st.binary(max_size=40), max_size=300), st.data())
def test_any_tree_proves_its_leaves_and_its_beginnings(
    entries: list[bytes], data: st.DataObject
) -> None:
    size, leaves = len(entries), list(map(leaf_hash, entries))
    root = root_of(leaves)
    assert root == plain_tree.mth(entries)
    old = data.draw(st.integers(0, size))

    def node(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    verify_consistency(
        old,
        size,
        [span_hash(span, node) for span in consistency_spans(old, size)],
        root_of(leaves[:old]),
        root,
    )
    if size:
        index = data.draw(st.integers(0, size - 1))
        verify_inclusion(
            leaves[index],
            index,
            size,
            [span_hash(span, node) for span in inclusion_spans(index, size)],
            root,
        )


hashes = st.lists(st.binary(min_size=30, max_size=33), max_size=70)
numbers = st.integers(-2, 2**64)


@given(st.binary(max_size=33), numbers, numbers, hashes, st.binary(max_size=33))
def test_a_verifier_says_nothing_but_its_refusal(
    leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes
) -> None:
    with suppress(ProofRefused):
        verify_inclusion(leaf, index, size, proof, root)
    with suppress(ProofRefused):
        verify_consistency(index, size, proof, leaf, root)


def _flipped(value: bytes, bits: int) -> bytes:
    return bytes((value[0] ^ bits,)) + value[1:]
