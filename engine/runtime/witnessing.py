"""The newest checkpoint is mailed to each `[proof] witness` once a day, and by `audit witness` now.

It leaves by the relay on a connection of its own, as the operator's mail: nothing of it stands in
the ledger, and sending that is paused for readers does not hold it, because a ledger that was just
put back or a relay that was blocked is when a checkpoint kept elsewhere is worth most.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
from collections.abc import Iterator

from engine.cli.attesting import refusing
from engine.context import House
from engine.desk.clock import wall_now
from engine.desk.daily import Daily
from engine.desk.processes import Processes
from engine.i18n.language import N_, grouped, translator
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal
from engine.ledger.store import LOST
from engine.mime.header_guard import HeaderRefused
from engine.proof.store import SignedCheckpoint
from engine.runtime.relay_choice import relay_of
from engine.sending.envelope import Delivery
from engine.sending.relay import Relay
from engine.sending.replies import Verdict, redacted
from engine.sending.settings import RelaySettings
from engine.sending.witness_mail import mark_of, witness_mail
from engine.store.safe_error_text import said

log = logging.getLogger("relance.proof")
NO_ANSWER = "the mail server did not say whether it took the mail"


def daily(house: House, address: str) -> Daily:
    """One of the witnesses' days; the desk knows them by a keyed hash."""
    return Daily(
        house.desk,
        mark_of(house.vault.hash(address)),
        house.config.site.timezone,
        house.clock.now,
        wall_now,
    )


async def witness_when_due(house: House, settings: RelaySettings) -> int:
    """To how many it was taken. What fails is said on the desk, and tried again."""
    taken = 0
    for address in house.config.proof.witness:
        signed = await asyncio.to_thread(house.tree.latest)
        each = await asyncio.to_thread(daily, house, address)
        claimed = await asyncio.to_thread(each.claim) if signed is not None else None
        if signed is None or claimed is None:
            continue
        why = await _handed_over(house, settings, address, signed)
        await asyncio.to_thread(_settled, house, address, why)
        if not why:
            await asyncio.to_thread(each.done, claimed)
            taken += 1
    return taken


async def _handed_over(
    house: House, settings: RelaySettings, address: str, signed: SignedCheckpoint
) -> str:
    """Why not, "" when the relay has taken it."""
    try:
        mail = witness_mail(
            house.config.site, address, signed, house.tree.vkey, wall_now(), secrets.token_bytes(16)
        )
    except HeaderRefused as error:
        return str(error)
    ends: list[Delivery] = []
    relay = Relay(settings)
    try:
        await relay.deliver([mail], None, ends.append)
    finally:
        await relay.close()
    (end,) = ends
    if end.verdict is Verdict.ACCEPTED:
        return ""
    answer = f"{end.reply.code} {end.reply.text}" if end.reply is not None else NO_ANSWER
    return redacted(relay.trouble or answer, address)


def _settled(house: House, address: str, why: str) -> None:
    processes, what = Processes(house.database), mark_of(house.vault.hash(address))
    if why:
        log.error("A WITNESS HAS NOT GOT THE CHECKPOINT", extra={"why": why})
        processes.complain(what, why)
    else:
        processes.relieve(what)


async def witnessing(
    house: House, settings: RelaySettings, event: asyncio.Event, stop: asyncio.Event
) -> None:
    """Each time `event` is set, until the end, which cuts a mail that is under way: it is tried
    again.
    """
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            turn = asyncio.ensure_future(event.wait())
            await asyncio.wait({turn, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                turn.cancel()
                break
            event.clear()
            sending = asyncio.ensure_future(witness_when_due(house, settings))
            try:
                await asyncio.wait({sending, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
            await asyncio.wait({sending})
            error = None if sending.cancelled() else sending.exception()
            if isinstance(error, LOST):
                log.warning(
                    "what comes round by itself waits for the database", extra={"why": said(error)}
                )
            elif error is not None:
                raise error
    finally:
        stopped.cancel()


def witness(house: House, args: argparse.Namespace) -> int:
    """`audit witness`: a checkpoint over everything, taken to each witness now."""
    _ = translator(language_of(house.config))
    if not house.config.proof.witness:
        raise Refusal(
            N_(
                "nobody is named to keep checkpoints: write their addresses in config.toml, [proof]"
                " witness"
            ),
            2,
        )
    settings = relay_of(house.config, house.config.mailbox_smtp_port)
    with refusing():
        signed = house.tree.sign_now()
    failed = 0
    for address, why in _each(house, settings, signed):
        failed += bool(why)
        line = (
            _("{address}: not taken: {why}")
            if why
            else _("{address}: the checkpoint over {size} entries is on its way")
        )
        print(line.format(address=address, why=why, size=grouped(signed.size, _)))
    return 1 if failed else 0


def _each(
    house: House, settings: RelaySettings, signed: SignedCheckpoint
) -> Iterator[tuple[str, str]]:
    for address in house.config.proof.witness:
        why = asyncio.run(_handed_over(house, settings, address, signed))
        _settled(house, address, why)
        if not why:
            daily(house, address).done()
        yield address, why
