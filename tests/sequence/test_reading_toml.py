"""Reading `sequences/`: every mistake at once, each with its file, its line and a sentence that
says what to do.
"""

from __future__ import annotations

import tomllib

import pytest

from engine.sequence.delay import Delay
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Ending, Link, Rejoin
from engine.sequence.parse import parse
from engine.sequence.timing import Hours
from engine.sequence.toml import Places
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, line_of, listed, mistakes, read

FORM = """
[[form]]
name = "inscription"
title = "La lettre"
list = 11
notice = "Pour vous écrire."
checkbox = "Oui."
"""
POLL = """
[[broadcast]]
id = "poll"
to = [11]
on = "2026-12-01 09:00"
subject = "Sujet"
body = "a.md"
"""
GOOD = (
    HEAD
    + listed(11, "oui")
    + letter("bravo")
    + listed(12, "non", 'group = "clients"')
    + FORM
    + POLL
)

# (what is changed in GOOD, how; where the mistake stands; a part of its sentence)
BAD = [
    ('title = "Essai"', "title = 5", "title = 5", "`title` must be text in quotes"),
    ('purpose = "conseils"', "", "[[list]]", "`purpose` is missing"),
    (
        'purpose = "conseils"',
        'purpose = "autre"',
        'purpose = "autre"',
        'the purpose "autre" is not declared in config.toml (there: conseils',
    ),
    ('title = "Essai"', 'titel = "Essai"', "titel", "unknown key `titel`; did you mean `title`?"),
    ("id = 11", "id = 0", "id = 0", "a list's `id` is a number from 1 on"),
    ("id = 11", "id = true", "id = true", "`id` must be a number"),
    ("id = 12", "id = 11", 'id = 11\nname = "non"', "list 11 is there twice: also in d.toml"),
    ('name = "non"', 'name = "oui"', 'name = "oui"\ngroup', 'the name "oui" is there twice'),
    (
        'name = "non"',
        'name = "Non merci"',
        'name = "Non merci"',
        "small letters, digits and hyphens only",
    ),
    ('name = "non"', 'name = "11"', 'name = "11"', "links would take it for list 11"),
    (
        'name = "non"',
        'name = "everything"',
        'name = "everything"',
        "===everything=== is a link of its own",
    ),
    ('group = "clients"', 'group = "amis"', 'group = "amis"', 'the group "amis" is not declared'),
    (
        'group = "clients"',
        'rejoin = "sometimes"',
        "rejoin",
        'write "always", "never" or "after 30 days"',
    ),
    ('group = "clients"', "leaves = [11, 99]", "leaves", "there is no list 99"),
    ('group = "clients"', 'leaves = ["@amis"]', "leaves", 'the group "amis" is not declared'),
    ('group = "clients"', "leaves = [true]", "leaves", "said by its number or its name"),
    ('group = "clients"', "ends = { move = 99 }", "ends", "there is no list 99"),
    ('group = "clients"', 'ends = { move = "²" }', "ends", 'there is no list "²"'),
    ('group = "clients"', "ends = { move = 11, copy = 11 }", "ends", "exactly one of"),
    ('group = "clients"', "ends = { leave = false }", "ends", "exactly one of"),
    ('group = "clients"', "ends = 11", "ends", "`ends` must be a table"),
    ('group = "clients"', 'min_gap = "often"', "min_gap", "is not a duration"),
    ('group = "clients"', 'stop_on_reply = "yes"', "stop_on_reply", "true or false"),
    ('group = "clients"', 'at = "25:00"', "at = ", '"25:00" is not a time of day'),
    ('group = "clients"', 'at = "09:00"\nbetween = "09:00-18:00"', "between", "exclude each other"),
    ('group = "clients"', 'days = "lunedi"', "days", 'is no day: did you mean "lundi"?'),
    ('group = "clients"', 'between = "9-18"', "between", "is not a time of day"),
    ('after = "0 minutes"', "", "[[list.letter]]", "when? write"),
    ('after = "0 minutes"', 'after = "0 minutes"\nwait = "1 day"', "wait", "write one of them"),
    ('after = "0 minutes"', 'wait = "1 day"', "wait", "the first letter has none before it"),
    ('after = "0 minutes"', 'after = "0 minutes"\nreminds = "bravo"', "after", "write `wait`"),
    (
        'after = "0 minutes"',
        'wait = "1 day"\nreminds = "nobody"',
        "reminds",
        'no letter "nobody" stands before this one',
    ),
    ('after = "0 minutes"', 'reminds = "nobody"', "[[list.letter]]", 'needs `wait = "1 day"`'),
    (
        'after = "0 minutes"',
        'after = "0 minutes"\nsubjekt = "x"',
        "subjekt",
        "did you mean `subject`?",
    ),
    ('id = "bravo"\nsubject = "Sujet"', 'id = "bravo"', "[[list.letter]]", "`subject` is missing"),
    (
        'id = "bravo"\nsubject = "Sujet"',
        'id = "bravo"\nsubject = " "',
        "subject",
        "`subject` is empty",
    ),
    ('id = "bravo"', 'id = "Bravo !"', 'id = "Bravo', "small letters, digits and hyphens only"),
    (
        'body = "a.md"\nafter',
        'body = "b.md"\nafter',
        "body",
        "there is no letter b.md in sequences/",
    ),
    ('body = "a.md"\nafter', 'body = "d.toml"\nafter', "body", "a letter is a .md or a .html file"),
    ("[[list.letter]]", "[list.letter]", "[list.letter]", "two brackets"),
    ("to = [11]", "to = [11, 13]", "to = ", "there is no list 13"),
    ("to = [11]", "to = []", "to = ", "nobody would get this"),
    ("to = [11]", "", "[[broadcast]]", "`to` is missing"),
    ('on = "2026-12-01 09:00"', "", "[[broadcast]]", "a broadcast has one of"),
    ('on = "2026-12-01 09:00"', 'on = "2026-02-30 09:00"', "on = ", "does not exist"),
    ('on = "2026-12-01 09:00"', 'every = "monthly"', "every", "is not a cron line of five parts"),
    (
        'on = "2026-12-01 09:00"',
        'every = "0 99 1 * *"',
        "every",
        '"99" is no hour of a cron line: 0 to 23',
    ),
    (
        'on = "2026-12-01 09:00"',
        'on = "2026-12-01 09:00"\nreminder = { body = "b.md" }',
        "reminder",
        "there is no letter b.md in",
    ),
    ("list = 11", "list = 99", "list = 99", "there is no list 99"),
    ("list = 11", "", "[[form]]", "a form leads to a `list`"),
    ("list = 11", 'list = 11\nsegment = "salon"', "segment", 'there is no segment "salon"'),
    (
        "[[form]]\n",
        '[[segment]]\nid = "salon"\nname = "S"\nall = [\'on 11\']\n[[form]]\nsegment = "salon"\n',
        'segment = "salon"',
        'nobody is put into the segment "salon"',
    ),
    ('checkbox = "Oui."', "", "[[form]]", "a form that asks for consent needs a `checkbox"),
    (
        'checkbox = "Oui."',
        'checkbox = "Oui."\npurpose = "offres"',
        "list = 11\nnotice",
        "list 11 has another purpose than the form",
    ),
    (
        'checkbox = "Oui."',
        'checkbox = "Oui."\nbasis = "none"',
        "basis",
        "must be one of consent, soft-optin, b2b, service",
    ),
    (
        'checkbox = "Oui."',
        'checkbox = "Oui."\nfield = [{ name = "age" }]',
        "field",
        'the field "age" is not declared',
    ),
    (
        'checkbox = "Oui."',
        'checkbox = "Oui."\nquestion = { label = "?", choice = [{ label = "a", list = 11 }] }',
        "question",
        "at least two",
    ),
]


