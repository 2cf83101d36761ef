"""The calls about mailings: which there are, a new one, a test of one, and one sent at once. They
do what the console's pages and `relance broadcast now` do.

A new one is written into the folder, as `[console] save` says, and leaves once it is published.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, shown
from engine.api.operation import (
    Operation,
    Tag,
    array,
    boolean,
    integer,
    moment,
    nullable,
    object_of,
    object_with,
    text,
)
from engine.api.parameters import Parameter
from engine.api.people_read import NAMES_PEOPLE
from engine.api.problems import Problem, readable
from engine.api.reading_facts import note_person
from engine.audience.mailings import (
    BroadcastState,
    audience_count,
    broadcasts_of,
    fallen_due_now,
)
from engine.audience.programme import moments_of
from engine.audience.results import Results, results
from engine.authoring.author_files import octets_of, read_octets
from engine.authoring.dialogue_edits import (
    broadcast_path,
    dialogue_of_audience,
    place_of_broadcast,
)
from engine.authoring.drafts import Drafted
from engine.authoring.inspection import inspect, looked_through, newly_fatal
from engine.authoring.saving import Author, CannotSave, Saved, save
from engine.authoring.toml_changes import AddTable, CannotEdit, Change, SetKey, TomlValue
from engine.authoring.toml_edit import edited
from engine.commands.operators import execute_for
from engine.i18n.language import translator
from engine.i18n.phrases import say_anchored
from engine.i18n.user_error import UserError
from engine.installation.events import BroadcastFellDue
from engine.installation.state import Installation
from engine.intake.author_calls import (
    NEW_BROADCAST,
    TEST,
    NewBroadcast,
    read_new_broadcast,
    read_test,
)
from engine.letter.source_folder import read_sequences
from engine.sending.inert_letter import (
    LetterReader,
    composed_test,
    letter_named,
    reader_of,
    send_one,
)
from engine.sequence.draft import NAME
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Broadcast, Plan
from engine.subscriber.agenda_key import BroadcastKey, decode, encode, letter_ref
from engine.words import N_

_ = translator("en")


def list_broadcasts(api: Api, call: ApiCall) -> JSONResponse:
    in_force, written = api.plan(), _written(api)
    of = _results(api, in_force)
    return JSONResponse({
        "items": [
            _row(api, broadcast, state, of, written)
            for broadcast, state in broadcasts_of(in_force, written)
        ]
    })  # fmt: skip


def show_broadcast(api: Api, call: ApiCall) -> JSONResponse:
    in_force, written = api.plan(), _written(api)
    broadcast, state = _named(call, in_force, written)
    row = _row(api, broadcast, state, _results(api, in_force), written)
    plan = written if broadcast.id in written.broadcasts else in_force
    try:
        people = audience_count(api.stores, broadcast.to, broadcast.segments)
    except KeyError:
        # A segment that is not published yet cannot be counted.
        row["people"] = None
    else:
        row["people"] = people
    return JSONResponse(row | {"words": plan.words.get(broadcast.letter.body, "")})


def _written(api: Api) -> Plan:
    """The folder as it is now; an empty plan where it cannot be read."""
    config = api.stores.config
    try:
        files = read_sequences(config.sequences)
        return looked_through(config, files, api.stores.clock.now()).plan
    except Unpublishable:
        return Plan()


def _named(call: ApiCall, in_force: Plan, written: Plan) -> tuple[Broadcast, BroadcastState]:
    for broadcast, state in broadcasts_of(in_force, written):
        if broadcast.id == call.text("broadcast"):
            return broadcast, state
    raise Problem(404, "there is no broadcast of this name")


def _results(api: Api, plan: Plan) -> Mapping[str, Results]:
    refs = {
        letter_ref(encode(BroadcastKey(name)), broadcast.letter.id): name
        for name, broadcast in plan.broadcasts.items()
    }
    found = results(api.stores.views, plan, tuple(refs)) if refs else []
    return {refs[result.name]: result for result in found if result.name in refs}


def _row(
    api: Api,
    broadcast: Broadcast,
    state: BroadcastState,
    of: Mapping[str, Results],
    written: Plan,
) -> dict[str, object]:
    plan = written if broadcast.id in written.broadcasts else api.plan()
    now = api.stores.clock.now()
    leaves = next(moments_of(broadcast, plan, api.stores.recurrences, now), None)
    calendar = api.stores.installation_stream.current().calendar
    keys = [(decode(occurrence.key), occurrence.at) for occurrence in calendar]
    left = [
        (key, at)
        for key, at in keys
        if isinstance(key, BroadcastKey) and key.broadcast == broadcast.id
    ]
    result = of.get(broadcast.id)
    return {
        "id": broadcast.id,
        "subject": broadcast.letter.subject,
        "state": state,
        "dialogue": broadcast.file,
        "purpose": broadcast.purpose,
        "to": list(broadcast.to),
        "segments": list(broadcast.segments),
        "on": broadcast.on or None,
        "every": broadcast.every or None,
        "anchored": say_anchored(broadcast.anchored, "en") if broadcast.anchored else None,
        "next": shown(leaves) if leaves is not None and state != "new" else None,
        "left": [{"occurrence": key.occurrence, "at": shown(at)} for key, at in left],
        "results": {name: getattr(result, name) if result else 0 for name in COUNTED},
    }


def create_broadcast(api: Api, call: ApiCall) -> JSONResponse:
    """Tried before the folder has it: what it would break is told, and then nothing is written."""
    stores, now = api.stores, api.stores.clock.now()
    wanted = readable(read_new_broadcast(call.body, api.plan(), now))
    if api.was_executed(call):
        said = "this call was carried out before"
        return JSONResponse({"done": False, "already": True, "said": said, "broadcast": None})
    config = stores.config
    try:
        files = dict(read_sequences(config.sequences))
    except Unpublishable as refused:
        raise Problem(409, "the folder cannot be read", _told(refused.mistakes)) from None
    before = inspect(config, files, now)
    file = wanted.dialogue or dialogue_of_audience(before.plan, wanted.to[0])
    if file not in before.plan.titles:
        known = ", ".join(before.plan.titles) or "none"
        raise Problem(404, f"there is no dialogue of this name; there are: {known}")
    name, body = place_of_broadcast(wanted.subject, file, before.plan)
    words = wanted.words.rstrip("\n") + "\n"
    try:
        changed = edited(files[file], _changes(wanted, name, body))
    except CannotEdit as error:
        raise Problem(409, str(error)) from None
    after = inspect(config, {**files, body: words, file: changed}, now)
    if broken := newly_fatal(before, after):
        raise Problem(409, "this broadcast cannot be written", _told(broken))
    held = read_octets(config.sequences, file)
    drafted = (
        Drafted(body, None, octets_of(words)),
        Drafted(file, held, octets_of(changed, held or b"")),
    )
    author = Author(call.key.id, call.key.name)
    try:
        message = f"Broadcast: {name}"
        saved = save(config.sequences, config.data, drafted, config.console.save, author, message)
    except CannotSave as error:
        raise Problem(409, str(error)) from None
    if not isinstance(saved, Saved):
        raise Problem(409, "the file has just been changed by somebody else: send it again")
    said = f"written to {file} and {body}; it leaves once it is published"
    return JSONResponse({"done": True, "said": said, "broadcast": name}, 201)


def _changes(wanted: NewBroadcast, name: str, body: str) -> list[Change]:
    values: dict[str, TomlValue] = {"id": name, "subject": wanted.subject, **wanted.keys}
    values["to"] = [int(entry) if entry.isdecimal() else entry for entry in wanted.to]
    values |= {"on": wanted.on} if wanted.on else {"every": wanted.every}
    changes: list[Change] = [AddTable((), "broadcast", {**values, "body": body})]
    if wanted.reminder:
        changes.append(SetKey(broadcast_path(name), "reminder", {"wait": wanted.reminder}))
    return changes


def _told(mistakes: tuple[Mistake, ...] | list[Mistake]) -> tuple[str, ...]:
    return tuple(f"{m.file}:{m.line}: {m.words.said(_)}" for m in mistakes)


def send_test(api: Api, call: ApiCall) -> JSONResponse:
    """From the folder as it is now; its links are without effect."""
    stores, now = api.stores, api.stores.clock.now()
    to, reader = readable(read_test(call.body, api.plan(), now))
    plan = _written(api)
    broadcast, _state = _named(call, api.plan(), plan)
    if reader not in ("", to) and NAMES_PEOPLE not in call.key.scopes:
        detail = f"this key may not read what is known of people: it lacks the scope {NAMES_PEOPLE}"
        raise Problem(403, detail)
    if api.was_executed(call):
        said = "this call was carried out before"
        return JSONResponse({"done": False, "already": True, "said": said})
    if not api.limits.may_test(call.key.id):
        raise Problem(429, "that were 20 tests within an hour", headers={"Retry-After": "3600"})
    plan = plan if broadcast.id in plan.broadcasts else api.plan()
    known = stores.vault.find(reader or to)
    if known and reader not in ("", to):
        # Somebody else gets to read what letters are made of: their fields.
        person = stores.command_handler.load([known])[known]
        note_person(api, call, known, person)
    try:
        claim = letter_named(plan, broadcast.letter.id)
        made_for = reader_of(stores, known, plan, claim.purpose) if known else LetterReader()
        _composed, envelope = composed_test(stores.composer(), plan, claim, made_for, to, now)
        send_one(stores.config, envelope)
    except UserError as error:
        raise Problem(409, str(error)) from None
    # As it is written: with the reader's fields in it, it would tell them to any key.
    return JSONResponse({"done": True, "said": f"sent: {broadcast.letter.subject}"})


def send_now(api: Api, call: ApiCall) -> JSONResponse:
    """What is in force; claimed as its date would claim it, so that it leaves once, whoever else
    claims it.
    """
    stores, now = api.stores, api.stores.clock.now()
    if call.body != {}:
        raise Problem(400, "the body is an empty JSON object")
    broadcast = api.plan().broadcasts.get(call.text("broadcast"))
    if broadcast is None:
        raise Problem(404, "there is no published broadcast of this name")
    if api.was_executed(call):
        said = "this call was carried out before"
        content: dict[str, object] = {"done": False, "already": True, "said": said}
        return JSONResponse(content | {"occurrence": None, "people": None})
    people = audience_count(stores, broadcast.to, broadcast.segments)
    made = api.act(call, {"what": "broadcast", "broadcast": broadcast.id})
    fallen: list[BroadcastFellDue] = []

    def decide(state: Installation) -> list[BroadcastFellDue]:
        fallen[:] = [fallen_due_now(state, broadcast, now)]
        return fallen

    try:
        execute_for(stores, made, decide, now)
    except UserError as error:
        raise Problem(409, str(error)) from None
    paused = 0 in stores.installation_stream.current().paused
    said = "it is due now" + (", and sending is paused" if paused else "")
    [occurrence] = (event.occurrence for event in fallen)
    return JSONResponse({"done": True, "said": said, "occurrence": occurrence, "people": people})


COUNTED = (
    "due",
    "accepted",
    "refused",
    "withheld",
    "put_off",
    "in_doubt",
    "under_way",
    "answered",
    "unsubscribed",
)
BROADCAST = Parameter(
    name="broadcast",
    about="The broadcast's id.",
    pattern=NAME.pattern,
    example="enfants",
)
MEMBERS = {
    "id": text(example="enfants"),
    "subject": text(example="Une question avant la conférence"),
    "state": text(
        "Of the folder against what is in force.",
        choices=("in force", "new", "changed", "taken out"),
    ),
    "dialogue": text("The file it is written in.", example="conference.toml"),
    "purpose": text("The purpose whose readers get it.", example="conseils"),
    "to": array(integer(example=10), "Numbers of lists."),
    "segments": array(text(), "Ids of segments."),
    "on": nullable(text("Local time of the installation.", example="2026-12-01 09:00")),
    "every": nullable(text("A cron line.", example="0 9 1 * *")),
    "anchored": nullable(text("The date that matters it is counted from, in words.")),
    "next": nullable(moment("When it leaves next, once published.")),
    "left": array(
        object_of("Occurrence", occurrence=text(example="2026-12-01"), at=moment()),
        "When it fell due, the latest last.",
    ),
    "results": object_with("BroadcastCounts", {name: integer() for name in COUNTED}),
}
SHORT_ANSWER = {
    "done": boolean("Whether this call changed anything."),
    "already": boolean("True when this very call was carried out before.", example=False),
    "said": text(),
}
OPERATIONS = (
    Operation(
        id="read_broadcasts",
        method="GET",
        path="broadcasts",
        scope="broadcasts",
        tag=Tag.BROADCASTS,
        about=N_("The broadcasts that are written and those in force, with what came of each."),
        answer=object_of("Broadcasts", items=array(object_with("Broadcast", MEMBERS))),
        handler=list_broadcasts,
    ),
    Operation(
        id="read_broadcast",
        method="GET",
        path="broadcasts/{broadcast}",
        scope="broadcasts",
        tag=Tag.BROADCASTS,
        about=N_("One broadcast, its words, and how many people it would go to now."),
        parameters=(BROADCAST,),
        answer=object_with(
            "WholeBroadcast",
            MEMBERS
            | {
                "people": nullable(
                    integer("To whom it would go now; null while a segment is not published.")
                ),
                "words": text("In Markdown."),
            },
        ),
        handler=show_broadcast,
    ),
    Operation(
        id="create_broadcast",
        path="broadcasts",
        scope="broadcasts",
        tag=Tag.BROADCASTS,
        about=N_("Write a new broadcast into the folder; it leaves once it is published."),
        members=NEW_BROADCAST,
        exactly_one=("on", "every"),
        max_octets=512 * 1024,
        answer=object_with(
            "NewBroadcastAnswer",
            SHORT_ANSWER
            | {
                "broadcast": nullable(text("Its id.", example="enfants")),
            },
            ("already",),
        ),
        status=201,
        handler=create_broadcast,
    ),
    Operation(
        id="send_test",
        path="broadcasts/{broadcast}/test",
        scope="broadcasts",
        tag=Tag.BROADCASTS,
        about=N_("Send one copy of a broadcast to an address; its links are without effect."),
        parameters=(BROADCAST,),
        members=TEST,
        answer=object_with("TestAnswer", SHORT_ANSWER, ("already",)),
        handler=send_test,
    ),
    Operation(
        id="send_now",
        path="broadcasts/{broadcast}/send",
        scope="broadcasts",
        tag=Tag.BROADCASTS,
        about=N_("Send a published broadcast at once; nobody gets it twice."),
        parameters=(BROADCAST,),
        answer=object_with(
            "SendAnswer",
            SHORT_ANSWER
            | {
                "occurrence": nullable(text("The name of this mailing.", example="2026-12-01")),
                "people": nullable(integer("To how many it goes.", example=120)),
            },
            ("already",),
        ),
        handler=send_now,
    ),
)
