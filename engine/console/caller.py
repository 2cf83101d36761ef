"""Somebody at the console who need not be signed in: the pages open to everybody, what they may
answer with, and what was posted in a session that had ended, which waits for its account.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from fastapi.responses import Response

from engine.console.rendering import ConsolePages
from engine.console.visit import NOTHING, Mistake, Redirect
from engine.desk.console import Way
from engine.i18n.language import Language
from engine.words import LANGUAGES

MAX_CARRIED_CHARACTERS = 900_000


class SignedIn(Redirect):
    """To a page, as this account from now on: a new session, whose token nobody has seen before.
    `carried` is what waited for this account.
    """

    def __init__(
        self, account: str, way: Way, url: str = "/", *, enrols: bool = False, carried: str = ""
    ) -> None:
        super().__init__(url)
        self.account, self.way, self.enrols, self.carried = account, way, enrols, carried


class SignedOut(Redirect):
    """To the page for signing in; the session is ended."""


class ToProvider(Response):
    """To the address of an OpenID provider; `flow` is what this browser is known by when it comes
    back.
    """

    def __init__(self, url: str, flow: str) -> None:
        super().__init__(status_code=303, headers={"Location": url})
        self.flow = flow


class GoOn(Redirect):
    """To a page with what waited, for somebody who has signed in beside it meanwhile."""

    def __init__(self, url: str, carried: str) -> None:
        super().__init__(url)
        self.carried = carried


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who need not be signed in. `network` is the address asked from, as our proxies say.
    `oidc` is what a sign-in with a provider, under way in this browser, is known by.
    """

    origin: str
    language: Language
    pages: ConsolePages
    network: str = ""
    browser: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    under_way: str = ""

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        mistakes: Sequence[Mistake] = (),
        headers: Mapping[str, str] = NOTHING,
        **values: object,
    ) -> Response:
        return self.pages.page(
            template, self.language, status=status, headers=headers, mistakes=mistakes, **values
        )


class OpenRoute(NamedTuple):
    """A page for whoever is not signed in. `crosses`: another site may lead here by a form."""

    method: Literal["GET", "POST"]
    path: str
    handler: Callable[[Caller], Response]


class Carried(NamedTuple):
    """What was posted to `url` by an account whose session had ended."""

    account: str
    url: str
    pairs: Sequence[tuple[str, str]]

    def sealed(self, key: bytes) -> str:
        """As a page carries it: readable, and not to be changed; "" for more than is kept."""
        content = json.dumps(self._asdict())
        return f"{_mac(key, content)}{content}" if len(content) <= MAX_CARRIED_CHARACTERS else ""


def opened(sealed: str, key: bytes) -> Carried | None:
    """None for what was not sealed with this key."""
    mac, content = sealed[:64], sealed[64:]
    if not hmac.compare_digest(mac.encode(), _mac(key, content).encode()):
        return None
    held = json.loads(content)
    pairs = [(str(name), str(value)) for name, value in held["pairs"]]
    return Carried(str(held["account"]), str(held["url"]), pairs)


def _mac(key: bytes, content: str) -> str:
    return hmac.digest(key, f"console-carried/v1\0{content}".encode(), "sha256").hex()


def local_path(url: str) -> str:
    """A path of this site, "/" for anything else that was asked to lead on to."""
    parts = urlsplit(url)
    usable = (
        url.startswith("/")
        and not url.startswith(("//", "/\\"))
        and not parts.netloc
        and url.isprintable()
        and "\\" not in url
    )
    return url if usable else "/"


def language_of(wanted: str, otherwise: Language) -> Language:
    """The first of a browser's languages that Relance speaks."""
    for part in wanted.split(","):
        short = part.strip()[:2].lower()
        for language in LANGUAGES:
            if short == language:
                return language
    return otherwise
