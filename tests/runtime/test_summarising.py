"""The weekly summary goes to the operator once for each week, whichever process is killed and
whenever; what the mail server refuses is tried again.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from engine.cli import summary as verb
from engine.cli.arguments_of_operation import summary_arguments
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.desk import TRIED_AGAIN
from engine.installation.events import SendingPaused
from engine.runtime import summarising
from engine.runtime.summarising import DOUBT, NAME, TROUBLE, summarise_when_due
from engine.sending.relay_settings import RelaySettings
from engine.sequence.delay import DAY
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.settings import parse_weekly
from engine.subscriber.events import Cause
from tests.cli.asking import FILES, join, send
from tests.running_installation import Installations
from tests.sink import Accepted, Sink

pytestmark = pytest.mark.postgres
TO = "lucie@potager.example"
OPERATOR = f'\n[operator]\naddress = "{TO}"\nsummary = "monday 08:00"\n'
WEEK = 7 * DAY


@pytest.fixture(scope="module")
def installation(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES, OPERATOR) as made:
        join(made, 3)
        made.views.catch_up()
        send(made, join(made, 2))
        made.views.catch_up()
        yield made


@pytest.fixture
def context(installation: AppContext, later: Callable[[int], None]) -> AppContext:
    """A week whose summary is due, and nothing is known of."""
    rounds(installation)
    later(2 * TRIED_AGAIN)
    rounds(installation)
    for trouble in (TROUBLE, DOUBT):
        installation.processes.relieve(trouble)
    installation.clock.jump(WEEK)
    return installation


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The wall clock, put forward by so many ms."""
    ahead = [0]
    monkeypatch.setattr(summarising, "wall_now", lambda: wall_now() + ahead[0])

    def move(by: int) -> None:
        ahead[0] += by

    return move


def rounds(context: AppContext, times: int = 1, sink: Sink | None = None) -> Sequence[Accepted]:
    """What the mail server has after so many rounds."""

    async def story() -> Sequence[Accepted]:
        async with sink or Sink() as found:
            settings = RelaySettings("127.0.0.1", found.port, "none", connections=1)
            for _ in range(times):
                await summarise_when_due(context, settings)
            return list(found.messages)

    return asyncio.run(story())


def found(context: AppContext) -> set[str]:
    codes = {finding.code for finding in findings(gather(context))}
    return codes & {"summary", "summary-doubt"}


def test_it_begins_with_the_week_after_it_was_asked_for(installation: AppContext) -> None:
    with installation.database.connection() as connection:
        connection.execute("DELETE FROM desk.mark WHERE name = %s", [NAME])
    assert rounds(installation, 2) == []
    installation.clock.jump(WEEK)
    assert len(rounds(installation, 3)) == 1


def test_it_goes_to_the_operator_once_and_names_nobody(context: AppContext) -> None:
    head = context.ledger.head()
    (mail,) = rounds(context, 3)
    assert mail.recipients == (TO,) and context.ledger.head() == head
    read = email.message_from_bytes(mail.body, policy=email.policy.default)
    text = read.get_content()
    assert "Semaine du" in read["Subject"] and read["Auto-Submitted"] == "auto-generated"
    assert "Ce qui est bloqué" in text and "lecteurs.example" not in text
    context.clock.jump(2 * WEEK)
    assert len(rounds(context, 3)) == 1


def test_on_another_day_the_same_week_is_not_sent_again(context: AppContext) -> None:
    thursday = 3
    context.clock.jump((6 - (context.clock.now() // DAY + thursday) % 7) * DAY)
    assert len(rounds(context)) == 1
    summary = parse_weekly("wednesday 09:00")
    operator = replace(context.config.operator, summary=summary)
    moved = replace(context, config=replace(context.config, operator=operator))
    assert rounds(moved) == []
    context.clock.jump(WEEK)
    assert len(rounds(moved)) == 1


def test_a_pause_for_readers_does_not_hold_it(context: AppContext) -> None:
    now = context.clock.now()
    stream = context.installation_stream
    stream.execute(lambda _: [SendingPaused(now, "blocked")], Cause("operator"), now)
    assert len(rounds(context)) == 1


def test_of_two_processes_one_sends_it(context: AppContext) -> None:
    async def story() -> int:
        async with Sink(pause=0.05) as sink:
            settings = RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            await asyncio.gather(*(summarise_when_due(context, settings) for _ in range(4)))
            return len(sink.messages)

    assert asyncio.run(story()) == 1


class Killed(BaseException):
    """The process ends here."""


def killed() -> None:
    raise Killed


def test_killed_before_it_is_begun_another_process_sends_it(
    context: AppContext, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(summarising, "hand_over", lambda *_: killed())
        with pytest.raises(Killed):
            rounds(context)
    assert rounds(context) == []
    later(TRIED_AGAIN)
    assert len(rounds(context, 2)) == 1 and found(context) == set()


def test_killed_once_the_mail_server_has_it_it_is_not_sent_again(
    context: AppContext, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink()
    with monkeypatch.context() as patch:
        patch.setattr(summarising, "settle", lambda *_: killed())
        with pytest.raises(Killed):
            rounds(context, sink=sink)
    assert len(sink.messages) == 1
    later(TRIED_AGAIN)
    assert rounds(context, 3) == [] and found(context) == {"summary-doubt"}
    context.clock.jump(WEEK)
    assert len(rounds(context, 2)) == 1 and found(context) == set()


def test_without_an_answer_to_the_dot_it_is_in_doubt(
    context: AppContext, later: Callable[[int], None]
) -> None:
    sink = Sink()
    sink.cut("dot")
    rounds(context, sink=sink)
    later(TRIED_AGAIN)
    assert rounds(context, 2) == [] and found(context) == {"summary-doubt"}


def test_refused_it_is_tried_again_after_half_an_hour(
    context: AppContext, later: Callable[[int], None]
) -> None:
    sink = Sink()
    sink.answer("rcpt", "451 4.3.0 later")
    assert rounds(context, 2, sink) == [] and found(context) == {"summary"}
    assert rounds(context) == []
    later(TRIED_AGAIN)
    first = rounds(context, 2)
    assert len(first) == 1 and found(context) == set()


def test_the_verb_prints_it_and_sends_it_where_it_is_in_doubt(
    context: AppContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(verb, "send_one", lambda _config, envelope: sent.append(envelope))
    context.processes.complain(DOUBT, "x")
    parser = argparse.ArgumentParser()
    summary_arguments(parser)
    assert verb.run(context, parser.parse_args(["--send"])) == 0
    printed = capsys.readouterr().out
    assert "Semaine du" in printed and TO in printed
    assert [envelope.recipient for envelope in sent] == [TO]
    assert found(context) == set() and rounds(context) == []
