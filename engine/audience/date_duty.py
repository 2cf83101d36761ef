"""The days on which a date of each reader's own comes round are noted in the ledger, for whom a
published broadcast counts from it.

The vault says who has such a day somewhere on earth about now; the decision looks at each in their
own zone. The ledger decides: several hosts, a crash or a second look change nothing. What was
missed in an outage is noted as long as the broadcast may still leave (its `max_lateness`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.desk.clock import Clock
from engine.installation.stream import InstallationStream
from engine.sequence.delay import DAY, MINUTE, Delay
from engine.sequence.model import Plan
from engine.sequence.timing import earlier, to_instant, to_local
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.commands import ReachAnchor
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Unchanged
from engine.subscriber.personal_dates import personal_broadcasts
from engine.subscriber.truth import conditions_of
from engine.vault.vault import KnownPerson, Vault

log = logging.getLogger("relance.dates")
SQL = beside(__file__)
ENGINE = Cause("engine")
LOOK_EVERY = 10 * MINUTE
"""Of the engine's time: how late somebody who joins on their day may be found."""
AT_ONCE = 500
FIRST_ZONE, LAST_ZONE = "Pacific/Kiritimati", "Etc/GMT+12"
"""Where a day begins first, and where it ends last."""
NOBODY = "00000000-0000-0000-0000-000000000000"


class DateStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True, slots=True)
class Sought:
    """What broadcasts count from: a field, whether yearly, how long before ("no time" for on the
    day itself), and how late the most patient of them may leave.
    """

    field: str
    yearly: bool
    before: Delay
    lateness: Delay


def sought(plan: Plan) -> list[Sought]:
    """Each date that broadcasts count from, once."""
    patience: dict[tuple[str, bool, Delay], Delay] = {}
    for broadcast, anchored, personal in personal_broadcasts(plan):
        before = anchored.offset if anchored.before else Delay()
        since = Delay() if anchored.before else anchored.offset
        late = Delay(minutes=(broadcast.max_lateness.nominal_ms + since.nominal_ms) // MINUTE)
        key = personal.field, personal.yearly, before
        patience[key] = max(late, patience.get(key, late), key=lambda delay: delay.nominal_ms)
    return [Sought(*key, late) for key, late in patience.items()]


def dates_about(now: int, sought: Sought) -> list[date]:
    """The dates whose day, so long before them, is now somewhere on earth or was not too long ago:
    at most those of a year.
    """
    most = min(sought.lateness.nominal_ms + DAY, 366 * DAY)
    first, last = to_local(now - most, LAST_ZONE).date(), to_local(now, FIRST_ZONE).date()
    on_the_day = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if sought.before == Delay():
        return on_the_day
    ahead = sought.before.nominal_ms // DAY + 2 * sought.before.months + 1
    candidates = (first + timedelta(days=n) for n in range((last - first).days + ahead + 1))
    return [day for day in candidates if first <= _so_long_before(day, sought.before) <= last]


def _so_long_before(day: date, before: Delay) -> date:
    midnight = to_instant(datetime.combine(day, datetime.min.time()), "UTC")
    return to_local(earlier(midnight, before, "UTC"), "UTC").date()


def as_kept(days: list[date], yearly: bool) -> list[str]:
    """The ends of the texts in the vault that mean these dates; for those of every year 29 February
    with the 28th where the year has no 29th.
    """
    if not yearly:
        return [day.isoformat() for day in days]
    ends = {f"{day:%m-%d}" for day in days}
    if any((day.month, day.day) == (2, 28) and _is_common(day.year) for day in days):
        ends.add("02-29")
    return sorted(ends)


def _is_common(year: int) -> bool:
    return (date(year, 3, 1) - timedelta(days=1)).day == 28


@dataclass
class DateDuty:
    """Remembers when it last looked, and at whom it need not look again for now."""

    stores: DateStores
    looked_at: int = 0
    edition: int = -1
    noted: dict[tuple[str, str, Sought], int] = field(default_factory=dict)

    def run(self) -> int:
        """Look, if it is time to; how many days were noted."""
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        if plan.edition == self.edition and 0 <= now - self.looked_at < LOOK_EVERY:
            return 0
        noted = sum(self._note(wanted, now) for wanted in sought(plan))
        self.looked_at, self.edition = now, plan.edition
        if noted:
            log.info("dates of people's own have come round", extra={"people": noted})
        return noted

    def _note(self, wanted: Sought, now: int) -> int:
        oldest = now - wanted.lateness.nominal_ms - 4 * DAY
        self.noted = {key: at for key, at in self.noted.items() if key[2] != wanted or at > oldest}
        done = 0
        for page in self._pages(wanted, as_kept(dates_about(now, wanted), wanted.yearly)):
            people = [pair for pair in page if (*pair, wanted) not in self.noted]
            known = self._known([subscriber for subscriber, _ in people])
            requests = [
                CommandRequest(
                    ReachAnchor(now, ENGINE, wanted.field, value, known.get(subscriber)),
                    stream=subscriber,
                )
                for subscriber, value in people
            ]
            results = self.stores.command_handler.execute(requests) if requests else []
            for pair, result in zip(people, results, strict=True):
                if isinstance(result.outcome, Done):
                    done += 1
                if isinstance(result.outcome, Done) or result.outcome == REACHED:
                    self.noted[*pair, wanted] = now
        return done

    def _known(self, people: list[str]) -> Mapping[str, KnownPerson]:
        """What the vault knows of them, where a published broadcast asks it."""
        plan = self.stores.installation_stream.current().plan()
        asks = conditions_of(plan).broadcasts_reading_vault
        return self.stores.vault.people(people) if asks and people else {}

    def _pages(self, wanted: Sought, days: list[str]) -> Iterator[list[tuple[str, str]]]:
        after = NOBODY
        while True:
            with self.stores.database.connection() as connection:
                rows = connection.execute(
                    SQL["on_days" if wanted.yearly else "on_dates"],
                    {"field": wanted.field, "days": days, "after": after, "limit": AT_ONCE},
                ).fetchall()
            page = [(str(subscriber), str(value)) for subscriber, value in rows]
            yield page
            if len(page) < AT_ONCE:
                return
            after = page[-1][0]


REACHED = NothingToDo(Unchanged.REACHED_ALREADY)
