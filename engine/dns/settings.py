"""`[dns]` of config.toml. Apart from the resolver, which loads what only those need who ask."""

from __future__ import annotations

import ipaddress

from engine.frozen import dataclass
from engine.sequence.table import Table
from engine.words import N_


@dataclass(frozen=True, slots=True)
class Dns:
    """`servers`: addresses of name servers; none where those of this machine are asked."""

    servers: tuple[str, ...] = ()
    port: int = 53


def read_dns(table: Table) -> Dns:
    servers = table.get("servers", list, [])
    for server in servers:
        try:
            ipaddress.ip_address(str(server))
        except ValueError:
            table.mistake(
                "servers",
                N_("“{server}” is no IP address: `servers` holds those of name servers"),
                server=str(server),
            )
    return Dns(tuple(map(str, servers)), table.port("port", 53, of_another=True))
