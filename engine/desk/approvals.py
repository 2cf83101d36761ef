"""What a sender may have on the wire, written down before it is: the messages that it approved just
before MAIL and has no outcome of. Of a sender that is lost these are in doubt, and no others.

A sender approves in its *term*. Who finds it lost ends the term in the same step as it reads what
was approved: a sender that only slept is then refused whatever it claimed before, so that what
others have let go again cannot leave twice.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from engine.store.binary import uuids
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
SLOTS: Final = 32
"""Rows of one sender: groups of messages that are under way at a time."""


class Approvals:
    def __init__(self, database: Database, sender: str) -> None:
        self.database, self.sender = database, sender

    def term(self) -> int:
        """The sender's present term; its first one, or one after its rows were lost, begins."""
        with self.database.transaction() as connection:
            values = {"sender": self.sender, "slots": SLOTS}
            connection.execute(SQL["begin"], values)
            (term,) = connection.execute(SQL["term"], values).fetchone() or (0,)
        return int(term)

    def approve(self, term: int, slot: int, messages: Collection[str]) -> bool:
        """These, and of this slot no others, may be on the wire; False where the term is over."""
        values = {
            "sender": self.sender,
            "slot": slot,
            "term": term,
            "messages": uuids(messages),
        }
        with self.database.connection() as connection:
            return connection.execute(SQL["approve"], values).rowcount == 1

    def end_terms(self, senders: Collection[str]) -> dict[str, set[str]]:
        """What each of these had approved; one that is not in it wrote nothing down."""
        approved: dict[str, set[str]] = {}
        if not senders:
            return approved
        values = {"senders": sorted(senders)}
        with self.database.transaction() as connection:
            connection.execute(SQL["hold"], values)
            for sender, messages in connection.execute(SQL["end_terms"], values):
                approved.setdefault(sender, set()).update(message.hex for message in messages)
        return approved
