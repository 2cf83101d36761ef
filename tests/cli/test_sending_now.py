"""`relance send-now LETTER --to WHOM`: who gets it and why others do not is said first; it leaves
before its turn, once; and what became of it is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from unittest.mock import ANY

import pytest

from engine.cli import send_now as verb
from engine.cli.arguments_of_operation import send_now_arguments
from engine.cli.broadcast import broadcast
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.subscriber.commands import PutIntoSegment
from engine.subscriber.events import Cause, LetterDirected
from tests.cli.asking import DIALOGUE, FILES, join, withdraw
from tests.running_installation import Installations
from tests.sending.readers import who_got_a_letter

pytestmark = pytest.mark.postgres
LATER = """
[[list]]
id = 20
name = "saison"

  [[list.letter]]
  id = "harvest"
  after = "20 days"
  at = "09:00"
  subject = "La récolte"
  body = "copy.md"

[[segment]]
id = "salon"
name = "Rencontrés au salon"
static = true
"""


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES | {"d.toml": DIALOGUE + LATER}) as made:
        yield made


def said(
    context: AppContext,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    status: int = 0,
) -> str:
    """What the verb says, in French."""
    parser = argparse.ArgumentParser()
    send_now_arguments(parser)
    assert verb.run(context, parser.parse_args([*words, "--yes"])) == status
    return capsys.readouterr().out.replace("\u00a0", " ")


def directed(context: AppContext, stream: str) -> list[LetterDirected]:
    entries = context.ledger.after({stream: 0})[stream]
    return [entry.event for entry in entries if isinstance(entry.event, LetterDirected)]


def test_a_letter_of_a_list_leaves_before_its_turn_to_who_has_not_had_it(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    *people, gone = join(context, 3, 20)
    (elsewhere,) = join(context, 1, 12)
    withdraw(context, gone)
    told = said(context, capsys, "harvest", "--to", "saison", elsewhere, gone)
    assert "[harvest] (liste 20 saison) part maintenant vers 2 personnes" in told
    assert "2  ne sont pas sur sa liste" in told and "personne n’envoie" in told
    (fact,) = directed(context, people[0])
    assert fact == LetterDirected(ANY, "list:20", "harvest", 20, 1) and not directed(context, gone)
    assert len(who_got_a_letter(context)) == 2
    again = said(context, capsys, "saison/harvest", "--to", "20", status=1)
    assert "vers 0 personne" in again and "2  l’ont reçue" in again


def test_a_broadcast_goes_by_a_segment_or_a_name_to_whom_it_was_not_written(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    met, other, _ = join(context, 3, 12)
    put = PutIntoSegment(context.clock.now(), Cause("operator"), "salon")
    context.command_handler.execute([CommandRequest(put, stream=met)])
    told = said(context, capsys, "poll", "--to", "segment:salon", other, met)
    assert "part maintenant vers 2 personnes" in told
    assert directed(context, met)[0].segment == "salon"
    assert directed(context, other)[0].list == 12
    key = directed(context, met)[0].key
    assert key == "broadcast:poll/2040-01-01"
    assert len(who_got_a_letter(context)) == 2
    assert context.views.outcomes(key, "poll") == {"sent": 2}
    assert "2  l’ont reçue" in said(context, capsys, "poll", "--to", other, "salon", status=1)
    with pytest.raises(UserError, match="--yes"):
        broadcast(context, argparse.Namespace(part="now", id="poll", yes=False))
    told = capsys.readouterr().out.replace("\u00a0", " ")
    assert "2 l’ont déjà reçue, et ne la reçoivent pas de nouveau" in told
    with pytest.raises(UserError, match="--yes"):
        verb.run(context, argparse.Namespace(letter="poll", to=["everyone"], yes=False))
    assert "2  l’ont reçue" in capsys.readouterr().out.replace("\u00a0", " ")


def test_once_it_has_left_what_became_of_it_is_told(
    context: AppContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    join(context, 2, 20)

    def sends(*_: object) -> str:
        who_got_a_letter(context, times=1)
        return ""

    monkeypatch.setattr(verb, "nobody_sends", sends)
    monkeypatch.setattr(verb, "LOOK_SECONDS", 0)
    told = said(context, capsys, "harvest", "--to", "20")
    assert told.endswith("2  acceptées par le serveur de courrier\n")


def test_without_yes_nothing_is_written(context: AppContext) -> None:
    (who,) = join(context, 1, 20)
    with pytest.raises(UserError, match="--yes"):
        verb.run(context, argparse.Namespace(letter="harvest", to=[who], yes=False))
    assert directed(context, who) == []


@pytest.mark.parametrize(
    ("letter", "to", "why"),
    [
        ("harvested", "20", "there is no letter"),
        ("again", "nowhere", "there is no published list"),
        ("asks", "nobody@lecteurs.example", "nobody is known here"),
        ("asks", "@prospects", "no list is of the group"),
        ("confirmation", "20", "leaves when somebody asks for it"),
    ],
)
def test_what_is_no_letter_or_nobody_is_said_to_be_so(
    context: AppContext, letter: str, to: str, why: str
) -> None:
    with pytest.raises(UserError, match=why):
        verb.run(context, argparse.Namespace(letter=letter, to=[to], yes=True))
