"""What an OpenAPI 3.1 document says of the calls of an API, read once for clients in any language.

A document that says what no client here can express is refused (Unsupported) instead of guessed at.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

METHODS = ("get", "put", "post", "delete", "patch")
ONCE = "Idempotency-Key"
ALSO_READ = "x-also-read"
"""Marks what a call also takes for a value: callers are asked for the value itself."""
MOST_VALUES_IN_PLACE = 12
NOT_SENT_BY_CALLERS = {"If-None-Match"}
"""A client that kept answers by ETag would keep people's data beside the installation."""

Json = Mapping[str, object]
ScalarKind = Literal["string", "integer", "number", "boolean", "null", "anything", "bytes"]


class Unsupported(Exception):
    """The sentence says where, and what no client can be written for."""


class Scalar(NamedTuple):
    kind: ScalarKind


class OneOfValues(NamedTuple):
    values: tuple[str | int | bool, ...]


class ArrayOf(NamedTuple):
    item: Type


class MapOf(NamedTuple):
    value: Type


class RecordNamed(NamedTuple):
    name: str


class ValuesNamed(NamedTuple):
    """One of values that are too many to be written wherever they may stand."""

    name: str


class AnyOf(NamedTuple):
    types: tuple[Type, ...]


Type = Scalar | OneOfValues | ValuesNamed | ArrayOf | MapOf | RecordNamed | AnyOf


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON object. `wire` is its name there."""

    wire: str
    type: Type
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    about: str
    members: tuple[Member, ...]


class Place(StrEnum):
    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What a caller gives. `name` is its name in Python, `wire` in HTTP."""

    wire: str
    place: Place
    type: Type
    required: bool
    about: str

    @property
    def name(self) -> str:
        return python_name(self.wire)

    @property
    def property(self) -> str:
        """Its name in TypeScript, where a name of JSON may stand as it is."""
        return camel(self.wire) if self.place is Place.HEADER else self.wire


