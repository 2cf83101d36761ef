"""Who takes what is due: senders lease buckets of subscribers, each its share, and whoever is slow,
stalled, killed or wrong about the time holds nobody up and begins nothing twice.
"""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk import leases
from engine.desk.leases import LEASE_SECONDS, BucketLeases
from engine.installation.events import SendingPaused, SendingResumed
from engine.sending import due_queue
from engine.sending.claim import take_and_claim
from engine.sending.delivery_journal import DeliveryJournal, journal_file
from engine.sending.due_queue import BUSY_SECONDS, LAST_PUT_OFF, RENEW_SECONDS, DueQueue
from engine.sending.settling import reclaim
from engine.subscriber.commands import ChangeProfile
from engine.subscriber.due_rows import (
    BEGINNING,
    BUCKETS,
    EVERY_BUCKET,
    DueRow,
    Row,
    some_buckets,
)
from engine.subscriber.events import Cause, LetterBegun
from projections.agenda import Agenda
from projections.taking import SQL as TAKING
from projections.view import LIVE, schema_of
from tests.running_installation import Installations
from tests.sending.readers import MakeContext, with_readers
from tests.sizes import sized

pytestmark = pytest.mark.postgres


class Stopwatch:
    """This machine's own clock, as the test moves it."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(due_queue, "time", watch)
    return watch


SLOWLY = 100
"""A busy machine takes seconds for what happens here: the database's leases are stretched."""


@pytest.fixture(autouse=True)
def stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", SLOWLY * LEASE_SECONDS)


def queue(context: AppContext, sender: str = "") -> DueQueue:
    stores = context.sending()
    return replace(stores, sender=sender or stores.sender).new_queue()


def take(context: AppContext, taking: DueQueue, limit: int = 10) -> list[Row]:
    return sorted(taking.take(context.clock.now(), limit, []))


def holders(context: AppContext) -> list[str]:
    """Who holds each bucket at this moment, "" for nobody."""
    with context.database.connection() as connection:
        return [
            str(row[0])
            for row in connection.execute(
                "SELECT CASE WHEN until > clock_timestamp() THEN sender ELSE '' END"
                " FROM desk.bucket ORDER BY bucket"
            )
        ]


def passes(context: AppContext, seconds: float) -> None:
    """Of the database's time, for leases."""
    with context.database.connection() as connection:
        for table in ("bucket", "taking"):
            connection.execute(
                f"UPDATE desk.{table} SET until = until - %s * interval '1 second'"
                " WHERE until > '-infinity'".encode(),
                (SLOWLY * seconds,),
            )


def begun(context: AppContext) -> int:
    return sum(
        isinstance(entry.event, LetterBegun) for batch in context.ledger.all() for entry in batch
    )


def test_each_due_row_is_in_the_bucket_that_the_last_six_bits_of_its_subscriber_name(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 0)
    with context.database.connection() as connection:
        connection.execute(DUE_WHILE_PAUSED.encode(), (sized(200, 2000),))
        found: list[DueRow] = []
        for bucket in range(BUCKETS):
            page = context.views.due(10**9, 10**6, some_buckets({bucket}), ())
            assert all(int(row[0][-2:], 16) % BUCKETS == bucket for row, _ in page.rows)
            found += page.rows
    everything = context.views.due(10**9, 10**6, EVERY_BUCKET, ()).rows
    assert len(found) == len(everything) > 0 and set(found) == set(everything)


def test_a_sender_alone_holds_every_bucket_and_at_rest_none(make_context: MakeContext) -> None:
    context = with_readers(make_context, 1)
    only = queue(context)
    (row,) = take(context, only)
    assert set(holders(context)) == {context.sender}
    only.release([row], 0)
    assert take(context, only) == [row], "nothing came of it, so it is due as before"
    assert only.take(0, 10, []) == []
    assert set(holders(context)) == {context.sender}, "a letter is under way"
    only.release([row], 0)
    assert only.take(0, 10, []) == []
    assert set(holders(context)) == {""}


