"""An installation to be looked at: the sample with a dialogue of a hundred letters and ten
segments, people who lived in it, a crowd of the same, and the counters of a year.

A crowd lived in one day (`bench/crowd.py`), so its due dates and joinings are spread over weeks
afterwards, and the counters of the weeks before are written as the views would hold them. One
person has five thousand facts.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.crowd import multiply, settle
from bench.installation import Installation, opened
from bench.server import Server
from engine.authoring.publication import publish_first
from engine.commands.command_handler import CommandRequest
from engine.console.access import Role
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.ledger.codec import Encoded
from engine.ledger.store import Append, Written
from engine.sequence.delay import DAY
from engine.store.sql import beside
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.outcome import Done
from engine.subscriber.terms import AnswerKind
from engine.vault.vault import VaultWrite
from engine.views import week_of
from projections.agenda import Agenda
from projections.letters import Letters
from projections.members import Members
from projections.view import LIVE, schema_of

SQL = beside(__file__).within(
    agenda=schema_of(Agenda, LIVE),
    members=schema_of(Members, LIVE),
    letters=schema_of(Letters, LIVE),
)
ROOT = Path(__file__).parent.parent
YEAR, FIRST, LISTS, LETTERS = "year", 101, 20, 5
OLD_FACTS = 5_000
WEEKS, DAYS = 52, 90
SAMPLE_LIST, ASKS, YES = 10, "list:10/graines-semees", 11
TOWNS = ("Lyon", "Nantes", "Pau", "Lille")
LIST = """
[[list]]
id = {number}
name = "etape-{number}"
group = "prospects"
"""
LETTER = """
  [[list.letter]]
  id = "l{letter}"
  after = "{days} days"
  subject = "Étape {number}, lettre {letter} : {{{{ first_name | default('bonjour', true) }}}}"
  preheader = "Un clic suffit."
  body = "year/{number}.md"
"""
SEGMENT = """
[[segment]]
id = "part-{number}"
name = "Part {number}"
all = ['{line}']
"""
BODY = """Bonjour {{{{ first_name | default('à vous', true) }}}},

{words}

[Oui](==={yes}===) [Non](==={no}===)

[Recevoir aussi la suite](+++{more}+++)
"""
WORDS = "Semer tôt, arroser peu, attendre : trois gestes qui changent une saison entière. "


@dataclass(frozen=True, slots=True)
class Readership:
    """`people` in all; `somebody` is one of the crowd, `old` the one with five thousand facts;
    `token` is that of an operator's session.
    """

    here: Installation
    people: int
    somebody: str
    old: str
    token: str


@contextmanager
def readership(place: Server, name: str, people: int, port: int) -> Iterator[Readership]:
    """The installation in database `name`, its console at `port`; of fewer than twenty people, the
    twenty who lived.
    """
    with opened(place, name, name, "", partial(write_folder, port=port)) as here:
        context = here.context
        publish_first(context)
        context.views.catch_up()
        streams = [*_of_the_sample(context), *_of_the_year(context)]
        context.views.catch_up()
        old = _old(context)
        context.views.catch_up()
        for stream in streams:
            multiply(here, stream, max(people, len(streams)) // len(streams) - 1)
        _spread(here)
        settle(here.owner)
        account = context.accounts.add("bench", Role.OPERATOR, True, wall_now())
        assert account is not None
        token = context.console_desk.open_session(account.id, "link", "bench")
        yield Readership(here, people, streams[0], old, token)


def write_folder(folder: Path, extra: str, store: str, *, port: int) -> None:
    """The sample and the dialogue of a year; `port` is the console's."""
    assert not extra
    shutil.copytree(ROOT / "sequences", folder / "sequences")
    config = (ROOT / "config.toml").read_text(encoding="utf-8")
    config = config.replace('url = "embedded"', f'url = "{store}"')
    config = config.replace('url = "http://localhost:8082"', 'url = ""')
    config = config.replace("port = 8082", f"port = {port}")
    (folder / "config.toml").write_text(config, encoding="utf-8")
    sequences = folder / "sequences"
    (sequences / YEAR).mkdir()
    (sequences / f"{YEAR}.toml").write_text(_year(), encoding="utf-8")
    for number in range(FIRST, FIRST + LISTS):
        after = [FIRST + (number - FIRST + step) % LISTS for step in (1, 2, 3)]
        words = "\n\n".join([WORDS * 3] * 6)
        text = BODY.format(words=words, yes=after[0], no=after[1], more=after[2])
        (sequences / YEAR / f"{number}.md").write_text(text, encoding="utf-8")


def _year() -> str:
    text = 'title = "L’année"\npurpose = "conseils"\n'
    for number in range(FIRST, FIRST + LISTS):
        text += LIST.format(number=number)
        for letter in range(1, LETTERS + 1):
            text += LETTER.format(number=number, letter=letter, days=7 * (letter - 1))
    lines = [f"on {FIRST + step}" for step in range(4)]
    lines += [f'field town is "{town}"' for town in TOWNS[:3]]
    lines += ["received 1 letter within 30 days"]
    for number, line in enumerate(lines):
        text += SEGMENT.format(number=number, line=line)
    return text


def _of_the_sample(context: AppContext) -> list[str]:
    """On list 10: the first half say yes, a quarter no."""
    streams = [_joined(context, SAMPLE_LIST, n) for n in range(8)]
    _sent(context, streams, SAMPLE_LIST)
    context.clock.jump(4 * DAY)
    begun = _sent(context, streams, SAMPLE_LIST)
    for number, stream in enumerate(streams[:6]):
        link = 0 if number < 4 else 1
        label = ("Oui", "Non")[link]
        _answer(context, stream, begun[stream], link, YES + link, "move", label, ASKS)
    return streams


