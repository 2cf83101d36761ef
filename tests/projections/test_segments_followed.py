"""Who is in a segment follows what happens, and the clock; built anew, it is the same."""

from __future__ import annotations

from typing import cast

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.privacy.erasure import erase
from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber.events import Cause, LetterBegun, LetterSent, MailBounced
from engine.vault.vault import VaultWrite
from projections.reading import ReadViews
from tests.conftest import MakeContext
from tests.projections.test_rebuilding import happened
from tests.running_installation import publish, write_sequences

LISTS = (
    'title = "A"\npurpose = "conseils"\n'
    '[[list]]\nid = 10\nname = "dix"\n[[list]]\nid = 11\nname = "onze"\n'
)
FRESH = '[[segment]]\nid = "fresh"\nname = "Fresh"\nall = [\'joined 10 within 3 days\']\n'
LYON = (
    '[[segment]]\nid = "lyon"\nname = "Lyon"\n'
    "all = ['field town is \"Lyon\"']\nnone = ['on 11']\n"
)
FIELDS = 'town = "Ville"\n'
OPERATOR = Cause("operator")


def silent(done: int, total: int) -> None:
    """Nobody watches."""


def join(context: AppContext, name: str, number: int = 10, **fields: str) -> str:
    now = context.clock.now()
    command = c.Subscribe(
        now, Cause("import"), number, "consent", "declared", now, fields=tuple(fields)
    )
    request = CommandRequest(
        command, address=f"{name}@lecteurs.example", vault_write=VaultWrite("", now, fields=fields)
    )
    return context.command_handler.execute_one(request).stream


def members(context: AppContext, segment: str) -> set[str]:
    context.views.catch_up()
    segments = cast(ReadViews, context.views).segments
    if segment in context.installation_stream.current().plan().segments:
        verified = segments.verify(segment, context.clock.now())
        assert (verified.missing, verified.extra) == ((), ())
    return {who for some in segments.members(segment) for who in some}


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context({"a.toml": LISTS + FRESH + LYON}, FIELDS)


def test_who_joins_is_in_it_and_leaves_it_when_their_days_are_over(context: AppContext) -> None:
    anna = join(context, "anna")
    assert members(context, "fresh") == {anna}
    context.clock.jump(3 * DAY - 60_000)
    assert members(context, "fresh") == {anna}
    context.clock.jump(2 * 60_000)
    assert members(context, "fresh") == set()
    assert context.views.compare(silent) == []


def test_a_field_decides_from_the_moment_it_is_known(context: AppContext) -> None:
    anna, ben = join(context, "anna", town="LYON"), join(context, "ben")
    assert members(context, "lyon") == {anna}
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            c.ChangeProfile(now, OPERATOR, ("town",)),
            stream=ben,
            vault_write=VaultWrite(ben, now, fields={"town": "Lyon"}),
        )
    )
    assert members(context, "lyon") == {anna, ben}
    context.command_handler.execute_one(
        CommandRequest(c.Transfer(context.clock.now(), OPERATOR, 10, 11), stream=anna)
    )
    assert members(context, "lyon") == {ben}


def test_who_received_a_letter_that_comes_back_leaves_by_that_fact(
    make_context: MakeContext,
) -> None:
    got = '[[segment]]\nid = "got"\nname = "G"\nall = [\'received 1 letters within 3 days\']\n'
    context = make_context({"a.toml": LISTS + got}, FIELDS)
    anna, now = join(context, "anna"), context.clock.now()
    begun = LetterBegun(now, "list:10", "letter", "x", "m0", 1, 10, 1, "conseils")
    happened(context, begun, LetterSent(now, "m0"), to=anna)
    assert members(context, "got") == {anna}
    happened(context, MailBounced(now, "hard", "m0"), to=anna)
    assert members(context, "got") == set()
    assert context.views.compare(silent) == []


def test_a_published_change_builds_that_segment_anew(context: AppContext) -> None:
    anna, ben = join(context, "anna", town="Lyon"), join(context, "ben", 11, town="Nice")
    assert (members(context, "lyon"), members(context, "fresh")) == ({anna}, {anna})
    write_sequences(
        context.config.folder, {"a.toml": LISTS + FRESH + LYON.replace('"Lyon"\'', '"Nice"\'')}
    )
    publish(context)
    assert members(context, "lyon") == set()
    write_sequences(
        context.config.folder,
        {"a.toml": LISTS + '[[segment]]\nid = "lyon"\nname = "N"\nany = [\'on 11\']\n'},
    )
    publish(context)
    assert (members(context, "lyon"), members(context, "fresh")) == ({ben}, set())
    assert context.views.compare(silent) == []


def test_the_first_and_the_last_segment_come_and_go(make_context: MakeContext) -> None:
    """What segments are built from is kept only while there are some."""
    context = make_context({"a.toml": LISTS}, FIELDS)
    anna = join(context, "anna")
    context.views.catch_up()
    write_sequences(context.config.folder, {"a.toml": LISTS + FRESH})
    publish(context)
    assert members(context, "fresh") == {anna}
    assert context.views.compare(silent) == []
    write_sequences(context.config.folder, {"a.toml": LISTS})
    publish(context)
    assert members(context, "fresh") == set()
    assert context.views.compare(silent) == []


def test_an_erased_person_is_in_no_segment(context: AppContext) -> None:
    anna = join(context, "anna", town="Lyon")
    assert members(context, "lyon") == members(context, "fresh") == {anna}
    erase(context, anna, OPERATOR, context.command_handler.execute_one, suppression="bar")
    with context.database.connection() as connection:
        rows = "SELECT count(*) FROM vault.segment_member WHERE subscriber = %s"
        assert connection.execute(rows, (anna,)).fetchone() == (0,)
    assert members(context, "lyon") == members(context, "fresh") == set()


def test_a_segment_written_by_hand_is_found(context: AppContext) -> None:
    join(context, "anna")
    members(context, "fresh")
    with context.database.connection() as connection:
        connection.execute("DELETE FROM view_agenda_8.segment_member")
    assert [found.table for found in context.views.compare(silent)] == ["agenda.segment_member"]


def test_a_look_that_would_come_too_late_is_found_and_one_too_early_changes_nothing(
    context: AppContext,
) -> None:
    anna = join(context, "anna")
    members(context, "fresh")
    look = "UPDATE view_agenda_8.segment_look SET look = look + %s"
    with context.database.connection() as connection:
        connection.execute(look, (DAY,))
        assert [found.table for found in context.views.compare(silent)] == ["agenda.segment_look"]
        connection.execute(look, (-2 * DAY,))
    assert context.views.compare(silent) == []
    context.clock.jump(2 * DAY + 60_000)
    assert members(context, "fresh") == {anna}
    context.clock.jump(DAY)
    assert members(context, "fresh") == set()
