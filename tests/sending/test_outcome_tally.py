"""What became of a batch is one line of the log: how many, by which answer, and nobody."""

from __future__ import annotations

import logging

import pytest

from engine.commands.command_handler import Result
from engine.sending.outcome_tally import OutcomeTally, log_done
from engine.subscriber import events as e
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Fact, NothingToDo, Unchanged
from tests.examples import NOON

MESSAGE = "5b1f0c9d2e7a4863b0d15c2f9e7a4b31"
ANNA = "3f0c2a52-7d0b-4a0e-9c55-2f9f1c3e8a71"


def result(*events: e.PersonEvent) -> Result:
    return Result(Done(tuple(Fact(event, Cause("relay")) for event in events)), ANNA)


def line(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    (record,) = caplog.records
    usual = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}
    return {name: value for name, value in vars(record).items() if name not in usual}


def test_outcomes_are_counted_by_what_the_server_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "relance.send")
    tally = OutcomeTally(begun=7)
    tally.add([result(e.LetterSent(NOON, MESSAGE, 250)), result(e.LetterSent(NOON, MESSAGE, 250))])
    tally.add(
        [
            result(e.LetterDeferred(NOON, MESSAGE, NOON + 1, 451, "4.7.1")),
            result(e.LetterDeferred(NOON, MESSAGE, NOON + 1)),
            result(
                e.LetterFailed(NOON, MESSAGE, 550, "5.1.1"), e.MailBounced(NOON, "hard", MESSAGE)
            ),
            result(e.LetterWithheld(NOON, "list:1", "welcome", "too late")),
            result(e.LetterInDoubt(NOON, MESSAGE)),
            Result(NothingToDo(Unchanged.CONFLICT), conflict=True),
        ]
    )
    tally.log()
    assert line(caplog) == {
        "begun": 7,
        "sent": 2,
        "deferred": {"451 4.7.1": 1, "no answer": 1},
        "failed": {"550 5.1.1": 1},
        "withheld": {"too late": 1},
        "in_doubt": 1,
    }
    assert caplog.records[0].getMessage() == "tick"
    assert ANNA not in str(vars(caplog.records[0])) and MESSAGE not in str(vars(caplog.records[0]))


def test_what_was_told_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relance.send")
    tally = OutcomeTally(begun=1)
    tally.add([result(e.LetterSent(NOON, MESSAGE))])
    tally.log()
    caplog.clear()
    tally.log()
    assert line(caplog) == {"begun": 1}


def test_what_a_tick_did_besides_letters_is_counted_by_the_names_of_facts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "relance.send")
    expired, left = e.ConsentExpired(NOON, "conseils", "r"), e.ListLeft(NOON, 1, 1, "ended")
    log_done([result(left), result(expired), result(left)])
    assert line(caplog) == {"facts": {"list-left": 2, "consent-expired": 1}}
