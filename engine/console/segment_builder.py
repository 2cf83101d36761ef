"""`/segments/new` and `/segments/ID/edit`: a segment built line by line by small forms, with what
stands in the file shown beside them. What is half built is kept under a token, as a search is, so
that going back and reloading are harmless; a whole one goes to the draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from fastapi.responses import Response

from engine.audience.segments import HasSegments
from engine.authoring.toml_changes import AddTable, Change, RemoveTable, SetKey, TomlValue
from engine.authoring.toml_edit import edited
from engine.console.change_trial import dialogue_choices, keep_change
from engine.console.condition_form import (
    Control,
    Values,
    as_written,
    controls,
    kind_choices,
    line_of,
    new_values,
    segment_choices,
    values_in,
)
from engine.console.half_built import HalfBuiltStores, form_routes, keep_form, one_line, open_form
from engine.console.open_dialogue import (
    NoSuchPlace,
    PeopleOnLists,
    draft_of,
    read_draft,
)
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.condition_words import line_in_words, use_in_words
from engine.i18n.language import N_
from engine.i18n.phrases import written_delay_in_words
from engine.sequence.condition import Combined, Condition, InSegment, Line
from engine.sequence.condition_grammar import ConditionMistake, Names, read_condition
from engine.sequence.draft import as_name
from engine.sequence.model import Plan, Segment
from engine.sequence.segment_uses import uses_of
from engine.sequence.toml import read_tables
from engine.subscriber.truth import SegmentConditions
from engine.views import PeopleCount

Way = Literal["all", "any", "none"]
WAYS: tuple[Way, ...] = ("all", "any", "none")
MAX_LINES = 30
MAX_CHARACTERS = 500


class BuilderViews(HasSegments, PeopleOnLists, Protocol): ...


class BuilderStores(HalfBuiltStores, Protocol):
    @property
    def views(self) -> BuilderViews: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentForm:
    """A segment as it is being built; `id` is "" for one that is new."""

    id: str = ""
    name: str = ""
    file: str = ""
    parent: str = ""
    static: bool = False
    lines: tuple[tuple[Way, Values], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineForm:
    """`words` say what the line means, "" where it means nothing yet; `wrong` why, with the column
    of the line `text`.
    """

    number: int
    way: Way
    values: Values
    controls: tuple[Control, ...]
    text: str
    words: str
    wrong: str


def routes(stores: BuilderStores) -> Sequence[Route]:
    return form_routes(
        stores,
        ("/segments/new", "/segments/{segment}/edit"),
        lambda visit: page(stores, visit),
        lambda visit: post(stores, visit),
    )


def page(stores: BuilderStores, visit: Visit) -> Response:
    plan, kept, count, lost = open_form(stores, visit)
    form = read_form(kept, visit) if kept is not None else opened(stores, visit, plan)
    return _page(stores, visit, plan, form, count=count, lost=lost)


def opened(stores: BuilderStores, visit: Visit, plan: Plan) -> SegmentForm:
    """As the draft has it. Raises NoSuchPlace."""
    name = visit.path.get("segment", "")
    if not name:
        parent = visit.query.get("in", "")
        file = plan.segments[parent].file if parent in plan.segments else ""
        return SegmentForm(parent=parent, file=file or next(iter(plan.titles), ""))
    segment = plan.segments.get(name)
    if segment is None:
        raise NoSuchPlace(N_("there is no segment of this name (any more)"))
    names, table = Names(plan, plan.segments), _table(stores, visit, segment)
    return SegmentForm(
        id=segment.id,
        name=segment.name,
        file=segment.file,
        parent=segment.parent,
        static=segment.static,
        lines=tuple(
            (way, values_in(str(line), names)) for way in WAYS for line in _written(table, way)
        ),
    )


def _written(table: Mapping[str, object], way: Way) -> list[object]:
    lines = table.get(way)
    return lines if isinstance(lines, list) else []


def _table(stores: BuilderStores, visit: Visit, segment: Segment) -> Mapping[str, object]:
    """What the file says of it."""
    tables = read_tables(draft_of(stores, visit).text(segment.file) or "").get("segment")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and table.get("id") == segment.id:
            return table
    return {}


def read_form(pairs: Sequence[tuple[str, str]], visit: Visit) -> SegmentForm:
    """What was posted: a line's controls are called NAME.NUMBER."""
    single: dict[str, str] = {}
    lines: dict[int, dict[str, list[str]]] = {}
    for name, value in pairs:
        control, _, number = name.rpartition(".")
        if control and number.isdecimal() and int(number) < MAX_LINES:
            lines.setdefault(int(number), {}).setdefault(control, []).append(value[:MAX_CHARACTERS])
        else:
            single[name] = one_line(value[:MAX_CHARACTERS])
    return SegmentForm(
        id=visit.path.get("segment", ""),
        name=single.get("name", ""),
        file=single.get("file", ""),
        parent=single.get("parent", ""),
        static=single.get("static") == "yes",
        lines=tuple(
            (_way(values), {name: "\n".join(given) for name, given in values.items()})
            for _number, values in sorted(lines.items())
        ),
    )


