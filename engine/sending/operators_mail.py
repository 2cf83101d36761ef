"""A mail of the operator's own, handed to the mail server on a connection of its own: a checkpoint
for a witness, what somebody wrote, the weekly summary. It stands in nobody's stream, and a pause of
sending to readers does not hold it.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from engine.config import Config
from engine.i18n.user_error import UserError
from engine.sending.dkim_keys import DkimSigning
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay_settings import RouteSettings
from engine.sending.replies import Verdict, redacted
from engine.sending.route import RouteUnavailable
from engine.sending.routes import route_of
from engine.sending.send_queue import EligibilityCheck

NO_ANSWER = "the mail server did not say whether it took the mail"


class Handed(NamedTuple):
    """`verdict` None: whether the mail server took it is not known. `why` it did not, "" where it
    did, or where `before` kept it back.
    """

    verdict: Verdict | None
    why: str


async def hand_over(
    config: Config,
    settings: RouteSettings,
    envelope: Envelope,
    before: EligibilityCheck | None = None,
) -> Handed:
    """`before` is asked less than a second before the mail is begun, and keeps it back where it
    does not return its key.
    """
    signing, route = DkimSigning(config), route_of(settings)
    deliveries: list[Delivery] = []
    try:
        await asyncio.to_thread(signing.read)
        signed: list[Envelope] = await asyncio.to_thread(signing.signed, [envelope])
        await route.deliver(signed, before, deliveries.append)
    except UserError as error:
        return Handed(Verdict.TEMPORARY, str(error))
    except RouteUnavailable as error:
        return Handed(Verdict.TEMPORARY, redacted(str(error), envelope.recipient))
    finally:
        await route.close()
    if not deliveries:
        return Handed(Verdict.TEMPORARY, "")
    delivery = deliveries[-1]
    if delivery.verdict is Verdict.ACCEPTED:
        return Handed(delivery.verdict, "")
    reply = delivery.reply
    answer = f"{reply.code} {reply.text}" if reply is not None else NO_ANSWER
    return Handed(delivery.verdict, redacted(route.trouble or answer, envelope.recipient))
