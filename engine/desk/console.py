"""Who is signed in to the console, and what is under way there: sessions, one-time links,
challenges. Tokens are 256 random bits, kept as their SHA-256 alone. Times are wall clock.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Literal

from psycopg.rows import TupleRow

from engine.frozen import dataclass
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 3600
MAX_BROWSER_CHARACTERS = 200
Way = Literal["passkey", "link", "recovery", "oidc"]
TokenKind = Literal[
    "first", "invitation", "register", "authenticate", "oidc", "codes", "read", "test"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`id` is public and opens nothing. `enrols`: nothing but adding a passkey is possible yet.
    `way`: how its owner signed in. `browser` as it calls itself. `is_over`: idle for too long, or
    open for too long.
    """

    id: str
    account: str
    enrols: bool
    way: str
    browser: str
    notice: str
    """What its next page says once, "" for nothing."""
    since: datetime
    seen: datetime
    is_over: bool = False
    is_stale: bool = False
    """More than a minute since it was seen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept under a token: whose it is ("" for nobody yet), and what else."""

    account: str
    value: str


class ConsoleDesk:
    def __init__(self, database: Database) -> None:
        self.database = database

    def _rows(self, statement: str, **values: object) -> list[TupleRow]:
        with self.database.connection() as connection:
            cursor = connection.execute(SQL[statement], values)
            return cursor.fetchall() if cursor.description else []

    def _count(self, statement: str, **values: object) -> int:
        with self.database.connection() as connection:
            return connection.execute(SQL[statement], values).rowcount

    def open_session(self, account: str, way: Way, browser: str, *, enrols: bool = False) -> str:
        """A new session's token, which is kept nowhere."""
        token = new_token()
        self._count(
            "open_session",
            token=_hash(token),
            id=secrets.token_hex(6),
            account=account,
            enrols=enrols,
            way=way,
            browser=browser[:MAX_BROWSER_CHARACTERS],
        )
        return token

    def session(self, token: str) -> Session | None:
        """Also one that is over, for as long as it is kept."""
        rows = self._rows("session", token=_hash(token), idle=IDLE_SECONDS, longest=LONGEST_SECONDS)
        return _session(rows[0]) if rows else None

    def set_notice(self, session: str, words: str) -> None:
        """What the session's next page says; words that name nobody."""
        self._count("set_notice", id=session, notice=words)

    def see_session(self, token: str) -> None:
        self._count("see_session", token=_hash(token))

    def enrolled(self, token: str) -> None:
        """From now on the session is whole."""
        self._count("enrolled", token=_hash(token))

    def sessions(self, account: str = "") -> list[Session]:
        """Those that are open, of one account or of all, latest seen first."""
        rows = self._rows("sessions", account=account, idle=IDLE_SECONDS, longest=LONGEST_SECONDS)
        return [_session(row) for row in rows]

    def end_session(self, session: str, account: str = "") -> bool:
        """By its public id; with `account` only if it is that account's."""
        return self._count("end_session", id=session, account=account) == 1

    def end_sessions(self, account: str, but: str = "") -> int:
        """All of an account but one, by its public id; how many."""
        return self._count("end_sessions", account=account, but=but)

    def keep(self, kind: TokenKind, seconds: float, account: str = "", value: str = "") -> str:
        """A new token under which this is found for so many seconds."""
        token = new_token()
        self._count(
            "keep_token",
            token=_hash(token),
            kind=kind,
            account=account,
            value=value,
            seconds=seconds,
        )
        return token

    def look(self, kind: TokenKind, token: str) -> Kept | None:
        rows = self._rows("look_token", token=_hash(token), kind=kind)
        return Kept(*map(str, rows[0])) if rows else None

    def use(self, kind: TokenKind, token: str) -> Kept | None:
        """What is kept under the token, which opens nothing afterwards."""
        rows = self._rows("use_token", token=_hash(token), kind=kind)
        return Kept(*map(str, rows[0])) if rows else None

    def note_once(self, kind: TokenKind, key: str, seconds: float) -> bool:
        """True for the first who notes this key within so many seconds."""
        return self._count("note_once", token=_hash(key), kind=kind, seconds=seconds) == 1

    def drop(self, kind: TokenKind, account: str = "") -> None:
        """Every token of this kind and account."""
        self._count("drop_tokens", kind=kind, account=account)

    def forget_account(self, account: str) -> None:
        """Every session and link of an account that is removed."""
        self.end_sessions(account)
        self.drop("invitation", account)

    def forget(self) -> None:
        """Delete what is past its time to live."""
        self._count("forget_sessions")
        self._count("forget_tokens")


def new_token() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _session(row: TupleRow) -> Session:
    identifier, account, enrols, way, browser, notice, since, seen, is_over, is_stale = row
    return Session(
        id=identifier,
        account=account,
        enrols=enrols,
        way=way,
        browser=browser,
        notice=notice,
        since=since,
        seen=seen,
        is_over=is_over,
        is_stale=is_stale,
    )
