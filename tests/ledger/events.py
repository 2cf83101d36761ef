"""Arbitrary events of every class, with arbitrary values in every field."""

from __future__ import annotations

import typing
import unicodedata
from dataclasses import fields
from functools import cache
from types import ModuleType

from hypothesis import strategies as st

from engine.installation import events as installation_events
from engine.ledger.codec import CALENDAR, MAX_INTEGER
from engine.ledger.names import NAMES, AnyEvent
from engine.subscriber import events as person_events
from engine.subscriber.events import Cause

MODULES: tuple[ModuleType, ...] = (person_events, installation_events)
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
DELAYS = st.integers(0, 10**12)
"""From when something was so until it was recorded (ms)."""
TIMES = st.integers(CALENDAR[0], CALENDAR[-1] - 10**12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)


def values(kind: object) -> st.SearchStrategy[object]:
    """Whatever a field of this type may hold."""
    if kind is bool:
        return st.booleans()
    if kind is int:
        return INTEGERS
    if kind is str:
        return TEXTS
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is not tuple:
        raise TypeError(f"no field may hold {kind!r}")
    if inner[1:] == (...,):
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    return st.tuples(*(values(each) for each in inner))


@cache
def kinds_of(kind: type) -> dict[str, object]:
    names = {name: value for module in MODULES for name, value in vars(module).items()}
    hints = typing.get_type_hints(kind, names)
    return {field.name: hints[field.name] for field in fields(kind)}


def instances(kind: type) -> st.SearchStrategy[typing.Any]:
    fields_of = {name: values(hint) for name, hint in kinds_of(kind).items()}
    return st.builds(kind, **(fields_of | ({"at": TIMES} if "at" in fields_of else {})))


CAUSES: st.SearchStrategy[Cause] = instances(Cause)
EVENTS: st.SearchStrategy[AnyEvent] = st.sampled_from(sorted(NAMES)).flatmap(
    lambda name: instances(NAMES[name])
)
