"""Where letters go and how to connect: a relay, the built-in mailbox, or the providers' servers."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.config import Config
from engine.dns.settings import Dns
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.sending.smtp_settings import Direct, Smtp, Timeouts
from engine.shaping.providers import Providers
from engine.words import words_of_file_error


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One server. `tls` "if-offered": by STARTTLS where the server has it. `check` looks at a
    connection once it is secured, and raises TlsFailed.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "implicit", "if-offered"]
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    hostname: str = "localhost"  # said in EHLO
    verify: ssl.SSLContext | None = None  # None: the system's certificate authorities
    timeouts: Timeouts = field(default_factory=Timeouts)
    idle_seconds: float = 5  # for which an unused connection is kept
    quit_seconds: float = 2  # which QUIT may take
    check: Callable[[ssl.SSLObject], None] | None = None
    messages: int = 0  # over one connection; 0: as many as there are

    @property
    def is_this_machine(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class DirectSettings:
    """The providers' own servers; of `smtp`, what is not about a relay."""

    smtp: Smtp
    direct: Direct
    dns: Dns
    providers: Providers


RouteSettings: TypeAlias = RelaySettings | DirectSettings


def relay_settings(config: Config, mailbox_port: int) -> RelaySettings:
    """The relay of the configuration, or the built-in mailbox on `mailbox_port`."""
    smtp = config.smtp
    if smtp.is_mailbox:
        return RelaySettings("127.0.0.1", mailbox_port, "none", connections=1)
    password = (
        (config.folder / smtp.password_file).read_text().strip() if smtp.password_file else ""
    )
    hostname = config.site.sender.rpartition("@")[2] or "localhost"
    return RelaySettings(
        smtp.host,
        smtp.port,
        smtp.tls,
        smtp.username,
        password,
        smtp.connections,
        hostname,
        timeouts=smtp.timeouts,
    )


def route_settings(config: Config, mailbox_port: int) -> RouteSettings:
    """What the configuration says, with the built-in mailbox on `mailbox_port`. UserError of status
    2 for a password file that cannot be read.
    """
    if config.smtp.is_direct:
        return DirectSettings(config.smtp, config.direct, config.dns, config.providers)
    file = config.smtp.password_file
    try:
        settings = relay_settings(config, mailbox_port)
    except OSError as error:
        raise UserError(
            N_("[smtp] password_file {file} cannot be read: {why}"),
            2,
            file=file,
            why=words_of_file_error(error),
        ) from error
    except ValueError:
        raise UserError(
            N_("[smtp] password_file {file} does not hold a password: it is not a text in UTF-8"),
            2,
            file=file,
        ) from None
    if file and not config.smtp.is_mailbox and not settings.password.strip():
        raise UserError(N_("[smtp] password_file {file} is empty"), 2, file=file)
    return settings
