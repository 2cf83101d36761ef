"""What the stop journal costs those who leave, and those who click beside them: the same batches
decided and written with the journal and without.

A batch is 32 requests of 32 people, as a moment of clicks is; in one row one of them withdraws (in
a hundred clicks, three), in the other all do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from unittest.mock import patch

from bench.installation import Installation, installed
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.commands.command_handler import CommandRequest
from engine.subscriber.commands import AnyCommand, ChangeProfile, Subscribe, WithdrawEverything
from engine.subscriber.events import Cause
from engine.vault.stop_journal import StopJournal
from engine.vault.vault import VaultWrite

GOAL = 0.9
TOGETHER = 32
CLICK = Cause("click")


def measure(size: Size) -> list[Row]:
    rounds, batches = size.pick((3, 20), (5, 150), (5, 400))
    rows, numbers = [], count()
    with installed() as here:
        for name, leaving in (("click, one of 32 leaves", 1), ("all of 32 leave", TOGETHER)):
            found = []
            for each in range(rounds):
                # In turn, so that neither always comes first.
                rates = {
                    noted: _noted(here, numbers, batches, leaving, noted)
                    for noted in ((True, False) if each % 2 else (False, True))
                }
                found.append((rates[True], rates[False]))
            rows.append(
                against(
                    f"{name}, with the stop journal",
                    "requests/s",
                    GOAL if leaving == 1 else None,
                    found,
                )
            )
    return rows


def _noted(
    here: Installation, numbers: Iterator[int], batches: int, leaving: int, noted: bool
) -> float:
    streams = _people(here, numbers, batches * TOGETHER)
    if noted:
        return _rate(here, streams, leaving)
    with patch.object(StopJournal, "tell", lambda self, stops: None):
        return _rate(here, streams, leaving)


def _people(here: Installation, numbers: Iterator[int], wanted: int) -> list[str]:
    now = here.context.clock.now()
    addresses = [f"leaving-{next(numbers)}@potager.example" for _ in range(wanted)]
    requests = [
        CommandRequest(
            Subscribe(now, CLICK, 1, "consent", "single"),
            address=address,
            vault_write=VaultWrite("", now),
        )
        for address in addresses
    ]
    return [result.stream for result in here.context.command_handler.execute(requests)]


def _rate(here: Installation, streams: Sequence[str], leaving: int) -> float:
    now = here.context.clock.now()
    with Watch() as watch:
        for start in range(0, len(streams), TOGETHER):
            requests = [
                CommandRequest(_command(now, n < leaving), stream=stream)
                for n, stream in enumerate(streams[start : start + TOGETHER])
            ]
            here.context.command_handler.execute(requests)
    return len(streams) / watch.seconds


def _command(now: int, leaves: bool) -> AnyCommand:
    return WithdrawEverything(now, CLICK) if leaves else ChangeProfile(now, CLICK, ("first_name",))
