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
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.daily import Daily
from engine.desk.processes import Processes
from engine.i18n.language import N_, grouped, translator
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal
from engine.ledger.store import LOST
from engine.mime.header_guard import HeaderRefused
from engine.proof.store import SignedCheckpoint
from engine.sending.envelope import Delivery
from engine.sending.relay import Relay
from engine.sending.relay_settings import RelaySettings, relay_of
from engine.sending.replies import Verdict, redacted
from engine.sending.witness_mail import mark_of, witness_mail
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.proof")
NO_ANSWER = "the mail server did not say whether it took the mail"


def daily(context: AppContext, address: str) -> Daily:
    """One of the witnesses' days; the desk knows them by a keyed hash."""
    return Daily(
        context.desk,
        mark_of(context.vault.hash(address)),
        context.config.site.timezone,
        context.clock.now,
        wall_now,
    )


async def witness_when_due(context: AppContext, settings: RelaySettings) -> int:
    """To how many it was taken. What fails is said on the desk, and tried again."""
    taken = 0
    for address in context.config.proof.witness:
        signed = await asyncio.to_thread(context.tree.latest)
        each = await asyncio.to_thread(daily, context, address)
        claimed = await asyncio.to_thread(each.claim) if signed is not None else None
        if signed is None or claimed is None:
            continue
        why = await _handed_over(context, settings, address, signed)
        await asyncio.to_thread(_settled, context, address, why)
        if not why:
            await asyncio.to_thread(each.done, claimed)
            taken += 1
    return taken


async def _handed_over(
    context: AppContext, settings: RelaySettings, address: str, signed: SignedCheckpoint
) -> str:
    """Why not, "" when the relay has taken it."""
    try:
        mail = witness_mail(
            context.config.site,
            address,
            signed,
            context.tree.vkey,
            wall_now(),
            secrets.token_bytes(16),
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


def _settled(context: AppContext, address: str, why: str) -> None:
    processes, what = Processes(context.database), mark_of(context.vault.hash(address))
    if why:
        log.error("A WITNESS HAS NOT GOT THE CHECKPOINT", extra={"why": why})
        processes.complain(what, why)
    else:
        processes.relieve(what)


async def witnessing(
    context: AppContext, settings: RelaySettings, event: asyncio.Event, stop: asyncio.Event
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
            sending = asyncio.ensure_future(witness_when_due(context, settings))
            try:
                await asyncio.wait({sending, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
            await asyncio.wait({sending})
            error = None if sending.cancelled() else sending.exception()
            if isinstance(error, LOST):
                log.warning(
                    "what comes round by itself waits for the database",
                    extra={"why": safe_error_text(error)},
                )
            elif error is not None:
                raise error
    finally:
        stopped.cancel()


def witness(context: AppContext, args: argparse.Namespace) -> int:
    """`audit witness`: a checkpoint over everything, taken to each witness now."""
    _ = translator(language_of(context.config))
    if not context.config.proof.witness:
        raise Refusal(
            N_(
                "nobody is named to keep checkpoints: write their addresses in config.toml, [proof]"
                " witness"
            ),
            2,
        )
    settings = relay_of(context.config, context.config.mailbox_smtp_port)
    with refusing():
        signed = context.tree.sign_now()
    failed = 0
    for address, why in _each(context, settings, signed):
        failed += bool(why)
        line = (
            _("{address}: not taken: {why}")
            if why
            else _("{address}: the checkpoint over {size} entries is on its way")
        )
        print(line.format(address=address, why=why, size=grouped(signed.size, _)))
    return 1 if failed else 0


def _each(
    context: AppContext, settings: RelaySettings, signed: SignedCheckpoint
) -> Iterator[tuple[str, str]]:
    for address in context.config.proof.witness:
        why = asyncio.run(_handed_over(context, settings, address, signed))
        _settled(context, address, why)
        if not why:
            daily(context, address).done()
        yield address, why
