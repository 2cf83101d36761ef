"""What a row of the agenda is about. Events, rows and folds hold the encoded form, which never
changes: "list:12", "ask:conseils", "broadcast:enfants/2026-12-01", "flight:<message>",
"right:<request>", "withheld:list:12/welcome". Only this module encodes and decodes it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

from engine.frozen import dataclass
from engine.sequence.model import Broadcast, Plan


@dataclass(frozen=True, slots=True)
class ListKey:
    """A membership: its next letter, or the list's ending."""

    list: int


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A double opt-in under way for `purpose`. "*": a person who has long been inactive is asked
    whether to go on.
    """

    purpose: str


@dataclass(frozen=True, slots=True)
class BroadcastKey:
    """One mailing: `occurrence` is its local date, "" for all its occurrences together."""

    broadcast: str
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class FlightKey:
    """A letter in flight whose own row is gone: its outcome is still awaited."""

    message: str


@dataclass(frozen=True, slots=True)
class RightKey:
    """A right that was exercised and has to be answered."""

    request: str


Matter = ListKey | RequestKey | BroadcastKey
"""The matters that a letter can belong to."""


@dataclass(frozen=True, slots=True)
class WithheldKey:
    """A withheld letter that somebody has to correct, and the matter it belongs to."""

    matter: Matter
    letter: str


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A key in a form that this version does not know."""

    text: str


AgendaKey = Matter | FlightKey | RightKey | WithheldKey | UnknownKey


def encode(key: AgendaKey) -> str:
    match key:
        case ListKey(number):
            return f"list:{number}"
        case RequestKey(purpose):
            return f"ask:{purpose}"
        case BroadcastKey(broadcast, ""):
            return f"broadcast:{broadcast}"
        case BroadcastKey(broadcast, occurrence):
            return f"broadcast:{broadcast}/{occurrence}"
        case FlightKey(message):
            return f"flight:{message}"
        case RightKey(request):
            return f"right:{request}"
        case WithheldKey(matter, letter):
            return f"{withheld_of(encode(matter))}/{letter}"
        case UnknownKey(text):
            return text
        case _:
            assert_never(key)


@lru_cache(maxsize=4096)
def decode(text: str) -> AgendaKey:
    """The key whose encoded form is `text`. Cached: every claim and every outcome decodes, mostly
    the same few keys.
    """
    kind, _, name = text.partition(":")
    key: AgendaKey = UnknownKey(text)
    match kind:
        case "list" if name.isdecimal():
            key = ListKey(int(name))
        case "ask":
            key = RequestKey(name)
        case "broadcast":
            broadcast, _, occurrence = name.partition("/")
            key = BroadcastKey(broadcast, occurrence)
        case "flight":
            key = FlightKey(name)
        case "right":
            key = RightKey(name)
        case "withheld":
            of, _, letter = name.rpartition("/")
            matter = decode(of)
            if isinstance(matter, ListKey | RequestKey | BroadcastKey):
                key = WithheldKey(matter, letter)
    return key if encode(key) == text else UnknownKey(text)


@lru_cache(maxsize=4096)
def list_key(number: int) -> str:
    """The encoded ListKey. Called for every membership at each of its events."""
    return encode(ListKey(number))


@lru_cache(maxsize=256)
def request_key(purpose: str) -> str:
    """The encoded RequestKey."""
    return encode(RequestKey(purpose))


def matter_of(key: str) -> str:
    """The encoded key of the matter a withheld letter belongs to; any other key is returned as it
    is.
    """
    decoded = decode(key)
    return encode(decoded.matter) if isinstance(decoded, WithheldKey) else key


def every_occurrence(key: str) -> str:
    """The encoded key without the occurrence of a broadcast."""
    decoded = decode(key)
    return encode(BroadcastKey(decoded.broadcast)) if isinstance(decoded, BroadcastKey) else key


def withheld_of(matter: str) -> str:
    """The common prefix of the encoded keys of a matter's withheld letters, up to the letter."""
    return f"withheld:{matter}"


def letter_ref(key: str, letter: str) -> str:
    """A letter's name in all of its mailings: "list:10/welcome", "broadcast:enfants/enfants"; by
    the encoded key of its matter and its id.
    """
    return f"{every_occurrence(key)}/{letter}"


def request_of(key: str) -> str:
    """The request of a right's key, "" for any other."""
    decoded = decode(key)
    return decoded.request if isinstance(decoded, RightKey) else ""


def broadcast_at(plan: Plan, key: str) -> Broadcast | None:
    """The broadcast of a broadcast's key, None for other keys and where `plan` no longer has it."""
    decoded = decode(key)
    return plan.broadcasts.get(decoded.broadcast) if isinstance(decoded, BroadcastKey) else None
