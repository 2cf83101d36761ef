"""What lies in the vault and has a life of its own, whoever it belongs to: found and deleted by
age. Each statement is one short transaction.
"""

from __future__ import annotations

from engine.store.sql import beside
from engine.vault.vault import Vault

SQL = beside(__file__)
KINDS = ("visitor", "relay", "archive", "suppression")
"""IP address and browser beside an act; what a mail server said; sealed proof of somebody erased;
hashes never to be written to.
"""


def ages(
    vault: Vault, visitor: int, relay: int, archive: int, suppression: int
) -> dict[str, tuple[int, int]]:
    """By kind: how many pieces are from before the given instants (ms, 0: none is), and the oldest
    there is (0: there is none).
    """
    values = {"visitor": visitor, "relay": relay, "archive": archive, "suppression": suppression}
    with vault.database.connection() as connection:
        rows = connection.execute(SQL["ages"], values).fetchall()
    return dict.fromkeys(KINDS, (0, 0)) | {
        str(kind): (int(count), int(oldest)) for kind, count, oldest in rows
    }


def purge(vault: Vault, kind: str, before: int, most: int) -> int:
    """Delete at most so many pieces of a kind from before an instant (ms); how many it was."""
    if kind in ("visitor", "relay"):
        return vault.forget_kind(kind, before, most)
    with vault.database.connection() as connection:
        return connection.execute(SQL[kind], {"before": before, "most": most}).rowcount
