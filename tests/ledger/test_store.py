"""The store on a real PostgreSQL: one order without gaps, each stream's versions guarded, nothing
changed or removed, whatever is killed.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.context import AppContext
from engine.ledger.codec import Encoded, EntryRefused
from engine.ledger.store import (
    AT_HEAD,
    CHANNEL,
    LOST,
    MAX_SMALL_APPEND,
    Append,
    Conflict,
    Ledger,
    WithinRefused,
    Written,
)
from engine.store.sql import AnyCursor
from engine.subscriber import events as e
from engine.subscriber.events import Cause
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
CAUSE = Cause("form")


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made({}) as made:
        with psycopg.connect(owner_of(installations, made), autocommit=True) as connection:
            connection.execute("CREATE TABLE beside (key text PRIMARY KEY, stream text)")
            connection.execute("GRANT ALL ON beside TO PUBLIC")
        yield made


@pytest.fixture
def ledger(context: AppContext) -> Iterator[Ledger]:
    one = Ledger(context.database.conninfo, pool_size=8)
    yield one
    one.close()


def owner_of(installations: Installations, context: AppContext) -> str:
    return make_conninfo(
        installations.admin,
        dbname=psycopg.conninfo.conninfo_to_dict(context.database.conninfo)["dbname"],
    )


def new() -> str:
    return str(uuid.uuid4())


def calls(stream: str, *names: str, recorded_at: int = 2) -> tuple[Encoded, ...]:
    return tuple(Encoded(stream, e.CallHonoured(1, name), CAUSE, recorded_at) for name in names)


def one(
    stream: str,
    version: int = 0,
    *names: str,
    within: Callable[[AnyCursor], None] | None = None,
    key: bytes = b"",
) -> Append:
    return Append(stream, version, calls(stream, *(names or ("k",))), within, key)


def written(answers: Sequence[Written | Conflict]) -> list[Written]:
    assert [answer for answer in answers if isinstance(answer, Conflict)] == []
    return [answer for answer in answers if isinstance(answer, Written)]


def rows(context: AppContext) -> list[tuple[str, int, str]]:
    """The whole ledger: stream, version and what it says, by position, which must count from 1
    without a gap.
    """
    entries = [entry for batch in context.ledger.all() for entry in batch]
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    versions: dict[str, int] = {}
    for entry in entries:
        assert entry.version == versions.get(entry.stream, 0) + 1
        versions[entry.stream] = entry.version
    return [(entry.stream, entry.version, getattr(entry.event, "call", "")) for entry in entries]


def keeping(key: str, stream: str) -> Callable[[AnyCursor], None]:
    """A vault write of a kind: refused when the row is there."""

    def write(cursor: AnyCursor) -> None:
        cursor.execute("INSERT INTO beside VALUES (%s, %s) ON CONFLICT DO NOTHING", (key, stream))
        if cursor.rowcount == 0:
            raise WithinRefused

    return write


def kept(context: AppContext, key: str) -> str | None:
    with context.database.connection() as connection:
        row = connection.execute("SELECT stream FROM beside WHERE key = %s", (key,)).fetchone()
    return row[0] if row else None


def recorded(ledger: Ledger, count: int) -> list[tuple[int, int]]:
    """Of the last so many entries: when they were so, and when they were recorded."""
    entries = ledger.between(ledger.head() - count, ledger.head())
    return [(entry.event.at, entry.recorded_at) for entry in entries]


def last_recorded(ledger: Ledger) -> int:
    """When the last entry was recorded; an empty ledger gets its first."""
    if not ledger.head():
        ledger.append([one(new())])
    return recorded(ledger, 1)[0][1]


def taken_down(stream: str, at: int, recorded_at: int, version: int = 0) -> Append:
    return Append(stream, version, (Encoded(stream, e.CallHonoured(at, "k"), CAUSE, recorded_at),))


def test_positions_follow_one_another_and_versions_count_from_one(
    context: AppContext, ledger: Ledger
) -> None:
    before = ledger.head()
    first, second = new(), new()
    answers = written(ledger.append([one(first, 0, "a", "b"), one(second, 0, "c")]))
    assert answers == [Written((before + 1, before + 2), 2), Written((before + 3,), 1)]
    assert written(ledger.append([one(first, 2, "d")])) == [Written((before + 4,), 3)]
    assert rows(context)[-4:] == [
        (first, 1, "a"),
        (first, 2, "b"),
        (second, 1, "c"),
        (first, 3, "d"),
    ]


def test_who_follows_is_woken_by_an_append_that_is_committed_and_by_no_other(
    context: AppContext, ledger: Ledger
) -> None:
    stream = new()
    with context.database.listening(CHANNEL) as listening:
        assert written(ledger.append([one(stream)]))
        assert listening.wait(20)
        assert ledger.append([one(stream, 0, "late")]) == [Conflict()]
        assert not listening.wait(0.2)


def test_nothing_to_append_is_nothing(ledger: Ledger) -> None:
    before = ledger.head()
    assert ledger.append([]) == []
    assert ledger.head() == before


def test_the_bytes_read_are_the_bytes_written(context: AppContext, ledger: Ledger) -> None:
    stream = new()
    (event,) = calls(stream, 'é\u2028\U0001f331\u0000\n"\\', recorded_at=last_recorded(ledger) + 1)
    ledger.append([Append(stream, 0, (event,))])
    with context.database.connection() as connection:
        row = connection.execute(
            "SELECT state, topic, originator_version FROM ledger.events WHERE originator_id = %s",
            (stream,),
        ).fetchone()
    assert row == (event.at_version(1), "call-honoured", 1)
    assert [entry.event for entry in ledger.stream(stream)] == [event.event]


def test_a_stream_that_moved_on_is_a_conflict_and_leaves_no_gap(
    context: AppContext, ledger: Ledger
) -> None:
    stream = new()
    ledger.append([one(stream)])
    before = ledger.head()
    assert ledger.append([one(stream, 0, "late")]) == [Conflict()]
    assert ledger.head() == before
    ledger.append([one(stream, 1, "next")])
    assert rows(context)[-1] == (stream, 2, "next")


def test_a_stale_stream_in_a_batch_of_five_hundred_is_refused_alone(
    context: AppContext, ledger: Ledger
) -> None:
    streams = [new() for _ in range(500)]
    ledger.append([one(streams[321])])
    answers = ledger.append([one(stream) for stream in streams])
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Conflict)] == [321]
    assert len(rows(context)) == ledger.head()
    assert [entry.version for entry in ledger.stream(streams[321])] == [1]


def test_many_stale_streams_in_a_batch_are_refused_alone(ledger: Ledger) -> None:
    streams = [new() for _ in range(60)]
    ledger.append([one(stream) for stream in streams[::2]])
    answers = ledger.append([one(stream) for stream in streams])
    assert [isinstance(answer, Conflict) for answer in answers] == [n % 2 == 0 for n in range(60)]


def test_a_version_ahead_of_the_head_is_refused_beside_a_stale_one(ledger: Ledger) -> None:
    stale, ahead = new(), new()
    ledger.append([one(stale)])
    assert ledger.append([one(stale), one(ahead, 5)]) == [Conflict(), Conflict()]


def test_a_stream_stands_in_a_batch_once(ledger: Ledger) -> None:
    stream, before = new(), ledger.head()
    with pytest.raises(ValueError, match="twice"):
        ledger.append([one(stream), one(stream, 1)])
    assert ledger.head() == before


def test_an_append_at_the_head_goes_wherever_the_head_is(
    context: AppContext, ledger: Ledger
) -> None:
    stream, other = new(), new()
    ledger.append([one(stream, 0, "a", "b")])
    assert [
        answer.version
        for answer in written(ledger.append([one(stream, AT_HEAD, "c"), one(other, AT_HEAD, "d")]))
    ] == [3, 1]
    assert rows(context)[-2:] == [(stream, 3, "c"), (other, 1, "d")]


def test_an_append_at_the_head_gets_through_beside_a_stale_one(ledger: Ledger) -> None:
    stream, stale = new(), new()
    ledger.append([one(stream), one(stale)])
    answers = ledger.append([one(stale, 0), one(stream, AT_HEAD, "x")])
    assert answers[0] == Conflict()
    assert isinstance(answers[1], Written) and answers[1].version == 2


def together(*threads: Callable[[], object]) -> list[object]:
    """All begin at the same moment; their answers in order."""
    barrier = threading.Barrier(len(threads))

    def begin(work: Callable[[], object]) -> object:
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(len(threads)) as pool:
        futures = [pool.submit(begin, work) for work in threads]
        wait(futures, timeout=60)
        return [future.result(0) for future in futures]


def test_six_racing_for_one_version_make_one_entry(context: AppContext, ledger: Ledger) -> None:
    for _ in range(10):
        stream = new()
        answers = together(
            *[lambda n=n, stream=stream: ledger.append([one(stream, 0, f"k{n}")]) for n in range(6)]
        )
        assert sum(isinstance(answer[0], Written) for answer in answers) == 1  # type: ignore[index]
        assert len(ledger.stream(stream)) == 1
    rows(context)


def test_appends_at_the_head_all_get_through_under_contention(
    context: AppContext, ledger: Ledger
) -> None:
    stream = new()

    def many(n: int) -> list[Written | Conflict]:
        return [ledger.append([one(stream, AT_HEAD, f"{n}-{i}")])[0] for i in range(25)]

    answers = together(*[lambda n=n: many(n) for n in range(6)])
    assert all(isinstance(answer, Written) for each in answers for answer in each)  # type: ignore[attr-defined]
    said = [(entry.version, entry.event) for entry in ledger.stream(stream)]
    assert [version for version, _ in said] == list(range(1, 151))
    assert len({event for _, event in said}) == 150
    rows(context)


def test_two_appends_at_once_never_mix_their_entries(context: AppContext, ledger: Ledger) -> None:
    batches = [[new() for _ in range(40)] for _ in range(6)]
    together(
        *[
            lambda streams=streams: ledger.append([one(stream, 0, "a", "b") for stream in streams])
            for streams in batches
        ]
    )
    told = [stream for stream, _, _ in rows(context)]
    for streams in batches:
        first = told.index(streams[0])
        assert told[first : first + 80] == [stream for stream in streams for _ in range(2)]


def test_a_reader_never_sees_a_later_position_before_an_earlier_one(ledger: Ledger) -> None:
    stop, start = threading.Event(), ledger.head()
    seen: list[int] = []

    def follow() -> None:
        while not stop.is_set() or (seen[-1] if seen else start) < ledger.head():
            seen.extend(
                entry.position for entry in ledger.between(seen[-1] if seen else start, 2**62, 50)
            )

    reader = threading.Thread(target=follow)
    reader.start()
    together(
        *[
            lambda: [ledger.append([one(new(), 0, "a", "b", "c")]) for _ in range(20)]
            for _ in range(4)
        ]
    )
    stop.set()
    reader.join(20)
    assert seen == list(range(start + 1, start + 1 + 4 * 20 * 3))


@pytest.mark.parametrize("others", [0, MAX_SMALL_APPEND + 10], ids=["inserted", "copied"])
@pytest.mark.parametrize("version", [0, AT_HEAD], ids=["optimistic", "at the head"])
def test_a_fact_of_a_clock_that_is_behind_is_recorded_when_the_last_one_was(
    ledger: Ledger, others: int, version: int
) -> None:
    last = last_recorded(ledger) + 1000
    ledger.append([taken_down(new(), last, last)])
    late = [taken_down(new(), last - 90, last - 7, version) for _ in range(others + 1)]
    assert len(written(ledger.append(late))) == others + 1
    assert recorded(ledger, others + 2) == [(last, last), *[(last - 90, last)] * (others + 1)]
    ledger.append([taken_down(new(), last + 1, last + 2)])
    assert recorded(ledger, 1) == [(last + 1, last + 2)]


def test_within_a_batch_the_dates_of_recording_never_go_back(ledger: Ledger) -> None:
    last = last_recorded(ledger)
    times = (last + 5, last + 9, last + 7, last + 12)
    ledger.append([taken_down(new(), last, time) for time in times])
    assert [time for _, time in recorded(ledger, 4)] == [last + 5, last + 9, last + 9, last + 12]


def test_a_row_of_the_vault_goes_with_a_fact_that_is_recorded_later_than_its_clock_said(
    context: AppContext, ledger: Ledger
) -> None:
    last, stream = last_recorded(ledger), new()
    event = Encoded(stream, e.CallHonoured(last - 9, "k"), CAUSE, last - 9)
    write = keeping(f"late {stream}", stream)
    assert written(ledger.append([Append(stream, 0, (event,), write)]))
    assert kept(context, f"late {stream}") == stream
    assert recorded(ledger, 1) == [(last - 9, last)]


def test_an_entry_that_names_the_date_in_its_own_text_is_not_taken_for_it(ledger: Ledger) -> None:
    last, stream = last_recorded(ledger), new()
    words = f'"recorded_at":{last + 10**9},"stream":"'
    named = Encoded(stream, e.CallHonoured(last, words), CAUSE, last)
    ledger.append([Append(stream, 0, (named,))])
    ledger.append([taken_down(new(), last, last + 1)])
    assert recorded(ledger, 2) == [(last, last), (last, last + 1)]


def test_writers_whose_clocks_differ_write_dates_that_never_go_back(ledger: Ledger) -> None:
    last, start = last_recorded(ledger), ledger.head()
    together(
        *[
            lambda n=n: [
                ledger.append([taken_down(new(), last - 200, last + 10 * i - 40 * n)])
                for i in range(20)
            ]
            for n in range(4)
        ]
    )
    times = [entry.recorded_at for entry in ledger.between(start, ledger.head())]
    assert len(times) == 80 and times == sorted(times)


def test_a_row_of_the_vault_in_the_way_refuses_its_append_alone(
    context: AppContext, ledger: Ledger
) -> None:
    streams = [new() for _ in range(20)]
    ledger.append([one(new(), 0, within=keeping("taken", "someone"))])
    answers = ledger.append(
        [one(s, 0, within=keeping("taken" if n == 7 else s, s)) for n, s in enumerate(streams)]
    )
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Conflict)] == [7]
    assert kept(context, "taken") == "someone"
    assert [kept(context, stream) for stream in streams if stream != streams[7]] == [
        stream for stream in streams if stream != streams[7]
    ]
    assert ledger.stream(streams[7]) == []


def test_a_vaults_row_stands_or_falls_with_its_entry(context: AppContext, ledger: Ledger) -> None:
    stale, good = new(), new()
    ledger.append([one(stale)])
    answers = ledger.append(
        [one(stale, 0, within=keeping("lost", stale)), one(good, 0, within=keeping("good", good))]
    )
    assert isinstance(answers[0], Conflict) and isinstance(answers[1], Written)
    assert (kept(context, "lost"), kept(context, "good")) == (None, good)


def test_a_broken_rule_of_the_vault_refuses_its_append_alone_and_soon(ledger: Ledger) -> None:
    tries: list[str] = []

    def breaking(cursor: AnyCursor) -> None:
        tries.append("again")
        cursor.execute("INSERT INTO beside VALUES (NULL)")

    answers = ledger.append([one(new()), one(new(), 0, within=breaking), one(new())])
    assert [isinstance(answer, Written) for answer in answers] == [True, False, True]
    assert len(tries) <= 2


def test_what_is_done_together_is_tried_first_and_each_says_for_itself_when_it_fails(
    context: AppContext, ledger: Ledger
) -> None:
    streams = [new() for _ in range(4)]
    asked: list[Sequence[int]] = []

    def all_at_once(cursor: AnyCursor, indexes: Sequence[int]) -> None:
        asked.append(list(indexes))
        for index in indexes:
            cursor.execute(
                "INSERT INTO beside VALUES (%s, %s)", (f"row {streams[index]}", streams[index])
            )

    batch = [one(stream, 0, within=keeping(f"row {stream}", stream)) for stream in streams]
    ledger.append([one(new(), 0, within=keeping(f"row {streams[2]}", "someone"))])
    answers = ledger.append(batch, all_at_once)
    assert [isinstance(answer, Written) for answer in answers] == [True, True, False, True]
    assert asked == [[0, 1, 2, 3]]
    assert kept(context, f"row {streams[3]}") == streams[3]


def test_batches_that_want_the_same_rows_do_not_wait_for_each_other(
    context: AppContext, ledger: Ledger
) -> None:
    """Twelve addresses in eight batches at once, each batch under streams of its own: every address
    is registered exactly once.
    """
    addresses = [f"address {n} {new()}" for n in range(12)]

    def register() -> list[Written | Conflict]:
        minted = {address: new() for address in addresses}
        return ledger.append(
            [one(s, 0, within=keeping(a, s), key=a.encode()) for a, s in minted.items()]
        )

    answers = together(*[register for _ in range(8)])
    assert sum(isinstance(answer, Written) for each in answers for answer in each) == 12  # type: ignore[attr-defined]
    assert all(kept(context, address) for address in addresses)


def test_a_deadlock_is_tried_again(context: AppContext, ledger: Ledger) -> None:
    """Rows wanted in opposite order, against the rule of the program: PostgreSQL ends one of the
    two, which then gets its turn.
    """
    both = threading.Barrier(2)

    def crossing(first: str, second: str) -> Callable[[AnyCursor], None]:
        met: list[bool] = []

        def write(cursor: AnyCursor) -> None:
            cursor.execute(
                "INSERT INTO beside VALUES (%s, '') ON CONFLICT (key) DO UPDATE SET stream = ''",
                (first,),
            )
            if not met:
                met.append(True)
                both.wait(10)
            cursor.execute(
                "INSERT INTO beside VALUES (%s, '') ON CONFLICT (key) DO UPDATE SET stream = ''",
                (second,),
            )

        return write

    names = new(), new()
    for name in names:
        ledger.append([one(new(), 0, within=keeping(name, ""))])
    answers = together(
        lambda: ledger.append([one(new(), 0, within=crossing(*names))]),
        lambda: ledger.append([one(new(), 0, within=crossing(*names[::-1]))]),
    )
    assert [type(answer[0]) for answer in answers] == [Written, Written]  # type: ignore[index]
    rows(context)


def test_an_integrity_error_nobody_can_name_is_raised_and_not_tried_for_ever(
    ledger: Ledger,
) -> None:
    """One that comes not from a single append's rows: as if `together` had left something to be
    checked at the commit.
    """
    tries: list[int] = []

    def broken(cursor: AnyCursor, indexes: Sequence[int]) -> None:
        tries.append(1)
        raise psycopg.IntegrityError

    assert isinstance(ledger.append([one(new())], broken)[0], Written)
    assert tries == [1]


def test_a_connection_killed_in_the_middle_writes_nothing_and_the_next_append_follows_without_gap(
    installations: Installations, context: AppContext, ledger: Ledger
) -> None:
    before, stream = ledger.head(), new()

    def killed(cursor: AnyCursor) -> None:
        cursor.execute("INSERT INTO beside VALUES ('killed', '')")
        pid = cursor.connection.info.backend_pid
        with psycopg.connect(installations.admin, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        cursor.execute("SELECT 1")

    with pytest.raises(LOST):
        ledger.append([one(stream, 0, within=killed)])
    assert (ledger.head(), kept(context, "killed"), ledger.stream(stream)) == (before, None, [])
    assert written(ledger.append([one(stream)])) == [Written((before + 1,), 1)]


def test_a_connection_killed_while_idle_is_replaced_before_it_is_used(
    installations: Installations, ledger: Ledger
) -> None:
    stream = new()
    ledger.append([one(stream)])
    with ExitStack() as held:
        idle = [held.enter_context(ledger.datastore.get_connection()) for _ in range(3)]
        pids = [connection.info.backend_pid for connection in idle]
    with psycopg.connect(installations.admin, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS p (pid)", (pids,))
    assert written(ledger.append([one(stream, 1)]))[0].version == 2
    with ledger.datastore.get_connection() as fresh:
        assert fresh.info.backend_pid not in pids


def test_appending_waits_for_no_vacuum_and_cancels_none(
    installations: Installations, context: AppContext, ledger: Ledger
) -> None:
    """VACUUM and ANALYZE, PostgreSQL's own too, hold the table in this mode while they run."""
    with psycopg.connect(owner_of(installations, context)) as maintenance:
        maintenance.execute("LOCK TABLE ledger.events IN SHARE UPDATE EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(ledger.append, [one(new())]).result(5)[0], Written)
        maintenance.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.events SET topic = 'x'",
        "DELETE FROM ledger.events",
        "TRUNCATE ledger.events",
        "DROP TABLE ledger.events",
        "ALTER TABLE ledger.events DISABLE TRIGGER ALL",
    ],
)
def test_the_running_program_may_not_change_what_is_written(
    context: AppContext, statement: str
) -> None:
    with (
        context.database.connection() as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger.events SET topic = 'x'", "DELETE FROM ledger.events", "TRUNCATE ledger.events"],
)
def test_not_even_the_owner_changes_it_by_accident(
    installations: Installations, context: AppContext, statement: str
) -> None:
    with (
        psycopg.connect(owner_of(installations, context), autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="never changed or removed"),
    ):
        connection.execute(statement.encode())


