"""`/d/DIALOGUE/timing`: when each letter leaves, what happens at the end of a list, and beside the
small forms a reader who lives through the draft as it is. Each answer may be clicked, to live the
other path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi.responses import Response

from engine.authoring.calendar_words import in_calendar_words, letter_of_entry
from engine.authoring.dialogue_edits import list_path
from engine.authoring.toml_changes import Change, SetKey, TomlValue
from engine.console.access import Right
from engine.console.open_dialogue import (
    AuthoringStores,
    LetterPlace,
    OpenDialogue,
    open_dialogue,
    sentence,
    told,
)
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_, day_in_words
from engine.i18n.phrases import subject_of
from engine.sequence.delay import (
    DAY,
    EVERY_DAY,
    WEEKDAYS,
    parse_clock,
    parse_days,
    parse_delay,
    parse_window,
)
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Letter, Link, List, Plan
from engine.sequence.pressure import DEFAULT_WEIGHT, MAX_WEIGHT
from engine.sequence.timing import to_local
from engine.sequence.toml import read_tables
from engine.simulation.live import CalendarEntry, GivenAnswer, Recurring, live

HORIZON_DAYS = 400
MAX_SHOWN = 120
MAX_ANSWERS = 50
Answers = Mapping[str, int]
"""By "LIST/LETTER", the index of the link that is clicked."""


class TimingStores(AuthoringStores, Protocol):
    @property
    def recurrences(self) -> Recurring:
        """The instants of a recurring broadcast."""


def routes(stores: TimingStores) -> Sequence[Route]:
    here = "/d/{dialogue:path}/timing"

    def shown(_: AuthoringStores, visit: Visit) -> Response:
        return page(stores, visit)

    def changed(_: AuthoringStores, visit: Visit) -> Response:
        return post(stores, visit)

    return (
        Route("GET", here, Right.WRITE, told(shown, stores)),
        Route("POST", here, Right.WRITE, told(changed, stores)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the calendar; `answers` are (url, words, whether it is the one that is lived)."""

    day: int
    at: int
    date: str
    words: str
    letter: str = ""
    answers: tuple[tuple[str, str, bool], ...] = ()


def page(
    stores: TimingStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    given: Mapping[str, str] | None = None,
) -> Response:
    opened = open_dialogue(stores, visit)
    places = [place for place in opened.letters() if isinstance(place.sender, List)]
    asked = visit.query.get("letter") or visit.inputs.get("letter", "")
    place = next((p for p in places if p.reference == asked), places[0] if places else None)
    if place is None or not isinstance(place.sender, List):
        return visit.goes_to(opened.url("lists"))
    listed = place.sender
    start = next((own for own in opened.lists() if str(own.id) == _start(visit)), opened.lists()[0])
    answers = read_answers(visit.query.get("answers") or visit.inputs.get("answers", ""))
    table, around = _tables(opened, place)
    return visit.page(
        "timing.html",
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        place=place,
        listed=listed,
        letters=places,
        lists=[(str(own.id), f"{own.id} {own.name}") for own in opened.lists()],
        targets=[(own.name, f"{own.id} {own.name}") for own in opened.plan.lists.values()],
        start=start,
        answers=written(answers),
        form=given if given is not None else letter_form(table, place.letter),
        list_form=given if given is not None else list_form(around, listed),
        inherited=_hours(around),
        days=list(zip(WEEKDAYS, _weekday_names(visit), strict=True)),
        themes=[("", "–"), *((theme.id, theme.name) for theme in opened.plan.themes.values())],
        segments=[("", "–"), *((s.id, s.name) for s in opened.plan.segments.values())],
        before=_before(listed, place.letter),
        rows=() if opened.read.fatal else tuple(calendar(stores, opened, start, answers)),
        fatal=[(m.file, m.line, sentence(visit, m.words)) for m in opened.read.fatal],
        weights=_weights(visit),
        target_name=_target_name(opened.plan, list_form(around, listed)["ends_target"]),
    )


