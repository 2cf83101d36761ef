"""Refusals of the API as RFC 9457 problems: a status, a sentence, and every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar

from fastapi.responses import JSONResponse

from engine.i18n.in_words import in_english
from engine.intake.body_reader import Mistake, Mistakes

T = TypeVar("T")


class Problem(Exception):
    """Ends a call. `detail` is a sentence for people and repeats nothing personal."""

    def __init__(
        self,
        status: int,
        detail: str,
        mistakes: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.mistakes = mistakes
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        content: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.mistakes:
            content["mistakes"] = list(self.mistakes)
        return JSONResponse(
            content, self.status, self.headers, media_type="application/problem+json"
        )


def bad_body(mistakes: tuple[str, ...]) -> Problem:
    return Problem(400, "This call cannot be read: " + "; ".join(mistakes), mistakes)


def unreadable(read: Mistakes) -> Problem:
    return bad_body(tuple(map(_told, read.found)))


def readable(read: T | Mistakes) -> T:
    """Raises Problem (400) with every mistake."""
    if isinstance(read, Mistakes):
        raise unreadable(read)
    return read


def _told(mistake: Mistake) -> str:
    sentence = in_english(mistake.reason)
    return f"{mistake.member}: {sentence}" if mistake.member else sentence


def too_busy(why: str) -> Problem:
    return Problem(503, why, headers={"Retry-After": "1"})
