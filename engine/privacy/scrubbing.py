"""After erasures: what was deleted leaves PostgreSQL's files too. Noted by whoever erases, done for
all of them together, a minute later at most.
"""

from __future__ import annotations

import logging

from engine.context import House
from engine.desk.processes import EXPIRES, Processes
from engine.store.scrubbing import Scrubbed

log = logging.getLogger("relance.rights")
ERASED, SCRUBBED = "erased", "scrubbed"


def note_erased(house: House) -> None:
    """Something personal was deleted."""
    house.desk.set_mark(ERASED, house.clock.now(), house.ledger.head())


def scrub_when_due(house: House) -> Scrubbed:
    """What came of it; where it is not `done`, the next call tries again."""
    erased = house.desk.mark(ERASED)
    if erased is None or erased == house.desk.mark(SCRUBBED):
        return Scrubbed(True)
    scrubbed = house.scrub()
    if scrubbed.done:
        house.desk.set_mark(SCRUBBED, *erased)
    return scrubbed


def scrub_unless_followed(house: House) -> Scrubbed:
    """For a verb that erases: where a process follows the ledger, that one does it, once for
    many.
    """
    if any(
        "follow" in parts and ago < EXPIRES
        for parts, _host, _pid, _for, ago in Processes(house.database).all()
    ):
        return Scrubbed(True)
    return scrub_when_due(house)


def scrub_and_log(house: House) -> None:
    """For whoever does it again and again."""
    scrubbed = scrub_when_due(house)
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
