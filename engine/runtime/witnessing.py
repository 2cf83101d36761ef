"""The newest checkpoint is mailed to each address of `[proof] witness` once a day.

It leaves by the relay on a connection of its own, as the operator's mail: nothing of it stands in
the ledger. A pause of sending to readers does not hold it, because a checkpoint kept elsewhere is
worth most when a ledger was just put back or a relay was blocked.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Protocol

from engine.config import Config
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import Daily, Desk
from engine.desk.processes import Processes
from engine.mime.headers import HeaderRefused
from engine.proof.ledger_tree import LedgerTree
from engine.proof.store import SignedCheckpoint
from engine.runtime.repeating import each_time
from engine.sending.operators_mail import hand_over
from engine.sending.relay_settings import RouteSettings
from engine.sending.witness_mail import witness_mail, witness_mark
from engine.vault.vault import Vault

log = logging.getLogger("relance.proof")


class WitnessingStores(Protocol):
    """What witnessing works with; of the vault, the keyed hash of an address."""

    @property
    def config(self) -> Config: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def processes(self) -> Processes: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def tree(self) -> LedgerTree: ...


def daily(stores: WitnessingStores, address: str) -> Daily:
    """Which local day this witness was written to last; the desk knows it by its keyed hash."""
    return Daily(
        stores.desk,
        witness_mark(stores.vault.hash(address)),
        stores.config.site.timezone,
        stores.clock.now,
        wall_now,
    )


async def witness_when_due(stores: WitnessingStores, settings: RouteSettings) -> int:
    """How many mails the relay took. A failure is written on the desk, and tried again."""
    taken = 0
    for address in stores.config.proof.witness:
        signed = await asyncio.to_thread(stores.tree.latest)
        day = await asyncio.to_thread(daily, stores, address)
        claimed = await asyncio.to_thread(day.claim) if signed is not None else None
        if signed is None or claimed is None:
            continue
        why = await _deliver(stores, settings, address, signed)
        await asyncio.to_thread(_note_outcome, stores, address, why)
        if not why:
            await asyncio.to_thread(day.done, claimed)
            taken += 1
    return taken


def witness_now(
    stores: WitnessingStores, settings: RouteSettings, address: str, signed: SignedCheckpoint
) -> str:
    """Mail the checkpoint to one witness, whatever was done today; why the relay did not take it,
    "" when it did.
    """
    why = asyncio.run(_deliver(stores, settings, address, signed))
    _note_outcome(stores, address, why)
    if not why:
        daily(stores, address).done()
    return why


async def _deliver(
    stores: WitnessingStores, settings: RouteSettings, address: str, signed: SignedCheckpoint
) -> str:
    """Mail the checkpoint to one witness; why the relay did not take it, "" when it did."""
    try:
        mail = witness_mail(
            stores.config.site,
            address,
            signed,
            stores.tree.vkey,
            wall_now(),
            secrets.token_bytes(16),
        )
    except HeaderRefused as error:
        return str(error)
    return (await hand_over(stores.config, settings, mail)).why


def _note_outcome(stores: WitnessingStores, address: str, why: str) -> None:
    trouble = witness_mark(stores.vault.hash(address))
    if why:
        log.error("A WITNESS HAS NOT GOT THE CHECKPOINT", extra={"why": why})
        stores.processes.complain(trouble, why)
    else:
        stores.processes.relieve(trouble)


async def witnessing(
    stores: WitnessingStores, settings: RouteSettings, event: asyncio.Event, stop: asyncio.Event
) -> None:
    """Witness when due, each time `event` is set; a mail that is cut is tried again by the next
    process.
    """
    await each_time(event, stop, lambda: witness_when_due(stores, settings))
