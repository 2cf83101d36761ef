"""From requests to facts: load people, decide, append, and retry where another writer was quicker.
The one way in for every fact about a person.

Ids are minted before the first attempt, so a retry after a lost COMMIT finds its own work and
answers "nothing to do".
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, cast

from engine.commands.stop_entries import is_stopping, stops_of
from engine.installation.events import STREAM
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.ledger.codec import Encoded, Entry, EntryRefused
from engine.ledger.recorder import Within
from engine.ledger.store import Append, Conflict, Ledger
from engine.sequence.model import MEASURE
from engine.store.sql import AnyCursor
from engine.subscriber.batch_memo import BatchMemo
from engine.subscriber.commands import (
    AnyCommand,
    Object,
    Perform,
    RecordOutcome,
    Subscribe,
    WithdrawEverything,
)
from engine.subscriber.consenting import needs_evidence
from engine.subscriber.decide import decide
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import ConsentWithdrawn, PersonEvent, SubscriberErased
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done, Fact, NothingToDo, Outcome, Refusal, Refused, Unchanged
from engine.subscriber.own_robot import RANDOM_DIGITS, is_of_robot, robot_stream
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import named_in
from engine.vault.vault import Vault, VaultWrite

ATTEMPTS = 6
Folds = Callable[[Collection[str]], Mapping[str, Person]]
NOBODY_KNOWN: Mapping[str, Person] = MappingProxyType({})


class CommandRequest(NamedTuple):
    """A command for a person, named by `stream` or, where only that is known, by normalised
    `address`; and what the vault keeps if it is done.

    `only_known`: nothing happens to an address nobody has. `only_new`: the sender of the request
    has looked, and nobody had the address; if somebody has it by now, that is a conflict, because
    the command was made for a stranger.
    """

    command: AnyCommand
    stream: str = ""
    address: str = ""
    vault_write: VaultWrite | None = None
    only_known: bool = False
    only_new: bool = False


class Result(NamedTuple):
    """How a request ended, decided about `before`. `conflict`: other writers were quicker at every
    attempt; send it again later.
    """

    outcome: Outcome
    stream: str = ""
    positions: tuple[int, ...] = ()
    conflict: bool = False
    before: Person = NOBODY

    @property
    def person(self) -> Person:
        """The person after the outcome, to be passed as `known` to the next decision."""
        return (
            fold(self.outcome.events, self.before)
            if isinstance(self.outcome, Done)
            else self.before
        )


UNKNOWN = NothingToDo(Unchanged.PERSON_UNKNOWN)
CONFLICTED = Result(NothingToDo(Unchanged.CONFLICT), conflict=True)
# From this many rows on, the vault's rows are written together.
MANY = 8


@dataclass(slots=True, eq=False)
class _Work:
    """One person's requests of a batch, in order, each decided on top of the one before. `version`
    is that of the state read.
    """

    stream: str
    version: int
    person: Person
    indexes: list[int] = field(default_factory=list)
    outcomes: list[tuple[Outcome, Person]] = field(default_factory=list)
    events: list[Encoded] = field(default_factory=list)
    vault_writes: list[VaultWrite] = field(default_factory=list)
    pending: list[PersonEvent] = field(default_factory=list)
    register: str = ""

    @property
    def objected(self) -> bool:
        return any(before.objected for _outcome, before in self.outcomes)

    def now(self) -> Person:
        """The person with this batch's earlier decisions; folded only when another request for them
        follows.
        """
        if self.pending:
            self.person = fold(self.pending, self.person)
            self.pending.clear()
        return self.person


class CommandHandler:
    """`execute` decides a batch of requests on the newest state and writes them in one
    transaction.
    """

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        installation_stream: InstallationStream,
        folds: Folds,
        now: Callable[[], int],
        mint: Callable[[str], str] = lambda _address: str(uuid.uuid4()),
    ) -> None:
        """`mint` makes the id of somebody new, from their address."""
        self.mint = mint
        self.ledger = ledger
        self.vault = vault
        self.installation_stream = installation_stream
        self.folds = folds
        self.now = now

    def load(self, streams: Collection[str]) -> dict[str, Person]:
        """People at this moment: their fold from the view plus later events from the ledger, in one
        query.
        """
        return self.freshened(dict.fromkeys(streams, NOBODY) | dict(self.folds(streams)))

    def freshened(self, known: Mapping[str, Person]) -> dict[str, Person]:
        """People known from an earlier read, brought up to this moment by one query, which mostly
        returns nothing.
        """
        return _grown(
            known, self.ledger.after({stream: person.version for stream, person in known.items()})
        )

    def present(self, known: Mapping[str, Person]) -> tuple[Installation, dict[str, Person]]:
        """The same, and the installation, in one query."""
        later = self.ledger.after(
            {STREAM: self.installation_stream.version}
            | {stream: person.version for stream, person in known.items()}
        )
        return self.installation_stream.follow(later.pop(STREAM)), _grown(known, later)

    def execute(
        self,
        requests: Sequence[CommandRequest],
        known: Mapping[str, Person] = NOBODY_KNOWN,
        installation: Installation | None = None,
        *,
        known_was_read: bool = False,
    ) -> list[Result]:
        """`known` are people as somebody saw them a moment ago, by stream: decided about without a
        look at the ledger, for what is then appended after their version is refused if they have
        moved on. Where that happens, or where nothing would be appended, it is decided anew.
        `installation` is what was published at that moment, where somebody has just looked.

        `known_was_read`: they were loaded for these very requests, so that an outcome that changes
        nothing may rest on them too.
        """
        results: list[Result | None] = [None] * len(requests)
        remaining = list(range(len(requests)))
        minted: dict[str, str] = {}
        for _ in range(ATTEMPTS):
            remaining = self._attempt(
                requests, remaining, results, minted, known, installation, known_was_read
            )
            known, installation, known_was_read = NOBODY_KNOWN, None, False
            if not remaining:
                break
        return [result if result is not None else CONFLICTED for result in results]

    def execute_one(self, request: CommandRequest) -> Result:
        return self.execute([request])[0]

    def _attempt(
        self,
        requests: Sequence[CommandRequest],
        indexes: list[int],
        results: list[Result | None],
        minted: dict[str, str],
        known: Mapping[str, Person],
        installation: Installation | None,
        known_was_read: bool,
    ) -> list[int]:
        streams = self._streams(requests, indexes, minted)
        people = self.load(
            {stream for stream in streams.values() if stream and stream not in known}
            - set(minted.values())
        )
        if installation is None:
            # The outcome of a letter does not depend on what is published.
            asks = not all(isinstance(requests[index].command, RecordOutcome) for index in indexes)
            installation = (
                self.installation_stream.current() if asks else self.installation_stream.known
            )
        plan, calendar, now = installation.plan(), installation.calendar, self.now()
        memo = BatchMemo(plan, calendar)
        works: dict[str, _Work] = {}
        for index in indexes:
            request, stream = requests[index], streams[index]
            if not stream or (request.only_new and request.address not in minted):
                results[index] = CONFLICTED if stream else Result(UNKNOWN)
                continue
            work = works.get(stream)
            if work is None:
                person = known.get(stream) or people.get(stream, NOBODY)
                work = works[stream] = _Work(stream, person.version, person)
            before, command = work.now(), request.command
            if before is NOBODY and isinstance(command, Subscribe):
                outcome = memo.subscribe(command)
            elif isinstance(command, Perform):
                outcome = memo.perform(command, before)
            else:
                outcome = decide(command, before, plan, calendar)
            if isinstance(outcome, Done):
                for fact in outcome.facts:
                    work.events.append(encoded(stream, fact, now))
                    work.pending.append(fact.event)
                # After an erasure the vault keeps nothing more of that person, not even the relay's
                # answer to a letter that was under way.
                if request.vault_write is not None and not before.erased:
                    register = (
                        request.address
                        if minted.get(request.address) == stream and not work.register
                        else ""
                    )
                    work.register = work.register or register
                    named = named_in(request.vault_write.evidence, outcome.facts)
                    work.vault_writes.append(request.vault_write.of(stream, register, named))
                if isinstance(command, WithdrawEverything | Object) and _is_of_everything(outcome):
                    work.vault_writes.append(VaultWrite(stream, command.at, suppress="objected"))
                if before.measured_since and _ends_measuring(outcome):
                    work.vault_writes.append(VaultWrite(stream, command.at, unmeasured=True))
            work.indexes.append(index)
            work.outcomes.append((outcome, before))
        # A decision that appends nothing is guarded by no version: it may not rest on what was
        # known before.
        unsure = [
            work
            for work in works.values()
            if not known_was_read
            and work.stream in known
            and not all(isinstance(decided, Done) for decided, _ in work.outcomes)
        ]
        for work in unsure:
            del works[work.stream]
        return self._append(list(works.values()), results) + [
            index for work in unsure for index in work.indexes
        ]

    def _append(self, works: list[_Work], results: list[Result | None]) -> list[int]:
        unnoted = self._note_stops(works, results)
        works = [work for work in works if work not in unnoted]
        writing = [work for work in works if work.events]
        batch = [
            Append(
                work.stream,
                work.version,
                tuple(work.events),
                self._within(work.vault_writes),
                self._key(work.vault_writes),
            )
            for work in writing
        ]

        def together(cursor: AnyCursor, indexes: Sequence[int]) -> None:
            self.vault.write_many(
                cursor,
                [vault_write for index in indexes for vault_write in writing[index].vault_writes],
            )

        many = sum(len(work.vault_writes) for work in writing) >= MANY
        written = self.ledger.append(batch, together if many else None) if batch else []
        answers = dict(zip((work.stream for work in writing), written, strict=True))
        again = [index for work in unnoted for index in work.indexes if results[index] is None]
        for work in works:
            answer = answers.get(work.stream)
            if isinstance(answer, Conflict):
                again += work.indexes
                continue
            positions, start = answer.positions if answer is not None else (), 0
            for index, (outcome, before) in zip(work.indexes, work.outcomes, strict=True):
                end = start + (len(outcome.facts) if isinstance(outcome, Done) else 0)
                results[index] = Result(outcome, work.stream, positions[start:end], before=before)
                start = end
        return again

    def _note_stops(self, works: Sequence[_Work], results: list[Result | None]) -> list[_Work]:
        """Write the stop journal before anything else is written. If it cannot be written, erasures
        are refused; they are left out of this attempt.
        """
        stopping = [
            work
            for work in works
            if (work.events or work.vault_writes)
            and is_stopping((item.event for item in work.events), work.vault_writes, work.objected)
        ]
        if not stopping:
            return []
        # People registered by this very batch are in no vault yet, and in no older copy.
        new = {
            work.stream: (hashed,) for work in stopping if (hashed := self._key(work.vault_writes))
        }
        hashes = new | self.vault.hashes_of([work.stream for work in stopping])
        stops = {
            work.stream: stops_of(
                work.stream,
                [item.event for item in work.events],
                work.vault_writes,
                hashes.get(work.stream, ()),
                work.objected,
            )
            for work in stopping
        }
        erasing = [
            work for work in stopping if any(stop.kind == "erasure" for stop in stops[work.stream])
        ]
        noted = [stop for item in stops.values() for stop in item]
        if not erasing:
            self.vault.journal.tell(noted)
            return []
        try:
            self.vault.journal.note(noted)
        except OSError as error:
            refused = Refused(Refusal.JOURNAL_UNWRITABLE, why=error.strerror or "")
            for work in erasing:
                for index, (outcome, before) in zip(work.indexes, work.outcomes, strict=True):
                    if isinstance(outcome, Done) and any(
                        isinstance(event, SubscriberErased) for event in outcome.events
                    ):
                        results[index] = Result(refused, work.stream, before=before)
                del stops[work.stream]
            self.vault.journal.tell([stop for item in stops.values() for stop in item])
            return erasing
        return []

    def _within(self, vault_writes: list[VaultWrite]) -> Within | None:
        if not vault_writes:
            return None

        def write(cursor: AnyCursor) -> None:
            for vault_write in vault_writes:
                self.vault.write(cursor, vault_write)

        return cast(Within, write)

    def _key(self, vault_writes: list[VaultWrite]) -> bytes:
        return next(
            (
                self.vault.hash_of(vault_write)
                for vault_write in vault_writes
                if vault_write.register
            ),
            b"",
        )

    def _hash(self, request: CommandRequest) -> bytes:
        return (
            request.vault_write.address_hash if request.vault_write is not None else b""
        ) or self.vault.hash(request.address)

    def _streams(
        self, requests: Sequence[CommandRequest], indexes: list[int], minted: dict[str, str]
    ) -> dict[int, str]:
        by_address = [
            w
            for i in indexes
            if not (w := requests[i]).stream and (not w.only_new or w.address in minted)
        ]
        hashes = {self._hash(request): request.address for request in by_address}
        known_streams = (
            {hashes[h]: subscriber for h, subscriber in self.vault.find_all(hashes).items()}
            if hashes
            else {}
        )
        for address in known_streams:
            minted.pop(address, None)
        streams = {}
        for index in indexes:
            request = requests[index]
            stream = request.stream or known_streams.get(request.address, "")
            if not stream and not request.only_known:
                stream = minted.setdefault(request.address, self.mint(request.address))
            streams[index] = stream
        return streams


def minting(robot: str) -> Callable[[str], str]:
    """Random ids; `robot` is the address of the installation's own robot, "" for none."""

    def mint(address: str) -> str:
        if is_of_robot(robot, address):
            return robot_stream(secrets.token_hex(RANDOM_DIGITS))
        return str(uuid.uuid4())

    return mint


def encoded(stream: str, fact: Fact, now: int) -> Encoded:
    """Recorded at `now`, or when it was so, where a wall clock has stepped back since by a little.
    Raises EntryRefused for a consent by a press whose evidence nobody keeps.
    """
    if not fact.cause.evidence and needs_evidence(fact.event):
        raise EntryRefused("a consent would be recorded without its evidence")
    return Encoded(stream, fact.event, fact.cause, max(now, fact.event.at))


def _is_of_everything(outcome: Done) -> bool:
    return any(
        isinstance(event, ConsentWithdrawn) and event.purpose == EVERYTHING
        for event in outcome.events
    )


def _ends_measuring(outcome: Done) -> bool:
    return any(
        isinstance(event, ConsentWithdrawn) and event.purpose in (EVERYTHING, MEASURE)
        for event in outcome.events
    )


def _grown(known: Mapping[str, Person], later: Mapping[str, Sequence[Entry]]) -> dict[str, Person]:
    people = dict(known)
    for stream, entries in later.items():
        people[stream] = fold((cast(PersonEvent, entry.event) for entry in entries), people[stream])
    return people
