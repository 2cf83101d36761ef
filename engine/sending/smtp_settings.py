"""`[smtp]`, `[direct]` and `[dkim]` of config.toml: the relay that letters are handed to, or how
they go to the providers' own servers; how long answers are awaited; and for which domain letters
are signed before they go.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Literal, cast, get_args

from engine.frozen import dataclass
from engine.mime.message import SIZE_CAP
from engine.sequence.delay import parse_positive_seconds
from engine.sequence.table import Table
from engine.words import N_

MAILBOX, DIRECT = "mailbox", "direct"
SMTP_PORT = 25  # where one server takes mail from another (RFC 5321 4.5.4.2)
MIN_SIZE_LIMIT, MAX_SIZE_LIMIT = 50_000, 45_000_000
"""Octets: no letter of ours is smaller with its foot; Orange, the most generous of the large
providers, takes so many.
"""
Tls = Literal["none", "starttls", "implicit"]
TLS: tuple[Tls, ...] = get_args(Tls)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Wall-clock seconds for which an answer is awaited (RFC 5321 4.5.3.2). `connect` is for each
    step until letters may go: connection, greeting, TLS, login; `block` for the relay to take a
    piece of a letter; `dot` for its answer to the end of one.
    """

    connect: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600

    @property
    def dialogue(self) -> float:
        """How long a letter may be on its way once it was asked whether it may be sent: the answer
        to the letter before it, then its own answers, a large letter being one piece longer.
        """
        return self.dot + self.mail + self.rcpt + self.data + self.block + self.dot


LONGEST_DIALOGUE = 3_599
"""Seconds: with the second from asking to MAIL, the hour that the rule P1 leaves a letter under way
(P1.41).
"""


@dataclass(frozen=True, slots=True)
class Smtp:
    """`host` "mailbox" is the built-in mailbox, "direct" no relay at all. `sink`: letters reach
    nobody there. `tls`: none, starttls, implicit. `return_path` is the domain where mail that comes
    back is read, "" where none is; `message_size_limit` is in octets.
    """

    host: str = MAILBOX
    port: int = 587
    tls: Tls = "starttls"
    username: str = ""
    password_file: str = ""
    connections: int = 2
    timeouts: Timeouts = Timeouts()
    sink: bool = False
    return_path: str = ""
    message_size_limit: int = SIZE_CAP

    @property
    def is_mailbox(self) -> bool:
        return self.host == MAILBOX

    @property
    def is_direct(self) -> bool:
        return self.host == DIRECT

    @property
    def relay(self) -> str:
        """The host of a relay, "" where there is none."""
        return "" if self.is_mailbox or self.is_direct else self.host

    @property
    def armed_mark(self) -> str:
        """The mark on the desk that says: sending to this relay has been agreed to. A sink that
        becomes a relay must be agreed to anew.
        """
        return f"armed:sink:{self.host}" if self.sink else f"armed:{self.host}"

    @property
    def reaches_people(self) -> bool:
        """Whether a letter handed over may arrive somewhere."""
        return not (self.is_mailbox or self.sink)


def read_smtp(table: Table) -> Smtp:
    smtp = Smtp(
        table.get("host", str, MAILBOX),
        table.port("port", 587, of_another=True),
        table.one_of("tls", TLS, "starttls"),
        table.get("username", str, ""),
        table.get("password_file", str, ""),
        table.get("connections", int, 2),
        _timeouts(table.part("timeouts")),
        table.get("sink", bool, False),
        table.get("return_path", str, ""),
        table.get("message_size_limit", int, SIZE_CAP),
    )
    if not MIN_SIZE_LIMIT <= smtp.message_size_limit <= MAX_SIZE_LIMIT:
        table.mistake(
            "message_size_limit",
            N_("`message_size_limit` is a number of octets from {least} to {most}"),
            least=MIN_SIZE_LIMIT,
            most=MAX_SIZE_LIMIT,
        )
    check_return_path(table, smtp.return_path)
    if not MIN_SIZE_LIMIT <= smtp.message_size_limit <= MAX_SIZE_LIMIT:
        table.mistake(
            "message_size_limit",
            N_("`message_size_limit` is a number of octets from {least} to {most}"),
            least=MIN_SIZE_LIMIT,
            most=MAX_SIZE_LIMIT,
        )
    if smtp.return_path and not _HOST.fullmatch(smtp.return_path):
        table.mistake(
            "return_path",
            N_(
                "`return_path` is a host name in small letters, without a mailbox:"
                ' "bounces.example.org"'
            ),
        )
    if not 1 <= smtp.connections <= 100:
        table.mistake("connections", N_("`connections` is a number from 1 to 100"))
    if smtp.is_direct and smtp.username:
        table.mistake(
            "username",
            N_('`username` is for a relay: with `host = "direct"` nobody asks for one'),
        )
    elif smtp.username and not smtp.password_file:
        table.mistake(
            "username",
            N_("`username` needs a `password_file` (the password itself never stands here)"),
        )
    return smtp


