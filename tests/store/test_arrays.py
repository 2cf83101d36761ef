"""Whole columns reach PostgreSQL as they are."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from engine.context import AppContext
from engine.store.binary import Column, bigints, booleans, byteas, integers, texts, uuids

STREAMS = [str(uuid.uuid4()) for _ in range(3)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (uuids(STREAMS), [uuid.UUID(each) for each in STREAMS]),
        (bigints([0, -1, 2**62]), [0, -1, 2**62]),
        (integers([0, -1, 2**31 - 1]), [0, -1, 2**31 - 1]),
        (booleans([True, False]), [True, False]),
        (texts(["", "déjà", '{"', "NULL", "a,b"]), ["", "déjà", '{"', "NULL", "a,b"]),
        (byteas([b"", b"\x00\xff"]), [b"", b"\x00\xff"]),
        (uuids([]), []),
        (texts({}), []),
    ],
)
def test_a_column_arrives_as_it_was_given(
    make_context: Callable[..., AppContext], column: Column, values: list[object]
) -> None:
    with make_context().database.connection() as connection:
        rows = connection.execute("SELECT * FROM unnest(%s)", (column,)).fetchall()
    assert [row[0] for row in rows] == values


def test_what_is_no_uuid_is_refused() -> None:
    with pytest.raises(ValueError, match="UUIDs"):
        uuids(["0" * 30])
