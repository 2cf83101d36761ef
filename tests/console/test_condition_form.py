"""Each kind of line has a form that makes it again; the grammar says what a form lacks."""

from __future__ import annotations

import pytest

from engine.config import config_of
from engine.console.condition_form import (
    KINDS,
    as_written,
    controls,
    kind_choices,
    line_of,
    new_values,
    values_in,
    values_of,
)
from engine.i18n.language import translator
from engine.sequence.condition_grammar import ConditionMistake, Names, read_condition
from engine.sequence.parse import parse
from tests.console.sample import CONFIG, FILES, ROOT

PLAN = parse(FILES, config_of(ROOT, CONFIG).settings)
NAMES = Names(PLAN, PLAN.segments)
ENGLISH = translator("en")
LINES = (
    "on 10",
    "joined 10 within 30 days",
    "answered anything",
    "answered 10/graines-semees 2 times within 1 month",
    'answered 10/graines-semees with "Oui, c’est fait"',
    "received letters within 7 days",
    "received 4 letters of conseils within 7 days",
    "ordered",
    'ordered "coffret" 3 times within 6 months',
    "silent for 3 months",
    "in group prospects",
    "in segment actifs",
    'source is "salon \\"2026\\"" or "site" or unknown',
    'field town is "Lyon" or "Villeurbanne"',
    'field town is not "Lyon" or unknown',
    'field town starts with "Saint-"',
    'field soil is "Argileuse"',
    "field town is unknown",
    "measured clicked within 30 days",
    "measured opened 10/graines-semees within 1 year",
)


@pytest.mark.parametrize("line", LINES)
def test_the_form_of_a_line_makes_the_same_line(line: str) -> None:
    condition = read_condition(line, NAMES)
    assert read_condition(line_of(values_of(condition)), NAMES) == condition


def test_every_kind_of_line_is_among_these() -> None:
    kinds = {values_in(line, NAMES)["kind"] for line in LINES}
    assert kinds == set(KINDS) - {"text"}


@pytest.mark.parametrize("choice", [choice for choice, _words in kind_choices(PLAN, ENGLISH)])
def test_whatever_a_new_line_is_about_has_controls_with_labels(choice: str) -> None:
    shown = list(controls(new_values(choice), NAMES, ENGLISH))
    assert shown and all(control.label for control in shown)


def test_an_author_s_own_words_stay_where_they_mean_the_same() -> None:
    written = 'Answered  graines-semees   with "Oui, c’est fait" within 30 jours'
    values = values_in(written, NAMES)
    assert as_written(values, NAMES) == written
    changed = as_written(values | {"within": "2 months"}, NAMES)
    assert changed == 'answered 10/graines-semees with "Oui, c’est fait" within 2 months'


def test_a_line_that_cannot_be_read_is_shown_as_text() -> None:
    assert values_in("on 99", NAMES) == {"kind": "text", "text": "on 99", "was": "on 99"}
    with pytest.raises(ConditionMistake) as mistake:
        as_written(values_in("on 99", NAMES), NAMES)
    assert mistake.value.offset == 3


@pytest.mark.parametrize("kind", ["on", "joined", "silent", "field:town", "source", "segment"])
def test_a_form_left_empty_is_refused_by_the_grammar(kind: str) -> None:
    with pytest.raises(ConditionMistake):
        as_written({**new_values(kind), "within": ""}, NAMES)


def test_a_duration_is_typed_in_either_language() -> None:
    assert line_of({"kind": "silent", "within": "3 mois"}) == "silent for 3 months"
    assert line_of({"kind": "silent", "within": "bientôt"}) == "silent for bientôt"


def test_what_is_typed_cannot_end_a_quote() -> None:
    values = {"kind": "field", "field": "town", "operator": "is", "values": 'Lyon" or "x\\'}
    condition = read_condition(line_of(values), NAMES)
    assert values_of(condition)["values"] == 'Lyon" or "x\\'
