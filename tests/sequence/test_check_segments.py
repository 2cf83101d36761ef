"""What `check` says of segments and rules about them: each rule with what breaks it, and with what
comes close and does not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.check import check
from engine.sequence.mistakes import Mistake
from engine.sequence.model import MEASURE, Field, Purpose
from engine.sequence.parse import parse, read_plan
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, listed

LEAVE = "ends = { leave = true }"
LISTS = (
    listed(10, "ici", LEAVE, letter("welcome", body="q.md"))
    + listed(11, "oui", LEAVE, 'group = "clients"')
    + listed(12, "non", LEAVE, 'group = "prospects"')
)
TYPED = replace(
    SETTINGS,
    fields=(
        Field("town", "Ville"),
        Field("age", "Âge", "number"),
        Field("birthday", "Naissance", "date"),
        Field("kind", "Genre", "choice", ("Jardin", "Balcon")),
        Field("tools", "Outils", "choices", ("Bêche", "Râteau")),
    ),
)


def segment(name: str, *lines: str) -> str:
    return "\n".join(["", "[[segment]]", f'id = "{name}"', f'name = "{name}"', *lines, ""])


def rule(when: str, then: str) -> str:
    return f'\n[[rule]]\nwhen = "{when}"\nthen = {{ {then} }}\n'


def broadcast(*to: str, purpose: str = "conseils") -> str:
    audience = ", ".join(f'"segment:{name}"' for name in to)
    return (
        f'\n[[broadcast]]\nid = "b"\nto = [{audience}]\non = "2026-12-01 09:00"\n'
        f'subject = "S"\nbody = "a.md"\npurpose = "{purpose}"\n'
    )


def checked(toml: str) -> list[Mistake]:
    """What is said about segments and rules, and nothing else of this dialogue."""
    files = {"d.toml": HEAD + toml + LISTS, **WORDS}
    told = check(parse(files, TYPED), files)
    about = ("segment", "rules", "nobody gets")
    return [mistake for mistake in told if any(word in mistake.text for word in about)]


def texts(toml: str) -> list[str]:
    return [mistake.text for mistake in checked(toml)]


UNUSED = "nothing uses this segment: no broadcast, letter, rule or other segment"


def test_a_segment_nobody_uses_is_a_warning_at_its_place() -> None:
    toml = segment("a", "all = ['on 10']")
    assert [(m.line, m.text, m.fatal) for m in checked(toml)] == [(4, UNUSED, False)]


@pytest.mark.parametrize(
    "use",
    [
        broadcast("a"),
        segment("b", 'in = "a"') + broadcast("b"),
        segment("b", "none = ['in segment a']") + broadcast("b"),
        rule("enters a", "join = 11"),
        listed(20, "x", LEAVE, letter("l", 'only = "segment:a"')),
        listed(20, "x", LEAVE, letter("l", 'unless = "segment:a"')),
    ],
)
def test_each_use_is_one(use: str) -> None:
    assert texts(segment("a", "all = ['on 10']") + use) == []


def test_more_segments_than_ten_in_one_file_are_too_many() -> None:
    names = [f"s{n}" for n in range(11)]
    many = "".join(segment(name, "all = ['on 10']") for name in names)
    assert texts(many + broadcast(*names)) == [
        "11 segments are more than 10: nobody keeps so many apart"
    ]
    some = "".join(segment(name, "all = ['on 10']") for name in names[:10])
    assert texts(some + broadcast(*names[:10])) == []


@pytest.mark.parametrize(
    ("only", "unless", "told"),
    [
        ("b", "a", ['whoever is in "b" is in "a" too: nobody gets this letter']),
        ("a", "a", ['whoever is in "a" is in "a" too: nobody gets this letter']),
        ("a", "b", []),
    ],
)
def test_a_letter_for_a_segment_unless_they_are_in_one_around_it_is_for_nobody(
    only: str, unless: str, told: list[str]
) -> None:
    tree = segment("a", "all = ['on 10']") + segment("b", 'in = "a"', "all = ['ordered']")
    both = f'only = "segment:{only}"', f'unless = "segment:{unless}"'
    series = listed(20, "x", LEAVE, letter("l", *both))
    assert texts(tree + series + broadcast("b")) == told


def test_a_broadcast_to_a_segment_needs_a_way_to_agree_to_its_purpose() -> None:
    toml = segment("a", "all = ['on 10']") + broadcast("a", purpose="offres")
    assert texts(toml) == [
        'no list and no form is of the purpose "offres": nobody of this segment can have agreed to'
        " this broadcast"
    ]
    assert texts(toml + listed(20, "x", LEAVE, 'purpose = "offres"')) == []


IMPOSSIBLE = "nobody can be in this segment: "


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("all = ['on 10']\nnone = ['on 10']", "`on 10` is asked for and excluded"),
        ("any = ['on ici']\nnone = ['on 10']", "`on 10` is asked for and excluded"),
        (
            "all = ['field age over \"40\"', 'field age under \"40\"']",
            "no age fits all that is asked of it",
        ),
        (
            "all = ['field birthday after \"2000-01-01\"', 'field birthday before \"2000-01-02\"']",
            "no birthday fits all that is asked of it",
        ),
        (
            'all = [\'field town is "Lyon"\', \'field town is "Nice" or "Dijon"\']',
            "no town fits all that is asked of it",
        ),
        (
            "all = ['field kind is \"Balcon\"', 'field kind is not \"Balcon\" or unknown']",
            "no kind fits all that is asked of it",
        ),
        (
            "all = ['field town is unknown', 'field town is \"Lyon\"']",
            "no town fits all that is asked of it",
        ),
        ("in = \"actifs\"\nnone = ['on 11']", "`on 11` is asked for and excluded"),
        (
            "all = ['in segment actifs', 'field age under \"18\"']",
            "no age fits all that is asked of it",
        ),
    ],
)
def test_a_segment_in_which_nobody_can_be_is_refused(lines: str, told: str) -> None:
    parent = segment("actifs", "all = ['on 11', 'field age over \"18\"']")
    told_of = checked(parent + segment("s", lines) + broadcast("s", "actifs"))
    assert [(m.text, m.fatal) for m in told_of] == [(IMPOSSIBLE + told, True)]


@pytest.mark.parametrize(
    "lines",
    [
        "any = ['on 10', 'on 11']\nnone = ['on 10']",
        "all = ['field age over \"40\"', 'field age under \"41\"']",
        "all = ['field age over \"40\" or unknown', 'field age under \"40\" or unknown']",
        "all = ['field birthday after \"2000-01-01\"', 'field birthday before \"2000-01-03\"']",
        'all = [\'field town is "LYON"\', \'field town is "Lyon" or "Dijon"\']',
        "all = ['field tools is \"Bêche\"', 'field tools is \"Râteau\"']",
        "all = ['field town is unknown', 'field town is \"Lyon\" or unknown']",
        "all = ['field town is not unknown', 'field town is not \"Lyon\" or unknown']",
        "none = ['in segment actifs', 'on 11']",
    ],
)
def test_a_segment_in_which_somebody_can_be_is_not(lines: str) -> None:
    parent = segment("actifs", "all = ['on 11', 'field age over \"18\"']")
    assert texts(parent + segment("s", lines) + broadcast("s", "actifs")) == []


@pytest.mark.parametrize(
    ("rules", "circle"),
    [
        (
            segment("a", "none = ['on 11']")
            + rule("enters a", "join = 11")
            + rule("leaves a", "leave = 11"),
            "enters a → leaves a → enters a",
        ),
        (
            segment("a", "all = ['in group clients']")
            + rule("enters a", "join = 12")
            + segment("b", "all = ['joined 12 within 1 day']")
            + rule("enters b", "move = 11, from = 12"),
            "enters a → enters b → enters a",
        ),
        (
            segment("a", "all = ['on 12']")
            + rule("leaves a", "join = 12")
            + segment("b", 'in = "a"', "all = ['ordered']")
            + rule("enters b", "join = 11"),
            "leaves a → enters b → leaves a",
        ),
    ],
)
def test_rules_that_run_in_a_circle_are_refused(rules: str, circle: str) -> None:
    told = checked(rules)
    assert [(m.text, m.fatal) for m in told] == [(f"these rules run in a circle: {circle}", True)]


@pytest.mark.parametrize(
    "rules",
    [
        segment("a", "none = ['on 11']") + rule("enters a", "join = 11"),
        segment("a", "none = ['on 11']")
        + rule("enters a", "join = 11")
        + rule("leaves a", "join = 10"),
        segment("a", "all = ['on 11']") + rule("leaves a", "join = 10"),
        segment("a", "all = ['joined 11 within 1 day']") + rule("leaves a", "join = 11"),
    ],
)
def test_rules_that_come_to_rest_are_not(rules: str) -> None:
    assert texts(rules) == []


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        (segment("a", 'in = "a"'), "a → a"),
        (segment("a", "none = ['in segment a']"), "a → a"),
        (
            segment("a", 'in = "b"')
            + segment("b", "any = ['on 10', 'in segment c']")
            + segment("c", 'in = "a"'),
            "a → b → c → a",
        ),
    ],
)
def test_a_segment_inside_itself_is_refused_once(segments: str, told: str) -> None:
    files = {"d.toml": HEAD + segments + LISTS, **WORDS}
    plan, mistakes = read_plan(files, TYPED)
    assert [m.text for m in mistakes] == [f"this segment is inside itself: {told}"]
    check(plan, files)


def test_a_list_that_a_rule_joins_can_be_entered_and_one_it_leaves_can_be_left() -> None:
    toml = (
        segment("a", "all = ['ordered']")
        + rule("enters a", "move = 20, from = 21")
        + listed(20, "vingt", LEAVE)
        + listed(21, "autre", letter("l"))
    )
    files = {"d.toml": HEAD + toml + LISTS, **WORDS}
    told = [m.text for m in check(parse(files, TYPED), files)]
    assert not [text for text in told if "vingt" in text or "leave list 21" in text]


def test_a_field_that_a_segment_compares_is_used() -> None:
    toml = segment("a", "all = ['field town is \"Lyon\"']") + broadcast("a")
    files = {"d.toml": HEAD + toml + LISTS, **WORDS}
    told = [m.text for m in check(parse(files, TYPED), files) if "no letter uses" in m.text]
    assert not [text for text in told if '"town"' in text]
    assert [text for text in told if '"age"' in text]


def test_what_is_measured_of_nobody_or_no_more_is_a_warning() -> None:
    asks = segment("a", 'all = ["measured opened within 2 years"]') + broadcast("a")
    files = {"d.toml": HEAD + asks + LISTS, **WORDS}
    [nobody] = [m for m in check(parse(files, TYPED), files) if "measured" in m.text]
    assert "is known of nobody" in nobody.text and not nobody.fatal
    measuring = replace(TYPED, measured=Purpose(MEASURE, "M", "D"))
    [long] = [m for m in check(parse(files, measuring), files) if "measured" in m.text]
    assert "twelve at most" in long.text and not long.fatal
