"""`[inbound]` of config.toml: where mail that comes back is taken in, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.inbound.imap_settings import Imap, read_imap
from engine.intake.address import AddressRefused, normalise
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.table import Table
from engine.words import N_


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener is reached: a host and a port, or the `path` of a socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.path or (f"[{self.host}]" if ":" in self.host else self.host) + f":{self.port}"


@dataclass(frozen=True, slots=True)
class Inbound:
    """`lmtp` and `smtp` None: not listened to; `imap` None: no mailbox is read. `authserv_ids` are
    the names, in lower case, under which your own mail servers write Authentication-Results.
    `reply_to` is who gets what people write, "" for nobody; `keep` how long a mail is kept that was
    not understood.
    """

    lmtp: Place | None = None
    smtp: Place | None = None
    imap: Imap | None = None
    authserv_ids: tuple[str, ...] = ()
    reply_to: str = ""
    keep: Delay = Delay(days=30)

    @property
    def is_on(self) -> bool:
        """Whether mail that comes back is read at all."""
        return self.listens or self.imap is not None

    @property
    def listens(self) -> bool:
        return self.lmtp is not None or self.smtp is not None

    @property
    def takes_mail(self) -> bool:
        return self.listens or self.imap is not None


def read_inbound(table: Table, return_path: str = "") -> Inbound:
    """`return_path` is the domain whose mail leads here, "" where none does."""
    inbound = Inbound(
        lmtp=table.parsed("lmtp", _place, None),
        smtp=table.parsed("smtp", _place, None),
        imap=read_imap(table),
        authserv_ids=_names(table),
        reply_to=_address(table),
        keep=table.parsed("keep", parse_delay, Delay(days=30)),
    )
    if inbound.listens and not table.get("reply_to", str, ""):
        table.mistake(
            "lmtp" if inbound.lmtp else "smtp",
            N_("who listens needs `reply_to`: an address of yours that gets what people write"),
        )
    if return_path and inbound.reply_to.rpartition("@")[2] == return_path.lower():
        table.mistake(
            "reply_to",
            N_("mail to `reply_to` would come back here: it lies in the domain of `return_path`"),
        )
    keep = inbound.keep
    if not (keep.days or keep.months or keep.minutes >= 24 * 60):
        table.mistake("keep", N_("`keep` is a time of a day or more"))
    if inbound.lmtp is not None and inbound.lmtp == inbound.smtp:
        table.mistake("smtp", N_("`lmtp` and `smtp` cannot listen at one place"))
    return inbound


def _place(text: str) -> Place:
    """Raises Unreadable."""
    if text.startswith("/"):
        return Place(path=text)
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Unreadable(
            N_('write "127.0.0.1:2525", or the path of a socket: "/run/relance/lmtp.sock"')
        )
    return Place(host, int(port))


def _names(table: Table) -> tuple[str, ...]:
    names = table.get("authserv_ids", list, [])
    if any(not isinstance(name, str) or len(name.split()) != 1 for name in names):
        message = N_("`authserv_ids` is a list of names in quotes, such as mx.example.org")
        table.mistake("authserv_ids", message)
        return ()
    return tuple(str(name).strip().lower() for name in names)


def _address(table: Table) -> str:
    value = table.get("reply_to", str, "")
    try:
        return normalise(value) if value else ""
    except AddressRefused:
        table.mistake("reply_to", N_("`reply_to` is one address: moi@example.org"))
        return ""
