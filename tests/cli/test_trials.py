"""A clock that is sped up makes a trial: never while letters reach people, over registered people
only when said, thrown away only when whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.database import refuse_what_is_no_trial
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.runtime.startup import make_ready
from engine.status.findings import findings
from engine.status.gather import gather
from tests.cli.asking import FILES, join
from tests.cli.commanding import SOURCE, Installation, embedded, stop
from tests.running import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
MakeContext = Callable[..., AppContext]
WEEK = 7 * 86_400_000


def relayed(context: AppContext, *, sink: bool) -> AppContext:
    smtp = replace(context.config.smtp, host="relay.potager.fr", sink=sink)
    return replace(context, config=replace(context.config, smtp=smtp))


def refused(context: AppContext) -> str:
    with pytest.raises(UserError) as error:
        refuse_what_is_no_trial(context)
    return str(error.value)


def test_where_nobody_is_registered_speed_makes_a_trial_that_stays_one(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    assert context.clock.trial is None and "no trial" in refused(context)
    make_ready(context, 1000)
    join(context, 2)
    make_ready(context, 1)
    assert (
        context.clock.rate == 1
        and context.clock.trial is not None
        and not context.clock.trial.over_people
    )
    make_ready(context, 2000)
    refuse_what_is_no_trial(context)
    state = gather(context).clock
    assert (state.trial, state.rate) == ("whole", 2000)
    assert [found.code for found in findings(gather(context)) if found.code == "trial"] == ["trial"]


def test_over_people_registered_at_real_time_it_must_be_said_and_is_not_thrown_away(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    join(context, 1)
    with pytest.raises(UserError, match="--trial"):
        make_ready(context, 1000)
    assert context.clock.rate == 1 and context.clock.trial is None
    make_ready(context, 1000, trial=True)
    assert context.clock.rate == 1000 and "people were registered" in refused(context)
    assert gather(context).clock.trial == "over people"


@pytest.mark.parametrize("speed", [1000, 0])
def test_the_clock_is_never_sped_up_where_letters_reach_people(
    make_context: MakeContext, speed: int
) -> None:
    context = make_context(FILES)
    if not speed:
        make_ready(context, 1000)
    with pytest.raises(UserError, match=r"relay\.potager\.fr"):
        make_ready(relayed(context, sink=False), speed, trial=True)
    make_ready(relayed(context, sink=True), speed)
    make_ready(relayed(context, sink=False), 1)
    assert context.clock.rate == 1


def test_a_trial_whose_letters_went_to_people_is_not_thrown_away(make_context: MakeContext) -> None:
    context = make_context(FILES)
    make_ready(context, 1000)
    live = relayed(context, sink=False)
    refuse_what_is_no_trial(live)
    context.desk.set_mark("armed:relay.potager.fr", 1, 0)
    assert "letters have gone" in refused(live)
    assert relayed(context, sink=True).config.smtp.armed_mark != live.config.smtp.armed_mark


def test_a_reset_leaves_nothing_that_was_lived_and_real_time(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    with embedded(relance):
        with relance.running("--speed", "100000", "--for", "60") as process:
            relance.done("subscribe", "anna@lecteurs.example", "--list", "10", *SOURCE)
            wait_for(lambda: "letter-sent" in relance.done("show", "anna@lecteurs.example"))
            busy = relance("trial", "reset", "--yes")
            assert busy.status == 1 and "stop it first" in busy.err
            shown = stop(process)
        assert "100,000 times faster" in shown.out and "It is " in shown.out
        assert (tmp_path / "data" / "mailbox").exists()
        asked = relance("trial", "reset")
        assert asked.status == 1 and "--yes" in asked.err
        secrets = {
            path.name: path.read_bytes() for path in (tmp_path / "data" / "secrets").iterdir()
        }
        status = json.loads(relance("status", "--json").out)
        assert status["clock"]["trial"] == "whole" and status["clock"]["ahead"] > 86_400
        relance.done("trial", "reset", "--yes")
        left = {path.name for path in (tmp_path / "data").iterdir()}
        assert not left & {"mailbox", "marks", "proof", "ledger-position.json", "stop.journal"}
        assert {
            path.name: path.read_bytes() for path in (tmp_path / "data" / "secrets").iterdir()
        } == secrets
        assert relance("show", "anna@lecteurs.example").status == 1
        with relance.running("--for", "60") as process:
            status = json.loads(relance("status", "--json").out)
            assert (
                status["well"]
                and status["clock"]["trial"] == ""
                and abs(status["clock"]["ahead"]) < 1
                and status["paused"] == {}
            )
            stop(process)
        again = relance("trial", "reset", "--yes")
        assert again.status == 1 and "no trial" in again.err
