"""Segments that ask what people who agreed to be measured clicked: they follow the consent, what is
noted, and the clock, and are unknown of everybody else.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from typing import cast

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.sending.claim import _asked_of_vault
from engine.sequence.delay import DAY
from engine.sequence.model import MEASURE
from engine.store.sql import AnyCursor
from engine.subscriber import commands as c
from engine.subscriber.agenda_key import list_key
from engine.subscriber.condition_answers import Truth
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.subscriber.truth import conditions_of
from engine.vault.evidence import evidence
from engine.vault.measured import Measured, NotedAct, keep_measured, with_measured
from engine.vault.segments import PersonalSegments, PersonalTraits
from engine.vault.vault import VaultWrite
from projections.reading import ReadViews
from tests.conftest import MakeContext
from tests.projections.test_segments_followed import LISTS, join, members, silent
from tests.running_installation import publish, write_sequences

KEEN = '[[segment]]\nid = "keen"\nname = "K"\nall = ["measured clicked within 3 days"]\n'
COLD = (
    '[[segment]]\nid = "cold"\nname = "C"\nall = ["on 10"]\n'
    'none = ["measured clicked dix/un within 3 days"]\n'
)
LETTER = '[[list]]\nid = 10\nname = "dix"\n'
FILES = {
    "a.toml": LISTS.replace(
        LETTER,
        LETTER + '[[list.letter]]\nid = "un"\nafter = "1 day"\nsubject = "S"\nbody = "a.md"\n'
        'only = "segment:keen"\n',
    )
    + KEEN
    + COLD,
    "a.md": "Bonjour.\n",
}
LINK = "https://boutique.example/"


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES, "[measure]\npeople = true\n")


def does(context: AppContext, who: str, command: c.AnyCommand, *pieces: object) -> None:
    write = VaultWrite("", command.at, evidence=pieces)  # type: ignore[arg-type]
    request = CommandRequest(command, stream=who, vault_write=write)
    assert isinstance(context.command_handler.execute_one(request).outcome, Done)


def agrees(context: AppContext, who: str) -> None:
    piece = evidence(secrets.token_bytes(32), {"purpose": MEASURE})
    command = c.SetPreferences(
        at=context.clock.now(),
        cause=Cause("click", "m", evidence=piece.commitment.hex()),
        on=(c.SwitchOn(MEASURE, 0, piece.commitment.hex()),),
        act="human_button",
    )
    does(context, who, command, piece)


def withdraws(context: AppContext, who: str) -> None:
    now = context.clock.now()
    does(context, who, c.withdrawal(now, Cause("click"), MEASURE, "human_button"))


def clicks(context: AppContext, who: str, letter: str = "list:10/un") -> None:
    notes(context, who, "clicked", letter)


def notes(context: AppContext, who: str, what: NotedAct, letter: str = "list:10/un") -> None:
    """As the site notes it, once the visit was judged."""
    now = context.clock.now()
    act = Measured(letter, what, LINK if what == "clicked" else "", now)
    people = context.command_handler.load([who])
    agreed = {who: people[who].measured_since}
    assert keep_measured(context.database, [(who, act)], lambda _: agreed, look_at=now) == 1


def test_a_segment_follows_the_consent_what_is_noted_and_the_clock(context: AppContext) -> None:
    anna = join(context, "anna")
    join(context, "ben")
    assert (members(context, "keen"), members(context, "cold")) == (set(), set())
    agrees(context, anna)
    assert members(context, "cold") == set(), "nothing is known of the days before"
    context.clock.jump(3 * DAY + 60_000)
    assert (members(context, "keen"), members(context, "cold")) == (set(), {anna})
    clicks(context, anna, "list:11/x")
    assert (members(context, "keen"), members(context, "cold")) == ({anna}, {anna})
    clicks(context, anna)
    assert (members(context, "keen"), members(context, "cold")) == ({anna}, set())
    context.clock.jump(3 * DAY + 60_000)
    assert (members(context, "keen"), members(context, "cold")) == (set(), {anna})
    clicks(context, anna)
    withdraws(context, anna)
    assert (members(context, "keen"), members(context, "cold")) == (set(), set())
    agrees(context, anna)
    assert members(context, "keen") == set(), "what was noted went with the consent"
    assert context.views.compare(silent) == []


def test_built_anew_it_is_the_same(context: AppContext) -> None:
    anna, ben = join(context, "anna"), join(context, "ben")
    for who in (anna, ben):
        agrees(context, who)
    clicks(context, ben)
    assert members(context, "keen") == {ben}
    longer = FILES["a.toml"].replace("within 3 days", "within 5 days")
    write_sequences(context.config.folder, {"a.toml": longer})
    publish(context)
    context.clock.jump(4 * DAY)
    assert (members(context, "keen"), members(context, "cold")) == ({ben}, set())
    context.clock.jump(2 * DAY)
    assert (members(context, "keen"), members(context, "cold")) == (set(), {anna, ben})


def test_of_whom_a_relay_loads_the_picture_it_is_unknown_whether_they_opened_it(
    context: AppContext,
) -> None:
    """As followed, and as built set-wise."""
    anna, ben, eve = (join(context, name) for name in ("anna", "ben", "eve"))
    for who in (anna, ben):
        agrees(context, who)
    context.clock.jump(4 * DAY)
    notes(context, anna, "relayed")
    unread = '[[segment]]\nid = "unread"\nname = "U"\nall = ["on 10"]\n'
    unread += 'none = ["measured opened dix/un within 3 days"]\n'
    write_sequences(context.config.folder, {"a.toml": FILES["a.toml"] + unread})
    publish(context)
    assert members(context, "unread") == {ben} and eve
    notes(context, ben, "relayed")
    assert members(context, "unread") == set()
    notes(context, anna, "opened")
    context.clock.jump(3 * DAY + 60_000)
    assert members(context, "unread") == set(), "it may have been opened again since"
    assert context.views.compare(silent) == []


def test_it_is_asked_again_at_the_claim_with_what_is_noted_by_then(context: AppContext) -> None:
    anna = join(context, "anna")
    agrees(context, anna)
    installation = context.installation_stream.current()

    def keen() -> Truth:
        known = _asked_of_vault(context.sending(), installation, [(anna, list_key(10))])
        person = context.command_handler.load([anna])[anna]
        conditions = conditions_of(installation.plan())
        return conditions.is_in("keen", person, known[anna], context.clock.now())

    assert keen() is None
    clicks(context, anna)
    assert keen() is True
    withdraws(context, anna)
    assert keen() is None


def test_what_was_not_looked_up_is_not_known(context: AppContext) -> None:
    anna = join(context, "anna")
    agrees(context, anna)
    clicks(context, anna)
    person = context.command_handler.load([anna])[anna]
    conditions = conditions_of(context.installation_stream.current().plan())
    unasked = context.vault.people([anna])
    assert conditions.is_in("keen", person, unasked[anna], context.clock.now()) is None
    asked = with_measured(context.database, unasked)
    assert conditions.is_in("keen", person, asked[anna], context.clock.now()) is True
    assert replace(asked[anna], measured=None) == unasked[anna]


def test_what_is_noted_while_somebody_is_looked_at_is_looked_at_next(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = join(context, "anna")
    agrees(context, anna)
    assert members(context, "keen") == set()
    with context.database.connection() as connection:
        connection.execute("DELETE FROM vault.segment_look")
    reading = PersonalSegments.traits_of

    def and_somebody_is_quicker(
        home: PersonalSegments, cursor: AnyCursor, subscribers: Collection[str], *, measured: bool
    ) -> dict[str, PersonalTraits]:
        known = reading(home, cursor, subscribers, measured=measured)
        monkeypatch.undo()
        clicks(context, anna)
        return known

    monkeypatch.setattr(PersonalSegments, "traits_of", and_somebody_is_quicker)
    people, now = context.command_handler.load([anna]), context.clock.now()
    segments = cast(ReadViews, context.views).agenda.segments
    with context.database.transaction() as connection, connection.cursor() as cursor:
        segments.look_at_all(cursor, people, now)
    assert members(context, "keen") == {anna}
