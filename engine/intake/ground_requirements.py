"""What the law asks of a ground that is not consent, whoever declares it: a sale, a profession, an
objection that was offered. Pure.
"""

from __future__ import annotations

from enum import StrEnum

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
    """What has to be told of such a ground; the value is the name under which it is told."""

    ORDER = "order"
    FUNCTION = "function"
    OBJECTION = "objection"


def is_generic(address: str) -> bool:
    """Whether a normalised address is a firm's rather than a person's (contact@): it lies outside
    what protects people at work (D09).
    """
    return address.rpartition("@")[0].lower() in GENERIC


def lacking(
    basis: str, address: str, order: str, function: str, objection: str
) -> tuple[Requirement, ...]:
    """What a ground that is not consent needs and does not have (CPCE L34-5 al. 4; CNIL on B2B):
    in the order of Requirement.
    """
    if basis not in ("soft-optin", "b2b"):
        return ()
    held = {
        "order": order if basis == "soft-optin" else "-",
        "function": function,
        "objection": objection,
    }
    if basis == "soft-optin" or is_generic(address):
        held["function"] = "-"
    return tuple(name for name in Requirement if not held[name])
