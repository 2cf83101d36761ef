"""What an import is handed: the stores it reads and writes, and what the configuration says of
fields and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.commands.command_handler import CommandHandler
from engine.desk.clock import Clock
from engine.i18n.language import Language
from engine.installation.stream import InstallationStream
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStores:
    language: Language
    """In which reports and rejected rows are written."""
    field_labels: Mapping[str, str]
    """Of each field of [fields], by its name."""
    clock: Clock
    vault: Vault
    installation_stream: InstallationStream
    command_handler: CommandHandler