def test_the_dialogue_the_mistakes_are_made_in_has_none() -> None:
    assert mistakes(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    BAD,
    ids=[f"{new or old + ' missing'} {said[:30]}" for old, new, _, said in BAD],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, place: str, said: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = mistakes(text)
    assert any(
        each.startswith(f"d.toml:{line_of(text, place)}: ") and said in each for each in found
    ), found


# A file that is no TOML, and what its author is told to do about it.
NO_TOML = [
    ("x = bonjour", 'text stands in quotes: `key = "text"`'),
    ("x = “bonjour”", "these quotes are typographic"),
    ('x = "bonjour”', "these quotes are typographic"),
    ("x = « bonjour »", "these quotes are typographic"),
    ('x = "l’été “vert”\ny = 1', "these quotes are typographic"),
    ('x = "bonjour', "the quote that ends this text is missing"),
    ("x = 2026-02-31", "this day or this hour does not exist"),
    ("x = 2026-02-28T25:00:00", "this day or this hour does not exist"),
    ("x 5", "an `=` is missing here"),
    ("x = 5\nx = 6", "this key is there twice in its table"),
    ("x = {a = 1, a = 2}", "this key is there twice in its table"),
    ("[t]\n[t]", "this table is there twice"),
    ("x = [1, 2", "the bracket `]` that ends this list is missing"),
    ("[[list]", "the bracket that ends this table's name is missing"),
    ('x = "a" "b"', "something follows the value"),
    (r'x = "C:\Users"', "a backslash in a text is written twice"),
    ("é = 5", "a key is expected here"),
]


@pytest.mark.parametrize(("text", "told"), NO_TOML)
def test_what_is_no_toml_is_explained(text: str, told: str) -> None:
    (mistake,) = mistakes(HEAD + text)
    assert told in mistake


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ('after = "2 jours"', 'after = "2 days"'),
        ('after = "1h30"', 'after = "90 minutes"'),
        ('after = "1 semaine et 2 h"', 'after = "7 days 2 hours"'),
        ('after = "un mois"\nat = "9h"', 'after = "1 month"\nat = "09:00"'),
        ('after = "1 an"\nat = "9 h 30"', 'after = "1 year"\nat = "09:30"'),
        ('after = "1 jour"\ndays = "lun-ven"', 'after = "1 day"\ndays = "mon-fri"'),
        ('after = "1 jour"\ndays = "du lundi au jeudi"', 'after = "1 day"\ndays = "mon-thu"'),
        ('after = "1 jour"\ndays = "mardis et samedis"', 'after = "1 day"\ndays = "tue,sat"'),
        ('after = "1 jour"\nbetween = "9h-18h30"', 'after = "1 day"\nbetween = "09:00-18:30"'),
        ('after = "1 jour"\nbetween = "de 20h à 2h"', 'after = "1 day"\nbetween = "20:00-02:00"'),
    ],
)
def test_french_words_for_times_mean_what_the_english_ones_do(french: str, english: str) -> None:
    one, other = (
        read(GOOD.replace('after = "0 minutes"', words, 1)).lists[11].letters[0]
        for words in (french, english)
    )
    assert (one.after, one.hours) == (other.after, other.hours)


