"""What a row of the agenda is about. Events, rows and folds hold the encoded form, which never
changes: "list:12", "ask:conseils", "broadcast:enfants/2026-12-01", "flight:<message>",
"right:<request>", "withheld:list:12/welcome". In Python only this module writes and reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

from engine.sequence.model import Broadcast, Plan


@dataclass(frozen=True, slots=True)
class ListKey:
    """A membership: its next letter, or the list's ending."""

    list: int


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A double opt-in under way for `purpose`; "*": somebody long silent is asked whether to go
    on.
    """

    purpose: str


@dataclass(frozen=True, slots=True)
class BroadcastKey:
    """One mailing: `occurrence` is its local date; "" names all of them together."""

    broadcast: str
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class FlightKey:
    """A letter begun whose own row is gone: its outcome is still looked for."""

    message: str


@dataclass(frozen=True, slots=True)
class RightKey:
    """A right that was asked for and has to be answered."""

    request: str


Matter = ListKey | RequestKey | BroadcastKey
"""What letters belong to."""


@dataclass(frozen=True, slots=True)
class WithheldKey:
    """A letter that somebody has to mend, beside the matter it belongs to."""

    matter: Matter
    letter: str


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """What no version up to this one has written."""

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
    """The key whose encoded form is `text`: every claim and every outcome asks, mostly for the same
    few.
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
    """The encoded ListKey: told for every membership at each of its facts."""
    return encode(ListKey(number))


@lru_cache(maxsize=256)
def request_key(purpose: str) -> str:
    """The encoded RequestKey."""
    return encode(RequestKey(purpose))


def matter_of(key: str) -> str:
    """The matter a withheld letter belongs to; of any other key, itself."""
    decoded = decode(key)
    return encode(decoded.matter) if isinstance(decoded, WithheldKey) else key


def every_occurrence(key: str) -> str:
    """The encoded key without the occurrence of a broadcast."""
    decoded = decode(key)
    return encode(BroadcastKey(decoded.broadcast)) if isinstance(decoded, BroadcastKey) else key


def withheld_of(matter: str) -> str:
    """What the encoded keys of a matter's withheld letters have in common, up to the letter."""
    return f"withheld:{matter}"


def request_of(key: str) -> str:
    """The request of a right's key, "" for any other."""
    decoded = decode(key)
    return decoded.request if isinstance(decoded, RightKey) else ""


def broadcast_at(plan: Plan, key: str) -> Broadcast | None:
    """The broadcast that a key names, where it is one's and `plan` has it."""
    decoded = decode(key)
    return plan.broadcasts.get(decoded.broadcast) if isinstance(decoded, BroadcastKey) else None
