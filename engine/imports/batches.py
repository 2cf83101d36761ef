"""Rows become requests, a chunk at a time: each chunk is one transaction, evidence included, so
that stopping anywhere loses nothing. While chunks are being carried out the next is read; what came
of each is counted here, in the order they were begun.

Whoever is known is looked up first, because a known person gets nothing but what was asked for.
What is personal (file, line, operator, values) goes to the vault; the ledger gets a random id for
the import and a commitment.
"""

from __future__ import annotations

import getpass
import secrets
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.imports.refusals import RowFault
from engine.imports.rejected_rows import Rejections
from engine.imports.rows import Arrival, Departure, Said, proof_of, subscribe
from engine.intake.evidence_requirements import OF_COLLECTION
from engine.sequence.model import Plan
from engine.subscriber import events as e
from engine.subscriber.commands import ChangeProfile, Subscribe, Suppress, withdrawal
from engine.subscriber.decide import decide
from engine.subscriber.eligibility import live_ground
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Refusal, Refused
from engine.subscriber.person import Person
from engine.vault.act_evidence import of_ground
from engine.vault.commitment import Evidence, evidence
from engine.vault.vault import Known, VaultWrite
from engine.words import Reason, Words

UNTOLD = OF_COLLECTION | {"proof", "language"}
ATTEMPTS = 4
AT_ONCE = 2
PERSON_BUSY = Reason(RowFault.PERSON_BUSY)
CarryOut = Callable[[Sequence[CommandRequest]], list[Result]]
Count = Callable[[str], None]
Chunk = Sequence[tuple[bytes, Arrival]]


class _Begun(NamedTuple):
    """`results` waits for what came of the requests of these rows, one each."""

    meant: Chunk
    results: Callable[[], list[Result]]


