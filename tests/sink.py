"""A mail server for tests that answers as it is told, breaks off where it is told, and remembers
what it took.

Plain asyncio on 127.0.0.1. Nothing leaves it. `answer`, `stall` and `cut` are set before or between
connections, for ever or for so many times; what was accepted stands in `messages`, in the order of
the answers to the final dots.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, NamedTuple, SupportsIndex

Step = Literal["connect", "helo", "starttls", "auth", "rset", "mail", "rcpt", "data", "dot", "quit"]

EVERYTHING = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
USUAL: dict[Step, str] = {
    "connect": "220 sink ESMTP", "helo": "250 sink", "starttls": "220 2.0.0 Ready",
    "auth": "235 2.7.0 Welcome", "rset": "250 2.0.0 Ok", "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok", "data": "354 Go ahead", "dot": "250 2.0.0 Ok: queued",
    "quit": "221 2.0.0 Bye",
}  # fmt: skip


class Accepted(NamedTuple):
    sender: str
    recipients: tuple[str, ...]
    body: bytes  # dots unstuffed
    mail: bytes  # the MAIL line, with its parameters
    tls: bool
    user: str
    mail_at: float  # when the last octet of the MAIL line came in, seconds since 1970
    peer: str = ""  # the address it came from


@dataclass
class Told:
    step: Step
    reply: str
    to: str  # an address, a domain, or "*"
    times: int  # how often it is still said; -1 for ever


class Over(Exception):
    """This connection ends here."""


class Arrivals(asyncio.StreamReader):
    """Knows when each octet came in, however late it is read: a client that pipelines writes long
    before it is answered.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._came: deque[tuple[int, float]] = deque()
        self._octets = 0

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        octets = bytes(data)
        self._octets += len(octets)
        self._came.append((self._octets, time.time()))
        super().feed_data(octets)

    def when(self, octets: int) -> float:
        """When so many octets of this connection had come in; asked for more and more of them."""
        while self._came[0][0] < octets:
            self._came.popleft()
        return self._came[0][1]


