"""A week of the installation: when its summary falls due, and what it says, in numbers that name
nobody.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.audience.programme import Entry
from engine.audience.results import EPOCH, added
from engine.config import config_of
from engine.sequence.mistakes import Unpublishable, Unreadable
from engine.sequence.model import List, Plan
from engine.status.finding import Finding
from engine.status.settings import OperatorMail, parse_weekly
from engine.status.week import ListWeek, Week, last_summary, last_week
from engine.status.week_words import WIDTH, WeekWords, told_in_text
from engine.views import LetterCount
from tests.examples import local

MONDAY = (date(2026, 11, 23) - EPOCH).days
SITE = (
    '[site]\nname = "Le Potager"\nurl = "https://l.example"\nfrom = "a@p.example"\n'
    'postal_address = "x"\n[[purpose]]\nid = "conseils"\nname = "La lettre"\n'
)


def counts(what: str, n: int, detail: str = "", letter: str = "list:10/asks") -> LetterCount:
    return LetterCount(letter, "", 10, "conseils", MONDAY, what, detail, n, 0)


def a_week(**changes: object) -> Week:
    counted = [
        counts("became", 1203, "sent"),
        counts("answered", 310),
        counts("answer", 200, "Oui"),
        counts("answer", 110, "Non"),
        counts("bounced", 3, "hard"),
    ]
    usual: dict[str, object] = {
        "monday": MONDAY, "now": local("2026-11-30 08:00"), "came": 12, "left": 2, "came_before": 9,
        "left_before": 0, "lists": (ListWeek(10, 12, 2, 480), ListWeek(11, 0, 0, 7)),
        "letters": added("", counted), "before": added("", [counts("became", 980, "sent")]),
        "questions": (added("list:10/asks", counted),), "findings": (), "due": 1,
        "mailings": (), "intended": (), "rights": 0,
    }  # fmt: skip
    return Week(**(usual | changes))  # type: ignore[arg-type]


PLAN = Plan(
    1, "Europe/Paris", lists={10: List(10, "question", "conseils"), 11: List(11, "oui", "conseils")}
)


def told(week: Week, language: str = "en") -> list[str]:
    words = WeekWords(PLAN, "fr" if language == "fr" else "en")
    return [words.title(week.monday, week.now), *told_in_text(words.sections(week))]


def test_it_says_who_came_what_left_what_was_answered_and_what_comes() -> None:
    assert told(a_week()) == [
        "Week of 23 November 2026",
        "What is stuck",
        "  nothing",
        "",
        "People",
        "  came onto a list: 12 (the week before: 9)",
        "  left one: 2 (the week before: 0)",
        "    10 question: 12 came, 2 left; 480 stand on it",
        "",
        "Letters of this week",
        "  accepted: 1,203 (the week before: 980)",
        "  bounces: 3 (the week before: 0)",
        "  answered: 310 (the week before: 0)",
        "",
        "Answers to them",
        "  “question/asks”: 310 of 1,203 answered (26 %)",
        "    “Oui”: 200",
        "    “Non”: 110",
        "",
        "The seven days to come",
        "  1 letter falls due",
    ]


def test_in_french_with_what_is_stuck_and_what_is_planned() -> None:
    stuck = Finding("nothing-runs", "stopped", "nothing runs", "start it: `relance run`")
    mailing = Entry("2026-12-01", local("2026-12-01 09:00"), "broadcast", "noel", "Noël", (10,))
    lines = told(a_week(findings=(stuck,), mailings=(mailing,), rights=2), "fr")
    assert lines[0] == "Semaine du 23 novembre 2026"
    assert lines[2].startswith("  rien ne tourne (")
    assert "  mar 2026-12-01 09:00  envoi : noel « Noël » → 10 question" in [
        line.replace("\u00a0", " ").replace("\u202f", " ") for line in lines
    ]
    assert any("2 demandes de personnes" in line for line in lines)


def test_long_remedies_are_broken_between_words_only() -> None:
    long = Finding("x", "notice", "w " * 60, "`relance audit witness` " * 6)
    lines = told(a_week(findings=(long,)))
    assert "Good to know" in lines and max(map(len, lines)) <= WIDTH


def test_a_summary_is_due_at_its_hour_on_the_clock_of_the_site_also_when_clocks_change() -> None:
    monday = parse_weekly("monday 08:00")
    assert monday is not None
    for now, due in (
        ("2026-11-30 08:00", "2026-11-30 08:00"),
        ("2026-11-30 07:59", "2026-11-23 08:00"),
        ("2026-10-26 12:00", "2026-10-26 08:00"),
        ("2026-10-25 12:00", "2026-10-19 08:00"),
    ):
        assert last_summary(monday, local(now), "Europe/Paris") == local(due)
    assert last_week(local("2026-11-30 08:00")) == MONDAY


@pytest.mark.parametrize("text", ["monday", "mon-fri 08:00", "someday 08:00", "monday 25:00", "8h"])
def test_what_is_no_day_and_hour_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_weekly(text)


def test_the_keys_are_read_and_a_summary_for_nobody_is_a_mistake() -> None:
    def read(operator: str) -> OperatorMail:
        return config_of(Path("."), SITE + f"[operator]\n{operator}").operator

    assert read("") == OperatorMail()
    whole = read('address = "moi@p.example"\nsummary = "lundi 8h"')
    assert whole.address == "moi@p.example" and whole.summary == parse_weekly("mon 08:00")
    for wrong in ('summary = "monday 08:00"', 'address = "moi"'):
        with pytest.raises(Unpublishable):
            read(wrong)
