"""Whoever reads what is known of a person by name leaves a fact on that person's stream: once for
each session and person (G19). Every page that shows one person's name, address, fields or story
asks here first.
"""

from __future__ import annotations

from typing import Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.console.visit import Visit
from engine.desk.clock import Clock
from engine.desk.console import LONGEST_SECONDS, ConsoleDesk
from engine.subscriber.commands import NoteReading
from engine.vault.vault import VaultWrite


class ReadingStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def console_desk(self) -> ConsoleDesk: ...


def note_reading(stores: ReadingStores, visit: Visit, subscriber: str) -> bool:
    """True once it is recorded that this session reads the person, or where nobody is left to read;
    False where it could not be recorded: then nothing is shown.
    """
    key = f"{visit.session}\0{subscriber}"
    if not stores.console_desk.note_once("read", key, LONGEST_SECONDS):
        return True
    now, (cause, kept) = stores.clock.now(), visit.cause(page=visit.url)
    result = stores.command_handler.execute_one(
        CommandRequest(
            NoteReading(now, cause),
            stream=subscriber,
            vault_write=VaultWrite(subscriber, now, evidence=(kept,)),
            only_known=True,
        )
    )
    if result.conflict:
        stores.console_desk.use("read", key)
    return not result.conflict
