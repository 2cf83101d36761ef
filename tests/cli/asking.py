"""A dialogue that asks one question, in TOML, and people who live through it in a real
installation: joined, written to, answering.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.subscriber.commands import Answer, Perform, RecordOutcome, Subscribe, UndoMove, Withdraw
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.outcome import Done
from engine.subscriber.terms import AnswerKind
from engine.vault.vault import VaultWrite

ENGINE = Cause("engine")
DIALOGUE = """
title = "Essai"
purpose = "conseils"

[[list]]
id = 10
name = "question"

  [[list.letter]]
  id = "asks"
  after = "0 minutes"
  subject = "Une question"
  body = "asks.md"

  [[list.letter]]
  id = "again"
  reminds = "asks"
  wait = "2 days"
  subject = "Encore"
  body = "again.md"

[[list]]
id = 11
name = "oui"

[[list]]
id = 12
name = "non"

[[broadcast]]
id = "poll"
to = [11]
on = "2040-01-01 09:00"
subject = "Un carnet ?"
body = "copy.md"
"""
WORDS = {
    "asks.md": "Alors ?\n\n[Oui](===11===) [Non](===12===)\n",
    "again.md": "Toujours rien ?\n\n[Non merci](===12===) [Oui, volontiers](===11===)\n",
    "copy.md": "Que voulez-vous ?\n\n[Le carnet](+++10+++) [Les nouvelles](+++12+++)\n",
}
FILES = {"d.toml": DIALOGUE} | WORDS


def join(context: AppContext, count: int, number: int = 10) -> list[str]:
    """People of their own, on a list: their streams."""
    now = context.clock.now()
    command = Subscribe(now, Cause("form"), number, "consent", "single", own_act=True)
    addresses = [f"{secrets.token_hex(6)}@lecteurs.example" for _ in range(count)]
    return [
        result.stream
        for result in context.command_handler.execute(
            [CommandRequest(command, address=a, vault_write=VaultWrite("", now)) for a in addresses]
        )
    ]


def send(
    context: AppContext, streams: Sequence[str], key: str = "list:10"
) -> dict[str, LetterBegun]:
    """Begin and send what is due under `key`; the letter each person got."""
    now = context.clock.now()
    requests = [
        CommandRequest(Perform(now, ENGINE, key, secrets.token_hex(16)), stream=stream)
        for stream in streams
    ]
    begun: dict[str, LetterBegun] = {}
    for result in context.command_handler.execute(requests):
        assert isinstance(result.outcome, Done), result
        (event,) = result.outcome.events
        assert isinstance(event, LetterBegun), event
        begun[result.stream] = event
    context.command_handler.execute(
        [
            CommandRequest(RecordOutcome(now, ENGINE, letter.message, "sent"), stream=stream)
            for stream, letter in begun.items()
        ]
    )
    return begun


def answer(
    context: AppContext,
    stream: str,
    begun: LetterBegun,
    link: int,
    target: int,
    kind: AnswerKind = "move",
    act: str = "human_button",
    label: str = "",
    question: str = "",
) -> None:
    context.clock.jump(60_000)
    command = Answer(
        context.clock.now(),
        Cause("click", begun.message, link),
        begun.message,
        begun.list,
        begun.run,
        link,
        kind,
        target,
        act,
        label=label,
        question=question,
    )
    assert isinstance(
        context.command_handler.execute_one(CommandRequest(command, stream=stream)).outcome, Done
    )


def undo(context: AppContext, stream: str, begun: LetterBegun) -> None:
    command = UndoMove(context.clock.now(), Cause("click", begun.message), begun.message)
    assert isinstance(
        context.command_handler.execute_one(CommandRequest(command, stream=stream)).outcome, Done
    )


def withdraw(context: AppContext, stream: str) -> None:
    context.command_handler.execute_one(
        CommandRequest(Withdraw(context.clock.now(), Cause("click"), "conseils"), stream=stream)
    )
