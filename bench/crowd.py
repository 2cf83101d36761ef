"""A crowd in seconds: one person lives by the engine's own code, the server copies what that left
in ledger, vault and views for as many others, and counts it as many times.

Each copy has an id, message ids and commitments of its own wherever they stand, in entries and
packed folds alike. Entries are valid, at dense positions, one stage of everybody's life after the
other; the views equal their replay. What differs from real people: all times are the one person's,
and the hash of an address stands for no address, so nobody of a crowd is found by address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.installation import Installation
from engine.ledger.codec import Entry
from engine.store.sql import beside
from projections.counters import CohortTally, Tally, arrivals_in
from projections.delivery import Delivery, Outcomes
from projections.letter_rows import LetterRows, needed_by
from projections.letters import Letters
from projections.members import Members, ways_in
from projections.view import LIVE, schema_of

SQL = beside(__file__)
COUNTERS = SQL.within(members=schema_of(Members, LIVE), letters=schema_of(Letters, LIVE))
Owner = psycopg.Connection[tuple[object, ...]]
_WORDS = re.compile(r'"(?:message|evidence|order)":"([0-9a-f]{32,64})"')
_HIS = sql.SQL("c.subscriber")
_FIRST_NAME = sql.SQL("jsonb_build_object('first_name', 'Prénom-' || c.n)")
_ADDRESS = sql.SQL("'reader-' || c.n || '-' || left(c.subscriber::text, 8) || '@potager.example'")
_HASH = sql.SQL("sha256(convert_to(c.subscriber::text, 'UTF8'))")


@dataclass(frozen=True)
class Prototype:
    """One who lived: their stream, and the words of their life that belong to nobody else (message
    ids, commitments), in hexadecimal.
    """

    stream: str
    words: Sequence[str]

    def texts(self) -> dict[str, sql.Composable]:
        """What stands in the place of each of these for one of the crowd."""
        own: dict[str, sql.Composable] = {self.stream: sql.SQL("c.subscriber::text")}
        for number, word in enumerate(self.words):
            fresh = sql.SQL(
                "encode(sha256(convert_to({} || c.subscriber::text, 'UTF8')), 'hex')"
            ).format(sql.Literal(f"{number} "))
            own[word] = sql.SQL("left({}, {})").format(fresh, sql.Literal(len(word)))
        return own


def multiply(here: Installation, stream: str, count: int) -> None:
    """`count` more who have lived as `stream` has. The views must have followed to the end, and
    nobody else may write.
    """
    if count <= 0:
        return
    owner = here.owner
    entries = owner.execute(SQL["entries"], {"stream": stream}).fetchall()
    prototype = Prototype(
        stream,
        list(dict.fromkeys(word for entry in entries for word in _WORDS.findall(str(entry[3])))),
    )
    with owner.transaction():
        owner.execute(SQL["forget_ids"])
        owner.execute(sql.SQL(SQL["ids"]).format(count=sql.Literal(count)))
        places = _enter(owner, prototype, entries, count)
        _keep(owner, prototype, places)
        _count(owner, stream, here.context.ledger.stream(stream), count)
        head = _head(owner)
        for (view,) in owner.execute(SQL["followed"]).fetchall():
            owner.execute(
                sql.SQL(SQL["move_position"]).format(
                    position=sql.Identifier(str(view), "position"), head=sql.Literal(head)
                )
            )


def _count(owner: Owner, stream: str, life: Sequence[Entry], count: int) -> None:
    """One life in all counters, so many times: its letters, those of who arrived in its week, what
    became of them at their provider, the ways it went and the lists it stands on.
    """
    outcomes = Outcomes()
    outcomes.take(life)
    rows, tally, cohorts = LetterRows(needed_by(life).spans), Tally(), CohortTally()
    for entry in life:
        rows.take(entry)
    tally.add(rows, count)
    cohorts.add(rows, 1)
    cells = [(*cell, n * count) for cell, n in cohorts.by_week(arrivals_in(life)).items()]
    joined, weeks, whats, counts = ([*column] for column in zip(*cells, strict=True))
    with owner.cursor() as cursor:
        Letters().put_tally(cursor, tally)
        Delivery().put_counts(cursor, {cell: n * count for cell, n in outcomes.counts.items()})
        Members().put_ways(cursor, {way: n * count for way, n in ways_in(life).items()})
    owner.execute(COUNTERS["count_standing"], {"stream": stream, "count": count})
    owner.execute(
        COUNTERS["count_cohorts"],
        {"joined": joined, "weeks": weeks, "whats": whats, "counts": counts},
    )


def settle(owner: Owner) -> None:
    owner.execute(SQL["settle"])


def _head(owner: Owner) -> int:
    row = owner.execute(SQL["head"]).fetchone()
    assert row is not None
    return int(str(row[0]))


def _enter(
    owner: Owner, prototype: Prototype, entries: Sequence[tuple[object, ...]], count: int
) -> dict[int, int]:
    """Where each entry of the prototype has its copies: the position before the first one's, by its
    own position.
    """
    base, places = _head(owner), {}
    for position, version, topic, state in entries:
        values = {
            "version": sql.Literal(version),
            "topic": sql.Literal(topic),
            "base": sql.Literal(base),
        }
        owner.execute(
            sql.SQL(SQL["enter"]).format(state=_text(str(state), prototype.texts()), **values)
        )
        places[int(str(position))] = base
        base += count
    return places


def _keep(owner: Owner, prototype: Prototype, places: Mapping[int, int]) -> None:
    for schema, table, columns in owner.execute(SQL["tables"]).fetchall():
        assert isinstance(columns, list)
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        where = sql.Identifier(str(schema), str(table))
        query = sql.SQL(SQL["rows"]).format(columns=names, table=where)
        for row in owner.execute(query, {"stream": prototype.stream}).fetchall():
            values = [
                _value(column, value, prototype, places)
                for column, value in zip(columns, row, strict=True)
            ]
            owner.execute(
                sql.SQL(SQL["keep"]).format(
                    table=where, columns=names, values=sql.SQL(", ").join(values)
                )
            )


def _value(
    column: str, value: object, prototype: Prototype, places: Mapping[int, int]
) -> sql.Composable:
    known = {"subscriber": _HIS, "address": _ADDRESS, "address_hash": _HASH}
    if column in known:
        return known[column]
    if column == "fields":
        return sql.SQL("{} || {}").format(sql.Literal(Jsonb(value)), _FIRST_NAME)
    if column == "position" and isinstance(value, int) and value in places:
        return sql.SQL("{} + c.n").format(sql.Literal(places[value]))
    if isinstance(value, str):
        return _text(value, prototype.texts())
    if isinstance(value, bytes):
        return _bytes(value, prototype.texts())
    # JSON's null, which people have as traits while no segment is published, is read as None.
    return sql.Literal(Jsonb(value) if isinstance(value, dict) or column == "traits" else value)


def _text(value: str, own: Mapping[str, sql.Composable]) -> sql.Composable:
    """`value` with what is one person's own replaced, wherever it stands in it."""
    made: sql.Composable = sql.Literal(value)
    for word, other in own.items():
        if word in value:
            made = sql.SQL("replace({}, {}, {})").format(made, sql.Literal(word), other)
    return made


def _bytes(value: bytes, own: Mapping[str, sql.Composable]) -> sql.Composable:
    """The same in packed bytes, where a word stands as the text it is, or as the bytes its digits
    mean.
    """
    digits = value.hex()
    replaced: dict[str, sql.Composable] = {}
    for word, other in own.items():
        replaced[word.encode().hex()] = sql.SQL("encode(convert_to({}, 'UTF8'), 'hex')").format(
            other
        )
        if "-" not in word:
            replaced[word] = other
    if not any(word in digits for word in replaced):
        return sql.Literal(value)
    return sql.SQL("decode({}, 'hex')").format(_text(digits, replaced))
