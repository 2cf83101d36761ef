"""Whoever reads addresses and fields through the API leaves a fact (G19), once in twelve hours for
each key: of one person on that person's stream; of a whole list in the installation's, before the
first page of it is answered. What names nobody is read without.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from engine.api.api_call import Api, ApiCall
from engine.api.problems import too_busy
from engine.audience.people_export import record_export
from engine.commands.command_handler import CommandRequest
from engine.commands.operators import CauseAndEvidence
from engine.subscriber.commands import NoteReading
from engine.subscriber.events import Cause
from engine.subscriber.person import Person
from engine.vault.evidence import kept
from engine.vault.vault import VaultWrite

LASTS_SECONDS = 12 * 3600


def note_person(api: Api, call: ApiCall, subscriber: str, person: Person) -> Person:
    """The person, once it is recorded that they are read. Raises Problem (503) where it cannot
    be.
    """
    key = f"{call.key.id}\0{subscriber}"
    if not api.stores.reading_notes.note_once("read", key, LASTS_SECONDS):
        return person
    cause, pieces = api.cause(call, {"what": "person"})
    now = api.stores.clock.now()
    with _forgotten_on_failure(api, key):
        result = api.stores.command_handler.execute_one(
            CommandRequest(
                NoteReading(now, cause),
                stream=subscriber,
                vault_write=VaultWrite(subscriber, now, evidence=pieces),
                only_known=True,
            )
        )
        if result.conflict:
            raise too_busy("that this is read could not be recorded: send the call again")
    return result.person


def note_list(
    api: Api, call: ApiCall, particulars: Mapping[str, object], count: Callable[[], int]
) -> None:
    """`particulars` say which list it is, `count` how many are on it."""
    key = "\0".join((call.key.id, *particulars, *map(str, particulars.values())))
    if not api.stores.reading_notes.note_once("read", key, LASTS_SECONDS):
        return
    with _forgotten_on_failure(api, key):
        record_export(api.stores, particulars, count(), partial(_cause, call))


def _cause(call: ApiCall, particulars: Mapping[str, object]) -> CauseAndEvidence:
    act = secrets.token_hex(16)
    by = {"key": call.key.id, "name": call.key.name}
    (piece,) = kept({"method": "api", "by": by, "call": act, **particulars})
    return Cause("api", act, evidence=piece.commitment.hex()), piece


@contextmanager
def _forgotten_on_failure(api: Api, key: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        api.stores.reading_notes.use("read", key)
        raise
