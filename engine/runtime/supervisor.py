"""The parts of `run` at work, in one loop: started together, watched, and ended together.

The ports of `run` and `web` are bound before anything else is done: a second process on the same
installation is refused before it has changed anything. The follower is a thread that feeds the
views, woken by the ledger's NOTIFY, and wakes the sender when it has gone on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from engine.audience.date_duty import DateDuty
from engine.audience.segment_rules import apply_due_rules
from engine.audience.segments import SegmentCounting
from engine.authoring.publication import unpublished_changes
from engine.commands.group_commit import CommandGroupCommit
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.doctor.nightly import examine_if_night
from engine.doctor.robot import try_forms
from engine.i18n.language import translator
from engine.imports.uploads import Uploads
from engine.inbound.fetching import MailboxReader, mailbox_reader
from engine.ledger.store import CHANNEL, LOST
from engine.privacy.erasure import scrub_and_log
from engine.privacy.retention import apply_if_night
from engine.runtime.announcement import announce, console_lines, engine_date, tell_service_manager
from engine.runtime.arriving import Arriving
from engine.runtime.cosigning import cosign_when_due
from engine.runtime.handing_on import handing_on
from engine.runtime.heartbeat import beating
from engine.runtime.hooks import telling_targets
from engine.runtime.listeners import Listeners, open_listeners
from engine.runtime.scheduler import Intervals, claim_broadcasts
from engine.runtime.shutdown import GRACE_SECONDS, STOP_SIGNALS, end_within
from engine.runtime.stamping import stamp_when_due
from engine.runtime.startup import make_ready
from engine.runtime.summarising import summarising
from engine.runtime.witnessing import witnessing
from engine.sending.dkim_keys import DkimSigning
from engine.sending.guarding import guard
from engine.sending.relay_settings import route_settings
from engine.sending.replies import redacted
from engine.sending.sender import Sender
from engine.sequence.delay import DAY
from engine.sequence.timing import earlier
from engine.store.database import Database
from engine.store.safe_error_text import safe_error_text
from engine.vault.measured import MEASURED_FOR, forget_measured
from engine.views import DUE_CHANNEL, week_of

follower_log = logging.getLogger("relance.follow")
WAIT_SECONDS = 1.0
REST_FACTOR, MAX_REST_SECONDS, MAX_REST_FROM_FACTS_SECONDS = 3, 1.0, 0.2
VISITS_KEPT = 387 * DAY
"""Of engine time: with the week they are counted in, visits stay for less than thirteen months."""


def rest(worked: float, mostly_letters: bool) -> float:
    """Seconds to leave the ledger alone after `worked` seconds of following it. A single fact is
    followed as soon as it is heard of. Under load batches grow by the rest: a letter's claim and
    its outcome then fall into one batch, and its rows are written once instead of twice. Where most
    facts are others nothing is gained by it, and people wait to be seen.
    """
    longest = MAX_REST_SECONDS if mostly_letters else MAX_REST_FROM_FACTS_SECONDS
    return min(longest, REST_FACTOR * worked)


class FollowedViews(Protocol):
    """Implemented by engine.views.Views."""

    @property
    def mostly_letters(self) -> bool: ...

    def follow(self) -> bool: ...


class Follower:
    """`await ended` ends with the thread, and raises what ended it unless it was told to stop.
    `followed` is called in the loop whenever the views have gone on.
    """

    def __init__(
        self, database: Database, views: FollowedViews, followed: Callable[[], None]
    ) -> None:
        self.database, self.views, self.followed = database, views, followed
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._follow()
        except BaseException as raised:
            error = raised
        self.loop.call_soon_threadsafe(self._end, error)

    def _end(self, error: BaseException | None) -> None:
        if self.ended.cancelled():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                with self.database.listening(CHANNEL) as listening:
                    while not self._stopping.is_set():
                        begun = time.monotonic()
                        while self.views.follow() and not self._stopping.is_set():
                            self.loop.call_soon_threadsafe(self.followed)
                        self.loop.call_soon_threadsafe(self.followed)
                        worked = time.monotonic() - begun
                        self._stopping.wait(rest(worked, self.views.mostly_letters))
                        listening.wait(WAIT_SECONDS)
            except LOST as error:
                follower_log.warning(
                    "following waits for the database", extra={"why": safe_error_text(error)}
                )
                self._stopping.wait(1)


def hear_of_due(database: Database, stop: asyncio.Event, heard: Callable[[], None]) -> None:
    """Call `heard` in the loop whenever a follower elsewhere says that letters have become due.
    Without it they are found by the next look at the agenda, a second later.
    """
    loop = asyncio.get_running_loop()

    def hear() -> None:
        while not stop.is_set():
            try:
                with database.listening(DUE_CHANNEL) as listening:
                    while not stop.is_set():
                        if listening.wait(WAIT_SECONDS) and not stop.is_set():
                            loop.call_soon_threadsafe(heard)
            except LOST:
                time.sleep(WAIT_SECONDS)

    threading.Thread(target=hear, name="due", daemon=True).start()


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
        settings = route_settings(context.config, listeners.mailbox_port) if sends else None
        if sends:
            DkimSigning(context.config).read()
        beside = {"console": listeners.console_trouble}
        # In a thread: a database that does not answer must not keep us from hearing that we are to
        # stop.
        await asyncio.to_thread(make_ready, context, options.speed, options.trial)
        options.begin()
        sender = Sender(context.sending(), settings) if settings is not None else None
        takes_in = bool({"follow", "inbound"} & options.parts)
        imap = context.config.inbound.imap if takes_in else None
        mailbox = mailbox_reader(context.inbound(), imap, context.sender) if imap else None
        arriving = Arriving(context.inbound()) if "inbound" in options.parts else None
        heartbeat = await stack.enter_async_context(
            beating(
                context,
                options.parts,
                lambda: _troubles(context, options, sender, mailbox, beside, arriving),
            )
        )
        stopping = [stop.set, heartbeat.stop]
        intervals = Intervals()
        tasks: list[Awaitable[None]] = [heartbeat.ended]
        if context.clock.rate != 1:
            tasks.append(
                _on(
                    intervals.every(DATE_SECONDS),
                    stop,
                    lambda: print(engine_date(context.config, context.clock), flush=True),
                )
            )
        if sender is not None and settings is not None:
            stopping.append(sender.stop)
            if context.config.proof.witness:
                tasks.append(witnessing(context, settings, intervals.every(5), stop))
            if context.config.operator.summary is not None:
                tasks.append(summarising(context, settings, intervals.every(5), stop))
            if context.config.inbound.reply_to:
                tasks.append(handing_on(context, settings, intervals.every(5), stop))
            tasks += [
                sender.run(),
                _on(intervals.every(1), stop, lambda: _broadcasts(context)),
                _waking(intervals.every(1), stop, sender),
                # Where letters leave from: what providers see is seen from there.
                _on(intervals.every(60), stop, lambda: examine_if_night(context, stop.is_set)),
                _on(intervals.every(20), stop, lambda: try_forms(context, stop.is_set)),
            ]
            if "follow" not in options.parts:
                hear_of_due(context.database, stop, sender.wake.set)
        if "follow" in options.parts:
            follower = Follower(
                context.database,
                context.views,
                sender.wake.set if sender is not None else lambda: None,
            )
            stopping.append(follower.stop)
            tasks += [
                follower.ended,
                _on(intervals.every(60), stop, lambda: _forget(context)),
                _on(intervals.every(1), stop, lambda: _rules(context)),
                *_proof(context, intervals, stop),
            ]
            dates = DateDuty(context)
            tasks += [
                # Apart from other duties: a night's work may take minutes.
                _on(intervals.every(60), stop, lambda: apply_if_night(context)),
                _on(intervals.every(1), stop, dates.run),
                _on(intervals.every(60), stop, SegmentCounting(context).run),
                _on(intervals.every(600), stop, lambda: guard(context)),
                _on(intervals.every(60), stop, lambda: scrub_and_log(context)),
            ]
            if context.config.hooks:
                tasks.append(telling_targets(context, stop, beside))
        if mailbox is not None:
            tasks.append(_mailbox(mailbox, stop, beside))
        if "web" in options.parts:
            group_commit = CommandGroupCommit(context.command_handler.execute)
            stack.callback(group_commit.close)
            stack.callback(context.visit_counts.close)
            tasks.append(_on(intervals.every(30), stop, context.visit_counts.settle))
            tasks += _sites(context, group_commit, listeners, stop, sends)
        if arriving is not None:
            tasks += arriving.tasks(stop)
        if listeners.console is not None:
            tasks.append(_console(context, listeners.console, stop, options.parts, beside))
            tasks.append(_on(intervals.every(600), stop, Uploads(context.config.data).sweep))
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


def _proof(context: AppContext, intervals: Intervals, stop: asyncio.Event) -> list[Awaitable[None]]:
    """The tree follows the ledger a second behind, and checkpoints are signed when they are due.
    Apart, because growing may take long at first.
    """
    return [
        _on(intervals.every(1), stop, lambda: context.tree.grow_quietly(stop.is_set)),
        _on(
            intervals.every(5), stop, lambda: context.tree.sign_when_due(context.config.proof.every)
        ),
        *(
            [_on(intervals.every(5), stop, lambda: stamp_when_due(context, stop.is_set))]
            if context.config.proof.stamp
            else []
        ),
        *(
            [_on(intervals.every(5), stop, lambda: cosign_when_due(context, stop.is_set))]
            if context.config.proof.witness_url
            else []
        ),
    ]


def _sites(
    context: AppContext,
    group_commit: CommandGroupCommit,
    listeners: Listeners,
    stop: asyncio.Event,
    sends: bool,
) -> list[Awaitable[None]]:
    from engine.runtime.site import make_site
    from engine.web.letterbox import make_letterbox
    from engine.web.server import serve_on

    def ready() -> None:
        lines = announce(
            context.config,
            context.clock,
            context.installation_stream.current(),
            lambda: unpublished_changes(context),
            console=lambda: _console_lines(context, listeners.console),
            sends=sends,
        )
        print("\n".join(lines), flush=True)

    sites: list[Awaitable[None]] = []
    if listeners.letterbox is not None:
        letterbox = make_letterbox(context.config, context.installation_stream)
        sites.append(serve_on(letterbox, listeners.letterbox, (), lambda: None, stop))
    if listeners.site is not None:
        sites.append(
            serve_on(
                make_site(context, group_commit),
                listeners.site,
                context.config.web.trusted_proxies,
                ready,
                stop,
            )
        )
    return sites


async def _mailbox(reader: MailboxReader, stop: asyncio.Event, beside: dict[str, str]) -> None:
    """It may fail alone: letters go on without it, and `beside` says so."""
    try:
        await reader.run(stop)
    except Exception as error:
        log.exception("mails that come back are not read any more, and everything else goes on")
        beside["imap-ended"] = type(error).__name__
        await stop.wait()


async def _console(
    context: AppContext,
    listening: socket.socket,
    stop: asyncio.Event,
    parts: Collection[str],
    beside: dict[str, str],
) -> None:
    """Beside other parts it may fail alone: letters go on without it, and `beside` says so."""
    from engine.console.application import Console
    from engine.web.server import serve_on

    def ready() -> None:
        if "web" not in parts:
            _ = translator(context.config.site.language)
            print("\n".join([*_console_lines(context, listening), _("Ctrl-C stops.")]), flush=True)

    settings = context.config.console
    try:
        origin = settings.address(listening.getsockname()[1])
        console = Console(context, origin, context.secrets.nonce_key)
        if "web" not in parts:
            # Beside the readers' site it is done for the announcement.
            await asyncio.to_thread(console.look_through)
        await serve_on(console.app, listening, settings.trusted_proxies, ready, stop)
        await asyncio.to_thread(console.close)
    except Exception as error:
        if "send" not in parts:
            raise
        log.exception("the console has ended, and everything else goes on")
        beside["console"] = type(error).__name__
        # Nobody is to wait for an answer that does not come.
        listening.close()
        await stop.wait()


def _console_lines(context: AppContext, listening: socket.socket | None) -> Iterator[str]:
    if listening is None or listening.fileno() < 0:
        return
    from engine.console.sign_in import first_link

    origin = context.config.console.address(listening.getsockname()[1])
    link = first_link(context.config, context.accounts, context.console_desk, origin)
    yield from console_lines(context.config, origin, link)


async def _times_set(event: asyncio.Event, stop: asyncio.Event) -> AsyncIterator[None]:
    """Each time `event` is set, until the end."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(event.wait(), 0.5)
        except TimeoutError:
            continue
        event.clear()
        yield


