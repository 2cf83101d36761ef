"""The API as OpenAPI describes it, from the same lines its readers refuse by."""

from __future__ import annotations

from collections.abc import Sequence

from engine.intake.calls import Member

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
    400: "The body is wrong; every mistake is listed.",
    401: "No key, or one that opens nothing, or no longer: the sentence says when it expired.",
    403: "The key may not do this.",
    409: "Others were quicker every time: send the same call again.",
    413: "The body is larger than 64 kB.",
    415: "The body is not application/json.",
    422: (
        "A rule forbids it, or the Idempotency-Key was used for another call; the sentence says"
        " which."
    ),
    429: "More than 600 calls a minute, see Retry-After.",
    503: "Too busy, see Retry-After.",
}


def operation(
    members: Sequence[Member],
    scope: str,
    answer: Schema,
    statuses: tuple[int, ...],
    *,
    writes: bool = True,
    whatever_key: bool = False,
) -> Schema:
    """What FastAPI merges into an operation: body, header, answers. `whatever_key`: a used key does
    not hinder it.
    """
    problem = {"application/problem+json": {"schema": PROBLEM}}
    good = {"description": "Answered.", "content": {"application/json": {"schema": answer}}}
    answers: Schema = {str(status): good for status in statuses}
    header = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": ONCE + (UNHINDERED if whatever_key else ""),
    }
    return {
        "security": [{"key": [scope]}],
        "parameters": [header] if writes else [],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema(members)}},
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
