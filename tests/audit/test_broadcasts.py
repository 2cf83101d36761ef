"""Who was chosen for a whole broadcast is decided again, person by person, from the ledger alone:
what the engine did follows, and what an operator wrote instead does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import pytest

from engine.audit.broadcast_replay import BroadcastReplay, Choice
from engine.audit.published import Published
from engine.cli.audit_broadcast import audit_broadcast
from engine.cli.audit_checks import replay
from engine.cli.parser import parser
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation import events as i
from engine.installation.events import STREAM
from engine.installation.publishing import publication
from engine.installation.state import Installation
from engine.ledger.codec import Encoded, Entry, decode
from engine.ledger.names import AnyEvent
from engine.sending.claim import take_and_claim
from engine.sequence.delay import DAY, HOUR, MINUTE
from engine.sequence.pressure import parse_cap
from engine.subscriber import events as e
from engine.subscriber.commands import PutIntoSegment, WithdrawEverything
from tests.conftest import MakeContext
from tests.examples import CONSENT, NOON, PARIS, REGISTERED, perform
from tests.given import Given, given
from tests.sending.test_segments import FILES, OPERATOR, falls_due, join
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, listed

ANNA = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
SEGMENTS = """
[[segment]]
id = "dix"
name = "Dix"
all = ["on 10"]

[[segment]]
id = "noms"
name = "Noms"
all = ["on 10", 'field first_name is "Anna"']

[[broadcast]]
id = "news"
to = ["segment:dix"]
on = "2026-03-03 12:00"
subject = "Nouvelles"
body = "a.md"
reminder = { wait = "5 days" }

