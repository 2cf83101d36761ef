"""What is known of the world outside, as values: who we are, what was asked, what was answered; and
a line of what the doctor finds. Pure.

A check asks a `World` and is cut short by `Unanswered` where an answer is not there yet: whoever
looks (`looking`) fetches it, and the check is made again. So no check waits, none knows how a name
is looked up, and a test hands in the answers.

Everything that comes from outside is hostile: it is shown through `quoted`, and bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.words import N_, Words, words

MAX_QUOTED = 160
Subject = Literal[
    "spf",
    "dkim",
    "dmarc",
    "mailbox",
    "host",
    "receiving",
    "brand",
    "link",
    "inbound",
    "blocklist",
    "stream",
    "letter",
]
Verdict = Literal["holds", "fails", "unknown"]


@dataclass(frozen=True, slots=True)
class Line:
    """`mends`: lines for the DNS or config.toml, the same in every language. `optional`: nobody
    refuses a letter for want of it.
    """

    code: str
    verdict: Verdict
    what: Words
    mends: tuple[str, ...] = ()
    optional: bool = False

    @property
    def is_fault(self) -> bool:
        return self.verdict == "fails" and not self.optional


Record = Literal["mx", "addresses", "txt", "ptr"]


@dataclass(frozen=True, slots=True)
class Dns:
    """Of "mx" the hosts in order of preference, "" for a null MX (RFC 7505); of "addresses" those
    of both families; "ptr" is asked about an address.
    """

    record: Record
    name: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whether one of these hosts would take a mail for an address (RCPT, and no mail)."""

    address: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """`at`: the host and port that is asked in place of the one in `url`. `posted` is the body of a
    POST, "" for a GET.
    """

    url: str
    at: str = ""
    posted: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """ "host:port", or the path of a socket."""

    place: str


Question = Dns | Mailbox | Page | Port


@dataclass(frozen=True, slots=True)
class Records:
    """At least one."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The DNS answers that there is none; `named`: the name exists, with records of other kinds."""

    named: bool = False


@dataclass(frozen=True, slots=True)
class NotReached:
    """Nobody answered: nothing is known. `why` is ours, and holds nothing that others wrote."""

    why: Words


@dataclass(frozen=True, slots=True)
class Answered:
    """A mail server's reply to RCPT."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A page. `certificate_ends` in seconds since 1970, None over plain HTTP; `location` is where a
    redirect leads. `body` is cut.
    """

    status: int
    location: str = ""
    hsts: str = ""
    body: bytes = b""
    certificate_ends: int | None = None


@dataclass(frozen=True, slots=True)
class BadCertificate:
    why: str


@dataclass(frozen=True, slots=True)
class Open:
    """Somebody listens there."""


Answer = Records | Nothing | NotReached | Answered | Seen | BadCertificate | Open


KeyState = Literal["made", "signing", "former", "revoked"]


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A DKIM key of ours. `since`: when it came into its state (wall-clock seconds); `line` is what
    the zone should hold, `value` the same record alone.
    """

    domain: str
    selector: str
    state: KeyState
    since: int
    value: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """What config.toml and the keys say of us. Domains are ASCII, in small letters, without a dot
    at the end.

    `relay`: "" where letters go straight to the providers. `addresses`: those letters leave from,
    as far as they are known. `service` is as whom mails are written that people asked for, where
    those are a stream of their own.
    """

    sender: str
    reply_to: str = ""
    return_path: str = ""
    relay: str = ""
    helo: str = ""
    addresses: tuple[str, ...] = ()
    dkim_domain: str = ""
    keys: tuple[OwnKey, ...] = ()
    service: Ourselves | None = None
    url: str = ""
    listens: str = ""
    inbound: tuple[str, ...] = ()
    blocklists: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    @property
    def envelope_domain(self) -> str:
        """Of MAIL FROM, for which SPF is asked."""
        return self.return_path or self.domain

    @property
    def is_direct(self) -> bool:
        return not self.relay


class Unanswered(Exception):
    """A check would like to know this first."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__()
        self.questions = questions


@dataclass(frozen=True, slots=True)
class World:
    """`now` in seconds since 1970 (wall clock). What is asked of it raises Unanswered where the
    answer is not known yet.
    """

    us: Ourselves
    now: int
    answers: Mapping[Question, Answer] = field(default_factory=dict)

    def dns(self, record: Record, name: str) -> Records | Nothing | NotReached:
        answer = self._answer(Dns(record, name.lower().rstrip(".")))
        return answer if isinstance(answer, Records | Nothing | NotReached) else _STRANGE

    def mailbox(self, address: str, hosts: tuple[str, ...]) -> Answered | NotReached:
        answer = self._answer(Mailbox(address, hosts))
        return answer if isinstance(answer, Answered | NotReached) else _STRANGE

    def page(self, url: str, at: str = "", posted: str = "") -> Seen | BadCertificate | NotReached:
        answer = self._answer(Page(url, at, posted))
        return answer if isinstance(answer, Seen | BadCertificate | NotReached) else _STRANGE

    def port(self, place: str) -> Open | NotReached:
        answer = self._answer(Port(place))
        return answer if isinstance(answer, Open | NotReached) else _STRANGE

    def need(self, *questions: Question) -> None:
        """Asks several at once, so that they are answered together."""
        if missing := tuple(q for q in questions if q not in self.answers):
            raise Unanswered(missing)

    def _answer(self, question: Question) -> Answer:
        self.need(question)
        return self.answers[question]


_STRANGE = NotReached(words(N_("no answer can be made of it")))


def quoted(text: str) -> str:
    """Something from outside, as it may be shown: one line, cut, nothing that steers."""
    line = "".join(c if c.isprintable() else "·" for c in text[: MAX_QUOTED + 1])
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED]}…"


def txt_line(name: str, value: str) -> str:
    """A TXT record as a zone file has it, in strings of at most 255 characters."""
    clean = "".join(c for c in value if " " <= c <= "~" and c not in '"\\')
    pieces = [f'"{clean[start : start + 255]}"' for start in range(0, len(clean) or 1, 255)]
    return f"{name}. IN TXT {pieces[0] if len(pieces) == 1 else f'( {chr(32).join(pieces)} )'}"


def is_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
