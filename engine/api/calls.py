"""The calls that subscribe, transfer, unsubscribe and look people up: what is read from the body,
executed, and answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi.responses import JSONResponse

from engine.api.problems import Problem, too_busy, unreadable
from engine.api.stores import ApiStores
from engine.commands.command_handler import UNKNOWN, CommandRequest, Result
from engine.commands.group_commit import CommandGroupCommit
from engine.desk.desk import ApiKey
from engine.i18n.in_words import in_english
from engine.installation.state import Installation
from engine.intake import calls
from engine.intake.evidence_requirements import NOT_DECLARED
from engine.intake.preferences import read_called
from engine.subscriber.commands import AnyCommand, PutIntoSegment, TakeOutOfSegment
from engine.subscriber.consenting import REPEATED
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Outcome, Refused
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import Evidence, kept, of_ground, unknown
from engine.vault.vault import VaultWrite
from engine.web.enrolment import TryAgain, carried_out
from engine.web.limits import Limits

USED_KEY = "this Idempotency-Key was used for another call: every call needs a key of its own"
ASKED_ENOUGH = (
    "this address has been asked to confirm often enough: one mail a day, three in thirty days"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One authenticated call: its JSON, and who sends it.

    `key_hash` stands for the Idempotency-Key, `call_hash` for the call under it (method, path,
    body); both are keyed hashes, "" where no key was sent.
    """

    body: object
    key_hash: str
    call_hash: str
    key: ApiKey
    visitor: str
    user_agent: str


