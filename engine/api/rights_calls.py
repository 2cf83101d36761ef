"""The calls about people's rights: the same as `relance person` and `relance requests`, for the
operator's other programs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from fastapi.responses import JSONResponse

from engine.api.calls import ApiCall, Calls, response_of
from engine.api.problems import Problem, bad_body, unreadable
from engine.api.stores import ApiStores
from engine.commands.command_handler import CommandRequest, Result
from engine.i18n.in_words import in_english
from engine.i18n.user_error import UserError
from engine.intake import rights_calls as read
from engine.intake.calls import Mistakes
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

UNKNOWN = Refused(Refusal.PERSON_UNKNOWN)
T = TypeVar("T")
MakeCommand = Callable[[int, Cause], AnyCommand]
"""A command, given the moment and its cause."""


class RightsCalls:
    """Each method is a call; all raise Problem for what cannot be done. What protects the person
    (restricting, objecting, erasing) is carried out whatever key it comes under: done twice, it is
    done once.
    """

    def __init__(self, stores: ApiStores, calls: Calls) -> None:
        self.stores, self.calls = stores, calls

    def export(self, call: ApiCall) -> JSONResponse:
        """Put together before the fact that says it was: an answer that could not be made is
        none.
        """
        address, named = self._read(read.read_export(call.body, *self._about()))
        right = one_of(named, ACCESS_RIGHTS)
        self.calls.was_executed(call)
        subscriber = self._behind(address)
        export = dossier(self.stores, subscriber)
        request = secrets.token_hex(16)
        result = self._execute(
            call,
            subscriber,
            lambda now, cause: GrantAccess(
                at=now, cause=cause, right=right, request=request, call=call.call_hash
            ),
            right=right,
        )
        if result.conflict or isinstance(result.outcome, Refused):
            return response_of(result)
        return JSONResponse(export)

    def correct(self, call: ApiCall) -> JSONResponse:
        body = self._read(read.read_correction(call.body, *self._about()))
        subscriber = self._behind(body.address)
        if self.calls.was_executed(call):
            return response_of(Result(REPEATED, subscriber))
        wanted = Correction(body.new_address, body.fields, body.timezone, body.language)
        cause, pieces = self.calls.cause(call, {"what": "correction", **wanted.particulars})
        request = correction(self.stores, subscriber, wanted, cause, pieces, call.call_hash)
        if isinstance(request, Refused):
            raise Problem(422, in_english(request))
        return response_of(self.calls.execute(request), 200, "corrected")

    def restrict(self, call: ApiCall) -> JSONResponse:
        address, lift = self._read(read.read_restriction(call.body, *self._about()))
        request = secrets.token_hex(16)
        subscriber = self._behind(address)
        if lift and self.calls.was_executed(call):
            return response_of(Result(REPEATED, subscriber))
        result = self._execute(
            call,
            subscriber,
            lambda now, cause: Restrict(
                at=now, cause=cause, request=request, lifted=lift, call=call.call_hash
            ),
            right="restriction",
        )
        return response_of(result, 200, "the restriction is lifted" if lift else "restricted")

    def objection(self, call: ApiCall) -> JSONResponse:
        subscriber = self._behind(self._read(read.read_objection(call.body, *self._about())))
        request = secrets.token_hex(16)
        result = self._execute(
            call,
            subscriber,
            lambda now, cause: Object(now, cause, request, call.call_hash),
            right="objection",
        )
        return response_of(result, 200, "withdrawn from everything; the objection is noted")

    def erase(self, call: ApiCall) -> JSONResponse:
        """Nobody there is what was wished for: the same call may come twice."""
        body = self._read(read.read_erasure(call.body, *self._about()))
        subscriber = self.stores.vault.find(body.address) or self.stores.vault.formerly(
            body.address
        )
        if subscriber is None:
            return response_of(
                Result(
                    REPEATED
                    if self.calls.was_executed(call, whatever_key=True)
                    else NothingToDo(Unchanged.PERSON_UNKNOWN)
                )
            )
        cause = Cause("api", secrets.token_hex(16))
        try:
            archive = archiver(self.stores, body.keep_proof) if body.keep_proof else None
        except SealingRefused as error:
            raise Problem(422, str(error)) from None
        result, receipt = erase(
            self.stores,
            subscriber,
            cause,
            self.calls.execute,
            suppression="forget" if body.forget_suppression else "bar",
            archive=archive,
        )
        if receipt is None:
            return response_of(result)
        return JSONResponse({"done": True, "said": "erased", "receipt": receipt.as_json()})

    def record(self, call: ApiCall) -> JSONResponse:
        body = self._read(read.read_request(call.body, *self._about()))
        request, subscriber = secrets.token_hex(16), self._behind(body.address)
        if self.calls.was_executed(call):
            return response_of(Result(REPEATED, subscriber))
        result = self._execute(
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

    def settle(self, call: ApiCall) -> JSONResponse:
        body = self._read(read.read_answer(call.body, *self._about()))
        if self.calls.was_executed(call):
            return response_of(Result(REPEATED))
        try:
            subscriber = whose_request(self._standing(), body.request)
        except UserError:
            raise Problem(422, "there is no such request to be answered") from None
        how = one_of(body.how, SETTLEMENTS)
        result = self._execute(
            call,
            subscriber,
            lambda now, cause: settlement(body.request, how, now, cause),
            note=body.note,
        )
        return response_of(result, 200, body.how)

    def _standing(self) -> list[OpenRequest]:
        return standing_requests(self.stores.open_rights(), self.stores.command_handler)

    def open_requests(self, call: ApiCall) -> JSONResponse:
        """Open requests name nobody: opaque ids, deadlines."""
        if call.body != {}:
            raise bad_body(("the body is an empty JSON object",))
        now = self.stores.clock.now()
        return JSONResponse(
            [
                {
                    "request": waiting.request,
                    "subscriber": waiting.subscriber,
                    "right": waiting.right,
                    "due_at": iso(waiting.due_at),
                    "late": waiting.due_at < now,
                }
                for waiting in self._standing()
            ]
        )

    def _about(self) -> tuple[Plan, int]:
        return self.stores.installation_stream.current().plan(), self.stores.clock.now()

    def _read(self, parsed: T | Mistakes) -> T:
        if isinstance(parsed, Mistakes):
            raise unreadable(parsed)
        return parsed

    def _behind(self, address: str) -> str:
        subscriber = self.stores.vault.find(address) or self.stores.vault.formerly(address)
        if subscriber is None:
            raise Problem(422, in_english(UNKNOWN))
        return subscriber

    def _execute(
        self, call: ApiCall, subscriber: str, command: MakeCommand, **facts: object
    ) -> Result:
        cause, pieces = self.calls.cause(
            call, {name: value for name, value in facts.items() if value}
        )
        now = self.stores.clock.now()
        return self.calls.execute(
            CommandRequest(
                command(now, cause),
                stream=subscriber,
                vault_write=VaultWrite("", now, evidence=pieces),
            )
        )
