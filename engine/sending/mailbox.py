"""The built-in mail server for trying Relance: it accepts every mail on this machine and shows it
instead of sending it. One of the two doors to aiosmtpd.

It listens on 127.0.0.1 alone and relays nothing. Each mail is two files: its metadata (`.json`,
written first) and the message (`.eml`), which appears whole or not at all. The newest `MAX_KEPT`
are kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import NamedTuple, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Received

from engine.sending.connection_limit import Connections

IDLE_SECONDS = 60.0
MAX_KEPT = 10_000
MAX_MESSAGE_OCTETS = 10 * 1024 * 1024  # octets
_ID = re.compile(r"[0-9]{10}")


class MailboxEntry(NamedTuple):
    id: str
    at: datetime  # UTC, by the wall clock
    recipient: str
    subject: str
    dated: (
        str
        # as the letter says it was written, which is the engine's time; "" where that was not kept
    ) = ""


class _Connection(SMTP):
    """Counted by `Connections`: while it carries nothing it gives way to others, and after a
    minute of silence it is ended.
    """

    def __init__(self, mailbox: Mailbox, admitted: Connections) -> None:
        self._admitted = admitted
        super().__init__(
            mailbox,
            data_size_limit=MAX_MESSAGE_OCTETS,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Relance mailbox",
            timeout=IDLE_SECONDS,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._admitted.admit(self, str(transport.get_extra_info("peername")[0])):
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._admitted.leave(self)
        super().connection_lost(error)

    def is_idle(self) -> bool:
        return self.envelope is None or self.envelope.mail_from is None

    def drop(self) -> None:
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()


class Mailbox:
    """Reading needs no running server, and may happen in another process."""

    def __init__(self, folder: Path, kept: int = MAX_KEPT) -> None:
        self.folder = folder
        self._kept = kept
        self._server: asyncio.Server | None = None
        self._connections: WeakSet[SMTP] = WeakSet()
        self._admitted = Connections()

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1; 0 takes any free port. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._last = max((int(name) for name in self._ids()), default=0)
        self._server = await asyncio.get_running_loop().create_server(
            self._connected, "127.0.0.1", port
        )

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            if connection.transport is not None:
                connection.transport.close()
        await self._server.wait_closed()
        self._server = None

    def list(self, limit: int, recipient: str | None = None) -> list[MailboxEntry]:
        """The newest first, at most `limit`, of one recipient if given."""
        entries: list[MailboxEntry] = []
        for name in sorted(self._ids(), reverse=True):
            if len(entries) >= limit:
                break
            try:
                stored = json.loads((self.folder / f"{name}.json").read_bytes())
            except FileNotFoundError:  # pruned since the folder was read
                continue
            if recipient is None or stored["recipient"].lower() == recipient.lower():
                at = datetime.fromisoformat(stored["at"])
                entries.append(
                    MailboxEntry(
                        name, at, stored["recipient"], stored["subject"], stored.get("dated", "")
                    )
                )
        return entries

    def read(self, id: str) -> bytes:
        """The message as it came. Raises KeyError when there is none of that id."""
        if not _ID.fullmatch(id):
            raise KeyError(id)
        try:
            return (self.folder / f"{id}.eml").read_bytes()
        except FileNotFoundError:
            raise KeyError(id) from None

    def forget(self, is_theirs: Callable[[MailboxEntry], bool]) -> int:
        """Delete the mails of a recipient; returns how many there were. Raises OSError."""
        theirs = [entry for entry in self.list(len(self._ids())) if is_theirs(entry)]
        for entry in theirs:
            for ending in ("json", "eml"):
                (self.folder / f"{entry.id}.{ending}").unlink(missing_ok=True)
        return len(theirs)

    def message_id(self, id: str) -> str:
        """As the letter's header has it, "" where it has none. Raises KeyError."""
        return str(
            BytesHeaderParser()
            .parsebytes(self.read(id).partition(b"\r\n\r\n")[0])
            .get("Message-ID", "")
        ).strip()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Received) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for recipient in envelope.rcpt_tos:
            self._store(envelope.mail_from or "", recipient, content)
        return "250 2.0.0 Kept"

    def _connected(self) -> SMTP:
        connection = _Connection(self, self._admitted)
        self._connections.add(connection)
        return connection

    def _ids(self) -> set[str]:
        if not self.folder.is_dir():
            return set()
        return {path.stem for path in self.folder.glob("*.eml") if _ID.fullmatch(path.stem)}

    def _store(self, sender: str, recipient: str, content: bytes) -> None:
        self._last += 1
        stored = {
            "at": datetime.now(UTC).isoformat(),
            "sender": sender,
            "recipient": recipient,
            "subject": _header(content, "subject"),
            "dated": _header(content, "date"),
        }
        self._write(f"{self._last:010}.json", json.dumps(stored).encode())
        self._write(f"{self._last:010}.eml", content)
        for ending in ("eml", "json"):
            (self.folder / f"{self._last - self._kept:010}.{ending}").unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self.folder / f"{name}.tmp"
        unfinished.write_bytes(content)
        os.replace(unfinished, self.folder / name)


def _header(content: bytes, name: str) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    raw = str(BytesHeaderParser().parsebytes(head).get(name, ""))
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw
