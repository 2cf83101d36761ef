"""A dialogue that asks one question, in TOML, and people who live through it in a real house:
joined, written to, answering.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from engine.commands.command_handler import Wish
from engine.context import House
from engine.subscriber.commands import Answer, Perform, RecordOutcome, Subscribe, UndoMove, Withdraw
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.outcome import Done
from engine.vault.vault import Keep

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


def join(house: House, count: int, number: int = 10) -> list[str]:
    """People of their own, on a list: their streams."""
    now = house.clock.now()
    command = Subscribe(now, Cause("form"), number, "consent", "single", own_act=True)
    addresses = [f"{secrets.token_hex(6)}@lecteurs.example" for _ in range(count)]
    return [
        result.stream
        for result in house.decisions.carry_out(
            [Wish(command, address=a, keep=Keep("", now)) for a in addresses]
        )
    ]


def send(house: House, streams: Sequence[str], key: str = "list:10") -> dict[str, LetterBegun]:
    """Begin and send what is due under `key`; the letter each person got."""
    now = house.clock.now()
    wishes = [
        Wish(Perform(now, ENGINE, key, secrets.token_hex(16)), stream=stream) for stream in streams
    ]
    begun: dict[str, LetterBegun] = {}
    for result in house.decisions.carry_out(wishes):
        assert isinstance(result.outcome, Done), result
        (event,) = result.outcome.events
        assert isinstance(event, LetterBegun), event
        begun[result.stream] = event
    house.decisions.carry_out(
        [
            Wish(RecordOutcome(now, ENGINE, letter.message, "sent"), stream=stream)
            for stream, letter in begun.items()
        ]
    )
    return begun


def answer(
    house: House,
    stream: str,
    begun: LetterBegun,
    link: int,
    target: int,
    kind: str = "move",
    act: str = "human_button",
) -> None:
    house.clock.jump(60_000)
    command = Answer(
        house.clock.now(),
        Cause("click", begun.message, link),
        begun.message,
        begun.list,
        begun.run,
        link,
        kind,
        target,
        act,
    )
    assert isinstance(house.decisions.one(Wish(command, stream=stream)).outcome, Done)


def undo(house: House, stream: str, begun: LetterBegun) -> None:
    command = UndoMove(house.clock.now(), Cause("click", begun.message), begun.message)
    assert isinstance(house.decisions.one(Wish(command, stream=stream)).outcome, Done)


def withdraw(house: House, stream: str) -> None:
    house.decisions.one(
        Wish(Withdraw(house.clock.now(), Cause("click"), "conseils"), stream=stream)
    )
