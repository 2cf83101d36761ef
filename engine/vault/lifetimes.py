"""Vault rows that expire by age, whoever they belong to: counted and deleted. Each statement is one
short transaction. Of the vault's room, though the retention night alone asks for it: no other room
names the vault's tables.
"""

from __future__ import annotations

from engine.store.sql import beside
from engine.vault.vault import Vault

SQL = beside(__file__)
KINDS = ("visitor", "relay", "archive", "suppression")
"""IP address and browser beside an act; a mail server's replies; sealed archives of erased people;
hashes of suppressed addresses.
"""


def ages(
    vault: Vault, visitor: int, relay: int, archive: int, suppression: int
) -> dict[str, tuple[int, int]]:
    """By kind: how many rows are older than the given instants (ms; 0: none), and the age of the
    oldest (0: there is none).
    """
    values = {"visitor": visitor, "relay": relay, "archive": archive, "suppression": suppression}
    with vault.database.connection() as connection:
        rows = connection.execute(SQL["ages"], values).fetchall()
    return dict.fromkeys(KINDS, (0, 0)) | {
        str(kind): (int(count), int(oldest)) for kind, count, oldest in rows
    }


def purge(vault: Vault, kind: str, before: int, most: int) -> int:
    """Delete at most `limit` rows of a kind older than an instant (ms); returns how many."""
    if kind in ("visitor", "relay"):
        return forget_kind(vault, kind, before, most)
    with vault.database.connection() as connection:
        return connection.execute(SQL[kind], {"before": before, "most": most}).rowcount


def forget_kind(vault: Vault, kind: str, before: int, most: int = 1000) -> int:
    """Delete at most `most` pieces of evidence of a kind ("visitor", "relay") older than an instant
    (ms); returns how many. Acts and mails are never deleted by age.
    """
    with vault.database.transaction() as connection:
        values = {"kind": kind, "before": before, "most": most}
        return connection.execute(SQL["forget_kind"], values).rowcount
