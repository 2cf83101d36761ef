"""What is sent to others' servers over HTTP about a checkpoint, and what they answer: time-stamping
servers and witnesses alike. Whoever was chosen answers, nobody else; not longer than twice
POST_SECONDS, and no more than is asked for.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

from engine.dns.deadline import Deadline

POST_SECONDS = 10
MAX_FETCHED_BYTES = 1_000_000


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


class _Plain(HTTPConnection):
    def __init__(self, host: str, *, deadline: Deadline, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._deadline = deadline

    def connect(self) -> None:
        super().connect()
        self._deadline.watch(self.sock)


class _Secured(_Plain, HTTPSConnection):
    """The same over TLS: what it calls its `super()` is HTTPSConnection."""


class _Watched(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Whose connections end with a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Plain, deadline=self._deadline), request)

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Secured, deadline=self._deadline), request)


def posted(url: str, body: bytes, headers: Mapping[str, str], max_bytes: int) -> Answer:
    """The answer to a POST, whatever its status. Raises NotFetched."""
    with Deadline(POST_SECONDS) as deadline:
        opener = urllib.request.build_opener(_AsAnswered, _Watched(deadline))
        try:
            request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
            with opener.open(request, timeout=POST_SECONDS) as response:
                read = b""
                while len(read) <= max_bytes and (piece := response.read1(1 << 16)):
                    read += piece
                kind = str(response.headers.get("Content-Type", ""))
        except (OSError, HTTPException, ValueError) as error:
            if not deadline.has_passed:
                why = f"the server cannot be reached ({type(error).__name__})"
                raise NotFetched(why) from error
        if deadline.has_passed:
            raise NotFetched(f"the server's answer is not there after {POST_SECONDS} seconds")
    if len(read) > max_bytes:
        raise NotFetched(f"the server's answer is longer than {max_bytes} bytes")
    return Answer(int(response.status), kind.partition(";")[0].strip().lower(), read)


def fetched(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body of the answer to a POST that was answered 200. Raises NotFetched."""
    answer = posted(url, body, headers, MAX_FETCHED_BYTES)
    if answer.status != 200:
        raise NotFetched(f"the server answered {answer.status}")
    return answer.body
