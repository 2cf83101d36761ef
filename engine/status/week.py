"""A week of the installation, counted from its views: who came and who left, what came of the
letters begun in it, what is stuck now and what falls due in the seven days to come. It names
nobody.

Weeks go from Monday to Sunday in UTC, as all counters do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.audience.programme import Entry, programme
from engine.audience.results import Results, added, of_authors, results_of
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.sequence.timing import Hours, last_permitted, to_local
from engine.simulation.live import Recurring
from engine.status.finding import Finding
from engine.status.findings import findings
from engine.status.gather import CountingViews, StatusStores, gather
from engine.views import LetterCount, TransitionCount, week_of

WEEK_DAYS = 7
MANY_RIGHTS = 1000


@dataclass(frozen=True, slots=True)
class ListWeek:
    """Of a list: who came onto it from none in the week, who left it for none other than by its
    end, and who stands on it now.
    """

    list: int
    came: int
    left: int
    standing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """`monday`: days since 1970-01-01. `letters` are those begun in it, `before` those of the week
    before; `questions` are the letters among them that were answered. `due` are letters that fall
    due within seven days of `now` (ms), `rights` requests to be answered by then.
    """

    monday: int
    now: int
    came: int
    left: int
    came_before: int
    left_before: int
    lists: tuple[ListWeek, ...]
    letters: Results
    before: Results
    questions: tuple[Results, ...]
    findings: tuple[Finding, ...]
    due: int
    mailings: tuple[Entry, ...]
    intended: tuple[Entry, ...]
    rights: int


class WeekViews(CountingViews, Protocol):
    def transitions(self, lists: Collection[int], since: int) -> list[TransitionCount]: ...

    def standing(self) -> dict[int, int]: ...

    def counted(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]: ...


class WeekStores(StatusStores, Protocol):
    @property
    def views(self) -> WeekViews: ...
    @property
    def recurrences(self) -> Recurring: ...


def last_summary(summary: Hours, now: int, timezone: str) -> int:
    """When the last weekly summary was due (ms), at `now` at the latest."""
    return last_permitted(now, summary, timezone)


def last_week(now: int) -> int:
    """The Monday of the last week that is over at an instant (ms)."""
    return week_of(now) - WEEK_DAYS


def week_of_installation(stores: WeekStores, monday: int) -> Week:
    """Raises what a lost database raises (LOST)."""
    now = stores.clock.now()
    plan = stores.installation_stream.current().plan()
    came, left = _ways(stores.views, plan, monday)
    came_before, left_before = _ways(stores.views, plan, monday - WEEK_DAYS)
    standing = stores.views.standing()
    counts = list(of_authors(stores.views.counted([""], monday, monday)))
    earlier = stores.views.counted([""], monday - WEEK_DAYS, monday - WEEK_DAYS)
    upto = now + WEEK_DAYS * DAY
    entries = list(_coming(plan, stores.recurrences, now, upto))
    due = stores.views.due_within((upto,))
    deadlines = [deadline for *_, deadline in stores.views.open_rights(MANY_RIGHTS)]
    return Week(
        monday=monday,
        now=now,
        came=came.total(),
        left=left.total(),
        came_before=came_before.total(),
        left_before=left_before.total(),
        lists=tuple(
            ListWeek(number, came[number], left[number], standing.get(number, 0))
            for number in plan.lists
        ),
        letters=added("", counts),
        before=added("", of_authors(earlier)),
        questions=tuple(one for one in results_of(counts, plan, "letter") if one.answers),
        findings=findings(gather(stores)),
        due=sum(one.counts[0] for one in due if one.kind == "letter"),
        mailings=tuple(entry for entry in entries if entry.kind != "intended"),
        intended=tuple(entry for entry in entries if entry.kind == "intended"),
        rights=sum(deadline <= upto for deadline in deadlines),
    )


def _ways(views: WeekViews, plan: Plan, monday: int) -> tuple[Counter[int], Counter[int]]:
    """By list, who came from none in a week, and who left for none before the list's end."""
    came, left = Counter[int](), Counter[int]()
    for since, sign in ((monday, 1), (monday + WEEK_DAYS, -1)):
        for way in views.transitions([*plan.lists], since):
            if way.kind == "joined":
                came[way.target] += sign * way.n
            elif way.kind == "left":
                left[way.source] += sign * way.n
    return came, left


def _coming(plan: Plan, recurring: Recurring, now: int, upto: int) -> Iterator[Entry]:
    """What leaves on a date, and what is only intended for one, between two instants."""
    days = (to_local(now, plan.timezone).date(), to_local(upto, plan.timezone).date())
    for year in dict.fromkeys(day.year for day in days):
        for entry in programme(plan, year, recurring, {}).entries:
            if entry.kind in ("broadcast", "letter") and now < entry.at <= upto:
                yield entry
            planned = entry.kind == "intended" and not entry.done_by
            if planned and f"{days[0]}" <= entry.day <= f"{days[1]}":
                yield entry
