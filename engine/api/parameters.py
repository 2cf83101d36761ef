"""Parameters of a call, in its path or its query: declared once, described from the declaration and
read by it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, assert_never

from engine.api.problems import Problem, bad_body

Schema = dict[str, object]
ParameterValue = str | int | tuple[str, ...]
MAX_PARAMETER_CHARACTERS = 500
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`pattern` (of the whole text) and `choices` bound a text, `minimum` and `maximum` an integer.
    `texts` is a text that may be given several times, `day` one as 2026-11-30. `default` is used
    where it is left out.
    """

    name: str
    about: str
    kind: Literal["text", "integer", "texts", "day"] = "text"
    pattern: str = ""
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 2**53 - 1
    default: str | int | None = None
    required: bool = False
    example: str | int = ""

    @property
    def example_value(self) -> str | int:
        """Read without a mistake, unless a bare text has none that could be known."""
        if self.example != "":
            return self.example
        if self.choices:
            return self.choices[0]
        return (
            self.minimum
            if self.kind == "integer" and self.default is None
            else ("" if self.default is None else self.default)
        )

    def schema(self) -> Schema:
        text: Schema = {
            "type": "string",
            "maxLength": MAX_PARAMETER_CHARACTERS,
            "pattern": r"^[^\x00-\x1f\x7f]*$",
        }
        if self.choices:
            text = {"type": "string", "enum": list(self.choices)}
        elif self.pattern:
            text = {"type": "string", "pattern": f"^{self.pattern}$"}
        default: Schema = {} if self.default is None else {"default": self.default}
        match self.kind:
            case "text":
                return text | default
            case "day":
                return {"type": "string", "format": "date"}
            case "texts":
                return {"type": "array", "items": text, "maxItems": 50}
            case "integer":
                bounds: Schema = {"minimum": self.minimum, "maximum": self.maximum}
                return {"type": "integer", **bounds} | default
            case _:
                assert_never(self.kind)


LIMIT = Parameter(
    name="limit",
    about="How many at most in one answer.",
    kind="integer",
    minimum=1,
    maximum=200,
    default=50,
)
AFTER = Parameter(
    name="after",
    about="The `next` of the answer before: what follows it. Left out: from the beginning.",
    pattern=r"[A-Za-z0-9_-]{0,300}",
)


def read_parameters(
    declared: Sequence[Parameter], path: Mapping[str, str], query: Sequence[tuple[str, str]]
) -> dict[str, ParameterValue]:
    """Raises Problem: 404 where a parameter of the path cannot be one, 400 with every mistake of
    the query.
    """
    known = {parameter.name: parameter for parameter in declared}
    values: dict[str, ParameterValue] = {}
    mistakes: list[str] = []
    for name, text in path.items():
        value = _read(known[name], text)
        if value is None:
            raise Problem(404, "there is nothing of this name")
        values[name] = value
    sent: dict[str, list[str]] = {}
    for name, text in query:
        sent.setdefault(name, []).append(text)
    for name in list(sent)[:20]:
        if name not in known or name in path:
            names = ", ".join(other for other in known if other not in path) or "none"
            mistakes.append(f"{_short(name)}: is no parameter of this call; there are: {names}")
    for parameter in declared:
        if parameter.name in path:
            continue
        texts = sent.get(parameter.name, [])
        if not texts and parameter.default is not None:
            values[parameter.name] = parameter.default
        elif not texts and parameter.required:
            mistakes.append(f"{parameter.name}: is required")
        elif parameter.kind == "texts":
            read = [_read(parameter, text) for text in texts[:50]]
            if None in read or len(texts) > 50:
                mistakes.append(f"{parameter.name}: {_wanted(parameter)}")
            values[parameter.name] = tuple(text for text in read if isinstance(text, str))
        elif len(texts) > 1:
            mistakes.append(f"{parameter.name}: is said twice")
        elif texts:
            value = _read(parameter, texts[0])
            if value is None:
                mistakes.append(f"{parameter.name}: {_wanted(parameter)}")
            else:
                values[parameter.name] = value
    if mistakes:
        raise bad_body(tuple(mistakes))
    return values


def _read(parameter: Parameter, text: str) -> str | int | None:
    if parameter.kind == "integer":
        number = int(text) if _INTEGER.fullmatch(text) else None
        inside = number is not None and parameter.minimum <= number <= parameter.maximum
        return number if inside else None
    if parameter.kind == "day":
        return text if is_day(text) else None
    if parameter.choices:
        return text if text in parameter.choices else None
    if parameter.pattern:
        return text if re.fullmatch(parameter.pattern, text) else None
    return None if len(text) > MAX_PARAMETER_CHARACTERS or _CONTROL.search(text) else text


def _wanted(parameter: Parameter) -> str:
    if parameter.kind == "integer":
        return f"is a whole number from {parameter.minimum} to {parameter.maximum}"
    if parameter.kind == "day":
        return "is a day such as 2026-11-30"
    if parameter.choices:
        return f"is one of {', '.join(parameter.choices)}"
    if parameter.pattern and parameter.example:
        return f"is written like {parameter.example}"
    if parameter.pattern:
        return f"is written as {parameter.pattern}"
    return f"is a text of at most {MAX_PARAMETER_CHARACTERS} printable characters"


def is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text[:40].encode("utf-8", "replace").decode()
