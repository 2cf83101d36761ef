"""One letter sent now, to people of one's choosing: who is meant, what would come of it for each of
them, and the facts that let it leave. Whether somebody gets it, the same pure decision says in
counting and in sending (`subscriber.directing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from engine.audience.mailings import dated_moment, occurrence_name
from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.commands.operators import CauseAndEvidence
from engine.desk.clock import Clock
from engine.i18n.language import N_
from engine.i18n.user_error import UserError, address_of, list_of, segment_of
from engine.sending.inert_letter import letter_named
from engine.sequence.anchors import PersonalDate
from engine.sequence.condition import InSegment
from engine.sequence.model import Broadcast, Plan
from engine.sequence.parse_letters import EVERYONE
from engine.subscriber.agenda import acts
from engine.subscriber.agenda_key import BroadcastKey, ListKey, decode, encode
from engine.subscriber.commands import DirectLetter
from engine.subscriber.directing import direct
from engine.subscriber.events import Cause
from engine.subscriber.letters import letters_at
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Unchanged
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import Evidence
from engine.vault.vault import Vault, VaultWrite
from engine.views import SegmentViews

BATCH = 500
UNCAUSED = Cause("operator")
"""Of what is only counted."""
Ending = Literal["new", "had", "not on the list", "not meant for", "may not", "busy"]
"""What came, or would come, of it for one of those who are meant."""
Status = Literal[
    "waits", "begun", "sent", "deferred", "room", "later", "failed", "withheld", "doubt", "gone"
]
"""What became of the letter: "room": it waits for room under a cap; "later": for the end of a pause
of theirs, or until they may be written to again; "gone": they left its list.
"""


class AimedViews(Protocol):
    @property
    def segments(self) -> SegmentViews: ...

    def members_of(self, number: int, batch: int) -> Iterator[list[str]]: ...

    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]: ...


class DirectingStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def views(self) -> AimedViews: ...
    @property
    def command_handler(self) -> CommandHandler: ...


class Aimed(NamedTuple):
    """The letter, by its encoded AgendaKey and its id."""

    key: str
    letter: str


def aimed(plan: Plan, reference: str, now: int) -> Aimed:
    """The letter "welcome", "prise-en-main/welcome", or the broadcast of an id: of one with a date
    the occurrence of that date, so that nobody gets it twice. Raises UserError.
    """
    claim = letter_named(plan, reference)
    match decode(claim.key):
        case ListKey():
            return Aimed(claim.key, claim.letter)
        case BroadcastKey(name):
            broadcast = plan.broadcasts[name]
            if claim.letter != broadcast.letter.id:
                why = N_("a reminder is not sent by hand: it goes to who does not answer")
                raise UserError(why, 2)
            return Aimed(encode(BroadcastKey(name, _occurrence(broadcast, plan, now))), name)
        case _:
            raise UserError(N_("what asks for consent leaves when somebody asks for it"), 2)


def _occurrence(broadcast: Broadcast, plan: Plan, now: int) -> str:
    if broadcast.anchored is not None and isinstance(broadcast.anchored.date, PersonalDate):
        why = N_("the broadcast {name} goes to each reader on a date of their own")
        raise UserError(why, name=broadcast.id)
    return occurrence_name(broadcast, dated_moment(broadcast, plan.timezone, now), plan.timezone)


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom somebody chose: lists, segments (ids), people (streams)."""

    lists: tuple[int, ...] = ()
    segments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def meant_by(stores: DirectingStores, plan: Plan, references: Iterable[str]) -> Meant:
    """Lists by number or name ("@group" and "everyone" as broadcasts have them), segments by id,
    people by address or id; "list:…" and "segment:…" where a name is both. Raises UserError.
    """
    lists: list[int] = []
    segments: list[str] = []
    people: list[str] = []
    for reference in dict.fromkeys(references):
        kind, _colon, name = reference.partition(":")
        if reference == EVERYONE:
            lists += plan.lists
        elif reference.startswith("@"):
            lists += _of_group(plan, reference.removeprefix("@"))
        elif "@" in reference:
            people.append(_known(stores.vault.find(address_of(reference))))
        elif stores.vault.people([reference]) if _is_id(reference) else {}:
            people.append(reference)
        elif kind == "list" and name:
            lists.append(list_of(plan, name).id)
        elif kind == "segment" and name:
            segments.append(segment_of(plan, name).id)
        elif reference in plan.segments and plan.list_named(reference) is not None:
            why = N_("{name} is a list and a segment: write list:{name} or segment:{name}")
            raise UserError(why, 2, name=reference)
        elif reference in plan.segments:
            segments.append(reference)
        else:
            lists.append(list_of(plan, reference).id)
    return Meant(tuple(dict.fromkeys(lists)), tuple(segments), tuple(people))


def _of_group(plan: Plan, group: str) -> list[int]:
    lists = [listed.id for listed in plan.lists.values() if listed.group == group]
    if not lists:
        raise UserError(N_('no list is of the group "{group}": nobody would get this'), group=group)
    return lists


