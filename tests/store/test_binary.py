"""Rows put together here are, byte for byte, those the driver writes, and the server reads in them
what was said.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.copy import FileWriter
from psycopg.types.json import Jsonb

from engine.store.binary import (
    END,
    HEADER,
    JSONB,
    beginning,
    bigint,
    copy_rows,
    length,
    row,
    uuid_of,
)
from tests.running_installation import Installations
from tests.sizes import sized

pytestmark = pytest.mark.postgres
Connection = psycopg.Connection[tuple[object, ...]]
Row = tuple[uuid.UUID, int, str, bytes, dict[str, str]]

TYPES = ("uuid", "int8", "text", "bytea", "jsonb")
BIGINTS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
ROWS = st.lists(
    st.tuples(
        st.uuids(),
        BIGINTS,
        TEXTS,
        st.binary(max_size=300),
        st.dictionaries(TEXTS, TEXTS, max_size=2),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def connection(installations: Installations) -> Iterator[Connection]:
    with psycopg.connect(installations.admin) as one:
        one.execute(
            "CREATE TEMP TABLE written (one uuid, two int8, three text, four bytea, five jsonb)"
        )
        one.commit()
        yield one


def values(said: Row) -> list[bytes]:
    one, two, three, four, five = said
    return [uuid_of(str(one)), bigint(two), three.encode(), four, JSONB + json.dumps(five).encode()]


@settings(max_examples=sized(25, 100), deadline=None)
@given(rows=ROWS)
def test_the_bytes_are_those_of_the_driver(connection: Connection, rows: list[Row]) -> None:
    file = io.BytesIO()
    with psycopg.Copy(connection.cursor(), binary=True, writer=FileWriter(file)) as copy:
        copy.set_types(TYPES)
        for *others, fields in rows:
            copy.write_row((*others, Jsonb(fields)))
    assert HEADER + b"".join(row(*values(said)) for said in rows) + END == file.getvalue()


@settings(max_examples=sized(15, 50), deadline=None)
@given(rows=ROWS)
def test_the_server_reads_what_was_said(connection: Connection, rows: list[Row]) -> None:
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        copy_rows(
            cursor, "COPY written FROM STDIN (FORMAT BINARY)", [row(*values(said)) for said in rows]
        )
        assert sorted(cursor.execute("SELECT * FROM written").fetchall(), key=repr) == sorted(
            rows, key=repr
        )


def test_a_row_can_be_finished_later() -> None:
    said: Row = (uuid.uuid4(), 7, "sept", b"\0\xff", {})
    *first, last = values(said)
    assert beginning(5, *first) + length(len(last)) + last == row(*first, last)


@pytest.mark.parametrize("short", [0, 1], ids=["a uuid", "a bigint"])
def test_a_value_that_is_not_what_its_column_takes_is_refused_by_the_server(
    connection: Connection, short: int
) -> None:
    told = values((uuid.uuid4(), 7, "sept", b"", {}))
    told[short] = told[short][:-1]
    with (
        pytest.raises(psycopg.errors.ProtocolViolation),
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        copy_rows(cursor, "COPY written FROM STDIN (FORMAT BINARY)", [row(*told)])
