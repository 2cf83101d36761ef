"""The newest checkpoint is stamped by the server of `[proof] stamp` once a day; checkpoints whose
stamps will end are stamped again in time (F10).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.config import Config
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import Daily, Desk
from engine.desk.processes import Processes
from engine.proof.errors import ProofRefused
from engine.proof.ledger_tree import LedgerTree
from engine.proof.posting import NotFetched, fetched
from engine.proof.stamping import CONTENT_TYPE, KeptStamp, accepted, question
from engine.proof.store import SignedCheckpoint
from engine.sequence.delay import DAY

log = logging.getLogger("relance.proof")
TROUBLE = "stamp"
RENEWAL = 60 * DAY
"""How long before its end (ms) a stamp is followed by another."""
MAX_RENEWED = 100
"""Old checkpoints stamped again on one day. Their stamps all end together, when the server's
certificate does.
"""
Stopped = Callable[[], bool]


class StampingStores(Protocol):
    """What stamping works with."""

    @property
    def config(self) -> Config: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def processes(self) -> Processes: ...

    @property
    def tree(self) -> LedgerTree: ...


class NotStamped(Exception):
    """No stamp was had; the sentence says why."""


def daily(stores: StampingStores) -> Daily:
    """Which local day was stamped last, as the desk remembers it."""
    return Daily(stores.desk, TROUBLE, stores.config.site.timezone, stores.clock.now, wall_now)


def stamp_when_due(stores: StampingStores, stopped: Stopped = lambda: False) -> int:
    """How many checkpoints were stamped. A failure is written on the desk, and tried again."""
    signed = stores.tree.latest()
    claimed = daily(stores).claim() if signed is not None else None
    if signed is None or claimed is None:
        return 0
    try:
        stamped = _stamp_all(stores, signed, stopped)
    except NotStamped as error:
        log.error("NO CHECKPOINT IS STAMPED", extra={"why": str(error)})
        stores.processes.complain(TROUBLE, str(error))
        return 0
    if not stopped():
        daily(stores).done(claimed)
        stores.processes.relieve(TROUBLE)
    return stamped


def _stamp_all(stores: StampingStores, signed: SignedCheckpoint, stopped: Stopped) -> int:
    """Stamp the newest checkpoint if it has no stamp that lasts; then those whose stamps end soon,
    where the server's new stamps last longer. How many were stamped. Raises NotStamped.
    """
    soon, stamped = wall_now() + RENEWAL, 0
    stamps = stores.tree.stamps.of(signed.origin, signed.size)
    if all(kept.holds_until < soon for kept in stamps):
        stamp_one(stores, signed)
        stamped += 1
    lasts = max(kept.holds_until for kept in stores.tree.stamps.of(signed.origin, signed.size))
    for ending in stores.tree.stamps.ending(min(soon, lasts), MAX_RENEWED):
        if stopped():
            break
        stamp_one(stores, ending)
        stamped += 1
    return stamped


def stamp_one(stores: StampingStores, signed: SignedCheckpoint) -> KeptStamp:
    """Have one checkpoint stamped by the server and keep the stamp. Raises NotStamped."""
    stamp_roots = stores.config.proof.stamp_roots
    try:
        roots = (stores.config.folder / stamp_roots).read_bytes()
    except OSError as error:
        raise NotStamped(
            f"[proof] stamp_roots {stamp_roots} cannot be read: {error.strerror}"
        ) from error
    try:
        request = question(signed.note)
        stamp = accepted(
            fetched(stores.config.proof.stamp, request, {"Content-Type": CONTENT_TYPE}),
            request,
            signed.note,
            roots,
        )
    except (NotFetched, ProofRefused) as error:
        raise NotStamped(str(error)) from error
    kept = KeptStamp(signed.origin, signed.size, stamp.response, roots, stamp.at, stamp.until)
    stores.tree.stamps.add(kept)
    return kept
