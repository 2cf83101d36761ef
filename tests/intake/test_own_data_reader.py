"""What is posted from “My data”: one act or none, corrections field by field, and an address that
is only asked for.
"""

from __future__ import annotations

import pytest

from engine.intake.own_data import (
    ACTS,
    CorrectionFaults,
    Corrections,
    Press,
    Wrong,
    read_address,
    read_corrections,
    read_press,
)
from engine.sequence.model import Field

KNOWN = [(Field("first_name", "Prénom"), "Anna"), (Field("town", "Commune"), "")]


def corrected(**posted: str) -> Corrections | CorrectionFaults:
    named = {name.replace("field_", "field-"): value for name, value in posted.items()}
    return read_corrections(named, KNOWN, "Europe/Paris", "fr")


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_read_with_its_nonce(act: str) -> None:
    assert read_press({"act": act, "nonce": "n"}) == Press(next(a for a in ACTS if a == act), "n")


@pytest.mark.parametrize("act", ["", "drop", "ERASE", "erase-now "])
def test_what_is_no_act_presses_nothing(act: str) -> None:
    assert read_press({"act": act, "nonce": "n"}) == Press("nothing", "n")


def test_a_mail_program_s_one_click_presses_nothing_here() -> None:
    posted = {"List-Unsubscribe": "One-Click", "act": "erase-now", "nonce": "n", "sure": "yes"}
    assert read_press(posted) == Press("nothing", "")


def test_nothing_is_sure_without_its_box() -> None:
    assert not read_press({"act": "erase-now"}).sure
    assert read_press({"act": "erase-now", "sure": "yes"}).sure


def test_only_what_differs_is_corrected() -> None:
    assert corrected(field_first_name="Anna", field_town="Semailles") == Corrections(
        {"town": "Semailles"}
    )


def test_a_field_that_is_not_declared_is_not_read() -> None:
    assert corrected(field_password="x") == Corrections()


def test_a_field_may_be_emptied() -> None:
    assert corrected(field_first_name=" ") == Corrections({"first_name": ""})


def test_line_ends_that_browsers_drop_are_no_difference() -> None:
    known = [(Field("town", "Commune"), "Semailles\r\n-sur-Loire")]
    posted = {"field-town": "Semailles-sur-Loire"}
    assert read_corrections(posted, known, "", "fr") == Corrections()


TYPED = [
    (Field("birthday", "Né le", "date"), "1980-09-03"),
    (Field("budget", "Budget", "number"), "12.5"),
    (Field("crops", "Cultures", "choices", ("Ail", "Tomates")), "Ail; Roche"),
    (Field("garden", "Jardin", "yes-no"), "peut-être"),
]


def typed(**posted: str) -> Corrections | CorrectionFaults:
    named = {f"field-{name}": value for name, value in posted.items()}
    return read_corrections(named, TYPED, "", "fr", "day-first")


def test_what_does_not_fit_any_more_stays_until_it_is_changed() -> None:
    boxes = {"crops": "", "crops.0": "Ail", "crops.2": "Roche"}
    unchanged = typed(birthday="1980-09-03", budget="12,50", garden="peut-être", **boxes)
    assert unchanged == Corrections()
    assert typed(**boxes | {"crops.1": "Tomates"}) == CorrectionFaults({"field-crops": "choose"})
    assert typed(**{"crops": "", "crops.1": "Tomates"}) == Corrections({"crops": "Tomates"})
    assert typed(crops="", garden="") == Corrections({"crops": "", "garden": ""})


def test_a_typed_field_is_corrected_as_it_is_kept_or_the_reason_is_told() -> None:
    assert typed(birthday="4/9/1980", garden="no") == Corrections(
        {"birthday": "1980-09-04", "garden": "no"}
    )
    assert typed(birthday="31/02/1980", budget="1,234") == CorrectionFaults(
        {"field-birthday": "no-day", "field-budget": "comma"}
    )


def test_zone_and_language_are_read_as_people_write_them() -> None:
    assert corrected(timezone="europe/madrid", language="English") == Corrections(
        {}, "Europe/Madrid", "en"
    )
    assert corrected(timezone="Europe/Paris", language="fr") == Corrections()


@pytest.mark.parametrize(
    ("posted", "reasons"),
    [
        ({"timezone": "Europe/Semailles"}, {"timezone": "zone"}),
        ({"language": "de"}, {"language": "language"}),
    ],
)
def test_what_cannot_be_is_told_by_its_input(
    posted: dict[str, str], reasons: dict[str, Wrong]
) -> None:
    assert corrected(**posted) == CorrectionFaults(reasons)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" Anna@Nouvelle.Example ", "anna@nouvelle.example"),
        ("", CorrectionFaults({"new-address": "missing"})),
        ("anna", CorrectionFaults({"new-address": "address"})),
        ("ANNA@lecteurs.example", CorrectionFaults({"new-address": "same"})),
    ],
)
def test_an_address_is_normalised_or_refused(written: str, read: str | CorrectionFaults) -> None:
    assert read_address({"new-address": written}, "anna@lecteurs.example") == read