class Paging(NamedTuple):
    """The member of a page that holds its items, and their type."""

    items: str
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `once`: it takes an Idempotency-Key. `sends_body`: its body is an object of the
    arguments that stand in it.
    """

    id: str
    method: str
    path: str
    about: str
    scopes: tuple[str, ...]
    arguments: tuple[Argument, ...]
    once: bool
    sends_body: bool
    answer: Type
    paging: Paging | None

    @property
    def name(self) -> str:
        return python_name(self.id)

    @property
    def method_name(self) -> str:
        return camel(self.id)

    @property
    def pascal(self) -> str:
        return pascal(self.id)

    @property
    def all_id(self) -> str:
        """The id of the method that follows the pages: `all_people` of `read_people`."""
        return f"all_{self.id.removeprefix('read_')}"

    @property
    def input(self) -> str:
        return f"{self.pascal}Input"

    @property
    def has_path_arguments(self) -> bool:
        return bool(self.placed(Place.PATH))

    def placed(self, place: str) -> list[Argument]:
        return [argument for argument in self.arguments if argument.place == place]


def python_name(wire: str) -> str:
    name = re.sub(r"\W", "_", wire.lower())
    return f"{name}_" if keyword.iskeyword(name) else name


def pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


def camel(name: str) -> str:
    words = pascal(name)
    return words[:1].lower() + words[1:]


class Description:
    """An OpenAPI document, read into `operations` and the `records` they give and take. Raises
    Unsupported.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self.records: dict[str, Record] = {}
        self.values: dict[str, OneOfValues] = {}
        self._schemas: dict[str, str] = {}
        """The name of each object schema by its canonical JSON."""
        self.version = _text(_object(document["info"]).get("version"))
        self.operations = tuple(self._operations())
        if clash := self.values.keys() & self.records:
            raise Unsupported(f"two things are called {', '.join(sorted(clash))}")
        if len({operation.name for operation in self.operations}) != len(self.operations):
            raise Unsupported("two operations have the same id")

    def _operations(self) -> Iterator[Operation]:
        for path, item in _object(self.document["paths"]).items():
            shared = _array(_object(item).get("parameters"))
            for method in METHODS:
                if method in _object(item):
                    yield self._operation(path, method, _object(_object(item)[method]), shared)

    def _operation(
        self, path: str, method: str, described: Json, shared: Sequence[object]
    ) -> Operation:
        id = _text(described["operationId"])
        parameters = [
            self._resolved(_object(parameter))
            for parameter in (*shared, *_array(described.get("parameters")))
        ]
        body = self._body(id, described)
        arguments = [
            *(
                self._argument(id, parameter)
                for parameter in parameters
                if parameter["name"] != ONCE and parameter["name"] not in NOT_SENT_BY_CALLERS
            ),
            *(body or ()),
        ]
        if len({argument.name for argument in arguments}) != len(arguments):
            raise Unsupported(f"{id}: two arguments have the same name")
        answer = self._answer(id, described)
        return Operation(
            id=id,
            method=method.upper(),
            path=path,
            about=_text(described.get("description") or described.get("summary")),
            scopes=tuple(
                str(scope)
                for requirement in _array(described.get("security"))
                for scopes in _object(requirement).values()
                for scope in _array(scopes)
            ),
            arguments=tuple(sorted(arguments, key=lambda argument: not argument.required)),
            once=any(parameter["name"] == ONCE for parameter in parameters),
            sends_body=body is not None,
            answer=answer,
            paging=self._paging(arguments, answer),
        )

    def _argument(self, id: str, parameter: Json) -> Argument:
        wire = _text(parameter["name"])
        return Argument(
            wire=wire,
            place=Place(_text(parameter["in"])),
            type=self.type_of(_object(parameter["schema"]), pascal(f"{id} {wire}")),
            required=parameter.get("required") is True,
            about=_text(parameter.get("description")),
        )

    def _body(self, id: str, described: Json) -> list[Argument] | None:
        if "requestBody" not in described:
            return None
        content = _object(self._resolved(_object(described["requestBody"]))["content"])
        if "application/json" not in content:
            raise Unsupported(f"{id}: its body is none of JSON")
        schema = self._resolved(_object(_object(content["application/json"])["schema"]))
        if schema.get("type") != "object" or "properties" not in schema:
            raise Unsupported(f"{id}: its body is no object of named members")
        return [
            Argument(
                wire=member.wire,
                place=Place.BODY,
                type=member.type,
                required=member.required,
                about=member.about,
            )
            for member in self._members(schema, pascal(id))
        ]

    def _answer(self, id: str, described: Json) -> Type:
        """What the answers of success say: their one type, or any of them."""
        types: list[Type] = []
        for status, response in _object(described["responses"]).items():
            if status.startswith("2"):
                content = _object(self._resolved(_object(response)).get("content", {}))
                for media, holds in content.items():
                    if media == "application/json":
                        schema = _object(_object(holds)["schema"])
                        types.append(self.type_of(schema, pascal(f"{id} answer")))
                    else:
                        types.append(Scalar("string" if media.startswith("text/") else "bytes"))
                if not content:
                    types.append(Scalar("null"))
        if not types:
            raise Unsupported(f"{id}: it describes no answer of success")
        return any_of(types)

    def _paging(self, arguments: Sequence[Argument], answer: Type) -> Paging | None:
        """A call is read page by page where it takes `after` and answers with `next` and one
        array.
        """
        if not isinstance(answer, RecordNamed) or "after" not in {a.wire for a in arguments}:
            return None
        members = self.records[answer.name].members
        arrays = [member for member in members if isinstance(member.type, ArrayOf)]
        if len(arrays) != 1 or "next" not in {member.wire for member in members}:
            return None
        assert isinstance(arrays[0].type, ArrayOf)
        return Paging(arrays[0].wire, arrays[0].type.item)

    def type_of(self, schema: Json, name: str) -> Type:
        """`name` is given to an object that has none of its own (`$ref`, `title`)."""
        if "$ref" in schema:
            name = _text(schema["$ref"]).rpartition("/")[2]
            schema = self._resolved(schema)
        if "enum" in schema:
            return self._values(_array(schema["enum"]), pascal(_text(schema.get("title"))) or name)
        if "const" in schema:
            return self._values([schema["const"]], name)
        for together in ("anyOf", "oneOf"):
            if together in schema:
                meant = [one for one in _array(schema[together]) if ALSO_READ not in _object(one)]
                return any_of(
                    self.type_of(_object(one), f"{name}{number or ''}")
                    for number, one in enumerate(meant)
                )
        if "allOf" in schema:
            only, *others = _array(schema["allOf"])
            if others:
                raise Unsupported(f"{name}: allOf joins several schemas")
            return self.type_of(_object(only), name)
        kind = schema.get("type")
        if isinstance(kind, list):
            return any_of(self.type_of({**schema, "type": one}, name) for one in kind)
        match kind:
            case "object":
                return self._object_type(schema, name)
            case "array":
                items = _object(schema.get("items", {}))
                return ArrayOf(self.type_of(items, name if "enum" in items else f"{name}Item"))
            case "string" | "integer" | "number" | "boolean" | "null":
                return Scalar(kind)
            case None:
                return Scalar("anything")
            case _:
                raise Unsupported(f"{name}: a type {kind!r}")

    def _values(self, values: Sequence[object], name: str) -> Type:
        known = OneOfValues(tuple(one for one in values if isinstance(one, str | int | bool)))
        null: tuple[Type, ...] = (Scalar("null"),) if None in values else ()
        if len(known.values) + len(null) != len(values):
            raise Unsupported(f"{name}: values that are no text, number or boolean: {values!r}")
        if len(known.values) <= MOST_VALUES_IN_PLACE:
            return any_of([*([known] if known.values else []), *null])
        named = next((other for other, those in self.values.items() if those == known), name)
        self.values[named] = known
        return any_of([ValuesNamed(named), *null])

    def _object_type(self, schema: Json, name: str) -> Type:
        if "properties" not in schema:
            value = schema.get("additionalProperties")
            return MapOf(
                self.type_of(value, f"{name}Value")
                if isinstance(value, Mapping)
                else Scalar("anything")
            )
        canonical = json.dumps({**schema, "type": "object"}, sort_keys=True)
        if canonical not in self._schemas:
            name = pascal(_text(schema.get("title"))) or name
            if name in self.records:
                raise Unsupported(f"two different objects are called {name}")
            self._schemas[canonical] = name
            self.records[name] = Record(name, "", ())  # it may hold others of its kind
            self.records[name] = Record(
                name, _text(schema.get("description")), tuple(self._members(schema, name))
            )
        return RecordNamed(self._schemas[canonical])

    def _members(self, schema: Json, name: str) -> Iterator[Member]:
        required = _array(schema.get("required"))
        for wire, described in _object(schema["properties"]).items():
            yield Member(
                wire,
                self.type_of(_object(described), name + pascal(wire)),
                wire in required,
                _text(_object(described).get("description")),
            )

    def _resolved(self, value: Json) -> Json:
        if "$ref" not in value:
            return value
        target: object = self.document
        for step in _text(value["$ref"]).removeprefix("#/").split("/"):
            target = _object(target)[step.replace("~1", "/").replace("~0", "~")]
        return self._resolved(_object(target))


def any_of(types: Iterator[Type] | Sequence[Type]) -> Type:
    """Each type once, in its order; null last, as it is read."""
    flat: dict[Type, None] = {}
    for one in types:
        flat |= dict.fromkeys(one.types if isinstance(one, AnyOf) else (one,))
    ordered = tuple(sorted(flat, key=lambda one: one == Scalar("null")))
    return ordered[0] if len(ordered) == 1 else AnyOf(ordered)


def _object(value: object) -> Json:
    if not isinstance(value, Mapping):
        raise Unsupported(f"an object was expected instead of {value!r}")
    return value


def _array(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
