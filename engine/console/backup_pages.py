"""Copies of everything: when the last one was made, where to and how large, and whether it was ever
tried. They are made at the command line: a copy needs the rights of the database's owner, which the
console does not have, and holds everybody's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.console.access import Right
from engine.console.visit import Route, Visit
from engine.desk.operations import Operation, Operations
from engine.ledger.store import Ledger
from engine.status.finding_words import size

AT = "/operator/backups"
SHOWN = 20
COPY_AGE, TRIAL_AGE = timedelta(days=7), timedelta(days=90)
"""After these a copy is said to be old, and its trial to be long ago."""
KEPT = timedelta(days=30)
"""No longer than this: whoever was erased since is still in it (E04)."""


class BackupPageStores(Protocol):
    @property
    def ledger(self) -> Ledger: ...
    @property
    def operations(self) -> Operations: ...


class CopyMade(NamedTuple):
    """`tried` is its last trial. `to_delete`: it is older than a copy of the vault may become."""

    made: Operation
    size: str
    tried: Operation | None
    to_delete: bool


def routes(stores: BackupPageStores) -> Sequence[Route]:
    return (Route("GET", AT, Right.OPERATE, lambda visit: _show(stores, visit)),)


def _show(stores: BackupPageStores, visit: Visit) -> Response:
    now, _ = datetime.now(UTC), visit.say
    attempts = stores.operations.latest("backup", limit=SHOWN)
    trials = stores.operations.latest("trial", limit=SHOWN)
    restored = stores.operations.latest("restore")
    copies = list(_copies(attempts, trials, now, visit))
    last = copies[0] if copies else None
    well = next((trial for trial in trials if trial.well), None)
    return visit.page(
        "operator_backups.html",
        copies=copies,
        last=last,
        since=stores.ledger.head() - last.made.position if last is not None else 0,
        overdue=last is not None and now - last.made.at > COPY_AGE,
        failed=attempts[0] if attempts and not attempts[0].well else None,
        trial=well,
        trial_overdue=well is None or now - well.at > TRIAL_AGE,
        trial_failed=trials[0] if trials and not trials[0].well else None,
        restored=restored[0] if restored else None,
        day=date.today().isoformat(),
    )


def _copies(
    attempts: Sequence[Operation], trials: Sequence[Operation], now: datetime, visit: Visit
) -> Iterator[CopyMade]:
    last_trials = {trial.copy: trial for trial in reversed(trials) if trial.copy}
    for made in attempts:
        if made.well:
            tried, old = last_trials.get(made.copy), now - made.at > KEPT
            yield CopyMade(made, size(made.octets, visit.say), tried, old)
