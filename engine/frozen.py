"""Frozen dataclasses that are made in half of the time and less. Knows no other room.

A frozen dataclass fills its fields past its own `__setattr__`, one call each: of all that is done
with a person's facts, filling took the longest. Here fields are assigned while the object belongs
to a twin of the same slots that may be changed. It is handed out as what it is, and frozen.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from types import FunctionType
from typing import TypeVar, cast

Kind = TypeVar("Kind")


def made_fast(kind: type[Kind]) -> type[Kind]:
    """Above `@dataclass(frozen=True, slots=True)` of what is made for every fact. Worth it from
    four fields on. Raises TypeError for a class that has more to its making than its fields.
    """
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} has more to its making than its fields")
    known = fields(kind)  # type: ignore[arg-type]
    twin = {
        "__slots__": kind.__dict__["__slots__"],
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    names: dict[str, object] = {
        "_kind": kind,
        "_twin": type(kind.__name__, kind.__bases__, twin),
        "_change": object.__setattr__,
        "_unset": MISSING,
    }
    parameters, lines = ["self"], ["_change(self, '__class__', _twin)"]
    for field in known:
        parameter, value = field.name, field.name
        if field.default is not MISSING:
            names[f"_{field.name}"] = field.default
            parameter += f"=_{field.name}"
        elif field.default_factory is not MISSING:
            names[f"_{field.name}"] = field.default_factory
            parameter += "=_unset"
            value = f"_{field.name}() if {field.name} is _unset else {field.name}"
        parameters.append(parameter)
        lines.append(f"self.{field.name} = {value}")
    lines.append("self.__class__ = _kind")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), names)
    init = cast(FunctionType, names["__init__"])
    init.__qualname__ = f"{kind.__qualname__}.__init__"
    init.__annotations__ = kind.__init__.__annotations__
    kind.__init__ = init  # type: ignore[method-assign]
    return kind


def frozen_as(kind: type[Kind], draft: object) -> Kind:
    """`draft` itself, which becomes a `kind` and may be changed no more. Its class has the same
    slots. Raises TypeError where it has others.
    """
    draft.__class__ = kind
    return cast(Kind, draft)