def _way(values: Mapping[str, Sequence[str]]) -> Way:
    written = values.get("way", [""])[-1]
    return written if written in WAYS else "all"


def post(stores: BuilderStores, visit: Visit) -> Response:
    form = read_form([*visit.all_inputs], visit)
    plan = read_draft(stores, draft_of(stores, visit)).plan
    action, _, number = visit.inputs.get("do", "save").partition(".")
    lines = [
        line for index, line in enumerate(form.lines) if action != "remove" or str(index) != number
    ]
    match action:
        case "take-out":
            return _take_out(stores, visit, plan, form)
        case "add" if len(lines) < MAX_LINES:
            way = visit.inputs.get("new_way", "all")
            new = new_values(visit.inputs.get("new_kind", ""))
            lines.append((way if way in WAYS else "all", new))
        case "save":
            return _save(stores, visit, plan, form)
        case _:
            pass
    where = {"add": f"#line-{len(lines) - 1}", "count": "#counted"}.get(action, "#lines")
    token = keep_form(stores, visit, _pairs(replace(form, lines=tuple(lines))))
    count = "&count=yes" if action == "count" else ""
    return visit.goes_to(f"{visit.url}?form={token}{count}{where}")


def _pairs(form: SegmentForm) -> Iterator[tuple[str, str]]:
    yield "name", form.name
    yield "file", form.file
    yield "parent", form.parent
    yield "static", "yes" if form.static else ""
    for number, (way, values) in enumerate(form.lines):
        yield f"way.{number}", way
        for name, value in values.items():
            if name != "way":
                yield from ((f"{name}.{number}", line) for line in value.split("\n"))


def _save(stores: BuilderStores, visit: Visit, plan: Plan, form: SegmentForm) -> Response:
    _ = visit.say
    names = Names(plan, plan.segments)
    mistakes = list[Mistake]()
    if not form.name:
        mistakes.append(Mistake("name", _("Give it a name.")))
    if not form.static and not form.lines and not form.parent:
        mistakes.append(Mistake("new_kind", _("Who is in it? Add a first line.")))
    written: dict[Way, list[TomlValue]] = {way: [] for way in WAYS}
    for number, (way, values) in enumerate(form.lines if not form.static else ()):
        try:
            written[way].append(as_written(values, names))
        except ConditionMistake as mistake:
            text = _("Line {line}: {why}").format(line=number + 1, why=_in_column(mistake, visit))
            mistakes.append(Mistake(f"line-{number}", text))
    if mistakes:
        return _page(stores, visit, plan, form, mistakes)
    name = form.id or _free_id(form.name, plan)
    keys: dict[str, TomlValue | None] = {
        "name": form.name,
        "in": form.parent if form.parent and not form.static else None,
        "static": True if form.static else None,
        **{way: written[way] or None for way in WAYS},
    }
    file = plan.segments[form.id].file if form.id in plan.segments else form.file
    mistakes = keep_change(stores, visit, file, _changes(form, name, keys, plan))
    if mistakes:
        return _page(stores, visit, plan, form, mistakes)
    done = N_("It is in your draft: save it to the folder, then publish it.")
    return visit.goes_to("/segments", visit.say(done))


def _changes(
    form: SegmentForm, name: str, keys: Mapping[str, TomlValue | None], plan: Plan
) -> list[Change]:
    if not form.id:
        values = {"id": name, **{key: value for key, value in keys.items() if value is not None}}
        return [AddTable((), "segment", values)]
    segment = plan.segments.get(form.id)
    if segment is not None and not segment.static and not form.static:
        keys = {key: value for key, value in keys.items() if key != "static"}
    if segment is not None and segment.parent == form.parent and not form.static:
        keys = {key: value for key, value in keys.items() if key != "in"}
    return [SetKey((("segment", form.id),), key, value) for key, value in keys.items()]


def _free_id(name: str, plan: Plan) -> str:
    stem, count = as_name(name), 2
    free = stem
    while free in plan.segments:
        free, count = f"{stem[:58]}-{count}", count + 1
    return free


