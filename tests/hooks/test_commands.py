"""`relance hook` as its operator types it, and what `status`, `check` and /metrics say."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.cli import hook as command
from engine.cli.check import check
from engine.cli.parser import parser
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.hooks import HookState, Off, Retry
from engine.hooks.report import ANSWERS, STANDINGS, answer_in_words
from engine.hooks.schedule import DAY, HOUR
from engine.i18n.user_error import UserError
from engine.ledger.codec import iso
from engine.status.facts import Facts, HookFacts
from engine.status.finding_words import FindingWords
from engine.status.findings import findings
from engine.status.gather import gather
from engine.status.metrics import exposition
from engine.words import words
from tests.cli.asking import FILES, join
from tests.hooks.receiver import WHSEC, Receiver
from tests.running import InThread
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
HOOKS = """
[[hook]]
name = "crm"
url = "http://127.0.0.1:{port}/relance?token=s3cret"
events = ["list-joined", "list-left"]
secret_file = "secret"
allow_private = true

[[hook]]
name = "other"
url = "https://other.example/relance"
events = ["*"]
secret_file = "nowhere"
"""
Run = Callable[..., str]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    with InThread(found.serving()):
        yield found


@pytest.fixture(scope="module")
def context(installations: Installations, receiver: Receiver) -> Iterator[AppContext]:
    with installations.made(FILES, HOOKS.format(port=receiver.port)) as found:
        (found.config.folder / "secret").write_text(WHSEC)
        join(found, 5)
        yield found


@pytest.fixture
def typed(context: AppContext, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str, status: int = 0) -> str:
        arguments = parser().parse_args(["hook", *words])
        assert command.run(context, arguments) == status
        return capsys.readouterr().out

    return run


def state(context: AppContext, name: str = "crm") -> HookState:
    found = context.hook_desk.state(name)
    assert found is not None
    return found


def stands(context: AppContext, **changed: object) -> None:
    """The hook "crm" as it may have come to stand."""
    context.hook_desk.begin(["crm"], context.ledger.head(), wall_now())
    fresh = HookState(name="crm", position=context.ledger.head(), turn=state(context).turn)
    assert context.hook_desk.record(replace(fresh, **changed))  # type: ignore[arg-type]


def test_each_is_listed_without_what_is_secret_in_its_address(
    context: AppContext, typed: Run, receiver: Receiver
) -> None:
    stands(context, delivered=1234, answer="500", answered_at=wall_now())
    out = typed("list")
    assert f"crm  127.0.0.1:{receiver.port}  list-joined, list-left" in out
    assert "s3cret" not in out
    assert "1\u202f234" in out or "1\u00a0234" in out
    assert "il a répondu 500" in out
    assert "nowhere" in out
    crm, other = json.loads(typed("list", "--json"))
    assert (crm["standing"], crm["position"], crm["taken"]) == ("well", context.ledger.head(), 1234)
    assert (other["standing"], other["secret_usable"]) == ("new", False)


@pytest.mark.parametrize(("reply", "status"), [("200 OK", 0), ("302 Found", 1)])
def test_one_is_tried_with_a_message_that_tells_of_nothing(
    typed: Run, receiver: Receiver, reply: str, status: int
) -> None:
    receiver.reply = lambda told: reply
    out = typed("test", "crm", status=status)
    assert reply[:3] in out
    assert receiver.told[-1].type == "test"
    assert receiver.told[-1].id in out
    assert "s3cret" not in out


def test_a_secret_that_cannot_be_used_is_said_before_anything_is_sent(
    context: AppContext, typed: Run
) -> None:
    with pytest.raises(UserError, match="nowhere"):
        typed("test", "other")


def test_it_is_told_anew_from_a_position_or_a_date(context: AppContext, typed: Run) -> None:
    stands(context)
    typed("replay", "crm", "--from", "3")
    assert state(context).position == 2
    typed("replay", "crm", "--since", "2001-01-01")
    assert state(context).position == 0
    head = context.ledger.head()
    recorded = context.ledger.recorded([head])[head]
    typed("replay", "crm", "--since", iso(recorded + 60_000))
    assert state(context).position == head


@pytest.mark.parametrize("position", ["0", "-4", "100000"])
def test_a_position_that_is_not_there_is_refused(typed: Run, position: str) -> None:
    with pytest.raises(UserError):
        typed("replay", "crm", f"--from={position}")


def test_a_name_that_is_not_there_is_refused_with_what_was_meant(typed: Run) -> None:
    with pytest.raises(UserError, match="crm"):
        typed("enable", "crn")


def test_one_is_switched_off_and_on_and_keeps_its_place(context: AppContext, typed: Run) -> None:
    stands(context, position=4, failing=(1, 2, 3, 4, 5), failing_since=1, probes=7, next_try=9)
    typed("disable", "crm")
    assert (state(context).off, state(context).position) == ("operator", 4)
    typed("enable", "crm")
    after = state(context)
    assert (after.off, after.position, after.failing, after.next_try) == ("", 4, (), 0)


def told(facts: Facts, context: AppContext) -> dict[str, str]:
    """What is said of hooks, by the finding's code."""
    plan = context.installation_stream.current().plan()
    spoken = FindingWords(plan, "en")
    return {
        finding.code: f"{finding.level}: {spoken.what(finding)}; {spoken.remedy(finding)}"
        for finding in findings(facts)
        if finding.code.startswith("hook")
    }


