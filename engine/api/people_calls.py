"""The calls that subscribe, transfer, unsubscribe and look people up, and those that set what they
chose and the segments they are in: what is read from the body, executed, and answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, response_of
from engine.api.operation import (
    ANSWER,
    SUBSCRIBER,
    Operation,
    Tag,
    boolean,
    merged,
    nullable,
    object_of,
)
from engine.api.person_answers import STANDING, SUPPRESSED, standing_answer
from engine.api.problems import Problem, readable
from engine.commands.command_handler import CommandRequest, Result
from engine.installation.state import Installation
from engine.intake import calls
from engine.intake.evidence_requirements import NOT_DECLARED
from engine.intake.preferences import PREFERENCES, read_called
from engine.subscriber.commands import PutIntoSegment, TakeOutOfSegment
from engine.subscriber.consenting import REPEATED
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import of_ground, unknown
from engine.vault.vault import VaultWrite
from engine.words import N_

ASKED_ENOUGH = (
    "this address has been asked to confirm often enough: one mail a day, three in thirty days"
)


def subscribe(api: Api, call: ApiCall) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    read = readable(calls.read_subscription(call.body, plan, now))
    before = api.was_executed(call)
    stream, person, suppressed = _known(api, read.address)
    if before or (call.call_hash and call.call_hash in person.calls):
        return response_of(Result(REPEATED, stream))
    if suppressed:
        raise Problem(409, f"this address is suppressed ({suppressed})")
    fields = _changes(api, stream, read.fields)
    declared = _declared(api.stores.installation_stream.current(), read, now)
    cause, pieces = api.cause(call, declared)
    names = tuple(sorted(fields))
    command = read.command(now, cause, call.call_hash, secrets.token_hex(16), names)
    if not api.limits.permit(command, read.address, person, plan):
        raise Problem(409, ASKED_ENOUGH)
    result = api.execute(
        CommandRequest(
            command,
            address=read.address,
            vault_write=VaultWrite(
                "", now, fields=fields, evidence=pieces, source=read.ground.source
            ),
        )
    )
    return response_of(
        result,
        201,
        ("asked to confirm by mail" if read.asks else f"on list {read.list}"),
    )


def transfer(api: Api, call: ApiCall) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    read = readable(calls.read_transfer(call.body, plan, now))
    if api.was_executed(call):
        return api.repeated(read.address)
    cause, pieces = api.cause(call, {"what": "transfer"})
    result = api.execute_for_known(
        read.command(now, cause, call.call_hash), read.address, now, pieces
    )
    return response_of(result, 200, f"moved from list {read.source} to list {read.target}")


def put_into_segment(api: Api, call: ApiCall) -> JSONResponse:
    return _of_segment(api, call, PutIntoSegment, "put into {segment}")


def take_out_of_segment(api: Api, call: ApiCall) -> JSONResponse:
    return _of_segment(api, call, TakeOutOfSegment, "taken out of {segment}")


def _of_segment(
    api: Api, call: ApiCall, command: type[PutIntoSegment | TakeOutOfSegment], done: str
) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    read = readable(calls.read_segment(call.body, plan, now))
    address, segment = read
    if api.was_executed(call):
        return api.repeated(address)
    cause, pieces = api.cause(call, {"what": "segment", "segment": segment})
    asked = command(at=now, cause=cause, segment=segment, call=call.call_hash)
    result = api.execute_for_known(asked, address, now, pieces)
    return response_of(result, 200, done.format(segment=segment))


def unsubscribe(api: Api, call: ApiCall) -> JSONResponse:
    """Carried out whatever the key: a second withdrawal withdraws nothing more, and a first one
    must not be lost.
    """
    now, plan = api.stores.clock.now(), api.plan()
    read = readable(calls.read_unsubscription(call.body, plan, now))
    cause, pieces = api.cause(call, {"what": "unsubscription"})
    # Whoever asks under an address they had before means themselves.
    stream = api.stores.vault.find(read.address) or api.stores.vault.formerly(read.address) or ""
    vault_write = VaultWrite("", now, evidence=pieces)
    result = api.execute(
        CommandRequest(
            read.command(now, cause, call.call_hash),
            stream=stream,
            address=read.address,
            vault_write=vault_write,
            only_known=True,
        )
    )
    return response_of(
        result,
        200,
        (
            "withdrawn from everything"
            if read.purpose == "*"
            else f'withdrawn from "{read.purpose}"'
        ),
    )


def look_up(api: Api, call: ApiCall) -> JSONResponse:
    plan = api.plan()
    address = readable(calls.read_lookup(call.body, plan, api.stores.clock.now()))
    stream, person, suppressed = _known(api, address)
    known = person.registered and not person.erased
    standing = standing_answer(person if known else NOBODY, plan)
    return JSONResponse({
        "known": known,
        "subscriber": stream if known else None,
        **standing,
        "preferences": standing["preferences"] if known else None,
        "suppressed": suppressed or None,
    })  # fmt: skip


def set_preferences(api: Api, call: ApiCall) -> JSONResponse:
    now, plan = api.stores.clock.now(), api.plan()
    read = readable(read_called(call.body, plan, now))
    if api.was_executed(call):
        return api.repeated(read.address)
    cause, pieces = api.cause(call, {"what": "preferences"})
    result = api.execute_for_known(
        read.command(now, cause, call.call_hash), read.address, now, pieces
    )
    return response_of(result, 200, "preferences set")


def _known(api: Api, address: str) -> tuple[str, Person, str]:
    """Who stands behind an address, as they are now, and why the address is suppressed, if it
    is.
    """
    hashed = api.stores.vault.hash(address)
    stream = api.stores.vault.find(address) or ""
    person = api.stores.command_handler.load([stream])[stream] if stream else NOBODY
    return (
        stream,
        person,
        person.suppressed or api.stores.vault.suppressed([hashed]).get(hashed, ""),
    )


def _changes(api: Api, stream: str, fields: Mapping[str, str]) -> dict[str, str]:
    known = api.stores.vault.people([stream]).get(stream) if stream else None
    standing: Mapping[str, str] = known.fields if known else {}
    return {name: value for name, value in fields.items() if standing.get(name, "") != value}


def _declared(installation: Installation, read: calls.Subscription, now: int) -> dict[str, object]:
    """The ground as the caller declares it, with the names of what they left out (D10); never more
    than a declaration, whatever proof it names.
    """
    plan, ground = installation.plan(), read.ground
    purpose = plan.lists[read.list].purpose if read.list in plan.lists else ""
    facts: dict[str, object] = of_ground(installation, purpose, ground.basis, "api") | {
        "what": "subscription",
        "lists": [read.list],
        "email": read.address,
        "fields": dict(read.fields),
    }
    if read.asks:
        texts = ground._replace(proof="").texts()
        return unknown(facts | texts | {"language": plan.language}, ("source",))
    return unknown(facts | ground.particulars(ground.collected or now), NOT_DECLARED)


KNOWN = merged(
    "WhereAPersonStands",
    object_of("", known=boolean(), subscriber=nullable(SUBSCRIBER)),
    STANDING,
    SUPPRESSED,
)
OPERATIONS = (
    Operation(
        id="subscribe",
        path="subscriptions",
        scope="subscribe",
        tag=Tag.LISTS,
        about=N_(
            "Put a person on a list on a ground you declare, or ask them by mail whether they want"
            " to be there."
        ),
        members=calls.SUBSCRIPTION,
        answer=ANSWER,
        status=201,
        handler=subscribe,
    ),
    Operation(
        id="transfer",
        path="transfers",
        scope="transfer",
        tag=Tag.LISTS,
        about=N_("Move a person from one list to another."),
        members=calls.TRANSFER,
        answer=ANSWER,
        handler=transfer,
    ),
    Operation(
        id="unsubscribe",
        path="unsubscriptions",
        scope="unsubscribe",
        tag=Tag.LISTS,
        about=N_("Withdraw a person from a purpose, or from everything."),
        members=calls.UNSUBSCRIPTION,
        answer=ANSWER,
        whatever_key=True,
        handler=unsubscribe,
    ),
    Operation(
        id="look_up_person",
        path="people/lookup",
        scope="read",
        tag=Tag.PEOPLE,
        about=N_("Where a person stands."),
        members=calls.LOOKUP,
        answer=KNOWN,
        only_reads=True,
        handler=look_up,
    ),
    Operation(
        id="set_preferences",
        path="people/preferences",
        scope="preferences",
        tag=Tag.PREFERENCES,
        about=N_("What somebody chooses to receive; a member left out stays as it is."),
        members=PREFERENCES,
        answer=ANSWER,
        handler=set_preferences,
    ),
    Operation(
        id="put_into_segment",
        path="segments/put",
        scope="segments",
        tag=Tag.PREFERENCES,
        about=N_("Put somebody who is known into a segment without conditions."),
        members=calls.SEGMENT,
        answer=ANSWER,
        handler=put_into_segment,
    ),
    Operation(
        id="take_out_of_segment",
        path="segments/take",
        scope="segments",
        tag=Tag.PREFERENCES,
        about=N_("Take somebody out of a segment without conditions."),
        members=calls.SEGMENT,
        answer=ANSWER,
        handler=take_out_of_segment,
    ),
)
