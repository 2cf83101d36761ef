"""What an import is handed: the stores it reads and writes, and what the configuration says of
fields and language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.commands.command_handler import CommandHandler
from engine.desk.clock import Clock
from engine.frozen import dataclass
from engine.i18n.language import Language
from engine.installation.stream import InstallationStream
from engine.sequence.model import Field
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStores:
    language: Language
    """In which reports and rejected rows are written."""
    zone: str
    """The site's, on whose clock dates without a zone are."""
    fields: Sequence[Field]
    """Of [fields]."""
    clock: Clock
    vault: Vault
    installation_stream: InstallationStream
    command_handler: CommandHandler

    @property
    def field_labels(self) -> Mapping[str, str]:
        """By the names of the fields."""
        return {field.name: field.label for field in self.fields}
