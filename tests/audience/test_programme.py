"""The year's programme: every day of it, what is only intended, empty months, collisions with a
cap; as text, as JSON, and as a calendar file that reads back.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import icalendar
import pytest

from engine.audience.calendar_file import calendar_file
from engine.audience.programme import Entry, Programme, programme
from engine.audience.year import DAY_NAMES, entry_in_words, named_in_words
from engine.authoring.publication import plan_publication
from engine.cli.arguments_of_letters import programme_arguments
from engine.cli.programme import run
from engine.i18n.language import translator
from engine.installation.publishing import affected_lists, difference, publication
from engine.installation.state import Installation
from engine.runtime.scheduler import fallen_due, recurrences
from engine.sequence.delay import DAY, Delay
from engine.sequence.model import Ending, Field, Plan
from engine.sequence.pressure import Cap
from engine.sequence.timing import to_local
from engine.simulation.forecast import Cohort, forecast, letters_to_come
from engine.subscriber import events as e
from engine.subscriber.evolve import fold
from engine.words import Language
from tests.conftest import MakeContext
from tests.examples import NOON, PARIS, PLAN, letter, local, on, sent
from tests.given import flat
from tests.sending.readers import FILES, enter
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, listed, read
from tests.sequence.dialogues import letter as written

YEAR = (
    HEAD
    + """
[[anchor]]
id = "webinaire"
at = "2027-03-12 20:00"

[[anchor]]
id = "mamans"
feast = "fête des mères"
at = "09:00"

[[programme]]
on = "2027-05"
what = "Plants de tomates"
to = "11"

[[programme]]
on = "2027-10-02"
what = "Bulbes"

[[broadcast]]
id = "mensuelle"
to = [11]
every = "0 9 1 1-4 *"
subject = "Du mois"
body = "a.md"

[[broadcast]]
id = "cadeau"
to = [11]
anchor = "mamans"
before = "10 days"
programme = "plants-de-tomates"
subject = "Un cadeau"
body = "a.md"

[[broadcast]]
id = "fete"
to = [11]
anchor = "field:birthday"
yearly = true
subject = "Bon anniversaire"
body = "a.md"

