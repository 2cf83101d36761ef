"""A segment built for everybody at once in SQL is what each person's own answer says."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from engine.context import AppContext
from engine.sequence.condition import Condition
from engine.subscriber.person import GivenAnswer, Person
from engine.subscriber.truth import SegmentConditions
from engine.vault.segments import PersonalSegments
from projections.agenda import Agenda
from projections.follow import Follower
from projections.view import Cursor
from tests.conditions import MOMENTS, PLAN, Known, conditions, known_and_measured, people
from tests.conftest import MakeContext
from tests.sizes import sized

PUT = (
    "INSERT INTO vault.person (subscriber, address_hash, address, fields, source, registered_at)"
    " VALUES (%s, %s, '', %s, %s, 0)"
)


@pytest.fixture
def agenda(make_context: MakeContext) -> Iterator[tuple[AppContext, Agenda]]:
    """A view beside the live one, with the plan's segments in force."""
    context = make_context()
    agenda = Agenda(context.ledger, "trial", context.clock.now, PersonalSegments())
    Follower(context.ledger, context.database, [agenda]).prepare()
    agenda.segments.use(PLAN)
    yield context, agenda


@contextmanager
def rolled_back(context: AppContext) -> Iterator[Cursor]:
    with context.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
        finally:
            cursor.execute("ROLLBACK")


def put(cursor: Cursor, agenda: Agenda, lives: Mapping[str, tuple[Person, Known]]) -> None:
    agenda._recent.clear()
    agenda._zones.clear()
    agenda._put_folds(cursor, {who: person for who, (person, _) in lives.items()})
    cursor.executemany(
        PUT,
        [
            (who, uuid.UUID(who).bytes, Jsonb(of.fields), of.source)
            for who, (_, of) in lives.items()
        ],
    )
    cursor.executemany(
        "INSERT INTO vault.measured (subscriber, act, letter, at, link)"
        " VALUES (%s, %s, %s, %s, '')",
        [(who, *act) for who, (_, of) in lives.items() for act in of.measured],
    )


@settings(max_examples=sized(20, 1000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(MOMENTS))
def test_each_person_is_chosen_as_their_own_answer_says(
    agenda: tuple[AppContext, Agenda], data: st.DataObject, at: int
) -> None:
    context, view = agenda
    lives = {
        str(uuid.UUID(int=number)): (data.draw(people(at)), data.draw(known_and_measured(at)))
        for number in range(1, 13)
    }
    asked = SegmentConditions(PLAN)
    condition: Condition = asked.resolved(data.draw(conditions))
    with rolled_back(context) as cursor:
        put(cursor, view, lives)
        found, kept = (
            {
                str(row[0]): (row[1], row[2] or 0)
                for row in cursor.execute(statement.encode(), parameters).fetchall()
            }
            for statement, parameters in (
                view.segments.select(cursor, condition, at),
                view.segments.select(cursor, condition, at, of_everybody=False),
            )
        )
    worth_a_row = {who: answer for who, answer in found.items() if answer[0] or answer[1]}
    assert worth_a_row.items() <= kept.items() <= found.items()
    assert found == {
        who: asked.truth_of(condition, person, of, at)
        for who, (person, of) in lives.items()
        if not person.erased
    }


def test_a_segment_is_built_in_its_home(agenda: tuple[AppContext, Agenda]) -> None:
    context, view = agenda
    at = MOMENTS[0]
    acted = Person(version=1, answers={"list:10/question": (GivenAnswer("m", "Oui", at),)})
    lives = {
        str(uuid.UUID(int=number)): (person, Known({"town": town} if town else {}))
        for number, (person, town) in enumerate(
            [(acted, "Lyon"), (acted, "Nice"), (acted, ""), (Person(version=1), "Lyon")], 1
        )
    }
    ids = list(lives)
    with rolled_back(context) as cursor:
        put(cursor, view, lives)
        assert view.segments.build_one(cursor, at, 0) and view.segments.build_one(cursor, at, 0)
        assert not view.segments.build_one(cursor, at, 0)
        members = {
            name: {str(row[0]) for row in cursor.execute(home.sql["members"], {"segment": name})}
            for home in view.segments.homes
            for name in home.segments
        }
        assert members == {"actifs": set(ids[:3]), "lyon": {ids[0]}}
        assert {home.segments.keys() == {"lyon"} for home in view.segments.homes} == {True, False}
