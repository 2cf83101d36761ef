"""Every rule of `check`: a small dialogue that breaks it, told with file and line, and one that
comes close and does not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from engine.sequence.check import check
from engine.sequence.model import Field, Group
from engine.sequence.parse import Settings, parse
from engine.sequence.timing import to_instant
from tests.sequence.dialogues import HEAD, SETTINGS, letter, line_of, listed

WORDS = {
    "a.md": "Bonjour {{ first_name | default('vous', true) }}.\n",
    "q.md": "Alors ?\n\n[Oui](===11===)\n",
    "copy.md": "Un carnet ?\n\n[Oui](+++12+++)\n",
    "layout.html": "{{ content }}{{ foot }}",
}
NOW = to_instant(datetime(2026, 11, 22, 12), "Europe/Paris")
GONE = "ends = { leave = true }"


def form(number: int, *lines: str) -> str:
    return "\n".join(
        [
            "",
            "[[form]]",
            f'name = "f{number}"',
            'title = "T"',
            f"list = {number}",
            'notice = "N"',
            'checkbox = "C"',
            *lines,
            "",
        ]
    )


def broadcast(to: int, *lines: str, body: str = "a.md", on: str = "2026-12-01 09:00") -> str:
    return "\n".join(
        [
            "",
            "[[broadcast]]",
            'id = "poll"',
            f"to = [{to}]",
            f'on = "{on}"',
            'subject = "S"',
            f'body = "{body}"',
            *lines,
            "",
        ]
    )


def found(
    toml: str, settings: Settings = SETTINGS, words: dict[str, str] | None = None, config: str = ""
) -> list[str]:
    """What check says; words that this dialogue does not use are left out, unless told."""
    used = (
        words
        if words is not None
        else {
            path: text
            for path, text in WORDS.items()
            if f'"{path}"' in toml or path == "layout.html"
        }
    )
    if words is None and "first_name" not in "".join(used.values()) + toml:
        settings = replace(settings, fields=())
    files = {"d.toml": HEAD + toml} | used
    plan = parse(files, settings)
    return [
        str(each) for each in check(plan, files | ({"config.toml": config} if config else {}), NOW)
    ]


def one(said: list[str]) -> str:
    (only,) = said
    return only


LINK = letter("q", body="q.md")
ROOT = listed(10, "ten", GONE) + LINK + form(10)


def at(toml: str, part: str) -> str:
    return f"d.toml:{line_of(HEAD + toml, part)}: "


def test_a_dialogue_with_nothing_wrong_is_told_nothing() -> None:
    assert found(ROOT + listed(11, "yes", GONE) + letter("bravo")) == []


def test_a_list_nobody_can_enter_is_told() -> None:
    toml = ROOT + listed(11, "yes", GONE) + listed(12, "alone", GONE) + letter("x")
    said = one(found(toml))
    assert said.startswith(at(toml, "[[list]]\nid = 12"))
    assert "leads to list 12 (alone): only an import, the API or an operator does (warning)" in said


def test_a_link_to_itself_is_no_way_in() -> None:
    assert "leads to list 11 (yes)" in one(found(listed(11, "yes", GONE) + LINK))


def test_lists_that_only_lead_to_each_other_are_told() -> None:
    toml = (
        form(10)
        + listed(10, "ten", GONE)
        + listed(20, "a", 'ends = { move = 21, after = "1 day" }')
    )
    toml += listed(21, "b", 'ends = { move = 20, after = "1 day" }')
    said = found(toml)
    assert len(said) == 2
    assert all("only reached from lists that nobody can enter" in each for each in said)


def test_a_list_nobody_can_leave_is_told() -> None:
    toml = form(10) + listed(10, "ten") + letter("x")
    said = one(found(toml))
    assert said.startswith(at(toml, "[[list]]"))
    assert "nobody can leave list 10 (ten)" in said


@pytest.mark.parametrize(
    "way",
    [
        listed(10, "ten", GONE) + letter("x"),
        listed(10, "ten") + LINK + listed(11, "yes", GONE),
        listed(10, "ten", 'group = "prospects"')
        + letter("x")
        + form(11)
        + listed(11, "yes", 'group = "clients"', GONE),
        listed(10, "ten") + letter("x") + form(11) + listed(11, "yes", "leaves = [10]", GONE),
        listed(10, "ten") + letter("x") + broadcast(10),
    ],
    ids=[
        "an ending",
        "a link",
        "a group that yields",
        "a rule",
        "where broadcasts are sent people may stay",
    ],
)
def test_a_list_with_a_way_on_is_told_nothing(way: str) -> None:
    assert found(form(10) + way) == []


def test_the_silent_who_would_stay_for_ever_are_told() -> None:
    toml = (
        form(10)
        + listed(10, "ten")
        + LINK
        + letter("after", when='wait = "1 day"')
        + listed(11, "yes", GONE)
    )
    assert 'who does not answer "q" stays on list 10 (ten) for ever' in one(found(toml))
    again = (
        form(10)
        + listed(10, "ten")
        + LINK
        + letter("again", 'reminds = "q"', body="q.md", when='wait = "1 day"')
        + listed(11, "yes", GONE)
    )
    assert found(again) == []


CIRCLE = (
    form(20)
    + listed(20, "a", "ends = { move = 21 }")
    + letter("x")
    + listed(21, "b", "ends = { copy = 20 }")
    + letter("y")
)


def test_a_circle_that_never_rests_is_a_mistake() -> None:
    said = one(found(CIRCLE))
    assert (
        said
        == f"{at(CIRCLE, 'ends = { move = 21 }')}this circle never rests: 20 → 21 → 20; give an"
        " ending `after`, or a list `rejoin`"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("move = 21 }", 'move = 21, after = "1 minute" }'),
        ("copy = 20 }", 'copy = 20 }\nrejoin = "never"'),
        ("copy = 20 }", 'copy = 20 }\nrejoin = "after 1 day"'),
        ("copy = 20 }", 'copy = 20 }\nat = "09:00"'),
        (
            'id = "y"\nsubject = "Sujet"\nbody = "a.md"\nafter = "0 minutes"',
            'id = "y"\nsubject = "Sujet"\nbody = "a.md"\nafter = "1 day"',
        ),
    ],
)
def test_a_circle_with_a_rest_in_it_is_none(old: str, new: str) -> None:
    assert old in CIRCLE
    assert found(CIRCLE.replace(old, new)) == []


def test_an_ending_that_leads_back_to_its_own_list_is_a_mistake() -> None:
    toml = form(20) + listed(20, "a", 'ends = { move = 20, after = "1 day" }') + letter("x")
    assert one(found(toml)).startswith(
        f"{at(toml, 'ends')}this ending leads back to list 20 (a) itself"
    )


def test_a_tail_before_a_circle_is_told_once() -> None:
    assert (
        len(found(CIRCLE + form(19) + listed(19, "tail", "ends = { move = 20 }") + letter("z")))
        == 1
    )


def test_an_ending_into_another_purpose_is_a_mistake() -> None:
    toml = (
        form(10)
        + listed(10, "ten", 'ends = { move = 30, after = "1 day" }')
        + letter("x")
        + listed(30, "offers", 'purpose = "offres"', GONE)
    )
    said = one(found(toml))
    assert said.startswith(at(toml, "ends"))
    assert 'from the purpose "conseils" to "offres"' in said
    assert "(warning)" not in said
    assert found(toml.replace('purpose = "offres"', "")) == []


COPY = (
    form(10)
    + listed(10, "ten", 'group = "prospects"', GONE)
    + letter("c", body="copy.md")
    + listed(12, "twelve", GONE)
)


@pytest.mark.parametrize("rule", ["leaves = [10]", 'leaves = ["@prospects"]', 'group = "clients"'])
def test_a_copy_to_where_one_cannot_be_without_leaving_is_told(rule: str) -> None:
    said = one(found(COPY.replace('name = "twelve"', f'name = "twelve"\n{rule}')))
    assert (
        said
        == "copy.md:3: this copy is a hidden move: joining list 12 (twelve) takes the reader off"
        " list 10 (ten) (warning)"
    )


def test_a_copy_that_stays_a_copy_is_told_nothing() -> None:
    assert found(COPY) == []


def test_a_copy_in_a_broadcast_can_be_a_hidden_move_too() -> None:
    toml = (
        form(10)
        + listed(10, "ten", GONE)
        + broadcast(10, body="copy.md")
        + listed(12, "twelve", "leaves = [10]", GONE)
    )
    assert "hidden move" in one(found(toml))


def test_a_way_back_to_who_yields_is_told() -> None:
    clients = form(10) + listed(10, "ten", 'group = "clients"', GONE) + LINK
    said = one(found(clients + listed(11, "yes", 'group = "prospects"', GONE)))
    assert said.startswith("q.md:3: this link is always refused")
    ending = form(10) + listed(10, "ten", 'group = "clients"', "ends = { move = 11 }") + letter("x")
    assert "this ending is always refused" in one(
        found(ending + listed(11, "yes", 'group = "prospects"', GONE))
    )


def test_a_broadcast_for_a_purpose_its_readers_did_not_agree_to_is_told() -> None:
    toml = ROOT + listed(11, "yes", GONE) + broadcast(10, 'purpose = "offres"')
    assert one(found(toml)).startswith(at(toml, "to = [10]"))


def test_more_than_ten_groups_are_told() -> None:
    config = "".join(f'[[group]]\nname = "g{n}"\n' for n in range(11))
    many = replace(SETTINGS, groups=tuple(Group(f"g{n}") for n in range(11)))
    toml = ROOT + listed(11, "yes", GONE)
    assert one(found(toml, many, config=config)).startswith(
        "config.toml:21: 11 groups are more than 10"
    )
    assert found(toml, replace(SETTINGS, groups=many.groups[:10]), config=config) == []


def test_a_reminder_of_what_cannot_be_answered_is_a_mistake() -> None:
    toml = (
        form(10)
        + listed(10, "ten", GONE)
        + letter("x")
        + letter("again", 'reminds = "x"', when='wait = "1 day"')
    )
    said = one(found(toml))
    assert said == f'{at(toml, "reminds")}"again" reminds of "x", which has no link to answer with'
    toml = (
        ROOT
        + listed(11, "yes", GONE)
        + broadcast(10)
        + '  [broadcast.reminder]\n  wait = "2 days"\n'
    )
    assert one(found(toml)).startswith(at(toml, "[broadcast.reminder]"))
    assert found(toml.replace('"S"\nbody = "a.md"', '"S"\nbody = "q.md"')) == []


def test_a_letter_that_nobody_sends_is_told() -> None:
    words = {path: WORDS[path] for path in ("q.md", "layout.html")} | {
        "old.md": "{{ first_name | default('x') }}"
    }
    said = found(ROOT + listed(11, "yes", GONE), replace(SETTINGS, fields=()), words)
    assert said == ["old.md:1: no list and no broadcast sends this letter (warning)"]


def test_an_hour_outside_the_window_of_its_list_is_told() -> None:
    toml = (
        form(10) + listed(10, "ten", GONE, 'between = "09:00-18:00"') + letter("x", 'at = "20:00"')
    )
    said = one(found(toml))
    assert (
        said
        == f"{at(toml, 'at = ')}`at` 20:00 lies outside the list's `between` 09:00-18:00 (warning)"
    )
    assert found(toml.replace("20:00", "09:00")) == []
    assert found(toml.replace("09:00-18:00", "18:00-02:00")) == []


def test_a_broadcast_of_yesterday_is_told() -> None:
    toml = ROOT + listed(11, "yes", GONE) + broadcast(10, on="2026-11-21 09:00")
    said = one(found(toml))
    assert said.startswith(at(toml, "on = "))
    assert "this date is past" in said
    assert found(toml.replace("2026-11-21", "2026-11-23")) == []


CONFIRM = ROOT + listed(11, "yes", GONE) + '[confirmation]\nbody = "c.md"\n'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Bonjour", "c.md:1: a confirmation needs a link to confirm with"),
        ("[Oui](===confirm===)\n\n[Autre](===11===)", "c.md:3: a confirmation asks one thing"),
        ("[Oui](===confirm===) [Stop](===unsubscribe===)", "c.md:1: a confirmation asks one thing"),
    ],
)
def test_a_confirmation_confirms_and_nothing_else(source: str, said: str) -> None:
    words = {path: WORDS[path] for path in ("q.md", "layout.html")}
    settings = replace(SETTINGS, fields=())
    assert one(found(CONFIRM, settings, words | {"c.md": source})).startswith(said)
    assert found(CONFIRM, settings, words | {"c.md": "[Oui](===confirm===)"}) == []


def test_only_a_confirmation_confirms() -> None:
    words = WORDS | {"q.md": "[Oui](===11===)\n\n[Confirmer](===confirm===)"}
    said = found(
        ROOT + listed(11, "yes", GONE),
        replace(SETTINGS, fields=()),
        {path: words[path] for path in ("q.md", "layout.html")},
    )
    assert one(said).startswith("q.md:3: ===confirm=== has its place in the confirmation only")


def test_a_form_whose_confirmation_speaks_another_language_is_told() -> None:
    toml = listed(10, "ten", GONE) + LINK + listed(11, "yes", GONE) + form(10)
    said = one(found(toml + 'language = "en"\n'))
    assert said.startswith(at(toml + 'language = "en"\n', 'language = "en"'))
    assert "the form speaks en, the mail that asks to confirm fr" in said
    assert found(toml + 'language = "fr"\n') == []
    assert found(toml + 'language = "en"\nconfirm = false\n') == []
    own = '[confirmation]\nsubject = "Confirm, confirmez"\nbody = "c.md"\n'
    words = WORDS | {"c.md": "[Yes, oui](===confirm===)"}
    assert not [
        m for m in found(toml + 'language = "en"\n' + own, SETTINGS, words) if "speaks" in m
    ]


def test_a_field_that_is_collected_and_used_nowhere_is_told() -> None:
    field = '\n  [[form.field]]\n  name = "first_name"\n'
    toml = listed(10, "ten", GONE) + LINK + listed(11, "yes", GONE) + form(10) + field
    said = one(found(toml))
    assert said.startswith(at(toml, 'name = "first_name"'))
    assert "is collected here and no letter uses it" in said
    assert found(toml + listed(12, "x", GONE) + letter("x") + form(12)) == []


def test_a_field_nobody_asks_for_and_nothing_uses_is_told_in_the_configuration() -> None:
    town = replace(SETTINGS, fields=(Field("town", "Commune"),))
    toml = ROOT + listed(11, "yes", GONE)
    config = '[fields]\n# Where people live.\ntown = "Commune"\n'
    words = {"q.md": WORDS["q.md"] + "{{ 'town' }}", "layout.html": WORDS["layout.html"]}
    assert one(found(toml, town, words, config)).startswith(
        'config.toml:3: no letter uses the field "town"'
    )
    assert (
        found(toml.replace('subject = "Sujet"', 'subject = "{{ town }}"'), town, words, config)
        == []
    )


WHOLE = ROOT + listed(11, "yes", GONE) + letter("bravo")


@pytest.mark.parametrize("every", ["0 9 31 2 *", "0 9 30,31 feb *", "0 9 31 4,6 *"])
def test_a_day_that_no_month_has_is_no_occasion(every: str) -> None:
    toml = WHOLE + broadcast(10).replace('on = "2026-12-01 09:00"', f'every = "{every}"')
    said = one([mistake for mistake in found(toml) if "falls due" in mistake])
    assert (
        said == f'{at(toml, "every")}"{every}" falls due never: none of these months has such a day'
    )


@pytest.mark.parametrize("every", ["0 9 29 2 *", "0 9 31 1,2 *", "0 9 31 * *", "0 9 * 2 mon"])
def test_a_day_that_some_month_has_is_one(every: str) -> None:
    assert not any(
        "falls due" in mistake
        for mistake in found(
            WHOLE + broadcast(10).replace('on = "2026-12-01 09:00"', f'every = "{every}"')
        )
    )
