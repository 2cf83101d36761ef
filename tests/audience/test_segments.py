"""What an author sees of segments: the tree with its counts, each line with how many it holds for,
and why somebody is in one; from nothing but the command line's own functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import pytest

from engine.audience.segments import (
    SegmentCounting,
    too_many,
    tree,
    truths_about,
)
from engine.audit.standing import standing
from engine.cli.import_file import import_file
from engine.cli.parser import parser
from engine.cli.segments import segment, segments
from engine.context import AppContext
from engine.i18n.condition_words import line_in_words
from engine.i18n.dates import on_clock
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.privacy.dossier_words import DossierInWords
from engine.privacy.export import as_csv, dossier
from engine.sequence.condition import Combined, FieldIs, InSegment, On
from engine.sequence.delay import DAY
from engine.sequence.model import Broadcast, Letter, Plan, Segment, SegmentRule
from engine.sequence.segment_uses import SegmentUse, uses_of
from engine.subscriber.person import Person
from tests.conditions import PLAN, Known
from tests.projections.test_segments_followed import FIELDS, FRESH, LISTS, LYON, join
from tests.running_installation import Installations

TODAY = date(2027, 6, 1)
SALON = '[[segment]]\nid = "salon"\nname = "Rencontrés au salon"\nstatic = true\n'


def days_ago(n: int) -> date:
    return TODAY - timedelta(days=n)


# The tree.


def test_a_segment_stands_below_the_one_around_it_with_its_change() -> None:
    kept = {"lyon": {days_ago(8): 7, days_ago(31): 12, TODAY: 1}}
    rows = {row.segment.id: row for row in tree(PLAN, {"salon": 0, "lyon": 10}, kept, TODAY)}
    assert [(name, row.depth) for name, row in rows.items()] == [
        ("salon", 0),
        ("actifs", 0),
        ("lyon", 1),
    ]
    assert (rows["lyon"].members, rows["lyon"].week, rows["lyon"].month) == (10, 3, -2)
    assert (rows["salon"].week, rows["actifs"].members) == (None, None)


@pytest.mark.parametrize(
    ("counted", "now", "grew"),
    [
        ({91: 5, 50: 5}, 5, False),
        ({91: 5, 50: 4}, 5, True),
        ({91: 5, 50: 4}, 4, False),
        ({60: 5}, 5, None),
        ({200: 5}, 5, None),
    ],
)
def test_a_segment_is_idle_when_it_has_not_grown_for_ninety_days(
    counted: dict[int, int], now: int, grew: bool | None
) -> None:
    kept = {"salon": {days_ago(n): people for n, people in counted.items()}}
    assert tree(PLAN, {"salon": now}, kept, TODAY)[0].grew is grew


def test_whatever_names_a_segment_uses_it() -> None:
    letter = Letter("l", "S", "b.md", only="salon", unless="lyon")
    plan = replace(
        PLAN,
        lists={10: replace(PLAN.lists[10], letters=(letter,))},
        broadcasts={"b": Broadcast("b", "conseils", (), letter, segments=("salon",))},
        rules=(SegmentRule("enters", "lyon", "join", 40),),
    )
    uses = uses_of(plan)
    assert set(uses["salon"]) == {
        SegmentUse("condition", "lyon"),
        SegmentUse("only", "10/l"),
        SegmentUse("only", "b"),
        SegmentUse("broadcast", "b"),
    }
    assert SegmentUse("rule", "40") in uses["lyon"]
    assert uses["actifs"] == (SegmentUse("inside", "lyon"),)


def test_more_than_ten_in_one_dialogue_are_too_many() -> None:
    many = {str(n): Segment(str(n), "S", file="a.toml", static=True) for n in range(11)}
    assert too_many(Plan(segments=many)) == {"a.toml": 11}
    assert too_many(PLAN) == {}


# Why.


def test_each_line_says_true_false_or_unknown_and_parents_come_first() -> None:
    person = Person(version=1, segments={"salon": 5})
    actifs, lyon = truths_about(PLAN, PLAN.segments["lyon"], person, Known({}), 100 * DAY)
    assert (actifs.segment.id, actifs.truth) == ("actifs", False)
    assert (lyon.segment.id, lyon.truth) == ("lyon", False)
    assert [line.truth for line in lyon.lines] == [None, True]
    salon = truths_about(PLAN, PLAN.segments["salon"], Person(version=1), Known({}), 100 * DAY)
    assert [one.truth for one in salon] == [False]


def test_a_line_is_told_in_words() -> None:
    own = Combined(all=(On(10), FieldIs("town", "is", ("Lyon", "Nice"), or_unknown=True)))
    words = [line_in_words(line, PLAN, "en") for line in own.all]
    assert words == ["stands on list 10 dix", "Ville is “Lyon” or “Nice” or unknown"]
    assert (
        line_in_words(InSegment("salon"), PLAN, "fr") == "est dans le segment «\u00a0Salon\u00a0»"
    )


# On an installation.


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made({"a.toml": LISTS + FRESH + LYON + SALON}, FIELDS) as context:
        join(context, "anna", town="Lyon")
        join(context, "ben", 11)
        yield context


def typed(context: AppContext, *words: str) -> int:
    args = parser(words[0]).parse_args(words)
    return (segments if words[0] == "segments" else segment)(context, args)


def told(context: AppContext, capsys: pytest.CaptureFixture[str], *words: str) -> object:
    assert typed(context, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def counts(context: AppContext, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    rows = told(context, capsys, "segments")
    assert isinstance(rows, list)
    return {row["segment"]: row["people"] for row in rows}


def test_people_are_put_in_once_and_taken_out(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert counts(context, capsys) == {"fresh": 1, "lyon": 1, "salon": 0}
    people = tmp_path / "salon.csv"
    people.write_text("email\nanna@lecteurs.example\nben@lecteurs.example\nzoe@lecteurs.example\n")
    for done in ("2  mises dans salon", "0  mises dans salon"):
        assert typed(context, "segment", "put", "salon", "--file", str(people)) == 0
        assert done in capsys.readouterr().out
        assert counts(context, capsys)["salon"] == 2
    assert typed(context, "segment", "take", "salon", "ben@lecteurs.example") == 0
    capsys.readouterr()
    assert counts(context, capsys)["salon"] == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("put", "lyon", "anna@lecteurs.example"), "its conditions"),
        (("put", "lion", "anna@lecteurs.example"), "did you mean lyon"),
        (("put", "salon"), "whom"),
        (("why", "lyon", "zoe@lecteurs.example"), "nobody is known"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    context: AppContext, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(UserError, match=why):
        typed(context, "segment", *words)


def test_each_line_is_counted_and_somebody_is_told_why(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(context, capsys, "segment", "show", "lyon")
    assert isinstance(shown, dict)
    assert [tuple(line.values()) for line in shown["lines"]] == [
        ("all", 'field town is "Lyon"', 1, 1, 0),
        ("none", "on 11", 1, 0, 1),
    ]
    why = told(context, capsys, "segment", "why", "lyon", "ben@lecteurs.example")
    assert isinstance(why, list)
    assert [line["truth"] for line in why[0]["lines"]] == ["unknown", "true"]
    assert typed(context, "segment", "why", "fresh", "anna@lecteurs.example") == 0
    assert "si rien ne se passe" in capsys.readouterr().out


def test_their_own_data_and_their_story_name_the_segments_somebody_is_in(
    context: AppContext,
) -> None:
    anna = context.vault.find("anna@lecteurs.example") or ""
    held = dossier(context, anna)
    names = [segment["name"] for segment in cast("list[dict[str, str]]", held["segments"])]
    assert set(names) >= {"Fresh", "Lyon"}
    plan, now = context.installation_stream.current().plan(), context.clock.now()
    known = DossierInWords(plan, "fr", "Europe/Paris", now).sections(held)[0]
    assert ("Vous êtes compté parmi", ", ".join(names)) in [(x.name, x.value) for x in known.lines]
    assert "Lyon" in as_csv(held)
    story = list(standing(context, anna, on_clock("Europe/Paris"), translator("en")))
    assert {f"In the segment “{name}”" for name in names} <= set(story)


def test_what_is_kept_wrongly_is_found_with_status_one(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(context, "segment", "verify") == 0
    with context.database.connection() as connection:
        connection.execute("DELETE FROM vault.segment_member")
    try:
        assert typed(context, "segment", "verify", "lyon") == 1
        assert "1 y manquent" in capsys.readouterr().out.replace("\u00a0", " ")
    finally:
        context.views.rebuild((), lambda done, total: None)
    assert typed(context, "segment", "verify") == 0


def test_everybody_of_an_imported_file_is_put_in(
    context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    people = tmp_path / "import.csv"
    people.write_text("email\nivo@lecteurs.example\nben@lecteurs.example\n")
    before = counts(context, capsys)["salon"]
    words = [*("import", str(people), "--list", "11", "--segment", "salon", "--source", "salon")]
    words += ["--basis", "consent", "--collected", "2026-01-05"]
    for done in ("2  mises dans un segment", "2  rien à changer"):
        assert import_file(context, parser("import").parse_args(words)) == 0
        assert done in capsys.readouterr().out
    assert counts(context, capsys)["salon"] == before + 2


def test_a_day_is_counted_once_and_told_a_week_later(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    counting = SegmentCounting(context)
    counting.run()
    context.clock.jump(8 * DAY)
    rows = told(context, capsys, "segments")
    assert isinstance(rows, list)
    assert {row["segment"]: (row["people"], row["week"]) for row in rows}["fresh"] == (0, -1)
