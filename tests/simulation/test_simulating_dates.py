"""A simulated reader lives through dates that matter, a feast, and a date of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.cli.simulate import Options, lived
from engine.i18n.user_error import UserError
from engine.sequence.model import Field
from engine.sequence.timing import to_local
from tests.examples import PARIS, local
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

BIRTHDAY = replace(SETTINGS, fields=(Field("birthday", "Anniversaire", "date"),))
DATES = """
[[anchor]]
id = "webinaire"
at = "2027-03-12 20:00"

[[anchor]]
id = "mamans"
feast = "fête des mères"
at = "09:00"

[[broadcast]]
id = "cadeau"
to = [10]
anchor = "mamans"
before = "10 days"
subject = "S"
body = "a.md"

[[broadcast]]
id = "fete"
to = [10]
anchor = "field:birthday"
yearly = true
subject = "S"
body = "a.md"
"""
PLAN = read(
    HEAD
    + DATES
    + listed(10, "inscrits")
    + letter("bravo")
    + letter("demain", 'anchor = "webinaire"', when='before = "1 day"')
    + letter("encore", 'anchor = "webinaire"', when='since = "1 hour"'),
    settings=BIRTHDAY,
)


def life(start: str, *fields: str, zone: str = PARIS, years: int = 2) -> list[str]:
    options = Options("d.toml", (), "", local(start), zone, 365 * years, fields)
    return [
        f"{to_local(entry.at, zone):%Y-%m-%d %H:%M} {entry.letter or entry.kind}"
        for entry in lived(PLAN, options)
    ]


def test_dates_are_lived_through() -> None:
    assert life("2027-03-01 12:00", years=1) == [
        "2027-03-01 12:00 joins",
        "2027-03-01 12:00 bravo",
        "2027-03-11 20:00 demain",
        "2027-03-12 21:00 encore",
        "2027-05-20 09:00 cadeau",
        "2028-02-29 12:00 goes on",
    ]


def test_who_joins_later_lives_through_what_is_still_to_come() -> None:
    late = life("2027-03-12 12:00", years=1)
    assert "2027-03-12 21:00 encore" in late and not any("demain" in line for line in late)


def test_a_date_of_ones_own_comes_round_in_ones_own_zone() -> None:
    lines = life("2027-06-01 12:00", "birthday=1980-02-29", zone="Asia/Tokyo", years=3)
    assert [line for line in lines if "fete" in line] == [
        "2028-02-29 09:00 fete",
        "2029-02-28 09:00 fete",
        "2030-02-28 09:00 fete",
    ]


@pytest.mark.parametrize("field", ["birthday", "anniv=1980-01-01", "birthday=hier", "=x"])
def test_what_is_no_field_or_does_not_fit_is_refused(field: str) -> None:
    with pytest.raises(UserError):
        life("2027-06-01 12:00", field)