@dataclass
class Bringing:
    """One run of one file. `carry_out` is the installation's, or a rehearsal; `writes` is false for
    the latter. `beside` has threads to carry out in while the next chunk is read; without, each
    is carried out when its turn has come.
    """

    context: AppContext
    file: str
    purpose: str
    execute: CarryOut
    rejections: Rejections
    count: Count
    update: bool = False
    writes: bool = True
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    operator: str = field(default_factory=getpass.getuser)
    beside: Executor | None = None
    _about: dict[str, dict[str, object]] = field(default_factory=dict)
    _under_way: deque[_Begun] = field(default_factory=deque)

    def arrivals(self, chunk: Chunk, said: Said) -> None:
        """Each with the keyed hash of its address, an address at most once in the file. `settle`
        finishes what this begins.
        """
        self._under_way.append(self._begin(chunk, said))
        while len(self._under_way) > AT_ONCE:
            self._finish(said)

    def settle(self, said: Said) -> None:
        while self._under_way:
            self._finish(said)

    def _finish(self, said: Said) -> None:
        begun = self._under_way.popleft()
        for _ in range(ATTEMPTS - 1):
            again = self._count_arrivals(begun)
            if not again:
                return
            begun = self._begin(again, said)
        for _hash, arrival in self._count_arrivals(begun):
            self.rejections.add(arrival.line, PERSON_BUSY, arrival.raw)

    def departures(self, chunk: Mapping[bytes, Departure]) -> None:
        """Strangers first, as hashes; then whoever is known by then, so that nobody slips
        between.
        """
        vault, now = self.context.vault, self.context.clock.now()
        standing, known = vault.suppressed(chunk), vault.find_all(chunk)
        noted = {
            hashed: each.why
            for hashed, each in chunk.items()
            if hashed not in known and hashed not in standing
        }
        if self.writes:
            vault.suppress(noted, now)
            known = vault.find_all(chunk)
        # A refusal is the person's, under whatever address it was said; a bounce or a complaint is
        # that of the one address.
        known = (
            vault.formerly_all(
                [hashed for hashed, each in chunk.items() if each.why == "unsubscribed"]
            )
            | known
        )
        people = self.context.command_handler.load(known.values())
        for hashed in chunk.keys() - known.keys():
            self.count("noted" if hashed in noted else "already")
        requests, meant = [], []
        for hashed, subscriber in known.items():
            each, ground = chunk[hashed], live_ground(people[subscriber], self.purpose)
            if (
                each.why == "unsubscribed"
                and each.at
                and ground is not None
                and ground.since > each.at
            ):
                self.count("consented-since")
                continue
            cause, kept = self._cause(each.line, {"refusal": each.why})
            command = (
                withdrawal(now, cause, self.purpose)
                if each.why == "unsubscribed"
                else Suppress(now, cause, each.why)
            )
            requests.append(
                CommandRequest(
                    command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
                )
            )
            meant.append(each)
        for each, result in zip(meant, self.execute(requests), strict=True):
            self._count_departure(each, result)

    def _begin(self, chunk: Chunk, said: Said) -> _Begun:
        vault, said = self.context.vault, replace(said, now=self.context.clock.now())
        hashes = [hashed for hashed, _ in chunk]
        suppressed, known = vault.suppressed(hashes), vault.find_all(hashes)
        people = self.context.command_handler.load(known.values())
        plan = self.context.installation_stream.current().plan()
        fields = vault.people(known.values()) if self.update and known else {}
        requests: list[CommandRequest] = []
        meant: list[tuple[bytes, Arrival]] = []
        for hashed, arrival in chunk:
            subscriber = known.get(hashed)
            if hashed in suppressed:
                self.rejections.add(
                    arrival.line,
                    Refused(Refusal.ADDRESS_SUPPRESSED, why=Words(suppressed[hashed])),
                    arrival.raw,
                )
                continue
            if subscriber is None:
                request: CommandRequest | None = self._newcomer(hashed, arrival, said)
            else:
                request = self._known(
                    subscriber, people[subscriber], fields.get(subscriber), arrival, said, plan
                )
            if request is not None:
                requests.append(request)
                meant.append((hashed, arrival))
        return _Begun(
            meant,
            (
                self.beside.submit(self.execute, requests).result
                if self.beside
                else partial(self.execute, requests)
            ),
        )

    def _count_arrivals(self, begun: _Begun) -> Chunk:
        """What has to be tried again, because the person became known or changed in between."""
        again = []
        for (hashed, arrival), result in zip(begun.meant, begun.results(), strict=True):
            if result.conflict:
                again.append((hashed, arrival))
            elif isinstance(result.outcome, Refused):
                self.rejections.add(arrival.line, result.outcome, arrival.raw)
            else:
                self.count(_what_happened(result))
        return again

    def _newcomer(self, hashed: bytes, arrival: Arrival, said: Said) -> CommandRequest:
        cause, kept = self._cause(arrival.line, self._proof(arrival, said))
        vault_write = VaultWrite(
            "",
            said.now,
            fields=arrival.fields,
            evidence=(kept,),
            address_hash=hashed,
            source=arrival.source,
        )
        return CommandRequest(
            subscribe(arrival, said, cause),
            address=arrival.address,
            vault_write=vault_write,
            only_new=True,
        )

    def _known(
        self,
        subscriber: str,
        person: Person,
        given: Known | None,
        arrival: Arrival,
        said: Said,
        plan: Plan,
    ) -> CommandRequest | None:
        """None, counted, where there is nothing to do. A row collected before somebody left the
        list is older news than their leaving.
        """
        new = {
            name: value
            for name, value in arrival.fields.items()
            if given is not None and given.fields.get(name) != value
        }
        names = tuple(sorted(new))
        cause, kept = self._cause(arrival.line, self._proof(arrival, said))
        gone = said.list not in person.memberships and arrival.collected <= person.left_at.get(
            said.list, 0
        )
        command: Subscribe | ChangeProfile = subscribe(
            arrival, said, cause, fields=names, profile=self.update
        )
        if gone and live_ground(person, self.purpose) is not None:
            zone, language = (arrival.timezone, arrival.language) if self.update else ("", "")
            command = ChangeProfile(said.now, cause, names, zone, language, arrival.last_contact)
        if isinstance(decide(command, person, plan), NothingToDo):
            self.count("left-since" if gone else "already")
            return None
        return CommandRequest(
            command,
            stream=subscriber,
            vault_write=VaultWrite(
                "", said.now, fields=new, evidence=(kept,), source=arrival.source
            ),
        )

    def _proof(self, arrival: Arrival, said: Said) -> dict[str, object]:
        """What the file says of the ground; what it does not say is listed once for all rows that
        leave out the same (D10).
        """
        told = proof_of(arrival, said.zone)
        about = self._about.get(arrival.basis)
        if about is None:
            current = self.context.installation_stream.current()
            about = self._about[arrival.basis] = of_ground(
                current, self.purpose, arrival.basis, "import"
            ) | {"declared": True, "lists": [said.list]}
        return (
            about
            | told
            | {
                "by": {"operator": self.operator},
                "unknown": sorted(UNTOLD - told.keys()),
            }
        )

    def _cause(self, line: int, said: Mapping[str, object]) -> tuple[Cause, Evidence]:
        kept = evidence(
            secrets.token_bytes(32),
            {"file": self.file, "line": line, "import": self.id, "operator": self.operator, **said},
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


def _what_happened(result: Result) -> str:
    if not isinstance(result.outcome, Done):
        return "already"
    kinds: Collection[type] = {type(fact.event) for fact in result.outcome.facts}
    if e.SubscriberRegistered in kinds:
        return "joined"
    if e.ListJoined in kinds:
        return "joined-known"
    if e.ConsentGiven in kinds or e.GroundDeclared in kinds:
        return "ground"
    return "updated" if e.ProfileChanged in kinds else "contact"
