"""What arrives, as a screen and a page show it: each provider's letters over some days, what waits
for it and why, its rates against the guards (A50); and who sends in our name, as DMARC reports say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from engine.config import Config
from engine.delivery.figures import DayCount, DeliveryViews, PutOff, Sums, summed
from engine.desk.clock import Clock, wall_now
from engine.desk.dmarc_reports import DmarcReports, SentInOurName
from engine.desk.shaping import ProviderState, ShapingDesk
from engine.frozen import dataclass
from engine.sequence.delay import DAY
from engine.shaping.guards import BOUNCES, COMPLAINTS, Level
from engine.store.database import Database

WEEK = 7
MAX_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDelivery:
    """`days` are all those asked for, the first first. `put_off`: what waits, by the answer that
    put it off, the latest first. `state` is how senders stand with it, None where they never have.
    """

    provider: str
    title: str
    sums: Sums
    days: tuple[Sums, ...]
    put_off: tuple[PutOff, ...] = ()
    parked: int = 0
    state: ProviderState | None = None

    @property
    def waiting(self) -> int:
        """To be tried again, or for their turn."""
        return self.parked + sum(letters.n for letters in self.put_off)

    @property
    def is_slow(self) -> bool:
        """Letters wait, or fewer leave than might."""
        state = self.state
        shaped = state is not None and (max(state.held, state.slowed) > 0 or state.warming)
        return self.waiting > 0 or bool(shaped)

    @property
    def complaints(self) -> Level:
        return COMPLAINTS.level(self.sums.complained, self.sums.sent)

    @property
    def bounces(self) -> Level:
        return BOUNCES.level(self.sums.bounced, self.sums.tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """From day `since` (since 1970-01-01, UTC) to today. `whole`: all providers together.
    `sources`: of the last `days` too.
    """

    since: int
    days: int
    whole: ProviderDelivery
    providers: tuple[ProviderDelivery, ...]
    sources: tuple[SentInOurName, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.providers


class ReportViews(Protocol):
    @property
    def delivery(self) -> DeliveryViews: ...


class DeliveryStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def shaping(self) -> ShapingDesk: ...
    @property
    def views(self) -> ReportViews: ...


def delivery_report(stores: DeliveryStores, days: int = WEEK, provider: str = "") -> DeliveryReport:
    """Of the last `days` days, today included; of one provider alone where it is named."""
    now = stores.clock.now()
    since = now // DAY - days + 1
    counts = [c for c in stores.views.delivery.by_day(since) if provider in ("", c.provider)]
    waiting = [w for w in stores.views.delivery.put_off(now - DAY) if provider in ("", w.provider)]
    states = [s for s in stores.shaping.states() if provider in ("", s.provider)]
    titles = {known.name: known.title for known in stores.config.providers}
    reported_since = (wall_now() - days * DAY) // 1000
    providers = tuple(_by_provider(titles, since, days, counts, waiting, states))
    whole = _of("", "", since, days, counts, waiting)
    return DeliveryReport(
        since=since,
        days=days,
        whole=replace(whole, parked=sum(one.parked for one in providers)),
        providers=providers,
        sources=tuple(DmarcReports(stores.database).sources(reported_since)),
    )


def _by_provider(
    titles: Mapping[str, str],
    since: int,
    days: int,
    counts: Sequence[DayCount],
    waiting: Sequence[PutOff],
    states: Sequence[ProviderState],
) -> Iterator[ProviderDelivery]:
    """Who is sent most first; then those for whom letters wait from before."""
    stands = {state.provider: state for state in states}
    held = [s.provider for s in states if s.waiting or max(s.held, s.slowed) > 0]
    for name in dict.fromkeys((*summed(counts), *(letters.provider for letters in waiting), *held)):
        delivery = _of(
            name,
            titles.get(name, name),
            since,
            days,
            [count for count in counts if count.provider == name],
            [letters for letters in waiting if letters.provider == name],
        )
        state = stands.get(name)
        yield replace(delivery, state=state, parked=state.waiting if state is not None else 0)


def _of(
    name: str,
    title: str,
    since: int,
    days: int,
    counts: Sequence[DayCount],
    waiting: Sequence[PutOff],
) -> ProviderDelivery:
    def all_of(some: Sequence[DayCount]) -> Sums:
        return summed(count._replace(provider="") for count in some).get("", Sums())

    by_day: dict[int, list[DayCount]] = {}
    for count in counts:
        by_day.setdefault(count.day, []).append(count)
    return ProviderDelivery(
        provider=name,
        title=title,
        sums=all_of(counts),
        days=tuple(all_of(by_day.get(day, ())) for day in range(since, since + days)),
        put_off=tuple(waiting),
    )