async def _on(event: asyncio.Event, stop: asyncio.Event, duty: Callable[[], object]) -> None:
    """Do `duty` in a thread each time `event` is set, until the end. A lost database is waited
    for.
    """
    async for _ in _times_set(event, stop):
        try:
            await asyncio.to_thread(duty)
        except LOST as error:
            log.warning(
                "what comes round by itself waits for the database",
                extra={"why": safe_error_text(error)},
            )


async def _waking(event: asyncio.Event, stop: asyncio.Event, sender: Sender) -> None:
    async for _ in _times_set(event, stop):
        sender.wake.set()


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
        troubles |= {
            f"view:{name}": fault for name, _position, fault in context.views.positions() if fault
        }
        troubles |= {"proof": context.tree.trouble} if context.tree.trouble else {}
    return troubles


def _forget(context: AppContext) -> None:
    context.desk.forget()
    context.desk.forget_visited(week_of(context.clock.now() - VISITS_KEPT))
    context.processes.forget()
    context.console_desk.forget()
    context.operations.forget()
    context.dmarc_reports.forget()
    context.hook_desk.forget(wall_now())
    context.webhook_calls.forget()
    context.awaited_orders.forget()
    kept_since = earlier(
        context.clock.now(), context.config.inbound.keep, context.config.site.timezone
    )
    context.inbound_mails.forget(kept_since)
    context.accounts.forget_sign_ins(wall_now())
    measured_before = earlier(context.clock.now(), MEASURED_FOR, context.config.site.timezone)
    forget_measured(context.vault.database, measured_before)
    if ended := context.vault.end_archives(context.clock.now()):
        log.info("sealed proof deleted at its term", extra={"people": ended})


def _rules(context: AppContext) -> None:
    while apply_due_rules(context):
        pass


def _broadcasts(context: AppContext) -> None:
    claim_broadcasts(context.installation_stream, context.clock.now())