class Calls:
    """Each method is a call; all raise Problem for what cannot be done."""

    def __init__(self, stores: ApiStores, group_commit: CommandGroupCommit) -> None:
        self.stores, self.group_commit = stores, group_commit
        self.limits = Limits(stores.desk, stores.pepper)

    def subscribe(self, call: ApiCall) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        read = calls.read_subscription(call.body, plan, now)
        if isinstance(read, calls.Mistakes):
            raise unreadable(read)
        before = self.was_executed(call)
        stream, person, suppressed = self._known(read.address)
        if before or (call.call_hash and call.call_hash in person.calls):
            return response_of(Result(REPEATED, stream))
        if suppressed:
            raise Problem(422, f"this address is suppressed ({suppressed})")
        fields = self._changes(stream, read.fields)
        declared = _declared(self.stores.installation_stream.current(), read, now)
        cause, pieces = self.cause(call, declared)
        names = tuple(sorted(fields))
        command = read.command(now, cause, call.call_hash, secrets.token_hex(16), names)
        if not self.limits.permit(command, read.address, person, plan):
            raise Problem(422, ASKED_ENOUGH)
        result = self.execute(
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

    def transfer(self, call: ApiCall) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        read = calls.read_transfer(call.body, plan, now)
        if isinstance(read, calls.Mistakes):
            raise unreadable(read)
        if self.was_executed(call):
            return self.repeated(read.address)
        cause, pieces = self.cause(call, {"what": "transfer"})
        result = self._known_only(
            read.command(now, cause, call.call_hash), read.address, now, pieces
        )
        if result.outcome == UNKNOWN:
            raise Problem(422, in_english(UNKNOWN))
        return response_of(result, 200, f"moved from list {read.source} to list {read.target}")

    def put_into_segment(self, call: ApiCall) -> JSONResponse:
        return self._of_segment(call, PutIntoSegment, "put into {segment}")

    def take_out_of_segment(self, call: ApiCall) -> JSONResponse:
        return self._of_segment(call, TakeOutOfSegment, "taken out of {segment}")

    def _of_segment(
        self, call: ApiCall, command: type[PutIntoSegment | TakeOutOfSegment], done: str
    ) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        read = calls.read_segment(call.body, plan, now)
        if isinstance(read, calls.Mistakes):
            raise unreadable(read)
        address, segment = read
        if self.was_executed(call):
            return self.repeated(address)
        cause, pieces = self.cause(call, {"what": "segment", "segment": segment})
        asked = command(at=now, cause=cause, segment=segment, call=call.call_hash)
        result = self._known_only(asked, address, now, pieces)
        if result.outcome == UNKNOWN:
            raise Problem(422, in_english(UNKNOWN))
        return response_of(result, 200, done.format(segment=segment))

    def unsubscribe(self, call: ApiCall) -> JSONResponse:
        """Carried out whatever the key: a second withdrawal withdraws nothing more, and a first one
        must not be lost.
        """
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        read = calls.read_unsubscription(call.body, plan, now)
        if isinstance(read, calls.Mistakes):
            raise unreadable(read)
        cause, pieces = self.cause(call, {"what": "unsubscription"})
        # Whoever asks under an address they had before means themselves.
        stream = (
            self.stores.vault.find(read.address) or self.stores.vault.formerly(read.address) or ""
        )
        vault_write = VaultWrite("", now, evidence=pieces)
        result = self.execute(
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

    def look_up(self, call: ApiCall) -> JSONResponse:
        plan = self.stores.installation_stream.current().plan()
        address = calls.read_lookup(call.body, plan, self.stores.clock.now())
        if isinstance(address, calls.Mistakes):
            raise unreadable(address)
        stream, person, suppressed = self._known(address)
        known = person.registered and not person.erased
        purposes = [
            {
                "id": name,
                "status": ground.status,
                "basis": ground.basis,
                "since": _shown(ground.since),
            }
            for name, ground in person.grounds.items()
        ]
        purposes += [
            {
                "id": name,
                "status": "requested",
                "basis": "consent",
                "since": _shown(request.asked_at),
            }
            for name, request in person.requests.items()
        ]
        memberships = [
            {
                "list": m.list,
                "name": plan.lists[m.list].name if m.list in plan.lists else "",
                "since": _shown(m.joined_at),
                "run": m.run,
            }
            for m in person.memberships.values()
        ]
        return JSONResponse({
            "known": known,
            "subscriber": stream if known else None,
            "memberships": memberships if known else [],
            "purposes": purposes if known else [],
            "preferences": _preferences(person) if known else None,
            "measured_since": _shown(person.measured_since) if person.measured_since else None,
            "suppressed": suppressed or None,
        })  # fmt: skip

    def set_preferences(self, call: ApiCall) -> JSONResponse:
        now, plan = self.stores.clock.now(), self.stores.installation_stream.current().plan()
        read = read_called(call.body, plan, now)
        if isinstance(read, calls.Mistakes):
            raise unreadable(read)
        if self.was_executed(call):
            return self.repeated(read.address)
        cause, pieces = self.cause(call, {"what": "preferences"})
        result = self._known_only(
            read.command(now, cause, call.call_hash), read.address, now, pieces
        )
        if result.outcome == UNKNOWN:
            raise Problem(422, in_english(UNKNOWN))
        return response_of(result, 200, "preferences set")

    def was_executed(self, call: ApiCall, *, whatever_key: bool = False) -> bool:
        """Whether this very call was answered before under its key. Raises Problem where the key is
        another call's, unless `whatever_key`.
        """
        if not call.key_hash:
            return False
        owner, done = self.stores.desk.bind_call(call.key_hash, call.call_hash)
        if owner != call.call_hash and not whatever_key:
            raise Problem(422, USED_KEY)
        return done and owner == call.call_hash

    def repeated(self, address: str) -> JSONResponse:
        return response_of(Result(REPEATED, self.stores.vault.find(address) or ""))

    def _known(self, address: str) -> tuple[str, Person, str]:
        """Who stands behind an address, as they are now, and why the address is suppressed, if it
        is.
        """
        hashed = self.stores.vault.hash(address)
        stream = self.stores.vault.find(address) or ""
        person = self.stores.command_handler.load([stream])[stream] if stream else NOBODY
        return (
            stream,
            person,
            person.suppressed or self.stores.vault.suppressed([hashed]).get(hashed, ""),
        )

    def _changes(self, stream: str, fields: Mapping[str, str]) -> dict[str, str]:
        known = self.stores.vault.people([stream]).get(stream) if stream else None
        standing: Mapping[str, str] = known.fields if known else {}
        return {name: value for name, value in fields.items() if standing.get(name, "") != value}

    def cause(self, call: ApiCall, facts: dict[str, object]) -> tuple[Cause, tuple[Evidence, ...]]:
        act = secrets.token_hex(16)
        who: dict[str, object] = {
            "method": "api",
            "by": {"key": call.key.id, "name": call.key.name},
            "call": act,
        }
        pieces = kept(who | facts, {"ip": call.visitor, "user_agent": call.user_agent})
        return Cause("api", act, evidence=pieces[0].commitment.hex()), pieces

    def _known_only(
        self, command: AnyCommand, address: str, now: int, evidence: tuple[Evidence, ...]
    ) -> Result:
        return self.execute(
            CommandRequest(
                command,
                address=address,
                vault_write=VaultWrite("", now, evidence=evidence),
                only_known=True,
            )
        )

    def execute(self, request: CommandRequest) -> Result:
        try:
            return carried_out(self.group_commit, request)
        except TryAgain as error:
            raise too_busy(str(error)) from error


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


def response_of(result: Result, status: int = 200, done_text: str = "") -> JSONResponse:
    """The answer to a call whose request has ended. Raises Problem for a conflict (409) and a
    refusal (422).
    """
    outcome: Outcome = result.outcome
    if result.conflict:
        raise Problem(
            409,
            "too much is changing for this person at once: send the same call again",
            headers={"Retry-After": "1"},
        )
    if isinstance(outcome, Refused):
        raise Problem(422, in_english(outcome))
    done = isinstance(outcome, Done)
    content: dict[str, object] = {
        "done": done,
        "said": done_text if isinstance(outcome, Done) else in_english(outcome),
        "subscriber": result.stream or None,
    }
    if outcome == REPEATED:
        content["already"] = True
    return JSONResponse(content, status if done else 200)


def _preferences(person: Person) -> dict[str, object]:
    chosen = person.preferences
    return {
        "themes": chosen.themes,
        "contents": chosen.contents,
        "frequency": chosen.frequency,
        "paused_until": _shown(chosen.paused_until) if chosen.paused_until else None,
    }


def _shown(instant: int) -> str:
    return (
        datetime.fromtimestamp(instant / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
