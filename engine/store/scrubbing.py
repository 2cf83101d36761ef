"""What was deleted leaves the disk: PostgreSQL keeps the octets of a deleted row in its page, and
of every change in its write-ahead log.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from engine.store.connecting import connect
from engine.store.sql import beside

SQL = beside(__file__)
MAX_REWRITTEN_BYTES = 256 << 20
"""Bytes of a table that is written anew, which stops whoever wants it for some seconds."""
LOG = ("switch", "checkpoint")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`done` is false where another process was at it, or a table was not to be had: come again.
    `large` are tables whose room was merely freed, `refused` says that the owner may not see to the
    write-ahead log.
    """

    done: bool
    large: tuple[str, ...] = ()
    refused: bool = False


def scrub(owner: str) -> Scrubbed:
    """`owner` is the conninfo of who may do it. Raises what a lost database raises."""
    with connect(owner) as connection:
        row = connection.execute(SQL["alone"]).fetchone()
        if row is None or not row[0]:
            return Scrubbed(False)
        connection.execute(SQL["patience"])
        large = []
        try:
            for schema, table, size in connection.execute(SQL["sizes"]).fetchall():
                if size > MAX_REWRITTEN_BYTES:
                    large.append(f"{schema}.{table}")
                how = SQL["free" if size > MAX_REWRITTEN_BYTES else "rewrite"]
                connection.execute(sql.SQL(how).format(table=sql.Identifier(schema, table)))
        except psycopg.errors.LockNotAvailable:
            return Scrubbed(False)
        try:
            for name in LOG:
                connection.execute(SQL[name])
        except psycopg.errors.InsufficientPrivilege:
            return Scrubbed(True, tuple(large), refused=True)
        return Scrubbed(True, tuple(large))
