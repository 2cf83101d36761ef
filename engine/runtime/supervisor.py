"""The parts of `run` at work, in one loop: started together, watched, and ended together.

The ports of `run` and `web` are bound before anything else is done: a second process on the same
installation is refused before it has changed anything. What one part alone needs is brought in with
it: who follows knows no mail server, who sends no pages.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from engine.commands.group_commit import CommandGroupCommit
from engine.context import AppContext
from engine.desk.movement import Movement
from engine.imports.uploads import Uploads
from engine.ledger.store import INSTALLATION_CHANNEL
from engine.runtime import duties
from engine.runtime.announcement import engine_date, tell_service_manager
from engine.runtime.duties import each_time_set
from engine.runtime.following import DUE_CHANNEL, Follower, Hearing
from engine.runtime.heartbeat import beating
from engine.runtime.listeners import open_listeners
from engine.runtime.scheduler import Intervals
from engine.runtime.serving import serve_console, sites
from engine.runtime.shutdown import GRACE_SECONDS, STOP_SIGNALS, end_within
from engine.runtime.startup import make_ready
from engine.sending.replies import redacted

if TYPE_CHECKING:
    from engine.inbound.fetching import MailboxReader
    from engine.runtime.arriving import Arriving
    from engine.sending.relay_settings import RouteSettings
    from engine.sending.sender import Sender

log = logging.getLogger("relance.run")
DATE_SECONDS = 10
"""How often the engine's date is printed while its clock is sped up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What runs: for so many wall-clock seconds (0: until told to stop), at a speed (0: as it was),
    as a `trial` even over people who are registered; `begin` is called once the ports are bound.
    """

    parts: frozenset[str]
    seconds: float = 0
    speed: int = 0
    trial: bool = False
    begin: Callable[[], None] = lambda: None


async def run_parts(context: AppContext, options: RunOptions) -> list[BaseException]:
    """Until told to stop, or until one part ends; the errors that ended parts."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told_to_stop(number: int, frame: FrameType | None) -> None:
        # Called even while the loop itself is blocked, which a handler of the loop would not be.
        end_within(context.config.sending.drain + GRACE_SECONDS)
        loop.call_soon_threadsafe(stop.set)

    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, told_to_stop)
    async with AsyncExitStack() as stack:
        listeners = await open_listeners(context.config, options.parts, stack)
        sends = "send" in options.parts
        settings = _route_settings(context, listeners.mailbox_port) if sends else None
        beside = {"console": listeners.console_trouble}
        # In a thread: a database that does not answer must not keep us from hearing that we are to
        # stop.
        await asyncio.to_thread(make_ready, context, options.speed, options.trial)
        options.begin()
        movement = Movement()
        sender = _sender(context, settings, movement) if settings is not None else None
        takes_in = bool({"follow", "inbound"} & options.parts)
        mailbox = _mailbox_reader(context) if takes_in and context.config.inbound.imap else None
        arriving = _arriving(context) if "inbound" in options.parts else None
        heartbeat = await stack.enter_async_context(
            beating(
                context,
                options.parts,
                lambda: _troubles(context, options, sender, mailbox, beside, arriving),
                movement,
            )
        )
        intervals = Intervals()
        stopping = [stop.set, heartbeat.stop, intervals.wake]
        tasks: list[Awaitable[None]] = [heartbeat.ended]
        if context.clock.rate != 1:
            tasks.append(
                each_time_set(
                    intervals.every(DATE_SECONDS),
                    stop,
                    lambda: print(engine_date(context.config, context.clock), flush=True),
                )
            )
        if sender is not None and settings is not None:
            stopping.append(sender.stop)
            tasks += [sender.run(), *_mails_of_operators(context, settings, intervals, stop)]
            tasks += duties.of_senders(context, intervals, stop)

        def followed() -> None:
            intervals.facts()
            if sender is not None:
                sender.wake.set()

        def changed() -> None:
            intervals.changes()
            if sender is not None:
                sender.wake.set()

        if sender is not None and "follow" not in options.parts:
            heard = {DUE_CHANNEL: sender.wake.set, INSTALLATION_CHANNEL: changed}
            stopping.append(Hearing(context.database, context.clock, heard).stop)
        if "follow" in options.parts:
            follower = Follower(
                context.database, context.views, context.clock, followed, changed, movement
            )
            stopping.append(follower.stop)
            tasks += [follower.ended, *duties.of_followers(context, intervals, stop)]
            if context.config.hooks:
                from engine.runtime.hooks import telling_targets

                tasks.append(telling_targets(context, stop, beside))
        if mailbox is not None:
            tasks.append(_mailbox(mailbox, stop, beside))
        if "web" in options.parts:
            group_commit = CommandGroupCommit(context.command_handler.execute)
            stack.callback(group_commit.close)
            stack.callback(context.visit_counts.close)
            tasks.append(each_time_set(intervals.every(30), stop, context.visit_counts.settle))
            tasks += sites(context, group_commit, listeners, stop, sends)
        if arriving is not None:
            tasks += arriving.tasks(stop)
        if listeners.console is not None:
            tasks.append(serve_console(context, listeners.console, stop, options.parts, beside))
            tasks.append(
                each_time_set(intervals.every(600), stop, Uploads(context.config.data).sweep)
            )
        intervals.start()
        stack.callback(intervals.stop)
        if options.seconds:
            loop.call_later(options.seconds, stop.set)
        running = [asyncio.ensure_future(task) for task in tasks]
        tell_service_manager("READY=1")
        told = asyncio.ensure_future(stop.wait())
        await asyncio.wait([*running, told], return_when=asyncio.FIRST_COMPLETED)
        for stop_part in stopping:
            stop_part()
        # All are waited for, whichever failed, so that what is on the wire is finished and
        # recorded.
        return [
            end
            for end in await asyncio.gather(*running, return_exceptions=True)
            if isinstance(end, BaseException)
        ]


