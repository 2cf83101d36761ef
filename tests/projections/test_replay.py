"""Views are nothing but what the ledger says: a replay beside them finds every row that was
changed, added or taken away by hand.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.installation.events import SendingPaused
from engine.sequence.delay import DAY
from engine.subscriber.commands import LeaveList, Perform, RecordOutcome, Subscribe, Withdraw
from engine.subscriber.due_rows import EVERY_BUCKET
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.vault import VaultWrite
from engine.views import RowDifference
from projections.agenda import Agenda
from projections.build import every_view
from projections.follow import Follower
from projections.view import LIVE, Cursor

FILES = {
    "a.toml": (
        'title = "A"\npurpose = "conseils"\n[[list]]\nid = 10\nname = "dix"\n'
        '[[list.letter]]\nid = "un"\nafter = "1 day"\nsubject = "Un"\nbody = "a.md"\n'
    ),
    "a.md": "Bonjour.\n",
}
HANDS = (
    (
        "UPDATE view_members_2.membership SET list = 11 WHERE subscriber = (SELECT"
        " min(subscriber::text)::uuid FROM view_members_2.membership)"
    ),
    "DELETE FROM view_members_2.membership",
    "UPDATE view_silence_2.silence SET heard_at = heard_at + 1",
    "DELETE FROM view_silence_2.silence",
    (
        "INSERT INTO view_silence_2.stopped SELECT min(subscriber::text)::uuid, 'conseils', 1"
        " FROM view_silence_2.silence"
    ),
    "UPDATE view_agenda_8.agenda SET due = due + 1",
    "DELETE FROM view_agenda_8.fold",
    "UPDATE view_agenda_8.fold SET version = version + 1",
    (
        "INSERT INTO view_letters_5.letter (message, subscriber, position, key, letter, list, run,"
        " kind, edition, purpose, week, version, status, at)"
        " VALUES ('x', gen_random_uuid(), 1, 'list:10', 'un', 10, 1,"
        " 'letter', 1, 'conseils', 4, '', 'sent', 1)"
    ),
)


def silent(done: int, total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def context(make_context: Callable[..., AppContext]) -> AppContext:
    context = make_context(FILES)
    now = context.clock.now()
    join = Subscribe(now, Cause("import"), 10, "consent", "declared", now)
    context.command_handler.execute(
        [
            CommandRequest(join, address=f"p{n}@lecteurs.example", vault_write=VaultWrite("", now))
            for n in range(20)
        ]
    )
    context.command_handler.execute_one(
        CommandRequest(Withdraw(now, Cause("operator"), "conseils"), address="p1@lecteurs.example")
    )
    context.command_handler.execute_one(
        CommandRequest(LeaveList(now, Cause("operator"), 10), address="p2@lecteurs.example")
    )
    context.views.catch_up()
    return context


def test_untouched_views_equal_their_replay(context: AppContext) -> None:
    assert context.views.compare(silent) == []


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
def test_however_many_facts_are_followed_at_once_letters_stand_as_in_a_replay(
    context: AppContext, step: int
) -> None:
    people = [
        found.row[0]
        for found in context.views.due(context.clock.now() + 3 * DAY, 3, EVERY_BUCKET, ()).rows
    ]
    assert len(people) == 3
    for number, subscriber in enumerate(people):
        at, message = context.clock.now() + 2 * DAY, f"{number:032x}"
        for verdict in ("temporary", "sent"):
            perform = Perform(at, Cause("engine"), "list:10", message, context.sender)
            record = RecordOutcome(at, Cause("relay"), message, verdict, 250)
            for command in (perform, record):
                assert isinstance(
                    context.command_handler.execute_one(
                        CommandRequest(command, stream=subscriber)
                    ).outcome,
                    Done,
                )
            at += DAY
    head = context.ledger.head()
    follower = Follower(context.ledger, context.database, every_view(context.ledger, LIVE))
    for position in (*range(head - 11, head, step), head):
        follower.catch_up(position)
    assert context.views.compare(silent) == []


@pytest.mark.parametrize("hand", HANDS)
def test_a_view_written_by_hand_is_found(context: AppContext, hand: str) -> None:
    with context.database.connection() as connection:
        connection.execute(hand.encode())
    found = context.views.compare(silent)
    assert found and all(isinstance(each, RowDifference) for each in found)


def test_a_rebuild_makes_a_spoilt_view_equal_again(context: AppContext) -> None:
    with context.database.connection() as connection:
        connection.execute("DELETE FROM view_members_2.membership")
    context.views.rebuild(["members"], silent)
    assert context.views.compare(silent) == []


def test_one_bad_view_stops_alone(context: AppContext) -> None:
    with context.database.connection() as connection:
        connection.execute(
            "ALTER TABLE view_members_2.membership ADD CONSTRAINT nobody CHECK (list <> 10) NOT"
            " VALID"
        )
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            Subscribe(now, Cause("form"), 10, "consent", "single"),
            address="new@lecteurs.example",
            vault_write=VaultWrite("", now),
        )
    )
    while context.views.follow():
        pass
    positions = {
        name: (position, bool(fault)) for name, position, fault in context.views.positions()
    }
    head = context.ledger.head()
    assert positions["agenda"] == (head, False) and positions["letters"] == (head, False)
    assert positions["members"][0] < head and positions["members"][1]
    (fault,) = [fault for _, _, fault in context.views.positions() if fault]
    assert fault == "members: CheckViolation: membership nobody"
    with context.database.connection() as connection:
        connection.execute("ALTER TABLE view_members_2.membership DROP CONSTRAINT nobody")
    while context.views.follow():
        pass
    assert context.views.positions() == [
        (name, head, "")
        for name in ("agenda", "members", "letters", "silence", "choices", "delivery")
    ]
    assert context.views.compare(silent) == []


def test_a_fold_that_cannot_be_read_is_made_again_from_the_ledger(context: AppContext) -> None:
    subscriber = context.vault.find("p3@lecteurs.example")
    assert subscriber is not None
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE view_agenda_8.fold SET state = '\\x00' WHERE subscriber = %s", (subscriber,)
        )
    assert context.command_handler.load([subscriber])[subscriber].memberships
    context.command_handler.execute_one(
        CommandRequest(
            LeaveList(context.clock.now(), Cause("operator"), 10), address="p3@lecteurs.example"
        )
    )
    context.views.catch_up()
    assert context.views.compare(silent) == []


class Interrupted(Agenda):
    """The agenda, whose database goes away once, after everything was applied."""

    lost = False

    def tidy(self, cursor: Cursor) -> bool:
        if self.lost:
            self.lost = False
            raise psycopg.OperationalError("the connection is lost")
        return super().tidy(cursor)


def test_a_database_lost_in_the_middle_leaves_nothing_of_it_in_memory(context: AppContext) -> None:
    """Otherwise the installation would have paused, published and fallen due twice."""
    agenda = Interrupted(context.ledger, "again")
    follower = Follower(context.ledger, context.database, [agenda])
    follower.prepare()
    follower.catch_up()
    version = agenda.installation.version
    assert context.installation_stream.execute(
        lambda state: [SendingPaused(context.clock.now(), "operator")],
        Cause("operator"),
        context.clock.now(),
    )
    agenda.lost = True
    with pytest.raises(psycopg.OperationalError):
        follower.step()
    follower.catch_up()
    assert agenda.installation.version == version + 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger.events SET topic = 'x'", "DELETE FROM ledger.events", "TRUNCATE ledger.events"],
)
def test_the_program_cannot_change_history(context: AppContext, statement: str) -> None:
    with (
        context.database.connection() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
