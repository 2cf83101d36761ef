"""What is sent to others' servers over HTTP about a checkpoint, and what they answer: time-stamping
servers and witnesses alike. Whoever was chosen answers, nobody else; not longer than twice
POST_SECONDS, and no more than is asked for.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

POST_SECONDS = 10


class NotFetched(Exception):
    """No answer, or none that may be used: a sentence, without anything the server wrote."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is the Content-Type without its parameters, in lower case."""

    status: int
    kind: str
    body: bytes


class _AsAnswered(urllib.request.HTTPErrorProcessor):
    """No status is an exception, and no redirect is followed."""

    def http_response(
        self, request: urllib.request.Request, response: HTTPResponse
    ) -> HTTPResponse:
        return response

    https_response = http_response


def posted(url: str, body: bytes, headers: Mapping[str, str], max_bytes: int) -> Answer:
    """The answer to a POST, whatever its status. Raises NotFetched."""
    begun = time.monotonic()
    try:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
        with urllib.request.build_opener(_AsAnswered).open(
            request, timeout=POST_SECONDS
        ) as response:
            read = b""
            while len(read) <= max_bytes and (piece := response.read1(1 << 16)):
                read += piece
                if time.monotonic() - begun > POST_SECONDS:
                    raise NotFetched(
                        f"the server's answer is not there after {POST_SECONDS} seconds"
                    )
            kind = str(response.headers.get("Content-Type", ""))
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(f"the server cannot be reached ({type(error).__name__})") from error
    if len(read) > max_bytes:
        raise NotFetched(f"the server's answer is longer than {max_bytes} bytes")
    return Answer(int(response.status), kind.partition(";")[0].strip().lower(), read)
