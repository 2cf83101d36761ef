"""A letter of ours that somebody tells of, found in the ledger, and what a bounce of it or a
complaint about it asks of its recipient's stream: whether it comes as a mail or as the call of a
mail service. Blocking; for any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from engine.config import Config
from engine.desk.clock import Clock
from engine.inbound.feedback import source_name
from engine.inbound.letter_identity import LetterMark
from engine.ledger.codec import Entry
from engine.ledger.store import Ledger
from engine.sending.replies import Reply
from engine.subscriber.commands import RecordBounce, RecordComplaint
from engine.subscriber.events import Cause, LetterBegun, ProfileChanged
from engine.subscriber.terms import BounceKind
from engine.vault.evidence import Evidence
from engine.vault.vault import Vault

MAX_KEPT_WORDS: Final = 2000
Keep = Callable[[Mapping[str, object], str], tuple[Cause, tuple[Evidence, ...]]]
"""Of particulars and the kind of their evidence: the cause, and the pieces it commits to."""


class TryLater(Exception):
    """It cannot be told yet which letter is meant: whoever tells keeps it, and comes again."""


class LetterViews(Protocol):
    def begun(self, message: str) -> tuple[str, int] | None:
        """Whose letter has this message id, and the ledger's position of its first beginning."""

    def positions(self) -> list[tuple[str, int, str]]:
        """Each view with its position and what stopped it."""


class LetterStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def letters(self) -> LetterViews: ...


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """A letter of ours: its beginning in the ledger, and how it was named."""

    entry: Entry
    begun: LetterBegun
    mark: LetterMark

    @property
    def stream(self) -> str:
        return self.entry.stream


@dataclass(frozen=True, slots=True)
class Returned:
    """What is asked of the stream of the letter's recipient; `suppress` is why they must not be
    written to, "" where they may be.
    """

    command: RecordBounce | RecordComplaint
    evidence: tuple[Evidence, ...]
    suppress: str = ""


class OwnLetters:
    def __init__(self, stores: LetterStores) -> None:
        self.stores = stores

    def find(self, mark: LetterMark) -> OwnLetter | None:
        """The view finds; the ledger says whether it is so. Raises TryLater while the view is
        behind.
        """
        found = self.stores.letters.begun(mark.message)
        if found is None:
            head, views = self.stores.ledger.head(), self.stores.letters.positions()
            if any(name == "letters" and position < head for name, position, _ in views):
                raise TryLater
            return None
        entry = self.stores.ledger.at(found[1])
        if entry is None or not isinstance(entry.event, LetterBegun):
            return None
        return OwnLetter(entry, entry.event, mark) if entry.event.message == mark.message else None

    def has_moved_since(self, letter: OwnLetter) -> bool:
        """Whether the person has given another address since the letter: of that one a bounce says
        nothing.
        """
        later = self.stores.ledger.after({letter.stream: letter.entry.version})
        return any(
            isinstance(entry.event, ProfileChanged) and "email" in entry.event.fields
            for entry in later[letter.stream]
        )

    def bounced(self, letter: OwnLetter, kind: BounceKind, reply: Reply, keep: Keep) -> Returned:
        words = {
            "stage": "returned",
            "code": reply.code,
            "enhanced": reply.enhanced,
            "words": " ".join(reply.text.split())[:MAX_KEPT_WORDS],
        }
        cause, pieces = keep(words, "relay")
        command = RecordBounce(
            at=self.stores.clock.now(),
            cause=cause,
            message=letter.begun.message,
            kind=kind,
            code=reply.code,
            enhanced=reply.enhanced,
            provider=self._provider(letter.stream),
        )
        return Returned(command, pieces)

    def complained(self, letter: OwnLetter, feedback: str, source: str, keep: Keep) -> Returned:
        """`source` is who passes it on, as they name themselves."""
        cause, pieces = keep({"act": "feedback", "words": f"{feedback}: {source}"}, "act")
        command = RecordComplaint(
            at=self.stores.clock.now(),
            cause=cause,
            message=letter.begun.message,
            source=source_name(source),
            provider=self._provider(letter.stream),
        )
        return Returned(command, pieces, "complained")

    def _provider(self, stream: str) -> str:
        known = self.stores.vault.people([stream]).get(stream)
        return self.stores.config.providers.of_address(known.address).name if known else ""
