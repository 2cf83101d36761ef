"""Mails that come back, fetched from a mailbox by one host at a time.

A mail is handled, then moved: whatever is killed between the two, it is found again, and handling
it again changes nothing. What is not understood stays where it lies and is handled once, for how
far the mailbox is done stands on the desk. A host reads only while it holds the lease, and renews
it while it waits. What keeps it from reading is tried again, ever less often, and is said by
`trouble`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from engine.desk.inbox import InboxLease, Progress
from engine.inbound.handling import Handled, InboundDoor, InboundHandler, InboundStores
from engine.inbound.imap import MAX_UIDS, ImapConnection, ImapFault, ImapRefused
from engine.inbound.imap_settings import Imap
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.inbound.own_letters import TryLater
from engine.ledger.store import LOST
from engine.store.safe_error_text import safe_error_text
from engine.vault.inbound_mail import UnknownFull

log = logging.getLogger("relance.inbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Wall-clock seconds. `idle`: after which IDLE is asked anew, well before the 29 minutes of RFC
    2177 and the five after which a router may forget a silent connection; it also bounds how long a
    mail waits that a server told of in between. `poll`: where IDLE is not offered. `retry` and
    `longest_retry`: after a trouble, doubled each time until all went well for so long. `later`:
    where a mail cannot be placed yet; `again`: where it could not be listed for want of room, or
    failed.
    """

    idle: float = 240
    poll: float = 60
    lease: float = 15
    retry: float = 5
    longest_retry: float = 300
    later: float = 30
    again: float = 3600


class MailHandler(Protocol):
    """engine.inbound.handling.InboundHandler; called in a thread."""

    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled: ...

    def list_large(self, header: bytes, size: int, door: InboundDoor) -> None: ...


