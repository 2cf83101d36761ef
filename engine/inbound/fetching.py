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
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from engine.desk.inbox import InboxLease, Progress
from engine.inbound.imap import MAX_UIDS, ImapConnection, ImapFault, ImapRefused
from engine.inbound.imap_settings import Imap
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.ledger.store import LOST
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.inbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Wall-clock seconds. `idle`: after which IDLE is asked anew, well before the 29 minutes of RFC
    2177 and the five after which a router may forget a silent connection; it also bounds how long a
    mail waits that a server told of in between. `poll`: where IDLE is not offered. `retry` and
    `longest_retry`: after a trouble, doubled each time.
    """

    idle: float = 240
    poll: float = 60
    lease: float = 15
    retry: float = 5
    longest_retry: float = 300


class MailHandling(Protocol):
    """Called in a thread."""

    def handle(self, octets: bytes) -> bool:
        """Whether the mail was understood; returns after the commit, and is idempotent."""

    def list_large(self, header: bytes, octets: int) -> None:
        """List a mail that is too large to be read, of so many octets; idempotent."""


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
        handling: MailHandling,
        pace: Pace = USUAL,
    ) -> None:
        self._settings, self._folder, self._lease = settings, folder, lease
        self._handling, self._pace = handling, pace
        self._progress = Progress()
        self._was_open = False
        self.trouble: ImapRefused | None = None

    async def run(self, stop: asyncio.Event) -> None:
        pace, wait = self._pace, self._pace.retry
        while not stop.is_set():
            self._was_open = False
            self.trouble = await self._attempt(stop)
            if self.trouble is None:
                await _within(stop, pace.lease)
                continue
            if self._was_open:
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
        self.trouble, self._was_open = None, True
        if connection.uid_validity != self._progress.uid_validity:
            self._progress = Progress(connection.uid_validity)
        while not ended.is_set():
            while not ended.is_set() and (uids := await connection.uids_after(self._progress.uid)):
                await self._work_through(connection, uids[:MAX_UIDS], ended)
            if connection.offers_idle and not ended.is_set():
                await connection.idle(self._pace.idle, ended)
            else:
                await _within(ended, self._pace.poll)

    async def _work_through(
        self, connection: ImapConnection, uids: Sequence[int], ended: asyncio.Event
    ) -> None:
        sizes = await connection.sizes(uids)
        understood: list[int] = []
        last = self._progress.uid
        for uid in uids:
            if ended.is_set():
                break
            if uid in sizes and await self._is_understood(connection, uid, sizes[uid]):
                understood.append(uid)
            last = uid
        await connection.take_away(understood, self._settings.understood)
        self._progress = Progress(self._progress.uid_validity, last)
        if not await asyncio.to_thread(self._lease.advance, self._progress):
            raise LeaseLost

    async def _is_understood(self, connection: ImapConnection, uid: int, octets: int) -> bool:
        if octets > MAX_MAIL_BYTES:
            if (header := await connection.header(uid)) is not None:
                await asyncio.to_thread(self._handling.list_large, header, octets)
            return False
        mail = await connection.mail(uid)
        return mail is not None and await asyncio.to_thread(self._handling.handle, mail)

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


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until `event` is set, for so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
