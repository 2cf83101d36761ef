"""`run` and its parts `web`, `follow`, `send`: what works until it is told to stop. SIGTERM and Ctrl-C finish what is on the wire and record it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from engine import logs, publication
from engine.duties import Intervals, claim_broadcasts
from engine.gathering import Gatherer
from engine.house import House
from engine.installation.events import SendingPaused
from engine.ledger.store import CHANNEL, LOST
from engine.sending.mailbox import Mailbox
from engine.sending.self_test import self_test
from engine.sending.send import Sender, relay_settings
from engine.sequence.delay import MINUTE
from engine.sequence.timing import later
from engine.subscriber.events import Cause
from engine.verbs.refusal import Refusal

log = logging.getLogger("relance.run")
PARTS = ("web", "follow", "send")
FOLLOW_WAIT = 1.0


def run_arguments(parser: argparse.ArgumentParser) -> None:
    said = "how many times faster than real time the engine's clock runs; kept with the installation"
    parser.add_argument("--speed", type=int, default=0, metavar="N", help=said)
    parser.add_argument("--for", dest="seconds", type=float, default=0, metavar="SECONDS", help="stop by itself after so many seconds")


def part_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="seconds", type=float, default=0, metavar="SECONDS", help="stop by itself after so many seconds")


def run(house: House, args: argparse.Namespace) -> int:
    if args.speed < 0 or args.speed > 10_000_000:
        raise Refusal("--speed is a number from 1 on", 2)
    if args.speed and args.speed != house.clock.rate:
        house.clock.set_rate(args.speed)
    return _run(house, frozenset(PARTS), args.seconds)


def part(name: str) -> Callable[[House, argparse.Namespace], int]:
    def run_part(house: House, args: argparse.Namespace) -> int:
        return _run(house, frozenset({name}), args.seconds)

    return run_part


def _run(house: House, parts: frozenset[str], seconds: float) -> int:
    logs.to_standard_error()
    self_test()
    _check_clock(house)
    publication.publish_first(house)
    _hold_back(house)
    try:
        import uvloop
    except ImportError:
        asyncio.run(_work(house, parts, seconds))
    else:
        uvloop.run(_work(house, parts, seconds))
    return 0


def _check_clock(house: House) -> None:
    """The ledger must not be ahead of the engine's time: facts would be recorded before what caused them."""
    last = house.ledger.at(house.ledger.head())
    if last is not None and last.recorded_at > house.clock.now() + 5 * MINUTE:
        raise Refusal("the ledger is ahead of the engine's clock by more than five minutes: set this machine's clock right and start again")


def _hold_back(house: House) -> None:
    """Nothing leaves by surprise: a real server for the first time, or an outage long enough that much may be due, waits for `relance resume`."""
    installation = house.publications.current()
    if house.config.smtp.is_mailbox or 0 in installation.paused:
        return
    now = house.clock.now()
    mark = house.desk.mark("tick")
    if house.desk.mark(f"armed:{house.config.smtp.host}") is None:
        why = "first-start"
    elif mark is not None and now > later(mark[0], house.config.sending.pause_after_outage, "UTC"):
        why = "outage"
    else:
        return
    house.publications.append([SendingPaused(now, why)], Cause("engine"), now)


