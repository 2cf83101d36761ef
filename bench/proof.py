"""The tree over the ledger: what it takes from appending, how fast it grows, and how long a proof
and a start take when it is large.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from bench.installation import BATCH, Installation, installed
from bench.lives import append_all, appends, lives
from bench.processor import Used
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.app import open_context_in
from engine.config import read_config
from engine.proof import store
from engine.proof.bundle_sources import Stores, head_of
from engine.proof.handover import hand_over
from engine.proof.store import Tiles
from engine.proof.tiles import Edge, edge_places
from engine.proof.tree import inclusion_spans, leaf_hash, node_hash, verify_inclusion
from engine.secret_files import read_secrets

KEPT, PROOF_MS, START_MS = 0.9, 20, 1000
LEAVES = {Size.QUICK: 20_000, Size.USUAL: 1_000_000, Size.LARGE: 10_000_000}
PIECE = 65_536
PATIENCE = 120.0
TICK = 0.01
HASHING = """
import hashlib, pathlib, sys
for tile in sorted(pathlib.Path(sys.argv[1], "tile", "entries").rglob("*")):
    data, place = tile.read_bytes() if tile.is_file() else b"", 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2], "big")
        leaf = hashlib.sha256(b"\\0" + data[place + 2 : end]).digest()
        hashlib.sha256(b"\\1" + leaf + leaf).digest()
        place = end
