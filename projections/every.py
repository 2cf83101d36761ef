"""Every view there is."""

from __future__ import annotations

from collections.abc import Collection

from engine.ledger.store import Ledger
from projections.agenda import Agenda
from projections.inactivity import Inactivity
from projections.letters import Letters
from projections.members import Members
from projections.view import View


def every_view(ledger: Ledger, prefix: str, names: Collection[str] = ()) -> tuple[View, ...]:
    """The named ones (all when none is named), each in its schema below `prefix`."""
    views: tuple[View, ...] = (
        Agenda(ledger, prefix),
        Members(prefix),
        Letters(prefix),
        Inactivity(prefix),
    )
    return tuple(view for view in views if not names or view.name in names)
