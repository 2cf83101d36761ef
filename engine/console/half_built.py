"""What is typed into a form of several steps, kept between them under a token as a search is: going
back and reloading are harmless, and nothing of it stands in an address. For half a day, and for its
own account alone. Apart, because segments and broadcasts are both built so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from engine.console.visit import Visit
from engine.desk.clock import wall_now
from engine.vault.searches import KeptSearch, Searches

Pairs = tuple[tuple[str, str], ...]
_BLANKS = re.compile(r"[ \t\r\n]+")


def one_line(text: str) -> str:
    """Without blanks at its ends, each run of them as one; the no-break blanks of French stay."""
    return _BLANKS.sub(" ", text).strip(" ")


class HalfBuiltStores(Protocol):
    @property
    def searches(self) -> Searches: ...


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
