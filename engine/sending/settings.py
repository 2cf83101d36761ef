"""Which relay letters go to, and how it is spoken with: the configuration's, or the built-in
mailbox.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import asdict, dataclass, field
from typing import Literal

from engine.config import Config
from engine.sending.pipeline import Timeouts


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

    @property
    def is_this_machine(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def relay_settings(config: Config, mailbox_port: int) -> RelaySettings:
    """Where letters go: the relay of the configuration, or the built-in mailbox."""
    smtp = config.smtp
    if smtp.is_mailbox:
        return RelaySettings("127.0.0.1", mailbox_port, "none", connections=1)
    password = (
        (config.folder / smtp.password_file).read_text().strip() if smtp.password_file else ""
    )
    hostname = config.site.sender.rpartition("@")[2] or "localhost"
    timeouts = Timeouts(**asdict(smtp.timeouts))
    return RelaySettings(
        smtp.host,
        smtp.port,
        smtp.tls,
        smtp.username,
        password,
        smtp.connections,
        hostname,
        timeouts=timeouts,
    )
