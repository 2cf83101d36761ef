"""One question to a server of the operator's choosing, over HTTP: bounded in time and size, and
never sent elsewhere by it.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO

SECONDS, MOST_BYTES = 10, 1_000_000


class NotFetched(Exception):
    """No answer, or none that may be used: a sentence, without anything the server wrote."""


class _Here(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Whoever was chosen answers, nobody else."""
        return None


def fetched(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body of the answer to a POST, within twice SECONDS however slowly it comes. Raises
    NotFetched.
    """
    begun = time.monotonic()
    asked = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.build_opener(_Here).open(asked, timeout=SECONDS) as answer:
            found = b""
            while len(found) <= MOST_BYTES and (piece := answer.read1(1 << 16)):
                found += piece
                if time.monotonic() - begun > SECONDS:
                    raise NotFetched(f"the server's answer is not there after {SECONDS} seconds")
    except urllib.error.HTTPError as error:
        raise NotFetched(f"the server answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(f"the server cannot be reached ({type(error).__name__})") from error
    if len(found) > MOST_BYTES:
        raise NotFetched(f"the server's answer is longer than {MOST_BYTES} bytes")
    return found
