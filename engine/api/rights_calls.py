"""What the calls about people's rights do: the same as `relance person` and `relance requests`, for
a shop's own pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from fastapi.responses import JSONResponse

from engine.api.calls import Asked, Calls, answered
from engine.api.problems import Problem, bad_body, unreadable
from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.i18n.in_words import in_english
from engine.intake import rights_calls as read
from engine.intake.calls import Mistakes
from engine.ledger.entry_json import iso
from engine.privacy.correction import Correction, correction
from engine.privacy.erasure import archiver, erase
from engine.privacy.export import dossier
from engine.sequence.model import Plan
from engine.subscriber.commands import (
    AnswerRight,
    AnyCommand,
    ExerciseRight,
    ExtendRight,
    GrantAccess,
    Object,
    Restrict,
)
from engine.subscriber.consenting import REPEATED
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Refusal, Refused, Unchanged
from engine.vault.sealing import SealingRefused
from engine.vault.vault import VaultWrite

UNKNOWN = Refused(Refusal.PERSON_UNKNOWN)
T = TypeVar("T")
Made = Callable[[int, Cause], AnyCommand]
"""A command, given the moment and its cause."""


class RightsCalls:
    """Each method is a call; all raise Problem for what cannot be done. What protects the person
    (restricting, objecting, erasing) is carried out whatever key it comes under: done twice, it is
    done once.
    """

    def __init__(self, context: AppContext, calls: Calls) -> None:
        self.context, self.calls = context, calls

    def export(self, asked: Asked) -> JSONResponse:
        """Put together before the fact that says it was: an answer that could not be made is
        none.
        """
        address, right = self._read(read.read_export(asked.body, *self._about()))
        self.calls.carried_out_before(asked)
        subscriber = self._behind(address)
        said = dossier(self.context, subscriber)
        request = secrets.token_hex(16)
        result = self._carry_out(
            asked,
            subscriber,
            lambda now, cause: GrantAccess(now, cause, right, request, asked.call),
            right=right,
        )
        if result.conflict or isinstance(result.outcome, Refused):
            return answered(result)
        return JSONResponse(said)

    def correct(self, asked: Asked) -> JSONResponse:
        said = self._read(read.read_correction(asked.body, *self._about()))
        subscriber = self._behind(said.address)
        if self.calls.carried_out_before(asked):
            return answered(Result(REPEATED, subscriber))
        cause, pieces = self.calls.cause(
            asked, {"what": "correction", "fields": sorted(said.fields)}
        )
        wanted = Correction(said.new_address, said.fields, said.timezone, said.language)
        request = correction(self.context, subscriber, wanted, cause, pieces, asked.call)
        if isinstance(request, Refused):
            raise Problem(422, in_english(request))
        return answered(self.calls.execute(request), 200, "corrected")

    def restrict(self, asked: Asked) -> JSONResponse:
        address, lift = self._read(read.read_restriction(asked.body, *self._about()))
        request = secrets.token_hex(16)
        subscriber = self._behind(address)
        if lift and self.calls.carried_out_before(asked):
            return answered(Result(REPEATED, subscriber))
        result = self._carry_out(
            asked,
            subscriber,
            lambda now, cause: Restrict(now, cause, request, lift, asked.call),
            right="restriction",
        )
        return answered(result, 200, "the restriction is lifted" if lift else "restricted")

    def objection(self, asked: Asked) -> JSONResponse:
        subscriber = self._behind(self._read(read.read_objection(asked.body, *self._about())))
        request = secrets.token_hex(16)
        result = self._carry_out(
            asked,
            subscriber,
            lambda now, cause: Object(now, cause, request, asked.call),
            right="objection",
        )
        return answered(result, 200, "withdrawn from everything; the objection is noted")

    def erase(self, asked: Asked) -> JSONResponse:
        """Nobody there is what was wished for: the same call may come twice."""
        said = self._read(read.read_erasure(asked.body, *self._about()))
        subscriber = self.context.vault.find(said.address) or self.context.vault.formerly(
            said.address
        )
        if subscriber is None:
            return answered(
                Result(
                    REPEATED
                    if self.calls.carried_out_before(asked, whatever_key=True)
                    else NothingToDo(Unchanged.PERSON_UNKNOWN)
                )
            )
        cause = Cause("api", secrets.token_hex(16))
        try:
            archive = archiver(self.context, said.keep_proof) if said.keep_proof else None
        except SealingRefused as error:
            raise Problem(422, str(error)) from None
        result, receipt = erase(
            self.context,
            subscriber,
            cause,
            self.calls.execute,
            suppression="forget" if said.forget_suppression else "bar",
            archive=archive,
        )
        if receipt is None:
            return answered(result)
        return JSONResponse({"done": True, "said": "erased", "receipt": receipt.as_json()})

    def record(self, asked: Asked) -> JSONResponse:
        said = self._read(read.read_request(asked.body, *self._about()))
        request, subscriber = secrets.token_hex(16), self._behind(said.address)
        if self.calls.carried_out_before(asked):
            return answered(Result(REPEATED, subscriber))
        result = self._carry_out(
            asked,
            subscriber,
            lambda now, cause: ExerciseRight(
                now, cause, said.right, request, said.received_at, asked.call
            ),
            note=said.note,
        )
        due = result.person.rights.get(request) if isinstance(result.outcome, Done) else None
        return answered(
            result, 201, f"request {request} is to be answered by {iso(due.due_at)}" if due else ""
        )

    def settle(self, asked: Asked) -> JSONResponse:
        said = self._read(read.read_answer(asked.body, *self._about()))
        if self.calls.carried_out_before(asked):
            return answered(Result(REPEATED))
        subscriber = next(
            (
                who
                for who, request, _right, _due in self.context.views.open_rights()
                if request == said.request
            ),
            None,
        )
        if subscriber is None:
            raise Problem(422, "there is no such request to be answered")

        def command(now: int, cause: Cause) -> AnyCommand:
            return (
                ExtendRight(now, cause, said.request)
                if said.how == "extended"
                else AnswerRight(now, cause, said.request, said.how)
            )

        return answered(self._carry_out(asked, subscriber, command, note=said.note), 200, said.how)

    def standing(self, asked: Asked) -> JSONResponse:
        """Open requests name nobody: opaque ids, deadlines."""
        if asked.body != {}:
            raise bad_body(("the body is an empty JSON object",))
        now = self.context.clock.now()
        found = self.context.views.open_rights()
        return JSONResponse(
            [
                {
                    "request": r,
                    "subscriber": s,
                    "right": right,
                    "due_at": iso(due),
                    "late": due < now,
                }
                for s, r, right, due in found
            ]
        )

    def _about(self) -> tuple[Plan, int]:
        return self.context.installation_stream.current().plan(), self.context.clock.now()

    def _read(self, said: T | Mistakes) -> T:
        if isinstance(said, Mistakes):
            raise unreadable(said)
        return said

    def _behind(self, address: str) -> str:
        subscriber = self.context.vault.find(address) or self.context.vault.formerly(address)
        if subscriber is None:
            raise Problem(422, in_english(UNKNOWN))
        return subscriber

    def _carry_out(self, asked: Asked, subscriber: str, command: Made, **said: object) -> Result:
        cause, pieces = self.calls.cause(
            asked, {name: value for name, value in said.items() if value}
        )
        now = self.context.clock.now()
        return self.calls.execute(
            CommandRequest(
                command(now, cause),
                stream=subscriber,
                vault_write=VaultWrite("", now, evidence=pieces),
            )
        )
