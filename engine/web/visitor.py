"""Who asks: the address of a visitor behind proxies of ours, its part of the network, and whether
it is a program on this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from fastapi import Request

FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
)


def neighbourhood(visitor: str) -> str:
    """The /24 (IPv4) or /64 (IPv6) of an address, "" for what is none."""
    try:
        address = ipaddress.ip_address(visitor.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def visitor_of(request: Request, trusted: tuple[str, ...]) -> str:
    """Who asks: the peer, or, where that is a proxy of ours, the last address in `X-Forwarded-For`
    that is not.
    """
    visitor = request.client.host if request.client else ""
    if not trusted:
        return visitor
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while forwarded and _is_trusted(visitor, trusted):
        before = forwarded.pop().strip()
        if not _is_address(before):
            break
        visitor = before
    return visitor


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(visitor: str, trusted: tuple[str, ...]) -> bool:
    if not _is_address(visitor):
        return False
    return any(
        ipaddress.ip_address(visitor) in ipaddress.ip_network(network, strict=False)
        for network in trusted
    )


def is_this_machine(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a program on this machine asks for itself. What a proxy hands on comes from this
    machine too, and has a header that says so.
    """
    return peer in ("127.0.0.1", "::1") and not any(name in headers for name in FORWARDED)
