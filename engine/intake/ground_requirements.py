"""What the law requires of a ground that is not consent, whoever declares it: a sale, a profession,
an objection that was offered. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from engine.subscriber.terms import Basis, Proof

GENERIC = frozenset(
    (
        *(
            "accueil",
            "achats",
            "admin",
            "administration",
            "bonjour",
            "bureau",
            "commercial",
            "compta",
            "comptabilite",
            "contact",
            "direction",
        ),
        *(
            "hello",
            "info",
            "infos",
            "mail",
            "marketing",
            "office",
            "presse",
            "reception",
            "recrutement",
            "rh",
            "sales",
            "secretariat",
        ),
        *("service", "service-client", "service.client", "support", "team", "ventes"),
    )
)


class Requirement(StrEnum):
    """What must be stated of such a ground; the value is the name under which it is stated."""

    ORDER = "order"
    FUNCTION = "function"
    OBJECTION = "objection"


def is_generic(address: str) -> bool:
    """Whether a normalised address belongs to a firm rather than to a person (contact@): such an
    address is outside the protection of people at work (D09).
    """
    return address.rpartition("@")[0].lower() in GENERIC


class GroundDeclaration(NamedTuple):
    """A ground as somebody else than the person declares it (D10): an operator, a caller, the row
    of a file. `collected` is when the address was (ms, 0: not said); the last three are what the
    law asks of some grounds. A named tuple, because an import makes one for each row.
    """

    basis: Basis
    source: str
    collected: int
    proof: str = ""
    order: str = ""
    function: str = ""
    objection: str = ""

    @property
    def proof_kind(self) -> Proof:
        return "declared-with-proof" if self.proof else "declared"

    def missing(self, address: str) -> tuple[Requirement, ...]:
        """What the ground needs for a normalised address and does not have (CPCE L34-5 al. 4; CNIL
        on B2B): in the order of Requirement.
        """
        if self.basis not in ("soft-optin", "b2b"):
            return ()
        needed = {
            Requirement.ORDER: self.basis == "soft-optin",
            Requirement.FUNCTION: self.basis == "b2b" and not is_generic(address),
            Requirement.OBJECTION: True,
        }
        told = {
            Requirement.ORDER: self.order,
            Requirement.FUNCTION: self.function,
            Requirement.OBJECTION: self.objection,
        }
        return tuple(name for name in Requirement if needed[name] and not told[name])

    def texts(self) -> dict[str, object]:
        """What is said in words, by its name in the evidence; what is left out is not in it."""
        texts: dict[str, object] = {}
        if self.source:
            texts["source"] = self.source
        if self.proof:
            texts["proof"] = self.proof
        if self.order:
            texts["order"] = self.order
        if self.function:
            texts["function"] = self.function
        if self.objection:
            texts["objection"] = self.objection
        return texts

    def particulars(self, collected: str | int) -> dict[str, object]:
        """The declaration for the evidence, which says that it is one. `collected` is written as
        the door always wrote it: an instant (ms), or the date on the clock of the site.
        """
        return {
            "declared": True,
            "basis": self.basis,
            "collected": collected,
            **self.texts(),
        }
