"""How many connections a listener admits. A connection that has asked for nothing yet gives way:
silence never takes the place of a visitor.

What one address may hold is bounded, and so is the whole; beyond either, the connection of that
place that has been silent longest is dropped, and only where none is silent is the newcomer
refused.
"""

from __future__ import annotations

import ipaddress
import logging
import resource
import time
from collections.abc import Collection
from typing import Protocol

log = logging.getLogger("relance.connections")
MAX_CONNECTIONS = 1000
MAX_CONNECTIONS_PER_ADDRESS = 100
LOG_EVERY_SECONDS = 60.0
# Where a system says "without limit", it means this (macOS).
DESCRIPTORS_WITHOUT_LIMIT = 10_240


class Connection(Protocol):
    def is_idle(self) -> bool:
        """Whether nothing is being done for it: no request has arrived completely."""

    def drop(self) -> None:
        """Close it at once."""


class Connections:
    """The connections of one listener, used in its event loop alone. `proxies` are networks whose
    addresses stand for many visitors.
    """

    def __init__(
        self,
        maximum: int = MAX_CONNECTIONS,
        per_address: int = MAX_CONNECTIONS_PER_ADDRESS,
        proxies: Collection[str] = (),
    ) -> None:
        self.maximum, self.per_address = maximum, per_address
        self._proxies = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
        self._places: dict[str, dict[Connection, None]] = {}
        self._place_of: dict[Connection, str] = {}
        self._said_at = float("-inf")

    def __len__(self) -> int:
        return len(self._place_of)

    def admit(self, connection: Connection, address: str) -> bool:
        """False where the limit is reached: then it is not counted, and the caller must close it.
        `address` is the peer's, "" where it has none.
        """
        place, is_proxy = self._place(address)
        held = self._places.get(place, {})
        if not is_proxy and len(held) >= self.per_address and not self._give_way(held):
            return False
        if len(self) >= self.maximum and not any(
            self._give_way(place) for place in sorted(self._places.values(), key=len, reverse=True)
        ):
            return False
        self._places.setdefault(place, {})[connection] = None
        self._place_of[connection] = place
        return True

    def leave(self, connection: Connection) -> None:
        """Give the connection's place back. A second call does nothing, nor does one for a
        connection that was not admitted.
        """
        place = self._place_of.pop(connection, None)
        if place is not None:
            held = self._places[place]
            del held[connection]
            if not held:
                del self._places[place]

    def _give_way(self, held: Collection[Connection]) -> bool:
        silent = next((connection for connection in held if connection.is_idle()), None)
        if time.monotonic() - self._said_at > LOG_EVERY_SECONDS:
            self._said_at = time.monotonic()
            log.warning(
                "connections are at their limit: silent ones give way",
                extra={"connections": len(self), "of one address": len(held)},
            )
        if silent is None:
            return False
        self.leave(silent)
        silent.drop()
        return True

    def _place(self, address: str) -> tuple[str, bool]:
        """An IPv4 address, or the /64 of an IPv6 one, which is what one household or server has;
        and whether it is a proxy's.
        """
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return "", False
        if isinstance(ip, ipaddress.IPv6Address):
            ip = ip.ipv4_mapped or ip
        place = str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
        return place, any(ip in network for network in self._proxies)


def raise_descriptor_limit() -> int:
    """Raise the number of open files and connections to the most that the system allows this
    process (the default is often 1024); returns that number.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, DESCRIPTORS_WITHOUT_LIMIT):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.info(
                "the limit of open files stays as it is", extra={"why": str(error), "limit": soft}
            )
        else:
            break
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
