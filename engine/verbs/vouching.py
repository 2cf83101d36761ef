"""A statement in the installation's name, signed as a note (C2SP signed-note) where there is a key to sign with."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.house import House


def origin_of(house: House) -> str:
    """In whose name: the origin of the ledger's tree."""
    return f"{urlsplit(house.config.site.url).netloc}/relance"


def signed(house: House, text: str) -> str | None:
    """The signed note over `text`, None where the installation has no key yet."""
    return None
