"""The weekly summary is mailed to `[operator] address`: once for each week, by whichever process
that sends is first, whatever is killed.

How far it is stands on the desk in one row, changed only by who knows what it held: tried until a
moment of the wall clock, begun, or done. It is begun less than a second before the mail server is
told of the mail. Killed before that, another process sends it; killed afterwards, nobody knows
whether the mail server took it: it is not sent again, and `status` says so. A week that is over
while nothing runs is told of late, and of several such weeks the last alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Protocol

from engine.config import Config, Site
from engine.desk.clock import wall_now
from engine.desk.desk import TRIED_AGAIN
from engine.desk.processes import Processes
from engine.i18n.language import N_, translator
from engine.mime.header_values import message_id
from engine.mime.headers import HeaderRefused, Mailbox
from engine.mime.message import Mail, serialize
from engine.runtime.repeating import each_time
from engine.sending.envelope import Envelope
from engine.sending.operators_mail import hand_over
from engine.sending.relay_settings import RouteSettings
from engine.sending.replies import Verdict
from engine.status.week import Week, WeekStores, last_summary, last_week, week_of_installation
from engine.status.week_words import WeekWords, told_in_text

log = logging.getLogger("relance.run")
NAME = "summary"
TROUBLE, DOUBT = "summary", "summary-doubt"
KILLED = "the process that sent it has ended"
HELLO = N_(
    "Hello,\n\nthis is how the week went at {name}.\n\n{told}\n\nThe console shows the same (State"
    " of things, The week), and `relance summary` prints it. Nobody is named. To get it no more,"
    " empty `summary` in [operator] of config.toml.\n"
)


class SummaryStores(WeekStores, Protocol):
    @property
    def processes(self) -> Processes: ...


async def summarise_when_due(stores: SummaryStores, settings: RouteSettings) -> bool:
    """Whether the mail server took a summary. A failure is written on the desk, and tried again
    after half an hour.
    """
    due = await asyncio.to_thread(_claimed, stores)
    if due is None:
        return False
    moment, mine = due
    begun = (-moment, mine[1])

    async def begin(envelopes: Sequence[Envelope]) -> Collection[str]:
        if await asyncio.to_thread(stores.desk.replace_mark, NAME, mine, *begun):
            return [envelope.key for envelope in envelopes]
        return []

    try:
        envelope = await asyncio.to_thread(_mail_of_week, stores, moment)
    except HeaderRefused as error:
        await asyncio.to_thread(_not_sent, stores, str(error))
        return False
    handed = await hand_over(stores.config, settings, envelope, begin)
    match handed.verdict:
        case Verdict.ACCEPTED:
            await asyncio.to_thread(settle, stores, begun, moment)
        case None:
            await asyncio.to_thread(_in_doubt, stores, begun, handed.why)
        case _ if handed.why:
            # Begun or not, the mail server did not take it.
            await asyncio.to_thread(stores.desk.replace_mark, NAME, begun, *mine)
            await asyncio.to_thread(_not_sent, stores, handed.why)
    return handed.verdict is Verdict.ACCEPTED


def _claimed(stores: SummaryStores) -> tuple[int, tuple[int, int]] | None:
    """When the summary was due (ms) that is to be sent now, and what the desk holds while this
    process tries; None where there is none, or another process is at it.
    """
    operator = stores.config.operator
    if operator.summary is None:
        return None
    moment = last_summary(operator.summary, stores.clock.now(), stores.config.site.timezone)
    held = stores.desk.mark(NAME)
    if held is None:
        # It begins with the next: what was before it was asked for is nobody's loss.
        stores.desk.replace_mark(NAME, (0, 0), moment, 0)
        return None
    last, until = held
    wall = wall_now()
    # If the wall clock was set back, the lease must not keep others away for that long.
    if wall < until <= wall + TRIED_AGAIN:
        return None
    if last < 0:
        _in_doubt(stores, held, KILLED)
        return None
    if last_week(last) >= last_week(moment):
        # Told already, be it on another day: `summary` may have been changed since.
        return None
    mine = (last, wall + TRIED_AGAIN)
    return (moment, mine) if stores.desk.replace_mark(NAME, held, *mine) else None


def _mail_of_week(stores: SummaryStores, moment: int) -> Envelope:
    """Of the week that was over when the summary was due. Raises HeaderRefused."""
    plan = stores.installation_stream.current().plan()
    week = week_of_installation(stores, last_week(moment))
    words = WeekWords(plan, stores.config.site.language)
    return summary_mail(stores.config, week, words, wall_now())


def summary_mail(config: Config, week: Week, words: WeekWords, at: int) -> Envelope:
    """`at` (ms, wall clock) is the mail's Date. Of one week it is always the same message. Raises
    HeaderRefused.
    """
    site, to = config.site, config.operator.address
    mark = hashlib.sha256(f"summary {week.monday} {site.sender} {to}".encode()).digest()[:16]
    title = words.title(week.monday, week.now)
    told = "\n".join([title, "", *told_in_text(words.sections(week))])
    mail = Mail(
        Mailbox(site.sender_name, site.sender),
        Mailbox("", to),
        None,
        words.say("{name}: {value}").format(name=site.name, value=title),
        datetime.fromtimestamp(at / 1000, UTC),
        message_id(mark, site.sender.rpartition("@")[2]),
        (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")),
        _text(site, told),
        None,
    )
    return Envelope(mark.hex(), site.sender, to, serialize(mail))


def _text(site: Site, told: str) -> str:
    return translator(site.language)(HELLO).format(name=site.name, told=told)


def settle(stores: SummaryStores, held: tuple[int, int], moment: int) -> None:
    """The summary that was due at a moment (ms) was taken."""
    stores.desk.replace_mark(NAME, held, moment, 0)
    stores.processes.relieve(TROUBLE)
    stores.processes.relieve(DOUBT)


def sent_by_hand(stores: SummaryStores, monday: int) -> None:
    """The operator was sent the week of a Monday, which settles it where it is the last one."""
    operator, now = stores.config.operator, stores.clock.now()
    stores.processes.relieve(DOUBT)
    if operator.summary is not None:
        moment = last_summary(operator.summary, now, stores.config.site.timezone)
        if monday == last_week(moment):
            stores.desk.set_mark(NAME, moment, 0)
            stores.processes.relieve(TROUBLE)


def _in_doubt(stores: SummaryStores, held: tuple[int, int], why: str) -> None:
    if stores.desk.replace_mark(NAME, held, abs(held[0]), 0):
        log.error("whether the weekly summary was taken is not known", extra={"why": why})
        stores.processes.relieve(TROUBLE)
        stores.processes.complain(DOUBT, why)


def _not_sent(stores: SummaryStores, why: str) -> None:
    log.error("the weekly summary is not sent", extra={"why": why})
    stores.processes.complain(TROUBLE, why)


async def summarising(
    stores: SummaryStores, settings: RouteSettings, event: asyncio.Event, stop: asyncio.Event
) -> None:
    """Send the summary when it is due, each time `event` is set, until `stop` is."""
    await each_time(event, stop, lambda: summarise_when_due(stores, settings))
