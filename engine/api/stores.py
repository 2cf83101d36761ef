"""What the HTTP API is handed: the stores its calls read and write, the key of its hashes, and the
views it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.commands.command_handler import CommandHandler
from engine.config import Config
from engine.desk.clock import Clock
from engine.desk.console import TokenKind
from engine.desk.desk import Desk
from engine.desk.hooks import HookDesk
from engine.desk.webhook_calls import WebhookCalls
from engine.installation.publishing import ShownWords
from engine.installation.stream import InstallationStream
from engine.ledger.assets import Assets
from engine.ledger.store import Ledger
from engine.proof.ledger_tree import LedgerTree
from engine.sequence.model import Plan
from engine.simulation.live import Recurring
from engine.vault.field_counts import FieldCounts
from engine.vault.vault import Vault
from engine.views import ArmCount, Came, CameQuery, FormCount, LetterCount, SegmentViews

if TYPE_CHECKING:  # what makes letters is slow to load, and only a test of one needs it
    from engine.sending.compose import Composer


class ApiViews(Protocol):
    """The views that calls ask; see engine.views.Views."""

    def arms(self, letter: str, since: int) -> list[ArmCount]: ...
    def catch_up(self, tell: Callable[[int, int], None] = ...) -> int: ...
    def choosing(self) -> dict[tuple[str, str], int]: ...
    def counted(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]: ...
    def counted_weeks(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]: ...
    def form_weeks(self, since: int) -> list[FormCount]: ...
    def on_lists(self, lists: Collection[int]) -> int: ...
    def came(self, query: CameQuery, limit: int) -> list[Came]: ...
    def why_quarantined(self, subscriber: str) -> str: ...
    def standing(self) -> dict[int, int]: ...
    @property
    def segments(self) -> SegmentViews: ...


class ReadingNotes(Protocol):
    """Who reads whom, so that it is recorded once."""

    def note_once(self, kind: TokenKind, key: str, seconds: float) -> bool: ...
    def use(self, kind: TokenKind, key: str) -> object:
        """Forget a note."""


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
    views: ApiViews
    field_counts: FieldCounts
    shown_words: Callable[[Plan], ShownWords]
    """What people agree on under a plan, as the pages of this program render it."""
    reading_notes: ReadingNotes
    recurrences: Recurring
    composer: Callable[[], Composer]
    """Makes a letter as it would be sent."""
    assets: Assets
    hook_desk: HookDesk
    webhook_calls: WebhookCalls
    pepper: bytes
    """Hashes idempotency keys and calls."""
