"""The calls that read people: a page of them, one of them, where they stand and what they ordered;
and the one that sets their fields, unless they have changed since they were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, response_of, shown
from engine.api.operation import (
    ANSWER,
    FIELD_VALUE,
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
    PAGED_BY_PERSON,
    Answer,
    Page,
    cut,
    page_after,
    page_of,
    page_response,
    sortable,
)
from engine.api.parameters import Parameter, Schema
from engine.api.person_answers import (
    MEMBERSHIP,
    STANDING,
    SUPPRESSED,
    memberships_answer,
    order_answer,
    person_answer,
    profile_answer,
)
from engine.api.problems import Problem, readable, too_busy
from engine.api.reading_facts import note_list, note_person
from engine.commands.command_handler import CommandRequest, Result
from engine.i18n.in_words import in_english
from engine.installation.events import STREAM
from engine.intake.rights_calls import FIELDS, read_fields
from engine.ledger.codec import STREAM_ID, canonical
from engine.subscriber.commands import ChangeProfile
from engine.subscriber.consenting import REPEATED
from engine.subscriber.outcome import Refusal, Refused
from engine.subscriber.own_robot import is_own_robot
from engine.subscriber.person import Person
from engine.vault.vault import KnownPerson, VaultWrite
from engine.words import N_

PROFILE = "profile"
NAMES_PEOPLE = "people"
"""The scope of who may read more than random ids."""
CHANGED = Refused(Refusal.CHANGED_MEANWHILE)
INCLUDE = Parameter(
    name="include",
    about="profile: with addresses and fields, which wants the scope people too and is recorded"
    " as an export is.",
    choices=(PROFILE,),
)


def people(api: Api, call: ApiCall) -> JSONResponse:
    """By id. The robot of the installation, which views leave out, is nobody here either."""
    vault = api.stores.vault
    rows, more = cut(vault.people_after(call.text("after"), call.number("limit") + 1), call)
    answers: dict[str, Answer] = {
        who: {"subscriber": who, "known_since": shown(since)}
        for who, _source, since in rows
        if not is_own_robot(who)
    }
    items = people_items(api, call, answers, {"people": "everybody"}, vault.count_people)
    return page_response(call, Page(items, rows[-1][0] if more else ""))


def people_items(
    api: Api,
    call: ApiCall,
    answers: Mapping[str, Answer],
    particulars: Mapping[str, object],
    count: Callable[[], int],
) -> list[Answer]:
    """A page of people, with what the vault knows of them if the call asks for it; `particulars`
    and `count` say which list it is a page of. Who was erased meanwhile has no profile.
    """
    if call.text("include") != PROFILE:
        return list(answers.values())
    if NAMES_PEOPLE not in call.key.scopes:
        raise Problem(403, f"this key may not read addresses: it lacks the scope {NAMES_PEOPLE}")
    note_list(api, call, particulars, count)
    plan = api.plan()
    known: Mapping[str, KnownPerson] = api.stores.vault.people(answers)
    return [
        answer | profile_answer(known[who], plan) for who, answer in answers.items() if who in known
    ]


def person(api: Api, call: ApiCall) -> JSONResponse:
    """That it is read is the latest of their facts, and so of this version."""
    subscriber = call.text("subscriber")
    folded = note_person(api, call, subscriber, _there(api, call))
    answer = _answer(api, subscriber, folded, _known(api, subscriber))
    return JSONResponse(answer, headers={"ETag": _etag(folded.version, answer)})


def memberships(api: Api, call: ApiCall) -> JSONResponse:
    """By the number of the list."""
    folded = _there(api, call)
    standing, answers = folded.memberships, memberships_answer(folded, api.plan())
    rows = [(sortable(number), one) for number, one in zip(sorted(standing), answers, strict=True)]
    return page_response(call, page_after(rows, call))


def orders(api: Api, call: ApiCall) -> JSONResponse:
    """The oldest first."""
    kept = _there(api, call).orders.items()
    rows = {f"{sortable(order.at)}_{id}": order_answer(id, order) for id, order in kept}
    return page_response(call, page_after(sorted(rows.items()), call))


def set_fields(api: Api, call: ApiCall) -> JSONResponse:
    """A field that is left out stays as it is."""
    subscriber, now = call.text("subscriber"), api.stores.clock.now()
    wanted = readable(read_fields(call.body, api.plan(), now))
    folded, known = _there(api, call), _known(api, subscriber)
    if api.was_executed(call):
        return response_of(Result(REPEATED, subscriber))
    if call.if_match:
        call.require(_etag(folded.version, _answer(api, subscriber, folded, known)))
    changed = {name: value for name, value in wanted.items() if known.fields.get(name, "") != value}
    cause, pieces = api.cause(call, {"what": "fields", "fields": sorted(changed)})
    command = ChangeProfile(
        at=now,
        cause=cause,
        fields=tuple(sorted(changed)),
        if_version=folded.version if call.if_match else 0,
    )
    result = api.execute(
        CommandRequest(
            command,
            stream=subscriber,
            vault_write=VaultWrite(subscriber, now, fields=changed, evidence=pieces),
            only_known=True,
        )
    )
    if result.outcome == CHANGED:
        raise Problem(412, in_english(CHANGED))
    return response_of(result, 200, "fields set")


def _answer(api: Api, subscriber: str, folded: Person, known: KnownPerson) -> Answer:
    segments = api.stores.views.segments.standing([subscriber])[subscriber]
    return person_answer(subscriber, folded, known, api.plan(), segments)


def _etag(version: int, answer: Answer) -> str:
    return f'"{version}-{hashlib.sha256(canonical(answer)).hexdigest()[:16]}"'


def _known(api: Api, subscriber: str) -> KnownPerson:
    known = api.stores.vault.people([subscriber]).get(subscriber)
    if known is None:
        raise nobody()
    return known


def _there(api: Api, call: ApiCall) -> Person:
    """Somebody who is there, as they are now."""
    subscriber = call.text("subscriber")
    if not STREAM_ID.fullmatch(subscriber) or subscriber == STREAM:
        raise nobody()
    if api.stores.views.why_quarantined(subscriber):
        raise too_busy("nothing can be made of what happened to this person: see `relance status`")
    folded = api.stores.command_handler.load([subscriber])[subscriber]
    if not folded.registered:
        raise nobody()
    if folded.erased:
        raise Problem(404, "this person was erased: forget what you keep of them")
    return folded


def nobody() -> Problem:
    return Problem(404, "nobody is known under this id")


PROFILE_MEMBERS = object_of(
    "",
    email=text(example="fanny@example.org"),
    fields={
        "type": "object",
        "additionalProperties": FIELD_VALUE,
        "description": "Those that are known, as `fields` of other calls takes them.",
        "examples": [{"first_name": "Fanny"}],
    },
    source=nullable(text("Where the address came from; null where they gave it here themselves.")),
    form=nullable(text("The form they came by.")),
)
IF_INCLUDED: Schema = {**PROFILE_MEMBERS, "required": []}
ENTRY = object_of("", subscriber=SUBSCRIBER, known_since=moment())
PERSON = merged(
    "Person",
    ENTRY,
    PROFILE_MEMBERS,
    object_of(
        "",
        language=nullable(text(example="fr")),
        timezone=nullable(text(example="Europe/Paris")),
        profile_changed_at=nullable(moment("When what is known of them last changed.")),
        last_contact=nullable(moment("When they were last in touch.")),
        segments=array(text(), "The ids of the segments they are in."),
        restricted=boolean("Nothing is sent or deleted until it is lifted.", example=False),
        objected=boolean("They objected to marketing.", example=False),
        barred=nullable(text("Why nothing may be written to them, for any purpose.")),
        version=integer("Of what happened to them.", example=17),
    ),
    STANDING,
    SUPPRESSED,
)
ORDER = object_of(
    "OrderOfPerson",
    id=text("Random: its number is known to you alone.", example="9c1185a5c5e9fc54"),
    ordered_at=moment(),
    amount=text("In the currency's own unit.", example="49.90"),
    refunded=text("What was paid back of it.", example="0.00"),
    currency=text(example="EUR"),
    products=array(text(example="coffret"), "Your own codes."),
)
SUBSCRIBER_PARAMETER = Parameter(
    name="subscriber",
    about="The random id of a person.",
    pattern=STREAM_ID.pattern,
    example="5f0c1b7e-9a3d-4c2f-8b6e-0d1a2c3b4d5e",
)
OPERATIONS = (
    Operation(
        id="read_people",
        path="people",
        method="GET",
        scope="read",
        tag=Tag.PEOPLE,
        about=N_("Everybody who is known; by id."),
        handler=people,
        parameters=(INCLUDE, *PAGED_BY_PERSON),
        answer=page_of("People", merged("PersonOfPage", ENTRY, IF_INCLUDED)),
    ),
    Operation(
        id="read_person",
        path="people/{subscriber}",
        method="GET",
        scope=NAMES_PEOPLE,
        tag=Tag.PEOPLE,
        about=N_("One person. That your key reads them is recorded, once in twelve hours."),
        handler=person,
        parameters=(SUBSCRIBER_PARAMETER,),
        answer=PERSON,
    ),
    Operation(
        id="set_fields",
        path="people/{subscriber}/fields",
        method="PATCH",
        scope="fields",
        tag=Tag.PEOPLE,
        about=N_("Set fields of a person; one that is left out stays as it is."),
        handler=set_fields,
        members=FIELDS,
        parameters=(SUBSCRIBER_PARAMETER,),
        answer=ANSWER,
        conditional=True,
    ),
    Operation(
        id="read_memberships",
        path="people/{subscriber}/memberships",
        method="GET",
        scope="read",
        tag=Tag.PEOPLE,
        about=N_("The lists that a person stands on."),
        handler=memberships,
        parameters=(SUBSCRIBER_PARAMETER, *PAGED),
        answer=page_of("Memberships", MEMBERSHIP),
    ),
    Operation(
        id="read_orders",
        path="people/{subscriber}/orders",
        method="GET",
        scope="read",
        tag=Tag.ORDERS,
        about=N_("The latest fifty orders of a person, the oldest first."),
        handler=orders,
        parameters=(SUBSCRIBER_PARAMETER, *PAGED),
        answer=page_of("OrdersOfPerson", ORDER),
    ),
)