def _take_out(stores: BuilderStores, visit: Visit, plan: Plan, form: SegmentForm) -> Response:
    segment = plan.segments.get(form.id)
    if segment is None:
        raise NoSuchPlace(N_("there is no segment of this name (any more)"))
    uses = [use_in_words(use, visit.say, plan) for use in uses_of(plan)[form.id]]
    if uses:
        used = visit.say(N_("It is used, so it cannot be taken out yet: {uses}."))
        used = used.format(uses=", ".join(uses))
        return _page(stores, visit, plan, form, [Mistake("", used)])
    change = RemoveTable((("segment", form.id),))
    mistakes = keep_change(stores, visit, segment.file, [change])
    if mistakes:
        return _page(stores, visit, plan, form, mistakes)
    return visit.goes_to("/segments", visit.say(N_("Taken out of your draft.")))


def _in_column(mistake: ConditionMistake, visit: Visit) -> str:
    return visit.say(N_("column {column}: {why}")).format(
        column=mistake.offset + 1, why=mistake.words.said(visit.say)
    )


def _page(
    stores: BuilderStores,
    visit: Visit,
    plan: Plan,
    form: SegmentForm,
    mistakes: Sequence[Mistake] = (),
    count: bool = False,
    lost: bool = False,
) -> Response:
    names = Names(plan, plan.segments)
    read = [_read(values, names, visit) for _way, values in form.lines]
    counted, uncounted = None, ""
    if count:
        counted, uncounted = _counted(stores, visit, plan, form, [line for line, _why in read])
    return visit.page(
        "segment_edit.html",
        mistakes=mistakes,
        form=form,
        name=plan.segments[form.id].name if form.id in plan.segments else form.name,
        lines=[
            LineForm(
                number=number,
                way=way,
                values=values,
                controls=tuple(controls(_said(values, visit), names, visit.say, form.id)),
                text=line_of(values),
                words=line_in_words(line, plan, visit.language) if line is not None else "",
                wrong=why,
            )
            for number, ((way, values), (line, why)) in enumerate(
                zip(form.lines, read, strict=True)
            )
        ],
        action=visit.url,
        toml=_toml(form, plan),
        kinds=list(kind_choices(plan, visit.say)),
        parents=[("", "–"), *segment_choices(plan, form.id)],
        dialogues=dialogue_choices(plan),
        counted=counted,
        uncounted=uncounted,
        lost=lost,
        full=len(form.lines) >= MAX_LINES,
    )


def _said(values: Values, visit: Visit) -> Values:
    """With the duration in the author's language."""
    if "within" not in values:
        return values
    return {**values, "within": written_delay_in_words(values["within"], visit.language)}


def _read(values: Values, names: Names, visit: Visit) -> tuple[Line | None, str]:
    try:
        return read_condition(line_of(values), names), ""
    except ConditionMistake as mistake:
        return None, _in_column(mistake, visit)


def _toml(form: SegmentForm, plan: Plan) -> str:
    """What stands in the file."""
    keys: dict[str, TomlValue] = {
        "id": form.id or _free_id(form.name or "segment", plan),
        "name": form.name,
    }
    if form.static:
        keys["static"] = True
    elif form.parent:
        keys["in"] = form.parent
    for way in WAYS if not form.static else ():
        lines = [line_of(values) for own, values in form.lines if own == way]
        if lines:
            keys[way] = lines
    return edited("", [AddTable((), "segment", keys)]).strip()


def _counted(
    stores: BuilderStores,
    visit: Visit,
    plan: Plan,
    form: SegmentForm,
    read: Sequence[Line | None],
) -> tuple[PeopleCount | None, str]:
    """How many are in it now, as it is written here; or why that cannot be said."""
    if form.static:
        return None, visit.say(N_("Nobody is in it by conditions: people are put into it."))
    if any(line is None for line in read):
        return None, visit.say(N_("First mend the lines that are not right yet."))
    own: dict[Way, list[Condition]] = {way: [] for way in WAYS}
    for (way, _values), line in zip(form.lines, read, strict=True):
        if line is not None:
            own[way].append(line)
    lines = Combined(tuple(own["all"]), tuple(own["any"]), tuple(own["none"]))
    whole = Combined(all=(InSegment(form.parent), lines)) if form.parent in plan.segments else lines
    try:
        resolved = SegmentConditions(plan).resolved(whole)
        return stores.views.segments.counted(resolved, stores.clock.now()), ""
    except (KeyError, RecursionError):
        message = N_("It names a segment that is not published yet: it can be counted afterwards.")
        return None, visit.say(message)