@pytest.mark.parametrize(
    ("to", "numbers"),
    [
        ('["everyone"]', (11, 12)),
        ('["@clients"]', (12,)),
        ('["@clients", 11, "non", "everyone"]', (12, 11)),
    ],
)
def test_a_broadcast_goes_to_lists_to_the_lists_of_a_group_or_to_everyone(
    to: str, numbers: tuple[int, ...]
) -> None:
    assert read(GOOD.replace("to = [11]", f"to = {to}")).broadcasts["poll"].to == numbers


def test_a_list_that_has_this_very_name_is_meant_by_it() -> None:
    text = GOOD.replace('name = "oui"', 'name = "everyone"').replace(
        "to = [11]", 'to = ["everyone"]'
    )
    assert read(text).broadcasts["poll"].to == (11,)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ('["@amis"]', 'the group "amis" is not declared in config.toml'),
        ('["@prospects"]', 'no list is of the group "prospects": nobody would get this'),
        ('["everyon"]', 'there is no list "everyon"'),
        ("[]", "`to` names no list"),
    ],
)
def test_an_audience_that_cannot_be_is_told(to: str, told: str) -> None:
    (mistake,) = mistakes(GOOD.replace("to = [11]", f"to = {to}"))
    assert told in mistake


def test_all_mistakes_are_told_together_in_the_order_of_files_and_lines() -> None:
    text = (
        HEAD
        + listed(11, "Oui !", 'groupe = "clients"', "leaves = [99]")
        + letter("q", body="q.md", when="")
    )
    words = WORDS | {
        "q.md": "Alors ?\n\n[Oui](===11===) [Non](===77===)\n\nOu ===11=== peut-être.\n"
    }
    found = mistakes(text, words)
    places = [each.split(": ")[0] for each in found]
    lines = {
        part: line_of(text, part) for part in ("name =", "groupe", "leaves", "[[list.letter]]")
    }
    assert places == [*(f"d.toml:{line}" for line in lines.values()), "q.md:3", "q.md:5"]
    assert "leads to list 77, which does not exist" in found[-2]
    assert "`===11===` stands outside a link" in found[-1]


def test_a_file_that_is_not_toml_is_told_with_its_line_and_hides_no_other_mistake() -> None:
    one = (
        HEAD
        + listed(11, "oui", "ends = { move = 20 }", 'leaves = ["non"]')
        + letter("q", body="q.md")
    )
    two = HEAD + listed(12, "non") + 'name = "non\n'
    with pytest.raises(Unpublishable) as raised:
        parse({"one.toml": one, "two.toml": two, **WORDS}, SETTINGS)
    elsewhere, broken = raised.value.mistakes
    assert str(elsewhere) == f"one.toml:{line_of(one, 'ends')}: there is no list 20"
    assert str(broken).startswith(f"two.toml:{two.count(chr(10))}: this is not TOML:")


def test_a_text_that_breaks_off_is_told_at_its_end() -> None:
    (found,) = mistakes(HEAD + "\nx = [\n\n")
    assert found.startswith("d.toml:4: this is not TOML:")


