"""Letters that are tried in versions: what the plan says before, and `results` afterwards, in an
installation with PostgreSQL.
"""

from __future__ import annotations

import argparse
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audience.trial_words import Trial, power_lines, told_trial, trial_lines, trial_of
from engine.authoring.plan_words import tell
from engine.authoring.publication import Proposal, plan_publication
from engine.cli.arguments_of_trust import audit_arguments
from engine.cli.dispatch import audit
from engine.cli.prove import verify
from engine.cli.results import run
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import translator
from engine.installation.publishing import difference
from engine.sequence.delay import DAY
from engine.sequence.model import ORIGINAL, Letter, Link, Version
from engine.subscriber.commands import Perform, RecordOrder, RecordOutcome
from engine.subscriber.events import Cause, LetterBegun, LetterWithheld
from engine.subscriber.outcome import Done
from engine.views import ArmCount, LetterCount
from tests.cli.asking import ENGINE, FILES, answer, join
from tests.running_installation import Installations
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

VERSIONS = """
  holdout = 30
  [[list.letter.version]]
  id = "b"
  share = 35
  subject = "Une question, vite"

  [[list.letter]]
  id = "again"
"""
TRIED = FILES | {
    "d.toml": FILES["d.toml"].replace('\n  [[list.letter]]\n  id = "again"\n', VERSIONS)
}
PEOPLE = 60


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(TRIED) as made:
        yield made


@pytest.fixture(scope="module")
def got(context: AppContext) -> dict[str, str]:
    """What each of sixty people got. All who got b answered, and one in a; who was held out ordered
    all the same.
    """
    people = join(context, PEOPLE)
    now = context.clock.now()
    performed = context.command_handler.execute(
        [
            CommandRequest(
                Perform(now, ENGINE, "list:10", secrets.token_hex(16), subscriber=stream),
                stream=stream,
            )
            for stream in people
        ]
    )
    versions: dict[str, str] = {}
    begun: dict[str, LetterBegun] = {}
    for result in performed:
        assert isinstance(result.outcome, Done)
        (event,) = result.outcome.events
        if isinstance(event, LetterWithheld):
            versions[result.stream] = event.why
        else:
            assert isinstance(event, LetterBegun)
            versions[result.stream], begun[result.stream] = event.version, event
    sent = [
        CommandRequest(RecordOutcome(now, ENGINE, letter.message, "sent"), stream=stream)
        for stream, letter in begun.items()
    ]
    context.command_handler.execute(sent)
    answering = [stream for stream, version in versions.items() if version == "b"]
    answering += [stream for stream, version in versions.items() if version == "a"][:1]
    for stream in answering:
        answer(context, stream, begun[stream], 0, 11, label="Oui")
    context.clock.jump(DAY)
    for number, stream in enumerate(s for s, version in versions.items() if version == "holdout"):
        order = RecordOrder(context.clock.now(), Cause("operator"), f"o{number}", 1000, "EUR")
        context.command_handler.execute_one(CommandRequest(order, stream=stream))
    context.views.catch_up()
    return versions


def test_people_are_counted_by_the_version_they_got(
    context: AppContext, got: dict[str, str]
) -> None:
    people = Counter(got.values())
    assert min(people.values()) >= 5
    arms = {arm.version: arm for arm in context.views.arms("list:10/asks", 1)}
    assert {version: arm.people for version, arm in arms.items()} == people
    assert (arms["a"].answered, arms["b"].answered) == (1, people["b"])
    held_out = arms["holdout"]
    assert (held_out.ordered, held_out.amount) == (people["holdout"], 1000 * people["holdout"])
    assert held_out.squares == 1_000_000 * people["holdout"]
    assert (arms["a"].ordered, held_out.currency) == (0, "EUR")
    assert context.views.arms("list:10/asks", 2) == []
    assert context.views.arms("list:10/again", 1) == []


