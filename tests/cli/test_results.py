"""`results`: what came of letters, from counters that name nobody, in an installation with
PostgreSQL.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audience.results import results, results_among, results_of, visits_of
from engine.cli.arguments_of_people import STDOUT
from engine.cli.results import _aligned, run, shortened
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk.desk import VisitCell
from engine.i18n.user_error import UserError
from engine.sequence.condition import InSegment
from engine.sequence.delay import DAY
from engine.subscriber.commands import RecordOrder, Withdraw
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.views import FIRST_WEEK, LAST_WEEK, LetterCount, week_of
from tests.cli.asking import FILES, answer, join, send
from tests.examples import PLAN
from tests.running_installation import Installations

SEGMENT = {
    "s.toml": """title = "Segments"
purpose = "conseils"
[[segment]]
id = "tous"
name = "Tous ceux qui ont reçu une lettre"
all = ["received 1 letter within 1 year"]
"""
}


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Twelve were asked: three said yes, one of them by the page itself, one no, and one left;
    two ordered the day after.
    """
    with installations.made(FILES | SEGMENT) as made:
        people = join(made, 12)
        asked = send(made, people)
        answer(made, people[0], asked[people[0]], 0, 11, label="Oui")
        answer(made, people[1], asked[people[1]], 0, 11, label="Oui")
        answer(made, people[2], asked[people[2]], 0, 11, act="auto_submit", label="Oui")
        answer(made, people[3], asked[people[3]], 1, 12, label="Non")
        left = Withdraw(
            made.clock.now(), Cause("one-click", asked[people[5]].message), "conseils", "rfc8058"
        )
        carried_out(made, left, people[5])
        made.clock.jump(DAY)
        for number, person in enumerate((people[0], people[6])):
            order = RecordOrder(made.clock.now(), Cause("operator"), f"o{number}", 4900, "EUR")
            carried_out(made, order, person)
        cells = [("list:10/asks", "answer", "Oui"), ("list:10/asks", "unsubscribe", "")]
        week = week_of(made.clock.now())
        made.desk.count_visits(
            [(VisitCell(*cells[0], week), 5, 3), (VisitCell(*cells[1], week), 1, 0)]
        )
        made.desk.count_visits([(VisitCell(*cells[0], week), 2, 0)])
        made.views.catch_up()
        yield made


def carried_out(context: AppContext, command: Withdraw | RecordOrder, person: str) -> None:
    result = context.command_handler.execute_one(CommandRequest(command, stream=person))
    assert isinstance(result.outcome, Done)


def told(context: AppContext, capsys: pytest.CaptureFixture[str], **options: object) -> str:
    given = {
        "letter": "",
        "by": None,
        "segment": "",
        "source": False,
        "joined": False,
        "since": "",
        "until": "",
        "csv": None,
        "json": False,
    }
    assert run(context, argparse.Namespace(**{**given, **options})) == 0
    return capsys.readouterr().out


