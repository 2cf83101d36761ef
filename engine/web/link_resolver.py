"""What a link's token opens: the letter it came in, the person it went to, the action it names. One
look-up in the ledger (docs/design.md, Links). Blocking reads.

A token that is not ours, in any way whatever, opens nothing, and nothing is said about why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from engine.desk.desk import Page
from engine.i18n.language import Language
from engine.installation.state import Installation
from engine.intake.clicks import Action, Click
from engine.ledger.codec import Entry
from engine.letter import link_token
from engine.sending.claim import REQUEST_KINDS
from engine.sending.compose import letter_of
from engine.sequence.model import Link, Plan
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import (
    ConsentExpired,
    ConsentRequested,
    LetterBegun,
    LetterInDoubt,
    LetterSent,
    PermissionAsked,
)
from engine.subscriber.person import NOBODY, LetterState, Person
from engine.web.pages import spoken
from engine.web.stores import LinkStores

ACTIONS: dict[int, Action] = {
    link_token.UNSUBSCRIBE: "unsubscribe",
    link_token.EVERYTHING: "everything",
    link_token.CONFIRM: "confirm",
    link_token.UNDO: "undo",
    link_token.NOT_ME: "not-me",
}
OF_A_REQUEST: frozenset[Action] = frozenset({"confirm", "not-me"})
MAX_POSITION = link_token.MAX_POSITION
LINK_CACHE_SIZE = 4096
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A genuine link. `plan` is the one in force, `links` the answers of the letter as it was
    published; `form` the one that asked for consent.
    """

    token: str
    action: int
    entry: Entry
    click: Click
    links: tuple[Link, ...]
    plan: Plan
    person: Person
    language: Language
    installation: Installation
    form: str = ""
    measures: bool = False

    def now(self, person: Person) -> OpenedLink:
        """The same link once something has become of the person."""
        return OpenedLink(
            self.token,
            self.action,
            self.entry,
            self.click,
            self.links,
            self.plan,
            person,
            self.language,
            self.installation,
            self.form,
            self.measures,
        )

    @property
    def stream(self) -> str:
        return self.entry.stream

    @property
    def page(self) -> Page:
        return self.click.claim.message, self.action

    @property
    def purpose(self) -> str:
        """The purpose's name, as readers know it."""
        purpose = self.plan.purposes.get(self.click.claim.purpose)
        return purpose.name if purpose else self.click.claim.purpose


class LinkResolver:
    """Opens many links at once. Remembers letters and people for a while: who opens a page mostly
    presses its button a moment later.

    People are remembered as they were, and grown by what has come since; the beginning of a letter
    never changes. For one thread.
    """

    def __init__(self, stores: LinkStores) -> None:
        self.stores = stores
        self._begun: OrderedDict[str, tuple[Entry, int]] = OrderedDict()
        self._people: OrderedDict[str, Person] = OrderedDict()

    def open(self, tokens: Collection[str]) -> tuple[Installation, dict[str, OpenedLink]]:
        """What was published at this moment, and what these tokens open, those that are ours."""
        begun = self.genuine(tokens)
        streams = {entry.stream for entry, _ in begun.values()}
        known = {
            stream: person for stream in streams if (person := self._people.get(stream)) is not None
        }
        folds = self.stores.folds(streams - known.keys())
        installation, people = self.stores.command_handler.present(
            dict.fromkeys(streams, NOBODY) | dict(folds) | known
        )
        _remember(self._people, people)
        published = _Published(installation)
        clicks = {
            token: click
            for token, (entry, action) in begun.items()
            if (click := _click(published, entry, action)) is not None
        }
        before = self.stores.ledger.after(
            {
                begun[token][0].stream: 0
                for token, click in clicks.items()
                if click.action in OF_A_REQUEST
            }
        )
        plan, found = installation.plan(), {}
        for token, click in clicks.items():
            entry, action = begun[token]
            form = ""
            if click.action in OF_A_REQUEST:
                request, form, told = _request(before[entry.stream], entry)
                click = replace(
                    click,
                    request=request,
                    told=told,
                    declined=_is_declined(before[entry.stream], click.claim.message),
                )
            person = people[entry.stream]
            language = spoken(person.language, self.stores.site)
            found[token] = OpenedLink(
                token,
                action,
                entry,
                click,
                published.links(click.claim),
                plan,
                person,
                language,
                installation,
                form,
            )
        return installation, found

    def genuine(self, tokens: Collection[str]) -> dict[str, tuple[Entry, int]]:
        """The beginning of the letter behind each token that is ours, and the token's action."""
        clicks = {token: known for token in tokens if (known := self._begun.get(token)) is not None}
        claimed = {
            token: parts
            for token in tokens
            if token not in clicks and (parts := link_token.read_token(token)) is not None
        }
        positions = {
            parts.position for parts in claimed.values() if 0 < parts.position <= MAX_POSITION
        }
        entries = self.stores.ledger.at_all(positions) if positions else {}
        key = self.stores.link_key
        for token, parts in claimed.items():
            entry = entries.get(parts.position)
            if (
                entry is not None
                and isinstance(entry.event, LetterBegun)
                and link_token.genuine(key, parts, entry.event.message)
            ):
                clicks[token] = entry, parts.action
        _remember(self._begun, clicks)
        return clicks


