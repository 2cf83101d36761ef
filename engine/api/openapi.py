"""The API as OpenAPI describes it, from the same lines its readers refuse by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.intake import rights_calls as rights
from engine.intake.calls import LOOKUP, SEGMENT, SUBSCRIPTION, TRANSFER, UNSUBSCRIPTION, Member
from engine.intake.orders import ORDER, REFUND
from engine.intake.preferences import PREFERENCES
from engine.words import N_

Schema = dict[str, object]

ONCE = (
    "Your name for this call (method, path, body): sent again within 30 days it changes nothing;"
    " another call under the same key is refused (422)."
)
UNHINDERED = (
    " What protects a person is carried out all the same, whatever call the key was used for"
    " before."
)
LISTED: Schema = {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
SCHEMES: Schema = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key made by `relance api-key create`.",
    }
}
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "mistakes": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Every mistake in the body, where there are some.",
        },
    },
}
ANSWER: Schema = {
    "type": "object",
    "properties": {
        "done": {"type": "boolean", "description": "Whether this call changed anything."},
        "already": {
            "type": "boolean",
            "examples": [False],
            "description": (
                "True when this very call was carried out before under its Idempotency-Key."
            ),
        },
        "said": {"type": "string"},
        "subscriber": {"type": ["string", "null"], "description": "The person's random id."},
    },
}
KNOWN: Schema = {
    "type": "object",
    "properties": {
        "known": {"type": "boolean"},
        "subscriber": {"type": ["string", "null"]},
        "memberships": {
            "type": "array",
            "items": {"type": "object"},
            "description": "list, name, since, run.",
        },
        "purposes": {
            "type": "array",
            "items": {"type": "object"},
            "description": "id, status (live, withdrawn, requested), basis, since.",
        },
        "preferences": {
            "type": ["object", "null"],
            "description": (
                "themes, contents (none chosen: all of them), frequency, paused_until (the end of"
                " the latest pause)."
            ),
        },
        "measured_since": {
            "type": ["string", "null"],
            "description": "When they agreed to be measured; null where they do not.",
        },
        "suppressed": {
            "type": ["string", "null"],
            "description": "Why this address is never written to.",
        },
    },
}
DOSSIER: Schema = {
    "type": "object",
    "description": (
        "Person, purposes, lists, letters, sources, recipients, notices, evidence, events."
    ),
}
RECEIPT: Schema = {
    "type": "object",
    "properties": {
        "done": {"type": "boolean"},
        "said": {"type": "string"},
        "receipt": {
            "type": "object",
            "properties": {
                "subscriber": {
                    "type": "string",
                    "description": "The opaque id, good to be quoted by.",
                },
                "at": {"type": "string"},
                "position": {"type": "integer", "description": "Of the fact in the ledger."},
                "deleted": {"type": "object", "additionalProperties": {"type": "integer"}},
                "kept": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
OPEN: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "request": {"type": "string"},
            "subscriber": {"type": "string"},
            "right": {"type": "string"},
            "due_at": {"type": "string"},
            "late": {"type": "boolean"},
        },
    },
}
REFUSALS = {
    400: N_("The body is wrong; every mistake is listed."),
    401: N_("No key, or one that opens nothing, or no longer: the sentence says when it expired."),
    403: N_("The key may not do this."),
    409: N_("Others were quicker every time: send the same call again."),
    413: N_("The body is larger than 64 kB."),
    415: N_("The body is not application/json."),
    422: N_(
        "A rule forbids it, or the Idempotency-Key was used for another call; the sentence says"
        " which."
    ),
    429: N_("More than 600 calls a minute, see Retry-After."),
    503: N_("Too busy, see Retry-After."),
}


class Described(NamedTuple):
    """A call: its path below /api/v1/, the scope of the key it wants, what it reads and answers.
    `whatever_key`: a used Idempotency-Key does not hinder it.
    """

    path: str
    scope: str
    members: tuple[Member, ...]
    answer: Schema
    about: str
    status: int = 200
    writes: bool = True
    whatever_key: bool = False

    @property
    def operation_id(self) -> str:
        return self.path.replace("/", "_")


CALLS = (
    Described(
        "subscriptions",
        "subscribe",
        SUBSCRIPTION,
        ANSWER,
        N_(
            "Put a person on a list on a ground you declare, or ask them by mail whether they want"
            " to be there."
        ),
        201,
    ),
    Described(
        "transfers", "transfer", TRANSFER, ANSWER, N_("Move a person from one list to another.")
    ),
    Described(
        "unsubscriptions",
        "unsubscribe",
        UNSUBSCRIPTION,
        ANSWER,
        N_("Withdraw a person from a purpose, or from everything."),
        whatever_key=True,
    ),
    Described("people/lookup", "read", LOOKUP, KNOWN, N_("Where a person stands."), writes=False),
    Described(
        "people/preferences",
        "preferences",
        PREFERENCES,
        ANSWER,
        N_("What somebody chooses to receive; a member left out stays as it is."),
    ),
    Described(
        "segments/put",
        "segments",
        SEGMENT,
        ANSWER,
        N_("Put somebody who is known into a segment without conditions."),
    ),
    Described(
        "segments/take",
        "segments",
        SEGMENT,
        ANSWER,
        N_("Take somebody out of a segment without conditions."),
    ),
    Described(
        "orders",
        "orders",
        ORDER,
        ANSWER,
        N_("Somebody who is known ordered something. An order is recorded once, whatever the key."),
        201,
    ),
    Described(
        "refunds",
        "orders",
        REFUND,
        ANSWER,
        N_(
            "An order was paid back, wholly or in part. Send a part under an Idempotency-Key:"
            " another call without one is another refund."
        ),
        201,
    ),
    Described(
        "people/export",
        "rights",
        rights.EXPORT,
        DOSSIER,
        N_("Everything held about a person; answers a right of access."),
    ),
    Described(
        "people/correct",
        "rights",
        rights.CORRECTION,
        ANSWER,
        N_("Correct what is wrong about a person."),
    ),
    Described(
        "people/restrict",
        "rights",
        rights.RESTRICTION,
        ANSWER,
        N_("Freeze a person: nothing is sent or deleted until it is lifted."),
        whatever_key=True,
    ),
    Described(
        "people/object",
        "rights",
        rights.OBJECTION,
        ANSWER,
        N_("A person objects to marketing: everything is withdrawn at once."),
        whatever_key=True,
    ),
    Described(
        "people/erase",
        "rights",
        rights.ERASURE,
        RECEIPT,
        N_("Forget a person; answers with a receipt of what remains and why."),
        whatever_key=True,
    ),
    Described(
        "requests",
        "rights",
        rights.REQUEST,
        ANSWER,
        N_("Record that a person asked for something that is answered later."),
        201,
    ),
    Described(
        "requests/answer",
        "rights",
        rights.ANSWER,
        ANSWER,
        N_("A request was answered, refused, or put off."),
    ),
    Described(
        "requests/open",
        "rights",
        (),
        OPEN,
        N_("The requests that wait for an answer, the most urgent first; they name nobody."),
        writes=False,
    ),
)


def operation(call: Described) -> Schema:
    """What FastAPI merges into an operation: body, header, answers."""
    problem = {"application/problem+json": {"schema": PROBLEM}}
    good = {"description": "Answered.", "content": {"application/json": {"schema": call.answer}}}
    answers: Schema = {str(status): good for status in sorted({200, call.status})}
    header = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": ONCE + (UNHINDERED if call.whatever_key else ""),
    }
    return {
        "security": [{"key": [call.scope]}],
        "parameters": [header] if call.writes else [],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema(call.members)}},
        },
        "responses": (
            answers
            | {
                str(status): {"description": meaning, "content": problem}
                for status, meaning in REFUSALS.items()
            }
        ),
    }


def schema(members: Sequence[Member]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [member.name for member in members if member.required],
        "properties": {member.name: _member(member) for member in members},
    }


def _member(member: Member) -> Schema:
    about: Schema = {"description": member.about}
    match member.kind:
        case "list":
            return LISTED | about
        case "fields":
            value: Schema = {
                "anyOf": [
                    {"type": ["string", "number", "boolean"]},
                    {"type": "array", "items": {"type": "string"}},
                ]
            }
            return {"type": "object", "additionalProperties": value} | about
        case "texts":
            return {"type": "array", "items": {"type": "string"}} | about
        case "amount":
            return {"type": "string", "examples": ["12.50"]} | about
        case "moment":
            return {
                "type": "string",
                "examples": ["2026-12-01", "2026-12-01T09:00:00+01:00"],
            } | about
        case "zone" | "language":
            return {"type": "string"} | about
        case "text":
            return (
                {"type": "string"}
                | ({"enum": list(member.choices)} if member.choices else {})
                | about
            )
