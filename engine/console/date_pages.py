"""`/d/DIALOGUE/dates`: the dates that matter (`[[anchor]]`) which a dialogue's file names, a day
with its hour or a feast that moves, what is counted from each, and small forms to change them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from fastapi.responses import Response

from engine.authoring.toml_changes import AddTable, Change, RemoveTable, SetKey, TomlValue
from engine.console.access import Right
from engine.console.change_trial import keep_change
from engine.console.open_dialogue import (
    AuthoringStores,
    NoSuchPlace,
    OpenDialogue,
    open_dialogue,
    told,
)
from engine.console.places import dialogue_url
from engine.console.timing_forms import clock_shown
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_, day_in_words
from engine.i18n.phrases import say_due_hours, subject_of
from engine.sequence.anchors import Anchor
from engine.sequence.check_anchors import anchored_letters
from engine.sequence.delay import parse_clock
from engine.sequence.draft import as_name
from engine.sequence.feasts import ENGLISH, FEASTS, NAMES
from engine.sequence.mistakes import Unreadable
from engine.sequence.timing import Hours, to_local
from engine.sequence.toml import read_tables

NEW = "_"
"""In the names of the controls of a date that is not there yet: no name has such a letter."""


class Use(NamedTuple):
    url: str
    words: str


class DateForm(NamedTuple):
    """A date as its form shows it. `key` stands in the names of its controls. `kind`: "day" with
    `at` as a control for days and hours has it, or "feast" with `clock`. `next` says when it is
    next, or was.
    """

    key: str
    id: str
    kind: str
    at: str = ""
    feast: str = ""
    clock: str = ""
    next: str = ""
    is_past: bool = False
    uses: tuple[Use, ...] = ()


def routes(stores: AuthoringStores) -> Sequence[Route]:
    here = "/d/{dialogue:path}/dates"
    return (
        Route("GET", here, Right.WRITE, told(page, stores)),
        Route("POST", here, Right.WRITE, told(post, stores)),
    )


def page(stores: AuthoringStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    opened = open_dialogue(stores, visit)
    tables = _tables(opened)
    given = visit.inputs if mistakes else {}
    key = given.get("date", "")
    forms = [
        _typed(form, given) if form.key == key else form
        for form in (_shown(opened, table, now=stores.clock.now()) for table in tables.values())
    ]
    new = DateForm(NEW, "", "day")
    return visit.page(
        "dates.html",
        mistakes=mistakes,
        opened=opened,
        states=opened.states(),
        dates=forms,
        new=_typed(new, given) if key == NEW else new,
        feasts=list(NAMES.items()),
        elsewhere=[anchor for name, anchor in opened.plan.anchors.items() if name not in tables],
    )


def _tables(opened: OpenDialogue) -> dict[str, Mapping[str, object]]:
    tables = read_tables(opened.text()).get("anchor")
    return {
        str(table.get("id")): table
        for table in (tables if isinstance(tables, list) else ())
        if isinstance(table, dict)
    }


def _shown(opened: OpenDialogue, table: Mapping[str, object], now: int) -> DateForm:
    name, written = str(table.get("id", "")), str(table.get("at", ""))
    anchor, feast = opened.plan.anchors.get(name), _feast(table)
    moment, is_past = _next(anchor, now) if anchor is not None else (0, False)
    return DateForm(
        key=name,
        id=name,
        kind="feast" if "feast" in table else "day",
        at="" if "feast" in table else written.replace(" ", "T"),
        feast=feast,
        clock=clock_shown(written) if "feast" in table else "",
        next=_moment(opened, moment) if moment else "",
        is_past=is_past,
        uses=tuple(_uses(opened, name)),
    )


def _feast(table: Mapping[str, object]) -> str:
    feast = as_name(str(table.get("feast", ""))) if "feast" in table else ""
    return ENGLISH.get(feast, feast)


def _typed(form: DateForm, given: Mapping[str, str]) -> DateForm:
    """As it was posted."""
    return form._replace(
        id=given.get("name", form.id),
        kind=given.get("kind", form.kind),
        at=given.get("at", ""),
        feast=given.get("feast", ""),
        clock=given.get("clock", ""),
    )


def _next(anchor: Anchor, now: int) -> tuple[int, bool]:
    """Its next moment (ms), or the last where none is to come, and whether that is past."""
    moments = anchor.moments(now)
    coming = next((moment for moment in moments if moment >= now), 0)
    return coming or moments[-1], not coming


def _moment(opened: OpenDialogue, moment: int) -> str:
    local, language = to_local(moment, opened.plan.timezone), opened.visit.language
    clock = say_due_hours(Hours(at=local.hour * 60 + local.minute), language)
    return ", ".join([day_in_words(local.date(), language), *clock])


def _uses(opened: OpenDialogue, name: str) -> Iterator[Use]:
    """What is counted from a date."""
    for (kind, *place), letter, anchored in anchored_letters(opened.plan):
        if not (isinstance(anchored.date, Anchor) and anchored.date.id == name):
            continue
        words = subject_of(letter) or letter.id
        if kind == "letter":
            listed = opened.plan.lists[int(place[0])]
            query = quote(f"{listed.id}/{letter.id}")
            yield Use(f"{dialogue_url(listed.file)}/timing?letter={query}", words)
        else:
            yield Use(f"/broadcasts/{place[0]}/edit", words)


def post(stores: AuthoringStores, visit: Visit) -> Response:
    opened = open_dialogue(stores, visit)
    tables, key = _tables(opened), visit.inputs.get("date", "")
    if key != NEW and key not in tables:
        raise NoSuchPlace(N_("there is no such date in this dialogue (any more)"))
    path = (("anchor", key),)
    if visit.inputs.get("do") == "remove":
        mistakes = keep_change(stores, visit, opened.file, [RemoveTable(path)], f"date-{key}")
        done = N_("Taken out of your draft.")
    else:
        mistakes = _keep(opened, tables, key)
        done = N_("Kept in your draft.")
    if mistakes:
        return page(stores, visit, mistakes)
    return visit.goes_to(opened.url("dates"), visit.say(done))


def _keep(
    opened: OpenDialogue, tables: Mapping[str, Mapping[str, object]], key: str
) -> list[Mistake]:
    visit = opened.visit
    table: Mapping[str, object] = {} if key == NEW else tables[key]
    mistakes = []
    name = as_name(visit.inputs.get("name", "")) if key == NEW else key
    if key == NEW and not visit.inputs.get("name", "").strip():
        mistakes.append(Mistake(f"name-{NEW}", visit.say(N_("Give it a name."))))
    elif key == NEW and name in opened.plan.anchors:
        mistakes.append(
            Mistake(f"name-{NEW}", visit.say(N_("Another date has this name already.")))
        )
    at = "clock" if visit.inputs.get("kind") == "feast" else "at"
    values = _values(visit, table)
    if not values["at"] and at == "at":
        mistakes.append(Mistake(f"at-{key}", visit.say(N_("Say the day and the hour."))))
    if at == "clock" and values["feast"] is None:
        mistakes.append(Mistake(f"feast-{key}", visit.say(N_("Choose the feast."))))
    if mistakes:
        return mistakes
    changes: list[Change] = [
        SetKey((("anchor", key),), name, value) for name, value in values.items()
    ]
    if key == NEW:
        written = {"id": name, **{k: value for k, value in values.items() if value is not None}}
        changes = [AddTable((), "anchor", written)]
    return keep_change(opened.stores, visit, opened.file, changes, f"{at}-{key}")


def _values(visit: Visit, table: Mapping[str, object]) -> dict[str, TomlValue | None]:
    """What stands in the file then; what means the same stays as it is written."""
    given, written = visit.inputs, str(table.get("at", ""))
    if given.get("kind") == "feast":
        feast = given.get("feast", "")
        same = str(table["feast"]) if "feast" in table and _feast(table) == feast else feast
        clock = given.get("clock", "")[:5]
        return {
            "feast": same if feast in FEASTS else None,
            "at": (written if _is_same_clock(written, clock) else clock) or None,
        }
    return {"feast": None, "at": given.get("at", "").replace("T", " ")[:16] or None}


def _is_same_clock(written: str, clock: str) -> bool:
    try:
        return parse_clock(written) == parse_clock(clock)
    except Unreadable:
        return False