def test_a_column_that_is_not_what_its_entry_says_is_noticed(installations: Installations) -> None:
    """Someone with the owner's password takes the guard away and edits the copies."""
    with installations.made({}) as made:
        stream = new()
        made.ledger.append([one(stream, 0, "a", "b")])
        for column, value in (
            ("topic", "'list-joined'"),
            ("originator_version", "7"),
            ("originator_id", f"'{new()}'"),
        ):
            with psycopg.connect(owner_of(installations, made)) as owner:
                owner.execute("ALTER TABLE ledger.events DISABLE TRIGGER ALL")
                owner.execute(
                    f"UPDATE ledger.events SET {column} = {value}"
                    " WHERE notification_id = 2".encode()
                )
                owner.commit()
            with pytest.raises(EntryRefused, match="columns at position 2"):
                made.ledger.between(0, 9)
            with pytest.raises(EntryRefused, match="columns at position 2"):
                made.ledger.at(2)


@pytest.mark.parametrize("count", [1, MAX_SMALL_APPEND, MAX_SMALL_APPEND + 1])
def test_few_and_many_are_written_alike(ledger: Ledger, count: int) -> None:
    last, stream, head = last_recorded(ledger), new(), ledger.head()
    names = [f"appel n° {number} de l’été ' \\ %s" for number in range(count)]
    expected = calls(stream, *names, recorded_at=last)
    (answer,) = written(ledger.append([Append(stream, 0, expected)]))
    assert answer.positions == tuple(range(head + 1, head + count + 1)) and answer.version == count
    assert [
        (entry.position, entry.version, entry.event)
        for entry in ledger.between(head, head + count + 1)
    ] == [(head + number, number, e.CallHonoured(1, name)) for number, name in enumerate(names, 1)]
    assert [ledger.bytes_at(head + n) for n in range(1, count + 1)] == [
        each.at_version(n) for n, each in enumerate(expected, 1)
    ]
    assert ledger.append([one(stream, 0, *names)]) == [Conflict()]