@dataclass(frozen=True, slots=True)
class Direct:
    """What `[smtp] host = "direct"` needs. `helo` is the name this machine says to other servers.
    `connections`: to all servers together. `port`: of theirs.
    """

    helo: str = ""
    ipv6: bool = False
    connections: int = 50
    port: int = SMTP_PORT


def read_direct(table: Table, smtp: Smtp) -> Direct:
    direct = Direct(
        table.get("helo", str, ""),
        table.get("ipv6", bool, False),
        table.get("connections", int, 50),
        table.port("port", SMTP_PORT, of_another=True),
    )
    if direct.helo and not _HOST.fullmatch(direct.helo):
        table.mistake(
            "helo",
            N_(
                "`helo` is the whole name of this machine in small letters, as the DNS has it:"
                ' "mail.example.org"'
            ),
        )
    elif smtp.is_direct and not direct.helo:
        table.mistake(
            "helo",
            N_(
                '`host = "direct"` needs the name of this machine here, as the DNS has it:'
                ' "mail.example.org"'
            ),
        )
    if not smtp.connections <= direct.connections <= 1000:
        table.mistake(
            "connections",
            N_("`connections` is a number from {least} (that of [smtp]) to 1000"),
            least=smtp.connections,
        )
    return direct


def _timeouts(table: Table) -> Timeouts:
    timeouts = {
        timeout.name: table.parsed(timeout.name, parse_positive_seconds, cast(int, timeout.default))
        for timeout in fields(Timeouts)
    }
    chosen = Timeouts(**timeouts)
    if chosen.dialogue > LONGEST_DIALOGUE:
        table.mistake(
            "dot",
            N_(
                "one letter could take more than an hour with these times to wait (twice `dot`,"
                " and `mail`, `rcpt`, `data` and `block`), and leave long after its reader has"
                " withdrawn"
            ),
        )
    table.finish()
    return chosen


_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Dkim:
    """`domain` is `d=` of the signatures, "" where the relay signs. `selector` is the first key's;
    those after it are counted: "relance-2". `cfbl`: letters name where complaints go.
    """

    domain: str = ""
    selector: str = "relance"
    ed25519: bool = False
    cfbl: bool = False


def read_dkim(table: Table, sender: str, return_path: str) -> Dkim:
    """`sender` is the address letters come from, `return_path` where what comes back is read."""
    dkim = Dkim(
        table.get("domain", str, ""),
        table.get("selector", str, "relance"),
        table.get("ed25519", bool, False),
        table.get("cfbl", bool, False),
    )
    check_alignment(table, dkim, sender)
    check_selector(table, dkim)
    own = domain_of(sender)
    if dkim.cfbl and not (dkim.domain == own and f".{return_path}".endswith(f".{own}")):
        table.mistake(
            "cfbl",
            N_(
                "`cfbl` needs `domain`, that of [site] from itself ({own}), and [smtp] return_path"
                " there or below: no provider sends complaints elsewhere"
            ),
            own=own,
        )
    return dkim


def check_alignment(table: Table, dkim: Dkim, sender: str) -> None:
    """A signature counts for an address only within one organisation's domain (DMARC alignment,
    RFC 9989).
    """
    own = domain_of(sender)
    if dkim.domain and not _HOST.fullmatch(dkim.domain):
        table.mistake(
            "domain",
            N_('`domain` is a host name in small letters, as the DNS has it: "example.org"'),
        )
    elif dkim.domain and own and dkim.domain.split(".")[-2:] != own.split(".")[-2:]:
        table.mistake(
            "domain",
            N_(
                "`domain` is not that of the address letters come from ({own}): mailbox providers"
                " would not count its signatures"
            ),
            own=own,
        )


def check_selector(table: Table, dkim: Dkim) -> None:
    if not _SELECTOR.fullmatch(dkim.selector):
        table.mistake(
            "selector",
            N_("`selector` is made of at most 40 small letters, digits and hyphens within"),
        )


def check_return_path(table: Table, value: str) -> None:
    """Where mail that comes back is read: "" for nowhere."""
    if value and not _HOST.fullmatch(value):
        table.mistake(
            "return_path",
            N_(
                "`return_path` is a host name in small letters, without a mailbox:"
                ' "bounces.example.org"'
            ),
        )


def domain_of(address: str) -> str:
    """In lower case."""
    return address.rpartition("@")[2].lower()