def test_nesting_without_end_is_a_mistake_and_no_crash() -> None:
    (found,) = mistakes("x = " + "[" * 100_000)
    assert found.startswith("d.toml:1: this is not TOML")


def test_two_files_share_their_lists_and_names() -> None:
    one = HEAD + listed(11, "oui") + letter("q", body="q.md")
    two = HEAD + listed(12, "non", 'leaves = ["oui"]')
    plan = parse({"one.toml": one, "two.toml": two, **WORDS}, SETTINGS)
    assert plan.lists[12].leaves == (11,)
    assert plan.lists[11].letters[0].links == (
        Link(0, "move", 11, "Oui"),
        Link(1, "move", 12, "Non"),
    )
    assert plan.titles == {"one.toml": "Essai", "two.toml": "Essai"}


def test_there_is_one_confirmation() -> None:
    two = {"e.toml": '[confirmation]\nsubject = "x"\n'}
    (found,) = mistakes(HEAD + '[confirmation]\nsubject = "x"\n', WORDS | two)
    assert found.startswith("e.toml:1: there are two [confirmation]")


def test_a_letter_has_its_own_hours_or_those_of_its_list() -> None:
    text = HEAD + listed(11, "oui", 'between = "09:00-18:00"', 'days = "mon-fri"')
    text += (
        letter("a")
        + letter("b", 'at = "20:30"', when='wait = "1 week"')
        + letter("c", 'days = "sat"', when='wait = "1 day"')
    )
    first, second, third = read(text).lists[11].letters
    assert first.hours == Hours(None, (540, 1080), frozenset(range(5)))
    assert second.hours == Hours(1230, None, frozenset(range(5)))
    assert third.hours == Hours(None, (540, 1080), frozenset({5}))
    assert (first.after, second.wait) == (Delay(), Delay(days=7))


def test_endings_and_rejoining_are_read_by_name_or_number() -> None:
    text = (
        HEAD
        + listed(
            11, "oui", 'ends = { copy = "non", after = "1 month" }', 'rejoin = "after 30 days"'
        )
        + listed(12, "non")
    )
    found = read(text).lists[11]
    assert found.ends == Ending("copy", 12, Delay(months=1))
    assert found.rejoin == Rejoin("after", Delay(days=30))


@pytest.mark.parametrize(
    ("source", "labels"),
    [
        ("[Oui](===11===) et [**Non**, merci](===12===)", ["Oui", "Non, merci"]),
        (
            '[Oui](===11=== "titre") <a class="x" href="===12===">Non&nbsp;<b>merci</b></a>',
            ["Oui", "Non merci"],
        ),
        ("[Oui][o] ou [Non](===12===)\n\n[o]: ===11===\n", ["Non", "Oui"]),
        ("<===11===>", [""]),
        ("`[Rien](===11===)` [Oui](===11===)", ["Oui"]),
    ],
)
def test_a_link_carries_the_words_a_reader_clicks_on(source: str, labels: list[str]) -> None:
    text = HEAD + listed(11, "oui") + letter("q", body="q.md") + listed(12, "non")
    plan = read(text, {"q.md": source})
    assert [link.label for link in plan.lists[11].letters[0].links] == labels


TRICKY = '''# [[list]]
title = "a = [b]"  # c = 1
"quoted key" = 1
text = """
[[list]]
id = 3
a "quote" and \\"""escaped"""
array = [
  "[[list]]",   # id = 4
  { id = 5 },
]
literal = \'\'\'
id = 6\'\'\'
[[list]]
id = 10
ends.move = 20

[[ list . letter ]]
id = "one"

[[list.letter]]
id = "two"
subject = """ """

[[list]]
[[list.letter]]
id = "three"
[confirmation]
subject = 'its'
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1), ("title", 2), ("quoted key", 3), ("text", 4), ("array", 8), ("id", 1),
        ("literal", 12), ("list[0]", 14), ("list[0].id", 15), ("list[0].ends", 16),
        ("list[0].ends.move", 16), ("list[0].letter[0]", 18), ("list[0].letter[0].id", 19),
        ("list[0].letter[1].id", 22), ("list[0].letter[1].subject", 23), ("list[1]", 25),
        ("list[1].letter[0].id", 27), ("confirmation.subject", 29),
        ("list[1].letter[0].nothing", 26), ("list[0].letter[7].id", 14),
        ("list[9].letter[0].id", 1), ("nothing.at.all", 1),
    ],
)  # fmt: skip
def test_a_key_is_found_on_its_line_or_on_that_of_the_table_around_it(path: str, line: int) -> None:
    assert tomllib.loads(TRICKY)["text"] == '[[list]]\nid = 3\na "quote" and """escaped'
    assert Places(TRICKY).line(path) == line