def _is_id(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and "".join(parts).isalnum()


def _known(subscriber: str | None) -> str:
    if subscriber is None:
        raise UserError(N_("nobody is known here under this address"))
    return subscriber


class Reached(NamedTuple):
    """Somebody who is meant, and the list or the segment by which a broadcast reaches them."""

    subscriber: str
    list: int = 0
    segment: str = ""


class Directing:
    """One letter to those who are meant; each of them once, by the first list, segment or name that
    reaches them.
    """

    def __init__(self, stores: DirectingStores, plan: Plan, letter: Aimed, meant: Meant) -> None:
        self.stores, self.plan, self.letter, self.meant = stores, plan, letter, meant
        decoded = decode(letter.key)
        self._broadcast = (
            plan.broadcasts[decoded.broadcast] if isinstance(decoded, BroadcastKey) else None
        )

    def count(self) -> Counter[Ending]:
        """What would come of it now. Nothing is changed."""
        now, counts = self.stores.clock.now(), Counter[Ending]()
        for page, folds in self._pages():
            for reached in page:
                person = folds.get(reached.subscriber, NOBODY)
                command = self._command(reached, person, now, UNCAUSED)
                counts[_ending(direct(command, person, self.plan))] += 1
        return counts

    def send(self, cause: Callable[[], CauseAndEvidence]) -> tuple[Counter[Ending], list[str]]:
        """Write the facts, and say of whom; `cause` makes the cause of each, and what the vault
        keeps of it.
        """
        counts, directed = Counter[Ending](), list[str]()
        for page, folds in self._pages():
            requests = [
                self._request(reached, folds.get(reached.subscriber, NOBODY), *cause())
                for reached in page
            ]
            results = self.stores.command_handler.execute(requests, folds)
            for reached, result in zip(page, results, strict=True):
                ending: Ending = "busy" if result.conflict else _ending(result.outcome)
                counts[ending] += 1
                directed += [reached.subscriber] if ending == "new" else []
        return counts, directed

    def became(self, subscribers: Sequence[str]) -> dict[str, Status]:
        """How the letter stands for some people."""
        folds = self.stores.views.folds(subscribers)
        now = self.stores.clock.now()
        return {who: self._status(folds.get(who, NOBODY), now) for who in subscribers}

    def _status(self, person: Person, now: int) -> Status:
        key = decode(self.letter.key)
        run = 0
        if isinstance(key, ListKey):
            membership = person.memberships.get(key.list)
            if membership is None:
                return "gone"
            run = membership.run
        state = letters_at(person, self.letter.key, run).get(self.letter.letter)
        if state is None:
            return "gone" if not person.registered else "waits"
        match state.status:
            case "begun":
                flight = person.in_flight.get(state.message)
                return "doubt" if flight is not None and flight.doubt else "begun"
            case "deferred" if state.waits:
                return "room"
            case "deferred" if not state.message:
                act = acts(person, self.plan).get(self.letter.key)
                return "waits" if act is not None and 0 < act.due <= now else "later"
            case status:
                return status

    def _command(self, reached: Reached, person: Person, now: int, cause: Cause) -> DirectLetter:
        """Whom a name reaches, a broadcast comes to by one of its lists they stand on, else by any
        list.
        """
        number = reached.list
        if self._broadcast is not None and not (number or reached.segment):
            lists = (*self._broadcast.to, *person.memberships)
            number = next((there for there in lists if there in person.memberships), 0)
        return DirectLetter(
            at=now,
            cause=cause,
            key=self.letter.key,
            letter=self.letter.letter,
            list=number,
            segment=reached.segment,
        )

    def _request(
        self, reached: Reached, person: Person, cause: Cause, kept: Evidence
    ) -> CommandRequest:
        now = self.stores.clock.now()
        return CommandRequest(
            self._command(reached, person, now, cause),
            stream=reached.subscriber,
            vault_write=VaultWrite(reached.subscriber, now, evidence=(kept,)),
            only_known=True,
        )

    def _pages(self) -> Iterator[tuple[list[Reached], Mapping[str, Person]]]:
        met: set[str] = set()
        for some in self._reached():
            page = [one for one in some if one.subscriber not in met]
            met.update(one.subscriber for one in page)
            for start in range(0, len(page), BATCH):
                piece = page[start : start + BATCH]
                yield piece, self.stores.views.folds([one.subscriber for one in piece])

    def _reached(self) -> Iterator[list[Reached]]:
        views, now = self.stores.views, self.stores.clock.now()
        for number in self.meant.lists:
            for some in views.members_of(number, BATCH):
                yield [Reached(who, list=number) for who in some]
        for segment in self.meant.segments:
            for some in views.segments.chosen(InSegment(segment), now):
                yield [Reached(who, segment=segment) for who in some]
        yield [Reached(who) for who in self.meant.people]


ENDINGS: Mapping[Unchanged, Ending] = {
    Unchanged.LETTER_HAD_ALREADY: "had",
    Unchanged.NOT_ON_LIST: "not on the list",
    Unchanged.MAY_NOT_BE_WRITTEN_TO: "may not",
}


def _ending(outcome: Outcome) -> Ending:
    match outcome:
        case Done():
            return "new"
        case NothingToDo(code=code):
            return ENDINGS.get(code, "not meant for")
        case _:
            return "not meant for"
