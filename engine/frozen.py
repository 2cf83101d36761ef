"""Frozen dataclasses that are declared in a quarter of the time, and made in half of it. Knows no
other room.

Declaring: Python writes and compiles six functions for each frozen dataclass. The program has some
hundreds, and half of what a verb took to start was spent so. `dataclass` here compiles one, and has
the others in common. To a type checker it is the standard library's own.

Making: a frozen dataclass fills its fields past its own `__setattr__`, one call each: of all that
is done with a person's facts, filling took the longest. Here fields are assigned while the object
belongs to a twin of the same slots that may be changed. It is handed out as what it is, and frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, cast

Kind = TypeVar("Kind")
TWIN_FROM = 4
"""Fields from which on changing an object's class twice is quicker than going past its class."""

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    def dataclass(kind=None, /, *, frozen=False, slots=False, kw_only=False, **others):
        """As the standard library's, and left to it for a class that is not frozen or of no slots,
        has an order, or a base that is none of these. (What is declared here is not called frozen
        in `__dataclass_params__`: its heirs could not be declared here.)
        """

        def declared(kind):
            if others or not (frozen and slots) or not _is_heir(kind):
                return dataclasses.dataclass(
                    kind, frozen=frozen, slots=slots, kw_only=kw_only, **others
                )
            # Python itself puts None for the hash of a class with an `__eq__` of its own.
            own = {name for name, held in kind.__dict__.items() if held is not None}
            # Where there is none the standard library makes one, of a signature that takes long.
            kind.__doc__ = kind.__doc__ or kind.__name__
            kind = dataclasses.dataclass(
                kind, init=False, repr=False, eq=False, slots=True, kw_only=kw_only
            )
            for name, method in _methods(kind):
                if name not in own:
                    setattr(kind, name, method)
            return _with_init(kind)

        return declared if kind is None else declared(kind)


def _is_heir(kind: type) -> bool:
    """Whether it has no bases but those that are declared here."""
    return all(
        base is object or base.__dict__.get("__setattr__") is _assign for base in kind.__bases__
    )


def _methods(kind: type) -> list[tuple[str, Callable[..., object]]]:
    """What the standard library writes for a frozen dataclass of slots, but for `__init__`."""
    every = fields(kind)
    shown = tuple(field.name for field in every if field.repr)
    names = tuple(field.name for field in every)
    compared = [field.name for field in every if field.compare]
    hashed = [
        field.name for field in every if (field.compare if field.hash is None else field.hash)
    ]

    def show(self: object) -> str:
        pairs = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({pairs})"

    def equals(self: object, other: object) -> object:
        same = f"{_values('self', compared)} == {_values('other', compared)}"
        answer = f"{same} if other.__class__ is self.__class__ else NotImplemented"
        return _written(kind, "__eq__", "self, other", answer)(self, other)

    def digest(self: object) -> object:
        return _written(kind, "__hash__", "self", f"hash({_values('self', hashed)})")(self)

    def state(self: object) -> list[object]:
        return [getattr(self, name) for name in names]

    def set_state(self: object, held: list[object]) -> None:
        for name, value in zip(names, held, strict=True):
            object.__setattr__(self, name, value)

    return [
        ("__repr__", show),
        ("__eq__", equals),
        ("__hash__", digest),
        ("__setattr__", _assign),
        ("__delattr__", _delete),
        ("__getstate__", state),
        ("__setstate__", set_state),
    ]


def _values(of: str, names: list[str]) -> str:
    return f"({''.join(f'{of}.{name}, ' for name in names)})"


def _written(kind: type, name: str, parameters: str, answer: str) -> Callable[..., object]:
    """A method that is compiled when it is first called, which most never are."""
    method = cast("Callable[..., object]", eval(f"lambda {parameters}: {answer}"))
    method.__name__, method.__qualname__ = name, f"{kind.__qualname__}.{name}"
    setattr(kind, name, method)
    return method


def _assign(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def made_fast(kind: type[Kind]) -> type[Kind]:
    """Gives a frozen dataclass of slots an `__init__` that is quicker. Raises TypeError for a class
    that has more to its making than its fields.
    """
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} has more to its making than its fields")
    return kind if kind.__dict__.get("__setattr__") is _assign else _with_init(kind)


def _with_init(kind: type[Kind]) -> type[Kind]:
    known = fields(kind)  # type: ignore[arg-type]
    # Those by keyword stand behind all others.
    known = (*(f for f in known if not f.kw_only), *(f for f in known if f.kw_only))
    names: dict[str, object] = {
        "__kind__": kind,
        "__change__": object.__setattr__,
        "__unset__": MISSING,
    }
    parameters, lines, annotations = ["self"], [], {}
    with_twin = len(known) >= TWIN_FROM
    if with_twin:
        twin = {
            "__slots__": kind.__dict__["__slots__"],
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
        }
        names["__twin__"] = type(kind.__name__, kind.__bases__, twin)
        lines.append("__change__(self, '__class__', __twin__)")
    for field in known:
        value = _parameter(field, parameters, names)
        if field.init:
            annotations[field.name] = field.type
        if value:
            lines.append(
                f"self.{field.name} = {value}"
                if with_twin
                else f"__change__(self, {field.name!r}, {value})"
            )
    if with_twin:
        lines.append("self.__class__ = __kind__")
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), names)
    init = cast(FunctionType, names["__init__"])
    init.__qualname__ = f"{kind.__qualname__}.__init__"
    init.__module__ = kind.__module__
    init.__annotations__ = annotations | {"return": None}
    kind.__init__ = init  # type: ignore[method-assign]
    return kind


def _parameter(field: Field[object], parameters: list[str], names: dict[str, object]) -> str:
    """Adds the parameter of a field to those there are; what the field is set to, "" for what is
    set later.
    """
    parameter, value = field.name, field.name
    if field.default is not MISSING:
        names[f"_default_{field.name}"] = field.default
        parameter += f"=_default_{field.name}"
        value = field.name if field.init else f"_default_{field.name}"
    elif field.default_factory is not MISSING:
        names[f"_default_{field.name}"] = field.default_factory
        parameter += "=__unset__"
        made = f"_default_{field.name}()"
        value = f"{made} if {field.name} is __unset__ else {field.name}" if field.init else made
    elif not field.init:
        value = ""
    if field.init:
        if field.kw_only and "*" not in parameters:
            parameters.append("*")
        parameters.append(parameter)
    return value


def frozen_as(kind: type[Kind], draft: object) -> Kind:
    """`draft` itself, which becomes a `kind` and may be changed no more. Its class has the same
    slots. Raises TypeError where it has others.
    """
    draft.__class__ = kind
    return cast(Kind, draft)
