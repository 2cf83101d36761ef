"""Segments, what names them, and rules about them, read from a dialogue's file; every mistake has
its place.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.condition import Answered, Combined, FieldIs, InSegment, On, Ordered
from engine.sequence.delay import Delay
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Field, Segment, SegmentRule
from engine.sequence.parse import read_plan
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, listed, read

LISTS = (
    listed(10, "prise-en-main", letter("welcome", body="q.md"))
    + listed(11, "oui", 'group = "clients"')
    + listed(12, "non")
)
TYPED = replace(
    SETTINGS,
    fields=(
        Field("town", "Ville"),
        Field("age", "Âge", "number"),
        Field("birthday", "Naissance", "date"),
        Field("kind", "Genre", "choice", ("Jardin", "Balcon")),
        Field("member", "Membre", "yes-no"),
    ),
)
ACTIVE = """
[[segment]]
id = "actifs"
name = "Actifs"
all = ['on 10', 'answered welcome with "Oui" within 30 days']
"""


def mistakes_in(toml: str) -> list[tuple[int, int, str]]:
    """Line, column and words of every mistake."""
    _, mistakes = read_plan({"d.toml": HEAD + toml, **WORDS}, TYPED)
    return [(mistake.line, mistake.column, mistake.text) for mistake in mistakes]


def test_a_segment_is_read_with_its_parent_and_its_conditions() -> None:
    plan = read(
        HEAD
        + '[[segment]]\nid = "lyon"\nname = "Lyon"\nin = "actifs"\n'
        + "any = ['ordered', 'on 11']\nnone = ['in segment salon']\n"
        + ACTIVE
        + '[[segment]]\nid = "salon"\nname = "Salon"\nstatic = true\n'
        + LISTS
    )
    own = Combined(any=(Ordered(), On(11)), none=(InSegment("salon"),))
    assert plan.segments["lyon"] == Segment("lyon", "Lyon", "d.toml", "actifs", own=own)
    assert plan.segments["lyon"].condition == Combined(all=(InSegment("actifs"), own))
    assert plan.segments["salon"].condition == InSegment("salon")
    answered = plan.segments["actifs"].own.all[1]
    assert isinstance(answered, Answered) and answered.within == Delay(days=30)


def test_letters_broadcasts_and_rules_name_segments() -> None:
    plan = read(
        HEAD
        + ACTIVE
        + listed(10, "prise-en-main", letter("welcome", 'only = "segment:actifs"', body="q.md"))
        + listed(11, "oui", letter("then", 'unless = "segment:actifs"'))
        + listed(12, "non")
        + '[[broadcast]]\nid = "b"\nto = [11, "segment:actifs"]\non = "2026-12-01 09:00"\n'
        + 'subject = "S"\nbody = "a.md"\n'
        + '[[rule]]\nwhen = "enters actifs"\nthen = { join = "oui" }\n'
        + '[[rule]]\nwhen = "leaves actifs"\nthen = { move = 12, from = 11 }\n'
    )
    assert plan.lists[10].letters[0].only == "actifs"
    assert plan.lists[11].letters[0].unless == "actifs"
    assert (plan.broadcasts["b"].to, plan.broadcasts["b"].segments) == ((11,), ("actifs",))
    assert plan.rules == (
        SegmentRule("enters", "actifs", "join", 11, file="d.toml"),
        SegmentRule("leaves", "actifs", "move", 12, 11, file="d.toml"),
    )


def test_a_plan_without_segments_is_read_without_the_parser_of_conditions() -> None:
    from engine.sequence import condition_grammar

    condition_grammar._parser.cache_clear()
    read(HEAD + LISTS)
    assert condition_grammar._parser.cache_info().misses == 0


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("all = ['on 10', 'on 99']", (6, 21)),
        ('all = ["on 10", "on 99"]', (6, 21)),
        ("all = [ # d'abord\n  'on 10',  # \"ici\"\n\n  'on 99']", (9, 7)),
        ('all = ["field town is \\"Lyon\\" or 3"]', (6, 35)),
        ('all = ["field town is \\u0022Lyon\\u0022 or 3"]', (6, 43)),
        ('all = ["""\non 99"""]', (7, 4)),
        ("all = ['''on 99''']", (6, 14)),
    ],
)
def test_a_mistake_in_a_condition_has_the_column_of_its_word(
    lines: str, place: tuple[int, int]
) -> None:
    toml = f'[[segment]]\nid = "s"\nname = "S"\n{lines}\n' + LISTS
    assert [found[:2] for found in mistakes_in(toml)] == [place]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (
            '[[segment]]\nid = "Été"\nname = "S"\nstatic = true\n',
            '`id` "Été" may hold small letters, digits and hyphens only, without accents: "ete"',
        ),
        (ACTIVE + ACTIVE, 'there are two segments "actifs"'),
        (
            '[[segment]]\nid = "s"\nname = "S"\n',
            "who is in this segment? write `all`, `any` or `none` with conditions, or"
            " `static = true`",
        ),
        (
            '[[segment]]\nid = "s"\nname = "S"\nstatic = true\nnone = [\'on 10\']\n',
            "people are put into a static segment one by one: it has no `none`",
        ),
        (
            '[[segment]]\nid = "s"\nname = "S"\nin = "actif"\n' + ACTIVE,
            'there is no segment "actif"; did you mean `actifs`?',
        ),
        (
            '[[segment]]\nid = "s"\nname = "S"\nall = [12]\n',
            "`all` is a list of conditions, each in quotes",
        ),
        (
            '[[segment]]\nid = "s"\nname = "S"\nevery = ["on 10"]\nall = ["on 10"]\n',
            "unknown key `every`; known here: all, any, id, in, name, none, static",
        ),
        (
            ACTIVE + listed(20, "x", letter("l", 'only = "actifs"')),
            '`only` names a segment: write `only = "segment:actifs"`',
        ),
        (
            ACTIVE + listed(20, "x", letter("l", 'unless = "segment:actif"')),
            'there is no segment "actif"; did you mean `actifs`?',
        ),
        (
            '[[broadcast]]\nid = "b"\nto = ["segment:x"]\non = "2026-12-01 09:00"\n'
            'subject = "S"\nbody = "a.md"\n',
            'there is no segment "x"',
        ),
        (
            ACTIVE + '[[broadcast]]\nid = "b"\nto = ["actifs"]\non = "2026-12-01 09:00"\n'
            'subject = "S"\nbody = "a.md"\n',
            'there is no list "actifs": write `segment:actifs`',
        ),
        (
            '[[broadcast]]\nid = "b"\nto = ["clients"]\non = "2026-12-01 09:00"\n'
            'subject = "S"\nbody = "a.md"\n',
            'there is no list "clients": write `@clients`',
        ),
        (
            ACTIVE + '[[rule]]\nwhen = "enter actifs"\nthen = { join = 11 }\n',
            '"enter actifs" is no moment: write `when = "enters ID"` or `"leaves ID"`',
        ),
        (
            ACTIVE + '[[rule]]\nwhen = "enters actif"\nthen = { join = 11 }\n',
            'there is no segment "actif"; did you mean `actifs`?',
        ),
        (
            ACTIVE + '[[rule]]\nwhen = "enters actifs"\nthen = { join = 99 }\n',
            "there is no list 99",
        ),
        (
            ACTIVE + '[[rule]]\nwhen = "enters actifs"\nthen = { move = 11 }\n',
            "`then` says exactly one of `join = 40`, `move = 40, from = 10`, `leave = 40`",
        ),
        (
            ACTIVE + '[[rule]]\nwhen = "enters actifs"\nthen = { join = 11, leave = 10 }\n',
            "`then` says exactly one of `join = 40`, `move = 40, from = 10`, `leave = 40`",
        ),
        (ACTIVE + '[[rule]]\nwhen = "enters actifs"\n', "`then` is missing"),
    ],
)
def test_each_mistake_is_told(toml: str, told: str) -> None:
    assert [found[2] for found in mistakes_in(toml + LISTS)] == [told]


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [
        (
            'field town over "3"',
            20,
            '`over` compares no field of type text, which "town" is; what can stand here: `is`,'
            " `is not`, `starts with`",
        ),
        (
            'field age over "douze"',
            24,
            '"douze" is no value of a field of type number: write for example "12.5"',
        ),
        (
            'field birthday before "03/09/1980"',
            31,
            '"03/09/1980" is no value of a field of type date: write for example "1980-09-03"',
        ),
        (
            'field kind is "Balcon" or "Jardins"',
            35,
            '"Jardins" is no option of the field "kind", which has "Jardin", "Balcon"; did you mean'
            " `Jardin`?",
        ),
        (
            'field member is "oui"',
            25,
            '"oui" is no value of a field of type yes-no: write for example "yes"',
        ),
    ],
)
def test_a_field_is_compared_as_its_type_is(line: str, column: int, told: str) -> None:
    toml = f"[[segment]]\nid = 's'\nname = 'S'\nall = ['{line}']\n" + LISTS
    assert mistakes_in(toml) == [(6, column, f"`all`: {told}")]


def test_typed_fields_are_read() -> None:
    plan, mistakes = read_plan(
        {
            "d.toml": HEAD
            + "[[segment]]\nid = 's'\nname = 'S'\nall = ['field age over \"12.5\"']\n"
            + LISTS,
            **WORDS,
        },
        TYPED,
    )
    assert not mistakes
    assert plan.segments["s"].own.all == (FieldIs("age", "over", ("12.5",)),)


def test_a_file_that_cannot_be_read_is_not_blamed_on_who_names_what_stands_in_it() -> None:
    files = {
        "a.toml": '[[list]]\nid = 99\nname = \n[[segment]]\nid = "lost"\n',
        "d.toml": HEAD
        + '[[segment]]\nid = "s"\nname = "S"\nin = "lost"\nall = [\'on 99\']\n'
        + LISTS,
        **WORDS,
    }
    _, mistakes = read_plan(files, TYPED)
    assert [type(mistake) is Mistake and mistake.file for mistake in mistakes] == ["a.toml"]