@pytest.mark.parametrize(
    ("off", "level"), [("operator", "notice"), ("gone", "stuck"), ("dead", "stuck")]
)
def test_status_says_what_is_switched_off(context: AppContext, off: Off, level: str) -> None:
    stands(context, off=off, off_at=wall_now() - 2 * DAY, answer="no-such-host", answered_at=1)
    said = told(gather(context), context)
    assert said["hook-off"].startswith(f"{level}: for 2 days the hook “crm” is switched off")
    assert "relance hook enable crm" in said["hook-off"]
    assert "nowhere" in said["hook-secret"]


def test_status_and_metrics_say_what_fails_and_what_was_given_up(context: AppContext) -> None:
    stands(context, failing=(1, 2, 3, 4, 5), failing_since=wall_now() - 60_000, failures=5)
    assert told(gather(context), context)["hook-failing"].startswith("notice")
    stands(context, failing=(1, 2, 3, 4, 5), failing_since=wall_now() - 3 * HOUR, failures=12)
    context.hook_desk.record(
        replace(state(context), answer="timed-out", answered_at=1),
        put=[Retry(2, 10, None, wall_now(), "500"), Retry(5, 1, 1, 1, "500")],
    )
    facts = gather(context)
    said = told(facts, context)
    assert said["hook-failing"].startswith("stuck")
    assert (
        "for 3 h the hook “crm” has taken nothing: it did not answer in time"
        in said["hook-failing"]
    )
    assert "relance hook replay crm --from 2" in said["hook-given-up"]
    families = {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(exposition(facts).decode())
    }
    assert families["relance_hook_messages"][("crm", "failed")] == 12
    assert families["relance_hook_waiting"] == {("crm",): 1, ("other",): 0}
    assert families["relance_hook_given_up"][("crm",)] == 1
    assert families["relance_hook_stopped"] == {("crm",): 1, ("other",): 0}


def test_check_warns_of_a_missing_secret_and_of_a_private_network(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    check(context.config, argparse.Namespace(json=True))
    warnings = json.loads(capsys.readouterr().out)
    text = (context.config.folder / "config.toml").read_text().splitlines()
    lines = [text[warning["line"] - 1] for warning in warnings if warning["file"] == "config.toml"]
    assert "allow_private = true" in lines
    assert 'secret_file = "nowhere"' in lines


def test_each_standing_and_answer_has_its_words() -> None:
    assert all(STANDINGS.values())
    for answer in (*ANSWERS, "204"):
        assert answer_in_words(answer)
    assert HookFacts(name="crm", standing="well", answer=words("x")).since == 0