def _of_the_year(context: AppContext) -> list[str]:
    """On the first twelve lists: some move on, some get the next one beside it, some order, one
    unsubscribes, one's mail comes back.
    """
    streams = []
    for number in range(FIRST, FIRST + 12):
        stream = _joined(context, number, number)
        streams.append(stream)
        begun = _sent(context, [stream], number)[stream]
        question, step = f"list:{number}/l1", number - FIRST
        if step % 3 == 0:
            _answer(context, stream, begun, 0, number + 1, "move", "Oui", question)
        if step % 3 == 1:
            label = "Recevoir aussi la suite"
            _answer(context, stream, begun, 2, number + 3, "copy", label, question)
        if step % 2 == 0:
            order = secrets.token_hex(16)
            cause = e.Cause("import")
            _do(
                context,
                stream,
                c.RecordOrder(context.clock.now(), cause, order, 4900, "EUR", ("coffret",)),
            )
        if step == 5:
            _do(context, stream, c.Withdraw(context.clock.now(), e.Cause("click"), "conseils"))
    return streams


def _joined(context: AppContext, number: int, reader: int) -> str:
    now = context.clock.now()
    values = {"first_name": "Anne", "town": TOWNS[reader % 4], "soil": "Argileuse"}
    command = c.Subscribe(
        now,
        e.Cause("form"),
        number,
        "consent",
        "single",
        own_act=True,
        fields=tuple(values),
        timezone="Europe/Paris",
    )
    request = CommandRequest(
        command,
        address=f"prototype-{reader}@potager.example",
        vault_write=VaultWrite("", now, fields=values),
    )
    result = context.command_handler.execute_one(request)
    assert isinstance(result.outcome, Done), result
    return result.stream


def _do(context: AppContext, stream: str, command: c.AnyCommand) -> None:
    result = context.command_handler.execute_one(CommandRequest(command, stream=stream))
    if not isinstance(result.outcome, Done):
        raise RuntimeError(f"a fact of the benchmark was not recorded: {result.outcome}")


def _sent(context: AppContext, streams: list[str], number: int) -> dict[str, e.LetterBegun]:
    """What is due on a list, begun and sent as the ledger has it."""
    now, engine, begun = context.clock.now(), e.Cause("engine"), dict[str, e.LetterBegun]()
    for stream in streams:
        perform = c.Perform(now, engine, f"list:{number}", secrets.token_hex(16))
        result = context.command_handler.execute_one(CommandRequest(perform, stream=stream))
        assert isinstance(result.outcome, Done), result
        (event,) = result.outcome.events
        assert isinstance(event, e.LetterBegun), event
        begun[stream] = event
        _do(context, stream, c.RecordOutcome(now, engine, event.message, "sent", 250))
    return begun


def _answer(
    context: AppContext,
    stream: str,
    begun: e.LetterBegun,
    link: int,
    target: int,
    kind: AnswerKind,
    label: str,
    question: str,
) -> None:
    command = c.Answer(
        context.clock.now(),
        e.Cause("click", begun.message, link),
        begun.message,
        begun.list,
        begun.run,
        link,
        kind,
        target,
        "human_button",
        label=label,
        question=question,
    )
    _do(context, stream, command)


def _old(context: AppContext) -> str:
    """Somebody to whom much has happened: letters, answers and orders for years."""
    stream = _joined(context, FIRST, 999)
    now, engine = context.clock.now(), e.Cause("engine")
    version = len(context.ledger.stream(stream))
    for first in range(0, OLD_FACTS, 500):
        facts: list[Encoded] = []
        for number in range(first, first + 500, 4):
            message, letter = secrets.token_hex(16), f"l{number // 4 % LETTERS + 1}"
            key, at = f"list:{FIRST}", now
            click = e.Cause("click", message, 2)
            question = f"{key}/{letter}"
            begun = e.LetterBegun(
                at, key, "letter", letter, message, FIRST, 1, 1, "conseils", "bench"
            )
            facts += [
                Encoded(stream, begun, engine, at),
                Encoded(stream, e.LetterSent(at, message, 250, "2.0.0"), e.Cause("relay"), at),
                Encoded(
                    stream,
                    e.LetterAnswered(at, message, 2, "human_button", question, "Oui"),
                    click,
                    at,
                ),
                Encoded(
                    stream,
                    e.OrderRecorded(at, secrets.token_hex(16), 1900, "EUR", ("coffret",)),
                    e.Cause("import"),
                    at,
                ),
            ]
        (answer,) = context.ledger.append([Append(stream, version, tuple(facts))])
        if not isinstance(answer, Written):
            raise RuntimeError("facts of the benchmark were not written down")
        version = answer.version
    return stream


def _spread(here: Installation) -> None:
    """What a crowd that lived in one day has not: due dates, joinings and weeks that differ."""
    week = week_of(here.context.clock.now())
    for name in ("spread_due", "spread_joined"):
        here.owner.execute(SQL[name])
    refs = [
        f"list:{number}/l{letter}"
        for number in range(FIRST, FIRST + LISTS)
        for letter in range(1, LETTERS + 1)
    ]
    here.owner.execute(SQL["year_of_letters"], {"letters": refs, "week": week, "weeks": WEEKS})
    here.owner.execute(SQL["year_of_visits"], {"letters": refs, "week": week, "weeks": WEEKS})
    here.owner.execute(SQL["year_of_arrivals"], {"week": week, "weeks": WEEKS})
    today = here.context.clock.now() // DAY
    here.owner.execute(SQL["days_of_ways"], {"today": today, "days": DAYS})
