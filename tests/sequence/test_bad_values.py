"""What is wrong with any key about the audience, in config.toml and in a dialogue, is a sentence
with its line, in English and in French: of another type, empty, out of its range, unknown, there
twice, too long, or of characters that nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import config_of
from engine.i18n.language import translator
from engine.sequence.check import check
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.parse import read_plan
from engine.sequence.plan_source import CONFIG

NOW = 1_796_000_000_000  # 2026-11-30
SETTINGS = """[site]
name = "Le Potager"
url = "https://lettres.potager.example"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"
[measure]
people = true
images = true
links = true
name = "Mesurer"
description = "Nous notons."
[retention]
nightly_cap = 500
silent_after = "3 years"
[pressure]
max = ["3 per 1 week", "8 per 1 month"]
[[product]]
code = "livre"
name = "Le livre"
[[purpose]]
id = "conseils"
name = "La lettre"
description = "Des conseils."
max = ["2 per 1 week"]
[[group]]
name = "prospects"
yields_to = "clients"
[[group]]
name = "clients"
[[theme]]
id = "semis"
name = "Semis"
[[content]]
id = "video"
name = "Vidéos"
[fields]
first_name = "Prénom"
[fields.birthday]
label = "Naissance"
type = "date"
[fields.soil]
label = "Sol"
type = "choice"
options = ["Argile", "Sable"]
[fields.town]
label = "Ville"
"""
DIALOGUE = """purpose = "conseils"
[[segment]]
id = "actifs"
name = "Actifs"
any = ['answered anything within 6 months', 'ordered "livre" within 6 months']
[[segment]]
id = "lyon"
name = "À Lyon"
in = "actifs"
all = ['field town is "Lyon"']
none = ['silent for 30 days']
[[segment]]
id = "salon"
name = "Salon"
static = true
[[rule]]
when = "enters lyon"
[rule.then]
move = 11
from = 10
[[anchor]]
id = "webinaire"
at = "2027-03-12 20:00"
[[anchor]]
id = "mamans"
feast = "fête des mères"
at = "09:00"
[[programme]]
id = "plants"
on = "2027-05"
what = "Plants de tomates"
to = "segment:lyon"
[[list]]
id = 10
name = "une"
ends = { leave = true }
[[list.letter]]
id = "bonjour"
after = "0 minutes"
subject = "Bonjour {{ first_name }} {{ soil }}"
body = "a.md"
theme = "semis"
content = "video"
weight = 8
when_full = "skip"
only = "segment:actifs"
unless = "segment:salon"
holdout = 10
[[list.letter.version]]
id = "b"
share = 40
subject = "Autrement"
[[list.letter]]
id = "rappel"
anchor = "webinaire"
before = "1 day"
subject = "Demain"
body = "a.md"
[[list]]
id = 11
name = "deux"
[[broadcast]]
id = "lettre"
to = ["segment:lyon"]
on = "2026-12-24 09:00"
subject = "Nouvelles"
body = "a.md"
weight = 3
when_full = "wait"
max_lateness = "2 days"
programme = "plants"
holdout = 5
[broadcast.reminder]
wait = "5 days"
weight = 2
when_full = "skip"
subject = "Encore"
[[broadcast]]
id = "anniversaire"
to = [10, "@prospects"]
anchor = "field:birthday"
yearly = true
at = "09:00"
before = "2 days"
subject = "Bon anniversaire"
body = "a.md"
[[broadcast]]
id = "fete"
to = ["everyone"]
anchor = "mamans"
since = "2 days"
subject = "Bonne fête"
body = "a.md"
[[form]]
name = "inscription"
title = "La lettre"
list = 10
notice = "Pour vous écrire."
checkbox = "Oui."
ask = ["themes", "contents", "frequency", "measure"]
language = "fr"
sites = ["https://www.example.org"]
segment = "salon"
[[webhook]]
name = "boutique"
from = "generic"
secret_file = "boutique.secret"
[[webhook.do]]
on = "purchase"
product = ["livre"]
join = 10
objection = "Vous pouvez vous y opposer."
[[webhook.do]]
on = "refund"
move = 11
from = 10
[[webhook.do]]
on = "booking"
segment = "salon"
[[webhook.do]]
on = "subscription-ended"
leave = 10
[webhook.fields]
email = "/customer/email"
[[list]]
id = 90
name = "encore-la"
group = "prospects"
[[list.letter]]
id = "encore"
after = "0 minutes"
subject = "Encore là ?"
body = "a.md"
[[reactivation]]
list = 90
silent_for = "12 months"
received = 6
then = "stop"
wait = "14 days"
"""
FILES = {"a.md": "[Oui](===11===)\n"}


def told(settings: str, dialogue: str) -> tuple[Mistake, ...]:
    files = FILES | {"d.toml": dialogue}
    try:
        config = config_of(Path(), settings)
    except Unpublishable as error:
        return error.mistakes
    plan, mistakes = read_plan(files, config.settings)
    return (*mistakes, *check(plan, files | {CONFIG: settings}, NOW))


def told_of(place: str, value: str) -> tuple[int, list[Mistake]]:
    """The line of a key, "table.key" or "table#2.key", and what is told when it has this value."""
    line, key = dict(keys())[place]
    file, text = (CONFIG, SETTINGS) if place in of_config() else ("d.toml", DIALOGUE)
    lines = text.split("\n")
    lines[line - 1] = f"{key} = {value}"
    changed = "\n".join(lines)
    mistakes = told(changed, DIALOGUE) if file == CONFIG else told(SETTINGS, changed)
    return line, [mistake for mistake in mistakes if mistake.text not in KNOWN]


def keys(texts: tuple[str, ...] = (SETTINGS, DIALOGUE)) -> Iterator[tuple[str, tuple[int, str]]]:
    seen: dict[str, int] = {}
    for text in texts:
        table = ""
        for number, line in enumerate(text.split("\n"), 1):
            if line.startswith("["):
                name = line.strip("[]")
                seen[name] = seen.get(name, 0) + 1
                table = f"{name}#{seen[name]}" if seen[name] > 1 else name
            elif " = " in line:
                key = line.partition(" = ")[0]
                yield f"{table}.{key}", (number, key)


def of_config() -> set[str]:
    return {place for place, _line in keys((SETTINGS,))}


KNOWN = frozenset(mistake.text for mistake in told(SETTINGS, DIALOGUE))
PLACES = [place for place, _line in keys() if not place.startswith("site.")]
ANY_TEXT = re.compile(r"name$|description$|label$|what$|first_name$|\.to$|title$|notice$|checkbox$")
FRENCH = translator("fr")


def test_without_a_mistake_there_are_warnings_at_most() -> None:
    assert not [mistake for mistake in told(SETTINGS, DIALOGUE) if mistake.fatal]


@pytest.mark.parametrize("place", PLACES)
def test_another_type_and_characters_nobody_sees_are_told_of_every_key(place: str) -> None:
    for value in ("[[1]]", '"a\\u202eb"'):
        line, mistakes = told_of(place, value)
        fatal = [mistake for mistake in mistakes if mistake.fatal]
        # What is no value of its key is told at the key, or at the table that needs it.
        assert [m for m in fatal if line - 12 <= m.line <= line], (value, mistakes)
        for mistake in mistakes:
            assert mistake.words.said(FRENCH) != mistake.text, mistake


# (key, value, a part of its sentence; it stands at the line of the key)
BAD = [
    ("measure.people", '"oui"', "must be true or false"),
    ("measure.name", f'"{"x" * 501}"', "501 characters: 500 at most"),
    ("measure.description", f'"{"x" * 20_001}"', "20,001 characters"),
    ("measure.name", r'"Deux\nlignes"', "is one line"),
    ("measure.description", r'"\u0007"', "nobody sees (U+0007)"),
    ("retention.silent_after", '""', "`silent_after` is empty"),
    ("pressure.max", '"0 per 1 week"', "no letter leave at all"),
    ("pressure.max", '["3 per 1 week", "4 per 7 days"]', "only the least counts"),
    ("purpose.max", '"21 per 1 week"', "at most 20 letters"),
    ("group.yields_to", "7", "the name of a group in quotes"),
    ("group.yields_to", '"client"', "did you mean `clients`?"),
    ("group#2.name", '"prospects"', 'two groups "prospects"'),
    ("theme.name", '"{{ prenom }}"', "nothing is filled in here"),
    ("theme.name", r'"\u200fabc"', "turns the direction of writing (U+200F)"),
    ("fields.first_name", '""', "`first_name` is empty"),
    ("fields.town.label", f'"{"x" * 501}"', "501 characters"),
    ("segment.name", r'"\u001b[31m"', "nobody sees (U+001B)"),
    ("rule.then.move", "99", "there is no list 99"),
    ("rule.then.from", '["une"]', "said by its number or its name"),
    ("anchor.at", '"0001-01-01 00:00"', "is not a date with its hour"),
    ("anchor.at", '"2999-01-01 00:00"', "the year 2999 is too far away"),
    ("broadcast.on", '"0001-01-01 00:00"', "does not exist"),
    ("broadcast.on", '"9999-12-31 23:59"', "does not exist"),
    ("broadcast.on", '"2201-12-31 23:59"', "the year 2201 is too far away"),
    ("list.letter.after", '""', "`after` is empty"),
    ("list.letter.only", '""', "`only` is empty"),
    ("list.letter.theme", '" "', "`theme` is empty"),
    ("broadcast.max_lateness", '"0 days"', "too late to leave"),
    ("broadcast.reminder.wait", '"0 minutes"', "nobody could answer"),
    ("reactivation.wait", '"0 days"', "nobody could answer"),
    ("webhook.name", '"Ma boutique"', "may hold small letters, digits and hyphens only"),
    ("webhook.from", '"strippe"', "did you mean `stripe`?"),
    ("webhook.secret_file", "[]", "a list of at most 5"),
    ("webhook.secret_file", '["a", 7]', "a list of at most 5"),
    ("webhook.do.on", '"bounce"', "generic never tells a bounce, only: purchase, refund"),
    ("webhook.do.product", '["livres"]', "did you mean `livre`?"),
    ("webhook.do.product", "[7]", "a list of codes in quotes"),
    ("webhook.do.join", "99", "there is no list 99"),
    ("webhook.do#2.from", '"deus"', "there is no list"),
    ("webhook.do#3.segment", '"lyon"', "follows from its conditions"),
    ("webhook.do#3.segment", '"zorglub"', "there is no segment"),
    ("webhook.fields.email", '"customer.email"', "is no JSON pointer"),
    ("webhook.fields.email", '"/a~2"', "is no JSON pointer"),
]


@pytest.mark.parametrize(("place", "value", "sentence"), BAD)
def test_each_is_told_at_its_line(place: str, value: str, sentence: str) -> None:
    line, mistakes = told_of(place, value)
    assert [m for m in mistakes if m.line == line and sentence in m.text], mistakes


def test_a_text_far_too_long_is_not_said_as_a_whole() -> None:
    for place in ("segment#2.in", "theme.id", "anchor.at", "list.letter.after", "purpose.max"):
        _line, mistakes = told_of(place, f'"{"x" * 40_000}"')
        assert mistakes and all(len(mistake.text) < 1_000 for mistake in mistakes), place


def test_what_stands_around_a_mistake_is_not_blamed_for_it() -> None:
    """A wrong anchor makes no unknown keys, a wrong body none of a version's links."""
    _line, mistakes = told_of("broadcast#2.anchor", '"field:zorglub"')
    assert len([mistake for mistake in mistakes if mistake.fatal]) == 1
    _line, mistakes = told_of("list.letter.body", '"c.md"')
    assert not [mistake for mistake in mistakes if "must have the links" in mistake.text]
