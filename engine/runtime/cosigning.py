"""The newest checkpoint is shown to each witness of `[proof] witness_url`, which cosigns it (C2SP
tlog-witness): at most once in the time between two checkpoints, by one of several hosts.

A crash leaves the turn to the next host once the lease has run out. An answer that was lost costs
nothing: the witness then knows more than the database, says so with 409, and the same is asked
again from there. A failure is written on the desk and tried again after a minute, then after twice
as long each time, an hour at most.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.config import Config
from engine.desk.clock import wall_now
from engine.desk.desk import Desk
from engine.desk.processes import Processes
from engine.proof.errors import ProofRefused
from engine.proof.ledger_tree import LedgerTree
from engine.proof.posting import NotFetched, posted
from engine.proof.signing import read_vkey
from engine.proof.store import Cosignature, SignedCheckpoint
from engine.proof.tlog_witness import (
    MAX_ANSWER_BYTES,
    PATH,
    Cosigned,
    Witness,
    add_checkpoint,
    read_answer,
)
from engine.sequence.delay import HOUR, MINUTE

log = logging.getLogger("relance.proof")
LEASE = 5 * MINUTE
"""Wall-clock milliseconds for which one attempt excludes others."""
MAX_DOUBLINGS = 6
MAX_SIZES = 3
"""How often a witness may say that it knows another tree, before it is left alone."""
Stopped = Callable[[], bool]


class CosigningStores(Protocol):
    """What cosigning works with."""

    @property
    def config(self) -> Config: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def processes(self) -> Processes: ...

    @property
    def tree(self) -> LedgerTree: ...


class NotCosigned(Exception):
    """A witness did not sign; the sentence says why."""


def cosign_when_due(stores: CosigningStores, stopped: Stopped = lambda: False) -> int:
    """How many witnesses signed."""
    signed, signatures = stores.tree.latest(), 0
    for witness in stores.config.proof.witness_url:
        if signed is None or stopped():
            break
        if stores.tree.cosignatures.last(signed.origin, witness.vkey) == signed.size:
            continue
        claimed = _claim(stores, witness)
        if claimed is not None:
            why = cosign_now(stores, witness, signed)
            failures = claimed[0] + 1 if why else 0
            wait = (
                min(HOUR, MINUTE << min(failures - 1, MAX_DOUBLINGS))
                if why
                else stores.config.proof.every.nominal_ms
            )
            stores.desk.replace_mark(witness.mark, claimed, failures, wall_now() + wait)
            signatures += not why
    return signatures


def _claim(stores: CosigningStores, witness: Witness) -> tuple[int, int] | None:
    """The mark while this host asks: how often the witness has failed in a row, and until when
    nobody else asks (ms, wall clock). None where it is not to be asked yet, or another host is at
    it.
    """
    held, wall = stores.desk.mark(witness.mark) or (0, 0), wall_now()
    # If the wall clock was set back, the mark must not keep everybody away until then.
    if wall < held[1] <= wall + max(HOUR, stores.config.proof.every.nominal_ms):
        return None
    mine = (held[0], wall + LEASE)
    return mine if stores.desk.replace_mark(witness.mark, held, *mine) else None


def cosign_now(stores: CosigningStores, witness: Witness, signed: SignedCheckpoint) -> str:
    """Ask one witness, whenever it was asked last; why it did not sign, "" when it did."""
    try:
        cosigned = _ask(stores.tree, witness, signed)
    except (NotCosigned, NotFetched, ProofRefused) as error:
        why = str(error)
        log.error("A WITNESS HAS NOT COSIGNED", extra={"witness": witness.name, "why": why})
        stores.processes.complain(witness.mark, f"{witness.name}: {why}")
        return why
    stores.tree.cosignatures.add(signed, Cosignature(witness.vkey, cosigned.line), cosigned.at)
    stores.processes.relieve(witness.mark)
    return ""


def _ask(tree: LedgerTree, witness: Witness, signed: SignedCheckpoint) -> Cosigned:
    """The witness's signature below a checkpoint. Raises NotCosigned, NotFetched, ProofRefused."""
    key = read_vkey(witness.vkey)
    known = min(tree.cosignatures.last(signed.origin, witness.vkey), signed.size)
    for _ in range(MAX_SIZES):
        hashes = tree.consistency(known, signed.size) if 0 < known < signed.size else []
        answer = posted(
            witness.url + PATH,
            add_checkpoint(known, hashes, signed.note),
            {"Content-Type": "text/plain; charset=utf-8"},
            MAX_ANSWER_BYTES,
        )
        outcome = read_answer(answer.status, answer.kind, answer.body, signed.note, key)
        if isinstance(outcome, Cosigned):
            return outcome
        if outcome.size > signed.size:
            raise NotCosigned(
                f"the witness has cosigned {outcome.size} entries, and this checkpoint has"
                f" {signed.size}: another machine signs too, or a copy was put back"
            )
        if outcome.size == known:
            raise NotCosigned(
                f"the witness has cosigned another tree of {known} entries: keep everything as it"
                " is, two histories were signed"
            )
        known = outcome.size
    raise NotCosigned("the witness names another size each time it is asked")