def _remember(kept: OrderedDict[str, Kept], found: Mapping[str, Kept]) -> None:
    """The oldest are forgotten: memory stays bounded whoever comes."""
    for key, value in found.items():
        kept[key] = value
        kept.move_to_end(key)
    while len(kept) > LINK_CACHE_SIZE:
        kept.popitem(last=False)


class _Published:
    """The answers of letters as they were published; each letter is looked for once, whoever has
    it.
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._links: dict[tuple[int, str, int, str, str, str], tuple[Link, ...]] = {}

    def links(self, claim: LetterBegun) -> tuple[Link, ...]:
        key = claim.edition, claim.kind, claim.list, claim.key, claim.letter, claim.version
        links = self._links.get(key)
        if links is None:
            letter = letter_of(self.installation.plan(claim.edition), claim)
            links = self._links[key] = letter.links if letter is not None else ()
        return links


def _click(published: _Published, entry: Entry, number: int) -> Click | None:
    """None for an action that this letter does not have."""
    claim = cast(LetterBegun, entry.event)
    link = next(
        (link for link in published.links(claim) if link.index == number - link_token.FIRST_LINK),
        None,
    )
    action: Action | None = "answer" if link is not None else ACTIONS.get(number)
    if action is None or (action == "confirm") > (claim.kind in REQUEST_KINDS):
        return None
    return Click(action, claim, link)


def token_for(link_key: bytes, opened: OpenedLink, action: int) -> str:
    """The token of another action of the same letter."""
    return link_token.make_token(
        link_key, action, opened.entry.position, opened.click.claim.message
    )


def sent_at(opened: OpenedLink) -> tuple[bool, int | None]:
    """Whether the person's open letters tell when the server accepted this one, and the engine's
    instant, None when it is not known to have.
    """
    message, person = opened.click.claim.message, opened.person
    for letters in (
        *(m.letters for m in person.memberships.values()),
        *(m.letters for m in person.mailings.values()),
    ):
        for state in cast("dict[str, LetterState]", letters).values():
            if state.message == message:
                return True, state.at if state.status == "sent" else None
    return False, None


def sent_later(opened: OpenedLink, later: Sequence[Entry]) -> int | None:
    """The same from the entries after the one that began the letter."""
    for entry in later:
        event = entry.event
        sent = isinstance(event, LetterSent) or (
            isinstance(event, LetterInDoubt) and event.settled == "taken-as-sent"
        )
        if sent and cast(LetterSent, event).message == opened.click.claim.message:
            return event.at
    return None


def readable(link: Link | None) -> str:
    """A link's label as plain words, "" when it has none of its own."""
    return link.readable if link is not None else ""


def _is_declined(entries: Sequence[Entry], message: str) -> bool:
    return any(
        isinstance(entry.event, ConsentExpired) and entry.cause.ref == message for entry in entries
    )


def _request(entries: Sequence[Entry], begun: Entry) -> tuple[str, str, str]:
    """The request a confirmation mail is about, its form, and the commitment to what was told with
    it: the last one of that purpose before the mail was begun.
    """
    purpose, found = cast(LetterBegun, begun.event).purpose, ("", "", "")
    for earlier in entries:
        event = earlier.event
        if earlier.version >= begun.version:
            break
        if isinstance(event, ConsentRequested) and event.purpose == purpose:
            found = (event.request, event.form, earlier.cause.evidence)
        elif isinstance(event, PermissionAsked) and purpose == EVERYTHING:
            found = (event.request, "", "")
    return found