def test_who_has_nothing_due_writes_nothing(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = with_readers(make_context, 0)
    monkeypatch.setattr(BucketLeases, "lease", None)
    monkeypatch.setattr(BucketLeases, "give_up", None)
    assert take(context, queue(context)) == []


def test_a_newcomer_has_its_share_within_a_lease_and_leaves_it_to_the_other(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 0)
    with context.database.connection() as connection:
        # So many that something is due in every half: who finds nothing gives its buckets up.
        connection.execute(DUE_WHILE_PAUSED.encode(), (200,))
    first, second = queue(context, "first"), queue(context, "second")
    assert len(take(context, first)) == 10 and take(context, second) == []
    stopwatch.at += RENEW_SECONDS
    take(context, first)
    take(context, second)
    assert [holders(context).count(name) for name in ("first", "second")] == [32, 32]
    second.give_up()
    stopwatch.at += RENEW_SECONDS
    first.renew()
    assert holders(context).count("first") == BUCKETS


def test_who_comes_for_more_keeps_its_buckets_and_who_hangs_leaves_them(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 1)
    slow = queue(context)
    take(context, slow)
    for _ in range(3):
        stopwatch.at += RENEW_SECONDS
        passes(context, RENEW_SECONDS)
        slow.renew()
    assert set(holders(context)) == {context.sender}
    stopwatch.at += BUSY_SECONDS
    passes(context, LEASE_SECONDS)
    slow.renew()
    assert set(holders(context)) == {""}


def test_after_a_kill_others_go_on_once_the_lease_is_over(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 3)
    killed, other = queue(context, "killed"), queue(context, "other")
    rows = take(context, killed)
    assert take(context, other) == []
    passes(context, LEASE_SECONDS)
    stopwatch.at += LEASE_SECONDS
    assert take(context, other) == rows


def test_a_lease_that_ends_later_than_one_can_was_given_by_a_clock_that_was_set_back(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 3)
    rows = take(context, queue(context, "killed"))
    passes(context, -600)
    assert take(context, queue(context, "other")) == rows


def test_who_was_stalled_past_its_lease_takes_nothing_until_it_has_another(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 4)
    stalled, other = queue(context, "stalled"), queue(context, "other")
    first = take(context, stalled, 1)
    stopwatch.at += LEASE_SECONDS
    passes(context, LEASE_SECONDS)
    assert len(take(context, other)) == 4
    assert take(context, stalled) == [], "all are the other's"
    assert set(holders(context)) == {"other"}
    other.give_up()
    stopwatch.at += 1
    rest = take(context, stalled)
    assert len(rest) == 3 and first[0] not in rest


def test_a_lease_whose_answer_came_when_it_was_over_is_none(
    make_context: MakeContext, stopwatch: Stopwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = with_readers(make_context, 2)
    lease = BucketLeases.lease

    def late(asked: BucketLeases, sender: str) -> frozenset[int]:
        buckets = lease(asked, sender)
        stopwatch.at += LEASE_SECONDS
        return buckets

    monkeypatch.setattr(BucketLeases, "lease", late)
    late_one = queue(context)
    assert take(context, late_one) == []
    monkeypatch.setattr(BucketLeases, "lease", lease)
    assert len(take(context, late_one)) == 2


def test_of_a_lease_that_two_hold_each_letter_is_begun_once_and_the_other_looks_later(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 5)
    stores = context.sending()
    one, other = queue(context, "one"), queue(context, "other")
    claims, _ = take_and_claim(replace(stores, sender="one"), one, ())
    passes(context, LEASE_SECONDS)
    elsewhere = replace(stores, sender="other")
    assert take_and_claim(elsewhere, other, ()) == ([], 5)
    assert len(claims) == begun(context) == 5
    context.views.catch_up()
    looks = []
    for second in range(20):
        stopwatch.at += 1
        if take_and_claim(elsewhere, other, ())[1]:
            looks.append(second)
    assert looks[0] <= 1 and len(looks) <= 2 + 20 / LAST_PUT_OFF
    assert begun(context) == 5


def test_what_is_set_aside_is_left_alone_on_every_host_until_an_operator_has_seen_to_it(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 2)
    rows = sorted(found.row for found in context.views.due(10**15, 9, EVERY_BUCKET, ()).rows)
    context.desk.stick(*rows[0], "nothing can be decided", 3600)
    assert take(context, queue(context, "any")) == rows[1:]
    context.desk.settle_stuck()
    assert take(context, queue(context, "any")) == rows


def test_what_a_sender_that_lives_has_leased_is_not_given_to_others(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 2)
    path = journal_file(context.config.data, "former")
    path.parent.mkdir(parents=True)
    journal = DeliveryJournal(path)
    rows = take(context, queue(context, "former"))
    desk_leases = context.sending().leases
    reclaim(context.config.data, desk_leases, context.shaping)
    assert take(context, queue(context, "next")) == []
    journal.close()
    reclaim(context.config.data, desk_leases, context.shaping)
    assert take(context, queue(context, "next")) == rows


def test_buckets_that_were_lost_with_the_desk_are_there_again(make_context: MakeContext) -> None:
    context = with_readers(make_context, 2)
    with context.database.connection() as connection:
        connection.execute("DELETE FROM desk.bucket")
    assert len(take(context, queue(context))) == 2


NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("lease", "give up", "dies", "waits"))),
    max_size=sized(25, 60),
)


