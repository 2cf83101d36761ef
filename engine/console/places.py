"""Where things of a plan stand in the console."""

from __future__ import annotations

from engine.sequence.model import Plan
from engine.subscriber.agenda_key import BroadcastKey, ListKey, decode


def dialogue_url(file: str) -> str:
    return f"/d/{file.removesuffix('.toml')}"


def list_url(plan: Plan, number: int) -> str:
    """The drawing, at a list; "" for a list that is not published."""
    listed = plan.lists.get(number)
    return f"{dialogue_url(listed.file)}#list-{number}" if listed is not None else ""


def letter_url(letter_ref: str) -> str:
    """The page of a letter by its letter_ref; "" for none, and for the engine's own letters."""
    key, _, letter = letter_ref.partition("/")
    if not letter:
        return ""
    match decode(key):
        case ListKey(number):
            return f"/l/{number}/{letter}"
        case BroadcastKey(name):
            return f"/b/{name}" if name == letter else f"/b/{name}/{letter}"
        case _:
            return ""
