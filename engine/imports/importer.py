"""Rows become requests, a chunk at a time: each chunk is one transaction, evidence included, so
that stopping anywhere loses nothing. While chunks are being executed the next is read; the results
of each are counted here, in the order they were begun.

Whoever is known is read first, because a known person gets nothing but what was asked for; the
handler then decides about them once, as they were read. What is personal (file, line, operator,
values) goes to the vault; the ledger gets a random id for the import and a commitment.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from engine.commands.command_handler import CommandRequest, Result
from engine.commands.operators import Operator, at_the_command_line
from engine.imports.refusals import RowFault
from engine.imports.rejected_rows import Rejections
from engine.imports.rows import (
    Arrival,
    Departure,
    ImportDefaults,
    ask_first,
    is_unproved,
    proof_of,
    subscribe,
)
from engine.imports.stores import ImportStores
from engine.installation.stream import InstallationStream
from engine.intake.evidence_requirements import NOT_DECLARED
from engine.intake.preferences import written_choice
from engine.sequence.timing import to_local
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.agenda import acts
from engine.subscriber.agenda_key import list_key
from engine.subscriber.commands import (
    NOTHING_CHOSEN,
    AskFirst,
    ChangeProfile,
    Subscribe,
    Suppress,
    withdrawal,
)
from engine.subscriber.decide import decide
from engine.subscriber.eligibility import live_ground
from engine.subscriber.events import Cause, ListJoined
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done, NothingToDo, Refusal, Refused, Unchanged
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import Evidence, evidence, of_ground
from engine.vault.vault import KnownPerson, VaultWrite
from engine.words import Reason, Words

ATTEMPTS = 4
AT_ONCE = 2
PERSON_BUSY = Reason(RowFault.PERSON_BUSY)
Count = Callable[[str], None]
Chunk = Sequence[tuple[bytes, Arrival]]


class Execute(Protocol):
    """CommandHandler.execute, or a dry run of it."""

    def __call__(
        self,
        requests: Sequence[CommandRequest],
        known: Mapping[str, Person],
        *,
        known_was_read: bool,
    ) -> list[Result]: ...


class _Begun(NamedTuple):
    """`results` waits for what came of the requests of these rows, one each. `left` are the lines
    of people who have left the list since they were collected.
    """

    rows: Chunk
    left: Collection[int]
    results: Callable[[], list[Result]]


class DryRun:
    """`execute` decides and writes nothing. `letters` counts what would come first for whoever
    joins list `number`: (kind of act, letter, date on the reader's clock).
    """

    def __init__(self, installation_stream: InstallationStream, number: int = 0) -> None:
        self.installation_stream, self.key = installation_stream, list_key(number)
        self.number = number
        self.letters: Counter[tuple[str, str, str]] = Counter()

    def execute(
        self,
        requests: Sequence[CommandRequest],
        known: Mapping[str, Person],
        *,
        known_was_read: bool,
    ) -> list[Result]:
        """Decides about people as they were read."""
        installation = self.installation_stream.current()
        plan, calendar = installation.plan(), installation.calendar
        results = []
        for request in requests:
            person = known.get(request.stream, NOBODY)
            outcome = decide(request.command, person, plan, calendar)
            results.append(Result(outcome, request.stream))
            if isinstance(outcome, Done) and any(
                isinstance(event, ListJoined) and event.start != "none" for event in outcome.events
            ):
                person = fold(outcome.events, person)
                act = acts(person, plan, calendar)[self.key]
                day = to_local(act.due, zone_of(person, plan)).date().isoformat() if act.due else ""
                self.letters[act.kind, act.letter, day] += 1
        return results


def _new_id() -> str:
    return secrets.token_hex(16)


@dataclass
class Importer:
    """One run of one file. `execute` is the command handler's, or a dry run's; `writes` is false
    for the latter. `beside` has threads in which chunks are executed while the next is read;
    without, each is executed when its results are waited for.
    """

    stores: ImportStores
    file: str
    purpose: str
    execute: Execute
    rejections: Rejections
    count: Count
    update: bool = False
    writes: bool = True
    id: str = field(default_factory=_new_id)
    operator: Operator = field(default_factory=at_the_command_line)
    beside: Executor | None = None
    _about: dict[str, dict[str, object]] = field(default_factory=dict)
    _under_way: deque[_Begun] = field(default_factory=deque)

    def arrivals(self, chunk: Chunk, defaults: ImportDefaults) -> None:
        """Each with the keyed hash of its address, an address at most once in the file. `settle`
        finishes what this begins.
        """
        self._under_way.append(self._begin(chunk, defaults))
        while len(self._under_way) > AT_ONCE:
            self._finish(defaults)

    def settle(self, defaults: ImportDefaults) -> None:
        while self._under_way:
            self._finish(defaults)

    def _finish(self, defaults: ImportDefaults) -> None:
        begun = self._under_way.popleft()
        for _ in range(ATTEMPTS - 1):
            again = self._count_arrivals(begun)
            if not again:
                return
            begun = self._begin(again, defaults)
        for _hash, arrival in self._count_arrivals(begun):
            self.rejections.add(arrival.line, PERSON_BUSY, arrival.raw)

    def departures(self, chunk: Mapping[bytes, Departure]) -> None:
        """Strangers first, as hashes; then whoever is known by then, so that nobody slips
        between.
        """
        vault, now = self.stores.vault, self.stores.clock.now()
        standing, known = vault.suppressed(chunk), vault.find_all(chunk)
        noted = {
            hashed: departure.why
            for hashed, departure in chunk.items()
            if hashed not in known and hashed not in standing
        }
        if self.writes:
            vault.suppress(noted, now)
            known = vault.find_all(chunk)
        # A refusal is the person's, under whatever address it was said; a bounce or a complaint is
        # that of the one address.
        known = (
            vault.formerly_all(
                [hashed for hashed, departure in chunk.items() if departure.why == "unsubscribed"]
            )
            | known
        )
        people = self.stores.command_handler.load(known.values())
        for hashed in chunk.keys() - known.keys():
            self.count("noted" if hashed in noted else "already")
        requests, meant = [], []
        for hashed, subscriber in known.items():
            departure, ground = chunk[hashed], live_ground(people[subscriber], self.purpose)
            if (
                departure.why == "unsubscribed"
                and departure.at
                and ground is not None
                and ground.since > departure.at
            ):
                self.count("consented-since")
                continue
            facts: dict[str, object] = {"refusal": departure.why}
            if self.operator.account:
                facts["by"] = self.operator.by
            cause, kept = self._cause(departure.line, facts)
            command = (
                withdrawal(now, cause, self.purpose)
                if departure.why == "unsubscribed"
                else Suppress(now, cause, departure.why)
            )
            requests.append(
                CommandRequest(
                    command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
                )
            )
            meant.append(departure)
        results = self.execute(requests, people, known_was_read=True)
        for departure, result in zip(meant, results, strict=True):
            self._count_departure(departure, result)

    def _begin(self, chunk: Chunk, defaults: ImportDefaults) -> _Begun:
        vault, defaults = self.stores.vault, replace(defaults, now=self.stores.clock.now())
        hashes = [hashed for hashed, _ in chunk]
        suppressed, known = vault.suppressed(hashes), vault.find_all(hashes)
        people = self.stores.command_handler.load(known.values())
        fields = vault.people(known.values()) if self.update and known else {}
        requests: list[CommandRequest] = []
        rows: list[tuple[bytes, Arrival]] = []
        left: set[int] = set()
        for hashed, arrival in chunk:
            subscriber = known.get(hashed)
            if hashed in suppressed:
                self.rejections.add(
                    arrival.line,
                    Refused(Refusal.ADDRESS_SUPPRESSED, why=Words(suppressed[hashed])),
                    arrival.raw,
                )
                continue
            rows.append((hashed, arrival))
            if subscriber is None:
                requests.append(self._newcomer(hashed, arrival, defaults))
                continue
            person = people[subscriber]
            if _has_left(person, arrival, defaults.list):
                left.add(arrival.line)
            requests.append(
                self._known(subscriber, person, fields.get(subscriber), arrival, defaults)
            )
        execute = partial(self.execute, requests, people, known_was_read=True)
        return _Begun(rows, left, self.beside.submit(execute).result if self.beside else execute)

    def _count_arrivals(self, begun: _Begun) -> Chunk:
        """What has to be tried again, because the person became known or changed in between."""
        again = []
        for (hashed, arrival), result in zip(begun.rows, begun.results(), strict=True):
            if result.conflict:
                again.append((hashed, arrival))
            elif isinstance(result.outcome, Refused):
                self.rejections.add(arrival.line, result.outcome, arrival.raw)
            elif isinstance(result.outcome, NothingToDo) and arrival.line in begun.left:
                self.count("left-since")
            else:
                self.count(_what_happened(result))
                if _entered_segment(result):
                    self.count("segment")
        return again

    def _newcomer(
        self, hashed: bytes, arrival: Arrival, defaults: ImportDefaults
    ) -> CommandRequest:
        cause, kept = self._cause(arrival.line, self._proof(arrival, defaults))
        vault_write = VaultWrite(
            "",
            defaults.now,
            fields=arrival.fields,
            evidence=(kept,),
            address_hash=hashed,
            source=arrival.ground.source,
        )
        return CommandRequest(
            _command(arrival, defaults, cause),
            address=arrival.address,
            vault_write=vault_write,
            only_new=True,
        )

    def _known(
        self,
        subscriber: str,
        person: Person,
        given: KnownPerson | None,
        arrival: Arrival,
        defaults: ImportDefaults,
    ) -> CommandRequest:
        """A row collected before somebody left the list is older news than their leaving. Who is
        known has chosen for themselves.
        """
        arrival = arrival._replace(chosen=NOTHING_CHOSEN)
        new = {
            name: value
            for name, value in arrival.fields.items()
            if given is not None and given.fields.get(name) != value
        }
        names = tuple(sorted(new))
        cause, kept = self._cause(arrival.line, self._proof(arrival, defaults))
        command: Subscribe | AskFirst | ChangeProfile = _command(
            arrival, defaults, cause, fields=names, profile=self.update
        )
        if (
            _has_left(person, arrival, defaults.list)
            and live_ground(person, self.purpose) is not None
        ):
            zone, language = (arrival.timezone, arrival.language) if self.update else ("", "")
            command = ChangeProfile(
                defaults.now, cause, names, zone, language, arrival.last_contact
            )
        return CommandRequest(
            command,
            stream=subscriber,
            vault_write=VaultWrite(
                "", defaults.now, fields=new, evidence=(kept,), source=arrival.ground.source
            ),
        )

    def _proof(self, arrival: Arrival, defaults: ImportDefaults) -> dict[str, object]:
        """What the file says of the ground; what it does not say is listed once for all rows that
        leave out the same (D10).
        """
        told = proof_of(arrival, defaults.zone)
        about = self._about.get(arrival.ground.basis)
        if about is None:
            current = self.stores.installation_stream.current()
            about = self._about[arrival.ground.basis] = of_ground(
                current, self.purpose, arrival.ground.basis, "import"
            ) | {"lists": [defaults.list], "by": self.operator.by}
        # One dictionary in one go: unions would make two more for each row.
        return {
            **about,
            **told,
            "email": arrival.address,
            "unknown": _untold(frozenset(told)),
            **({"preferences": written_choice(arrival.chosen)} if arrival.chosen.themes else {}),
        }

    def _cause(self, line: int, facts: Mapping[str, object]) -> tuple[Cause, Evidence]:
        kept = evidence(
            secrets.token_bytes(32),
            {
                "file": self.file,
                "line": line,
                "import": self.id,
                "operator": self.operator.name,
                **facts,
            },
        )
        return Cause("import", self.id, evidence=kept.commitment.hex()), kept

    def _count_departure(self, departure: Departure, result: Result) -> None:
        if result.conflict:
            self.rejections.add(departure.line, PERSON_BUSY, departure.raw)
        elif isinstance(result.outcome, Refused):
            self.rejections.add(departure.line, result.outcome, departure.raw)
        elif isinstance(result.outcome, Done):
            self.count("withdrawn" if departure.why == "unsubscribed" else "suppressed")
        else:
            self.count("already")


def _command(
    arrival: Arrival,
    defaults: ImportDefaults,
    cause: Cause,
    *,
    fields: tuple[str, ...] = (),
    profile: bool = True,
) -> Subscribe | AskFirst:
    if defaults.ask_first and is_unproved(arrival):
        return ask_first(arrival, defaults, cause, _new_id(), fields=fields, profile=profile)
    return subscribe(arrival, defaults, cause, fields=fields, profile=profile)


@lru_cache(maxsize=256)
def _untold(told: frozenset[str]) -> list[str]:
    """What could be said of a ground and is not; shared by all rows that say the same."""
    return sorted(NOT_DECLARED - told)


def _has_left(person: Person, arrival: Arrival, number: int) -> bool:
    """Whether somebody has left the list since the row was collected."""
    return number not in person.memberships and arrival.ground.collected <= person.left_at.get(
        number, 0
    )


def _entered_segment(result: Result) -> bool:
    events = result.outcome.events if isinstance(result.outcome, Done) else ()
    return any(isinstance(event, e.SegmentEntered) for event in events)


def _what_happened(result: Result) -> str:
    if not isinstance(result.outcome, Done):
        is_asked = result.outcome == NothingToDo(Unchanged.ASKED_TO_CONFIRM_ALREADY)
        return "asked-before" if is_asked else "already"
    kinds: Collection[type] = {type(fact.event) for fact in result.outcome.facts}
    if e.ConsentRequested in kinds:
        return "asked"
    if e.SubscriberRegistered in kinds:
        return "joined"
    if e.ListJoined in kinds:
        return "joined-known"
    if e.ConsentGiven in kinds or e.GroundDeclared in kinds:
        return "ground"
    if e.ProfileChanged in kinds:
        return "updated"
    return "contact" if e.ContactNoted in kinds else "already"
