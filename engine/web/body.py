"""What a request brings, bounded before it is held: 64 kB is ample for a form or a call."""

from __future__ import annotations

from collections.abc import MutableMapping

from fastapi import HTTPException, Request

MOST = 65_536
MOST_INPUTS = 100


class TooLarge(Exception):
    """More than MOST octets came."""


async def body_of(request: Request) -> bytes:
    """Raises TooLarge, at the latest after one piece more than is accepted."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST:
        raise TooLarge
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST:
            raise TooLarge
    return bytes(body)


async def posted_inputs(request: Request) -> dict[str, str]:
    """The inputs of a posted form, `application/x-www-form-urlencoded` or `multipart/form-data`; of one given twice, the last. No files."""
    try:
        body = await body_of(request)
    except TooLarge:
        raise HTTPException(413, "This is more than a form holds.") from None

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, receive).form(max_files=0, max_fields=MOST_INPUTS) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}
