"""What a call of the API is answered with: the call itself, the stores behind it, and what every
handler shares: its cause and evidence, its execution, its answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi.responses import JSONResponse

from engine.api.parameters import ParameterValue
from engine.api.problems import Problem, refused, too_busy
from engine.api.stores import ApiStores
from engine.audience.segments import KeptCounts
from engine.commands.command_handler import UNKNOWN, CommandRequest, Result
from engine.commands.group_commit import CommandGroupCommit
from engine.commands.operators import CauseAndEvidence
from engine.desk.desk import ApiKey
from engine.i18n.in_words import in_english
from engine.sequence.model import Plan
from engine.subscriber.commands import AnyCommand
from engine.subscriber.consenting import REPEATED
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Outcome, Refused
from engine.vault.evidence import Evidence, kept
from engine.vault.vault import VaultWrite
from engine.web.enrolment import TryAgain, carried_out
from engine.web.limits import Limits

USED_KEY = "this Idempotency-Key was used for another call: every call needs a key of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One authenticated call: its JSON (None where its method has no body), its parameters, and
    who sends it.

    `key_hash` stands for the Idempotency-Key, `call_hash` for the call under it (method, path,
    body); both are keyed hashes, "" where no key was sent.
    """

    body: object
    key_hash: str
    call_hash: str
    key: ApiKey
    visitor: str
    user_agent: str
    if_match: str = ""
    """The header as it was sent, "" where none was."""
    query: Sequence[tuple[str, str]] = ()
    """As it was sent."""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Of the path and of the query, by name, as their declarations read them."""

    def text(self, name: str) -> str:
        """A parameter that is a text; "" where it was left out and has no default."""
        value = self.parameters.get(name, "")
        assert isinstance(value, str)
        return value

    def number(self, name: str) -> int:
        """A parameter that is an integer; 0 where it was left out and has no default."""
        value = self.parameters.get(name, 0)
        assert isinstance(value, int)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A parameter that may be given several times, in the order given."""
        value = self.parameters.get(name, ())
        assert isinstance(value, tuple)
        return value

    def require(self, etag: str) -> None:
        """Raises Problem (412) where `If-Match` names another version than `etag`, which stands in
        its quotation marks (RFC 9110, 13.1.1).
        """
        wanted = [tag.strip() for tag in self.if_match.split(",")]
        if self.if_match and "*" not in wanted and etag not in wanted:
            raise Problem(412, "it has changed since you read it: read it again, then decide")


class Api:
    """The stores, and how a call is executed. All methods raise Problem for what cannot be done."""

    def __init__(self, stores: ApiStores, group_commit: CommandGroupCommit) -> None:
        self.stores, self.group_commit = stores, group_commit
        self.limits = Limits(stores.desk, stores.pepper)
        self.segment_counts = KeptCounts(stores.views.segments.counts)

    def plan(self) -> Plan:
        return self.stores.installation_stream.current().plan()

    def was_executed(self, call: ApiCall, *, whatever_key: bool = False) -> bool:
        """Whether this very call was answered before under its key. Raises Problem where the key is
        another call's, unless `whatever_key`.
        """
        if not call.key_hash:
            return False
        owner, done = self.stores.desk.bind_call(call.key_hash, call.call_hash)
        if owner != call.call_hash and not whatever_key:
            raise Problem(409, USED_KEY)
        return done and owner == call.call_hash

    def repeated(self, address: str) -> JSONResponse:
        return response_of(Result(REPEATED, self.stores.vault.find(address) or ""))

    def cause(self, call: ApiCall, facts: dict[str, object]) -> tuple[Cause, tuple[Evidence, ...]]:
        """Of what is done to a person."""
        act = secrets.token_hex(16)
        visitor = {"ip": call.visitor, "user_agent": call.user_agent}
        pieces = kept(_who(call, act) | facts, visitor)
        return Cause("api", act, evidence=pieces[0].commitment.hex()), pieces

    def act(self, call: ApiCall, facts: dict[str, object]) -> CauseAndEvidence:
        """Of what is done to the installation: the key's name stands for who operates it."""
        act = secrets.token_hex(16)
        [piece] = kept({"operator": call.key.name} | _who(call, act) | facts)
        return Cause("api", act, evidence=piece.commitment.hex()), piece

    def execute_for_known(
        self, command: AnyCommand, address: str, now: int, evidence: tuple[Evidence, ...]
    ) -> Result:
        """Raises Problem (404) where nobody stands behind the address."""
        result = self.execute(
            CommandRequest(
                command,
                address=address,
                vault_write=VaultWrite("", now, evidence=evidence),
                only_known=True,
            )
        )
        if result.outcome == UNKNOWN:
            raise Problem(404, in_english(UNKNOWN))
        return result

    def execute(self, request: CommandRequest) -> Result:
        try:
            return carried_out(self.group_commit, request)
        except TryAgain as error:
            raise too_busy(str(error)) from error


def _who(call: ApiCall, act: str) -> dict[str, object]:
    return {"method": "api", "by": {"key": call.key.id, "name": call.key.name}, "call": act}


def response_of(result: Result, status: int = 200, done_text: str = "") -> JSONResponse:
    """The answer to a call whose request has ended. Raises Problem for a conflict and for a
    refusal (409).
    """
    outcome: Outcome = result.outcome
    if result.conflict:
        raise Problem(
            409,
            "too much is changing for this person at once: send the same call again",
            headers={"Retry-After": "1"},
        )
    if isinstance(outcome, Refused):
        raise refused(outcome)
    done = isinstance(outcome, Done)
    content: dict[str, object] = {
        "done": done,
        "said": done_text if isinstance(outcome, Done) else in_english(outcome),
        "subscriber": result.stream or None,
    }
    if outcome == REPEATED:
        content["already"] = True
    return JSONResponse(content, status if done else 200)


def shown(instant: int) -> str:
    """An instant (ms) as the API writes it: ISO 8601 in UTC, with milliseconds."""
    return (
        datetime.fromtimestamp(instant / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
