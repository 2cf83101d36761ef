"""One person's proof handed to the person themselves (E08): once they are erased here, what they
hold still verifies, and nobody else has it.
"""

from __future__ import annotations

from engine.context import AppContext
from engine.proof.bundle import bundle_files, zipped
from engine.proof.bundle_sources import Stores, head_of, holding_of
from engine.proof.errors import ProofRefused
from engine.proof.handover import ledger_tools
from engine.proof.signing_refused import SigningRefused
from engine.secret_files import SecretMissing

UNSIGNED = (SigningRefused, ProofRefused, SecretMissing, OSError)
"""Why there may be none: `relance status` says it to the operator."""


def own_proof(context: AppContext, subscriber: str) -> bytes:
    """The zip that `relance audit prove` writes, as of a checkpoint made now. Raises one of
    UNSIGNED.
    """
    stores = Stores(context.ledger, context.vault, context.tree, context.installation_stream)
    signed = context.tree.sign_now()
    return zipped(
        bundle_files(
            head_of(stores, signed),
            holding_of(stores, subscriber, signed),
            ledger_tools(),
            context.tree.sign,
        )
    )
