"""Rows as PostgreSQL's binary COPY takes them, put together here: the driver's own `write_row`
looks for a way to write each single value.

Values are in PostgreSQL's binary form: a text is its UTF-8, a bytea itself, a bigint eight bytes in
network order, a jsonb its text after `JSONB`. Each goes with its length, so one that is not what
its column takes is refused by the server, and the whole COPY with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from engine.store.sql import AnyCursor

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
JSONB = b"\1"
bigint = Struct(">q").pack
integer = length = Struct(">i").pack
boolean = Struct(">?").pack
_columns = Struct(">h").pack
SHORT = 1024
_LENGTHS = [length(octets) for octets in range(SHORT)]
"""Put together once: nearly all values are short, and a row is made of as many lengths as values.
"""


def uuid_of(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def row(*values: bytes) -> bytes:
    """A whole row; none of its values is NULL."""
    return beginning(len(values), *values)


def beginning(columns: int, *values: bytes) -> bytes:
    """The first values of a row of so many columns; those to come are each written after their
    `length`.
    """
    made = _columns(columns)
    for value in values:
        made += (_LENGTHS[len(value)] if len(value) < SHORT else length(len(value))) + value
    return made


def copy_rows(cursor: AnyCursor, statement: str, rows: Iterable[bytes]) -> None:
    """`statement` is a COPY … FROM STDIN (FORMAT BINARY)."""
    with cursor.copy(statement.encode()) as copy:
        copy.write(b"".join((HEADER, *rows, END)))
