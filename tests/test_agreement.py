"""What `simulate` shows is what happens: the same dialogue lived by the simulation and by the real
engine, with PostgreSQL and a mail server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sequence.delay import HOUR, MINUTE
from engine.simulation.live import GivenAnswer, live
from engine.subscriber.commands import Answer, Subscribe
from engine.subscriber.events import Cause, LetterBegun
from engine.vault.vault import VaultWrite
from tests.sink import Sink

DIALOGUE = """
title = "Prise en main"
purpose = "conseils"

[[list]]
id = 10
name = "prise-en-main"

  [[list.letter]]
  id = "welcome"
  after = "0 minutes"
  subject = "Bienvenue"
  body = "plain.md"

  [[list.letter]]
  id = "question"
  after = "2 days"
  at = "09:00"
  days = "mon-fri"
  subject = "Une question"
  body = "question.md"

  [[list.letter]]
  id = "again"
  reminds = "question"
  wait = "1 day"
  subject = "Encore"
  body = "question.md"

[[list]]
id = 11
name = "oui"
ends = { move = 20, after = "1 month" }

  [[list.letter]]
  id = "bravo"
  after = "0 minutes"
  between = "20:00-02:00"
  subject = "Bravo"
  body = "plain.md"

[[list]]
id = 12
name = "aide"

  [[list.letter]]
  id = "help"
  after = "90 minutes"
  subject = "De l'aide"
  body = "plain.md"

  [[list.letter]]
  id = "more-help"
  wait = "1 week"
  subject = "Encore de l'aide"
  body = "plain.md"

[[list]]
id = 20
name = "suite"

  [[list.letter]]
  id = "later"
  after = "3 months"
  subject = "Plus tard"
  body = "plain.md"
"""
FILES = {
    "a.toml": DIALOGUE,
    "plain.md": "Bonjour.\n",
    "question.md": "Alors ?\n\n[Oui](===11===) [Aide](===12===)\n",
}
Lived = list[tuple[str, int]]


@pytest.mark.parametrize(
    "answers",
    [{}, {"question": 0}, {"question": 1}, {"again": 0}],
    ids=["silence", "yes", "help", "late yes"],
)
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
def test_simulation_and_engine_agree_to_the_minute(
    make_context: Callable[..., AppContext], answers: dict[str, int], zone: str
) -> None:
    context = make_context(FILES)
    start = context.clock.now()
    seen = asyncio.run(_lived(context, start, zone, answers))
    moments = live(
        context.installation_stream.current().plan(),
        10,
        {name: [GivenAnswer(link)] for name, link in answers.items()},
        start,
        zone,
    )
    simulated = [(moment.letter, moment.at) for moment in moments if moment.kind == "letter"]
    assert [name for name, _ in seen] == [name for name, _ in simulated]
    for (name, real), (_, planned) in zip(seen, simulated, strict=True):
        assert abs(real - planned) < 3 * MINUTE, (
            f"{name}: {(real - planned) / MINUTE:.1f} minutes apart"
        )
    assert not context.views.compare(lambda done, total: None)


async def _lived(context: AppContext, start: int, zone: str, answers: dict[str, int]) -> Lived:
    command = Subscribe(start, Cause("form"), 10, "consent", "single", timezone=zone, own_act=True)
    stream = context.command_handler.execute_one(
        CommandRequest(command, address="anna@lecteurs.example", vault_write=VaultWrite("", start))
    ).stream
    answered: set[str] = set()
    async with Sink() as sink:
        sender = Sender(
            context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
        )
        for _ in range(20):
            await asyncio.to_thread(context.views.catch_up)
            due = context.views.next_due(0)
            if due is None:
                break
            context.clock.jump(max(0, due - context.clock.now()))
            await sender.tick()
            for entry in context.ledger.stream(stream):
                event = entry.event
                if (
                    isinstance(event, LetterBegun)
                    and event.letter in answers
                    and event.letter not in answered
                ):
                    answered.add(event.letter)
                    context.clock.jump(HOUR)
                    _click(context, stream, event, answers[event.letter])
        await sender.route.close()
        sender.journal.close()
    return [
        (entry.event.letter, entry.event.at)
        for entry in context.ledger.stream(stream)
        if isinstance(entry.event, LetterBegun)
    ]


def _click(context: AppContext, stream: str, begun: LetterBegun, index: int) -> None:
    link = context.installation_stream.current().plan().lists[begun.list].letter(begun.letter)
    assert link is not None
    chosen = link.links[index]
    cause = Cause("click", begun.message, index)
    where = (begun.message, begun.list, begun.run, index)
    command = Answer(context.clock.now(), cause, *where, chosen.kind, chosen.target, "human_button")
    context.command_handler.execute_one(CommandRequest(command, stream=stream))