async def _work(house: House, parts: frozenset[str], seconds: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    intervals = Intervals()
    async with AsyncExitStack() as stack:
        tasks: list[Awaitable[None]] = []
        sender: Sender | None = None
        if "send" in parts:
            port = house.config.mailbox_smtp_port
            if "web" in parts and house.config.smtp.is_mailbox:
                mailbox = Mailbox(house.config.data / "mailbox")
                try:
                    await mailbox.start(port)
                except OSError as error:
                    raise Refusal(f"the mailbox cannot listen on 127.0.0.1:{port} ({error.strerror}): change [mailbox] smtp_port") from error
                stack.push_async_callback(mailbox.stop)
                port = mailbox.port
            sender = Sender(house, relay_settings(house.config, port))
            tasks += [sender.run(), _on(intervals.every(1), stop, lambda: _broadcasts(house)), _waking(intervals.every(1), stop, sender)]
        if "follow" in parts:
            follower = _Following(house, loop, sender)
            stack.callback(follower.close)
            tasks.append(_on(intervals.every(60), stop, house.desk.forget))
        if "web" in parts:
            gatherer = Gatherer(house.decisions)
            stack.callback(gatherer.close)
            tasks += _sites(house, gatherer, stop)
        intervals.start()
        stack.callback(intervals.stop)
        if seconds:
            loop.call_later(seconds, stop.set)
        running = [asyncio.ensure_future(task) for task in tasks]
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        if sender is not None:
            sender.stop()
        await asyncio.gather(*running)


def _sites(house: House, gatherer: Gatherer, stop: asyncio.Event) -> list[Awaitable[None]]:
    from engine.web.letterbox import make_letterbox
    from engine.web.serve import serve
    from engine.web.site import make_site

    config = house.config
    site = make_site(house, gatherer)
    sites: list[Awaitable[None]] = [serve(site, config.web.host, config.web.port, config.web.trusted_proxies, lambda: _say_ready(house), stop)]
    if config.smtp.is_mailbox:
        sites.append(serve(make_letterbox(house), "127.0.0.1", config.mailbox_port, (), lambda: None, stop))
    return sites


def _say_ready(house: House) -> None:
    config = house.config
    forms = ", ".join(f"{config.site.url}/f/{name}" for name in house.publications.current().plan().forms)
    print(f"Relance runs: {config.site.url} (http://{config.web.host}:{config.web.port})")
    if config.smtp.is_mailbox:
        print(f"Letters go to the built-in mailbox: http://127.0.0.1:{config.mailbox_port}")
    if forms:
        print(f"Forms: {forms}")
    if house.clock.rate != 1:
        print(f"The engine's clock runs {house.clock.rate} times faster than real time.")
    changes = publication.unpublished_changes(house)
    if changes:
        print(f"{changes} changes in sequences/ are not published: `relance publish` shows them.")
    paused = house.publications.current().paused
    if 0 in paused:
        print(f"Sending is paused ({paused[0]}): `relance resume` says what will leave, then lets it.")
    print("Ctrl-C stops.", flush=True)


class _Following:
    """A thread that feeds the views, woken by the ledger's NOTIFY, and wakes the sender when it has gone on."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop, sender: Sender | None) -> None:
        self.house, self.loop, self.sender = house, loop, sender
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._follow, name="follow", daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.stopping.set()
        self.thread.join(timeout=30)

    def _follow(self) -> None:
        while not self.stopping.is_set():
            try:
                with self.house.database.listening(CHANNEL) as listening:
                    while not self.stopping.is_set():
                        while self.house.views.follow() and not self.stopping.is_set():
                            pass
                        if self.sender is not None:
                            self.loop.call_soon_threadsafe(self.sender.wake.set)
                        listening.wait(FOLLOW_WAIT)
            except LOST as error:
                log.warning("following waits for the database", extra={"why": str(error)})
                self.stopping.wait(1)


async def _on(event: asyncio.Event, stop: asyncio.Event, work: Callable[[], object]) -> None:
    """Do `work` in a thread each time `event` is set, until the end."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(event.wait(), 0.5)
        except TimeoutError:
            continue
        event.clear()
        await asyncio.to_thread(work)


async def _waking(event: asyncio.Event, stop: asyncio.Event, sender: Sender) -> None:
    while not stop.is_set():
        try:
            await asyncio.wait_for(event.wait(), 0.5)
        except TimeoutError:
            continue
        event.clear()
        sender.wake.set()


def _broadcasts(house: House) -> None:
    claim_broadcasts(house.publications, house.clock.now())
