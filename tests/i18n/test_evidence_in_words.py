"""What the vault keeps of an act is told in the reader's language: names and fixed values, and
never what somebody wrote.
"""

from __future__ import annotations

import pytest

from engine.i18n.evidence_words import NAMES, in_detail
from engine.i18n.language import translator
from engine.intake import evidence_requirements as required

FRENCH = translator("fr")
# Facts of the ledger, which are told beside the evidence and not as part of it.
OF_THE_LEDGER = {
    "occurred_at",
    "recorded_at",
    "event",
    "commitment",
    "leaf",
    "confirm_button",
    "confirm_page",
    "confirm_digest",
    "confirm_visitor",
}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("basis", "consent", ("fondement", "consentement")),
        ("declared", "True", ("déclaré", "oui")),
        ("by.operator", "root", ("par.opérateur", "root")),
        ("by.key", "shop", ("par.clé", "shop")),
        ("unknown", "age, form_digest", ("non connus", "âge, empreinte du formulaire")),
        ("never_seen", "consent", ("never_seen", "consentement")),
    ],
)
def test_names_and_fixed_values_are_told_in_french(
    name: str, value: str, told: tuple[str, str]
) -> None:
    assert list(in_detail([(name, value)], FRENCH)) == [told]


@pytest.mark.parametrize("name", ["source", "words", "answers.email", "by.name"])
def test_what_somebody_wrote_stays_as_it_is(name: str) -> None:
    ((_, value),) = in_detail([(name, "service")], FRENCH)
    assert value == "service"


def test_in_english_the_names_are_those_of_the_format() -> None:
    assert list(in_detail([("purpose_digest", "d74"), ("declared", "True")], translator("en"))) == [
        ("purpose_digest", "d74"),
        ("declared", "True"),
    ]


def test_every_name_a_proof_must_hold_has_words() -> None:
    doors = required.DOORS.values()
    needed = {name for door in doors for name in door.needs} | {
        name for names in required.BASES.values() for name in names
    }
    assert needed - NAMES - OF_THE_LEDGER == set()
