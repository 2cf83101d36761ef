"""What the vault keeps of an act is told in the reader's language: names, fixed values and
instants; and never what somebody wrote.
"""

from __future__ import annotations

import pytest

from engine.i18n.evidence_words import DIGESTS, NAMES, EvidenceWords
from engine.intake import evidence_requirements as required
from engine.sequence.model import Field

FRENCH = EvidenceWords(
    "fr",
    "Europe/Paris",
    {
        "first_name": Field("first_name", "Prénom"),
        "birthday": Field("birthday", "Naissance", "date"),
    },
    {"conseils": "La lettre du potager"},
    lambda number: f"{number} (Le potager)",
    {"inscription": "La lettre"},
    {"themes": {"semer": "Semer et planter"}},
)
ENGLISH = EvidenceWords("en", "Europe/Paris")
NOON = 1_773_320_700_000
BOX = {"id": "agreed", "label": "Oui", "at_first": "not ticked", "ticked": True}
LEFT = "« Oui » : non cochée au départ, laissée ainsi"
# Facts of the ledger, which are told beside the evidence and not as part of it.
OF_THE_LEDGER = {
    "occurred_at",
    "recorded_at",
    "event",
    "commitment",
    "leaf",
    "confirm_button",
    "confirm_page",
    "confirm_visitor",
}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("basis", "consent", ("fondement", "consentement")),
        ("declared", True, ("déclaré par un tiers", "oui")),
        ("by", "self", ("par", "la personne")),
        ("by", {"operator": "root"}, ("par, opérateur", "root")),
        ("unknown", ["age", "form_digest"], ("non connu", "case sur l’âge, page du formulaire")),
        ("box", BOX, ("case", "« Oui » : non cochée au départ, cochée par la personne")),
        ("age", BOX | {"ticked": False}, ("case sur l’âge", LEFT)),
        ("received_at", NOON, ("reçu le", "12 mars 2026 à 14 h 05")),
        ("collected", "2025-03-01", ("recueilli le", "1er mars 2025")),
        ("collected", "2025-03-02T00:00:00+01:00", ("recueilli le", "2 mars 2025")),
        ("collected", "au printemps", ("recueilli le", "au printemps")),
        ("purpose", "conseils", ("finalité", "« La lettre du potager »")),
        ("form", "inscription", ("formulaire", "« La lettre »")),
        ("lists", [10], ("listes", "10 (Le potager)")),
        (
            "answers",
            {"birthday": "1980-09-03"},
            ("saisi dans le formulaire, Naissance", "3 septembre 1980"),
        ),
        (
            "preferences",
            {"themes": ["semer", "x"]},
            ("choisi de recevoir, thèmes", "Semer et planter, x"),
        ),
        (
            "preferences",
            {"frequency": "weekly"},
            ("choisi de recevoir, fréquence", "au plus une lettre par semaine"),
        ),
        ("answers", {"first_name": "Anna"}, ("saisi dans le formulaire, Prénom", "Anna")),
        ("act", "human_button", ("acte", "appui sur un bouton")),
        ("link", {"number": 1, "label": "Oui"}, ("lien", "« Oui »")),
        ("choice", {"question": "Où ?", "answer": "Ici"}, ("question posée (Où ?)", "Ici")),
        ("refusal", "complained", ("pourquoi ne pas écrire, selon le fichier", "plainte")),
        ("words", "Ok: queued", ("mots", "« Ok: queued »")),
        ("mail", "QUJD", ("courriel gardé tel qu’il fut remis", "oui")),
        ("never_seen", "consent", ("never_seen", "consent")),
    ],
)  # fmt: skip
def test_names_fixed_values_and_instants_are_told_in_french(
    name: str, value: object, told: tuple[str, str]
) -> None:
    (line,) = FRENCH.particulars({name: value})
    assert tuple(part.replace("\u00a0", " ") for part in line) == told


@pytest.mark.parametrize("name", ["source", "note", "page", "proof"])
def test_what_somebody_wrote_stays_as_it_is(name: str) -> None:
    ((_, value),) = FRENCH.particulars({name: "service"})
    assert value == "service"


def test_words_beside_a_stage_of_the_delivery_are_the_mail_server_s() -> None:
    told = list(ENGLISH.particulars({"stage": "dot", "words": "Kept"}))
    assert told == [
        ("stage of the delivery", "after the contents"),
        ("the mail server’s answer", "“Kept”"),
    ]


def test_digests_are_no_particulars_and_what_is_empty_is_not_told() -> None:
    kept = {"notice_digest": "d74", "copied": False, "source": "", "visitor": "ab"}
    assert list(ENGLISH.particulars(kept)) == []
    assert list(ENGLISH.digests(kept)) == [
        ("words shown", "d74"),
        ("IP address and browser", "ab"),
    ]


def test_every_name_a_proof_must_hold_has_words() -> None:
    doors = required.DOORS.values()
    needed = {name for door in doors for name in door.needs} | {
        name for names in required.BASES.values() for name in names
    }
    assert needed - NAMES.keys() - DIGESTS.keys() - OF_THE_LEDGER == set()
