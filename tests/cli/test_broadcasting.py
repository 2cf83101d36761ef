"""`relance broadcast now ID`: who it goes to is said first; it leaves once, whatever its date; and
what became of it is told.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.cli.broadcast import broadcast
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.events import SendingPaused
from engine.runtime.scheduler import claim_broadcasts, fallen_due, recurrences
from engine.sequence.delay import DAY
from engine.subscriber.commands import PutIntoSegment
from engine.subscriber.events import Cause
from tests.cli.asking import DIALOGUE, FILES, join
from tests.cli.commanding import DIALOGUE as SEMIS
from tests.cli.commanding import Installation, embedded, stop
from tests.conftest import MakeContext
from tests.running import write

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
IN_2041 = 2_240_000_000_000
NEWS = """
[[broadcast]]
id = "nouvelles"
to = [11, 12]
every = "0 9 * * *"
subject = "Des nouvelles"
body = "copy.md"
"""


def now(context: AppContext, name: str = "poll", *, yes: bool = True) -> None:
    assert broadcast(context, argparse.Namespace(part="now", id=name, yes=yes)) == 0


def occurrences(context: AppContext) -> list[str]:
    return [occurrence.key for occurrence in context.installation_stream.current().calendar]


def test_it_says_to_how_many_people_and_sends_nothing_unasked(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    join(context, 2, 11)
    with pytest.raises(UserError, match="--yes"):
        now(context, yes=False)
    told = capsys.readouterr().out
    assert "Un carnet" in told and "2 personnes en tout" in told and "2040-01-01 09:00" in told
    assert occurrences(context) == []


def test_to_a_segment_it_names_it_and_counts_who_is_in_it_or_on_a_list_once(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    segment = '\n[[segment]]\nid = "salon"\nname = "Rencontrés au salon"\nstatic = true\n'
    to = NEWS.replace("to = [11, 12]", 'to = [11, "segment:salon"]') + segment
    name = next(path for path, text in FILES.items() if text == DIALOGUE)
    context = make_context({**FILES, name: DIALOGUE + to})
    people = [*join(context, 2, 11), *join(context, 2, 12)]
    put = PutIntoSegment(context.clock.now(), Cause("operator"), "salon")
    context.command_handler.execute([CommandRequest(put, stream=who) for who in people[1:3]])
    with pytest.raises(UserError, match="--yes"):
        now(context, "nouvelles", yes=False)
    told = capsys.readouterr().out
    assert "2  le segment «\u00a0Rencontrés au salon\u00a0»" in told
    assert "3 personnes en tout, chacune une fois" in told


def test_a_dated_broadcast_sent_now_does_not_leave_again_on_its_date(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    now(context)
    assert (
        occurrences(context) == ["broadcast:poll/2040-01-01"]
        and "relance" in capsys.readouterr().out
    )
    with pytest.raises(UserError, match="already"):
        now(context)
    assert fallen_due(context.installation_stream.current(), IN_2041) == []
    context.clock.jump(IN_2041 - context.clock.now())
    assert claim_broadcasts(context.installation_stream, context.clock.now()) == 0


def test_one_that_left_on_its_date_is_not_sent_again(make_context: MakeContext) -> None:
    context = make_context(FILES)
    due = next(recurrences("0 9 1 1 *", "Europe/Paris", 2_208_900_000_000))
    context.clock.jump(due - context.clock.now())
    assert claim_broadcasts(context.installation_stream, context.clock.now()) == 1
    with pytest.raises(UserError, match="already"):
        now(context)


def test_a_recurring_one_also_comes_at_its_next_moment_and_people_are_counted_once(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES | {"d.toml": DIALOGUE + NEWS})
    join(context, 2, 11)
    join(context, 1, 12)
    now(context, "nouvelles")
    assert "3 personnes en tout" in capsys.readouterr().out and len(occurrences(context)) == 1
    with pytest.raises(UserError, match="already"):
        now(context, "nouvelles")
    context.clock.jump(DAY)
    assert (
        claim_broadcasts(context.installation_stream, context.clock.now()) == 1
        and len(occurrences(context)) == 2
    )


def test_where_it_cannot_leave_that_is_said(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    at = context.clock.now()
    context.installation_stream.execute(
        lambda state: [SendingPaused(at, "operator")], Cause("operator"), at
    )
    now(context)
    assert "relance resume" in capsys.readouterr().out
    for name, meant in (("pole", "did you mean poll"), ("xyz", "there are: poll")):
        with pytest.raises(UserError, match=meant) as refused:
            now(context, name)
        assert refused.value.status == 2


def test_what_became_of_it_is_told_once_it_has_left(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    with embedded(relance):
        dated = (
            '\n[[broadcast]]\nid = "enfants"\nto = [11]\non = "2040-01-01 09:00"\nsubject = "Une'
            ' question"\nbody = "question.md"\n'
        )
        write(tmp_path, {"sequences/semis.toml": SEMIS + dated})
        relance.done("publish", "--yes")
        for name in ("anna", "bruno"):
            relance.done(
                "subscribe",
                f"{name}@lecteurs.example",
                "--list",
                "11",
                "--basis",
                "consent",
                "--source",
                "s",
            )
        with relance.running("--for", "100") as process:
            told = relance.done("broadcast", "now", "enfants", "--yes")
            stop(process)
        assert "2 people in all, each once." in told and told.endswith(
            "        2  accepted by the mail server\n"
        )
        assert "letter-sent" in relance.done("show", "anna@lecteurs.example")
