"""The JSON Schema of a body: what its reader takes, from the members that the reader refuses by.

Readers are not strict about JSON (engine/intake/body_reader.py). What they also take for a value,
such as a number where a text belongs, stands beside it under `x-also-read`: the document says what
is so, and clients made from it are asked for the value itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from engine.api.operation import FIELD_VALUE, Operation
from engine.api.parameters import Schema
from engine.intake.body_reader import (
    MAX_TEXT_CHARACTERS,
    MAX_WORDS_CHARACTERS,
    YES_NO,
    Member,
)

ALSO_READ = "x-also-read"
WHOLE_NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
NO_ENCODED_WORD = r"^(?!.*=\?)"
PLAIN = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]*$"
"""No control character but a line feed, and no other break of a line."""
WORDS = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]*$"
"""The same, and tabs."""
AMOUNT = r"^[0-9]{1,8}([.,][0-9]{2})?$"
LISTED: Schema = {
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": 2**53 - 1},
        {"type": "string", "minLength": 1},
    ]
}


def body_schema(operation: Operation) -> Schema:
    members = operation.members
    whole: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": [member.name for member in members if member.required],
        "properties": {
            member.name: _member(member) | {"description": member.about} for member in members
        },
    }
    alone = [{"required": [name]} for name in operation.exactly_one]
    return whole | ({"oneOf": alone} if alone else {})


def _member(member: Member) -> Schema:
    """An optional member is left out by null and by "" too."""
    left_out: list[object] = [] if member.required else [None, ""]
    match member.kind:
        case "address":
            email: Schema = {"type": "string", "format": "email", "maxLength": 254}
            return _also(email | {"pattern": NO_ENCODED_WORD}, left_out)
        case "list":
            return _also(LISTED, left_out)
        case "fields":
            values: Schema = {"anyOf": [FIELD_VALUE, {"type": "null", ALSO_READ: True}]}
            fields: Schema = {"type": "object", "additionalProperties": values}
            if member.required:
                return fields | {"minProperties": 1}
            return _also(fields, [*left_out, []])
        case "number":
            digits: Schema = {"type": "string", "pattern": r"^\s*[0-9]{1,15}\s*$"}
            return _also(WHOLE_NUMBER, left_out, digits)
        case "words":
            return _also(_text(member, MAX_WORDS_CHARACTERS, WORDS), left_out)
        case "texts":
            texts: Schema = {"type": "array", "items": {"type": "string"}}
            return _also(texts | ({"minItems": 1} if member.required else {}), left_out)
        case "amount":
            amount: Schema = {"type": "string", "pattern": AMOUNT, "examples": ["12.50"]}
            return _also(amount, left_out)
        case "moment":
            examples = ["2025-12-01", "2025-12-01T09:00:00+01:00"]
            return _also(_text(member) | {"examples": examples}, left_out, _NUMBER)
        case "zone" | "language":
            return _also(_text(member), left_out)
        case "text" if member.choices:
            said = [True, False] if member.choices == YES_NO else []
            return _also({"type": "string", "enum": list(member.choices)}, [*left_out, *said])
        case "text":
            return _also(_text(member), left_out, _NUMBER, _BOOLEAN)
        case _:
            assert_never(member.kind)


_NUMBER: Schema = {"type": "number"}
_BOOLEAN: Schema = {"type": "boolean"}


def _text(member: Member, longest: int = MAX_TEXT_CHARACTERS, pattern: str = PLAIN) -> Schema:
    shortest = int(member.required)
    return {"type": "string", "minLength": shortest, "maxLength": longest, "pattern": pattern}


def _also(schema: Schema, values: Sequence[object], *others: Schema) -> Schema:
    """The schema, and what else is read: some `values`, and whatever fits `others`."""
    beside: list[Schema] = [{"enum": list(values)}] if values else []
    also = [{**other, ALSO_READ: True} for other in (*beside, *others)]
    return {"anyOf": [schema, *also]} if also else dict(schema)
