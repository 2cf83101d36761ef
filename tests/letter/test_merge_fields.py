"""Merge fields say what they may, refuse the rest at publication, and never read a person's data as
a template.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.letter.merge import MergeFailed, MergeMistake, compile_template, find_merge_mistakes

ATTACKS = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x.__init__ }}",
    "{{ x['y'] }}",
    "{{ x[0] }}",
    "{{ x[1:] }}",
    "{{ x|attr('y') }}",
    "{{ [].append }}",
    "{{ [] }}",
    "{{ {} }}",
    "{{ (1,2) }}",
    "{{ 10**10**10 }}",
    "{{ 'a'*10**9 }}",
    "{{ 1+1 }}",
    "{{ 7*7 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 1000000000000 }}",
    "{{ range(10**9) }}",
    "{{ lipsum() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__dict__ }}",
    "{{ self }}",
    "{{ config.items() }}",
    "{{ x.format(1) }}",
    "{{ '%s'|format(x) }}",
    "{{ x|map('upper') }}",
    "{{ x|safe }}",
    "{{ x|list }}",
    "{{ x|tojson }}",
    "{{ x|center(999999999) }}",
    "{{ x|replace('a', 'b') }}",
    "{{ x|nothing }}",
    "{{ x|default(y) }}",
    "{{ x|default(*y) }}",
    "{{ x|default(**y) }}",
    "{{ x|truncate(2) }}",
    "{{ x|upper(1) }}",
    "{{ x|truncate(length='a') }}",
    "{{ x is callable }}",
    "{{ x if y else z }}",
    "{{ none }}",
    "{{ _x }}",
    "{{ super() }}",
    "{{ x() }}",
    "{{ loop }}",
    "{{ '" + "a" * 201 + "' }}",
    "{{ x|upper" + "|upper" * 40 + " }}",
    "{% for a in b %}{% endfor %}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% set a = 1 %}",
    "{% set a %}b{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% with a=1 %}{% endwith %}",
    "{% filter upper %}a{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{% autoescape false %}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% do x %}",
    "{% if x.y %}{% endif %}",
    "{% if x() %}{% endif %}",
    "{% if x is sameas(y) %}{% endif %}",
    "{% if x + 1 %}{% endif %}",
    "{% if x[0] == 1 %}{% endif %}",
    "{% if 'a'*10**9 %}{% endif %}",
    "{% if a in [b.c] %}{% endif %}",
    "{% if x %}{% for a in b %}{% endfor %}{% endif %}",
    "{% if x %}{% else %}{{ x.y }}{% endif %}",
    "{% if a %}{% elif b.c %}{% endif %}",
    "{% if x %}" * 40 + "{% endif %}" * 40,
    "{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}",
    "{% if " + "not " * 5000 + "x %}{% endif %}",
    "{{ " + "9" * 5000 + " }}",
    "{{ x",
    "{% if x %}",
    "{{ }}",
    "{% endif %}",
    "{{ x | }}",
    "{{ 'a }}",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_anything_but_fields_filters_and_if_is_refused_with_file_and_line(attack: str) -> None:
    with pytest.raises(MergeMistake) as refused:
        compile_template("Bonjour\n\n" + attack, "letter.md", autoescape=True)
    assert refused.value.mistake.file == "letter.md"
    too_deep_to_place = (
        attack.count("(") > 1000 or attack.count("not") > 1000 or attack.count("9") > 1000
    )
    assert refused.value.mistake.line == 3 or too_deep_to_place
    assert refused.value.mistake.text.endswith((".", "!"))


def test_all_mistakes_come_together() -> None:
    assert [
        each.line
        for each in find_merge_mistakes(
            "{{ a.b }}\n{{ ok }}\n{% for a in b %}{% endfor %}\n{{ 1+1 }}", "x"
        )
    ] == [1, 3, 4]


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("{{ n }}", {"n": "Anne"}, "Anne"),
        ("{{ n|default('vous') }}", {}, "vous"),
        ("{{ n|default('vous', true) }}", {"n": ""}, "vous"),
        ("{{ n|d('vous', boolean=true)|title }}", {}, "Vous"),
        ("{{ n|upper }}{{ n|lower }}{{ n|capitalize }}", {"n": "éLodie"}, "ÉLODIEélodieÉlodie"),
        ("[{{ n|trim }}]", {"n": "  a "}, "[a]"),
        ("{{ n|truncate(5, true, '…') }}", {"n": "abcdefgh"}, "abcdefgh"),
        ("{{ n|truncate(5, true, '…', 0) }}", {"n": "abcdefgh"}, "abcd…"),
        ("{{ n|truncate(9) }}", {"n": 12}, "12"),
        ("{% if n %}oui{% else %}non{% endif %}", {}, "non"),
        ("{% if n is defined and not (n == 'b' or n < 'a') %}oui{% endif %}", {"n": "c"}, "oui"),
        ("{% if n in ('a', 'b') %}1{% elif n == 'c' %}2{% else %}3{% endif %}", {"n": "c"}, "2"),
        ("{% if n not in ['a'] %}1{% endif %}", {}, "1"),
        ("{% if n > -1 and n != 4 and ok == true %}1{% endif %}", {"n": 3, "ok": True}, "1"),
        ("a { {% if x is undefined %}b{% endif %}\n", {}, "a { b\n"),
        (
            "{#12}, {#13#}, {# x #}, {#- y\n# z\n{{ n }}",
            {"n": "Anne"},
            "{#12}, {#13#}, {# x #}, {#- y\n# z\nAnne",
        ),
        ("{{ prénom }}", {"prénom": "Zoé"}, "Zoé"),
    ],
)
def test_what_an_author_needs_is_there(
    source: str, values: dict[str, str | int | bool], expected: str
) -> None:
    assert compile_template(source, "x", autoescape=False).render(values) == expected


def test_the_names_used_are_known() -> None:
    template = compile_template(
        "{{ a|default('x') }}{% if b == 'c' %}{{ d }}{% endif %}", "x", autoescape=True
    )
    assert template.fields == {"a", "b", "d"}


def test_a_missing_field_stops_the_letter_with_a_sentence_that_names_it() -> None:
    for source in (
        "Bonjour {{ first_name }}",
        "{{ first_name|upper }}",
        "{{ first_name|truncate(9) }}",
        "{% if first_name < 3 %}{% endif %}",
    ):
        for autoescape in (True, False):
            with pytest.raises(MergeFailed, match="first_name"):
                compile_template(source, "x", autoescape).render({"last_name": "Durand"})


def test_a_value_that_does_not_fit_a_comparison_stops_the_letter_and_names_the_field() -> None:
    with pytest.raises(MergeFailed, match="age"):
        compile_template("{% if age > 18 %}a{% endif %}", "x", autoescape=True).render(
            {"age": "dix"}
        )


def test_only_plain_values_are_accepted() -> None:
    class Marked(str):
        def __html__(self) -> str:
            return "<b>"

    with pytest.raises(TypeError):
        compile_template("{{ a }}", "x", autoescape=True).render({"a": Marked("x")})


@given(st.text())
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    for text in (value, "{{ 7*7 }}" + value, value + "{% for a in b %}"):
        assert (
            compile_template("<{{ a }}>", "x", autoescape=False).render({"a": text}) == f"<{text}>"
        )
