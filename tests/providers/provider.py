"""A receiving provider for tests: a mail server (tests.sink) with limits that it keeps, words in
which it says so, and a count of how often each limit was passed and how many attempts were in vain.

What a provider announces to nobody (`hidden_connections`) it keeps as well as what it publishes.
Its clock may be quick: a minute of it lasts as long as the test can wait.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.sink import Arrivals, Conversation, Over, Sink, Step

MINUTE = 60.0
Clock = Callable[[], float]  # seconds
DECLARED_SIZE = re.compile(r"\bSIZE=(\d+)", re.IGNORECASE)
BARE_LINE_FEED = "521 5.5.2 Error: bare <LF> received"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """0: none."""

    connections: int = 0  # at once, all of one sender's hosts together
    hidden_connections: int = 0  # the same, and published nowhere
    per_connection: int = 0  # messages
    per_minute: int = 0  # messages begun within any minute of its clock
    size: int = 0  # octets of a message, announced by SIZE
    greylisting: float = 0  # seconds for which who is new to a recipient is put off


@dataclass(frozen=True, kw_only=True)
class Words:
    """What it says to whom passes a limit; a line a reply, several parted by a newline."""

    connections: str = "421 4.7.0 Too many concurrent connections from your address"
    per_connection: str = "421 4.7.0 Too many messages for this session"
    per_minute: str = "421 4.7.0 Try again later, closing connection"
    size: str = "552 5.3.4 Message size exceeds fixed limit"
    greylisting: str = "451 4.7.1 Greylisting in action, please come back later"


@dataclass
class Provider(Sink):
    """`name` is the one that `engine/shaping/providers.toml` has for it, `mx` what the DNS says of
    its `domains`.
    """

    name: str = ""
    domains: tuple[str, ...] = ()
    mx: str = ""
    limits: Limits = field(default_factory=Limits)
    words: Words = field(default_factory=Words)
    clock: Clock = time.monotonic

    attempts: int = field(default=0, init=False)  # messages offered, and connections turned away
    put_off: int = field(default=0, init=False)  # by greylisting, once each: no attempts
    passed: Counter[str] = field(default_factory=Counter, init=False)  # by the name of the limit
    refused: Counter[str] = field(default_factory=Counter, init=False)  # by the words it was told
    busiest_minute: int = field(default=0, init=False)  # most messages begun within one

    def __post_init__(self) -> None:
        super().__post_init__()
        self._begun: deque[float] = deque()
        self._first_seen: dict[tuple[str, str], float] = {}
        if self.limits.size:
            others = [name for name in self.features if not name.startswith("SIZE")]
            self.features = (*others, f"SIZE {self.limits.size}")

    @property
    def accepted(self) -> int:
        return len(self.messages)

    @property
    def in_vain(self) -> int:
        """Attempts that it refused, and connections that it turned away."""
        return self.refused.total()

    def conversation(self, reader: Arrivals, writer: asyncio.StreamWriter) -> Conversation:
        return Visit(self, reader, writer)

    def said(self, step: Step, concerns: str) -> str:
        reply = super().said(step, concerns)
        if reply[0] in "45":
            self.refused[reply] += 1
        return reply

    def pass_limit(self, limit: str, words: str) -> str:
        self.passed[limit] += 1
        self.refused[words] += 1
        return words

    def turned_away(self) -> str:
        """What is said instead of a greeting; "" where the connection is welcome."""
        limits = self.limits
        for limit, most in (
            ("connections", limits.connections),
            ("hidden_connections", limits.hidden_connections),
        ):
            if most and self.open > most:
                self.attempts += 1
                return self.pass_limit(limit, self.words.connections)
        return ""

    def refusal_of(self, taken: int, declared: int) -> str:
        """What is said to a MAIL on a connection that has brought `taken` messages, of one of
        `declared` octets.
        """
        self.attempts += 1
        limits, now = self.limits, self.clock()
        if limits.per_connection and taken >= limits.per_connection:
            return self.pass_limit("per_connection", self.words.per_connection)
        if limits.size and declared > limits.size:
            return self.pass_limit("size", self.words.size)
        while self._begun and self._begun[0] <= now - MINUTE:
            self._begun.popleft()
        if limits.per_minute and len(self._begun) >= limits.per_minute:
            return self.pass_limit("per_minute", self.words.per_minute)
        self._begun.append(now)
        self.busiest_minute = max(self.busiest_minute, len(self._begun))
        return ""

    def puts_off(self, sender: str, recipient: str) -> str:
        """What is said to a RCPT while `sender`'s domain is new to the recipient (RFC 6647)."""
        now, words = self.clock(), self.words.greylisting
        first = self._first_seen.setdefault((sender.rpartition("@")[2], recipient), now)
        if now - first >= self.limits.greylisting:
            return ""
        if now == first:
            # Nobody becomes known without it: this attempt is none that could be spared.
            self.attempts -= 1
            self.put_off += 1
            return words
        return self.pass_limit("greylisting", words)


class Visit(Conversation):
    def __init__(self, provider: Provider, reader: Arrivals, writer: asyncio.StreamWriter) -> None:
        super().__init__(provider, reader, writer)
        self.provider = provider

    async def run(self) -> None:
        if words := self.provider.turned_away():
            self.write(words)
        else:
            await super().run()

    async def mail_from(self, line: bytes, rest: str) -> None:
        declared = DECLARED_SIZE.search(rest)
        words = self.provider.refusal_of(self.taken, int(declared[1]) if declared else 0)
        if words:
            self.write(words)
            if words.startswith("421"):
                raise Over
        else:
            await super().mail_from(line, rest)

    async def rcpt_to(self, rest: str) -> None:
        recipient = rest.partition("<")[2].partition(">")[0]
        if self.sender is not None and (words := self.provider.puts_off(self.sender, recipient)):
            self.write(words)
        else:
            await super().rcpt_to(rest)

    def refusal(self, body: bytes) -> str:
        """RFC 5321 2.3.8: a line feed alone is no line end, and where it is taken for one, a second
        message can be smuggled in behind it.
        """
        limit = self.provider.limits.size
        if b"\n" in body.replace(b"\r\n", b""):
            return self.provider.pass_limit("bare line feed", BARE_LINE_FEED)
        if limit and len(body) > limit:
            return self.provider.pass_limit("size", self.provider.words.size)
        return ""
