"""After erasures: what was deleted leaves PostgreSQL's files too. Noted by whoever erases, done for
all of them together, a minute later at most.
"""

from __future__ import annotations

import logging

from engine.context import AppContext
from engine.desk.processes import EXPIRY_SECONDS, Processes
from engine.store.scrubbing import Scrubbed

log = logging.getLogger("relance.rights")
ERASED, SCRUBBED = "erased", "scrubbed"


def note_erased(context: AppContext) -> None:
    """Something personal was deleted."""
    context.desk.set_mark(ERASED, context.clock.now(), context.ledger.head())


def scrub_when_due(context: AppContext) -> Scrubbed:
    """What came of it; where it is not `done`, the next call tries again."""
    erased = context.desk.mark(ERASED)
    if erased is None or erased == context.desk.mark(SCRUBBED):
        return Scrubbed(True)
    scrubbed = context.scrub()
    if scrubbed.done:
        context.desk.set_mark(SCRUBBED, *erased)
    return scrubbed


def scrub_unless_followed(context: AppContext) -> Scrubbed:
    """For a verb that erases: where a process follows the ledger, that one does it, once for
    many.
    """
    if any(
        "follow" in parts and ago < EXPIRY_SECONDS
        for parts, _host, _pid, _for, ago in Processes(context.database).all()
    ):
        return Scrubbed(True)
    return scrub_when_due(context)


def scrub_and_log(context: AppContext) -> None:
    """For whoever does it again and again."""
    scrubbed = scrub_when_due(context)
    if scrubbed.large:
        log.info(
            "what was erased has left the database's files, but for large tables, whose room is"
            " freed",
            extra={"tables": list(scrubbed.large)},
        )
    if scrubbed.refused:
        log.warning(
            "what was erased stays in PostgreSQL's write-ahead log for a while: the user of [store]"
            " url may not see to that"
        )
