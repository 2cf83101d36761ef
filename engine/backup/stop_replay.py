"""The stop journal applied again: after a copy was put back, whoever had left since is gone from it
too, and whoever was erased is erased (E04).

Each line is asked whether it still applies: not to what the ledger holds already, and not where the
person has come back by their own act since. What the line says is dated as it was; that it was
applied is recorded now.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.desk.clock import Clock
from engine.ledger.store import Ledger
from engine.sequence.model import MEASURE
from engine.subscriber import events as e
from engine.subscriber.commands import (
    AnyCommand,
    Erase,
    Restrict,
    SetPreferences,
    Suppress,
    withdrawal,
)
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY, Person
from engine.subscriber.terms import ErasureBasis, SuppressionReason
from engine.vault.stop_journal import Stop, each_once, read
from engine.vault.vault import Erasing, Vault, VaultWrite

BATCH = 500
SUPPRESSIONS: tuple[SuppressionReason, ...] = ("complained", "operator", "imported")
"""What a person is suppressed for by a fact of their own; any other reason belongs to a hash alone.
"""


class ReplayStores(Protocol):
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def command_handler(self) -> CommandHandler: ...


@dataclass
class Applied:
    """How many of each kind changed something; `unreadable` lines by file; `conflicts` are to be
    applied again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    unreadable: dict[Path, int] = field(default_factory=dict)
    conflicts: int = 0


def read_journals(paths: Collection[Path]) -> tuple[list[Stop], dict[Path, int]]:
    """All lines of these files in the order of their instants, each once; how many could not be
    read, by file. Raises OSError.
    """
    stops: list[Stop] = []
    unreadable = {}
    for path in paths:
        readable, broken = read(path)
        stops += readable
        if broken:
            unreadable[path] = broken
    return list(each_once(stops)), unreadable


def apply_again(
    stores: ReplayStores, stops: Sequence[Stop], unreadable: Mapping[Path, int] | None = None
) -> Applied:
    applied = Applied(unreadable=dict(unreadable or {}))
    if not stops:
        return applied
    stores.vault.journal.has(
        read(stores.vault.journal.path)[0] if stores.vault.journal.path.exists() else ()
    )
    people = stores.command_handler.load({stop.stream for stop in stops if stop.stream})
    requests = list(_requests(stores, stops, people))
    for start in range(0, len(requests), BATCH):
        some = requests[start : start + BATCH]
        for (stop, _request), result in zip(
            some, stores.command_handler.execute([request for _, request in some]), strict=True
        ):
            applied.conflicts += result.conflict
            applied.counts[stop.kind] += isinstance(result.outcome, Done)
    applied.counts["hash"] += _bar(stores, stops, people)
    return applied


def _requests(
    stores: ReplayStores, stops: Sequence[Stop], people: Mapping[str, Person]
) -> Iterator[tuple[Stop, CommandRequest]]:
    for stop in stops:
        person = people.get(stop.stream, NOBODY)
        if not person.registered or person.erased:
            continue
        if stop.kind in OVER and _is_over(stores.ledger, stop, OVER[stop.kind]):
            continue
        command = _command(stop, person)
        if command is not None:
            yield (
                stop,
                CommandRequest(command, stream=stop.stream, vault_write=_vault_write(stores, stop)),
            )


def _command(stop: Stop, person: Person) -> AnyCommand | None:
    cause = e.Cause("journal")
    match stop.kind:
        case "erasure":
            # Whoever is restricted in the copy was freed, or asked for it themselves, before they
            # were erased.
            # The basis is the line's, whatever version of the program wrote it.
            basis = "asked" if person.restricted else cast(ErasureBasis, stop.why)
            return Erase(stop.at, cause, secrets.token_hex(16), basis)
        case "withdrawal":
            return (
                None
                if _came_back(person, stop.at, stop.purpose)
                else withdrawal(stop.at, cause, stop.purpose)
            )
        case "restriction":
            return Restrict(stop.at, cause, secrets.token_hex(16), stop.why == "lifted")
        case "pause":
            until = int(stop.why) if stop.why.isdecimal() else 0
            return SetPreferences(
                at=stop.at,
                cause=cause,
                paused_until=until,
                unsaid=frozenset({"themes", "contents", "frequency"}),
            )
        case "suppression":
            reason = next((known for known in SUPPRESSIONS if known == stop.why), None)
            if reason is None or _came_back(person, stop.at, EVERYTHING):
                return None
            return Suppress(stop.at, cause, reason)


OVER: Mapping[str, type[e.PersonEvent]] = {
    "pause": e.PreferencesSet, "suppression": e.SubscriberReachable,
}  # fmt: skip
"""By what a line of the journal is over."""


def _is_over(ledger: Ledger, stop: Stop, event: type[e.PersonEvent]) -> bool:
    """Whether the ledger holds such a fact, as late as the line or later."""
    entries = ledger.stream(stop.stream)
    return any(isinstance(entry.event, event) and entry.event.at >= stop.at for entry in entries)


def _came_back(person: Person, at: int, purpose: str) -> bool:
    """A live ground given later than the line: only the person's own act gives one to who has
    left.
    """
    if purpose == MEASURE:
        return person.measured_since > at
    return any(
        ground.status == "live" and ground.since > at
        for name, ground in person.grounds.items()
        if purpose in (EVERYTHING, name)
    )


def _vault_write(stores: ReplayStores, stop: Stop) -> VaultWrite:
    if stop.kind != "erasure":
        return VaultWrite("", stop.at)
    entries = stores.ledger.stream(stop.stream)
    return VaultWrite(
        "",
        stop.at,
        erasing=Erasing(
            tuple(
                {entry.event.message for entry in entries if isinstance(entry.event, e.LetterBegun)}
            )
        ),
    )


def _bar(stores: ReplayStores, stops: Sequence[Stop], people: Mapping[str, Person]) -> int:
    """Hashes that must not be written to: of strangers, of whoever the copy does not know, and of
    those it knows under another address. How many are new on the list.
    """
    gone = {stop.stream for stop in stops if stop.kind == "erasure"} | {
        stream for stream, person in people.items() if person.erased
    }
    wanted: dict[bytes, Stop] = {}
    for stop in stops:
        known = people.get(stop.stream, NOBODY).registered
        if (
            stop.hash
            and stop.stream not in gone
            and (not known or stop.kind == "suppression" or stop.purpose == EVERYTHING)
        ):
            wanted[bytes.fromhex(stop.hash)] = stop
    behind = stores.vault.find_all(wanted)
    later = stores.command_handler.load({*behind.values(), *people})
    standing = stores.vault.suppressed(wanted)
    new = {}
    for hashed, stop in wanted.items():
        whose = {behind.get(hashed, ""), stop.stream} - {""}
        theirs = stop.stream != "" and behind.get(hashed) == stop.stream
        if (
            hashed not in standing
            and not theirs
            and not any(_came_back(later[stream], stop.at, EVERYTHING) for stream in whose)
        ):
            new[hashed] = stop.why or "objected"
    if new:
        stores.vault.suppress(new, stores.clock.now())
    return len(new)
