"""Views brought up to the head of the ledger before a verb counts in them: nobody may be following, and it may take a while."""

from __future__ import annotations

from engine.house import House
from engine.language import translator
from engine.verbs.progress import Progress
from engine.verbs.wording import language_of


def catch_up(house: House) -> None:
    """Shown on a terminal. Raises EntryRefused for a view that cannot go on."""
    _ = translator(language_of(house.config))
    with Progress(_("Following")) as tell:
        house.views.catch_up(tell)