def _route_settings(context: AppContext, mailbox_port: int) -> RouteSettings:
    from engine.sending.dkim_keys import DkimSigning
    from engine.sending.relay_settings import route_settings

    settings = route_settings(context.config, mailbox_port)
    DkimSigning(context.config).read()
    return settings


def _sender(context: AppContext, settings: RouteSettings, movement: Movement) -> Sender:
    from engine.sending.sender import Sender

    return Sender(context.sending(), settings, movement=movement)


def _mails_of_operators(
    context: AppContext, settings: RouteSettings, intervals: Intervals, stop: asyncio.Event
) -> Iterator[Awaitable[None]]:
    """Those the configuration asks for."""
    if context.config.proof.witness:
        from engine.runtime.witnessing import witnessing

        yield witnessing(context, settings, intervals.every(10), stop)
    if context.config.operator.summary is not None:
        from engine.runtime.summarising import summarising

        yield summarising(context, settings, intervals.every(10), stop)
    if context.config.inbound.reply_to:
        from engine.runtime.handing_on import handing_on

        yield handing_on(context, settings, intervals.every(10), stop)


def _mailbox_reader(context: AppContext) -> MailboxReader | None:
    from engine.inbound.fetching import mailbox_reader

    imap = context.config.inbound.imap
    return mailbox_reader(context.inbound(), imap, context.sender) if imap else None


def _arriving(context: AppContext) -> Arriving:
    from engine.runtime.arriving import Arriving

    return Arriving(context.inbound())


async def _mailbox(reader: MailboxReader, stop: asyncio.Event, beside: dict[str, str]) -> None:
    """It may fail alone: letters go on without it, and `beside` says so."""
    try:
        await reader.run(stop)
    except Exception as error:
        log.exception("mails that come back are not read any more, and everything else goes on")
        beside["imap-ended"] = type(error).__name__
        await stop.wait()


def _troubles(
    context: AppContext,
    options: RunOptions,
    sender: Sender | None,
    mailbox: MailboxReader | None,
    beside: Mapping[str, str],
    arriving: Arriving | None,
) -> dict[str, str]:
    """What keeps this process from its work: kind of trouble and why. `beside`: of parts without
    which the others go on, "" for none.
    """
    relay = (sender.trouble or sender.route.trouble) if sender is not None else ""
    troubles = {"relay": redacted(relay)} if relay else {}
    troubles |= {what: why for what, why in beside.items() if why}
    if mailbox is not None and mailbox.trouble is not None:
        troubles[mailbox.trouble.fault] = redacted(mailbox.trouble.why)
    troubles |= arriving.troubles() if arriving is not None else {}
    if context.vault.journal.trouble:
        troubles["journal"] = context.vault.journal.trouble
    if trouble := context.store_trouble():
        troubles["store"] = trouble
    if "follow" in options.parts:
        troubles |= {f"view:{name}": fault for name, fault in context.views.faults().items()}
        troubles |= {"proof": context.tree.trouble} if context.tree.trouble else {}
    return troubles
