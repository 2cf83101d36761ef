"""A line of a segment is read into a value and printed back; a mistake is told with its column and
what could stand there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import get_args
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.language import translator
from engine.sequence.condition import (
    MAX_TIMES,
    MEASURED_ACTS,
    Answered,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Line,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
)
from engine.sequence.condition_grammar import ConditionMistake, Names, read_condition
from engine.sequence.declared import Declared, Product
from engine.sequence.delay import Delay
from engine.sequence.model import Field, List
from tests.docs.pages import page, rows, section
from tests.sequence.dialogues import HEAD, SETTINGS, letter, listed, read

BROADCAST = """
[[broadcast]]
id = "enfants"
to = [12]
on = "2026-12-01 09:00"
subject = "Sujet"
body = "q.md"
reminder = { wait = "5 days" }
"""
PLAN = read(
    HEAD
    + listed(10, "prise-en-main", letter("welcome", body="q.md"), letter("within"))
    + listed(11, "oui", 'group = "clients"')
    + listed(12, "non", letter("welcome"), letter("then", when='after = "1 day"'))
    + BROADCAST,
    settings=replace(
        SETTINGS,
        fields=(
            *SETTINGS.fields,
            Field("age", "Âge", "number"),
            Field("birthday", "Naissance", "date"),
        ),
    ),
)
OF_THE_PAGE = Names(
    replace(
        PLAN,
        lists={**PLAN.lists, 1: List(1, "clients", "conseils")},
        fields={**PLAN.fields, "town": Field("town", "Ville")},
    ),
    ["actifs"],
)
NAMES = Names(PLAN, ["potagers", "salon-2026"])
MONTH = Delay(months=1)


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        ("on 10", On(10)),
        ('on "prise-en-main"', On(10)),
        ("On prise-en-main", On(10)),
        ("in group clients", InGroup("clients")),
        ("in segment potagers", InSegment("potagers")),
        ("joined 11 within 30 jours", Joined(11, Delay(days=30))),
        ("answered then", Answered(LetterRef(12, "", "then"))),
        ("answered 12/welcome 3 times", Answered(LetterRef(12, "", "welcome"), times=3)),
        (
            'answered prise-en-main/welcome with "Oui" within 1 year',
            Answered(LetterRef(10, "", "welcome"), "Oui", within=Delay(months=12)),
        ),
        (
            "answered enfants with « Oui » 2 times within 1 mois",
            Answered(LetterRef(0, "enfants", "enfants"), "Oui", 2, MONTH),
        ),
        ("answered enfants-reminder", Answered(LetterRef(0, "enfants", "enfants-reminder"))),
        ("answered enfants/enfants", Answered(LetterRef(0, "enfants", "enfants"))),
        ("answered anything within 1h30", Answered(within=Delay(minutes=90))),
        ("answered 10/within within 1 month", Answered(LetterRef(10, "", "within"), within=MONTH)),
        ("received letters within 1 month", Received(MONTH)),
        ("received 4 letters of conseils within 1 month", Received(MONTH, 4, "conseils")),
        ("ordered", Ordered()),
        ('ordered "LIVRE 1" 2 times within 1 month', Ordered("LIVRE 1", 2, MONTH)),
        ("silent for 1 month", Silent(MONTH)),
        ('source is "salon" or "web"', SourceIs(("salon", "web"))),
        ("source is unknown", SourceIs((), True)),
        (
            'field first_name is "Zoé" or "Léa" or "Zoé" or unknown',
            FieldIs("first_name", "is", ("Zoé", "Léa"), True),
        ),
        ("field first_name is unknown", FieldIs("first_name", "is", (), True)),
        ("field first_name is not unknown", FieldIs("first_name", "is not", (), True)),
        ("field first_name is not “Zoé”", FieldIs("first_name", "is not", ("Zoé",))),
        ('field age over "3" or unknown', FieldIs("age", "over", ("3",), True)),
        (
            r'field first_name starts with "\"Le\" \\" or "La"',
            FieldIs("first_name", "starts with", ('"Le" \\', "La")),
        ),
        ("measured clicked within 1 month", Measured("clicked", MONTH)),
        (
            "measured opened then within 1 month",
            Measured("opened", MONTH, LetterRef(12, "", "then")),
        ),
    ],
)
def test_a_line_is_a_value(line: str, condition: Line) -> None:
    assert read_condition(line, NAMES) == condition


DELAYS = st.builds(Delay, st.integers(0, 30), st.integers(0, 400), st.integers(0, 5000)).filter(
    lambda delay: delay.nominal_ms > 0
)
TIMES = st.integers(1, MAX_TIMES)
TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20).map(
    lambda text: normalize("NFC", text)
)
VALUES = st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(tuple)
LETTERS = st.sampled_from(list(NAMES.labels))
LINES: st.SearchStrategy[Line] = st.one_of(
    st.builds(On, st.sampled_from(sorted(PLAN.lists))),
    st.builds(InGroup, st.sampled_from(sorted(PLAN.groups))),
    st.builds(InSegment, st.sampled_from(sorted(NAMES.segments))),
    st.builds(Joined, st.sampled_from(sorted(PLAN.lists)), DELAYS),
    st.builds(Answered, LETTERS | st.none(), times=TIMES, within=st.none() | DELAYS),
    st.builds(
        Answered,
        st.just(LetterRef(10, "", "welcome")),
        st.sampled_from(("Oui", "Non")),
        TIMES,
        DELAYS,
    ),
    st.builds(Received, DELAYS, TIMES, st.sampled_from(("", *PLAN.purposes))),
    st.builds(Ordered, TEXTS, TIMES, st.none() | DELAYS),
    st.builds(Silent, DELAYS),
    st.builds(SourceIs, VALUES, st.booleans()),
    st.builds(
        FieldIs,
        st.just("first_name"),
        st.sampled_from(("is", "is not", "starts with")),
        VALUES,
        st.booleans(),
    ),
    st.builds(
        FieldIs,
        st.just("age"),
        st.sampled_from(("over", "under")),
        st.integers(-9, 999).map(lambda number: (str(number),)),
        st.booleans(),
    ),
    st.builds(
        FieldIs,
        st.just("birthday"),
        st.sampled_from(("before", "after")),
        st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda day: (str(day),)),
        st.booleans(),
    ),
    st.builds(Measured, st.sampled_from(MEASURED_ACTS), DELAYS, LETTERS | st.none()),
)


@given(LINES)
def test_what_is_printed_is_read_back(condition: Line) -> None:
    assert read_condition(str(condition), NAMES) == condition


EXPECTED_FIRST = (
    "`on`, `in`, `joined`, `answered`, `received`, `ordered`, `silent`, `source`, `field`,"
    " `measured`"
)


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [
        ("", 1, f"this line is empty; what can stand there: {EXPECTED_FIRST}"),
        (
            "  recieved 4 letters within 7 days",
            3,
            f"`recieved` cannot stand here; what can: {EXPECTED_FIRST}; did you mean `received`?",
        ),
        (
            "in groupe clients",
            4,
            "`groupe` cannot stand here; what can: `group`, `segment`; did you mean `group`?",
        ),
        (
            "received 4 letters",
            19,
            "something is missing at the end; what can stand there: `of`, `within`",
        ),
        (
            "on",
            3,
            "something is missing at the end; what can stand there: the number or the name of a"
            " list",
        ),
        (
            "answered then with Oui",
            20,
            '`Oui` cannot stand here; what can: a text in quotes, "…"',
        ),
        (
            'field first_name is "Lyon',
            21,
            "no quote closes the one that opens here",
        ),
        ("answered then with “Oui", 20, "no quote closes the one that opens here"),
        ('field first_name is "A" or "B', 28, "no quote closes the one that opens here"),
        ("on 10 and on 11", 7, "`and` cannot stand here; what can: the end of the line"),
        ("on 10, 11", 6, "`,` cannot stand here; what can: the end of the line"),
        ("on non-lue", 4, "there is no list non-lue; did you mean `non`?"),
        (
            "in group client",
            10,
            'the group "client" is not declared in config.toml; did you mean `clients`?',
        ),
        (
            "in segment potager",
            12,
            'there is no segment "potager"; did you mean `potagers`?',
        ),
        (
            "received letters of conseil within 1 day",
            21,
            'the purpose "conseil" is not declared in config.toml; did you mean `conseils`?',
        ),
        (
            'field prenom is "Zoé"',
            7,
            'the field "prenom" is not declared in config.toml; did you mean `first_name`?',
        ),
        ("answered thn", 10, "there is no letter thn; did you mean `then`?"),
        (
            "answered welcome",
            10,
            "there are several letters welcome: write `10/welcome`, `12/welcome`",
        ),
        (
            'answered enfants with "oui"',
            23,
            'no link of the letter enfants says "oui"; its links say "Oui", "Non"',
        ),
        ('answered then with "Oui"', 20, "no link of the letter then is an answer"),
        ("answered then 21 times", 15, "21 is not a number from 1 to 20"),
        ("received 0 letters within 1 day", 10, "0 is not a number from 1 to 20"),
        (
            "silent for ever",
            12,
            '"ever" is not a duration: write for example "0 minutes", "6 hours", "2 days", "1'
            ' month"',
        ),
        ("silent for 0 days", 12, '"0 days" is no time at all'),
        ("silent for 200 years", 12, '"200 years" is longer than a hundred years'),
    ],
)
def test_a_mistake_is_told_with_its_column_and_what_could_stand_there(
    line: str, column: int, told: str
) -> None:
    with pytest.raises(ConditionMistake) as mistake:
        read_condition(line, NAMES)
    assert (mistake.value.offset + 1, str(mistake.value)) == (column, told)


def test_a_product_is_looked_for_where_any_is_declared() -> None:
    sold = Declared(products=(Product("LIVRE", "Le livre"), Product("SEMIS", "Les semis")))
    names = Names(replace(PLAN, declared=sold), [])
    assert read_condition('ordered "LIVRE"', names) == Ordered("LIVRE")
    assert read_condition("ordered", names) == Ordered()
    with pytest.raises(ConditionMistake) as mistake:
        read_condition('ordered "LIVRES"', names)
    told = "no [[product]] has the code LIVRES; did you mean `LIVRE`?"
    assert (mistake.value.offset, str(mistake.value)) == (8, told)


EXAMPLES = [
    example
    for row in rows(section(page("docs/author.md"), "Segments"))
    for example in re.findall(r"`([^`]+)`", row[0])
    if " " in example and "=" not in example
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_condition_on_the_page_for_authors_is_one(line: str) -> None:
    read_condition(line, OF_THE_PAGE)


def test_the_page_for_authors_has_a_condition_of_each_kind() -> None:
    shown = {type(read_condition(line, OF_THE_PAGE)) for line in EXAMPLES}
    assert shown == set(get_args(Line))


def test_a_mistake_is_told_in_french_too() -> None:
    with pytest.raises(ConditionMistake) as mistake:
        read_condition("received 4 letters", NAMES)
    assert mistake.value.words.said(translator("fr")) == (
        "il manque quelque chose à la fin ; ce qui peut s’y trouver : `of`, `within`"
    )
