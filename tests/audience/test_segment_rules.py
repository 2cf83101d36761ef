"""Rules about segments at work: by a fact, by a field, by time; once, and also after a crash."""

from __future__ import annotations

import pytest

from engine.audience.segment_rules import apply_due_rules
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.ledger.store import Conflict
from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber.events import (
    Cause,
    ContactNoted,
    ListJoined,
    ListLeft,
    ProfileChanged,
    RulesApplied,
)
from engine.vault.vault import VaultWrite
from projections.build import every_view
from projections.follow import Follower
from projections.reading import REPLAY
from tests.conftest import MakeContext
from tests.projections.test_rebuilding import happened
from tests.running_installation import publish, write_sequences

FILE = """
title = "A"
purpose = "conseils"
[[list]]
id = 10
name = "dix"
[[list]]
id = 40
name = "quarante"
[[list]]
id = 41
name = "calme"
[[segment]]
id = "lyon"
name = "Lyon"
all = ['field town is "Lyon"']
[[segment]]
id = "fresh"
name = "Fresh"
all = ['joined 10 within 3 days']
[[rule]]
when = "enters lyon"
then = { join = 40 }
[[rule]]
when = "leaves lyon"
then = { leave = 40 }
[[rule]]
when = "leaves fresh"
then = { join = 41 }
"""
OPERATOR = Cause("operator")


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context({"a.toml": FILE}, 'town = "Ville"\n')


def join(context: AppContext, town: str = "", address: str = "anna@lecteurs.example") -> str:
    now, fields = context.clock.now(), {"town": town} if town else {}
    command = c.Subscribe(
        now, Cause("import"), 10, "consent", "declared", now, fields=tuple(fields)
    )
    request = CommandRequest(
        command, address=address, vault_write=VaultWrite("", now, fields=fields)
    )
    return context.command_handler.execute_one(request).stream


def move_to(context: AppContext, who: str, town: str) -> None:
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            c.ChangeProfile(now, OPERATOR, ("town",)),
            stream=who,
            vault_write=VaultWrite(who, now, fields={"town": town}),
        )
    )


def applied(context: AppContext) -> int:
    context.views.catch_up()
    return apply_due_rules(context)


def lists(context: AppContext, who: str) -> set[int]:
    return set(context.command_handler.load([who])[who].memberships)


def test_who_enters_by_a_field_joins_and_who_leaves_is_taken_off(context: AppContext) -> None:
    anna = join(context, "Lyon")
    assert applied(context) == 2  # "fresh" too, about which no rule says anything at an entry
    assert lists(context, anna) == {10, 40}
    assert applied(context) == 0
    move_to(context, anna, "Nice")
    assert applied(context) == 1
    assert lists(context, anna) == {10}
    facts = [entry.event for entry in context.ledger.stream(anna)]
    noted = [f for f in facts if isinstance(f, RulesApplied) and f.segment == "lyon"]
    assert [fact.entered for fact in noted] == [True, False]


def test_who_leaves_by_time_alone_is_dealt_with_too(context: AppContext) -> None:
    anna = join(context)
    assert applied(context) == 1 and lists(context, anna) == {10}
    context.clock.jump(3 * DAY + 1000)
    assert applied(context) == 1
    assert lists(context, anna) == {10, 41}


def test_a_process_that_dies_before_it_notes_the_end_changes_nothing_twice(
    context: AppContext,
) -> None:
    anna = join(context, "Lyon")
    context.views.catch_up()
    edges = context.desk.segment_edges(10)
    with context.database.connection() as connection:
        apply_due_rules(context)
        connection.execute(
            "INSERT INTO desk.segment_edge (subscriber, segment, entered)"
            " VALUES (%s, 'lyon', true)",
            (anna,),
        )
    head = context.ledger.head()
    assert {edge.segment for edge in edges} == {"lyon", "fresh"}
    applied(context)
    assert context.ledger.head() == head


def test_new_words_make_nobody_enter(context: AppContext) -> None:
    """The words changed, not the people: `publish` says how many are concerned."""
    anna = join(context, "Nice")
    applied(context)
    changed = FILE.replace('is "Lyon"', 'is "Nice"')
    write_sequences(context.config.folder, {"a.toml": changed})
    publish(context)
    assert applied(context) == 0
    assert lists(context, anna) == {10}


