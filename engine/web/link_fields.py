"""What a POST to a link says, urlencoded or multipart (RFC 8058 section 3.2). Whatever is malformed
or too large says nothing, and gets the page.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from engine.web.body import MOST, TooLarge, body_of

MOST_FIELDS = 100


async def fields_of(request: Request) -> dict[str, str]:
    """A provider's machine may name no content type, or the wrong one: what is not multipart is
    read as urlencoded.
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
                    max_num_fields=MOST_FIELDS,
                )
            )
        except ValueError:
            return {}
    parser = MultiPartParser(
        request.headers, _once(body), max_files=0, max_fields=MOST_FIELDS, max_part_size=MOST
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
