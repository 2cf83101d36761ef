"""Who may use the console: accounts with their passkeys and recovery codes. Personal, and therefore
in the vault; an account's random id is what the evidence of an act names beside the name.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


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
        account = secrets.token_hex(16)
        added = self._changed(
            "add_account", account=account, name=name, role=role, reads=reads, at=at
        )
        return (
            StoredAccount(id=account, name=name, role=role, reads=reads, created_at=at)
            if added
            else None
        )

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
        return int(self._rows("operators", account="")[0][0]) > 0

    def set_role(self, account: str, role: str, reads: bool) -> bool:
        """False where it is the last operator's, and would be one's no longer."""
        with self.database.transaction() as connection:
            if role != "operator" and _is_last_operator(connection, account):
                return False
            values = {"account": account, "role": role, "reads": reads}
            connection.execute(SQL["set_role"], values)
        return True

    def remove(self, account: str) -> bool:
        """With all its passkeys and codes; False for the last operator, who stays."""
        with self.database.transaction() as connection:
            if _is_last_operator(connection, account):
                return False
            for statement in ("remove_passkeys", "remove_codes", "remove_account"):
                connection.execute(SQL[statement], {"account": account})
        return True

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


def _is_last_operator(connection: Connection[TupleRow], account: str) -> bool:
    """Asked under a lock: two who remove an operator at once must not both find another left."""
    connection.execute(SQL["lock_accounts"])
    known = _first(connection.execute(SQL["account"], {"account": account}).fetchall())
    others = connection.execute(SQL["operators"], {"account": account}).fetchall()
    return known is not None and known.role == "operator" and int(others[0][0]) == 0


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
