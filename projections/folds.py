"""People as the agenda's view keeps them, packed, one row each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.ledger.codec import NOT_PACKED, unpacker
from engine.subscriber.person import Person

log = logging.getLogger("relance.follow")
unpack_person = unpacker(Person)


def read_folds(rows: Sequence[tuple[object, ...]]) -> tuple[dict[str, Person], list[str]]:
    """People as their rows have them, and the ids whose row cannot be read: their next event writes
    the row anew from the ledger. People in the same state share one object, so they are unpacked,
    and often decided about, once.
    """
    folds, unreadable, known = {}, [], dict[object, Person]()
    for who, state in rows:
        subscriber = str(who)
        try:
            folds[subscriber] = known.get(state) or known.setdefault(state, unpack_person(state))
        except NOT_PACKED:
            log.warning(
                "a fold cannot be read: this person is read from the ledger",
                extra={"subscriber": subscriber},
            )
            unreadable.append(subscriber)
    return folds, unreadable