def test_one_letter_is_told_in_full(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(context, capsys, letter="asks").replace("\u00a0", " ").splitlines()
    assert lines == [
        "question/asks",
        "  échues                          12",
        "  acceptées                       12   100 %  par le serveur de courrier : les",
        "                                  parts sont calculées sur elles",
        "  désinscriptions                  1   8,3 %",
        "  réponses                         4    33 %  → 11 oui 3, → 12 non 1",
        "    « Oui »                        3    25 %  (1 par la page elle-même)",
        "    « Non »                        1   8,3 %",
        "  sans réponse reçue               8    67 %",
        "  commandes sous 7 jours           2    17 %  98,00 €",
        "  commandes après un geste         1   8,3 %  49,00 €",
        "  visites de ses liens, et celles qu’on présume de personnes (ni les unes ni les",
        "  autres ne sont des gestes) :",
        "          7       3  « Oui »",
        "          1       0  se désinscrire de ce sujet",
        "  ce que la lettre a elle-même apporté n’est pas mesurable : personne n’en a été",
        "  écarté pour comparer",
    ]


def test_visits_are_forgotten_with_their_week(context: AppContext) -> None:
    week = week_of(context.clock.now())
    before = visits_of(context.desk)
    context.desk.count_visits([(VisitCell("list:10/asks", "answer", "Oui", week - 7), 5, 3)])
    assert visits_of(context.desk) != before
    context.desk.forget_visited(week)
    assert visits_of(context.desk) == before and visits_of(context.desk, since=week + 1) == {}


def test_of_a_segment_no_cell_of_fewer_than_ten_people_is_told(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    heads, line, note = told(context, capsys, segment="tous").splitlines()
    assert heads.split() == ["acceptées", "rejets", "réponses", "départs", "plaintes", "commandes"]
    assert line.split() == ["question/asks", "12", "–", "–", "–", "–", "–"]
    assert "moins de dix personnes" in note
    (cells,) = json.loads(told(context, capsys, segment="tous", json=True))
    assert cells == {
        "letter": "list:10/asks", "accepted": 12, "bounced": None, "answered": None,
        "unsubscribed": None, "complained": None, "ordered": None,
    }  # fmt: skip
    assert told(context, capsys, segment="tous", until="2020-01-01") == "rien n’est encore connu\n"
    (row,) = csv.DictReader(told(context, capsys, segment="tous", csv=STDOUT).splitlines())
    assert (row["accepted"], row["ordered"]) == ("12", "")


def test_what_ten_people_did_is_told(context: AppContext) -> None:
    people = context.views.segments.chosen(InSegment("tous"), context.clock.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.audience.sources.SHOWN_FROM", 1)
        plan = context.installation_stream.current().plan()
        cells = results_among(context.views, plan, people, FIRST_WEEK, LAST_WEEK)
    assert cells == {
        "list:10/asks": {
            "accepted": 12, "bounced": None, "answered": 4, "unsubscribed": 1,
            "complained": None, "ordered": 2,
        }
    }  # fmt: skip


def test_of_sources_no_cell_of_fewer_than_ten_people_is_told(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(context, capsys, source=True).splitlines()
    heads, _source, line, _note = lines
    assert max(map(len, lines)) <= 80
    assert heads.split()[:2] == ["personnes", "inscrits"]
    assert line.split()[-7:] == ["12", "–", "–", "–", "–", "–", "–"]


def test_every_letter_has_a_line_of_at_most_eighty_columns(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(context, capsys).splitlines()
    assert [line.split() for line in lines] == [
        ["échues", "acceptées", "rejets", "réponses", "départs", "commandes", "montant"],
        ["question/asks", "12", "12", "0", "4", "33", "%", "1", "2", "98,00", "€"],
    ]
    assert max(map(len, lines)) <= 80


def test_a_letter_told_in_full_keeps_to_eighty_columns(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(context, capsys, letter="asks").splitlines()
    assert "personne n’en a été écarté" in " ".join(line.strip() for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_name_that_a_wide_row_leaves_no_room_stands_above_it() -> None:
    wide = [["1" * 12] * 5] * 2
    lines = list(_aligned(["", "question/" + "n" * 80], wide))
    assert len(lines) == 3 and max(map(len, lines)) <= 80
    assert lines[1].startswith("question/") or lines[1].startswith("…")


@pytest.mark.parametrize(
    "by, name",
    [
        ("dialogue", "d.toml"),
        ("list", "10 question"),
        ("group", "aucun groupe"),
        ("purpose", "La lettre du potager"),
    ],
)
def test_letters_are_added_up_by_what_they_belong_to(
    context: AppContext, capsys: pytest.CaptureFixture[str], by: str, name: str
) -> None:
    _heads, line = told(context, capsys, letter="d.toml", by=by).splitlines()
    assert line.startswith(name) and line.endswith("98,00\u00a0€")


def test_letters_are_added_up_by_the_group_of_their_list() -> None:
    """Of a list that is published no more no group is known."""
    counts = [
        LetterCount(
            letter=f"list:{number}/a",
            occurrence="",
            list=number,
            purpose="conseils",
            week=20_000,
            what="became",
            detail="sent",
            n=n,
            amount=0,
        )
        for number, n in ((2, 5), (10, 7), (99, 1))
    ]
    added = results_of(counts, PLAN, "group")
    assert {one.name: one.accepted for one in added} == {"prospects": 5, "clients": 7, "": 1}


def test_a_program_reads_the_same_and_weeks_bound_it(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    (letter,) = json.loads(told(context, capsys, json=True))
    assert (letter["name"], letter["accepted"], letter["unanswered"]) == ("list:10/asks", 12, 8)
    assert json.loads(told(context, capsys, json=True, until="2020-01-01")) == []
    nothing = told(context, capsys, since="2099-01-01")
    assert nothing == "aucune lettre n’est échue ces semaines-là\n"
    (week,) = json.loads(told(context, capsys, json=True, by="week"))
    plan = context.installation_stream.current().plan()
    assert week["name"] == results(context.views, plan, by="week")[0].name


def test_a_sheet_gets_every_cell_quoted(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "results.csv"
    assert "1 ligne écrite" in told(context, capsys, csv=file)
    text = file.read_text("utf-8-sig")
    assert text.startswith('"letter","due","accepted"')
    (row,) = csv.DictReader(text.splitlines())
    assert (row["letter"], row["answered"], row["orders_eur"], row["amount_eur"]) == (
        "list:10/asks", "4", "2", "98.00",
    )  # fmt: skip
    with pytest.raises(UserError, match="there already"):
        told(context, capsys, csv=file)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"letter": "askes"}, "there is no letter or dialogue askes"),
        ({"since": "2027-01-01", "until": "2026-01-01"}, "--since lies after --until"),
        ({"since": "soon"}, "is not a date"),
        ({"segment": "tut"}, "there is no published segment"),
        ({"source": True, "letter": "asks"}, "stand alone"),
    ],
)
def test_a_mistake_is_told_with_what_there_is(
    context: AppContext,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, str | bool],
    words: str,
) -> None:
    with pytest.raises(UserError, match=words):
        told(context, capsys, **options)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("accueil/bienvenue", "accueil/bienvenue"),
        ("premiers-semis/question-encore", "pre…/question-encore"),
        ("une-lettre-a-lyon 2026-12-20", "une-lett… 2026-12-20"),
        ("semis/une-question-qui-est-tres-longue", "semis/une-question-…"),
        ("une-question-tres-longue", "une-question-tres-l…"),
        ("Les conseils du potager", "Les conseils du pot…"),
    ],
)
def test_a_long_name_is_shortened_where_those_of_a_dialogue_do_not_differ(
    name: str, shown: str
) -> None:
    assert shortened(name, 20) == shown


def test_a_letter_withheld_before_it_was_begun_counts_for_the_purpose_of_its_list(
    context: AppContext,
) -> None:
    """Such a fact says no purpose of its own."""
    withheld = LetterCount(
        letter="list:10/asks",
        occurrence="",
        list=10,
        purpose="",
        week=20_000,
        what="became",
        detail="withheld",
        n=3,
        amount=0,
    )
    plan = context.installation_stream.current().plan()

    class Counters:
        def counted(
            self, letters: Collection[str], since: int = 0, until: int = 0, number: int = 0
        ) -> list[LetterCount]:
            return [withheld, replace(withheld, letter="list:99/gone")]

        counted_weeks = counted

    found = results(Counters(), plan, by="purpose")
    assert [(one.name, one.withheld) for one in found] == [("conseils", 3), ("", 3)]


def test_who_came_in_the_same_week_is_told_together(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    heads, line, note = told(context, capsys, joined=True).replace("\u00a0", " ").splitlines()
    assert heads.split() == ["personnes", "acceptées", "réponses", "départs"]
    assert line.split()[1:] == ["12", "12", "4", "33", "%", "1", "8,3", "%"]
    assert "moins de dix personnes" in note
    first, *_ = json.loads(told(context, capsys, joined=True, json=True))
    assert (first["people"], first["weeks_since"], first["answered"]) == (12, 0, 4)
    (row, *_) = csv.DictReader(told(context, capsys, joined=True, csv=STDOUT).splitlines())
    assert (row["people"], row["unsubscribed"]) == ("12", "1")
    with pytest.raises(UserError, match="--joined"):
        told(context, capsys, joined=True, letter="asks")
