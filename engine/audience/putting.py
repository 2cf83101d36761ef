"""Putting people into a segment without conditions, and taking them out: many at once, as often as
one likes. Who is there already is counted and left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.commands.command_handler import CommandRequest, Result
from engine.subscriber.commands import PutIntoSegment, TakeOutOfSegment
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Refusal, Refused, Unchanged
from engine.vault.evidence import Evidence
from engine.vault.vault import VaultWrite

Direction = Literal["put", "take"]
Execute = Callable[[Sequence[CommandRequest]], Sequence[Result]]


@dataclass
class PutTally:
    """`already`: nothing to do. `nobody`: nobody is known there. `busy`: other facts were quicker
    each time.
    """

    changed: int = 0
    already: int = 0
    nobody: int = 0
    busy: int = 0


@dataclass
class Putting:
    """`cause` makes the cause of one person's event, and what the vault keeps of it."""

    execute: Execute
    segment: str
    direction: Direction
    now: int
    cause: Callable[[], tuple[Cause, Evidence]]
    tally: PutTally

    def addresses(self, addresses: Iterable[str]) -> None:
        """Normalised."""
        self._carry_out([self._request(address=address) for address in addresses])

    def people(self, subscribers: Iterable[str]) -> None:
        self._carry_out([self._request(stream=subscriber) for subscriber in subscribers])

    def _request(self, *, stream: str = "", address: str = "") -> CommandRequest:
        cause, kept = self.cause()
        command = PutIntoSegment if self.direction == "put" else TakeOutOfSegment
        return CommandRequest(
            command(self.now, cause, self.segment),
            stream=stream,
            address=address,
            vault_write=VaultWrite(stream, self.now, evidence=(kept,)),
            only_known=True,
        )

    def _carry_out(self, requests: Sequence[CommandRequest]) -> None:
        for result in self.execute(requests) if requests else ():
            self._count(result)

    def _count(self, result: Result) -> None:
        tally, outcome = self.tally, result.outcome
        if result.conflict:
            tally.busy += 1
        elif isinstance(outcome, Done):
            tally.changed += 1
        elif isinstance(outcome, Refused):
            # The segment was looked at before, so that it is the person who is not there.
            assert outcome.code == Refusal.PERSON_UNKNOWN, outcome.code
            tally.nobody += 1
        elif outcome.code == Unchanged.PERSON_UNKNOWN:
            tally.nobody += 1
        else:
            tally.already += 1
