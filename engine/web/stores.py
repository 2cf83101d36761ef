"""What the pages of forms, of links and of a person's own data are handed: the stores they read and
write, and of the secrets the keys they use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from engine.commands.command_handler import CommandHandler
from engine.config import Config, Site
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.subscriber.person import Person
from engine.vault.vault import Vault
from engine.web.visit_counts import VisitCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStores:
    config: Config
    clock: Clock
    vault: Vault
    desk: Desk
    installation_stream: InstallationStream
    command_handler: CommandHandler
    nonce_key: bytes
    """Signs the stamps of forms."""
    pepper: bytes
    """Hashes visitors and orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDataStores:
    """What a person may ask for is put together from all that is held about them, so these are
    many.
    """

    config: Config
    clock: Clock
    ledger: Ledger
    vault: Vault
    desk: Desk
    tree: LedgerTree
    """Signs the proof that is handed over."""
    installation_stream: InstallationStream
    command_handler: CommandHandler
    nonce_key: bytes
    """Signs the nonces of pages."""
    pepper: bytes
    """Hashes visitors and calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStores:
    site: Site
    clock: Clock
    ledger: Ledger
    vault: Vault
    desk: Desk
    installation_stream: InstallationStream
    command_handler: CommandHandler
    folds: Callable[[Collection[str]], Mapping[str, Person]]
    """People as the views last folded them."""
    link_key: bytes
    """Signs the tokens of links."""
    nonce_key: bytes
    """Signs the nonces of pages."""
    pepper: bytes
    """Hashes who visits and from where."""
    visit_counts: VisitCounts
