"""What telling a target works with. Apart from what speaks HTTP and asks name servers, which takes
long to be brought in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.desk.hooks import HookDesk
from engine.ledger.codec import Entry
from engine.ledger.store import Span


class LedgerReader(Protocol):
    def head(self) -> int: ...

    def at(self, position: int) -> Entry | None: ...

    def page(self, span: Span, limit: int) -> Sequence[Entry]: ...


@dataclass(frozen=True, kw_only=True)
class HookStores:
    """`restored`: when the ledger was last put back (engine time, ms; 0: never). `now`: wall clock,
    ms; `chance` from 0 to 1.
    """

    folder: Path
    desk: HookDesk
    ledger: LedgerReader
    restored: Callable[[], int]
    now: Callable[[], int]
    chance: Callable[[], float]
