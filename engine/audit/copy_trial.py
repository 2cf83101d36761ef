"""A copy tried: put back into a database made for it beside the one in use, held entry by entry
against its own tree and checkpoints and piece by piece against its commitments, and thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from engine.audit.vault_check import vault_faults
from engine.backup.copy_streams import put_back, scratch
from engine.backup.manifest import Manifest
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.proof.store import Checkpoints
from engine.proof.tree_replay import Replay, Signed
from engine.store.database import Database, program_role_of
from engine.vault.stop_journal import StopJournal
from engine.vault.vault import Vault
from engine.words import Words

Tell = Callable[[int, int], None]


def try_copy(
    owner: str, data: Path, manifest: Manifest, files: Mapping[str, Path], tell: Tell
) -> list[Words]:
    """What is wrong with a copy, () for nothing. `owner` is the conninfo of the database's owner,
    `files` are those of `open_copy`. What is in use is left alone. Raises CopyFailed where it
    cannot be put back at all.
    """
    head = (manifest.position, manifest.digest)
    with scratch(owner) as there:
        put_back(there, program_role_of(owner), files, manifest.migrations, head)
        database = Database(there, size=4).open()
        try:
            with closing(Ledger(there)) as ledger:
                in_tree = _replay(database, ledger).differences(manifest.position, tell)
                vault = Vault(database, b"", StopJournal(data))
                return [*in_tree, *vault_faults(ledger, vault)]
        finally:
            database.close()


def _replay(database: Database, ledger: Ledger) -> Replay:
    """Against every checkpoint that the copy holds."""
    signed = [Signed(kept, "proof.checkpoint") for kept in Checkpoints(database).all()]
    return Replay(database, InstallationStream(ledger).current().origins, signed, "")
