"""Refusals of the API as RFC 9457 problems: a status, a sentence, and every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from fastapi.responses import JSONResponse

from engine.i18n.in_words import in_english
from engine.intake.body_reader import Mistake, Mistakes
from engine.subscriber.outcome import Refusal, Refused

T = TypeVar("T")
OF_NOBODY: Final = frozenset(
    {Refusal.PERSON_UNKNOWN, Refusal.ORDER_UNKNOWN, Refusal.NO_SUCH_REQUEST, Refusal.RIGHT_UNKNOWN}
)


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
    """400 where the description already rules the body out, 409 where only what is published, who
    is known or what day it is does.
    """
    mistakes = tuple(map(_told, read.found))
    if all(mistake.is_described for mistake in read.found):
        return Problem(409, "This call cannot be carried out: " + "; ".join(mistakes), mistakes)
    return bad_body(mistakes)


def readable(read: T | Mistakes) -> T:
    """Raises Problem (400, 409) with every mistake."""
    if isinstance(read, Mistakes):
        raise unreadable(read)
    return read


def _told(mistake: Mistake) -> str:
    sentence = in_english(mistake.reason)
    return f"{mistake.member}: {sentence}" if mistake.member else sentence


def refused(refusal: Refused) -> Problem:
    """404 where whom or what the call is about is not known, 409 where a rule forbids it."""
    return Problem(404 if refusal.code in OF_NOBODY else 409, in_english(refusal))


def too_busy(why: str) -> Problem:
    return Problem(503, why, headers={"Retry-After": "1"})
