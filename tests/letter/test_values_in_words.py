"""What is known of a person in a typed field, as a letter says it: in words in the reader's
language, the same on both ways, and a value that no longer fits as it was kept.
"""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.phrases import field_in_words, subject_of, values_in_words
from engine.letter.compile import LetterMistakes, LetterSource, compile_letter
from engine.letter.field_words import typed_in_words
from engine.letter.merge import MergeFailed, compile_template, parsed
from engine.letter.typed_fields import unknown_options
from engine.privacy.dossier_words import DossierInWords
from engine.sequence.model import Field, FieldType, Letter, Plan
from tests.letter.test_precompiled_body import TOKENS, assert_same, foot, precompiled_of

TYPES: dict[str, FieldType] = {
    "birthday": "date",
    "budget": "number",
    "crops": "choices",
    "garden": "yes-no",
    "soil": "choice",
}
HELD = {
    "first_name": "Léa",
    "birthday": "1980-09-03",
    "budget": "1234567.5",
    "crops": "Ail; Tomates; Courges",
    "garden": "no",
    "soil": "Argile",
}
LABELS = dict.fromkeys(HELD, "")
LAYOUT = "<html lang='{{ language }}'><body>{{ content }}{{ foot }}</body></html>"


def said(source: str, language: Literal["fr", "en"] = "fr", /, **values: str) -> str:
    template = compile_template(source, "x.md", False, TYPES)
    return template.render(HELD | values, {"language": language})


@pytest.mark.parametrize(
    ("source", "french", "english"),
    [
        ("{{ birthday | date }}", "3 septembre 1980", "3 September 1980"),
        ("{{ birthday }}", "3 septembre 1980", "3 September 1980"),
        ('{{ birthday | date("day") }}', "3 septembre", "3 September"),
        ('{{ birthday | date("figures") }}', "03/09/1980", "03/09/1980"),
        ("{{ birthday | upper }}", "3 SEPTEMBRE 1980", "3 SEPTEMBER 1980"),
        ("{{ budget | number }}", "1\u202f234\u202f567,5", "1,234,567.5"),
        ("{{ budget }}", "1\u202f234\u202f567,5", "1,234,567.5"),
        ("{{ 1234 | number }}", "1\u202f234", "1,234"),
        ("{{ crops }}", "Ail, Tomates et Courges", "Ail, Tomates and Courges"),
        ("{{ garden }}", "non", "no"),
        ("{{ soil }}", "Argile", "Argile"),
    ],
)
def test_a_value_is_said_in_the_readers_language(source: str, french: str, english: str) -> None:
    assert (said(source), said(source, "en")) == (french, english)


def test_the_first_of_a_month_and_two_options_are_said_as_people_do() -> None:
    assert said("{{ birthday }}", birthday="2001-05-01") == "1er mai 2001"
    assert said("{{ crops }}", crops="Ail; Tomates") == "Ail et Tomates"
    assert said("{{ crops }}", crops="Ail") == "Ail"


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ("garden", {"garden": "yes"}, True),
        ("garden", {"garden": "no"}, False),
        ("not garden and soil == 'Argile'", {}, True),
        ("budget > 1000", {}, True),
        ("budget > 1000", {"budget": "999"}, False),
        ("budget", {"budget": "0"}, False),
        ("'Ail' in crops", {}, True),
        ("'Ai' in crops", {}, False),
        ("'Ai' not in crops", {}, True),
        ("birthday < '1990-01-01'", {}, True),
        ("garden", {"garden": "peut-être"}, False),
    ],
)
def test_an_if_asks_what_a_value_means(condition: str, values: dict[str, str], holds: bool) -> None:
    source = "{% if " + condition + " %}yes{% else %}no{% endif %}"
    assert said(source, "fr", **values) == ("yes" if holds else "no")


def test_what_no_longer_fits_is_said_as_it_was_kept() -> None:
    kept = {"birthday": "3/9/80", "budget": "peu", "garden": "peut-être", "crops": "Roche; Ail"}
    source = "{{ birthday | date }} {{ budget | number }} {{ garden }} {{ crops }}"
    assert said(source, "fr", **kept) == "3/9/80 peu peut-être Roche et Ail"
    with pytest.raises(MergeFailed) as failed:
        said("{% if budget > 10 %}x{% endif %}", budget="peu")
    assert failed.value.what == "filter:budget"