"""
"""What cannot be less: each entry read, a hash of it, and one more for the node above it."""


def measure(size: Size) -> list[Row]:
    with installed() as here:
        rows = [*_appending(size, here), *_replaying(size, here)]
        return [*rows, *_large(here, LEAVES[size])]


def _appending(size: Size, here: Installation) -> list[Row]:
    """The same appends with a process beside them that lets the tree follow, and without, in
    turns.
    """
    rounds, people = size.pick((3, 4 * BATCH), (7, 60 * BATCH), (7, 60 * BATCH))
    kept, grown, worked = [], [], []
    with _growing_beside(here) as on:
        for number in range(rounds):
            rates = {}
            for beside in (True, False) if number % 2 else (False, True):
                here.context.tree.grow()
                if beside:
                    on.set()
                entries, appending, _ = _append(here, people)
                on.clear()
                rates[beside] = entries / appending
            kept.append((rates[True], rates[False]))
            by_wall, by_processor = _growing(here, people)
            grown.append(by_wall)
            worked.append(by_processor)
    return [
        against("append with the tree growing beside it", "events/s", KEPT, kept),
        against("append and growing, by processor time", "events/s", None, worked),
        against("the tree grows", "events/s", None, grown),
    ]


def _append(here: Installation, people: int) -> tuple[int, float, float]:
    """How many entries, and the seconds they took by the wall and of the processor."""
    ready = list(appends(lives(people), 0, here.context.clock.now()))
    entries = sum(len(each.events) for batch in ready for each in batch)
    with Watch() as appending, Used(here.data, own=True) as worked:
        append_all(here.context.ledger, ready)
    return entries, appending.seconds, max(worked.seconds, TICK)


def _growing(here: Installation, people: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """The tree over entries that are there, against a hash of each and one more for the node above
    it; and what both take of the processor, against the appending alone.
    """
    before = here.context.tree.grow()
    entries, _, appended = _append(here, people)
    with Watch() as growing, Used(here.data, own=True) as grown:
        after = here.context.tree.grow()
    with here.context.database.connection() as connection:
        rows = connection.execute(
            store.SQL["entries"], {"first": before + 1, "last": after}, binary=True
        ).fetchall()
    with Watch() as hashing:
        for _, state in rows:
            found = leaf_hash(state)
            node_hash(found, found)
    by_processor = entries / (appended + max(grown.seconds, TICK)), entries / appended
    return (entries / growing.seconds, entries / hashing.seconds), by_processor


@contextmanager
def _growing_beside(here: Installation) -> Iterator[Event]:
    """Another process that lets the tree follow while the event is set."""
    context = multiprocessing.get_context("spawn")
    ready, on, over = context.Event(), context.Event(), context.Event()
    process = context.Process(target=_grow, args=(here.folder, ready, on, over))
    process.start()
    try:
        if not ready.wait(PATIENCE):
            raise RuntimeError("the process that lets the tree grow has not begun")
        yield on
    finally:
        over.set()
        process.join(PATIENCE)


def _grow(folder: Path, ready: Event, on: Event, over: Event) -> None:
    config = read_config(folder)
    with open_context_in(config, config.store_url, read_secrets(config.secrets)) as context:
        ready.set()
        while not over.is_set():
            if on.wait(0.1):
                context.tree.grow()
                time.sleep(0.1)


def _replaying(size: Size, here: Installation) -> list[Row]:
    """The auditor's own replay: `verify.py` in a process of its own over a ledger handed over, by
    processor time, openssl's included; against what the same Python takes to hash as many entries
    and a node above each.
    """
    here.context.tree.grow()
    signed = here.context.tree.sign_now()
    stores = Stores(
        here.context.ledger, here.context.vault, here.context.tree, here.context.installation_stream
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "ledger"
        target.mkdir()
        hand_over(
            here.context.database,
            head_of(stores, signed),
            here.context.tree.all_checkpoints(),
            target,
        )
        alone = [sys.executable, "-I", "-S"]
        replaying = [*alone, str(target / "verify.py"), str(target), "--lang", "en"]
        hashing = [
            *alone,
            "-c",
            HASHING,
            str(target),
        ]
        rounds = [
            (signed.size / _worked(replaying), signed.size / _worked(hashing))
            for _ in range(size.pick(1, 1, 3))
        ]
    return [
        against(
            f"the auditor's replay of {signed.size:,} entries, by processor time",
            "entries/s",
            None,
            rounds,
        )
    ]


def _worked(command: list[str]) -> float:
    """Seconds of the processor that a command takes which must succeed."""
    before = os.times()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"what was handed over does not verify: {ended.stdout}{ended.stderr}")
    after = os.times()
    return max(
        after.children_user + after.children_system - before.children_user - before.children_system,
        TICK,
    )


def _large(here: Installation, leaves: int) -> list[Row]:
    """Proofs out of a tree of so many leaves, whose tiles alone are there."""
    roots = _fill(here, leaves)
    tiles, chance, waits = Tiles(here.context.database), random.Random(leaves), []
    for _ in range(200):
        index = chance.randrange(leaves)
        with Watch() as proving:
            proof = tiles.hashes_of(inclusion_spans(index, leaves))
        waits.append(1000 * proving.seconds)
        verify_inclusion(_leaf(index), index, leaves, proof, roots)
    with Watch() as starting:
        with here.context.database.connection() as connection, connection.cursor() as cursor:
            held = store.size(cursor)
            Edge(held, store.read(cursor, edge_places(held)))
        tiles.root_at(held)
    waits.sort()
    return [
        Row(
            f"an inclusion proof at {leaves:,} leaves",
            round(waits[len(waits) // 2], 2),
            "ms",
            goal=PROOF_MS,
            at_most=True,
        ),
        Row("…, 99 of 100", round(waits[int(len(waits) * 0.99)], 2), "ms"),
        Row(
            f"the tree's start at {leaves:,} leaves",
            round(1000 * starting.seconds, 2),
            "ms",
            goal=START_MS,
            at_most=True,
        ),
    ]


def _fill(here: Installation, leaves: int) -> bytes:
    """Tiles of as many leaves in place of those of the ledger; the root."""
    edge = Edge(0, {})
    with here.context.database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute(store.SQL["forget_tiles"])
        for first in range(0, leaves, PIECE):
            store.write(
                cursor, edge.grow([_leaf(n) for n in range(first, min(first + PIECE, leaves))])
            )
    return Tiles(here.context.database).root_at(leaves)


def _leaf(index: int) -> bytes:
    return hashlib.sha256(b"\0%d" % index).digest()
