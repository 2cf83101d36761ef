"""What a ground besides consent needs, whoever declares it: the sale, the profession, the objection
that was offered (D08, D09).
"""

from __future__ import annotations

import pytest

from engine.intake.ground_requirements import lacking

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
def test_what_a_ground_lacks_is_named(basis: str, address: str, needs: tuple[str, ...]) -> None:
    assert lacking(basis, address, "", "", "") == needs
    assert lacking(basis, address, "commande 1", "maraîchère", "par retour de mail") == ()
