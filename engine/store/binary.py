"""Rows as PostgreSQL's binary COPY takes them, put together here: the driver's own `write_row`
looks for a way to write each single value.

Values are in PostgreSQL's binary form: a text is its UTF-8, a bytea itself, a bigint eight bytes in
network order, a jsonb its text after `JSONB`. Each goes with its length, so one that is not what
its column takes is refused by the server, and the whole COPY with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from struct import Struct, pack

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

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


_LENGTH = Struct(">i").pack
_BIGINT, _INTEGER, _BOOLEAN = Struct(">iq").pack, Struct(">ii").pack, Struct(">i?").pack


class Column:
    """The elements of one column, each behind its length; `type` and `array` are PostgreSQL's
    numbers of their types.
    """

    __slots__ = ("data",)
    type = 0
    array = 0

    def __init__(self, count: int, elements: Iterable[bytes]) -> None:
        self.data = pack(">iiiii", 1, 0, self.type, count, 1) + b"".join(elements)


class _Uuids(Column):
    type, array = 2950, 2951


class _Bigints(Column):
    type, array = 20, 1016


class _Integers(Column):
    type, array = 23, 1007


class _Booleans(Column):
    type, array = 16, 1000


class _Texts(Column):
    type, array = 25, 1009


class _Byteas(Column):
    type, array = 17, 1001


class _Whole(Dumper):
    format = Format.BINARY

    def dump(self, obj: Column) -> bytes:
        return obj.data


for _kind in (_Uuids, _Bigints, _Integers, _Booleans, _Texts, _Byteas):
    psycopg.adapters.register_dumper(
        _kind, type(_kind.__name__ + "Dumper", (_Whole,), {"oid": _kind.array})
    )


def uuids(values: Collection[str]) -> Column:
    """uuid[] of UUIDs as streams are named. Raises ValueError for anything else."""
    whole = bytes.fromhex("".join(values).replace("-", ""))
    if len(whole) != 16 * len(values):
        raise ValueError("a list of UUIDs holds something else")
    return _Uuids(
        len(values),
        [b"\0\0\0\x10" + whole[first : first + 16] for first in range(0, len(whole), 16)],
    )


def bigints(values: Collection[int]) -> Column:
    return _Bigints(len(values), [_BIGINT(8, value) for value in values])


def integers(values: Collection[int]) -> Column:
    return _Integers(len(values), [_INTEGER(4, value) for value in values])


def booleans(values: Collection[bool]) -> Column:
    return _Booleans(len(values), [_BOOLEAN(1, value) for value in values])


def texts(values: Collection[str]) -> Column:
    return _Texts(len(values), [_LENGTH(len(value)) + value for value in map(str.encode, values)])


def byteas(values: Collection[bytes]) -> Column:
    return _Byteas(len(values), [_LENGTH(len(value)) + value for value in values])