[[broadcast]]
id = "avril"
to = [11]
on = "2027-04-03 10:00"
subject = "Poisson"
body = "a.md"
"""
    + listed(11, "oui", "ends = { leave = true }")
    + written("demain", 'anchor = "webinaire"', when='before = "1 day"')
)
PROGRAMME_PLAN = read(
    YEAR, settings=replace(SETTINGS, fields=(Field("birthday", "Anniversaire", "date"),))
)


def made(plan: Plan = PROGRAMME_PLAN, year: int = 2027) -> Programme:
    return programme(plan, year, recurrences, {"2026-12-31": 5, "2027-01-02": 7})


def lines(*kinds: str) -> list[str]:
    return [
        f"{entry.day} {entry.id or entry.what}" for entry in made().entries if entry.kind in kinds
    ]


def test_each_broadcast_stands_on_its_days() -> None:
    assert lines("broadcast", "letter") == [
        "2027-01-01 mensuelle",
        "2027-02-01 mensuelle",
        "2027-03-01 mensuelle",
        "2027-03-11 demain",
        "2027-04-01 mensuelle",
        "2027-04-03 avril",
        "2027-05-20 cadeau",
    ]
    assert lines("anchor") == ["2027-03-12 webinaire", "2027-05-30 mamans"]
    assert lines("personal") == [" fete"]


def test_what_is_intended_is_ticked_off_when_a_broadcast_names_it() -> None:
    done = {entry.id: entry.done_by for entry in made().entries if entry.kind == "intended"}
    assert done == {"plants-de-tomates": "cadeau", "bulbes": ""}


def test_public_holidays_and_feasts_stand_on_their_days_once() -> None:
    assert "2027-03-29 Lundi de Pâques" in lines("holiday")
    assert "2027-01-01 Jour de l’an" in lines("holiday")
    assert "2027-03-28 paques" in lines("feast")
    assert "2027-03-29 lundi-de-paques" not in lines("feast")


def test_days_of_the_calendar_are_named_in_the_readers_language() -> None:
    days = [entry for entry in made().entries if entry.kind in ("feast", "holiday")]
    names: dict[Language, str] = {"en": "Easter Monday", "fr": "Lundi de Pâques"}
    for language, name in names.items():
        say = translator(language)
        assert any(name in entry_in_words(day, PROGRAMME_PLAN, say) for day in days)
    for day in days:
        assert named_in_words(day, translator("fr")) == day.what
        assert day.what in {*DAY_NAMES, "Halloween", "Beaujolais nouveau", "Black Friday"}


def test_months_without_a_letter_are_named() -> None:
    assert made().empty_months == (6, 7, 8, 9, 10, 11, 12)


def test_the_forecast_is_of_that_year() -> None:
    assert made().forecast == {"2027-01-02": 7}


def test_broadcasts_for_which_a_cap_has_no_room_are_named() -> None:
    capped = replace(PROGRAMME_PLAN, caps=(Cap(1, Delay(days=7)),))
    assert [(c.day, c.list, c.broadcasts) for c in made(capped).collisions] == [
        ("2027-04-03", 11, ("mensuelle", "avril"))
    ]
    assert not made(replace(capped, caps=(Cap(2, Delay(days=7)),))).collisions


HOSTILE = 'Fête; du, "jour"\\\r\nATTENDEE:x@example.org\x07\u202eé' + "é" * 90


def test_a_calendar_file_reads_back_whatever_stands_in_its_words() -> None:
    entries = (
        Entry("2027-03-12", local("2027-03-12 20:00"), "broadcast", HOSTILE, HOSTILE),
        Entry("2027-05", 0, "intended", "plants", "Plants"),
        Entry("2027-12-25", 0, "holiday", "", "Noël"),
        Entry("", 0, "personal", "fete", "Bon anniversaire"),
    )
    octets = calendar_file(
        Programme(2027, entries, ()), "lettres.example", NOON, lambda entry: entry.what
    )
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    events = [
        event for event in icalendar.Calendar.from_ical(octets).walk("VEVENT") if not event.errors
    ]
    assert len(events) == 3 and not any("ATTENDEE" in event for event in events)
    assert str(events[0]["SUMMARY"]).startswith('Fête; du, "jour"\\··ATTENDEE:x@example.org··é')
    assert events[0].decoded("DTSTART").isoformat() == "2027-03-12T19:00:00+00:00"
    assert (events[1].decoded("DTSTART"), events[1].decoded("DTEND")) == (
        date(2027, 5, 1),
        date(2027, 6, 1),
    )
    assert len({str(event["UID"]) for event in events}) == 3


def test_the_same_entry_has_the_same_uid_in_every_file() -> None:
    def uids(now: int) -> list[str]:
        octets = calendar_file(made(), "lettres.example", now, lambda entry: entry.what)
        return [str(event["UID"]) for event in icalendar.Calendar.from_ical(octets).walk("VEVENT")]

    assert uids(NOON) == uids(NOON + DAY)
    assert len(uids(NOON)) == len(set(uids(NOON)))


# Forecast.

HERE = fold(flat([on(12), sent("h", "help", 12, at=NOON)]))


def test_a_dialogue_goes_on_by_its_own_rules_to_where_its_ending_leads() -> None:
    moved = replace(PLAN.lists[12], ends=Ending("move", 20, Delay(days=7)))
    plan = replace(PLAN, lists={**PLAN.lists, 12: moved})
    days = [
        f"{to_local(at, PARIS):%m-%d}"
        for at in letters_to_come(plan, HERE, 12, NOON, NOON + 60 * DAY)
    ]
    assert days == ["03-04", "03-18", "04-18"]
    assert list(letters_to_come(plan, HERE, 12, NOON, NOON + DAY)) == []


def test_a_cohort_counts_for_all_who_stand_there_and_reminders_for_the_silent() -> None:
    asked = fold(flat([on(10), sent("w", "welcome", at=NOON)]))
    days = forecast(PLAN, [Cohort(asked, 10, 40), Cohort(HERE, 12, 2)], NOON, NOON + 5 * DAY)
    assert days == {"2026-03-04": 42, "2026-03-05": 40}


def test_what_is_on_its_way_is_taken_for_sent_and_who_may_not_be_written_to_gets_nothing() -> None:
    on_its_way = fold(flat([on(12), sent("h", "help", 12, at=NOON)[:1]]))
    assert len(list(letters_to_come(PLAN, on_its_way, 12, NOON, NOON + 30 * DAY))) == 1
    withdrawn = fold((e.ConsentWithdrawn(NOON, "conseils"),), HERE)
    assert not list(letters_to_come(PLAN, withdrawn, 12, NOON, NOON + 30 * DAY))


def test_a_circle_is_followed_to_the_end_of_the_time_and_no_further() -> None:
    circle = replace(
        PLAN.lists[12], letters=(letter("help", Delay()),), ends=Ending("move", 11, Delay(days=1))
    )
    back = replace(PLAN.lists[11], ends=Ending("move", 12, Delay(days=1)))
    plan = replace(PLAN, lists={**PLAN.lists, 12: circle, 11: back})
    assert len(list(letters_to_come(plan, HERE, 12, NOON, NOON + 10 * DAY))) == 9


# Broadcasts that are counted from a date fall due once.


def published(before: Installation, text: str, at: str) -> Installation:
    settings = replace(SETTINGS, fields=(Field("birthday", "Anniversaire", "date"),))
    for event in publication(before, {"d.toml": text, **WORDS}, settings, local(at), "1"):
        before = before.evolve(event)
    return before


def due(installation: Installation, at: str) -> list[str]:
    return [
        f"{event.broadcast}/{event.occurrence}" for event in fallen_due(installation, local(at))
    ]


def test_each_falls_due_at_its_moment_and_is_named_by_its_date() -> None:
    year = published(Installation(), YEAR, "2027-04-20 12:00")
    assert due(year, "2027-05-20 08:59") == []
    assert due(year, "2027-05-20 09:00") == ["cadeau/2027"]
    assert due(year, "2027-05-22 09:00") == ["cadeau/2027"]
    assert due(year, "2027-05-22 09:01") == []  # as late as it may leave
    assert due(year, "2028-05-18 09:00") == ["cadeau/2028"]


def test_one_that_has_left_leaves_no_second_time_when_its_date_is_moved() -> None:
    dated = YEAR.replace('anchor = "mamans"\nbefore = "10 days"', 'anchor = "webinaire"')
    year = published(Installation(), dated, "2027-03-01 12:00")
    (fell,) = [f for f in fallen_due(year, local("2027-03-12 20:00")) if f.broadcast == "cadeau"]
    left = published(
        year.evolve(fell), dated.replace("03-12 20:00", "03-20 20:00"), "2027-03-13 12:00"
    )
    assert due(left, "2027-03-20 20:00") == []
    moved = published(year, dated.replace("03-12 20:00", "03-20 20:00"), "2027-03-10 12:00")
    assert due(moved, "2027-03-12 20:00") == []
    assert due(moved, "2027-03-20 20:00") == ["cadeau/webinaire"]


def test_what_had_to_leave_before_a_date_does_not_fall_due_after_it() -> None:
    soon = YEAR.replace('before = "10 days"', 'before = "1 hour"')
    year = published(Installation(), soon, "2027-04-20 12:00")
    assert due(year, "2027-05-30 08:59") == ["cadeau/2027"]
    assert due(year, "2027-05-30 09:00") == []


def test_a_moved_date_makes_the_lists_stale_whose_letters_are_counted_from_it() -> None:
    before = read(YEAR, settings=replace(SETTINGS, fields=(Field("birthday", "B", "date"),)))
    moved = YEAR.replace("03-12 20:00", "03-20 20:00")
    after = read(moved, settings=replace(SETTINGS, fields=(Field("birthday", "B", "date"),)))
    assert [letter for _, letter in difference(before, after).retimed] == ["demain"]
    assert affected_lists(before, after) == {11}


@pytest.mark.postgres
def test_relance_programme_tells_the_year_and_publish_who_is_reached_no_more(
    make_context: MakeContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        **FILES,
        "annee.toml": YEAR.replace(
            'anchor = "field:birthday"\nyearly = true', 'on = "2027-12-24 09:00"'
        ),
        **WORDS,
    }
    context = make_context(files)
    for number in range(3):
        enter(context, f"reader-{number}")
    arguments = argparse.ArgumentParser()
    programme_arguments(arguments)
    calendar = str(tmp_path / "a.ics")
    assert run(context, arguments.parse_args(["--year", "2027", "--ics", calendar])) == 0
    told = capsys.readouterr().out
    assert "Plants de tomates" in told and "cadeau" in told
    assert icalendar.Calendar.from_ical((tmp_path / "a.ics").read_bytes()).walk("VEVENT")
    year = to_local(context.clock.now(), PARIS).year
    assert run(context, arguments.parse_args(["--year", str(year), "--json"])) == 0
    report = json.loads(capsys.readouterr().out)
    assert sum(report["forecast"].values()) == 3
    assert report["forecast_of"] == {"edition": 1, "people": 3, "others": 0}

    past = f'at = "{to_local(context.clock.now() - DAY, PARIS):%Y-%m-%d %H:%M}"'
    dialogue = context.config.sequences / "annee.toml"
    words = dialogue.read_text("utf-8").replace('at = "2027-03-12 20:00"', past)
    dialogue.write_text(words, encoding="utf-8")
    proposal = plan_publication(context)
    assert any("it reaches nobody any more" in str(warning) for warning in proposal.warnings)
    assert [letter for _, letter in proposal.difference.retimed] == ["demain"]
