"""One person's proof handed to the person themselves (E08): once they are erased here, what they
hold still verifies, and nobody else has it.
"""

from __future__ import annotations

from engine.context import House
from engine.proof.bundle import bundle_files, zipped
from engine.proof.bundle_sources import Stores, head_of, holding_of
from engine.proof.errors import ProofRefused
from engine.proof.handover import ledger_tools
from engine.proof.signing_refused import SigningRefused
from engine.secret_files import SecretMissing

UNSIGNED = (SigningRefused, ProofRefused, SecretMissing, OSError)
"""Why there may be none: `relance status` says it to the operator."""


def own_proof(house: House, subscriber: str) -> bytes:
    """The zip that `relance audit prove` writes, as of a checkpoint made now. Raises one of
    UNSIGNED.
    """
    stores = Stores(house.ledger, house.vault, house.tree, house.publications)
    signed = house.tree.sign_now()
    return zipped(
        bundle_files(
            head_of(stores, signed),
            holding_of(stores, subscriber, signed),
            ledger_tools(),
            house.tree.sign,
        )
    )
