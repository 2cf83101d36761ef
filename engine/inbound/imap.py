"""A mailbox by IMAP under TLS (RFC 9051), with IDLE (RFC 2177) where the server offers it. The only
door to aioimaplib.

That library waits for ever on a connection that is lost, and keeps in memory whatever a server
sends: here every answer is awaited together with the loss of the connection and within a time, and
a mail is asked for up to its bound and no further.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final, TypeVar

from aioimaplib import IMAP4, AioImapException, CommandTimeout, Response

from engine.inbound.imap_settings import Imap
from engine.inbound.mail import MAX_HEADER_BYTES, MAX_MAIL_BYTES

INBOX: Final = "INBOX"
ANSWER_SECONDS: Final = 60.0
CLOSING_SECONDS: Final = 2.0
MAIL_SECONDS: Final = 300.0
"""For a mail of the largest size to arrive."""
MAX_UIDS: Final = 50
"""Named in one command: a line of a response is a call on the stack in aioimaplib."""
T = TypeVar("T")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_UID_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]")


class ImapFault(StrEnum):
    """What keeps the mailbox from being read; also the trouble's name on the desk."""

    UNREACHABLE = "imap-unreachable"
    CERTIFICATE = "imap-certificate"
    PASSWORD_FILE = "imap-password-file"
    LOGIN = "imap-login"
    FOLDER = "imap-folder"


class ImapRefused(Exception):
    """`why` in the server's words, or the system's."""

    def __init__(self, fault: ImapFault, why: str) -> None:
        super().__init__(fault, why)
        self.fault, self.why = fault, why


