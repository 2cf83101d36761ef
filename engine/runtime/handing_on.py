"""Mails that people wrote are handed on to `[inbound] reply_to`, by whichever process sends.

They leave as checkpoints to witnesses do: on a connection of their own, in nobody's stream, whether
sending to readers is paused or not. One that the mail server does not take is tried again every ten
minutes until `[inbound] keep` has passed; killed in between, it may be handed on twice, under one
Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from engine.config import Config
from engine.desk.clock import wall_now
from engine.desk.processes import Processes
from engine.inbound.handed_on import handed_on
from engine.mime.headers import HeaderRefused
from engine.runtime.repeating import each_time
from engine.sending.operators_mail import hand_over
from engine.sending.relay_settings import RouteSettings
from engine.sending.replies import Verdict
from engine.vault.inbound_mail import InboundMails, WaitingMail

log = logging.getLogger("relance.inbound")
TROUBLE: Final = "hand-on"
AT_MOST = 50
"""In one round."""


class HandingOnStores(Protocol):
    @property
    def config(self) -> Config: ...

    @property
    def processes(self) -> Processes: ...

    @property
    def inbound_mails(self) -> InboundMails: ...


async def hand_on(stores: HandingOnStores, settings: RouteSettings) -> int:
    """How many the mail server took. A failure is written on the desk, and ends the round."""
    for taken in range(AT_MOST):
        mail = await asyncio.to_thread(stores.inbound_mails.take_waiting, wall_now())
        if mail is None:
            return taken
        why = await _deliver(stores.config, settings, mail)
        if why:
            log.error("a mail is not handed on", extra={"why": why})
            await asyncio.to_thread(stores.processes.complain, TROUBLE, why)
            return taken
        await asyncio.to_thread(stores.inbound_mails.handed_on, mail.digest)
        await asyncio.to_thread(stores.processes.relieve, TROUBLE)
    return AT_MOST


async def _deliver(config: Config, settings: RouteSettings, mail: WaitingMail) -> str:
    """Why the mail server did not take it, "" when it did."""
    to, why = config.inbound.reply_to, ""
    for eight_bit in (True, False):
        try:
            envelope = handed_on(
                config.site, to, mail.octets, mail.digest, wall_now(), eight_bit=eight_bit
            )
        except HeaderRefused as error:
            return str(error)
        verdict, why = await hand_over(config, settings, envelope)
        if verdict is not Verdict.NOT_CARRIED:
            break
    return why


async def handing_on(
    stores: HandingOnStores, settings: RouteSettings, event: asyncio.Event, stop: asyncio.Event
) -> None:
    """Hand on what waits, each time `event` is set, until `stop` is."""
    await each_time(event, stop, lambda: hand_on(stores, settings))
