"""The silent are asked by letters, some of them a night, and the numbers are told before."""

from __future__ import annotations

import argparse
import json

import pytest

from engine.authoring.plan_words import tell
from engine.authoring.publication import plan_publication
from engine.cli.clean import clean
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.privacy.paper_markdown import speech_in
from engine.privacy.processing_register import InForce, register
from engine.privacy.reactivation import FAMILY_OF, shown
from engine.privacy.retention import apply_if_night
from engine.sequence.delay import DAY
from engine.status.gather import gather
from engine.status.state_words import StateWords
from engine.subscriber import commands as c
from engine.subscriber.events import Cause, PurposeStopped
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES, send
from tests.conftest import MakeContext

TABLE = """
[[list]]
id = 90
name = "encore-la"
purpose = "conseils"

  [[list.letter]]
  id = "still"
  after = "0 minutes"
  subject = "Toujours là ?"
  body = "asks.md"

  [[list.letter]]
  id = "last"
  reminds = "still"
  wait = "14 days"
  subject = "Toujours là ?"
  body = "asks.md"

[[reactivation]]
list = 90
silent_for = "12 months"
received = 1
then = "stop"
"""
ENGINE = Cause("engine")


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context({**FILES, "silent.toml": TABLE}, extra="[retention]\nnightly_cap = 12\n")


def silent_readers(context: AppContext, count: int, provider: str) -> list[str]:
    """Who joined list 10, got a letter half a year later, and did nothing since."""
    now = context.clock.now()
    join = c.Subscribe(now, Cause("form"), 10, "consent", "single", own_act=True)
    requests = [
        CommandRequest(join, address=f"l{n}@{provider}", vault_write=VaultWrite("", now))
        for n in range(count)
    ]
    return [result.stream for result in context.command_handler.execute(requests)]


def on_list_90(context: AppContext, streams: list[str]) -> list[str]:
    people = context.command_handler.load(streams)
    return [stream for stream in streams if 90 in people[stream].memberships]


def night(context: AppContext) -> None:
    context.views.catch_up()
    assert apply_if_night(context)
    context.views.catch_up()


def told(context: AppContext, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert clean(context, argparse.Namespace(plan=True, json=True)) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert isinstance(only, dict)
    return only


@pytest.mark.postgres
def test_a_few_of_the_silent_are_asked_a_night_and_the_numbers_are_told_before(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    streams = silent_readers(context, 12, "gmail.com") + silent_readers(context, 3, "rare.example")
    context.clock.jump(6 * DAY)
    send(context, streams)
    context.clock.jump(300 * DAY)
    night(context)
    assert on_list_90(context, streams) == []
    assert told(context, capsys)["to_be_asked"] == 0
    context.clock.jump(62 * DAY)
    plan = told(context, capsys)
    assert (plan["to_be_asked"], plan["nights"], plan["nightly_cap"]) == (15, 2, 12)
    assert plan["by_provider"] == {"Gmail": 12}, "three people are not shown"
    assert plan["by_list"] == {"question": 15} and plan["by_source"] == {"": 15}
    assert on_list_90(context, streams) == [], "a plan changes nothing"
    clean(context, argparse.Namespace(plan=True, json=False))
    said = capsys.readouterr().out
    assert "au plus 12 par nuit" in said
    assert said.startswith("«\u00a0La lettre du potager\u00a0», par la liste 90 encore-la\n")
    night(context)
    assert len(on_list_90(context, streams)) == 12, "never everybody on one day"
    assert not apply_if_night(context)
    context.clock.jump(DAY)
    night(context)
    assert len(on_list_90(context, streams)) == 15
    plan = told(context, capsys)
    assert (plan["to_be_asked"], plan["asked"], plan["stopped"]) == (0, 15, 0)
    stopped = live_to_the_stop(context, streams[0])
    assert [type(event) for event in stopped][:1] == [PurposeStopped]
    context.views.catch_up()
    plan = told(context, capsys)
    assert (plan["to_be_asked"], plan["asked"], plan["stopped"]) == (0, 14, 1)
    assert gather(context).stopped == context.views.stopped() == {"conseils": 1}
    assert context.views.compare(lambda done, total: None) == []
    published = context.installation_stream.current().plan()
    shown = dict(StateWords(context.config.site, published, "en").subjects(gather(context)))
    assert shown["cleaning"][0].startswith("1 person is not written to about “")
    context.clock.jump(DAY)
    night(context)
    assert on_list_90(context, streams[:1]) == [], "who was stopped is not asked again"
    for command, stopped_still in (
        (c.Withdraw(context.clock.now(), Cause("form"), "autres", act="human_button"), 1),
        (c.RecordOrder(context.clock.now(), Cause("api"), "a1", 4900, "EUR"), 0),
    ):
        context.command_handler.execute_one(CommandRequest(command, stream=streams[0]))
        context.views.catch_up()
        assert sum(context.views.stopped().values()) == stopped_still
        assert len(context.command_handler.load(streams[:1])[streams[0]].stopped) == stopped_still


def live_to_the_stop(context: AppContext, stream: str) -> tuple[object, ...]:
    send(context, [stream], "list:90")
    context.clock.jump(14 * DAY)
    send(context, [stream], "list:90")
    context.clock.jump(14 * DAY + 1)
    end = c.Perform(context.clock.now(), ENGINE, "list:90", "0" * 32)
    outcome = context.command_handler.execute_one(CommandRequest(end, stream=stream)).outcome
    return getattr(outcome, "events", ())


@pytest.mark.postgres
def test_the_register_says_how_long_who_is_silent_is_written_to(context: AppContext) -> None:
    at = context.clock.now()
    installation = context.installation_stream.current()
    then = InForce(at, at, "1", installation)
    text = register(then, speech_in("en", "UTC"))
    told = next(line for line in text.splitlines() if "people who do not react" in line)
    assert "1 year after they were last heard of they are asked by letters" in told


@pytest.mark.postgres
def test_the_numbers_are_told_before_it_is_published(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    streams = silent_readers(context, 10, "orange.fr")
    context.clock.jump(6 * DAY)
    send(context, streams)
    context.clock.jump(362 * DAY)
    (context.config.sequences / "silent.toml").write_text(TABLE, encoding="utf-8")
    plan = told(context, capsys)
    assert (plan["to_be_asked"], plan["published"]) == (10, False)
    proposal = plan_publication(context)
    assert any("asks who has been silent for" in line for line in tell(proposal, "en"))
    night(context)
    assert on_list_90(context, streams) == []


def test_cells_of_fewer_than_ten_are_not_shown_nor_what_would_tell_of_them() -> None:
    assert shown({"a": 10, "b": 9, "c": 30}) == ({"c": 30, "a": 10}, 0)
    assert shown({"a": 10, "b": 9, "c": 3}) == ({"a": 10}, 12)


def test_domains_of_one_provider_are_one_family() -> None:
    assert FAMILY_OF["wanadoo.fr"] == FAMILY_OF["orange.fr"] == "Orange"