class ImapConnection:
    """One connection, logged in, with the inbox selected. Every method raises ImapRefused when the
    connection is of no use any more.
    """

    def __init__(self, settings: Imap) -> None:
        self._client = IMAP4(
            settings.host,
            settings.port,
            timeout=ANSWER_SECONDS,
            conn_lost_cb=self._lose,
            ssl_context=ssl.create_default_context(),
        )
        self._is_lost = False
        self._give_up: Callable[[], object] = lambda: None
        self.uid_validity = 0

    @classmethod
    async def opened(cls, settings: Imap, password: str) -> ImapConnection:
        connection = cls(settings)
        try:
            await connection._within(connection._client.wait_hello_from_server())
            await connection._log_in(settings, password)
            await connection._select(settings)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _log_in(self, settings: Imap, password: str) -> None:
        answer = await self._within(self._client.login(quoted(settings.user), password))
        if answer.result != "OK":
            raise ImapRefused(ImapFault.LOGIN, _words(answer))
        # What is offered to who is logged in may be more.
        await self._within(self._client.protocol.capability())

    async def _select(self, settings: Imap) -> None:
        answer = await self._within(self._client.select(INBOX))
        if answer.result != "OK":
            raise ImapRefused(ImapFault.FOLDER, INBOX)
        found = (_UID_VALIDITY.search(line) for line in answer.lines)
        self.uid_validity = next((int(match[1]) for match in found if match), 0)
        if settings.understood:
            name = folder_name(settings.understood)
            answer = await self._within(self._client.status(name, "(UIDNEXT)"))
            if answer.result != "OK":
                raise ImapRefused(ImapFault.FOLDER, settings.understood)

    async def uids_after(self, uid: int) -> list[int]:
        """Of mails that are not deleted, in order."""
        criteria = ("UID", f"{uid + 1}:*", "UNDELETED")
        answer = await self._done(self._client.uid_search(*criteria, charset=None))
        # `n:*` names the last mail even where its UID is less.
        uids = {int(word) for word in answer.lines[0].split() if word.isdigit()}
        return sorted(found for found in uids if found > uid)

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Octets of each mail that still is there; at most MAX_UIDS."""
        answer = await self._done(self._client.uid("FETCH", _set(uids), "(UID RFC822.SIZE)"))
        sizes: dict[int, int] = {}
        for line in answer.lines:
            uid, size = _UID.search(line), _SIZE.search(line)
            if uid and size:
                sizes[int(uid[1])] = int(size[1])
        return sizes

    async def mail(self, uid: int) -> bytes | None:
        """The mail as it is, not marked as read; None where it is gone."""
        return await self._octets(uid, "BODY.PEEK[]", MAX_MAIL_BYTES)

    async def header(self, uid: int) -> bytes | None:
        return await self._octets(uid, "BODY.PEEK[HEADER]", MAX_HEADER_BYTES)

    async def _octets(self, uid: int, what: str, most: int) -> bytes | None:
        answer = await self._done(
            self._client.uid("FETCH", str(uid), f"(UID {what}<0.{most}>)"), MAIL_SECONDS
        )
        for line in answer.lines:
            if isinstance(line, bytearray):
                return bytes(line)
        return b"" if any(b'""' in line for line in answer.lines) else None

    async def take_away(self, uids: Sequence[int], folder: str) -> None:
        """Move mails into a folder, or delete them where it is "". Where the server cannot delete
        these alone (UIDPLUS, RFC 4315), they stay marked as deleted.
        """
        if not uids:
            return
        mails, client = _set(uids), self._client
        if folder and client.has_capability("MOVE"):
            await self._moved(client.uid("MOVE", mails, folder_name(folder)), folder)
            return
        if folder:
            await self._moved(client.uid("COPY", mails, folder_name(folder)), folder)
        await self._done(client.uid("STORE", mails, "+FLAGS.SILENT", r"(\Deleted)"))
        if client.has_capability("UIDPLUS"):
            await self._done(client.uid("EXPUNGE", mails))

    async def _moved(self, command: Awaitable[Response], folder: str) -> None:
        answer = await self._within(command)
        if answer.result != "OK":
            raise ImapRefused(ImapFault.FOLDER, folder)

    @property
    def offers_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    async def idle(self, seconds: float, until: asyncio.Event) -> None:
        """Until the server says that there are more mails, `until` is set, or the time is over."""
        client = self._client
        idling = await self._within(client.idle_start(2 * seconds))
        ending = asyncio.ensure_future(self._end_idle(until))
        try:
            async with asyncio.timeout(seconds):
                pushed: list[bytes] = []
                while not until.is_set() and not any(b"EXISTS" in line for line in pushed):
                    pushed = await self._or_lost(client.wait_server_push(2 * seconds))
        except TimeoutError:
            pass
        finally:
            ending.cancel()
        self._client.idle_done()
        await self._within(asyncio.wait_for(idling, ANSWER_SECONDS))

    async def close(self) -> None:
        """Whatever state it is in."""
        try:
            with contextlib.suppress(ImapRefused, AioImapException, TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self._within(self._client.logout())
        finally:
            self._client._client_task.cancel()
            if self._client.protocol.transport is not None:
                self._client.protocol.transport.abort()
                await asyncio.sleep(0)  # The loop's next turn closes it.

    async def _done(
        self, command: Awaitable[Response], seconds: float = ANSWER_SECONDS
    ) -> Response:
        answer = await self._within(command, seconds)
        if answer.result != "OK":
            raise ImapRefused(ImapFault.UNREACHABLE, _words(answer))
        return answer

    async def _within(self, command: Awaitable[T], seconds: float = ANSWER_SECONDS) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await self._or_lost(command)
        except ssl.SSLCertVerificationError as error:
            raise ImapRefused(ImapFault.CERTIFICATE, error.verify_message) from error
        except (TimeoutError, CommandTimeout) as error:
            raise ImapRefused(ImapFault.UNREACHABLE, "timed out") from error
        except AioImapException as error:
            raise ImapRefused(ImapFault.UNREACHABLE, str(error)) from error
        except OSError as error:
            raise ImapRefused(ImapFault.UNREACHABLE, error.strerror or str(error)) from error

    async def _or_lost(self, command: Awaitable[T]) -> T:
        running = asyncio.ensure_future(command)
        self._give_up = running.cancel
        try:
            if self._is_lost:
                running.cancel()
            return await running
        except asyncio.CancelledError:
            if self._is_lost:
                raise ImapRefused(ImapFault.UNREACHABLE, "connection lost") from None
            raise

    def _lose(self, error: Exception | None) -> None:
        self._is_lost = True
        self._give_up()

    async def _end_idle(self, until: asyncio.Event) -> None:
        await until.wait()
        await self._client.stop_wait_server_push()


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folder_name(name: str) -> str:
    """As a command has it: in modified UTF-7 (RFC 9051 section 5.1 and appendix A), quoted."""

    def encoded(run: re.Match[str]) -> str:
        octets = base64.b64encode(run[0].encode("utf-16-be"), b"+,")
        return f"&{octets.decode().rstrip('=')}-"

    return quoted(re.sub(r"[^\x20-\x7e]+", encoded, name.replace("&", "&-")))


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _words(answer: Response) -> str:
    """Of the server, without its code in brackets."""
    last = answer.lines[-1].decode("utf-8", "replace") if answer.lines else ""
    return re.sub(r"^\[[^\]]*\]\s*", "", last)[:200]
