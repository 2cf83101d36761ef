"""The calls that read lists and segments and who is on them, purposes, and the fields of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, shown
from engine.api.operation import (
    SUBSCRIBER,
    Operation,
    Tag,
    array,
    boolean,
    integer,
    merged,
    moment,
    nullable,
    object_of,
    text,
)
from engine.api.paging import (
    PAGED,
    PAGED_BY_MOMENT,
    PAGED_BY_PERSON,
    Answer,
    Page,
    cut,
    page_after,
    page_of,
    page_response,
    sortable,
)
from engine.api.parameters import Parameter
from engine.api.people_read import IF_INCLUDED, INCLUDE, people_items
from engine.api.problems import Problem, too_busy
from engine.i18n.phrases import say_due
from engine.sequence.model import FIELD_TYPES, Field, Letter, List, Plan, Purpose, Segment
from engine.vault.vault import FIRST
from engine.views import CameQuery
from engine.words import N_


def lists(api: Api, call: ApiCall) -> JSONResponse:
    plan, people = api.plan(), api.stores.views.standing()
    rows = [
        (sortable(number), _list(plan, listed, people.get(number, 0)))
        for number, listed in sorted(plan.lists.items())
    ]
    return page_response(call, page_after(rows, call))


def one_list(api: Api, call: ApiCall) -> JSONResponse:
    plan, listed = _listed(api, call)
    answer = _list(plan, listed, api.stores.views.standing().get(listed.id, 0))
    return JSONResponse(answer | {"letters": [_letter(letter) for letter in listed.letters]})


def members(api: Api, call: ApiCall) -> JSONResponse:
    """The latest first."""
    _, listed = _listed(api, call)
    query = CameQuery(listed.id)
    if cursor := call.text("after"):
        at, _, subscriber = cursor.partition("_")
        query = replace(query, before=(int(at), subscriber))
    came, more = cut(api.stores.views.came(query, call.number("limit") + 1), call)
    answers: dict[str, Answer] = {
        one.subscriber: {"subscriber": one.subscriber, "since": shown(one.at), "how": one.how}
        for one in came
    }
    items = people_items(
        api, call, answers, {"list": listed.id},
        lambda: api.stores.views.standing().get(listed.id, 0),
    )  # fmt: skip
    return page_response(call, Page(items, f"{came[-1].at}_{came[-1].subscriber}" if more else ""))


def segments(api: Api, call: ApiCall) -> JSONResponse:
    plan, counts = api.plan(), api.segment_counts.read()
    rows = [(name, _segment(plan.segments[name], counts)) for name in sorted(plan.segments)]
    return page_response(call, page_after(rows, call))


def one_segment(api: Api, call: ApiCall) -> JSONResponse:
    segment = _published(api, call)
    own = segment.own
    lines = {"all": own.all, "any": own.any, "none": own.none}
    return JSONResponse(
        _segment(segment, api.segment_counts.read())
        | {way: [str(line) for line in conditions] for way, conditions in lines.items()}
    )


def segment_members(api: Api, call: ApiCall) -> JSONResponse:
    """By id."""
    segment, limit = _published(api, call), call.number("limit")
    found = api.stores.views.segments.page(segment.id, call.text("after") or FIRST, limit + 1)
    if found is None:
        raise too_busy("who is in this segment is being found: ask again in a moment")
    ids, more = cut(found, call)
    answers: dict[str, Answer] = {who: {"subscriber": who} for who in ids}
    items = people_items(
        api, call, answers, {"segment": segment.id},
        lambda: api.segment_counts.read().get(segment.id, 0),
    )  # fmt: skip
    return page_response(call, Page(items, ids[-1] if more else ""))


def purposes(api: Api, call: ApiCall) -> JSONResponse:
    rows = [(name, _purpose(purpose)) for name, purpose in sorted(api.plan().purposes.items())]
    return page_response(call, page_after(rows, call))


def fields(api: Api, call: ApiCall) -> JSONResponse:
    rows = [(name, _field(declared)) for name, declared in sorted(api.plan().fields.items())]
    return page_response(call, page_after(rows, call))


def _listed(api: Api, call: ApiCall) -> tuple[Plan, List]:
    plan = api.plan()
    listed = plan.list_named(call.text("list"))
    if listed is None:
        raise Problem(404, "there is no list of this number or name")
    return plan, listed


def _published(api: Api, call: ApiCall) -> Segment:
    segment = api.plan().segments.get(call.text("segment"))
    if segment is None:
        raise Problem(404, "there is no segment of this id")
    return segment


def _list(plan: Plan, listed: List, people: int) -> Answer:
    return {
        "id": listed.id,
        "name": listed.name,
        "title": plan.title_for_readers(listed.id) or None,
        "purpose": listed.purpose,
        "group": listed.group or None,
        "people": people,
    }


def _letter(letter: Letter) -> Answer:
    return {"id": letter.id, "subject": letter.subject, "due": say_due(letter, "en")}


def _segment(segment: Segment, counts: Mapping[str, int]) -> Answer:
    return {
        "id": segment.id,
        "name": segment.name,
        "within": segment.parent or None,
        "static": segment.static,
        "people": counts.get(segment.id),
    }


def _purpose(purpose: Purpose) -> Answer:
    return {
        "id": purpose.id,
        "name": purpose.name,
        "description": purpose.description or None,
        "partner": purpose.partner or None,
    }


def _field(declared: Field) -> Answer:
    return {
        "id": declared.name,
        "label": declared.label,
        "type": declared.type,
        "options": list(declared.options),
    }


LIST = object_of(
    "",
    id=integer("Its number.", example=10),
    name=text("Good for `list` in other calls too.", example="prise-en-main"),
    title=nullable(text("As its readers know it.", example="Prise en main")),
    purpose=text("What its readers agreed to.", example="conseils"),
    group=nullable(text("Who they are.", example="clients")),
    people=integer("How many stand on it.", example=1200),
)
SEGMENT = object_of(
    "",
    id=text("Good for `segment` in other calls.", example="fidele"),
    name=text(example="Lectrices fidèles"),
    within=nullable(text("The segment it is a part of.")),
    static=boolean("People are put into it; who is in another follows from its conditions."),
    people=nullable(
        integer(
            "How many are in it, counted at most a minute ago; null while it is being built.",
            example=310,
        )
    ),
)
LETTER = object_of(
    "Letter",
    id=text("Its name within the list.", example="bienvenue"),
    subject=text("As it is written, before a reader's fields are put in."),
    due=text("In a few words.", example="Day 2, 9:00"),
)
LINES = array(text(example="answered anything within 30 days"))
PURPOSE = object_of(
    "Purpose",
    id=text("Good for `purpose` in other calls.", example="conseils"),
    name=text("As readers know it.", example="Conseils de jardinage"),
    description=nullable(text()),
    partner=nullable(text("Whose messages they are, where they are not your own.")),
)
FIELD = object_of(
    "Field",
    id=text("Its name in `fields` of other calls.", example="first_name"),
    label=text("As forms show it.", example="Prénom"),
    type=text(choices=FIELD_TYPES),
    options=array(text(), "Of a choice or choices."),
)
HOW = text(choices=("joined", "moved", "copied", "transferred", "reopened"))
LIST_PARAMETER = Parameter(name="list", about="Number or name of a list.", example="10")
SEGMENT_PARAMETER = Parameter(name="segment", about="Id of a segment.", example="fidele")
OPERATIONS = (
    Operation(
        id="read_lists",
        path="lists",
        method="GET",
        scope="read",
        tag=Tag.LISTS,
        about=N_("The lists that are published, with how many stand on each."),
        handler=lists,
        parameters=PAGED,
        answer=page_of("Lists", merged("List", LIST)),
    ),
    Operation(
        id="read_list",
        path="lists/{list}",
        method="GET",
        scope="read",
        tag=Tag.LISTS,
        about=N_("One list, with its letters in order."),
        handler=one_list,
        parameters=(LIST_PARAMETER,),
        answer=merged("ListWithLetters", LIST, object_of("", letters=array(LETTER))),
    ),
    Operation(
        id="read_list_members",
        path="lists/{list}/members",
        method="GET",
        scope="read",
        tag=Tag.LISTS,
        about=N_("Who stands on a list; the latest first."),
        handler=members,
        parameters=(LIST_PARAMETER, INCLUDE, *PAGED_BY_MOMENT),
        answer=page_of(
            "ListMembers",
            merged(
                "ListMember",
                object_of(
                    "", subscriber=SUBSCRIBER, since=moment("When they came onto it."), how=HOW
                ),
                IF_INCLUDED,
            ),
        ),
    ),
    Operation(
        id="read_segments",
        path="segments",
        method="GET",
        scope="read",
        tag=Tag.PREFERENCES,
        about=N_("The segments that are published, with how many are in each."),
        handler=segments,
        parameters=PAGED,
        answer=page_of("Segments", merged("Segment", SEGMENT)),
    ),
    Operation(
        id="read_segment",
        path="segments/{segment}",
        method="GET",
        scope="read",
        tag=Tag.PREFERENCES,
        about=N_("One segment, with its lines as they are written."),
        handler=one_segment,
        parameters=(SEGMENT_PARAMETER,),
        answer=merged("SegmentWithLines", SEGMENT, object_of("", all=LINES, any=LINES, none=LINES)),
    ),
    Operation(
        id="read_segment_members",
        path="segments/{segment}/members",
        method="GET",
        scope="read",
        tag=Tag.PREFERENCES,
        about=N_("Who is in a segment; by id."),
        handler=segment_members,
        parameters=(SEGMENT_PARAMETER, INCLUDE, *PAGED_BY_PERSON),
        answer=page_of(
            "SegmentMembers",
            merged("SegmentMember", object_of("", subscriber=SUBSCRIBER), IF_INCLUDED),
        ),
    ),
    Operation(
        id="read_purposes",
        path="purposes",
        method="GET",
        scope="read",
        tag=Tag.LISTS,
        about=N_("The purposes that people agree to."),
        handler=purposes,
        parameters=PAGED,
        answer=page_of("Purposes", PURPOSE),
    ),
    Operation(
        id="read_fields",
        path="fields",
        method="GET",
        scope="read",
        tag=Tag.PEOPLE,
        about=N_("The fields that are declared, with their types."),
        handler=fields,
        parameters=PAGED,
        answer=page_of("Fields", FIELD),
    ),
)