def _weights(visit: Visit) -> list[tuple[str, str]]:
    usual = visit.say(N_("{weight} (usual)")).format(weight=DEFAULT_WEIGHT)
    return [(str(w), usual if w == DEFAULT_WEIGHT else str(w)) for w in range(MAX_WEIGHT + 1)]


def _target_name(plan: Plan, reference: str) -> str:
    target = plan.list_named(reference) if reference else None
    return target.name if target is not None else ""


def _start(visit: Visit) -> str:
    return visit.query.get("list") or visit.inputs.get("list", "")


def _weekday_names(visit: Visit) -> tuple[str, ...]:
    _ = visit.say
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def _before(listed: List, letter: Letter) -> list[tuple[str, str]]:
    """Letters this one may remind of: those before it that ask something."""
    at = [own.id for own in listed.letters].index(letter.id)
    return [(own.id, subject_of(own) or own.id) for own in listed.letters[:at] if own.links]


# What the file says, as a form shows it.


def _tables(
    opened: OpenDialogue, place: LetterPlace
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The letter's keys and its list's, as they are written."""
    tables: object = read_tables(opened.text()).get("list")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and str(table.get("id")) == place.path[0][1]:
            for letter in table.get("letter", ()):
                if isinstance(letter, dict) and letter.get("id") == place.letter.id:
                    return letter, table
    return {}, {}


def letter_form(table: Mapping[str, object], letter: Letter) -> dict[str, str]:
    def text(key: str) -> str:
        value = table.get(key, "")
        return str(value) if isinstance(value, (str, int)) else ""

    kind = "anchor" if letter.anchored else "reminds" if letter.reminds else ""
    kind = kind or ("wait" if "wait" in table else "after")
    return {
        "when": kind,
        "delay": text("after") or text("wait"),
        "reminds": text("reminds"),
        "at": _clock(text("at")),
        "between": text("between"),
        **_ticked(text("days")),
        "weight": str(letter.weight),
        "theme": text("theme"),
        "only": text("only").removeprefix("segment:"),
        "unless": text("unless").removeprefix("segment:"),
    }


def list_form(table: Mapping[str, object], listed: List) -> dict[str, str]:
    ends = table.get("ends")
    ends = ends if isinstance(ends, dict) else {}
    kind = next((way for way in ("move", "copy", "leave") if way in ends), "")
    target = ends.get(kind, "") if kind in ("move", "copy") else ""
    return {
        "ends": kind,
        "ends_target": str(target),
        "ends_after": str(ends.get("after", "")),
        "rejoin": str(table.get("rejoin", "")),
        "min_gap": str(table.get("min_gap", "")),
        "max_lateness": str(table.get("max_lateness", "")),
    }


def _clock(text: str) -> str:
    """As a control for times has it: "9h" is "09:00"."""
    try:
        minute = parse_clock(text) if text else None
    except Unreadable:
        return ""
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def _ticked(text: str) -> dict[str, str]:
    try:
        days = parse_days(text) if text else frozenset()
    except Unreadable:
        days = frozenset()
    return {f"day-{WEEKDAYS[day]}": "yes" for day in days}


def _hours(table: Mapping[str, object]) -> str:
    """What the list says for letters that say nothing else."""
    return " ".join(str(table[key]) for key in ("at", "between", "days") if key in table)


def written_days(days: frozenset[int]) -> str:
    """ "mon-fri", "tue,thu"; "" for every day."""
    if days in (EVERY_DAY, frozenset()):
        return ""
    chosen = sorted(days)
    if len(chosen) > 2 and chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"{WEEKDAYS[chosen[0]]}-{WEEKDAYS[chosen[-1]]}"
    return ",".join(WEEKDAYS[day] for day in chosen)


# What a form changes.


class _Given:
    """The posted form: each value read as the file would read it, its mistakes gathered."""

    def __init__(self, visit: Visit, former: Mapping[str, object]) -> None:
        self.visit, self.former = visit, former
        self.inputs = {key: " ".join(value.split()) for key, value in visit.inputs.items()}
        self.mistakes: list[Mistake] = []

    def text(
        self, key: str, read: Callable[[str], object] | None = None, needed: bool = False
    ) -> str:
        value = self.inputs.get(key, "")
        if not value and needed:
            self.mistakes.append(Mistake(key, self.visit.say(N_("Say how long."))))
        elif value and read is not None:
            try:
                read(value)
            except Unreadable as error:
                self.mistakes.append(Mistake(key, sentence(self.visit, error.words)))
        return value

    def same(self, key: str, value: str, read: Callable[[str], object]) -> str:
        """As the file has it already, where that means the same: its author's words stay."""
        former = self.former.get(key)
        try:
            if isinstance(former, str) and value and read(former) == read(value):
                return former
        except Unreadable:
            pass
        return value


def post(stores: TimingStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    place = opened.letter(visit.inputs.get("letter", ""))
    table, around = _tables(opened, place)
    given = _Given(visit, table if visit.inputs.get("do") == "letter" else around)
    changes = (
        list(_letter_changes(given, place))
        if visit.inputs.get("do") == "letter"
        else list(_list_changes(given, opened, place))
    )
    if given.mistakes:
        return page(stores, visit, given.mistakes, _all_inputs(given.inputs, table, place, around))
    opened.change(changes)
    back = opened.url(
        "timing",
        letter=place.reference,
        list=visit.inputs.get("list", ""),
        answers=visit.inputs.get("answers", ""),
    )
    return visit.goes_to(back, visit.say(N_("Kept in your draft.")))


def _all_inputs(
    inputs: Mapping[str, str],
    table: Mapping[str, object],
    place: LetterPlace,
    around: Mapping[str, object],
) -> dict[str, str]:
    """Both forms as they stand on the page: one as it was typed, the other as it was."""
    assert isinstance(place.sender, List)
    return letter_form(table, place.letter) | list_form(around, place.sender) | dict(inputs)


def _letter_changes(given: _Given, place: LetterPlace) -> Iterator[Change]:
    kind = given.inputs.get("when", "")
    values: dict[str, TomlValue | None] = {}
    if kind != "anchor":
        delay = given.text("delay", parse_delay, needed=True)
        values["after"] = given.same("after", delay, parse_delay) if kind == "after" else None
        counted = kind in ("wait", "reminds")
        values["wait"] = given.same("wait", delay, parse_delay) if counted else None
        values["reminds"] = given.text("reminds") or None if kind == "reminds" else None
    clock, window = given.text("at", parse_clock), given.text("between", parse_window)
    if clock and window:
        wrong = given.visit.say(N_("Say an hour or a window, not both."))
        given.mistakes.append(Mistake("between", wrong))
    values["at"] = given.same("at", clock, parse_clock) or None
    values["between"] = given.same("between", window, parse_window) or None
    days = frozenset(day for day, name in enumerate(WEEKDAYS) if given.inputs.get(f"day-{name}"))
    ticked = written_days(days)
    values["days"] = (given.same("days", ticked, parse_days) if ticked else "") or None
    weight = given.inputs.get("weight", "")
    if weight.isdigit() and int(weight) != place.letter.weight:
        values["weight"] = int(weight)
    values["theme"] = given.inputs.get("theme") or None
    for key in ("only", "unless"):
        segment = given.inputs.get(key, "")
        values[key] = f"segment:{segment}" if segment else None
    for key, value in values.items():
        yield SetKey(place.path, key, value)


def _list_changes(given: _Given, opened: OpenDialogue, place: LetterPlace) -> Iterator[Change]:
    assert isinstance(place.sender, List)
    path, former = list_path(place.sender.id), given.former.get("ends")
    kind, after = given.inputs.get("ends", ""), given.text("ends_after", parse_delay)
    ends: dict[str, TomlValue] | None = None
    if kind in ("move", "copy"):
        target = opened.plan.list_named(given.inputs.get("ends_target", ""))
        if target is None:
            wrong = given.visit.say(N_("Choose where they go."))
            given.mistakes.append(Mistake("ends_target", wrong))
        else:
            ends = {kind: _as_written(former, kind, target)}
    elif kind == "leave":
        ends = {"leave": True}
    if ends is not None and after:
        ends["after"] = after
    yield SetKey(path, "ends", ends)
    for key, read in (("min_gap", parse_delay), ("max_lateness", parse_delay)):
        yield SetKey(path, key, given.text(key, read) or None)
    yield SetKey(path, "rejoin", given.text("rejoin", _check_rejoin) or None)


def _check_rejoin(text: str) -> None:
    """Raises Unreadable."""
    first, _, delay = text.partition(" ")
    if first in ("after", "après"):
        parse_delay(delay)
    elif text not in ("always", "never"):
        raise Unreadable(N_("write always, never, or after 30 days"))


def _as_written(former: object, kind: str, target: List) -> TomlValue:
    """A number stays a number, a name a name."""
    value = former.get(kind) if isinstance(former, dict) else target.id
    return target.name if isinstance(value, str) else target.id


# A reader who lives through it.


def read_answers(text: str) -> Answers:
    """From "10/bienvenue:0,11/bravo:1"; what is no answer is left out."""
    answers = {}
    for part in text.split(",")[:MAX_ANSWERS]:
        letter, colon, link = part.rpartition(":")
        if colon and link.isascii() and link.isdigit():
            answers[letter] = int(link)
    return answers


def written(answers: Answers) -> str:
    return ",".join(f"{letter}:{link}" for letter, link in answers.items())


def calendar(
    stores: TimingStores, opened: OpenDialogue, start: List, answers: Answers
) -> Iterator[Row]:
    """What happens to somebody who joins `start` now and gives these answers."""
    plan, visit, zone = opened.plan, opened.visit, opened.plan.timezone
    given = {letter: (GivenAnswer(link),) for letter, link in answers.items()}
    now = stores.clock.now()
    entries = live(plan, start.id, given, now, zone, HORIZON_DAYS * DAY, stores.recurrences)
    first = to_local(now, zone).date()
    for entry in entries[:MAX_SHOWN]:
        local = to_local(entry.at, zone)
        letter = letter_of_entry(plan, entry)
        links = letter.links if letter is not None else ()
        yield Row(
            day=(local.date() - first).days,
            at=entry.at,
            date=f"{day_in_words(local.date(), visit.language)}, {local:%H:%M}",
            words=in_calendar_words(entry, plan, zone, visit.say),
            letter=_shown_letter(plan, opened.file, entry),
            answers=tuple(_ways(opened, start, answers, _known_as(entry), links, plan)),
        )


def _known_as(entry: CalendarEntry) -> str:
    """As `live` takes answers: of a list "10/bienvenue", of a broadcast its own name."""
    return f"{entry.list}/{entry.letter}" if entry.kind == "letter" else entry.letter


def _shown_letter(plan: Plan, file: str, entry: CalendarEntry) -> str:
    """The reference of a letter of this dialogue, "" for none."""
    listed = plan.lists.get(entry.list)
    if entry.kind != "letter" or listed is None or listed.file != file:
        return ""
    return f"{entry.list}/{entry.letter}"


def _ways(
    opened: OpenDialogue,
    start: List,
    answers: Answers,
    letter: str,
    links: Sequence[Link],
    plan: Plan,
) -> Iterator[tuple[str, str, bool]]:
    """Each answer to a letter, and none."""
    if not links:
        return
    others = {name: link for name, link in answers.items() if name != letter}
    reference = opened.visit.query.get("letter", "")

    def url(chosen: Answers) -> str:
        way = written(chosen)
        return opened.url("timing", letter=reference, list=str(start.id), answers=way) + "#lived"

    for link in links:
        target = plan.lists.get(link.target)
        words = link.readable or (target.name if target is not None else str(link.target))
        yield url({**others, letter: link.index}), words, answers.get(letter) == link.index
    yield url(others), opened.visit.say(N_("no answer")), letter not in answers
