"""`relance people`: of whom conditions hold, counted, shown, exported and put into a segment."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.parser import parser
from engine.cli.search import people
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, PeopleExported
from engine.subscriber.commands import Suppress, WithdrawEverything
from engine.subscriber.events import Cause
from tests.conftest import MakeContext
from tests.projections.test_segments_followed import FIELDS, LISTS, LYON, join
from tests.running_installation import Installations

SALON = '[[segment]]\nid = "salon"\nname = "Salon"\nstatic = true\n'
LIVES_IN_LYON = 'field town is "Lyon"'


def populated(context: AppContext) -> AppContext:
    join(context, "anna", town="Lyon", first_name='=HYPERLINK("x")')
    join(context, "annie", town="Lyon")
    join(context, "ben", town="Nice", first_name="Élodie")
    join(context, "zoe", 11)
    return context


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made({"a.toml": LISTS + LYON + SALON}, FIELDS) as context:
        yield populated(context)


def typed(context: AppContext, *words: str) -> int:
    return people(context, parser("people").parse_args(["people", *words]))


def told(
    context: AppContext, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[list[int], list[str]]:
    """The three numbers, and who is shown."""
    assert typed(context, *words, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    names = sorted(person["address"].partition("@")[0] for person in answer["people"])
    return [answer["holds"], answer["unknown"], answer["does_not"]], names


@pytest.mark.parametrize(
    ("words", "numbers", "names"),
    [
        ((LIVES_IN_LYON,), [2, 1, 1], ["anna", "annie"]),
        ((LIVES_IN_LYON, "on 11"), [0, 1, 3], []),
        (("in segment lyon",), [2, 0, 2], ["anna", "annie"]),
        ((), [4, 0, 0], ["anna", "annie", "ben", "zoe"]),
        (("--address", "ANN"), [2, 0, 0], ["anna", "annie"]),
        (("--name", "elod"), [1, 0, 0], ["ben"]),
        ((LIVES_IN_LYON, "--address", "z"), [0, 1, 0], []),
        (("--count",), [4, 0, 0], []),
    ],
)
def test_all_that_is_asked_holds_of_who_is_found(
    context: AppContext,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    numbers: list[int],
    names: list[str],
) -> None:
    assert told(context, capsys, *words) == (numbers, names)


def test_without_any_segment_everybody_is_asked_one_by_one(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = populated(make_context({"a.toml": LISTS}, FIELDS))
    assert told(context, capsys, LIVES_IN_LYON) == ([2, 1, 1], ["anna", "annie"])


def test_a_mistake_points_at_its_word(context: AppContext) -> None:
    with pytest.raises(UserError) as refused:
        typed(context, "on 10", 'field town si "Lyon"')
    first, line, pointer = refused.value.said(translator("en")).splitlines()
    assert "column 12" in first and refused.value.status == 2
    assert line[pointer.index("^") :].startswith("si ")


def test_an_export_is_inert_private_and_a_fact(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "lyon.csv"
    assert typed(context, LIVES_IN_LYON, "--csv", str(file)) == 0
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["address", "first_name", "town", "barred"]
    assert sorted(row[1] for row in rows[1:]) == ["", '\'=HYPERLINK("x")']
    assert file.stat().st_mode & 0o077 == 0
    entry = context.ledger.stream(STREAM)[-1]
    assert entry.event == PeopleExported(entry.event.at, 2, ("first_name", "town"))
    kept = context.vault.evidence_of(STREAM)[entry.cause.evidence]
    assert kept["conditions"] == [LIVES_IN_LYON]
    with pytest.raises(UserError, match="is there already"):
        typed(context, "--csv", str(file))


def test_where_columns_do_not_fit_each_person_has_lines_of_their_own(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context({"a.toml": LISTS}, FIELDS)
    assert context.config.site.language == "fr"
    long = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"
    join(context, "anna", town=long, first_name="Anne-Sophie Marie Louise")
    join(context, "ben")
    typed(context)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("anna@") and "Anne-Sophie Marie Louise" in lines[1]
    assert lines[1].startswith("    first_name") and long in lines[2]
    assert lines[3].startswith("ben@")


def test_who_may_not_be_written_to_is_marked_wherever_people_are_listed(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context({"a.toml": LISTS}, FIELDS)
    anna, ben = join(context, "anna"), join(context, "ben")
    join(context, "zoe")
    now = context.clock.now()
    for who, command in (
        (anna, WithdrawEverything(now, Cause("operator"))),
        (ben, Suppress(now, Cause("relay"), "complained")),
    ):
        context.command_handler.execute_one(CommandRequest(command, stream=who))
    typed(context, "--csv", "-")
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    barred = {row["address"].partition("@")[0]: row["barred"] for row in rows if row["barred"]}
    assert barred == {"anna": "consent withdrawn", "ben": "complained"}
    typed(context, "--json")
    people = json.loads(capsys.readouterr().out)["people"]
    assert sorted(person["barred"] for person in people) == ["", "complained", "consent withdrawn"]
    typed(context)
    assert "consentement retiré" in capsys.readouterr().out


def test_whoever_is_found_is_put_into_a_segment_once(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    for done in ("2  mises dans salon", "0  mises dans salon"):
        assert typed(context, LIVES_IN_LYON, "--put-into", "salon") == 0
        assert done in capsys.readouterr().out
    assert told(context, capsys, "in segment salon")[1] == ["anna", "annie"]
    with pytest.raises(UserError):
        typed(context, "--put-into", "lyon")
