"""What was published at any position of the ledger: the edition, the words, and the notices shown
where data was collected.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.i18n.language import N_
from engine.installation import events as i
from engine.installation.publishing import digest_of
from engine.installation.state import Installation
from engine.ledger.codec import Entry
from engine.proof.held_reading import Difference
from engine.sequence.delay import MINUTE
from engine.sequence.model import Plan
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.agenda_key import BroadcastKey, encode
from engine.words import words

UNHEARD = MINUTE
"""Milliseconds after which every process has heard of a publication."""
OTHER_WORDS = N_(
    "the words published under {digest} are others now: their SHA-256 is {other} (positions"
    " {positions})"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Words a fact refers to by their SHA-256, "" where nobody published them. `in_force`: they
    were the latest of their form at that position.
    """

    digest: str
    words: str = ""
    form: str = ""
    language: str = ""
    published_at: int = 0
    in_force: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """Which plan ran: its number, when it was published and when that was recorded (ms), and where
    it stands in the ledger; 0 before the first.
    """

    number: int
    at: int
    position: int
    recorded_at: int = 0


def _altered(state: Installation, pieces: Mapping[str, Sequence[int]]) -> dict[str, Difference]:
    altered = {}
    for digest, text in state.words.items():
        if (other := digest_of(text)) != digest:
            listed = ", ".join(map(str, pieces[digest]))
            sentence = words(OTHER_WORDS, digest=digest, other=other, positions=listed)
            altered[digest] = Difference("words-altered", sentence, tuple(pieces[digest]))
    return altered


class Published:
    """`entries` is the installation's whole stream; `altered` are the words, by the digest they
    stand under, that have another; `nights` the rounds of retention with
    their positions, `fallen_due` the broadcasts that fell due, with theirs.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        state = Installation()
        self._editions: list[Edition] = []
        self._notices: list[tuple[int, i.NoticePublished]] = []
        self.nights: list[tuple[int, i.RetentionApplied]] = []
        self._calendars: list[tuple[int, Calendar]] = []
        self.fallen_due: list[tuple[int, Occurrence]] = []
        self._changes: list[tuple[int, int]] = []
        pieces: dict[str, list[int]] = {}
        for entry in entries:
            event = cast(i.InstallationEvent, entry.event)
            state = state.evolve(event)
            match event:
                case i.SequencePublished():
                    self._editions.append(
                        Edition(event.edition, event.at, entry.position, entry.recorded_at)
                    )
                case i.NoticePublished():
                    self._notices.append((entry.position, event))
                case i.BroadcastFellDue():
                    self._calendars.append((entry.position, state.calendar))
                    key = encode(BroadcastKey(event.broadcast, event.occurrence))
                    fallen = Occurrence(event.broadcast, key, event.at)
                    self.fallen_due.append((entry.position, fallen))
                case i.RetentionApplied():
                    self.nights.append((entry.position, event))
                case i.WordsPublished():
                    pieces.setdefault(event.digest, []).append(entry.position)
            if isinstance(event, i.SequencePublished | i.BroadcastFellDue):
                self._changes.append((entry.position, entry.recorded_at))
        self.state = state
        self.altered = _altered(state, pieces)

    def edition_at(self, position: int) -> Edition:
        count = bisect_right(self._editions, position, key=lambda edition: edition.position)
        return self._editions[count - 1] if count else Edition(0, 0, 0)

    def edition(self, number: int) -> Edition:
        return next(
            (edition for edition in self._editions if edition.number == number), Edition(0, 0, 0)
        )

    def plan_at(self, position: int) -> Plan:
        """The plan that ran when this position was written; the empty plan before the first."""
        number = self.edition_at(position).number
        return self.state.plan(number) if number else Plan()

    def calendar_at(self, position: int) -> Calendar:
        """The broadcasts that had fallen due when this position was written."""
        count = bisect_right(self._calendars, position, key=lambda fallen: fallen[0])
        return self._calendars[count - 1][1] if count else ()

    def may_have_known(self, entry: Entry) -> list[int]:
        """Positions up to which whoever decided on a fact may have known what is published, the
        likeliest first: a publication may have come a moment before it, and not been heard of yet.
        """
        return [
            entry.position,
            *(
                position - 1
                for position, recorded_at in reversed(self._changes)
                if position < entry.position and recorded_at >= entry.event.at - UNHEARD
            ),
        ]

    def plan_known(self, instant: int) -> Plan:
        """The plan as it was known at an instant (ms)."""
        number = max(
            (edition.number for edition in self._editions if edition.recorded_at <= instant),
            default=0,
        )
        return self.plan(number)

    def list_number(self, text: str) -> int | None:
        """A list's number from its number or name in any edition ever published."""
        for edition in reversed(self._editions):
            declared = self.state.plan(edition.number).list_named(text)
            if declared is not None:
                return declared.id
        return None

    def plan(self, edition: int) -> Plan:
        return self.state.plan(edition) if edition else Plan()

    def digest(self, edition: int, path: str) -> str:
        """The SHA-256 of a file as it was in an edition, "" where it had none."""
        published = self.state.editions.get(edition)
        return dict(published.files).get(path, "") if published else ""

    def notice(self, digest: str, position: int, form: str = "") -> Notice:
        """The notice a fact at `position` names, as far as the ledger has it; of `form` where the
        fact says which.
        """
        before = [(at, event) for at, event in self._notices if at <= position]
        same = [(at, event) for at, event in before if event.digest == digest]
        chosen = [(at, event) for at, event in same if event.form == form] or same
        words = self.state.words.get(digest, "")
        if not chosen:
            return Notice(digest, words)
        _position, event = chosen[-1]
        latest = next(other for _, other in reversed(before) if other.form == event.form)
        return Notice(digest, words, event.form, event.language, event.at, latest.digest == digest)
