"""Which letter a page of the console is about: in force, as it is written now, or both; and the
addresses of its pages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from engine.console.open_dialogue import OpenDialogue
from engine.console.visit import Visit
from engine.i18n.phrases import say_due, say_mailing
from engine.letter.published_letter import LAYOUT
from engine.sending.compose import Composer
from engine.sending.inert_letter import claim_of
from engine.sequence.model import Broadcast, Letter, List, Plan
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref, list_key
from engine.subscriber.events import LetterBegun

KEPT = ("plan", "version", "person", "reader", "look")
"""What a page of a letter is asked with; it goes on in its links and forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLetter:
    """A letter in a plan: `plan` is the one in force, or what is written now."""

    plan: Plan
    sender: List | Broadcast
    letter: Letter
    composer: Composer


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLetter:
    """What an address names. `in_force` and `written` are None where the letter is not there."""

    visit: Visit
    address: str
    """Of the page, without its query."""
    in_force: PlacedLetter | None
    written: PlacedLetter | None
    opened: OpenDialogue | None
    """The dialogue as it is written, where it is."""
    shows_written: bool

    @property
    def shown(self) -> PlacedLetter:
        placed = self.written if self.shows_written else self.in_force
        assert placed is not None
        return placed

    @property
    def version(self) -> str:
        """ "" for the letter itself, and for a version it does not have."""
        name = self.visit.query.get("version", "")
        return name if name in dict(self.shown.letter.wordings()) else ""

    def url(self, page: str = "", **changes: str) -> str:
        """The page, or a part of it, with what it was asked with but for `changes`."""
        given = {name: self.visit.query.get(name, self.visit.inputs.get(name, "")) for name in KEPT}
        query = {name: value for name, value in (given | changes).items() if value}
        address = f"{self.address}/{page}" if page else self.address
        return f"{address}?{urlencode(query)}" if query else address

    def claim(self) -> LetterBegun:
        shown = self.shown
        return replace(claim_of(shown.plan, shown.sender, shown.letter), version=self.version)


def place_letter(
    plan: Plan, number: str, broadcast: str, name: str, composer: Composer
) -> PlacedLetter | None:
    sender: List | Broadcast | None
    letter: Letter | None
    if broadcast:
        sender = plan.broadcasts.get(broadcast)
        both = (sender.letter, sender.reminder) if sender is not None else ()
        letter = next((one for one in both if one is not None and name in ("", one.id)), None)
    else:
        listed = plan.lists.get(int(number)) if number.isascii() and number.isdigit() else None
        sender, letter = listed, listed.letter(name) if listed is not None else None
    if sender is None or letter is None:
        return None
    return PlacedLetter(plan=plan, sender=sender, letter=letter, composer=composer)


def ref_of(sender: List | Broadcast, letter: Letter) -> str:
    if isinstance(sender, List):
        return letter_ref(list_key(sender.id), letter.id)
    return letter_ref(encode(BroadcastKey(sender.id)), letter.id)


def reference_of(sender: List | Broadcast, letter: Letter) -> str:
    """As the editor's addresses name it."""
    if isinstance(sender, List):
        return f"{sender.id}/{letter.id}"
    return f"b/{sender.id}" if letter.id == sender.letter.id else f"b/{sender.id}/reminder"


def address_of_letter(sender: List | Broadcast, letter: Letter | None) -> str:
    if letter is None:
        return ""
    if isinstance(sender, List):
        return f"/l/{sender.id}/{letter.id}"
    return f"/b/{sender.id}" if letter.id == sender.letter.id else f"/b/{sender.id}/{letter.id}"


def letters_beside(sender: List | Broadcast, letter: Letter) -> tuple[Letter | None, Letter | None]:
    """The letters before and after it."""
    if isinstance(sender, List):
        every: list[Letter | None] = [*sender.letters]
    else:
        every = [sender.letter, sender.reminder]
    ids = [one.id if one is not None else "" for one in every]
    around = [None, *every, None]
    place = ids.index(letter.id) + 1
    return around[place - 1], around[place + 1]


def due_of(sender: List | Broadcast, letter: Letter, visit: Visit) -> str:
    if isinstance(sender, Broadcast) and letter.id == sender.letter.id:
        return say_mailing(sender, visit.language)
    return say_due(letter, visit.language)


def differs(asked: AskedLetter) -> bool:
    """Whether what is written is not what is in force."""
    now, written = asked.in_force, asked.written
    if now is None or written is None:
        return False
    return _content(now) != _content(written)


def _content(placed: PlacedLetter) -> tuple[object, ...]:
    """What a reader gets and when; not since when."""
    letter, words = placed.letter, placed.plan.words
    bodies = [words.get(worded.body) for _version, worded in letter.wordings()]
    plain = replace(letter, added_at=0, backfill=False, tried_since=0, links=(), versions=())
    said = [(v.id, v.share, v.subject, v.preheader) for v in letter.versions]
    return plain, said, bodies, words.get(LAYOUT)