def test_results_tell_how_the_trial_stands(
    context: AppContext, got: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = argparse.Namespace(
        letter="asks",
        by=None,
        segment="",
        source=False,
        joined=False,
        since="",
        until="",
        csv=None,
        json=False,
    )
    assert run(context, given) == 0
    printed = capsys.readouterr().out.replace("\u00a0", " ")
    assert max(map(len, printed.splitlines())) <= 80
    told, people = " ".join(printed.partition("versions")[2].split()), Counter(got.values())
    assert f"a : {people['a']} personnes, 1 réponses (" in told
    assert f"b : {people['b']} personnes, {people['b']} réponses (100,0 %" in told
    assert f"à l’écart : {people['holdout']} personnes, {people['holdout']} ont commandé" in told
    assert " b obtient plus de réponses que a : " in told
    assert "n’est pas mesurable (n = " in told


@pytest.mark.parametrize("version", ["b", "holdout"])
def test_a_person_s_proof_lets_the_verifier_draw_the_version_again(
    context: AppContext, got: dict[str, str], version: str, tmp_path: Path
) -> None:
    stream = next(stream for stream, drawn in got.items() if drawn == version)
    address, target = context.vault.people([stream])[stream].address, tmp_path / "proof.zip"
    parser = argparse.ArgumentParser()
    audit_arguments(parser)
    assert audit(context, parser.parse_args(["prove", address, "-o", str(target)])) == 0
    assert verify(tmp_path, parser.parse_args(["verify", str(target)])) == 0


def test_a_trial_is_told_of_after_it_has_ended(context: AppContext, got: dict[str, str]) -> None:
    trial = trial_of(context.installation_stream.current(), "list:10/asks")
    assert trial is not None and (trial.since, trial.ends_at) == (1, 0)
    assert trial_of(context.installation_stream.current(), "list:10/again") is None
    assert plan_publication(context).difference.count == 0


def test_a_trial_with_people_is_told_of_after_another_began_that_has_none(
    context: AppContext, got: dict[str, str]
) -> None:
    now = context.installation_stream.current()
    ref, arms = "list:10/asks", ((ORIGINAL, 90), ("b", 10))
    latest = now.editions[now.edition]
    again = replace(latest, number=now.edition + 1, tried=((ref, now.edition + 1),))
    later = replace(
        now,
        editions={**now.editions, again.number: again},
        versions={ref: (again.number, arms)},
    )
    ahead = told_trial(later, ref, context.views)
    assert ahead is not None
    assert (ahead[0].since, bool(ahead[1])) == (1, True)


ASKING = Letter(
    "x", "S", "a.md", versions=(Version("b", 50, "T", "a.md"),), links=(Link(0, "move", 1),)
)
_ = translator("en")


def verdict(a: tuple[int, int], b: tuple[int, int], ends_at: int = 0, now: int = 1) -> str:
    counts = [ArmCount(v, n, k, 0, 0, 0, "") for v, (n, k) in (("a", a), ("b", b))]
    return list(trial_lines(Trial(ASKING, 1, ends_at), counts, now, _))[-1].strip()


def test_a_winner_is_named_only_where_one_is_shown() -> None:
    assert verdict((1000, 100), (1000, 130)) == (
        "no winner, either may be the better: b brings 0.87 to 1.96 times as many answers as a"
        " (holds however often you look)"
    )
    assert verdict((1000, 60), (1000, 120)).startswith(
        "b brings more answers than a: 1.23 to 3.35 "
    )
    assert verdict((1000, 120), (1000, 60)).startswith(
        "b brings fewer answers than a: 0.30 to 0.81 "
    )
    assert verdict((1000, 3), (1000, 6)).startswith("b and a: fewer than 10 people have acted")


def test_the_end_that_was_fixed_is_looked_at_once() -> None:
    early, late = (verdict((1000, 100), (1000, 130), 5, now) for now in (4, 5))
    assert early.startswith("no winner") and "however often" in early
    assert late.startswith("b brings more answers than a: 1.0") and "at the end" in late


class NothingSent:
    def arms(self, letter: str, since: int) -> list[ArmCount]:
        return []

    def counted(self, letters: object) -> list[LetterCount]:
        return []


class Answered(NothingSent):
    def counted(self, letters: object) -> list[LetterCount]:
        cell = ("list:11/one", "", 11, "conseils", 0)
        return [
            LetterCount(*cell, "became", "sent", 400, 0),
            LetterCount(*cell, "answered", "", 120, 0),
        ]


def test_the_plan_says_what_so_many_people_can_show_before_a_trial_begins() -> None:
    text = HEAD + listed(10, "a") + listed(12, "c") + listed(11, "b") + letter("one", body="q.md")
    version = '[[list.letter.version]]\nid = "b"\nsubject = "Autrement"\nshare = 50\n'
    before, after = read(text), read(text + version)
    proposal = Proposal(1, before, after, {}, SETTINGS, difference(before, after), {11: 2000})
    assert list(power_lines(proposal, NothingSent(), "en")) == [
        "~ one is tried in versions (a is the letter itself): a 50 %, b 50 %; 2,000 people stand"
        " there",
        "    b, 1,000 people: a difference of 4.1 points or more would be seen in 8 of 10 such"
        " trials (if 10.0 % answer, which is not known yet)",
    ]
    known = list(power_lines(proposal, Answered(), "en"))[1]
    assert known.endswith("(30.0 % have answered so far)")
    held_out = replace(
        proposal, after=read(text.replace("[[list.letter]]", "[[list.letter]]\nholdout = 10"))
    )
    assert list(power_lines(held_out, NothingSent(), "en"))[1] == (
        "    held out, 200 people: a difference of 3.6 points or more would be seen in 8 of 10 such"
        " trials (if 2.0 % order, which is not known yet)"
    )
    few = replace(proposal, people={11: 6})
    assert "too few to show any difference" in list(power_lines(few, NothingSent(), "en"))[1]
    plan = list(tell(proposal, "en", trials=power_lines(proposal, NothingSent(), "en")))
    assert [line[:6] for line in plan if line.startswith(("~ one", "    b,", "In all"))] == [
        "~ one ",
        "    b,",
        "In all",
    ]
    ended = replace(proposal, before=after, after=before)
    (line,) = power_lines(ended, NothingSent(), "en")
    assert line == "~ the trial of one ends: everybody gets the letter itself"