@dataclass
class Sink:
    features: Sequence[str] = EVERYTHING
    tls: Literal["none", "starttls", "implicit"] = "none"
    certificate: ssl.SSLContext | None = None
    users: dict[str, str] = field(default_factory=dict)
    limit: int = 0  # connections at once; more are answered 421
    per_connection: int = 0  # messages; then the connection is closed without a word
    pause: float = 0  # seconds before each answer to a final dot
    keep_bodies: bool = True
    on_accepted: Callable[[Accepted], None] = lambda message: None  # before the answer to its dot
    host: str = "127.0.0.1"
    port: int = 0  # 0: one that is free

    messages: list[Accepted] = field(default_factory=list, init=False)
    discarded: list[bytes] = field(default_factory=list, init=False)  # bodies that came for nobody
    commands: list[bytes] = field(
        default_factory=list, init=False
    )  # as they came, all connections together
    ahead: int = field(
        default=0, init=False
    )  # commands that came before the one before was answered
    open: int = field(default=0, init=False)
    most_open: int = field(default=0, init=False)
    connections: int = field(default=0, init=False)
    octets_read: int = field(default=0, init=False)  # all connections together
    octets_said: int = field(default=0, init=False)
    cut_after_reading: int = field(
        default=-1, init=False
    )  # octets of each connection, then it is broken off
    cut_after_saying: int = field(default=-1, init=False)

    def __post_init__(self) -> None:
        self._told: list[Told] = []
        self._stalled: Counter[Step] = Counter()
        self._cut: Counter[tuple[Step, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def answer(self, step: Step, reply: str, to: str = "*", times: int = -1) -> None:
        """Says `reply` at `step` to whom it concerns; the one told last goes first. Lines are
        parted by a newline.
        """
        self._told.insert(0, Told(step, reply, to, times))

    def answer_as_usual(self) -> None:
        """Takes back what `answer` was told."""
        self._told.clear()

    def stall(self, step: Step, times: int = -1) -> None:
        """Reads the command of `step` and never answers it."""
        self._stalled[step] = times

    def cut(self, step: Step, when: Literal["before", "after"] = "before", times: int = -1) -> None:
        """Closes the connection instead of answering `step`, or right after the answer."""
        self._cut[step, when] = times

    def unspent(self) -> int:
        """How many of the things it was told to do so many times are still to be done."""
        left = (
            [told.times for told in self._told]
            + list(self._stalled.values())
            + list(self._cut.values())
        )
        return sum(times for times in left if times > 0)

    def interject(self, said: str) -> None:
        """Says something nobody asked for on every open connection."""
        for writer in self._writers:
            writer.write(f"{said}\r\n".encode())

    async def __aenter__(self) -> Sink:
        secure = self.certificate if self.tls == "implicit" else None
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, self.host, self.port, ssl=secure
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def conversation(self, reader: Arrivals, writer: asyncio.StreamWriter) -> Conversation:
        return Conversation(self, reader, writer)

    def said(self, step: Step, concerns: str) -> str:
        for told in self._told:
            domain = concerns.rpartition("@")[2]
            if told.step == step and told.times != 0 and told.to in ("*", concerns, domain):
                told.times -= 1
                return told.reply
        return USUAL[step]

    def stalls(self, step: Step) -> bool:
        """Whether it does so this time; asked once per command."""
        left = self._stalled[step]
        self._stalled[step] = left - (left > 0)
        return left != 0

    def cuts(self, step: Step, when: str) -> bool:
        left = self._cut[step, when]
        self._cut[step, when] = left - (left > 0)
        return left != 0

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(Arrivals(1 << 20), self._accept)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self._writers.add(writer)
        try:
            assert isinstance(reader, Arrivals)
            await self.conversation(reader, writer).run()
        except (Over, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()


class Conversation:
    def __init__(self, sink: Sink, reader: Arrivals, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.unread = b""
        self.consumed = 0  # octets of the lines that were handled
        self.read_octets = self.said_octets = 0
        self.secure = sink.tls == "implicit"
        self.user = ""
        self.taken = 0
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.mail, self.mail_at = b"", 0.0

    async def run(self) -> None:
        if self.sink.limit and self.sink.open > self.sink.limit:
            self.write("421 4.7.0 Too many connections")
            return
        await self.reply("connect")
        while True:
            line = await self.line()
            self.sink.commands.append(line)
            self.sink.ahead += bool(self.unread)
            verb, _, rest = line.decode().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await self.hello(verb.upper())
                case "STARTTLS":
                    await self.start_tls()
                case "AUTH":
                    await self.authenticate(rest)
                case "RSET":
                    self.reset()
                    await self.reply("rset")
                case "MAIL":
                    await self.mail_from(line, rest)
                case "RCPT":
                    await self.rcpt_to(rest)
                case "DATA":
                    await self.data()
                case "QUIT":
                    await self.reply("quit")
                    raise Over
                case _:
                    self.write("500 5.5.2 Unknown command")

    async def hello(self, verb: str) -> None:
        features = list(self.sink.features) if verb == "EHLO" else []
        if self.sink.tls == "starttls" and not self.secure:
            features.append("STARTTLS")
        if self.sink.users:
            features.append("AUTH PLAIN LOGIN")
        await self.reply("helo", more=features)

    async def start_tls(self) -> None:
        await self.reply("starttls")
        assert self.sink.certificate is not None
        self.consumed += len(self.unread)
        self.unread = b""
        await self.writer.start_tls(self.sink.certificate)
        self.secure = True

    async def authenticate(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if self.sink.users.get(user) == password:
            self.user = user
            await self.reply("auth")
        else:
            self.write("535 5.7.8 Bad credentials")

    async def mail_from(self, line: bytes, rest: str) -> None:
        if self.taken == self.sink.per_connection > 0:
            raise Over
        if self.sender is not None:
            self.write("503 5.5.1 Nested MAIL")
        elif self.sink.users and not self.user:
            self.write("530 5.7.0 Authentication required")
        elif await self.reply("mail", rest.partition("<")[2].partition(">")[0]):
            self.sender, self.mail = rest.partition("<")[2].partition(">")[0], line
            self.mail_at = self.reader.when(self.consumed)

    async def rcpt_to(self, rest: str) -> None:
        recipient = rest.partition("<")[2].partition(">")[0]
        if self.sender is None:
            self.write("503 5.5.1 MAIL first")
        elif await self.reply("rcpt", recipient):
            self.recipients.append(recipient)

    async def data(self) -> None:
        concerns = self.recipients[0] if self.recipients else "*"
        told = self.sink.said("data", concerns)
        if not self.recipients and told == USUAL["data"]:
            self.write("554 5.5.1 No valid recipients")
            return
        await self.reply("data", concerns, told)
        if not told.startswith("354"):
            return
        body = await self.body()
        if not self.recipients:
            self.sink.discarded.append(body)
            self.write("554 5.5.1 No valid recipients")
        elif refusal := self.refusal(body):
            self.write(refusal)
        else:
            self.taken += 1
            await asyncio.sleep(self.sink.pause)
            told = self.sink.said("dot", concerns)
            if self.sink.stalls("dot"):
                await asyncio.Event().wait()
            if told.startswith("2"):
                self.accept(body)
            await self.reply("dot", concerns, told)
        self.reset()

    def refusal(self, body: bytes) -> str:
        """Why what is in it keeps it out; "" where nothing does."""
        return ""

    def accept(self, body: bytes) -> None:
        whom = tuple(self.recipients)
        peer = str(self.writer.get_extra_info("peername")[0])
        message = Accepted(
            self.sender or "", whom, body, self.mail, self.secure, self.user, self.mail_at, peer
        )
        self.sink.on_accepted(message)
        self.sink.messages.append(message if self.sink.keep_bodies else message._replace(body=b""))

    async def body(self) -> bytes:
        """Up to CRLF dot CRLF and nothing less: a bare line feed ends no line here."""
        lines: list[bytes] = []
        while (line := await self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in lines)

    async def reply(
        self, step: Step, concerns: str = "*", told: str = "", more: Sequence[str] = ()
    ) -> bool:
        told = told or self.sink.said(step, concerns)
        if step != "dot" and self.sink.stalls(step):
            await asyncio.Event().wait()
        if self.sink.cuts(step, "before"):
            raise Over
        self.write(
            told
            if not told.startswith("250")
            else "\n".join([told, *(f"250 {one}" for one in more)])
        )
        if self.sink.cuts(step, "after") or told.startswith("421"):
            raise Over
        return told.startswith("2")

    def write(self, told: str) -> None:
        lines = told.split("\n")
        said = [f"{line[:3]}-{line[4:]}" for line in lines[:-1]] + lines[-1:]
        data = "".join(f"{line}\r\n" for line in said).encode()
        left = self.sink.cut_after_saying - self.said_octets
        if self.sink.cut_after_saying >= 0 and left <= len(data):
            self.writer.write(data[:left])
            raise Over
        self.said_octets += len(data)
        self.sink.octets_said += len(data)
        self.writer.write(data)

    async def line(self) -> bytes:
        while b"\r\n" not in self.unread:
            if self.read_octets == self.sink.cut_after_reading:
                raise Over
            data = await self.reader.read(1 << 16)
            if self.sink.cut_after_reading >= 0:
                data = data[: self.sink.cut_after_reading - self.read_octets]
            if not data:
                raise Over
            self.read_octets += len(data)
            self.sink.octets_read += len(data)
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\r\n")
        self.consumed += len(line) + 2
        return line
