"""The limit of everything that writes: the same rows into a table of the same columns and indexes,
by bare binary COPY.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from engine.store.sql import beside

SQL = beside(__file__)
Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Table:
    """An empty twin, and what is to be copied into it."""

    name: sql.Identifier
    types: Sequence[int | str]
    rows: Rows


def twin(owner: psycopg.Connection[tuple[object, ...]], schema: str, table: str) -> sql.Identifier:
    """An empty table with the columns, constraints and indexes of `schema`.`table`, and none of its
    triggers.
    """
    name = sql.Identifier("bench", f"{schema}_{table}")
    owner.execute(sql.SQL(SQL["drop"]).format(name))
    owner.execute(sql.SQL(SQL["twin"]).format(name, sql.Identifier(schema, table)))
    return name


def rows_of(
    owner: psycopg.Connection[tuple[object, ...]],
    schema: str,
    table: str,
    column: str,
    values: Sequence[str],
) -> tuple[list[int], Rows]:
    """The types of the columns, and the rows whose `column` (a uuid) is among `values`."""
    query = sql.SQL(SQL["rows"]).format(sql.Identifier(schema, table), sql.Identifier(column))
    cursor = owner.execute(query, {"values": list(values)}, binary=True)
    rows = [
        tuple(Jsonb(value) if isinstance(value, dict) else value for value in row)
        for row in cursor.fetchall()
    ]
    return [column.type_code for column in cursor.description or ()], rows


def copy_in(
    owner: psycopg.Connection[tuple[object, ...]],
    name: sql.Identifier,
    types: Sequence[int | str],
    rows: Rows,
    batch: int,
) -> None:
    """`batch` rows a transaction, as `write_row` of the driver turns them into bytes."""
    statement = sql.SQL(SQL["copy"]).format(name)
    for first in range(0, len(rows), batch):
        with owner.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows[first : first + batch]:
                copy.write_row(row)