def test_an_entry_is_found_by_its_position_and_no_other_number_is(ledger: Ledger) -> None:
    stream = new()
    (answer,) = written(ledger.append([one(stream, 0, "here")]))
    found = ledger.at(answer.positions[0])
    assert found is not None and (found.stream, found.event) == (stream, e.CallHonoured(1, "here"))
    for position in (0, -1, answer.positions[0] + 1, 2**63 - 1, 2**63, 2**64 - 1):
        assert ledger.at(position) is None


def test_the_later_entries_of_many_streams_come_in_one_answer(ledger: Ledger) -> None:
    first, second, unknown = new(), new(), new()
    ledger.append([one(first, 0, "a", "b", "c"), one(second, 0, "d")])
    found = ledger.after({first: 1, second: 1, unknown: 0})
    assert {stream: [entry.version for entry in entries] for stream, entries in found.items()} == {
        first: [2, 3],
        second: [],
        unknown: [],
    }
    assert ledger.after({}) == {}


def test_the_whole_ledger_is_read_in_batches_up_to_a_position(ledger: Ledger) -> None:
    ledger.append([one(new(), 0, *"abcdefghij")])
    head = ledger.head()
    batches = list(ledger.all(head - 1, batch=3))
    assert max(len(batch) for batch in batches) == 3
    assert [entry.position for batch in batches for entry in batch] == list(range(1, head))
    assert list(ledger.all(0)) == []