class _ComesAgain(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class LeaseLost(Exception):
    """Another host reads the mailbox now."""


USUAL: Final = Pace()


class MailboxReader:
    """`folder` is the installation's. `trouble` is None while the mailbox is read, be it by another
    host.
    """

    def __init__(
        self,
        settings: Imap,
        folder: Path,
        lease: InboxLease,
        handler: MailHandler,
        pace: Pace = USUAL,
    ) -> None:
        self._settings, self._folder, self._lease = settings, folder, lease
        self._handler, self._pace = handler, pace
        self._progress = Progress()
        self._cursor, self._begin_again_at = 0, math.inf
        self._opened_at = math.inf
        self.trouble: ImapRefused | None = None

    async def run(self, stop: asyncio.Event) -> None:
        pace, wait = self._pace, self._pace.retry
        while not stop.is_set():
            self._opened_at = math.inf
            self.trouble = await self._attempt(stop)
            if self.trouble is None:
                await _within(stop, pace.lease)
                continue
            if time.monotonic() - self._opened_at > pace.longest_retry:
                wait = pace.retry
            elif self.trouble.fault is ImapFault.LOGIN:
                wait = pace.longest_retry  # Some servers lock out who asks too often.
            await _within(stop, wait)
            wait = min(2 * wait, pace.longest_retry)

    async def _attempt(self, stop: asyncio.Event) -> ImapRefused | None:
        """Read as long as that goes; what ended it."""
        try:
            progress = await asyncio.to_thread(self._lease.take)
            if progress is None:
                return None
            self._progress = progress
            try:
                await self._read_while_held(stop)
            finally:
                await asyncio.to_thread(self._lease.release)
        except LeaseLost:
            log.info("another process reads the mailbox")
        except LOST as error:
            log.warning("the mailbox waits for the database", extra={"why": safe_error_text(error)})
        except ImapRefused as refused:
            log.warning(
                "the mailbox is not read", extra={"fault": refused.fault, "why": refused.why}
            )
            return refused
        return None

    async def _read_while_held(self, stop: asyncio.Event) -> None:
        ended = asyncio.Event()
        holding = asyncio.ensure_future(self._hold())
        stopping = asyncio.ensure_future(stop.wait())
        for task in (holding, stopping):
            task.add_done_callback(lambda _: ended.set())
        try:
            connection = await ImapConnection.opened(self._settings, self._password())
            try:
                await self._read(connection, ended)
            finally:
                await connection.close()
            if not stop.is_set():
                await holding
        finally:
            stopping.cancel()
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)

    async def _hold(self) -> None:
        """Ends when the lease, or the database, is lost."""
        while True:
            await asyncio.sleep(self._lease.seconds / 3)
            if not await asyncio.to_thread(self._lease.keep):
                raise LeaseLost

    async def _read(self, connection: ImapConnection, ended: asyncio.Event) -> None:
        self.trouble, self._opened_at = None, time.monotonic()
        if connection.uid_validity != self._progress.uid_validity:
            self._progress = Progress(connection.uid_validity)
        self._begin_again()
        while not ended.is_set():
            while not ended.is_set() and (uids := await connection.uids_after(self._cursor)):
                await self._work_through(connection, uids[:MAX_UIDS], ended)
            rest = max(0.0, self._begin_again_at - time.monotonic())
            if connection.offers_idle and not ended.is_set():
                await connection.idle(min(self._pace.idle, rest), ended)
            else:
                await _within(ended, min(self._pace.poll, rest))
            if time.monotonic() > self._begin_again_at:
                self._begin_again()

    def _begin_again(self) -> None:
        self._cursor, self._begin_again_at = self._progress.uid, math.inf

    async def _work_through(
        self, connection: ImapConnection, uids: Sequence[int], ended: asyncio.Event
    ) -> None:
        sizes = await connection.sizes(uids)
        understood: list[int] = []
        for uid in uids:
            if ended.is_set():
                break
            try:
                if uid in sizes and await self._is_understood(connection, uid, sizes[uid]):
                    understood.append(uid)
            except _ComesAgain as error:
                at = time.monotonic() + error.seconds
                self._begin_again_at = min(self._begin_again_at, at)
            self._cursor = uid
        await connection.take_away(understood, self._settings.understood)
        if self._begin_again_at == math.inf:
            self._progress = Progress(self._progress.uid_validity, self._cursor)
            if not await asyncio.to_thread(self._lease.advance, self._progress):
                raise LeaseLost

    async def _is_understood(self, connection: ImapConnection, uid: int, size: int) -> bool:
        """Raises _ComesAgain where it is to be handled again; it holds up no other mail."""
        large = size > MAX_MAIL_BYTES
        octets = await (connection.header(uid) if large else connection.mail(uid))
        if octets is None:
            return False
        handler = self._handler
        try:
            if large:
                await asyncio.to_thread(handler.list_large, octets, size, "imap")
                return False
            return (await asyncio.to_thread(handler.handle, octets, (), "imap")).understood
        except TryLater:
            raise _ComesAgain(self._pace.later) from None
        except UnknownFull:
            log.warning("there is no room to list a mail; it stays in the mailbox")
            raise _ComesAgain(self._pace.again) from None
        except LOST:
            raise
        except Exception as error:
            log.exception("a mail could not be handled; it stays in the mailbox")
            raise _ComesAgain(self._pace.again) from error

    def _password(self) -> str:
        """Read for each connection: it may be changed meanwhile."""
        path = self._folder / self._settings.password_file
        try:
            password = path.read_text("utf-8").strip()
        except OSError as error:
            raise ImapRefused(ImapFault.PASSWORD_FILE, error.strerror or "?") from error
        except UnicodeDecodeError as error:
            raise ImapRefused(ImapFault.PASSWORD_FILE, "not a text in UTF-8") from error
        if not password or not password.isprintable():
            raise ImapRefused(ImapFault.PASSWORD_FILE, "no password in one line")
        return password


def mailbox_reader(stores: InboundStores, imap: Imap, holder: str) -> MailboxReader:
    """`holder` is the process's name on the desk."""
    address = f"{imap.user}@{imap.host}:{imap.port}"
    mailbox = hashlib.sha256(address.encode()).hexdigest()
    lease = InboxLease(stores.desk.database, mailbox, holder)
    return MailboxReader(imap, stores.config.folder, lease, InboundHandler(stores))


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until `event` is set, for so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