def test_what_is_not_known_has_its_default_or_is_named() -> None:
    template = compile_template(
        "{{ birthday | default('bientôt', true) | date('day') }}", "x.md", False, TYPES
    )
    assert template.render({}, {"language": "fr"}) == "bientôt"
    assert template.render(HELD, {"language": "fr"}) == "3 septembre"
    with pytest.raises(MergeFailed) as failed:
        compile_template("{{ birthday }}", "x.md", False, TYPES).render({}, {"language": "fr"})
    assert failed.value.what == "field:birthday"


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("{{ first_name | date }}", "this field is of type text"),
        ("{{ budget | default('x', true) | date }}", "this field is of type number"),
        ("{{ birthday | number }}", "this field is of type date"),
        ("{{ birthday | date('kurz') }}", "`date` cannot be used in this way"),
        ("{{ birthday | dat }}", "did you mean `date`"),
        (
            "{% if garden == 'oui' %}x{% endif %}",
            'of type yes-no: compare it with "yes"',
        ),
        ("{% if budget > '10' %}x{% endif %}", "compare it with 1000"),
        ("{% if '01/01/1990' < birthday %}x{% endif %}", 'compare it with "1980-09-03"'),
        ("{% if birthday in ('1990-01-01', 3) %}x{% endif %}", 'compare it with "1980-09-03"'),
    ],
)
def test_a_filter_on_a_field_of_another_type_is_a_mistake(tag: str, told: str) -> None:
    source = LetterSource("x.md", "Objet", "", f"Bonjour,\n\n{tag}\n", LAYOUT, TYPES)
    with pytest.raises(LetterMistakes) as refused:
        compile_letter(source, fields=LABELS)
    (mistake,) = refused.value.mistakes
    assert told in mistake.text.replace("Did", "did") and mistake.line == 3


def letter(body: str) -> LetterSource:
    return LetterSource("x.md", "{{ birthday }} {{ crops }}", "{{ budget }}", body, LAYOUT, TYPES)


BODY = """Né le {{ birthday | date("day") }}, {{ garden }}.

{% if garden %}Votre jardin{% elif "Ail" in crops %}De l'ail{% else %}Rien{% endif %}

{{ soil }} et {{ crops | upper }}, {{ budget | default("rien", true) }}
"""


def test_the_text_part_and_the_subject_say_the_same() -> None:
    compiled = compile_letter(letter(BODY), fields=LABELS)
    for language, day in (("fr", "3 septembre"), ("en", "3 September")):
        rendered = compiled.render(HELD, (), foot(TOKENS, language))
        assert day in rendered.text and day in rendered.html and day in rendered.subject


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from([value, "", "autre & <b>", "yes", "0", "Ail"])
            for name, value in HELD.items()
        },
    )
)
def test_the_precompiled_way_says_the_same(values: dict[str, str]) -> None:
    compiled = compile_letter(letter(BODY), fields=LABELS)
    assert_same(compiled, precompiled_of(compiled), values)


@given(st.sampled_from(sorted(set(TYPES.values()))), st.text(max_size=12))
def test_any_kept_text_is_said_somehow(kind: FieldType, kept: str) -> None:
    assert typed_in_words(kind, kept, "fr") is not None


def test_a_subject_and_a_value_are_told_in_the_language_of_the_installation() -> None:
    declared = {"birthday": Field("birthday", "Né le", "date")}
    plan = Plan(language="fr", fields=declared)
    letter = Letter("anniversaire", "Le {{ birthday | date('day') }}", "x.md")
    assert subject_of(letter, HELD, plan) == "Le 3 septembre"
    assert subject_of(letter, {}, plan) == letter.subject
    assert field_in_words(plan, "birthday", "1980-09-03") == "3 septembre 1980"
    assert field_in_words(plan, "gone", "1980-09-03") == "1980-09-03"


def test_a_page_of_my_data_says_values_in_words() -> None:
    plan = Plan(fields={"garden": Field("garden", "Jardin", "yes-no")})
    person = dict.fromkeys(
        (
            "email",
            "source",
            "form",
            "timezone",
            "language",
            "last_contact",
            "measured_since",
            "restricted",
            "suppressed",
        ),
        "",
    )
    known = {"person": person | {"fields": {"garden": "no"}}, "segments": []}
    for language, word in (("fr", "non"), ("en", "no")):
        spoken: Literal["fr", "en"] = "fr" if language == "fr" else "en"
        lines = list(DossierInWords(plan, spoken, "Europe/Paris", 0)._known(known))
        assert [line.value for line in lines if line.name == "Jardin"] == [word]


SOIL = Field("soil", "Sol", "choice", ("Argile", "Sable"))
CROPS = Field("crops", "Cultures", "choices", ("Ail", "Tomates"))


@pytest.mark.parametrize(
    ("asked", "unknown"),
    [
        ('soil == "Argile"', []),
        ('soil == "argile"', ["argile"]),
        ('soil != "Tourbe"', ["Tourbe"]),
        ('soil in ["Sable", "Craie"]', ["Craie"]),
        ('"Ail" in crops and "Ails" in crops', ["Ails"]),
        ('soil == ""', []),
        ('first_name == "Argile"', []),
    ],
)
def test_an_option_that_is_not_declared_is_found_where_it_is_compared(
    asked: str, unknown: list[str]
) -> None:
    tree = parsed("Bonjour\n{% if " + asked + " %}x{% endif %}")
    found = list(unknown_options(tree, {"soil": SOIL, "crops": CROPS}))
    assert [dict(why.values)["option"] for _, why in found] == unknown
    assert {line for line, _ in found} <= {2}


def test_a_list_of_people_is_read_in_words() -> None:
    plan = Plan(fields={"soil": SOIL, "b": Field("b", "B", "date")}, language="fr")
    assert values_in_words(plan, {"b": "1980-09-03", "gone": "x"}) == ["", "3 septembre 1980"]
