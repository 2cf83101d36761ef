"""The tree follows the ledger: whatever the batches, it is the one over the exact stored bytes, and
it never grows on another ledger's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest

from engine.context import AppContext
from engine.proof import ledger_tree
from engine.proof.cached_checkpoint import CachedCheckpoint
from engine.proof.errors import ProofRefused
from engine.proof.ledger_tree import TreeContradicted
from engine.proof.tiles import tiles_of
from engine.proof.tree import HASH_BYTES, leaf_hash, root_of, verify_consistency, verify_inclusion
from tests.proof.growing_ledger import states, write
from tests.running_installation import Installations

MakeContext = Callable[..., AppContext]


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context()


def root(context: AppContext, size: int) -> bytes:
    return root_of(map(leaf_hash, states(context)[:size]))


def test_an_empty_ledger_has_an_empty_tree(context: AppContext) -> None:
    assert context.tree.grow() == context.tree.size() == 0
    assert context.tree.root_at(0) == root_of([])


def test_the_tree_is_the_one_over_the_stored_bytes_at_every_size_it_had(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_tree, "BATCH_ENTRIES", 97)
    sizes = [write(context, count) for count in (1, 254, 1, 1, 300, 1000)]
    for size in sizes:
        while context.tree._growing.step(size):
            pass
        assert context.tree.size() == size
    for size in {*sizes, 1, 2, 255, 256, 257, 511, 512, 513, 1100}:
        assert context.tree.root_at(size) == root(context, size)


def test_exactly_the_tiles_of_the_standard_are_kept(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_tree, "BATCH_ENTRIES", 1000)
    for size in (256, 257, 1536, 66_000):
        write(context, size - context.ledger.head())
        context.tree.grow()
        with context.database.connection() as connection:
            kept = connection.execute(
                "SELECT level, number, octet_length(hashes) FROM proof.tile"
            ).fetchall()
        assert sorted(kept) == [
            (tile.level, tile.number, tile.width * HASH_BYTES) for tile in tiles_of(size)
        ]
    leaves = list(map(leaf_hash, states(context)))
    whole = root_of(leaves)
    assert context.tree.root_at(66_000) == whole
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        verify_inclusion(leaves[index], index, 66_000, context.tree.inclusion(index, 66_000), whole)
    for old in (1, 255, 256, 300, 65_536, 65_999, 66_000):
        verify_consistency(
            old, 66_000, context.tree.consistency(old, 66_000), root_of(leaves[:old]), whole
        )


def test_what_the_tree_does_not_hold_it_does_not_prove(context: AppContext) -> None:
    write(context, 10)
    context.tree.grow()
    for ask in (
        lambda: context.tree.root_at(11),
        lambda: context.tree.inclusion(3, 11),
        lambda: context.tree.inclusion(10, 10),
    ):
        with pytest.raises(ProofRefused):
            ask()
    with pytest.raises(ProofRefused):
        context.tree.consistency(3, 11)


def test_several_processes_grow_one_tree(context: AppContext) -> None:
    write(context, 2000)
    threads = [threading.Thread(target=context.tree.grow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert context.tree.size() == 2000
    assert context.tree.root_at(2000) == root(context, 2000)


def by_hand(installations: Installations, context: AppContext, statement: str) -> None:
    """As whoever owns the database, past every wall."""
    with context.database.connection() as connection:
        name = connection.info.dbname
    with psycopg.connect(
        psycopg.conninfo.make_conninfo(installations.admin, dbname=name), autocommit=True
    ) as owner:
        owner.execute("ALTER TABLE ledger.events DISABLE TRIGGER events_are_immutable")
        owner.execute("ALTER TABLE proof.checkpoint DISABLE TRIGGER checkpoints_are_immutable")
        owner.execute(statement.encode())


def test_letters_go_on_with_what_was_signed_where_its_last_entry_was_altered(
    installations: Installations, context: AppContext
) -> None:
    write(context, 3)
    signed = context.tree.sign_now()
    by_hand(
        installations,
        context,
        f"UPDATE ledger.events SET state = 'x' WHERE notification_id = {signed.size}",
    )
    newest = CachedCheckpoint(context.tree)
    newest.cover(context.clock.now())
    assert newest() == signed.note


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (
            "DELETE FROM ledger.events WHERE notification_id > 290",
            "the ledger has none at position 300",
        ),
        (
            "UPDATE ledger.events SET state = 'x' WHERE notification_id = 300",
            "position 300 is not the one",
        ),
        ("DELETE FROM ledger.events WHERE notification_id = 305", "a gap after position 300"),
        (
            "UPDATE proof.tile SET hashes = decode(repeat('00', 44 * 32), 'hex') WHERE number = 1",
            "position 300 is not the one in the tree",
        ),
        ("DELETE FROM proof.tile WHERE level = 1", "tile 0 of level 1 has 0 hashes instead of 1"),
    ],
)
def test_a_tree_that_holds_other_entries_than_the_ledger_does_not_grow(
    installations: Installations, context: AppContext, statement: str, why: str
) -> None:
    write(context, 300)
    context.tree.grow()
    write(context, 10)
    by_hand(installations, context, statement)
    with pytest.raises(TreeContradicted, match=why):
        context.tree.grow()
    stop = threading.Event()
    context.tree.grow_quietly(stop.is_set)
    assert why in context.tree.trouble
    if "gap" not in why:
        context.tree.anew()
        context.tree.grow_quietly(stop.is_set)
        assert context.tree.trouble == ""


def test_it_is_made_anew_from_the_ledger(installations: Installations, context: AppContext) -> None:
    write(context, 600)
    context.tree.grow()
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id > 290")
    seen: list[tuple[int, int]] = []
    context.tree.anew(lambda done, total: seen.append((done, total)))
    assert context.tree.size() == 290
    assert context.tree.root_at(290) == root(context, 290)
    write(context, 700)
    assert context.tree.grow() == 990
    assert context.tree.root_at(990) == root(context, 990)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proof.checkpoint SET size = 1",
        "DELETE FROM proof.checkpoint",
        "TRUNCATE proof.checkpoint",
        "DROP TABLE proof.tile",
    ],
)
def test_the_program_may_not_change_what_was_signed(context: AppContext, statement: str) -> None:
    with (
        context.database.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_nor_does_the_owner_by_mistake(installations: Installations, context: AppContext) -> None:
    write(context, 1)
    context.tree.sign_now()
    with context.database.connection() as connection:
        name = connection.info.dbname
    with (
        psycopg.connect(psycopg.conninfo.make_conninfo(installations.admin, dbname=name)) as owner,
        pytest.raises(psycopg.errors.RaiseException),
    ):
        owner.execute("DELETE FROM proof.checkpoint")
