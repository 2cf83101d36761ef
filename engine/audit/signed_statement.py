"""A statement in the installation's name, signed as a note (C2SP signed-note) by the key that signs
its checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.cli.attesting import refusing
from engine.context import AppContext


def vouched(context: AppContext, text: Callable[[str], str]) -> str:
    """The signed note over `text(origin)`, which ends with a newline. Raises Refusal where nothing
    may be signed (F07).
    """
    with refusing():
        origin, _vkey = context.tree.begin()
        return context.tree.sign(text(origin)).decode()
