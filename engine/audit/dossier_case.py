"""What a person's facts say of each ground to write to them: how it was asked for, what it was
asked in, who gave it, which letters stood on it, and what ended it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from engine.audit.person_history import GroundHistory, LetterGround
from engine.ledger.codec import Entry
from engine.subscriber import events as e

OUTCOMES = (
    e.LetterSent,
    e.LetterDeferred,
    e.LetterFailed,
    e.LetterWithheld,
    e.LetterInDoubt,
)


@dataclass(frozen=True, slots=True)
class LetterTold:
    """A letter's first beginning, the ground it stood on then, and the last that is known of it."""

    begun: Entry
    ground: LetterGround
    outcome: Entry | None = None

    @property
    def event(self) -> e.LetterBegun:
        return cast(e.LetterBegun, self.begun.event)


@dataclass
class GroundCase:
    """One ground for one purpose. `asked` is the request by mail, `given` what made the ground, at
    least one of them is there; `expired` ended the request, `withdrawn` the ground. `mails` asked
    to confirm, `letters` stood on the ground.
    """

    purpose: str
    asked: Entry | None = None
    given: Entry | None = None
    expired: Entry | None = None
    withdrawn: Entry | None = None
    mails: list[LetterTold] = field(default_factory=list)
    letters: list[LetterTold] = field(default_factory=list)

    @property
    def first(self) -> Entry:
        return cast(Entry, self.asked or self.given)

    @property
    def declared(self) -> bool:
        """Whether nobody had asked: a file said that they agreed."""
        asked = self.asked.event if self.asked is not None else None
        return isinstance(asked, e.ConsentRequested) and asked.declared

    @property
    def confirmed(self) -> bool:
        return self.given is not None and isinstance(self.given.event, e.ConsentConfirmed)

    @property
    def mail_sent(self) -> Entry | None:
        """When the mail that was answered, else the last one that asked, was handed over."""
        answered = self.given.cause.ref if self.given is not None and self.confirmed else ""
        sent = [
            mail.outcome
            for mail in self.mails
            if mail.outcome is not None
            and isinstance(mail.outcome.event, e.LetterSent | e.LetterInDoubt)
            and answered in ("", mail.event.message)
        ]
        return sent[-1] if sent else None

    @property
    def sent(self) -> list[LetterTold]:
        """Letters that left, or perhaps did."""
        return [
            letter
            for letter in self.letters
            if letter.outcome is None
            or isinstance(letter.outcome.event, e.LetterSent | e.LetterInDoubt)
        ]


@dataclass(frozen=True, slots=True)
class PersonCase:
    """`grounds` oldest first; `groundless` are letters that stood on none of them, or on one that
    was no longer live.
    """

    grounds: tuple[GroundCase, ...]
    letters: tuple[LetterTold, ...]

    @property
    def groundless(self) -> list[LetterTold]:
        return [letter for letter in self.letters if letter.ground.why_not]

    @property
    def latest(self) -> tuple[GroundCase, ...]:
        """The last ground of each purpose."""
        return tuple({ground.purpose: ground for ground in self.grounds}.values())


def person_case(entries: Sequence[Entry]) -> PersonCase:
    """From one person's whole stream, in order."""
    history, grounds = GroundHistory(), list[GroundCase]()
    letters = dict[str, LetterTold]()
    for entry in entries:
        event = entry.event
        match event:
            case e.ConsentRequested():
                grounds.append(GroundCase(event.purpose, asked=entry))
            case e.ConsentConfirmed():
                _asked(grounds, event).given = entry
            case e.ConsentGiven() | e.GroundDeclared():
                grounds.append(GroundCase(event.purpose, given=entry))
            case e.ConsentExpired():
                for ground in _of(grounds, event.purpose):
                    if ground.given is None and ground.expired is None:
                        ground.expired = entry
            case e.ConsentWithdrawn():
                for ground in _of(grounds, event.purpose):
                    if ground.given is not None and ground.withdrawn is None:
                        ground.withdrawn = entry
            case e.LetterBegun() if event.message not in letters:
                letters[event.message] = LetterTold(entry, history.of_letter(event))
            case _ if isinstance(event, OUTCOMES) and event.message in letters:
                told = letters[event.message]
                letters[event.message] = LetterTold(told.begun, told.ground, entry)
        history.add(entry)
    for letter in letters.values():
        _place(letter, grounds)
    return PersonCase(tuple(grounds), tuple(letters.values()))


def _of(grounds: Sequence[GroundCase], purpose: str) -> list[GroundCase]:
    return [ground for ground in grounds if purpose in ("*", ground.purpose)]


def _asked(grounds: list[GroundCase], event: e.ConsentConfirmed) -> GroundCase:
    """The ground that this confirms; a new one where nobody asked."""
    for ground in reversed(grounds):
        asked = ground.asked.event if ground.asked is not None else None
        if isinstance(asked, e.ConsentRequested) and asked.request == event.request:
            return ground
    grounds.append(GroundCase(event.purpose))
    return grounds[-1]


def _place(letter: LetterTold, grounds: Sequence[GroundCase]) -> None:
    """With the request that its mail asks to confirm, or the ground it stood on."""
    for ground in reversed(grounds):
        if ground.purpose != letter.event.purpose:
            continue
        begins = ground.asked if letter.event.kind == "confirmation" else ground.given
        if begins is not None and begins.position < letter.begun.position:
            (ground.mails if letter.event.kind == "confirmation" else ground.letters).append(letter)
            return
