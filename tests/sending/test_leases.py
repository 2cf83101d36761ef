"""Who holds a due row, and for how long: a lease is renewed for what is under way, and for nothing
else.
"""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk.desk import SQL as DESK
from engine.installation.events import SendingPaused, SendingResumed
from engine.sending.claim import LEASE_SECONDS
from engine.sending.delivery_journal import DeliveryJournal, journal_file
from engine.sending.settling import reclaim
from engine.subscriber.commands import ChangeProfile
from engine.subscriber.events import Cause
from projections.agenda import Agenda
from projections.taking import FROM_THE_BEGINNING
from projections.taking import SQL as TAKING
from projections.view import LIVE, schema_of
from tests.running_installation import Installations
from tests.sending.readers import MakeContext, with_readers

pytestmark = pytest.mark.postgres


def take(context: AppContext, lease: int) -> list[tuple[str, str]]:
    return sorted(context.views.take(context.clock.now(), 10, context.sender, lease, []))


def test_a_row_under_way_is_held_as_long_as_its_sender_renews_the_lease(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 2)
    rows = take(context, 0)
    assert len(rows) == 2
    context.desk.hold_rows(rows, context.sender, LEASE_SECONDS)
    assert take(context, 120) == []


def test_a_row_that_was_let_go_is_not_held_again_when_its_sender_renews_the_lease(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 2)
    rows = take(context, 120)
    context.desk.release_rows(rows, position=0)
    context.desk.hold_rows(rows, context.sender, LEASE_SECONDS)
    assert take(context, 120) == rows


def test_what_a_sender_that_lives_has_taken_is_not_taken_over(make_context: MakeContext) -> None:
    context = with_readers(make_context, 2)
    path = journal_file(context.config.data, context.sender)
    path.parent.mkdir(parents=True)
    journal = DeliveryJournal(path)
    rows = take(context, 120)
    reclaim(context.config.data, context.desk, context.shaping)
    assert take(context, 120) == []
    journal.close()
    reclaim(context.config.data, context.desk, context.shaping)
    assert take(context, 120) == rows


def test_who_asks_by_an_earlier_clock_leaves_a_letter_that_waits_to_others(
    make_context: MakeContext,
) -> None:
    """One host parks it the moment it falls due, another read the clock a moment before that."""
    context = with_readers(make_context, 2)
    rows = take(context, 120)
    agenda = context.sending().agenda
    assert agenda.park([(row, "gmail", 0) for row in rows], 3600) == [] == take(context, 120)
    one = {"gmail": 1}
    ((unparked, _),) = agenda.unpark(context.clock.now(), one, context.sender, 120, [])
    assert agenda.unpark(0, one, context.sender, 120, []) == []
    assert take(context, 120) == [row for row in rows if row != unparked]


def test_renewing_does_not_wait_for_rows_that_are_being_let_go(make_context: MakeContext) -> None:
    context = with_readers(make_context, 2)
    rows = take(context, 0)
    with context.database.transaction() as letting_go:
        values = {
            "subscribers": [rows[0][0]],
            "keys": [rows[0][1]],
            "seconds": 0,
            "why": "let go",
            "position": 0,
        }
        letting_go.execute(DESK["release"], values)
        with context.database.transaction() as renewing:
            renewing.execute("SET LOCAL lock_timeout TO '2s'")
            held = {"subscribers": [s for s, _ in rows], "keys": [k for _, k in rows]}
            renewing.execute(DESK["keep_taken"], held | {"seconds": 120, "sender": context.sender})
    assert take(context, 120) == rows[:1]


def test_what_is_taken_goes_on_where_the_last_take_came_to_and_comes_back_for_what_was_passed(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 6)

    def some(lease: int) -> list[tuple[str, str]]:
        return context.views.take(context.clock.now(), 2, context.sender, lease, [])

    first = some(0)
    rest = some(120) + some(120)
    assert len({*first, *rest}) == 6, "what was taken first is free again, but was passed"
    assert some(120) == first, "where nothing more is due, it begins anew"
    assert some(120) == []


