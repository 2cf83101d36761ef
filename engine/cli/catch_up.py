"""Views brought up to the head of the ledger before a verb counts in them: nobody may be following,
and it may take a while.
"""

from __future__ import annotations

import sys

from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import translator
from engine.ledger.codec import EntryRefused


def catch_up(context: AppContext) -> None:
    """Shown on a terminal. A view that cannot go on is told of and stands where it stopped; the
    others come up to the head.
    """
    _ = translator(context.config.site.language)
    try:
        with Progress(_("Following"), say=_) as tell:
            context.views.catch_up(tell)
    except EntryRefused:
        while context.views.follow():
            """The others go on."""
        print(
            "relance:"
            f" {_('a view has stopped, and what it counts may be old: `relance status` says why')}",
            file=sys.stderr,
        )
