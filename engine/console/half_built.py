"""What is typed into a form of several steps, kept between them under a token as a search is: going
back and reloading are harmless, and nothing of it stands in an address. For half a day, and for its
own account alone. Apart, because segments and broadcasts are both built so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from fastapi.responses import Response

from engine.console.access import Right
from engine.console.open_dialogue import AuthoringStores, draft_of, read_draft, told
from engine.console.visit import Route, Visit
from engine.desk.clock import wall_now
from engine.sequence.model import Plan
from engine.vault.searches import KeptSearch, Searches

Pairs = tuple[tuple[str, str], ...]
_BLANKS = re.compile(r"[ \t\r\n]+")


def one_line(text: str) -> str:
    """Without blanks at its ends, each run of them as one; the no-break blanks of French stay."""
    return _BLANKS.sub(" ", text).strip(" ")


class HalfBuiltStores(AuthoringStores, Protocol):
    @property
    def searches(self) -> Searches: ...


class HalfBuilt(NamedTuple):
    """A form as its page opens it, over the `plan` of the draft. `kept`: what was typed before,
    None for nothing; `counted`: people are to be counted; `lost`: the token is over.
    """

    plan: Plan
    kept: Pairs | None
    counted: bool
    lost: bool


def open_form(stores: HalfBuiltStores, visit: Visit) -> HalfBuilt:
    kept = kept_form(stores, visit)
    return HalfBuilt(
        read_draft(stores, draft_of(stores, visit)).plan,
        kept,
        counted=visit.query.get("count") == "yes" and kept is not None,
        lost=kept is None and "form" in visit.query,
    )


def form_routes(
    stores: HalfBuiltStores,
    paths: Sequence[str],
    page: Callable[[Visit], Response],
    post: Callable[[Visit], Response],
) -> tuple[Route, ...]:
    """Each path shows the form and takes it; what cannot be read or changed is said."""

    def route(method: Literal["GET", "POST"], path: str, do: Callable[[Visit], Response]) -> Route:
        return Route(method, path, Right.WRITE, told(lambda _, visit: do(visit), stores))

    return tuple(
        one for path in paths for one in (route("GET", path, page), route("POST", path, post))
    )


def keep_form(stores: HalfBuiltStores, visit: Visit, pairs: Iterable[tuple[str, str]]) -> str:
    """The token."""
    lines = tuple(f"{name}={value}" for name, value in pairs)
    return stores.searches.keep(visit.account.id, KeptSearch(lines, "", ""), wall_now())


def kept_form(stores: HalfBuiltStores, visit: Visit) -> Pairs | None:
    """What the token of the page's address stands for; None where it is over or another's."""
    token = visit.query.get("form", "")
    kept = stores.searches.kept(visit.account.id, token, wall_now()) if token else None
    if kept is None:
        return None
    return tuple((name, value) for name, _, value in (line.partition("=") for line in kept.lines))
