"""Caps and weights as authors write them: read with every mistake, published as they were meant,
and held against what is to leave under them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.i18n.language import translator
from engine.installation.state import read_settings, write_settings
from engine.sequence.check import check
from engine.sequence.delay import Delay
from engine.sequence.mistakes import Unpublishable, Unreadable
from engine.sequence.parse import Settings
from engine.sequence.pressure import Cap, parse_cap
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, listed, mistakes, read
from tests.sequence.test_declaring import read as read_settings_of

WEEK = Delay(days=7)
CAPS = [
    ("3 per 1 week", Cap(3, WEEK)),
    ("3 per week", Cap(3, WEEK)),
    ("1 per 2 days", Cap(1, Delay(days=2))),
    ("2 par semaine", Cap(2, WEEK)),
    ("une par mois", Cap(1, Delay(months=1))),
    ("20 per 1 year", Cap(20, Delay(months=12))),
    ("1 per 90 minutes", Cap(1, Delay(minutes=90))),
]
BAD = [
    ("often", '"often" is not a cap'),
    ("3", "is not a cap"),
    ("per week", "is not a cap"),
    ("3 per while", "is not a cap"),
    ("-1 per week", "is not a cap"),
    ("0 per 1 week", "would let no letter leave at all"),
    ("21 per 1 week", "at most 20 letters are counted"),
    ("1 per 0 days", "counts in no time at all"),
    ("1 per 2 years", "counts over more than a year"),
    ("1 per 367 days", "counts over more than a year"),
]


@pytest.mark.parametrize(("text", "cap"), CAPS, ids=[text for text, _ in CAPS])
def test_a_cap_is_read_and_published_in_one_spelling(text: str, cap: Cap) -> None:
    assert parse_cap(text) == cap == parse_cap(str(cap))


@pytest.mark.parametrize(("text", "why"), BAD, ids=[text for text, _ in BAD])
def test_what_is_no_cap_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        parse_cap(text)


def test_caps_are_read_for_the_house_and_for_a_purpose(tmp_path: Path) -> None:
    settings = read_settings_of(
        tmp_path,
        '\n[pressure]\nmax = ["3 per 1 week", "6 per 1 month"]\n'
        '\n[[purpose]]\nid = "ventes"\nname = "Ventes"\nmax = "1 per 2 days"\n',
    )
    assert settings.caps == (Cap(3, WEEK), Cap(6, Delay(months=1)))
    assert settings.purposes[-1].caps == (Cap(1, Delay(days=2)),)
    assert read_settings(write_settings(settings)) == settings


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("max = 3", "`max` is a cap in quotes"),
        ('max = ["3 per 1 week", 4]', "`max` is a cap in quotes"),
        ('max = "0 per 1 week"', "`max`: "),
        ('max = ["3 per 1 week", "2 per 7 days"]', "beside another cap of the same time"),
        ('most = "3 per 1 week"', "unknown key `most`"),
    ],
)
def test_a_mistake_in_a_cap_stands_at_its_line(tmp_path: Path, written: str, why: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        read_settings_of(tmp_path, f"\n[pressure]\n{written}\n")
    text = (tmp_path / "config.toml").read_text("utf-8")
    [mistake] = refused.value.mistakes
    assert why in mistake.text
    assert mistake.line == text[: text.index(written)].count("\n") + 1


def test_settings_without_a_cap_are_published_as_they_were_before_there_was_any() -> None:
    assert "pressure" not in write_settings(SETTINGS) and "max" not in write_settings(SETTINGS)


def test_letters_of_lists_wait_and_broadcasts_are_skipped_unless_they_say_otherwise() -> None:
    plan = read(
        HEAD
        + listed(11, "a", "ends = { leave = true }")
        + letter("one")
        + letter("two", 'when_full = "skip"\nweight = 9', when='after = "2 days"')
        + broadcast("poll", 'reminder = { wait = "5 days" }')
        + broadcast("sale", 'when_full = "wait"\nweight = 8', "reminder = { weight = 2 }")
    )
    one, two = plan.lists[11].letters
    assert (one.weight, one.when_full, two.weight, two.when_full) == (5, "wait", 9, "skip")
    poll, sale = plan.broadcasts["poll"], plan.broadcasts["sale"]
    assert (poll.letter.weight, poll.letter.when_full) == (5, "skip")
    assert (sale.letter.weight, sale.letter.when_full) == (8, "wait")
    assert poll.reminder and poll.reminder.when_full == "skip"
    assert sale.reminder and (sale.reminder.weight, sale.reminder.when_full) == (2, "wait")


def broadcast(name: str, *lines: str) -> str:
    head = ["", "[[broadcast]]", f'id = "{name}"', "to = [11]", 'on = "2026-12-01 09:00"']
    return "\n".join([*head, 'subject = "S"\nbody = "a.md"', *lines, ""])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("weight = 10", "`weight` is a number from 0"),
        ("weight = -1", "`weight` is a number from 0"),
        ('weight = "high"', "`weight` must be a number"),
        ('when_full = "later"', "`when_full` must be one of wait, skip"),
    ],
)
def test_a_wrong_weight_and_a_wrong_word_are_refused(line: str, why: str) -> None:
    text = HEAD + listed(11, "a", "ends = { leave = true }") + letter("one", line)
    assert why in "".join(mistakes(text))


def capped(*house: str, purpose: str = "") -> Settings:
    conseils, *others = SETTINGS.purposes
    own = (parse_cap(purpose),) if purpose else ()
    return replace(
        SETTINGS,
        purposes=(replace(conseils, caps=own), *others),
        caps=tuple(map(parse_cap, house)),
    )


def found(toml: str, settings: Settings) -> list[str]:
    files = {"d.toml": HEAD + toml, **WORDS}
    told = [str(mistake) for mistake in check(read(HEAD + toml, settings=settings), files)]
    return [mistake for mistake in told if "nobody gets" in mistake or "weight" in mistake]


def daily(days: int, *lines: str, lateness: str = "7 days") -> str:
    head = listed(11, "a", "ends = { leave = true }", f'max_lateness = "{lateness}"')
    return head + "".join(
        letter(f"l{day}", *lines, when=f'after = "{day} days"') for day in range(days)
    )


def test_a_list_that_cannot_fit_its_letters_under_a_cap_is_refused() -> None:
    [mistake] = found(daily(3, lateness="1 day"), capped("2 per 1 week"))
    assert '"l2"' in mistake and '"2 per 7 days"' in mistake and "warning" not in mistake
    assert found(daily(3), capped("2 per 1 week")) == []
    assert found(daily(3, lateness="1 day"), capped("3 per 1 week")) == []


def test_a_letter_that_does_not_wait_needs_its_room_on_the_day() -> None:
    assert '"l1"' in found(daily(2, 'when_full = "skip"'), capped(purpose="1 per 2 days"))[0]
    assert found(daily(2, 'when_full = "skip"'), capped(purpose="1 per 1 day")) == []


def test_a_reminder_of_a_letter_that_found_no_room_is_not_missed() -> None:
    text = daily(2, lateness="1 hour") + letter("again", 'reminds = "l1"', when='wait = "1 day"')
    told = found(text, capped("1 per 1 week"))
    assert ['"l1"' in mistake for mistake in told] == [True]


def test_a_broadcast_that_leaves_no_room_for_its_reminder_is_refused() -> None:
    base = listed(11, "a", "ends = { leave = true }") + letter("one", body="q.md")
    poll = broadcast("poll", 'reminder = { wait = "5 days" }').replace("a.md", "q.md")
    text = base.replace("q.md", "a.md") + listed(12, "b", "ends = { leave = true }") + letter("c")
    told = found(text + poll, capped("1 per 2 weeks"))
    assert any(
        'the reminder of "poll"' in mistake and "comes 5 days after" in mistake for mistake in told
    )
    in_french = [
        mistake.words.said(translator("fr"))
        for mistake in check(
            read(HEAD + text + poll, settings=capped("1 per 1 month 2 hours")),
            {"d.toml": HEAD + text + poll, **WORDS},
        )
    ]
    assert any("5 jours après" in said and "1 par 1 mois 2 heures" in said for said in in_french)
    for settings in (capped("1 per 5 days"), capped("2 per 2 weeks"), SETTINGS):
        assert found(text + poll, settings) == []
    waiting = poll.replace('"5 days"', '"5 days", when_full = "wait"')
    patient = waiting + 'max_lateness = "12 days"\n'
    assert found(text + patient, capped("1 per 2 weeks")) == []


def test_a_weight_that_decides_nothing_is_a_warning() -> None:
    text = daily(1, "weight = 8")
    assert "no cap holds" in found(text, SETTINGS)[0] and "(warning)" in found(text, SETTINGS)[0]
    assert "the same weight" in found(text, capped("2 per 1 week"))[0]
    assert found(text + broadcast("poll"), capped("2 per 1 week")) == []
