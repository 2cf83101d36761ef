"""The ledger signed as it is, and handed over whole, at somebody's word: once it was held against
its tree, entry by entry. For the command line and the console.
"""

from __future__ import annotations

import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol

from engine.desk.operations import Operation, Operations
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.proof.bundle_sources import Stores, head_of
from engine.proof.errors import ProofRefused
from engine.proof.handover import HandoverBroken, Tell, hand_over
from engine.proof.ledger_tree import LedgerTree
from engine.proof.signer import SigningRefused
from engine.proof.store import SignedCheckpoint
from engine.secret_files import SecretMissing
from engine.store.database import Database
from engine.vault.vault import Vault
from engine.words import N_, WordedError, Words


class AttestingStores(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def operations(self) -> Operations: ...


class NotAttested(WordedError):
    """Nothing is signed, nor handed over: why, and what to do."""


DIFFERENT = N_("nothing is signed: {what}; keep everything as it is: it is evidence")
NEVER_SIGNED = N_("nothing has been signed yet")


def first_difference(stores: AttestingStores) -> Words | None:
    """Reads the whole ledger: about ten seconds for a million entries."""
    return next(iter(stores.tree.differences()), None)


def sign_now(stores: AttestingStores) -> SignedCheckpoint:
    """A checkpoint over the whole ledger, which was read first. Raises NotAttested."""
    try:
        _refuse_difference(stores)
        return stores.tree.sign_now()
    except (SigningRefused, SecretMissing) as error:
        raise _not_attested(error.words) from error
    except (ProofRefused, OSError) as error:
        raise NotAttested("{why}", why=str(error)) from error


def hand_over_ledger(
    stores: AttestingStores,
    signed: SignedCheckpoint,
    target: Path,
    tell: Tell = lambda done, total: None,
) -> None:
    """The ledger up to a checkpoint, into an empty folder, with every earlier checkpoint and the
    verifier; that it was is noted. Raises HandoverBroken.
    """
    head = head_of(
        Stores(stores.ledger, stores.vault, stores.tree, stores.installation_stream), signed
    )
    hand_over(stores.database, head, stores.tree.all_checkpoints(), target, tell)
    stores.operations.note(Operation(kind="ledger", position=signed.size))


def packed_ledger(stores: AttestingStores) -> IO[bytes]:
    """The same as one zip, up to the last checkpoint: a file that is gone once it is closed. Signs
    nothing. Raises NotAttested.
    """
    signed = stores.tree.latest()
    if signed is None:
        raise NotAttested(NEVER_SIGNED)
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        try:
            _refuse_difference(stores)
            with tempfile.TemporaryDirectory(prefix="relance-") as name:
                hand_over_ledger(stores, signed, Path(name))
                _pack(Path(name), file)
        except (SigningRefused, HandoverBroken) as error:
            raise _not_attested(error.words) from error
        file.seek(0)
        stack.pop_all()
    return file


def _refuse_difference(stores: AttestingStores) -> None:
    difference = first_difference(stores)
    if difference is not None:
        raise NotAttested(DIFFERENT, what=difference)


def _not_attested(why: Words) -> NotAttested:
    return NotAttested(why.message, **dict(why.values))


def _pack(folder: Path, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, f"ledger/{path.relative_to(folder).as_posix()}")
