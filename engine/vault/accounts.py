"""Who may use the console: accounts with their passkeys and recovery codes. Personal, and therefore
in the vault; an account's random id is what the evidence of an act names beside the name.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

from psycopg.rows import TupleRow

from engine.frozen import dataclass
from engine.sequence.delay import DAY
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)
SIGN_INS_KEPT = 365 * DAY
MOST_REFUSED = 500
"""Refusals that are kept of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """`reads`: whether an author may read people. `language` is "" for the browser's. `created_at`
    is wall clock (ms). `issuer` and `subject` name who a provider says this is, "" for nobody.
    """

    id: str
    name: str
    role: str
    reads: bool
    language: str = ""
    created_at: int = 0
    issuer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A public key of an account. `created_at`, `used_at` (0: never) are wall clock (ms)."""

    credential: bytes
    account: str
    name: str
    public_key: bytes
    sign_count: int
    created_at: int = 0
    used_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Somebody came in ("in"), or tried to and was "refused". `account` is "" where nobody knows
    whose it would have been; `name` what it is called now, "" for one that is removed. `way` is
    how; `network` the neighbourhood of the address asked from. `at`: wall clock (ms).
    """

    account: str
    at: int
    what: Literal["in", "refused"]
    way: str
    network: str
    id: int = 0
    name: str = ""


class NameTaken(Exception):
    """Another account has this name."""


class LastOperator(Exception):
    """There would be no operator left."""


class NoSuchAccount(Exception):
    """It was removed meanwhile."""


