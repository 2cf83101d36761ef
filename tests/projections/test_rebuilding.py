"""A view built from whole histories equals one that followed the ledger, however that was cut into
batches and whatever was published meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from multiprocessing import active_children

import psycopg
import pytest

from engine.context import AppContext
from engine.delivery.figures import DayCount
from engine.installation.events import STREAM, BroadcastFellDue
from engine.ledger.codec import Encoded, EntryRefused
from engine.ledger.store import AT_HEAD, Append, Written, histories
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from tests.running_installation import publish, write_sequences

MakeContext = Callable[..., AppContext]
FOLLOWED = e.Cause("engine")
HEAD = 'title = "A"\npurpose = "conseils"\n'
LIST = (
    '[[list]]\nid = {0}\nname = "liste-{0}"\n[[list.letter]]\nid = "un"\nafter = "1 day"\nsubject ='
    ' "Un"\nbody = "a.md"\n'
)
POLL = (
    '[[broadcast]]\nid = "sondage"\nto = [{0}]\non = "2040-01-01 09:00"\nsubject = "S"\nbody ='
    ' "a.md"\nreminder = {{ wait = "{1}" }}\n'
)
CONFIRMED = (
    '[confirmation]\nsubject = "Oui ?"\nremind_subject = "Toujours ?"\nremind_after = "{0}"\n'
)
SHUT = """
CREATE FUNCTION view_agenda_8.shut() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'down' USING ERRCODE = '57P01'; END $$;
CREATE TRIGGER shut BEFORE UPDATE ON view_agenda_8."position" EXECUTE FUNCTION view_agenda_8.shut()
"""
FILES = {"a.toml": HEAD + LIST.format(10) + LIST.format(11), "a.md": "Bonjour.\n"}


def silent(done: int, total: int) -> None:
    """Nobody watches."""


def happened(context: AppContext, *events: e.PersonEvent, to: str = "") -> str:
    """Written as they are, undecided, after whatever happened to the same person before; their
    stream.
    """
    stream = to or str(uuid.uuid4())
    now = max(context.clock.now(), *(event.at for event in events))
    (written,) = context.ledger.append(
        [Append(stream, AT_HEAD, tuple(Encoded(stream, event, FOLLOWED, now) for event in events))]
    )
    assert isinstance(written, Written)
    return stream


def joined(at: int, number: int = 10, run: int = 1) -> tuple[e.PersonEvent, ...]:
    return (
        e.SubscriberRegistered(at, "Europe/Paris", "fr"),
        e.ConsentGiven(at, "conseils", "single"),
        e.ListJoined(at, number, run),
    )


def begun(
    at: int, message: str, edition: int = 1, key: str = "list:10", attempt: int = 1
) -> e.LetterBegun:
    return e.LetterBegun(at, key, "letter", "un", message, edition, 10, 1, "conseils", "s", attempt)


def a_life_with_every_turn(at: int, message: str) -> Sequence[e.PersonEvent]:
    """Retries in a later edition, answers given twice, a move answered again and taken back, and
    given anew; orders with what was paid back of them, a bounce and a complaint.
    """
    order = f"order-{message}"
    return (
        *joined(at),
        begun(at + 1, message),
        e.LetterDeferred(at + 2, message, at + 9, 451, provider="orange"),
        begun(at + 3, message, edition=2, attempt=2),
        e.LetterSent(at + 4, message, provider="orange"),
        e.ListMoved(at + 5, 10, 1, 11, 2, message, 0, act="human_button"),
        e.LetterAnswered(at + 6, message, 0, "auto_submit"),
        e.ListCopied(at + 7, 10, 1, 12, 3, message, 1, "human_button"),
        e.OrderRecorded(at + 7, order, 4900, "EUR", ("kit",)),
        e.MoveUndone(at + 8, message, 11, 2, ((10, 1),)),
        e.LetterAnswered(at + 9, message, 3, "human_button"),
        e.ListMoved(at + 10, 10, 1, 11, 4, message, 2, act="human_button"),
        e.LetterAnswered(at + 11, message, 2),
        e.MoveUndone(at + 12, message, 11, 4, ((10, 1),)),
        e.OrderRefunded(at + 12, order, 900, "EUR"),
        e.MailBounced(at + 12, "soft", message, provider="orange"),
        e.MailComplained(at + 12, "relay", "orange"),
        e.ListLeft(at + 13, 12, 3, "asked"),
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
def test_it_matters_not_how_the_ledger_was_cut_into_batches(
    make_context: MakeContext, size: int
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    context.views.catch_up()
    first = context.ledger.head()
    for number in range(2):
        happened(context, *a_life_with_every_turn(at, f"{number:032x}"))
    erased = happened(context, *joined(at))
    happened(context, e.SubscriberErased(at + 1), to=erased)
    head = context.ledger.head()
    for upto in range(first + size, head + size, size):
        context.views.follow(min(upto, head))
    assert context.views.compare(silent) == []
    # What was taken back is counted no more, and who is erased is counted as having come.
    assert context.views.standing() == {10: 2}
    ways = context.views.transitions([10], 0)
    assert sorted((way.kind, way.source, way.target, way.n) for way in ways) == [
        ("copied", 10, 12, 2),
        ("joined", 0, 10, 3),
    ]
    assert context.views.transitions([10], at // DAY + 1) == []
    day = at // DAY
    assert context.views.delivery.by_day(day) == [
        DayCount("orange", day, what, 2) for what in ("complained", "deferred", "sent", "soft")
    ]
    assert context.views.delivery.by_day(day + 1) == []


def test_a_rebuilt_view_is_at_the_head_and_follows_on(make_context: MakeContext) -> None:
    context = make_context(FILES)
    people = [happened(context, *joined(context.clock.now())) for _ in range(20)]
    context.views.rebuild((), silent)
    assert {(position, fault) for _, position, fault in context.views.positions()} == {
        (context.ledger.head(), "")
    }
    assert context.views.standing() == {10: 20}
    happened(context, e.ListLeft(context.clock.now(), 10, 1, "asked"), to=people[0])
    context.views.catch_up()
    assert context.views.standing() == {10: 19} and context.views.matters(people[0]) == []
    assert context.views.compare(silent) == []


def test_what_a_killed_rebuild_left_behind_is_no_obstacle(make_context: MakeContext) -> None:
    context = make_context(FILES)
    happened(context, *joined(context.clock.now()))
    with context.database.connection() as connection:
        connection.execute(
            "CREATE SCHEMA building_agenda_5; CREATE TABLE building_agenda_5.fold (half integer)"
        )
    context.views.rebuild(["agenda"], silent)
    context.views.catch_up()
    assert context.views.compare(silent) == []


def test_people_dealt_out_to_processes_come_to_the_same(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(FILES)
    for _ in range(40):
        happened(context, *joined(context.clock.now()))
    context.views.catch_up()
    monkeypatch.setattr("projections.build.MAX_PEOPLE_IN_ONE_PROCESS", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert context.views.compare(silent) == []
    told: list[tuple[int, int]] = []
    context.views.rebuild((), lambda done, total: told.append((done, total)))
    assert len(told) == 16 and told[-1] == (context.ledger.head(), context.ledger.head())
    assert context.views.standing() == {10: 40}


def test_a_rebuild_of_which_a_process_fails_leaves_the_views_as_they_were(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(FILES)
    happened(context, *joined(context.clock.now()))
    context.views.catch_up()
    monkeypatch.setattr("projections.build.MAX_PEOPLE_IN_ONE_PROCESS", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with context.database.connection() as connection:
        connection.execute(
            "INSERT INTO ledger.events SELECT gen_random_uuid(), 1, 'x', 'x', max(notification_id)"
            " + 1 FROM ledger.events"
        )
    with pytest.raises(EntryRefused, match="cannot be read"):
        context.views.rebuild((), silent)
    assert context.views.standing() == {10: 1} and not active_children()


def test_a_long_history_is_one_history(make_context: MakeContext) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    people = {
        happened(context, *joined(at), *(e.ContactNoted(at + n, at + n) for n in range(many))): (
            many + 3
        )
        for many in (0, 7, 1, 30)
    }
    read = list(
        histories(
            context.database,
            "0" * 8 + "-0000-0000-0000-" + "0" * 12,
            "f" * 8 + "-ffff-ffff-ffff-" + "f" * 12,
            10**9,
            5,
        )
    )
    found: dict[str, list[int]] = {}
    for entries in read:
        assert not found.keys() & {entry.stream for entry in entries}
        for entry in entries:
            found.setdefault(entry.stream, []).append(entry.version)
    assert {stream: found[stream] for stream in people} == {
        stream: list(range(1, many + 1)) for stream, many in people.items()
    }


@pytest.mark.parametrize(
    "before, after",
    [(CONFIRMED.format("2 days"), CONFIRMED.format("3 days")), (CONFIRMED.format("2 days"), "")],
)
def test_a_request_under_way_is_timed_by_the_confirmation_in_force(
    make_context: MakeContext, before: str, after: str
) -> None:
    context = make_context(FILES | {"a.toml": FILES["a.toml"] + before})
    at, message = context.clock.now(), "0" * 32
    asked = e.ConsentRequested(at, "conseils", "r1", (10,), at + 10**9)
    claimed = e.LetterBegun(at, "ask:conseils", "confirmation", "ask", message, 1)
    person = happened(
        context, e.SubscriberRegistered(at), asked, claimed, e.LetterSent(at, message)
    )
    context.views.catch_up()
    (stood,) = context.views.matters(person)
    write_sequences(context.config.folder, {"a.toml": FILES["a.toml"] + after})
    assert publish(context) == 2
    context.views.catch_up()
    assert context.views.matters(person) != [stood]
    assert context.views.compare(silent) == []


def test_a_mailing_under_way_is_settled_though_nobody_it_went_to_is_on_its_lists(
    make_context: MakeContext,
) -> None:
    context = make_context(
        FILES | {"a.toml": HEAD + POLL.format(10, "5 days") + LIST.format(10) + LIST.format(11)}
    )
    at, key = context.clock.now(), "broadcast:sondage/2040-01-01"
    assert context.installation_stream.execute(
        lambda state: [BroadcastFellDue(at, "sondage", "2040-01-01")], FOLLOWED, at
    )
    claimed = e.LetterBegun(at, key, "broadcast", "sondage", "1" * 32, 1, 10, 1, "conseils")
    person = happened(
        context, *joined(at), claimed, e.LetterInDoubt(at, "1" * 32), e.ListLeft(at, 10, 1, "asked")
    )
    context.views.catch_up()
    assert [row[0] for row in context.views.matters(person)] == [key]
    for text in (POLL.format(11, "5 days"), ""):
        write_sequences(
            context.config.folder, {"a.toml": HEAD + text + LIST.format(10) + LIST.format(11)}
        )
        publish(context)
        context.views.catch_up()
        assert context.views.compare(silent) == []
    assert [row[0] for row in context.views.matters(person)] == ["flight:" + "1" * 32]


def test_what_a_lost_database_took_back_is_not_remembered(make_context: MakeContext) -> None:
    context = make_context(FILES)
    person = happened(context, *joined(context.clock.now()))
    context.views.catch_up()
    with context.database.connection() as connection:
        connection.execute(SHUT.encode())
    happened(context, begun(context.clock.now(), "2" * 32), to=person)
    write_sequences(context.config.folder, {"a.toml": HEAD + LIST.format(10)})
    publish(context)
    with pytest.raises(psycopg.OperationalError):
        context.views.follow()
    with context.database.connection() as connection:
        connection.execute('DROP TRIGGER shut ON view_agenda_8."position"')
    context.views.catch_up()
    assert context.ledger.stream(STREAM) and context.views.compare(silent) == []
