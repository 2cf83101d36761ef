"""Every page of the console that the sample has, by its address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.console.application import page_routes
from engine.console.stores import ConsoleStores

PARTS: Mapping[str, str] = {
    "dialogue": "onboarding",
    "stem": "onboarding",
    "list": "10",
    "number": "10",
    "key": "list:10",
    "letter": "graines-semees",
    "broadcast": "enfants",
    "format": "csv",
    "before": "1",
    "after": "1",
    "call": "subscriptions",
    "name": "inscription",
    "segment": "actifs",
    "kind": "stripe",
    "webhook": "boutique",
}
"""What the sample has, by the name of a part of a route."""
BESIDE = ("/account", "/accounts", "/accounts/log", "/no-such-page")
"""Pages that are not of page_routes."""


def addresses(stores: ConsoleStores, person: str, upload: str = "1") -> list[str]:
    """Of each page that the sample has, in the order of their names; `person` lives there, and
    `upload` is a file of people that was sent.
    """
    parts = {**PARTS, "person": person, "subscriber": person, "id": person, "upload": upload}
    paths = [route.path for route in page_routes(stores) if route.method == "GET"]
    named = [re.sub(r"\{(\w+)(?::path)?\}", lambda m: parts.get(m[1], "1"), path) for path in paths]
    return sorted({*named, *BESIDE})
