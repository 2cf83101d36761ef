"""`/programme`: a year as a calendar of what is written, what is only intended, feasts and public
holidays, with the letters that dialogues will send and where a cap leaves no room.
"""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from fastapi.responses import Response

from engine.audience.calendar_file import calendar_file
from engine.audience.programme import Entry, Programme, programme
from engine.audience.year import (
    FIRST_YEAR,
    KINDS,
    LAST_YEAR,
    Counted,
    StandingViews,
    collision_in_words,
    entry_in_words,
    forecast_of_year,
    named_in_words,
)
from engine.authoring.toml_changes import AddTable, TomlValue
from engine.console.access import Right
from engine.console.change_trial import audience_choices, dialogue_choices, keep_change
from engine.console.half_built import one_line
from engine.console.open_dialogue import AuthoringStores, draft_of, read_draft, told
from engine.console.slow_counts import SlowCounts
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_, month_in_words
from engine.i18n.phrases import say_list, weekdays
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.simulation.live import Recurring

COUNTED_AT_ONCE = 20_000
"""Up to so many people the forecast is made without being asked for."""
BAR_HEIGHT = 60
WRITTEN = ("broadcast", "letter", "personal")


class AllProgrammeViews(StandingViews, Protocol): ...


class ProgrammeStores(AuthoringStores, Protocol):
    @property
    def views(self) -> AllProgrammeViews: ...
    @property
    def recurrences(self) -> Recurring: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry of a day; `words` as the command line has them, without their kind."""

    kind: str
    kind_words: str
    words: str
    url: str
    hour: str
    collides: bool


@dataclass(frozen=True, slots=True)
class Day:
    """`date` is "2027-05-12", "2027-05" for some day of the month; `label` the day in short."""

    date: str
    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`weeks` hold day numbers, 0 outside the month; `marks` what stands on a day: "written",
    "free" (a feast or a holiday), "crowded".
    """

    number: int
    name: str
    weeks: tuple[tuple[int, ...], ...]
    marks: Mapping[int, str]
    days: tuple[Day, ...]
    letters: int
    busiest: str
    most: int
    empty: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Letters of the week that begins on `monday`; `height` of BAR_HEIGHT."""

    monday: date
    letters: int
    height: int


Forecasts = SlowCounts[tuple[int, int], tuple[dict[str, int], Counted]]
"""By year and edition. Everybody lives through the year, which takes seconds."""


def routes(stores: ProgrammeStores) -> Sequence[Route]:
    forecasts: Forecasts = SlowCounts(lambda key: forecast_of_year(stores, key[0]))

    def shown(_: AuthoringStores, visit: Visit) -> Response:
        return page(stores, visit, forecasts)

    def added(_: AuthoringStores, visit: Visit) -> Response:
        return add(stores, visit, forecasts)

    def downloaded(_: AuthoringStores, visit: Visit) -> Response:
        return download(stores, visit)

    return (
        Route("GET", "/programme", Right.SEE, told(shown, stores)),
        Route("POST", "/programme", Right.WRITE, told(added, stores)),
        Route("GET", "/programme/calendar-file", Right.SEE, told(downloaded, stores)),
    )


def _year(stores: ProgrammeStores, visit: Visit) -> int:
    """The one asked for, else the running one."""
    written = visit.query.get("year") or visit.inputs.get("year", "")
    if written.isdecimal() and len(written) == 4 and FIRST_YEAR <= int(written) <= LAST_YEAR:
        return int(written)
    return to_local(stores.clock.now(), stores.config.site.timezone).year


def _plan(stores: ProgrammeStores, visit: Visit) -> tuple[Plan, bool]:
    """As this author has it, and whether it is: where that cannot be read, what is in force."""
    read = read_draft(stores, draft_of(stores, visit))
    in_force = stores.installation_stream.current().plan()
    return (in_force, False) if read.fatal else (read.plan, True)


def page(
    stores: ProgrammeStores, visit: Visit, forecasts: Forecasts, mistakes: Sequence[Mistake] = ()
) -> Response:
    plan, sound = _plan(stores, visit)
    year = _year(stores, visit)
    people = sum(stores.views.standing().values())
    known = None
    if people <= COUNTED_AT_ONCE or visit.query.get("forecast") == "yes":
        known = forecasts.ask((year, stores.installation_stream.current().edition))
    forecast, counted = known or ({}, None)
    made = programme(plan, year, stores.recurrences, forecast)
    return visit.page(
        "programme.html",
        mistakes=mistakes,
        year=year,
        years=[y for y in (year - 1, year + 1) if FIRST_YEAR <= y <= LAST_YEAR],
        sound=sound,
        months=list(_months(made, plan, visit)),
        weekdays=weekdays(visit.language),
        bars=list(_bars(made)),
        bar_height=BAR_HEIGHT,
        counted=counted,
        forecast_asked=counted is not None,
        collisions=[
            (f"day-{collision.day}", collision_in_words(collision, plan, visit.say))
            for collision in made.collisions
        ],
        personal=[_line(entry, made, plan, visit) for entry in made.entries if not entry.day],
        written=sum(entry.kind in WRITTEN for entry in made.entries),
        empty_months=[month_in_words(m, visit.language) for m in made.empty_months],
        given=visit.inputs,
        dialogues=dialogue_choices(plan),
        audiences=[("", "–"), *audience_choices(plan, visit.say)],
    )


def _months(made: Programme, plan: Plan, visit: Visit) -> Iterator[Month]:
    for number in range(1, 13):
        prefix = f"{made.year}-{number:02d}"
        entries = [entry for entry in made.entries if entry.day.startswith(prefix)]
        by_day: dict[str, list[Entry]] = {}
        for entry in entries:
            by_day.setdefault(entry.day, []).append(entry)
        letters = {day: n for day, n in made.forecast.items() if day.startswith(prefix)}
        busiest = max(letters, key=lambda day: (letters[day], day), default="")
        yield Month(
            number=number,
            name=month_in_words(number, visit.language),
            weeks=tuple(map(tuple, Calendar().monthdayscalendar(made.year, number))),
            marks={
                int(day[8:]): _mark(day, own, made) for day, own in by_day.items() if day != prefix
            },
            days=tuple(
                Day(
                    day,
                    _day_label(day, visit),
                    tuple(_line(entry, made, plan, visit) for entry in own),
                )
                for day, own in by_day.items()
            ),
            letters=sum(letters.values()),
            busiest=busiest,
            most=letters.get(busiest, 0),
            empty=number in made.empty_months,
        )


def _mark(day: str, entries: Sequence[Entry], made: Programme) -> str:
    if any(collision.day == day for collision in made.collisions):
        return "crowded"
    return "free" if all(e.kind in ("feast", "holiday") for e in entries) else "written"


def _day_label(day: str, visit: Visit) -> str:
    """ "wed 12"; for some day of a month, that."""
    if len(day) < len("2027-05-12"):
        return visit.say(N_("some day"))
    return f"{weekdays(visit.language)[date.fromisoformat(day).weekday()]} {int(day[8:])}"


def _line(entry: Entry, made: Programme, plan: Plan, visit: Visit) -> Line:
    _ = visit.say
    to = [*(say_list(plan, number) for number in entry.lists), *entry.to]
    if len(entry.lists) > 1 and set(entry.lists) == set(plan.lists):
        to = [_("everyone"), *entry.to]
    words = named_in_words(entry, _)
    if to:
        words += f" → {', '.join(to)}"
    if entry.kind == "intended":
        done = _("carried out by {broadcast}").format(broadcast=entry.done_by)
        words += f" ({done if entry.done_by else _('not written yet')})"
    url = f"/b/{entry.id}" if entry.kind in ("broadcast", "personal") else ""
    if entry.kind == "letter":
        url = f"/l/{entry.lists[0]}/{entry.id}"
    if entry.kind == "intended" and entry.done_by:
        url = f"/b/{entry.done_by}"
    return Line(
        kind=entry.kind,
        kind_words=_(KINDS[entry.kind]),
        words=words,
        url=url,
        hour=f"{to_local(entry.at, plan.timezone):%H:%M}" if entry.at else "",
        collides=any(
            entry.day == collision.day and entry.id in collision.broadcasts
            for collision in made.collisions
        ),
    )


def _bars(made: Programme) -> Iterator[Bar]:
    """Every week of the year by its Monday, where there is a letter at all."""
    by_week: Counter[date] = Counter()
    for day, letters in made.forecast.items():
        on = date.fromisoformat(day)
        by_week[on - timedelta(days=on.weekday())] += letters
    most = max(by_week.values(), default=0)
    monday = date(made.year, 1, 1)
    monday -= timedelta(days=monday.weekday())
    while most and monday.year <= made.year:
        letters = by_week[monday]
        height = max(1, round(letters / most * BAR_HEIGHT)) if letters else 0
        yield Bar(monday, letters, height)
        monday += timedelta(days=7)


def download(stores: ProgrammeStores, visit: Visit) -> Response:
    plan, _sound = _plan(stores, visit)
    year = _year(stores, visit)
    made = programme(plan, year, stores.recurrences, {})
    host = urlsplit(stores.config.site.url).hostname or "localhost"
    octets = calendar_file(
        made, host, stores.clock.now(), lambda entry: entry_in_words(entry, plan, visit.say)
    )
    return Response(
        octets,
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="programme-{year}.ics"'},
    )


def add(stores: ProgrammeStores, visit: Visit, forecasts: Forecasts) -> Response:
    """One more entry that is only intended."""
    given = {key: one_line(value) for key, value in visit.inputs.items()}
    mistakes = [
        Mistake(key, visit.say(message))
        for key, message in (
            ("what", N_("Say what is intended.")),
            ("on", N_("Say for which month or day.")),
        )
        if not given.get(key)
    ]
    if mistakes:
        return page(stores, visit, forecasts, mistakes)
    values: dict[str, TomlValue] = {"on": given["on"], "what": given["what"]}
    if given.get("to"):
        values["to"] = given["to"]
    change = AddTable((), "programme", values)
    mistakes = keep_change(stores, visit, given.get("file", ""), [change], "on")
    if mistakes:
        return page(stores, visit, forecasts, mistakes)
    done = N_("It is in your draft: save it to the folder when you are done.")
    return visit.goes_to(f"/programme?year={_year(stores, visit)}", visit.say(done))
