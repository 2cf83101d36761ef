"""Which messages this sender may have on the wire: kept on the desk while it sends, in a few rows
that are written over, for whoever finds it lost.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import NamedTuple

from engine.desk.approvals import SLOTS, Approvals


class ApprovedSlots:
    """Used from several threads. A message stays in its slot until it has `ended`."""

    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals
        self._term = approvals.term()
        self._lock = threading.Lock()
        self._open: dict[int, set[str]] = {slot: set() for slot in range(SLOTS)}
        self._slot_of: dict[str, int] = {}
        self._writing: set[int] = set()

    def present_term(self) -> Term:
        """Ask before claiming: what was claimed before a term is not approved in it."""
        return Term(self, self._term)

    def approve(self, term: int, messages: Collection[str]) -> bool:
        """See Term."""
        if not messages:
            return True
        with self._lock:
            slot = min(self._open.keys() - self._writing, key=lambda slot: len(self._open[slot]))
            self._writing.add(slot)
            under_way = self._open[slot] | set(messages)
        approved = False
        try:
            approved = self._approvals.approve(term, slot, under_way)
        finally:
            with self._lock:
                self._writing.discard(slot)
                if approved:
                    self._now_in(slot, messages)
        if not approved:
            self._term = self._approvals.term()
        return approved

    def ended(self, messages: Collection[str]) -> None:
        """They have their outcome in the ledger."""
        with self._lock:
            for message in messages:
                slot = self._slot_of.pop(message, None)
                if slot is not None:
                    self._open[slot].discard(message)

    def _now_in(self, slot: int, messages: Collection[str]) -> None:
        for message in messages:
            before = self._slot_of.get(message, slot)
            if before != slot:
                self._open[before].discard(message)
            self._slot_of[message] = slot
        self._open[slot].update(messages)


class Term(NamedTuple):
    """From one moment to when somebody finds this sender lost."""

    slots: ApprovedSlots
    number: int

    def approve(self, messages: Collection[str]) -> bool:
        """Whether these may be handed over: then they stand on the desk, safely. False where the
        term is over: others may have let them go.
        """
        return self.slots.approve(self.number, messages)

    def ended(self, messages: Collection[str]) -> None:
        """They have their outcome in the ledger."""
        self.slots.ended(messages)
