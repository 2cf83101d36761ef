"""Searches of people, kept for half a day for whoever made them. They may hold a name or an
address, so they lie in the vault, and a page's address has a random token instead.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
KEPT_MILLIS = 12 * 3_600_000


class KeptSearch(NamedTuple):
    """Conditions, a line each, and the beginnings of a name and an address."""

    lines: tuple[str, ...]
    name: str
    address: str


class Searches:
    """`now` is wall clock (ms)."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(self, account: str, search: KeptSearch, now: int) -> str:
        """The token under which the account finds it again."""
        token = secrets.token_urlsafe(16)
        with self.database.transaction() as connection:
            connection.execute(SQL["forget"], {"now": now})
            connection.execute(
                SQL["keep"],
                {
                    "token": token,
                    "account": account,
                    "lines": list(search.lines),
                    "name": search.name,
                    "address": search.address,
                    "until": now + KEPT_MILLIS,
                },
            )
        return token

    def kept(self, account: str, token: str, now: int) -> KeptSearch | None:
        """None where there is none, it is over, or it is another's."""
        values = {"token": token, "account": account, "now": now}
        with self.database.connection() as connection:
            row = connection.execute(SQL["kept"], values).fetchone()
        return KeptSearch(tuple(row[0]), row[1], row[2]) if row is not None else None
