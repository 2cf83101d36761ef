"""The relay that letters go to, and how to connect to it: the configured one or the mailbox."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import Literal

from engine.config import Config
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.sending.smtp_settings import Timeouts


@dataclass(frozen=True, slots=True)
class RelaySettings:
    host: str
    port: int
    tls: Literal["none", "starttls", "implicit"]
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    hostname: str = "localhost"  # said in EHLO
    verify: ssl.SSLContext | None = None  # None: the system's certificate authorities
    timeouts: Timeouts = field(default_factory=Timeouts)
    idle_seconds: float = 5  # for which an unused connection is kept
    quit_seconds: float = 2  # which QUIT may take

    @property
    def is_this_machine(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


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


def relay_of(config: Config, mailbox_port: int) -> RelaySettings:
    """The relay of the configuration, or the built-in mailbox. UserError of status 2 for a password
    file that cannot be read.
    """
    file = config.smtp.password_file
    try:
        settings = relay_settings(config, mailbox_port)
    except OSError as error:
        raise UserError(
            N_("[smtp] password_file {file} cannot be read: {why}"),
            2,
            file=file,
            why=error.strerror or "?",
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