@given(steps=STEPS)
@settings(
    max_examples=sized(15, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_senders_do_a_bucket_has_one_holder_and_all_are_held_after_two_rounds(
    shared: AppContext, steps: list[tuple[str, str]]
) -> None:
    sharing = BucketLeases(shared.database)
    held: dict[str, frozenset[int]] = {}
    for name in NAMES:
        sharing.give_up(name)
    for name, step in steps:
        if step == "lease":
            held[name] = sharing.lease(name)
            assert held[name] == {n for n, who in enumerate(holders(shared)) if who == name}
        elif step == "give up":
            sharing.give_up(name)
            held.pop(name, None)
        elif step == "dies":
            held.pop(name, None)
        else:
            passes(shared, LEASE_SECONDS / 2 + 0.01)
            held = {
                name: sharing.lease(name) for name in held
            }  # who lives renews at half of its lease
        taken = [bucket for buckets in held.values() for bucket in buckets]
        assert len(taken) == len({*taken})
    living = sorted(held) or ["a"]
    passes(shared, LEASE_SECONDS + 1)
    for _ in range(2):
        shares = {name: sharing.lease(name) for name in living}
    counts = [len(share) for share in shares.values()]
    assert sum(counts) == BUCKETS == len(frozenset().union(*shares.values()))
    assert max(counts) - min(counts) <= len(living)


@pytest.fixture
def shared(make_context: MakeContext) -> AppContext:
    return with_readers(make_context, 0)


def test_who_asks_by_an_earlier_clock_leaves_a_letter_that_waits_to_others(
    make_context: MakeContext,
) -> None:
    """One host parks it the moment it falls due, another read the clock a moment before that."""
    context = with_readers(make_context, 2)
    taking = queue(context)
    rows = take(context, taking)
    assert taking.park([(row, "gmail", 0) for row in rows]) == [] == take(context, taking)
    one = {"gmail": 1}
    ((unparked, _),) = taking.unpark(context.clock.now(), one, [])
    assert taking.unpark(0, one, []) == []
    assert take(context, taking) == [row for row in rows if row != unparked]


def test_what_waits_for_its_provider_comes_out_to_who_holds_its_bucket(
    make_context: MakeContext, stopwatch: Stopwatch
) -> None:
    context = with_readers(make_context, 8)
    first, second = queue(context, "first"), queue(context, "second")
    rows = take(context, first)
    first.park([(row, "gmail", 0) for row in rows])
    now, all_of_them = context.clock.now(), {"gmail": 8}
    assert second.unpark(now, all_of_them, []) == []
    stopwatch.at += RENEW_SECONDS
    ours = first.unpark(now, all_of_them, [])
    theirs = second.unpark(now, all_of_them, [])
    assert sorted(row for row, _ in [*ours, *theirs]) == rows
    holds = holders(context)
    for name, unparked in (("first", ours), ("second", theirs)):
        assert {holds[int(row[0][-2:], 16) % BUCKETS] for row, _ in unparked} <= {name}


def test_what_is_taken_goes_on_where_the_last_take_came_to_and_comes_back_for_what_was_passed(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 6)
    taking = queue(context)
    first = take(context, taking, 2)
    taking.release(first, 0)
    rest = take(context, taking, 2) + take(context, taking, 2)
    assert len({*first, *rest}) == 6, "what was taken first is free again, but was passed"
    assert take(context, taking, 2) == first, "where nothing more is due, it begins anew"
    assert take(context, taking, 2) == []


def test_a_row_whose_outcome_is_recorded_waits_for_the_agenda_to_follow(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 1)
    taking = queue(context)
    rows = take(context, taking)
    assert len(taking.release(rows, context.ledger.head() + 1)) == 1
    assert take(context, taking) == []
    context.command_handler.execute_one(
        CommandRequest(
            ChangeProfile(context.clock.now(), Cause("operator"), language="en"), stream=rows[0][0]
        )
    )
    assert take(context, taking) == []
    context.views.catch_up()
    assert take(context, taking) == rows


def test_what_a_lost_database_left_unknown_is_taken_anew_and_what_is_under_way_is_not(
    make_context: MakeContext,
) -> None:
    context = with_readers(make_context, 3)
    taking = queue(context)
    rows = take(context, taking)
    taking.forget(rows[:1])
    assert take(context, taking) == rows[1:]


def test_who_waits_or_is_set_aside_is_looked_up_by_key_though_nobody_was_when_the_plan_was_made(
    make_context: MakeContext, installations: Installations
) -> None:
    context = with_readers(make_context, 1)
    with psycopg.connect(
        installations.admin,
        dbname=conninfo_to_dict(context.database.conninfo)["dbname"],
        autocommit=True,
    ) as owner:
        owner.execute("VACUUM desk.waiting, desk.stuck")
    with context.database.connection() as connection:
        plan = connection.execute(
            "EXPLAIN " + TAKING.within(schema=schema_of(Agenda, LIVE))["due"], asked(1)
        ).fetchall()
    assert not [line for (line,) in plan if "Seq Scan on waiting" in line or ("on stuck" in line
                and "Seq" in line)]  # fmt: skip


PAUSED = 77
DUE_WHILE_PAUSED = f"""
INSERT INTO {schema_of(Agenda, LIVE)}.agenda
  (subscriber, key, kind, letter, due, planned, list, run, why)
SELECT gen_random_uuid(), 'list:{PAUSED}', 'letter', 'un', n, n, {PAUSED}, 1, ''
FROM generate_series(1, %s) n
"""


def asked(now: int, *paused: int) -> dict[str, object]:
    after = {"passed": BEGINNING[0], "passed_subscriber": BEGINNING[1]}
    return {"now": now, "limit": 10, "buckets": EVERY_BUCKET, "paused": list(paused)} | after


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
    taking = TAKING.within(schema=schema_of(Agenda, LIVE))["due_beside_pauses"]
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


@pytest.mark.parametrize("name", ["due", "due_beside_pauses"])
def test_some_of_what_is_due_is_read_without_reading_all_of_it(
    make_context: MakeContext, name: str
) -> None:
    """By two senders: each reads past the other's, and past no more than that."""
    context = with_readers(make_context, 0)
    said(context, SendingPaused(context.clock.now(), "operator", PAUSED + 1))
    values = asked(10**9, PAUSED + 1) | {
        "buckets": some_buckets(frozenset(range(0, BUCKETS, 2))),
        "limit": 100,
    }
    with context.database.connection() as connection, connection.transaction(force_rollback=True):
        # All at one instant, as those of a mailing are: by the ids then, which lie anywhere.
        at_once = DUE_WHILE_PAUSED.replace("n, n", "1, 1")
        connection.execute(at_once.encode(), (sized(20_000, 100_000),))
        connection.execute(f"ANALYZE {schema_of(Agenda, LIVE)}.agenda".encode())
        ((plan,),) = connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
            + TAKING.within(schema=schema_of(Agenda, LIVE))[name],
            values,
        ).fetchall()
    found = plan[0]["Plan"]
    assert found["Actual Rows"] == 100
    assert found["Shared Hit Blocks"] + found["Shared Read Blocks"] < 500


@pytest.mark.parametrize("paused", [[1], [PAUSED], [1, PAUSED]])
def test_a_paused_list_is_held_and_the_others_are_taken_oldest_first(
    make_context: MakeContext, paused: list[int]
) -> None:
    context = with_readers(make_context, 4)
    rows = take(context, queue(context))
    taking = queue(context)
    with context.database.connection() as connection:
        connection.execute(DUE_WHILE_PAUSED.encode(), (3,))
    found = taking.take(context.clock.now(), 10, paused)
    assert {key for _, key in found} == {f"list:{number}" for number in {1, PAUSED} - set(paused)}
    assert set(rows) <= set(found) or 1 in paused
    assert taking.take(context.clock.now(), 10, paused) == []
    assert len(taking.take(context.clock.now(), 10, [])) == 7 - len(found)
