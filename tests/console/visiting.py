"""Pages asked for as somebody of a role, without a browser and without the way in."""

from __future__ import annotations

import re
import time
from html import unescape

from fastapi.responses import Response

from engine.config import Site
from engine.console.access import Account, Role
from engine.console.rendering import ConsolePages, Standing
from engine.console.visit import Route, Visit
from engine.words import Language

SITE = Site(
    name="Les Potagers",
    url="http://127.0.0.1:8080",
    sender="lettres@example.org",
    sender_name="Léa",
    reply_to="",
    postal_address="4 chemin des Tilleuls",
    language="fr",
    timezone="Europe/Paris",
)

CALM = Standing()


def visit(
    role: Role = Role.OPERATOR,
    language: Language = "en",
    url: str = "/",
    standing: Standing = CALM,
    **values: object,
) -> Visit:
    account = Account(id="a1", name="Léa <b>", role=role, language=language)
    pages = ConsolePages(SITE, lambda: standing)
    return Visit(account=account, pages=pages, url=url, csrf="token", **values)  # type: ignore[arg-type]


def answered(routes: tuple[Route, ...], method: str, path: str, visitor: Visit) -> Response:
    """What the route of this very path answers."""
    (route,) = (one for one in routes if (one.method, one.path) == (method, path))
    assert visitor.account.may(route.right)
    return route.handler(visitor)


def words_of(answer: Response) -> str:
    """What a page says, without its marks."""
    text = re.sub(r"<[^>]+>", " ", bytes(answer.body).decode())
    return re.sub(r"\s+", " ", unescape(text).replace("\xa0", " ").replace("\u202f", " "))


def counted(routes: tuple[Route, ...], path: str, visitor: Visit) -> Response:
    """What a page answers once what it counts beside itself is there."""
    end = time.monotonic() + 10
    while b"takes a moment" in (answer := answered(routes, "GET", path, visitor)).body:
        assert time.monotonic() < end
        time.sleep(0.02)
    return answer
