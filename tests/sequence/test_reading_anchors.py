"""Dates that matter, as their author writes them: what is read, and each mistake at its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.anchors import Anchor, Anchored, PersonalDate
from engine.sequence.check import check
from engine.sequence.delay import Delay
from engine.sequence.model import Field, Intention
from engine.sequence.timing import Hours
from tests.examples import PARIS, local
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, line_of, listed, mistakes, read

WITH_BIRTHDAY = replace(
    SETTINGS, fields=(*SETTINGS.fields, Field("birthday", "Anniversaire", "date"))
)
DATES = """
[[anchor]]
id = "webinaire"
at = "2027-03-12 20:00"

[[anchor]]
id = "mamans"
feast = "Fête des mères"
at = "09:00"

[[programme]]
on = "2027-05"
what = "Plants de tomates"
to = "11"
"""
BIRTHDAY = """
[[broadcast]]
id = "anniversaire"
to = [11]
anchor = "field:birthday"
yearly = true
at = "09:00"
subject = "Bon anniversaire"
body = "a.md"
"""
GIFT = """
[[broadcast]]
id = "cadeau"
to = [11]
anchor = "mamans"
before = "10 days"
programme = "plants-de-tomates"
subject = "Un cadeau"
body = "a.md"
"""
GOOD = (
    HEAD
    + DATES
    + listed(11, "oui", "ends = { leave = true }")
    + letter("bravo")
    + letter("demain", 'anchor = "webinaire"', when='before = "1 day"')
    + BIRTHDAY
    + GIFT
)


def test_a_letter_is_counted_from_a_date_a_feast_or_the_readers_own() -> None:
    plan = read(GOOD, settings=WITH_BIRTHDAY)
    webinar = Anchor("webinaire", PARIS, at=local("2027-03-12 20:00"))
    assert plan.anchors["webinaire"] == webinar
    assert plan.lists[11].letters[1].anchored == Anchored(webinar, Delay(days=1), True)
    own = plan.broadcasts["anniversaire"]
    assert own.anchored == Anchored(PersonalDate("birthday", True))
    assert own.letter.hours == Hours(at=540)
    assert plan.anchors["mamans"] == Anchor("mamans", PARIS, feast="fete-des-meres", minute=540)
    assert plan.programme == {
        "plants-de-tomates": Intention(
            "plants-de-tomates", "2027-05", "Plants de tomates", "11", "d.toml"
        )
    }
    assert plan.broadcasts["cadeau"].programme == "plants-de-tomates"


def test_a_readers_own_date_without_an_hour_is_at_nine() -> None:
    plan = read(GOOD.replace('yearly = true\nat = "09:00"', ""), settings=WITH_BIRTHDAY)
    assert plan.broadcasts["anniversaire"].letter.hours == Hours(at=540)


# (what is changed in GOOD, how; where the mistake stands; a part of its sentence)
BAD = [
    ('at = "2027-03-12 20:00"', "", "[[anchor]]", "when? write `at = "),
    ('at = "2027-03-12 20:00"', 'at = "2027-02-30 20:00"', "at = ", "is not a date with its hour"),
    ('at = "2027-03-12 20:00"', 'at = "20:00"', "at = ", "is not a date with its hour"),
    ('at = "2027-03-12 20:00"', 'at = "2027-03-12 20:00"\nyearly = true', "yearly", "unknown key"),
    ('id = "mamans"', 'id = "webinaire"', 'id = "webinaire"\nfeast', 'two anchors "webinaire"'),
    ('id = "webinaire"', 'id = "Le webinaire"', 'id = "Le', "small letters, digits and hyphens"),
    ('"Fête des mères"', '"fete des mere"', "feast", "did you mean `fete-des-meres`?"),
    ('"Fête des mères"\nat = "09:00"', '"easter"\nat = "25:00"', 'at = "25', "not a time of day"),
    ('anchor = "webinaire"', 'anchor = "webinare"', 'anchor = "webinare"', "did you mean"),
    ('anchor = "webinaire"', "", "before", "name it, `anchor"),
    ('before = "1 day"', 'before = "1 day"\nsince = "1 day"', "since", "exclude each other"),
    ('before = "1 day"', 'before = "1 day"\nafter = "1 day"', 'after = "1 day"', "one thing"),
    ('before = "1 day"', 'before = "1 day"\nwait = "1 day"', 'wait = "1 day"', "one thing"),
    ('before = "1 day"', 'reminds = "bravo"\nwait = "1 day"', "reminds", "one thing"),
    ('before = "1 day"', 'before = "soon"', "before", "is not a duration"),
    ('anchor = "webinaire"', 'anchor = "field:birthday"', 'anchor = "field', "[[broadcast]]"),
    ('"field:birthday"', '"field:birthdya"', 'anchor = "field', "did you mean `birthday`?"),
    ('"field:birthday"', '"field:first_name"', 'anchor = "field', "is no date: declare it with"),
    ("yearly = true", 'yearly = "yes"', "yearly", "must be true or false"),
    ("yearly = true", 'yearly = true\nbefore = "2 hours"', 'before = "2', "has no hour"),
    ("yearly = true", 'yearly = true\ndays = "mon"', "days", "leaves on that day"),
    ("yearly = true", 'yearly = true\non = "2027-01-01 09:00"', "[[broadcast]]", "has one of"),
    ('before = "10 days"', 'before = "10 days"\nyearly = true', "yearly = true\nprog", "unknown"),
    ('on = "2027-05"', 'on = "mai"', 'on = "mai"', "no month and no day"),
    ('on = "2027-05"', 'on = "2027-13"', 'on = "2027-13"', "no month and no day"),
    ('what = "Plants de tomates"', "", "[[programme]]", "`what` is missing"),
    ('"plants-de-tomates"', '"plant-de-tomate"', "programme = ", "did you mean"),
]


@pytest.mark.parametrize(("before", "after", "place", "sentence"), BAD)
def test_each_mistake_has_its_line_and_says_what_to_do(
    before: str, after: str, place: str, sentence: str
) -> None:
    assert before in GOOD
    text = GOOD.replace(before, after, 1)
    told = mistakes(text, settings=WITH_BIRTHDAY)
    line = f"d.toml:{line_of(text, place)}:"
    assert any(sentence in mistake and mistake.startswith(line) for mistake in told), told


def warnings(text: str, now: str) -> list[str]:
    files = {"d.toml": text, **WORDS}
    return [str(m) for m in check(read(text, settings=WITH_BIRTHDAY), files, local(now))]


def test_check_names_what_reaches_nobody_any_more() -> None:
    def told(now: str, sentence: str, text: str = GOOD) -> bool:
        return any(sentence in warning for warning in warnings(text, now))

    assert not told("2027-03-11 19:59", "reaches nobody")
    assert told("2027-03-11 20:01", '"demain" was to leave on 2027-03-11 20:00: it reaches')
    assert told("2027-03-12 20:01", "this date is past: letters before it reach nobody")
    unused = GOOD.replace('anchor = "mamans"\nbefore = "10 days"', 'on = "2027-05-01 09:00"')
    assert told("2027-01-01 09:00", 'no letter is counted from "mamans"', unused)
    undone = GOOD.replace('programme = "plants-de-tomates"\n', "")
    assert not told("2027-05-31 23:00", "was intended for 2027-05", undone)
    assert told("2027-06-01 01:00", "was intended for 2027-05", undone)
    assert not told("2027-06-01 01:00", "was intended for 2027-05")


def test_a_date_is_no_rest_since_it_passes_and_a_feast_comes_again() -> None:
    circle = (
        HEAD
        + DATES
        + listed(11, "oui", "ends = { move = 12 }")
        + letter("demain", 'anchor = "webinaire"', when='before = "1 day"')
        + listed(12, "non", "ends = { move = 11 }")
        + letter("encore", 'anchor = "webinaire"', when="")
    )
    told = [str(mistake) for mistake in check(read(circle), {"d.toml": circle, **WORDS})]
    assert any("never rests" in mistake for mistake in told)
    rests = circle.replace('anchor = "webinaire"', 'anchor = "mamans"')
    told = [str(mistake) for mistake in check(read(rests), {"d.toml": rests, **WORDS})]
    assert not any("never rests" in mistake for mistake in told)
