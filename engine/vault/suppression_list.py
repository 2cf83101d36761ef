"""The list of addresses never to be written to again, by keyed hash alone: counted, asked about one
address, and a line taken off.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, cast

from engine.store.sql import AnyCursor, beside
from engine.vault.vault import Vault

SQL = beside(__file__)


class Listed(NamedTuple):
    """`at` is when (ms, engine time)."""

    reason: str
    at: int


def listed(vault: Vault, hashed: bytes) -> Listed | None:
    with vault.database.connection() as connection:
        row = connection.execute(SQL["listed"], {"hash": hashed}).fetchone()
    return Listed(*cast("tuple[str, int]", row)) if row else None


def counted(vault: Vault) -> dict[str, int]:
    """How many hashes stand there, by reason; most first."""
    with vault.database.connection() as connection:
        rows = connection.execute(SQL["counted"]).fetchall()
    return dict(cast("list[tuple[str, int]]", rows))


def take_off(cursor: AnyCursor, hashed: bytes, reasons: Collection[str]) -> None:
    """Where the hash stands there for one of these reasons."""
    cursor.execute(SQL["take_off"], {"hash": hashed, "reasons": list(reasons)})