def test_a_row_that_was_let_go_waits_for_the_agenda_to_follow(make_context: MakeContext) -> None:
    context = with_readers(make_context, 1)
    rows = take(context, 120)
    context.desk.release_rows(rows, position=context.ledger.head() + 1)
    assert take(context, 120) == []
    context.command_handler.execute_one(
        CommandRequest(
            ChangeProfile(context.clock.now(), Cause("operator"), language="en"), stream=rows[0][0]
        )
    )
    assert take(context, 120) == []
    context.views.catch_up()
    assert take(context, 120) == rows


def test_what_is_taken_is_looked_up_by_key_though_nothing_was_taken_when_the_plan_was_made(
    make_context: MakeContext, installations: Installations
) -> None:
    context = with_readers(make_context, 1)
    with psycopg.connect(
        installations.admin,
        dbname=conninfo_to_dict(context.database.conninfo)["dbname"],
        autocommit=True,
    ) as owner:
        owner.execute("VACUUM desk.taken")
    with context.database.connection() as connection:
        plan = connection.execute(
            "EXPLAIN " + TAKING.within(schema=schema_of(Agenda, LIVE))["take"], asked(1)
        ).fetchall()
    assert not [line for (line,) in plan if "Seq Scan on taken" in line]


PAUSED = 77
DUE_WHILE_PAUSED = f"""
INSERT INTO {schema_of(Agenda, LIVE)}.agenda
  (subscriber, key, kind, letter, due, planned, list, run, why)
SELECT gen_random_uuid(), 'list:{PAUSED}', 'letter', 'un', n, n, {PAUSED}, 1, ''
FROM generate_series(1, %s) n
"""


def asked(now: int, *paused: int) -> dict[str, object]:
    after = {"passed": FROM_THE_BEGINNING[0], "passed_subscriber": FROM_THE_BEGINNING[1]}
    return {"now": now, "limit": 10, "sender": "x", "lease": 1, "paused": list(paused)} | after


def said(context: AppContext, event: SendingPaused | SendingResumed) -> None:
    context.installation_stream.current()
    assert context.installation_stream.execute(lambda state: [event], Cause("operator"), event.at)
    context.views.catch_up()


def indexed_by_list(context: AppContext) -> bool:
    with context.database.connection() as connection:
        row = connection.execute(
            "SELECT to_regclass(%s)", (f"{schema_of(Agenda, LIVE)}.agenda_list",)
        ).fetchone()
    return row is not None and row[0] is not None


def pages_read(context: AppContext, rows: int) -> tuple[int, int]:
    """How many pages PostgreSQL looks at to take what is due beside so many due rows of a paused
    list; and how many are taken. Nothing stays.
    """
    taking = TAKING.within(schema=schema_of(Agenda, LIVE))["take_beside_pauses"]
    with context.database.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute(DUE_WHILE_PAUSED.encode(), (rows,))
        ((plan,),) = connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + taking, asked(context.clock.now(), PAUSED)
        ).fetchall()
    found = plan[0]["Plan"]
    return found["Shared Hit Blocks"] + found["Shared Read Blocks"], found["Actual Rows"]


def test_what_a_paused_list_has_due_is_not_walked_over_however_much_it_is(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 6)
    assert not indexed_by_list(context)
    said(context, SendingPaused(context.clock.now(), "operator", PAUSED))
    assert indexed_by_list(context)
    few, many = pages_read(context, 50), pages_read(context, 20_000)
    assert few[1] == many[1] == 6
    assert many[0] < few[0] + 40
    context.views.rebuild(["agenda"], lambda done, total: None)
    assert indexed_by_list(context)
    said(context, SendingResumed(context.clock.now(), PAUSED))
    assert not indexed_by_list(context)


@pytest.mark.parametrize("paused", [[1], [PAUSED], [1, PAUSED]])
def test_a_paused_list_is_held_and_the_others_are_taken_oldest_first(
    make_context: MakeContext, paused: list[int]
) -> None:
    context = with_readers(make_context, 4)
    rows = take(context, 0)
    with context.database.connection() as connection:
        connection.execute(DUE_WHILE_PAUSED.encode(), (3,))
    found = context.views.take(context.clock.now(), 10, context.sender, 120, paused)
    assert {key for _, key in found} == {f"list:{number}" for number in {1, PAUSED} - set(paused)}
    assert set(rows) <= set(found) or 1 in paused
    assert context.views.take(context.clock.now(), 10, context.sender, 120, paused) == []
    assert len(context.views.take(context.clock.now(), 10, context.sender, 120, [])) == 7 - len(
        found
    )
