"""The calls about people's rights: the same as `relance person` and `relance requests`, for the
operator's other programs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, response_of
from engine.api.operation import (
    ANSWER,
    SUBSCRIBER,
    Operation,
    Tag,
    array,
    boolean,
    integer,
    moment,
    object_of,
    text,
)
from engine.api.parameters import Schema
from engine.api.problems import Problem, bad_body, readable, refused
from engine.commands.command_handler import CommandRequest, Result
from engine.i18n.in_words import in_english
from engine.i18n.user_error import UserError
from engine.intake import rights_calls as read
from engine.ledger.codec import iso
from engine.privacy.correction import Correction, correction
from engine.privacy.erasure import archiver, erase
from engine.privacy.export import dossier
from engine.privacy.rights_requests import (
    SETTLEMENTS,
    OpenRequest,
    settlement,
    standing_requests,
    whose_request,
)
from engine.sequence.model import Plan
from engine.subscriber.commands import (
    AnyCommand,
    ExerciseRight,
    GrantAccess,
    Object,
    Restrict,
)
from engine.subscriber.consenting import REPEATED
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Refusal, Refused, Unchanged
from engine.subscriber.terms import ACCESS_RIGHTS, RIGHTS, one_of
from engine.vault.sealing import SealingRefused
from engine.vault.vault import VaultWrite
from engine.words import N_

UNKNOWN = Refused(Refusal.PERSON_UNKNOWN)
MakeCommand = Callable[[int, Cause], AnyCommand]
"""A command, given the moment and its cause."""


def export(api: Api, call: ApiCall) -> JSONResponse:
    """Put together before the fact that says it was: an answer that could not be made is
    none.
    """
    address, named = readable(read.read_export(call.body, *_about(api)))
    right = one_of(named, ACCESS_RIGHTS)
    api.was_executed(call)
    subscriber = _behind(api, address)
    everything = dossier(api.stores, subscriber)
    request = secrets.token_hex(16)
    result = _execute(
        api,
        call,
        subscriber,
        lambda now, cause: GrantAccess(
            at=now, cause=cause, right=right, request=request, call=call.call_hash
        ),
        right=right,
    )
    if result.conflict or isinstance(result.outcome, Refused):
        return response_of(result)
    return JSONResponse(everything)


def correct(api: Api, call: ApiCall) -> JSONResponse:
    body = readable(read.read_correction(call.body, *_about(api)))
    subscriber = _behind(api, body.address)
    if api.was_executed(call):
        return response_of(Result(REPEATED, subscriber))
    wanted = Correction(body.new_address, body.fields, body.timezone, body.language)
    cause, pieces = api.cause(call, {"what": "correction", **wanted.particulars})
    request = correction(api.stores, subscriber, wanted, cause, pieces, call.call_hash)
    if isinstance(request, Refused):
        raise refused(request)
    return response_of(api.execute(request), 200, "corrected")


def restrict(api: Api, call: ApiCall) -> JSONResponse:
    address, lift = readable(read.read_restriction(call.body, *_about(api)))
    request = secrets.token_hex(16)
    subscriber = _behind(api, address)
    if lift and api.was_executed(call):
        return response_of(Result(REPEATED, subscriber))
    result = _execute(
        api,
        call,
        subscriber,
        lambda now, cause: Restrict(
            at=now, cause=cause, request=request, lifted=lift, call=call.call_hash
        ),
        right="restriction",
    )
    return response_of(result, 200, "the restriction is lifted" if lift else "restricted")


def objection(api: Api, call: ApiCall) -> JSONResponse:
    subscriber = _behind(api, readable(read.read_objection(call.body, *_about(api))))
    request = secrets.token_hex(16)
    result = _execute(
        api,
        call,
        subscriber,
        lambda now, cause: Object(now, cause, request, call.call_hash),
        right="objection",
    )
    return response_of(result, 200, "withdrawn from everything; the objection is noted")


def erase_person(api: Api, call: ApiCall) -> JSONResponse:
    """Nobody there is what was wished for: the same call may come twice."""
    body = readable(read.read_erasure(call.body, *_about(api)))
    subscriber = api.stores.vault.find(body.address) or api.stores.vault.formerly(body.address)
    if subscriber is None:
        return response_of(
            Result(
                REPEATED
                if api.was_executed(call, whatever_key=True)
                else NothingToDo(Unchanged.PERSON_UNKNOWN)
            )
        )
    cause = Cause("api", secrets.token_hex(16))
    try:
        archive = archiver(api.stores, body.keep_proof) if body.keep_proof else None
    except SealingRefused as error:
        raise Problem(409, str(error)) from None
    result, receipt = erase(
        api.stores,
        subscriber,
        cause,
        api.execute,
        suppression="forget" if body.forget_suppression else "bar",
        archive=archive,
    )
    if receipt is None:
        return response_of(result)
    return JSONResponse({"done": True, "said": "erased", "receipt": receipt.as_json()})


def record(api: Api, call: ApiCall) -> JSONResponse:
    body = readable(read.read_request(call.body, *_about(api)))
    request, subscriber = secrets.token_hex(16), _behind(api, body.address)
    if api.was_executed(call):
        return response_of(Result(REPEATED, subscriber))
    result = _execute(
        api,
        call,
        subscriber,
        lambda now, cause: ExerciseRight(
            at=now,
            cause=cause,
            right=one_of(body.right, RIGHTS),
            request=request,
            received_at=body.received_at,
            call=call.call_hash,
        ),
        note=body.note,
    )
    due = result.person.rights.get(request) if isinstance(result.outcome, Done) else None
    return response_of(
        result, 201, f"request {request} is to be answered by {iso(due.due_at)}" if due else ""
    )


def settle(api: Api, call: ApiCall) -> JSONResponse:
    body = readable(read.read_answer(call.body, *_about(api)))
    if api.was_executed(call):
        return response_of(Result(REPEATED))
    try:
        subscriber = whose_request(_standing(api), body.request)
    except UserError:
        raise Problem(404, "there is no such request to be answered") from None
    how = one_of(body.how, SETTLEMENTS)
    result = _execute(
        api,
        call,
        subscriber,
        lambda now, cause: settlement(body.request, how, now, cause),
        note=body.note,
    )
    return response_of(result, 200, body.how)


def _standing(api: Api) -> list[OpenRequest]:
    return standing_requests(api.stores.open_rights(), api.stores.command_handler)


def open_requests(api: Api, call: ApiCall) -> JSONResponse:
    """Open requests name nobody: opaque ids, deadlines."""
    if call.body != {}:
        raise bad_body(("the body is an empty JSON object",))
    now = api.stores.clock.now()
    return JSONResponse(
        [
            {
                "request": waiting.request,
                "subscriber": waiting.subscriber,
                "right": waiting.right,
                "due_at": iso(waiting.due_at),
                "late": waiting.due_at < now,
            }
            for waiting in _standing(api)
        ]
    )


def _about(api: Api) -> tuple[Plan, int]:
    return api.plan(), api.stores.clock.now()


def _behind(api: Api, address: str) -> str:
    subscriber = api.stores.vault.find(address) or api.stores.vault.formerly(address)
    if subscriber is None:
        raise Problem(404, in_english(UNKNOWN))
    return subscriber


def _execute(
    api: Api, call: ApiCall, subscriber: str, command: MakeCommand, **facts: object
) -> Result:
    cause, pieces = api.cause(call, {name: value for name, value in facts.items() if value})
    now = api.stores.clock.now()
    return api.execute(
        CommandRequest(
            command(now, cause),
            stream=subscriber,
            vault_write=VaultWrite("", now, evidence=pieces),
        )
    )


DOSSIER: Schema = {
    "type": "object",
    "title": "Dossier",
    "description": (
        "Person, purposes, lists, letters, sources, recipients, notices, evidence, events."
    ),
}
RECEIPT = object_of(
    "ErasureAnswer",
    optional=("receipt", "already", "subscriber"),
    done=boolean(),
    said=text(),
    receipt=object_of(
        "ErasureReceipt",
        subscriber=text("The opaque id, good to be quoted by."),
        at=moment(),
        position=integer("Of the fact in the ledger."),
        deleted={"type": "object", "additionalProperties": {"type": "integer"}},
        kept=array(text()),
    ),
)
OPEN = array(
    object_of(
        "OpenRequest",
        request=text("The request's id."),
        subscriber=SUBSCRIBER,
        right=text(choices=RIGHTS),
        due_at=moment(),
        late=boolean(),
    )
)
OPERATIONS = (
    Operation(
        id="export_person",
        path="people/export",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("Everything held about a person; answers a right of access."),
        members=read.EXPORT,
        answer=DOSSIER,
        handler=export,
    ),
    Operation(
        id="correct_person",
        path="people/correct",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("Correct what is wrong about a person."),
        members=read.CORRECTION,
        answer=ANSWER,
        handler=correct,
    ),
    Operation(
        id="restrict_person",
        path="people/restrict",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("Freeze a person: nothing is sent or deleted until it is lifted."),
        members=read.RESTRICTION,
        answer=ANSWER,
        whatever_key=True,
        handler=restrict,
    ),
    Operation(
        id="object_to_marketing",
        path="people/object",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("A person objects to marketing: everything is withdrawn at once."),
        members=read.OBJECTION,
        answer=ANSWER,
        whatever_key=True,
        handler=objection,
    ),
    Operation(
        id="erase_person",
        path="people/erase",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("Forget a person; answers with a receipt of what remains and why."),
        members=read.ERASURE,
        answer=RECEIPT,
        whatever_key=True,
        handler=erase_person,
    ),
    Operation(
        id="record_request",
        path="requests",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("Record that a person asked for something that is answered later."),
        members=read.REQUEST,
        answer=ANSWER,
        status=201,
        handler=record,
    ),
    Operation(
        id="answer_request",
        path="requests/answer",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("A request was answered, refused, or put off."),
        members=read.ANSWER,
        answer=ANSWER,
        handler=settle,
    ),
    Operation(
        id="read_open_requests",
        path="requests/open",
        scope="rights",
        tag=Tag.RIGHTS,
        about=N_("The requests that wait for an answer, the most urgent first; they name nobody."),
        answer=OPEN,
        only_reads=True,
        handler=open_requests,
    ),
)
