"""What a ground besides consent needs, whoever declares it: the sale, the profession, the objection
that was offered (D08, D09).
"""

from __future__ import annotations

import pytest

from engine.intake.ground_requirements import GroundDeclaration
from engine.subscriber.terms import Basis

ANNA, FIRM = "anna@potager.example", "contact@potager.example"


@pytest.mark.parametrize(
    ("basis", "address", "needs"),
    [
        ("consent", ANNA, ()),
        ("service", ANNA, ()),
        ("soft-optin", ANNA, ("order", "objection")),
        ("b2b", ANNA, ("function", "objection")),
        # A firm's address is nobody's profession.
        ("b2b", FIRM, ("objection",)),
        ("soft-optin", FIRM, ("order", "objection")),
    ],
)
def test_what_a_ground_lacks_is_named(basis: Basis, address: str, needs: tuple[str, ...]) -> None:
    declared = GroundDeclaration(basis, "salon", 0)
    assert declared.missing(address) == needs
    told = declared._replace(
        order="commande 1", function="maraîchère", objection="par retour de mail"
    )
    assert told.missing(address) == ()