class Accounts:
    """Times handed in are wall clock (ms)."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def _rows(self, statement: str, **values: object) -> list[TupleRow]:
        with self.database.connection() as connection:
            return connection.execute(SQL[statement], values).fetchall()

    def _changed(self, statement: str, **values: object) -> bool:
        with self.database.connection() as connection:
            return connection.execute(SQL[statement], values).rowcount == 1

    def add(self, name: str, role: str, reads: bool, at: int) -> StoredAccount | None:
        """A new account; None where another has the name."""
        account = new_account(name, role, reads, at)
        with self.database.transaction() as connection, connection.cursor() as cursor:
            try:
                add_account(cursor, account)
            except NameTaken:
                return None
        return account

    def account(self, account: str) -> StoredAccount | None:
        return _first(self._rows("account", account=account))

    def named(self, name: str) -> StoredAccount | None:
        return _first(self._rows("named", name=name))

    def of_subject(self, issuer: str, subject: str) -> StoredAccount | None:
        return _first(self._rows("of_subject", issuer=issuer, subject=subject))

    def all(self) -> list[StoredAccount]:
        """By name."""
        return [_account(row) for row in self._rows("accounts")]

    def has_operator(self) -> bool:
        return bool(self._rows("operators"))

    def note_sign_in(self, sign_in: SignIn) -> None:
        values = {
            "account": sign_in.account,
            "at": sign_in.at,
            "what": sign_in.what,
            "way": sign_in.way,
            "network": sign_in.network,
        }
        self._changed("note_sign_in", **values, most=MOST_REFUSED)

    def sign_ins(self, before: int, limit: int) -> list[SignIn]:
        """The latest first, of those with a smaller id than `before`."""
        return [
            SignIn(
                id=number,
                account=account,
                name=name,
                at=at,
                what=what,
                way=way,
                network=network,
            )
            for number, account, name, at, what, way, network in self._rows(
                "sign_ins", before=before, limit=limit
            )
        ]

    def forget_sign_ins(self, now: int) -> None:
        """Delete those that were kept for a year."""
        with self.database.connection() as connection:
            connection.execute(SQL["forget_sign_ins"], {"before": now - SIGN_INS_KEPT})

    def set_language(self, account: str, language: str) -> None:
        self._changed("set_language", account=account, language=language)

    def first_steps_away(self, account: str) -> bool:
        """Whether this account has put them away."""
        rows = self._rows("first_steps_away", account=account)
        return bool(rows and rows[0][0])

    def put_first_steps_away(self, account: str) -> None:
        self._changed("put_first_steps_away", account=account)

    def bind_subject(self, account: str, issuer: str, subject: str) -> bool:
        """Who a provider says this is; False where it is bound already."""
        return self._changed("bind_subject", account=account, issuer=issuer, subject=subject)

    def add_passkey(self, passkey: Passkey) -> bool:
        """False where the credential is known already."""
        return self._changed(
            "add_passkey",
            credential=passkey.credential,
            account=passkey.account,
            name=passkey.name,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            at=passkey.created_at,
        )

    def passkey(self, credential: bytes) -> Passkey | None:
        rows = self._rows("passkey", credential=credential)
        return _passkey(rows[0]) if rows else None

    def passkeys(self, account: str) -> Sequence[Passkey]:
        return [_passkey(row) for row in self._rows("passkeys", account=account)]

    def any_passkey(self) -> bool:
        return bool(self._rows("any_passkey")[0][0])

    def used_passkey(self, credential: bytes, sign_count: int, at: int) -> bool:
        """False where its counter does not go on: a copy of it was used."""
        return self._changed("used_passkey", credential=credential, sign_count=sign_count, at=at)

    def name_passkey(self, account: str, credential: bytes, name: str) -> bool:
        return self._changed("name_passkey", account=account, credential=credential, name=name)

    def remove_passkey(self, account: str, credential: bytes) -> bool:
        return self._changed("remove_passkey", account=account, credential=credential)

    def replace_codes(self, account: str, hashes: Mapping[str, str]) -> None:
        """Hashes by the half of the code that finds them; those given before open nothing."""
        with self.database.transaction() as connection:
            connection.execute(SQL["remove_codes"], {"account": account})
            for mark, hashed in hashes.items():
                values = {"account": account, "mark": mark, "hash": hashed}
                connection.execute(SQL["add_code"], values)

    def code(self, account: str, mark: str) -> str:
        """The hash of a code, "" for none."""
        rows = self._rows("code", account=account, mark=mark)
        return str(rows[0][0]) if rows else ""

    def use_code(self, account: str, mark: str) -> bool:
        return self._changed("use_code", account=account, mark=mark)

    def codes_left(self, account: str) -> int:
        return int(self._rows("codes_left", account=account)[0][0])


def new_account(name: str, role: str, reads: bool, at: int) -> StoredAccount:
    """With a random id, and in no table yet."""
    return StoredAccount(id=secrets.token_hex(16), name=name, role=role, reads=reads, created_at=at)


def add_account(cursor: AnyCursor, account: StoredAccount) -> None:
    """Raises NameTaken."""
    values = {
        "account": account.id,
        "name": account.name,
        "role": account.role,
        "reads": account.reads,
        "at": account.created_at,
    }
    if cursor.execute(SQL["add_account"], values).rowcount != 1:
        raise NameTaken


def set_role(cursor: AnyCursor, account: str, role: str, reads: bool) -> None:
    """Raises LastOperator, NoSuchAccount."""
    if role != "operator":
        _refuse_last_operator(cursor, account)
    values = {"account": account, "role": role, "reads": reads}
    if not cursor.execute(SQL["set_role"], values).rowcount:
        raise NoSuchAccount


def remove_account(cursor: AnyCursor, account: str) -> None:
    """With all its passkeys and codes. Raises LastOperator, NoSuchAccount."""
    _refuse_last_operator(cursor, account)
    for statement in ("remove_passkeys", "remove_codes", "remove_account"):
        cursor.execute(SQL[statement], {"account": account})
    if not cursor.rowcount:
        raise NoSuchAccount


def _refuse_last_operator(cursor: AnyCursor, account: str) -> None:
    """Under a lock: two who remove an operator at once must not both find another left. Raises
    LastOperator.
    """
    cursor.execute(SQL["lock_accounts"])
    if cursor.execute(SQL["last_operator"], {"account": account}).fetchone() is not None:
        raise LastOperator


def _first(rows: Sequence[TupleRow]) -> StoredAccount | None:
    return _account(rows[0]) if rows else None


def _account(row: TupleRow) -> StoredAccount:
    account, name, role, reads, language, created_at, issuer, subject = row
    return StoredAccount(
        id=account,
        name=name,
        role=role,
        reads=reads,
        language=language,
        created_at=created_at,
        issuer=issuer,
        subject=subject,
    )


def _passkey(row: TupleRow) -> Passkey:
    credential, account, name, public_key, sign_count, created_at, used_at = row
    return Passkey(
        credential=bytes(credential),
        account=account,
        name=name,
        public_key=bytes(public_key),
        sign_count=sign_count,
        created_at=created_at,
        used_at=used_at,
    )
