"""The fields of a POST, urlencoded or multipart (RFC 8058 section 3.2), from a hostile stranger: bounded, and nothing at all where it is malformed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

LARGEST = 64 * 1024
MOST_FIELDS = 50


async def read_fields(request: Request) -> dict[str, str]:
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > LARGEST:
                return {}
    except ClientDisconnect:
        return {}
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        try:
            return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            return {}
    parser = MultiPartParser(request.headers, _once(bytes(raw)), max_files=0, max_fields=MOST_FIELDS, max_part_size=LARGEST)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw
