"""What comes with a request: who asks (the address of a visitor behind proxies of ours, its part of
the network, whether it is a program on this machine), and the body, bounded before it is held (64
kB is ample for a form or a call of the API), with the inputs posted in it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Mapping, MutableMapping
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import HTTPException, Request
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
)


def neighbourhood(visitor: str, v6: int = 64) -> str:
    """The /24 (IPv4) or /64 (IPv6, or as many bits as `v6` says) of an address, "" for what is
    none.
    """
    try:
        address = ipaddress.ip_address(visitor.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else v6), strict=False))


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


MAX_BODY_OCTETS = 65_536
MAX_INPUTS = 100
MAX_FIELDS = 100
# The five octets windows-1252 leaves undefined are read as latin-1 reads them.
_OCTETS = tuple(bytes([octet]).decode("cp1252", "ignore") or chr(octet) for octet in range(256))
_C1 = {octet: _OCTETS[octet] for octet in range(0x80, 0xA0)}


class TooLarge(Exception):
    """More octets came than are accepted."""


async def body_of(request: Request, most: int = MAX_BODY_OCTETS) -> bytes:
    """Raises TooLarge, at the latest after one piece more than is accepted."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooLarge
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise TooLarge
    return bytes(body)


JSON = "application/json"


def is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == JSON


def wants_json(request: Request) -> bool:
    """Whether a script asks, which no page helps."""
    accepted = request.headers.get("accept", "").lower()
    return is_json(request) or (JSON in accepted and "text/html" not in accepted)


async def form_body(request: Request) -> bytes:
    try:
        return await body_of(request)
    except TooLarge:
        raise HTTPException(413, "This is more than a form holds.") from None


async def posted_inputs(request: Request) -> dict[str, str]:
    """The inputs of a posted form, `application/x-www-form-urlencoded` or `multipart/form-data`; of
    one given twice, the last. No files.
    """
    body = await form_body(request)
    if (
        request.headers.get("content-type", "").partition(";")[0].strip().lower()
        == "application/x-www-form-urlencoded"
    ):
        return _urlencoded(body)

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, receive).form(max_files=0, max_fields=MAX_INPUTS) as form:
        return {
            name: _without_c1(value) for name, value in form.multi_items() if isinstance(value, str)
        }


def _urlencoded(body: bytes) -> dict[str, str]:
    """In UTF-8, or, where not all of it is, in windows-1252, which old pages and kiosks post as
    latin-1 (WHATWG Encoding reads both alike).
    """
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    if len(pairs) > MAX_INPUTS:
        raise HTTPException(400, "This is more than a form holds.")
    octets = {_unquoted(name): _unquoted(value) for name, _, value in pairs}
    decoded = _western if not all(map(_is_utf8, (*octets, *octets.values()))) else bytes.decode
    return {decoded(name): decoded(value) for name, value in octets.items()}


def _unquoted(octets: bytes) -> bytes:
    return unquote_to_bytes(octets.replace(b"+", b" "))


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _western(octets: bytes) -> str:
    return "".join(_OCTETS[octet] for octet in octets)


def _without_c1(text: str) -> str:
    """A part of a multipart form that is no UTF-8 has been read as latin-1: its C1 controls are
    letters and quotes of windows-1252.
    """
    return text.translate(_C1)


async def fields_of(request: Request) -> dict[str, str]:
    """What a POST to a link holds, urlencoded or multipart (RFC 8058 section 3.2); {} where it is
    malformed or too large, so that it is answered with the page. A provider's machine may name no
    content type, or the wrong one: what is not multipart is read as urlencoded.
    """
    try:
        body = await body_of(request)
    except (TooLarge, ClientDisconnect):
        return {}
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        try:
            return dict(
                parse_qsl(
                    body.decode("utf-8", "replace"),
                    keep_blank_values=True,
                    max_num_fields=MAX_FIELDS,
                )
            )
        except ValueError:
            return {}
    parser = MultiPartParser(
        request.headers,
        _once(body),
        max_files=0,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_BODY_OCTETS,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
