"""Killed while people enter and leave segments, order, choose how often they are written to, and
broadcasts to those segments fall due under a cap: who is in a segment is what each person's own
answer says, nobody gets a letter beyond a cap or a second time, and nobody's is lost.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import cast

import pytest

from engine.app import open_context
from engine.audit.pressure_replay import pressure_faults
from engine.audit.published import Published
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.installation.events import STREAM, BroadcastFellDue
from engine.ledger.codec import Entry
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.vault.vault import VaultWrite
from projections.agenda import Agenda
from tests.chaos.fleet import SPLIT, Fleet
from tests.chaos.installation import TWO_LETTERS, UNFINISHED, Place, crowd
from tests.chaos.mail_server import MailServer
from tests.chaos.test_kills import A_SECOND, SEED
from tests.running import wait_for
from tests.sizes import sized

KILLS = int(os.environ.get("RELANCE_KILLS", sized(6, 20)))
PEOPLE, CAP = 40, 4
OPERATOR, TOWNS = e.Cause("operator"), ("Lyon", "Nice")
HOUSE = f"""
[pressure]
max = "{CAP} per 1 week"

[fields]
town = "Ville"

[[theme]]
id = "semis"
name = "Semis"
"""
SEGMENTS = """
[[segment]]
id = "lyon"
name = "Lyon"
all = ['field town is "Lyon"']

[[segment]]
id = "clients"
name = "Clients"
all = ['ordered within 30 days']
"""
BROADCAST = """
[[broadcast]]
id = "{name}"
to = ["segment:{segment}"]
on = "2040-01-01 09:00"
subject = "Une question"
body = "question.md"
theme = "semis"
weight = {weight}
"""
BROADCASTS = {f"b{number}": ("lyon", "clients")[number % 2] for number in range(KILLS)}
DIALOGUE = (
    TWO_LETTERS.replace('body = "question.md"', 'body = "question.md"\n  when_full = "skip"')
    + SEGMENTS
    + "".join(
        BROADCAST.format(name=name, segment=segment, weight=number % 9)
        for number, (name, segment) in enumerate(BROADCASTS.items())
    )
)
STILL_TO_FIND = "".join(
    f" + (SELECT count(*) FROM view_agenda_{Agenda.version}.{table})"
    for table in ("choosing", "stale")
)


@pytest.mark.timeout(300 + 20 * KILLS)
def test_segments_caps_and_choices_survive_kills(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"chaos: RELANCE_KILLS={KILLS} RELANCE_SEED={SEED}")
    with MailServer(tmp_path) as mail:
        mail.tell("pause", A_SECOND)
        place = Place.made(tmp_path, mail.port, more=HOUSE, dialogue=DIALOGUE)
        place.bring(crowd("reader", PEOPLE))
        with place.held(), open_context(place.folder) as context:
            people = _people(context)
            staying = people[: PEOPLE // 4]
            _live(context, [_settles(context, who, "Lyon") for who in staying])
            with Fleet(place, SPLIT) as fleet:
                for name in BROADCASTS:
                    moving = chance.sample(people[len(staying) :], PEOPLE // 2)
                    _live(context, [_act(context, who, chance) for who in moving])
                    _falls_due(context, name)
                    fleet.tend()
                    fleet.kill(chance.randrange(len(SPLIT)))
                wait_for(
                    lambda: fleet.tend() or place.counted(UNFINISHED + STILL_TO_FIND) == 0, 200
                )
            assert fleet.ended_by_themselves == []
            _as_each_person_s_own_answer_says(context)
            _reckoned(context, staying, Counter(taken.message for taken in mail.taken()))
        assert place.verb("audit", "replay").strip().endswith("equal")


def _people(context: AppContext) -> list[str]:
    context.views.catch_up()
    return sorted(who for some in context.views.members_of(10, PEOPLE) for who in some)


def _settles(context: AppContext, who: str, town: str) -> CommandRequest:
    now = context.clock.now()
    write = VaultWrite(who, now, fields={"town": town})
    return CommandRequest(c.ChangeProfile(now, OPERATOR, ("town",)), stream=who, vault_write=write)


def _act(context: AppContext, who: str, chance: random.Random) -> CommandRequest:
    """Something that lets them enter or leave a segment, or changes what they get."""
    now = context.clock.now()
    order = c.RecordOrder(now, OPERATOR, f"{chance.getrandbits(64):x}", 4900, "EUR")
    choice = c.SetPreferences(now, e.Cause("api"), frequency="weekly")
    what = chance.choice(("town", "town", "order", "order", "choice"))
    if what == "town":
        return _settles(context, who, chance.choice(TOWNS))
    return CommandRequest(order if what == "order" else choice, stream=who)


def _live(context: AppContext, requests: list[CommandRequest]) -> None:
    context.command_handler.execute(requests)


def _falls_due(context: AppContext, name: str) -> None:
    now = context.clock.now()
    due = BroadcastFellDue(now, name, "2040-01-01")
    assert context.installation_stream.execute(lambda state: [due], e.Cause("engine"), now)


def _as_each_person_s_own_answer_says(context: AppContext) -> None:
    context.views.catch_up()
    for segment in ("lyon", "clients"):
        verified = context.views.segments.verify(segment, context.clock.now())
        assert verified.members and not verified.missing and not verified.extra, segment


def _reckoned(context: AppContext, staying: list[str], accepted: Counter[str]) -> None:
    """`accepted`: how often the mail server took each message."""
    histories: defaultdict[str, list[Entry]] = defaultdict(list)
    for batch in context.ledger.all():
        for entry in batch:
            histories[entry.stream].append(entry)
    published = Published(histories.pop(STREAM))
    ended: dict[str, str] = {}
    for who, entries in histories.items():
        assert pressure_faults(entries, published) == {}
        begun = [cast(e.LetterBegun, x.event) for x in entries if x.name == "letter-begun"]
        matters = {letter.message: (letter.key, letter.letter) for letter in begun}
        assert len(set(matters.values())) == len(matters), "one letter twice"
        doubtful = {x.event.message for x in entries if isinstance(x.event, e.LetterInDoubt)}
        reached = {message for message in matters if accepted[message] or message in doubtful}
        assert len(reached) <= CAP, "too many"
        # What a sender that was killed had begun and not handed over left its room to others.
        left_out = {x.event.message for x in entries if isinstance(x.event, e.LetterWithheld)}
        assert matters.keys() - reached <= left_out, "somebody's is lost"
        for letter in begun:
            name = letter.key.removeprefix("broadcast:").split("/")[0]
            assert letter.segment == BROADCASTS.get(name, ""), letter
        ended |= dict.fromkeys(matters, "in doubt")
        ended |= {x.event.message: "sent" for x in entries if isinstance(x.event, e.LetterSent)}
        if who in staying:
            dealt_with = {x.event.key for x in entries if isinstance(x.event, MET)}
            assert {k for k, s in _keys().items() if s == "lyon"} <= dealt_with, (
                "somebody's is lost"
            )
    assert accepted and all(
        accepted[message] == 1 for message, end in ended.items() if end == "sent"
    )
    assert max(accepted.values()) == 1 and accepted.keys() <= ended.keys()


MET = (e.LetterBegun, e.LetterWithheld)


def _keys() -> dict[str, str]:
    return {f"broadcast:{name}/2040-01-01": segment for name, segment in BROADCASTS.items()}
