"""What the HTTP API is handed: the stores its calls read and write, the key of its hashes, and the
views it asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.commands.command_handler import CommandHandler
from engine.config import Config
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiStores:
    config: Config
    clock: Clock
    ledger: Ledger
    vault: Vault
    desk: Desk
    tree: LedgerTree
    """Says which checkpoint was signed last."""
    installation_stream: InstallationStream
    command_handler: CommandHandler
    open_rights: Callable[[], list[tuple[str, str, str, int]]]
    """Requests that wait for an answer, the most urgent first: subscriber, request, right, when it
    must be answered (ms).
    """
    pepper: bytes
    """Hashes idempotency keys and calls."""
