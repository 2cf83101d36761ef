"""What comes with a request: who asks (the address of a visitor behind proxies of ours, its part of
the network, whether it is a program on this machine), and the body, bounded before it is held (64
kB is ample for a form or a call of the API), with the inputs posted in it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncGenerator, Callable, Mapping, MutableMapping
from functools import partial
from types import MappingProxyType
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
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    octets = (
        _urlencoded(body)
        if kind.strip().lower() == "application/x-www-form-urlencoded"
        else await _parts(request, body)
    )
    declared = _CHARSET.search(f";{parameters}")
    return _decoded(octets, declared[1] if declared else "")


def _urlencoded(body: bytes) -> dict[bytes, bytes]:
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    if len(pairs) > MAX_INPUTS:
        raise HTTPException(400, "This is more than a form holds.")
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs}


def _unquoted(octets: bytes) -> bytes:
    return unquote_to_bytes(octets.replace(b"+", b" "))


async def _parts(request: Request, body: bytes) -> dict[bytes, bytes]:
    """Of a multipart form; they are read as latin-1, which gives each octet back."""

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    kind = _CHARSET.sub("", request.headers.get("content-type", ""))
    headers = [(b"content-type", f"{kind}; charset=latin-1".encode("latin-1"))]
    scope = {**request.scope, "headers": headers}
    async with Request(scope, receive).form(max_files=0, max_fields=MAX_INPUTS) as form:
        return {
            name.encode("latin-1"): value.encode("latin-1")
            for name, value in form.multi_items()
            if isinstance(value, str)
        }


def _decoded(octets: Mapping[bytes, bytes], declared: str) -> dict[str, str]:
    """In UTF-8 or, where not all of it is, as the form says in its input `_charset_`, or the call
    in its header, or else in windows-1252, as which browsers read latin-1 too (WHATWG Encoding).

    What an old page cannot write in its own charset, a browser posts as `&#321;` (the same, error
    mode "html").
    """
    texts = (*octets, *octets.values())
    named = octets.get(_OWN_CHARSET, declared.encode()).decode("latin-1").strip().lower()
    is_utf8 = all(map(_is_utf8, texts))
    decode = bytes.decode if is_utf8 else _DECODERS.get(named, _western)
    inputs = {decode(name): decode(value) for name, value in octets.items() if name != _OWN_CHARSET}
    if is_utf8 and not all(map(bytes.isascii, texts)):
        return inputs
    return {name: _REFERENCE.sub(_character, value) for name, value in inputs.items()}


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _western(octets: bytes) -> str:
    return "".join(_OCTETS[octet] for octet in octets)


def _character(reference: re.Match[str]) -> str:
    number = int(reference[1])
    is_character = 0x20 <= number <= 0x10FFFF and not 0xD800 <= number < 0xE000
    return chr(number) if is_character else reference[0]


_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:-]*)[^;]*""", re.IGNORECASE)
_OWN_CHARSET = b"_charset_"
_REFERENCE = re.compile(r"&#([0-9]{2,7});")
_DECODERS: Mapping[str, Callable[[bytes], str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("iso-8859-15", "iso8859-15", "iso_8859-15", "latin-9", "latin9", "l9"),
            partial(str, encoding="iso8859-15"),
        ),
        **dict.fromkeys(("macintosh", "mac", "x-mac-roman"), partial(str, encoding="mac_roman")),
    }
)
"""Both know every octet."""


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
