"""`watch`: how a dialogue's questions are answered, counted by people, in an installation with
PostgreSQL; the rebuilt view says the same.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Callable, Iterator

import pytest

from engine.cli.watch import run
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk.desk import PageOpening
from engine.i18n.user_error import UserError
from engine.installation.events import BroadcastFellDue
from engine.sequence.delay import DAY
from engine.status.questions import MailingOutcomes, Question, questions
from engine.subscriber.commands import Perform, RecordOutcome
from engine.subscriber.events import Cause, LetterBegun, LetterWithheld
from engine.subscriber.outcome import Done
from engine.subscriber.terms import LetterVerdict
from tests.cli.asking import ENGINE, FILES, answer, join, send, undo, withdraw
from tests.running_installation import Installations


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Twelve people were asked: see test_each_person_is_counted_where_they_are."""
    with installations.made(FILES) as made:
        people = join(made, 12)
        asked = send(made, people)
        answer(made, people[0], asked[people[0]], 0, 11)
        answer(made, people[1], asked[people[1]], 0, 11, act="auto_submit")
        answer(made, people[2], asked[people[2]], 1, 12)
        answer(made, people[3], asked[people[3]], 0, 11)
        answer(made, people[3], asked[people[3]], 1, 12)
        answer(made, people[4], asked[people[4]], 0, 11)
        undo(made, people[4], asked[people[4]])
        withdraw(made, people[5])
        made.clock.jump(2 * DAY)
        reminded = send(made, people[6:10])
        answer(made, people[6], reminded[people[6]], 1, 11)
        answer(made, people[7], asked[people[7]], 1, 12)
        answer(made, people[7], reminded[people[7]], 1, 11)
        _open_without_pressing(made, reminded[people[8]].message)
        _open_without_pressing(made, asked[people[2]].message)
        made.views.catch_up()
        yield made


def _open_without_pressing(context: AppContext, message: str) -> None:
    context.desk.note_shown([PageOpening((message, 0), asked=True)])
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '1 hour'")


def asked(context: AppContext, letter: str = "asks") -> Question:
    plan = context.installation_stream.current().plan()
    (found,) = [
        question for question in questions(context, plan, "d.toml") if question.letter == letter
    ]
    return found


def test_each_person_is_counted_where_they_are(context: AppContext) -> None:
    found = asked(context)
    assert (found.asked, found.reminded) == (12, 4)
    yes, no = found.answers
    # 0, 1, 6, and 7 who changed their mind; of whom 1 by the page itself. Then 2, and 3 who changed
    # theirs.
    assert (yes.label, yes.target, yes.people, yes.automatic) == ("Oui", 11, 4, 1)
    assert (no.label, no.target, no.people, no.automatic) == ("Non", 12, 2, 0)
    # 4 took it back, 10 and 11 have not been reminded yet, 8 and 9 were a moment ago; 5 withdrew.
    assert (found.waiting, found.silent) == (5, 1)
    assert found.asked == yes.people + no.people + found.waiting + found.silent
    assert found.lost == 1


def test_who_was_reminded_in_vain_is_silent_once_the_reminder_s_wait_is_over_again(
    context: AppContext,
) -> None:
    context.clock.jump(2 * DAY)
    try:
        later = asked(context)
    finally:
        context.clock.jump(-2 * DAY)
    assert (later.waiting, later.silent) == (3, 3)


def test_a_reminder_that_is_long_overdue_is_waited_for_no_more(context: AppContext) -> None:
    before = asked(context)
    context.clock.jump(30 * DAY)
    try:
        after = asked(context)
    finally:
        context.clock.jump(-30 * DAY)
    assert (after.waiting, after.silent) == (0, before.waiting + before.silent)


def test_the_rebuilt_views_say_the_same(context: AppContext) -> None:
    before = asked(context)
    context.views.rebuild(["letters", "members"], lambda done, total: None)
    assert asked(context) == before
    assert context.views.compare(lambda done, total: None) == []