[[broadcast]]
id = "noms"
to = ["segment:noms"]
on = "2026-03-03 12:00"
subject = "Aux Anna"
body = "a.md"
"""
DUE = NOON + DAY
SOON = DUE + MINUTE
KEYS = {name: f"broadcast:{name}/2026-03-03" for name in ("news", "noms")}
FACTS: tuple[AnyEvent, ...] = (
    *publication(
        Installation(),
        {"d.toml": HEAD + listed(10, "a") + SEGMENTS, **WORDS},
        replace(SETTINGS, timezone=PARIS, caps=(parse_cap("1 per 1 week"),)),
        NOON - 1,
        "test",
    ),
    *(i.BroadcastFellDue(DUE, name, "2026-03-03") for name in KEYS),
)
BEFORE: tuple[e.PersonEvent, ...] = (REGISTERED, CONSENT, e.ListJoined(NOON, 10, 1))


PUBLISHED = len(FACTS) - len(KEYS)
"""How many entries stand before those of the person: both broadcasts fall due after `before`."""


def placed(stream: str, events: Sequence[AnyEvent], places: Iterable[int]) -> list[Entry]:
    return [
        decode(place, Encoded(stream, event, e.Cause("form"), event.at).at_version(n))
        for n, (event, place) in enumerate(zip(events, places, strict=False), 1)
    ]


def published(known: int) -> Published:
    after = range(PUBLISHED + known + 1, PUBLISHED + known + 1 + len(KEYS))
    return Published(placed(STREAM, FACTS, [*range(1, PUBLISHED + 1), *after]))


def chosen(
    *later: e.PersonEvent, before: Sequence[e.PersonEvent] = BEFORE, broadcast: str = "news"
) -> Choice:
    first = range(PUBLISHED + 1, PUBLISHED + 1 + len(before))
    places = chain(first, count(PUBLISHED + len(before) + len(KEYS) + 1))
    entries = placed(ANNA, (*before, *later), places)
    choice = BroadcastReplay(published(len(before)), broadcast, KEYS[broadcast]).choice(entries)
    assert choice is not None
    return choice


def anna(*later: e.PersonEvent) -> Given:
    known = published(len(BEFORE))
    return given(*BEFORE, *later, plan=known.plan(1), calendar=known.calendar_at(2**40))


def begun(**changed: object) -> e.LetterBegun:
    [fact] = anna().when(perform(KEYS["news"], SOON)).facts
    assert isinstance(fact.event, e.LetterBegun)
    return replace(fact.event, **changed)  # type: ignore[arg-type]


def test_whom_the_engine_wrote_to_should_have_been_written_to() -> None:
    choice = chosen(begun(), e.LetterSent(SOON, "aaaa"))
    assert (choice.should, choice.became, choice.segment) == ("yes", "sent", "dix")
    assert choice.faults == ()


def test_what_follows_from_facts_is_withheld_and_what_takes_the_place_is_told() -> None:
    other = e.LetterBegun(DUE - HOUR, "list:10", "letter", "x", "cc", 1, 10, 1, "conseils")
    sent = (other, e.LetterSent(DUE - HOUR, "cc"))
    [held] = (fact.event for fact in anna(*sent).when(perform(KEYS["news"], SOON)).facts)
    choice = chosen(held, before=(*BEFORE, *sent))
    assert (choice.should, choice.became, choice.why) == ("no", "withheld", "pressure")
    assert choice.faults == ()
    gone = chosen(e.ConsentWithdrawn(SOON, "conseils"))
    assert (gone.should, gone.became) == ("yes", "")
    assert gone.why == "not eligible: consent withdrawn"
    assert gone.position == len(FACTS) + len(BEFORE) + 1
    assert chosen().due
    assert chosen(before=(REGISTERED, CONSENT)) == Choice(ANNA, "no", why="not addressed")


def test_to_whom_it_was_directed_it_was_to_go_whomever_else_it_was_for() -> None:
    late = (e.ListJoined(SOON, 10, 1), e.LetterDirected(SOON, KEYS["news"], "news", 10, 1))
    by_list = begun(list=10, run=1, segment="")
    choice = chosen(*late, by_list, e.LetterSent(SOON, "aaaa"), before=BEFORE[:2])
    assert (choice.should, choice.became, choice.faults) == ("yes", "sent", ())
    early = e.LetterDirected(NOON, KEYS["noms"], "noms", segment="salon")
    by_segment = begun(at=NOON, key=KEYS["noms"], letter="noms", segment="salon")
    sent = e.LetterSent(NOON, "aaaa")
    choice = chosen(before=(*BEFORE, early, by_segment, sent), broadcast="noms")
    assert (choice.became, choice.faults) == ("sent", ())
    undirected = chosen(late[0], by_list, before=BEFORE[:2])
    assert [fault.code for fault in undirected.faults] == ["not-for-them"]


@pytest.mark.parametrize(
    ("before", "fact", "code"),
    [
        (BEFORE[:2], begun(), "not-for-them"),
        ((*BEFORE, e.ConsentWithdrawn(DUE, "conseils")), begun(), "not-for-them"),
        (BEFORE, begun(list=10, run=1, segment=""), "other-letter"),
        (BEFORE, begun(at=DUE + 4 * DAY), "to-be-withheld"),
        (BEFORE, e.LetterWithheld(SOON, KEYS["news"], "news", "too late"), "to-be-begun"),
        (
            BEFORE,
            e.LetterWithheld(DUE + 4 * DAY, KEYS["news"], "news", "preferences"),
            "other-reason",
        ),
        (BEFORE[:2], e.LetterWithheld(SOON, KEYS["news"], "news", "paused"), "nothing-due"),
    ],
)
def test_a_claim_that_does_not_follow_is_named(
    before: Sequence[e.PersonEvent], fact: e.PersonEvent, code: str
) -> None:
    assert [fault.code for fault in chosen(fact, before=before).faults] == [code]


def test_what_a_field_decided_is_not_reproducible_but_all_else_is() -> None:
    written = begun(key=KEYS["noms"], letter="noms", segment="noms")
    choice = chosen(written, broadcast="noms")
    assert (choice.should, choice.became, choice.faults) == ("unknown", "begun", ())
    late = chosen(replace(written, at=DUE + 4 * DAY), broadcast="noms")
    assert [fault.code for fault in late.faults] == ["to-be-withheld"]
    nowhere = chosen(written, before=BEFORE[:2], broadcast="noms")
    assert [fault.code for fault in nowhere.faults] == ["not-for-them"]
    left = e.LetterWithheld(SOON, KEYS["noms"], "noms", "segment")
    assert (chosen(left, broadcast="noms").should, chosen(left, broadcast="noms").faults) == (
        "unknown",
        (),
    )
    assert chosen(broadcast="noms").should == "unknown"


def asked(context: AppContext, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    arguments = parser("audit").parse_args(["audit", "broadcast", *words, "--lang", "en"])
    capsys.readouterr()
    status = audit_broadcast(context, arguments)
    return status, capsys.readouterr().out


@pytest.mark.postgres
def test_a_whole_broadcast_is_counted_and_listed_without_a_name(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    context = make_context(FILES, 'town = "Ville"\n')
    with pytest.raises(UserError, match="never fell due"):
        asked(context, capsys, "rencontre")
    with pytest.raises(UserError, match="rencontre"):
        asked(context, capsys, "a.toml")
    people = [join(context, name, town="Lyon") for name in ("anna", "ben", "carl")]
    for stream in people[:2]:
        put = PutIntoSegment(context.clock.now(), OPERATOR, "salon")
        context.command_handler.execute_one(CommandRequest(put, stream=stream))
    falls_due(context, "rencontre")
    everything = WithdrawEverything(context.clock.now(), OPERATOR)
    context.command_handler.execute_one(CommandRequest(everything, stream=people[1]))
    context.views.catch_up()
    claims, _ = take_and_claim(context.sending(), context.sending().new_queue(), ())
    assert [claim.stream for claim in claims] == people[:1]
    status, told = asked(context, capsys, "rencontre")
    assert status == 0
    assert "1  written to, as decided again" in told
    assert "1  missing: not eligible: consent withdrawn, before their claim" in told
    assert "1  not to be written to: not on its lists, nor in its segments" in told
    status, told = asked(context, capsys, "rencontre", "--json")
    rows = {row["subscriber"]: row["should"] for row in json.loads(told)["people"]}
    assert rows == dict(zip(people, ("yes", "yes", "no"), strict=True))
    table = tmp_path / "rencontre.csv"
    asked(context, capsys, "rencontre", "--csv", str(table))
    assert table.read_text("utf-8-sig").count("\n") == 4
    replay(context, parser("audit").parse_args(["audit", "replay"]))
    assert capsys.readouterr().out.endswith(": 1\nequal\n")
    assert "lecteurs" not in told + table.read_text("utf-8-sig")