def test_nothing_is_left_of_an_entry_by_somebody_who_is_erased(context: AppContext) -> None:
    anna = join(context, "Lyon")
    context.views.catch_up()
    context.command_handler.execute_one(
        CommandRequest(
            c.Erase(context.clock.now(), OPERATOR, "r1"),
            stream=anna,
            vault_write=VaultWrite(anna, context.clock.now()),
        )
    )
    applied(context)
    assert lists(context, anna) == set()


def test_whom_others_are_quicker_about_is_dealt_with_later(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = join(context, "Lyon")
    context.views.catch_up()
    with monkeypatch.context() as racing:
        racing.setattr(context.ledger, "append", lambda batch, *_: [Conflict()] * len(batch))
        assert apply_due_rules(context) == 0
    assert lists(context, anna) == {10}
    assert apply_due_rules(context) == 2
    assert lists(context, anna) == {10, 40}


def test_a_view_that_is_built_beside_the_live_one_deals_with_nobody(context: AppContext) -> None:
    """A check of the views changes nothing: the live one alone says who enters and leaves."""
    join(context)
    applied(context)
    twins = every_view(context.ledger, REPLAY, ["agenda"], context.clock.now)
    twin = Follower(context.ledger, context.database, twins)
    try:
        twin.build(REPLAY, lambda done, total: None)
        twin.catch_up()
        context.clock.jump(3 * DAY + 1000)
        twin.catch_up()
        assert context.desk.segment_edges(10) == []
    finally:
        twin.drop()


def test_who_was_there_before_a_segment_was_built_does_not_enter_by_a_fact(
    context: AppContext,
) -> None:
    anna = join(context)
    applied(context)
    active = '[[segment]]\nid = "active"\nname = "A"\nnone = ["silent for 90 days"]\n'
    rule = '[[rule]]\nwhen = "enters active"\nthen = { join = 41 }\n'
    write_sequences(context.config.folder, {"a.toml": FILE + active + rule})
    publish(context)
    happened(context, ContactNoted(context.clock.now(), context.clock.now()), to=anna)
    applied(context)
    eve = join(context, address="eve@lecteurs.example")
    applied(context)
    assert (lists(context, anna), lists(context, eve)) == ({10}, {10, 41})


@pytest.mark.parametrize("followed", ["before it is built", "after it is built"])
def test_who_enters_by_a_field_before_the_segment_is_built_enters_it(
    context: AppContext, followed: str
) -> None:
    """The vault keeps no former value: whoever changes what the segment reads, and is in it by
    then, enters. Who only was in it when it was published does not.
    """
    anna, ben = join(context, "Nice"), join(context, "Marseille", "ben@lecteurs.example")
    eve = join(context, "Marseille", "eve@lecteurs.example")
    applied(context)
    south = '[[segment]]\nid = "sud"\nname = "S"\nall = [\'field town is "Marseille"\']\n'
    rule = '[[rule]]\nwhen = "enters sud"\nthen = { join = 41 }\n'
    write_sequences(context.config.folder, {"a.toml": FILE + south + rule})
    publish(context)
    published = context.ledger.head()
    move_to(context, anna, "Marseille")
    happened(context, ProfileChanged(context.clock.now(), (), "Europe/Paris"), to=ben)
    move_to(context, eve, "Nice")
    if followed == "after it is built":
        while context.views.follow(published):
            """Until it is built, with what the vault knows by now."""
    applied(context)
    assert [lists(context, who) for who in (anna, ben, eve)] == [{10, 41}, {10}, {10}]


def test_who_enters_by_a_fact_before_the_segment_is_built_enters_it(context: AppContext) -> None:
    """Their rows do not tell yet who was there; what they were before the fact does."""
    anna, ben = join(context), join(context, address="ben@lecteurs.example")
    happened(context, ListJoined(context.clock.now(), 40, 7), to=ben)
    applied(context)
    forty = '[[segment]]\nid = "forty"\nname = "F"\nall = ["on 40"]\n'
    rules = '[[rule]]\nwhen = "enters forty"\nthen = { join = 41 }\n'
    rules += '[[rule]]\nwhen = "leaves forty"\nthen = { leave = 10 }\n'
    write_sequences(context.config.folder, {"a.toml": FILE + forty + rules})
    publish(context)
    happened(context, ListJoined(context.clock.now(), 40, 7), to=anna)
    happened(context, ListLeft(context.clock.now(), 40, 7, "operator"), to=ben)
    applied(context)
    assert (lists(context, anna), lists(context, ben)) == ({10, 40, 41}, set())
