"""What a link's token opens: the letter it came in, the person it went to, the action it names. One look-up in the ledger (DESIGN 6). Blocking reads.

A token that is not ours, in any way whatever, opens nothing, and nothing is said about why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from engine import link_token
from engine.house import House
from engine.intake.clicks import Action, Click
from engine.language import Language
from engine.ledger.codec import Entry
from engine.sending.compose import letter_of
from engine.sequence.model import Link, Plan
from engine.subscriber.events import ConsentRequested, LetterBegun, LetterInDoubt, LetterSent
from engine.subscriber.person import LetterState, Person
from engine.web.pages import spoken

ACTIONS: dict[int, Action] = {
    link_token.UNSUBSCRIBE: "unsubscribe",
    link_token.EVERYTHING: "everything",
    link_token.CONFIRM: "confirm",
    link_token.UNDO: "undo",
    link_token.NOT_ME: "not-me",
}
HIGHEST_POSITION = 2**63 - 1
_MARKUP = re.compile(r"\*\*|__|[*_`](?=\S)|(?<=\S)[*_`]")


@dataclass(frozen=True)
class Opened:
    """A genuine link. `plan` is the one in force, `links` the answers of the letter as it was published; `form` the one that asked for consent."""

    token: str
    action: int
    entry: Entry
    click: Click
    links: tuple[Link, ...]
    plan: Plan
    person: Person
    language: Language
    form: str = ""

    @property
    def stream(self) -> str:
        return self.entry.stream

    @property
    def purpose(self) -> str:
        """The purpose's name, as readers know it."""
        purpose = self.plan.purposes.get(self.click.claim.purpose)
        return purpose.name if purpose else self.click.claim.purpose


def open_link(house: House, token: str) -> Opened | None:
    claimed = link_token.read_token(token)
    if claimed is None or not 0 < claimed.position <= HIGHEST_POSITION:
        return None
    entry = house.ledger.at(claimed.position)
    if entry is None or not isinstance(entry.event, LetterBegun):
        return None
    claim = entry.event
    if not link_token.genuine(house.secrets.link_key, claimed, claim.message):
        return None
    installation = house.publications.current()
    letter = letter_of(installation.plan(claim.edition), claim)
    links = letter.links if letter is not None else ()
    link = next((each for each in links if each.index == claimed.link), None)
    action: Action | None = "answer" if link is not None else ACTIONS.get(claimed.action)
    if action is None or (action == "confirm") > (claim.kind == "confirmation"):
        return None
    request, form = _request(house, entry) if action == "confirm" else ("", "")
    person = house.decisions.load([entry.stream])[entry.stream]
    language = spoken(person.language, house.config.site)
    click = Click(action, claim, link, request)
    return Opened(token, claimed.action, entry, click, links, installation.plan(), person, language, form)


def token_for(house: House, opened: Opened, action: int) -> str:
    """The token of another action of the same letter."""
    return link_token.make_token(house.secrets.link_key, action, opened.entry.position, opened.click.claim.message)


def seconds_since_sent(house: House, opened: Opened) -> float | None:
    """Wall-clock seconds since the server accepted the letter, None when it is not known to have."""
    message, person = opened.click.claim.message, opened.person
    for letters in (*(m.letters for m in person.memberships.values()), *(m.letters for m in person.mailings.values())):
        for state in cast("dict[str, LetterState]", letters).values():
            if state.message == message:
                return house.clock.wall_age(state.at) if state.status == "sent" else None
    for entry in house.ledger.after({opened.stream: opened.entry.version})[opened.stream]:
        event = entry.event
        sent = isinstance(event, LetterSent) or (isinstance(event, LetterInDoubt) and event.settled == "taken-as-sent")
        if sent and cast(LetterSent, event).message == message:
            return house.clock.wall_age(event.at)
    return None


def readable(link: Link | None) -> str:
    """A link's label as plain words, "" when it has none of its own: one that holds a merge field is not shown half filled in."""
    if link is None or "{{" in link.label or "{%" in link.label:
        return ""
    return _MARKUP.sub("", link.label).strip()[:200]


def _request(house: House, entry: Entry) -> tuple[str, str]:
    """The request a confirmation mail is about, and its form: the last one of that purpose before the mail was begun."""
    assert isinstance(entry.event, LetterBegun)
    found = ("", "")
    for earlier in house.ledger.stream(entry.stream):
        event = earlier.event
        if earlier.version < entry.version and isinstance(event, ConsentRequested) and event.purpose == entry.event.purpose:
            found = (event.request, event.form)
    return found