def test_answers_that_do_not_exclude_each_other_are_each_counted(
    make_context: Callable[..., AppContext],
) -> None:
    made = make_context(FILES)
    people = join(made, 3, 11)
    due = BroadcastFellDue(made.clock.now(), "poll", "2040-01-01")
    assert made.installation_stream.current() and made.installation_stream.execute(
        lambda state: [due], Cause("engine"), due.at
    )
    got = send(made, people, "broadcast:poll/2040-01-01")
    answer(made, people[0], got[people[0]], 0, 10, "copy")
    answer(made, people[0], got[people[0]], 1, 12, "copy")
    answer(made, people[1], got[people[1]], 1, 12, "copy")
    made.views.catch_up()
    found = asked(made, "poll")
    assert [(each.label, each.people) for each in found.answers] == [
        ("Le carnet", 1),
        ("Les nouvelles", 2),
    ]
    assert (found.asked, found.waiting, found.silent) == (
        3,
        1,
        0,
    ), "asked a moment ago, nobody is silent"
    assert found.became == MailingOutcomes(sent=3)
    made.clock.jump(8 * DAY)
    assert (asked(made, "poll").waiting, asked(made, "poll").silent) == (0, 1)


NEWS = """
title = "Nouvelles"
purpose = "conseils"
[[list]]
id = 20
name = "nouvelles"
[[broadcast]]
id = "mars"
to = [20]
on = "2040-03-01 09:00"
subject = "Mars à {{ town | default('la maison', true) }}"
body = "mars.md"
"""


def test_what_became_of_a_newsletter_is_said_though_it_asks_nothing(
    make_context: Callable[..., AppContext], capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_context({"n.toml": NEWS, "mars.md": "À {{ town }}, on sème.\n"})
    key, people = "broadcast:mars/2040-03-01", join(made, 6, 20)
    due = BroadcastFellDue(made.clock.now(), "mars", "2040-03-01")
    assert made.installation_stream.current() and made.installation_stream.execute(
        lambda state: [due], Cause("engine"), due.at
    )
    verdicts: list[tuple[LetterVerdict, str]] = [
        ("sent", ""),
        ("sent", ""),
        ("hard", ""),
        ("cannot-render", "field:town"),
        ("doubt", ""),
    ]
    for person, (verdict, why) in zip(people, verdicts, strict=False):
        begun = made.command_handler.execute_one(
            CommandRequest(
                Perform(made.clock.now(), ENGINE, key, secrets.token_hex(16)), stream=person
            )
        ).outcome
        assert isinstance(begun, Done) and isinstance(begun.events[0], LetterBegun)
        made.command_handler.execute_one(
            CommandRequest(
                RecordOutcome(made.clock.now(), ENGINE, begun.events[0].message, verdict, why=why),
                stream=person,
            )
        )
    made.clock.jump(30 * DAY)
    too_late = made.command_handler.execute_one(
        CommandRequest(
            Perform(made.clock.now(), ENGINE, key, secrets.token_hex(16)), stream=people[5]
        )
    ).outcome
    assert isinstance(too_late, Done) and isinstance(too_late.events[0], LetterWithheld)
    made.views.catch_up()
    (found,) = questions(made, made.installation_stream.current().plan(), "n.toml")
    assert found.became == MailingOutcomes(sent=2, refused=1, withheld=2, in_doubt=1)
    assert run(made, argparse.Namespace(file="n", json=False)) == 0
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert lines[2] == "« Mars à la maison » [mars] (envoi mars)"
    assert (
        lines[3]
        == "  envoyées 2 · refusées par des serveurs de courrier 1 · retenues 2 · dans le doute 1"
    )
    assert (
        lines[5]
        == "« Mars à la maison » [mars] (envoi mars) est retenue pour 1 personne : le champ town"
        " est vide"
    )
    assert made.views.compare(lambda done, total: None) == []


def test_it_is_told_in_the_language_of_the_author(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(context, argparse.Namespace(file="d", json=False)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Essai  (d.toml)"
    assert lines[2] == "« Une question » [asks] (liste 10 question)"
    assert [" ".join(line.split()) for line in lines[3:5]] == [
        "demandé à 12 4 rappels sont partis",
        "« Oui » 4 33 % → 11 oui (1 par la page elle-même)",
    ]


def test_it_can_be_read_by_a_program(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(context, argparse.Namespace(file="sequences/d.toml", json=True)) == 0
    found = json.loads(capsys.readouterr().out)["d.toml"][0]
    assert (found["letter"], found["asked"], found["answers"][0]["people"]) == ("asks", 12, 4)


def test_a_dialogue_that_is_not_in_force_is_refused(context: AppContext) -> None:
    with pytest.raises(UserError, match=r"there are: d\.toml"):
        run(context, argparse.Namespace(file="other", json=False))
