"""A contested letter with everything that bears on it: the person, the attempts, their outcomes,
the ground it stood on, and its words as they were published held against those of the mail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from engine.audit.identity import Identity
from engine.audit.letter_search import FoundLetter
from engine.audit.person_history import GroundHistory, LetterGround
from engine.audit.published import Published
from engine.intake.contested import Contested
from engine.ledger.codec import Entry
from engine.ledger.names import AnyEvent
from engine.letter.compile import LetterMistakes, LetterSource, Rendered
from engine.letter.published_letter import letter_of
from engine.sending.compose import CannotRender, Composer, ComposeRequest, source_of
from engine.subscriber import events as e
from engine.subscriber.eligibility import is_measured
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import Person

FIELD = "\ue0f7"
"""Stands for a person's field in words that were put together without knowing it: a character that
no letter case and no filter changes.
"""
MAX_SHOWN = 160
"""Characters of each excerpt."""
MAX_FIELD = 1_000
"""No door takes a longer one, encoded as HTML."""
_LINK = re.compile(r"https?://[^\s\"'<>/]{1,255}/l/")

Verdict = Literal["same", "same-but-fields", "added", "differs", "absent"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`published` and `contested` are excerpts from the first place where they differ, "" where
    they do not; `fields` what the mail has in the places of the person's fields.
    """

    verdict: Verdict
    published: str = ""
    contested: str = ""
    fields: tuple[str, ...] = ()


def compare(contested: str, as_known: Sequence[str], with_fields: Sequence[str]) -> Comparison:
    """`as_known` are the published words put together with what is known of the person,
    `with_fields` with FIELD for each of their fields. White space counts for nothing, and links by
    their token alone: neither a relay's wrapping nor a changed site address makes a difference.
    """
    words = _normalised(contested)
    if not words:
        return Comparison("absent")
    known, marked = [*map(_normalised, as_known)], [*map(_normalised, with_fields)]
    if words in known:
        return Comparison("same")
    for published in marked:
        fields = _fields(words, published)
        if fields is not None:
            return Comparison("same-but-fields", fields=fields)
    if any(published and published in words for published in known):
        return Comparison("added")
    return _first_difference(words, (known or marked or [""])[0])


def _normalised(text: str) -> str:
    return " ".join(_LINK.sub("/l/", text).split())


def _fields(words: str, published: str) -> tuple[str, ...] | None:
    """What stands between the published pieces, where these stand in the text in order, from its
    beginning to its end; None where they do not.
    """
    first, *rest = re.split(f"{FIELD}+", published)
    if not rest:
        return () if words == first else None
    *middle, last = rest
    if (
        not words.startswith(first)
        or len(words) < len(first) + len(last)
        or not words.endswith(last)
    ):
        return None
    place, end = len(first), len(words) - len(last)
    fields = []
    for piece in middle:
        there = words.find(piece, place, end)
        if there < 0:
            return None
        fields.append(words[place:there])
        place = there + len(piece)
    fields.append(words[place:end])
    return tuple(fields) if all(len(field) <= MAX_FIELD for field in fields) else None


def _first_difference(words: str, published: str) -> Comparison:
    place = next(
        (n for n, (a, b) in enumerate(zip(words, published, strict=False)) if a != b),
        min(len(words), len(published)),
    )
    start = max(0, place - 40)
    return Comparison(
        "differs",
        published[start : start + MAX_SHOWN].replace(FIELD, "…"),
        words[start : start + MAX_SHOWN],
    )


EVENTS_OF_A_GROUND = (
    e.ConsentRequested,
    e.ConsentGiven,
    e.GroundDeclared,
    e.ConsentConfirmed,
    e.ConsentExpired,
    e.ConsentWithdrawn,
)


@dataclass(frozen=True, slots=True)
class PublishedWords:
    """A letter's words as they were published when it was begun. `source` is what the author had
    written, in its layout; `digest` the SHA-256 of the published file, "" where the words are the
    engine's own.

    `as_known` are rendered with what the vault knows of the person, `with_fields` with a mark for
    each of their fields.
    """

    edition: int
    published_at: int
    source: LetterSource
    digest: str
    as_known: tuple[Rendered, ...]
    with_fields: tuple[Rendered, ...]


def published_words(
    composer: Composer,
    published: Published,
    attempts: Sequence[Entry],
    person: Person,
    fields: Mapping[str, str] | None,
) -> PublishedWords | None:
    """`attempts` are the beginnings of one letter, `person` as they were then; `fields` None where
    the vault no longer knows.

    None for a letter that its edition does not have.
    """
    claim = cast(LetterBegun, attempts[0].event)
    plan = published.plan(claim.edition)
    letter = letter_of(plan, claim)
    if letter is None:
        return None
    ground = person.grounds.get(claim.purpose)
    source = source_of(letter, plan, claim.purpose)
    try:
        field_names = composer.compiled(letter, plan, claim).fields
    except LetterMistakes:
        field_names = frozenset()

    def rendered(values: Mapping[str, str]) -> Iterator[Rendered]:
        for attempt in attempts:
            begun = cast(LetterBegun, attempt.event)
            request = ComposeRequest(
                begun,
                attempt.position,
                "",
                values,
                person.language,
                ground.basis if ground else "consent",
                measured=is_measured(person, plan),
            )
            try:
                yield composer.rendered(request, plan)
            except CannotRender:
                continue

    marks = dict.fromkeys(field_names, FIELD)
    return PublishedWords(
        claim.edition,
        published.edition(claim.edition).at,
        source,
        published.digest(claim.edition, letter.body),
        tuple(rendered(fields)) if fields is not None else (),
        (*rendered(marks), *rendered({})),
    )


@dataclass(frozen=True, slots=True)
class LetterCase:
    """`begun` is the beginning that was found, `attempts` every beginning of the same letter,
    `outcomes` the facts that name it afterwards, `about` every fact about its purpose, the mails
    that asked to confirm among them. `subject`, `text` and `html` hold the contested mail's words
    against the published ones; None where only an id was given.
    """

    found: FoundLetter
    contested: Contested | None
    person: Identity
    begun: Entry
    attempts: tuple[Entry, ...]
    outcomes: tuple[Entry, ...]
    about: tuple[Entry, ...]
    ground: LetterGround
    words: PublishedWords | None
    subject: Comparison | None = None
    text: Comparison | None = None
    html: Comparison | None = None

    @property
    def letter(self) -> e.LetterBegun:
        return cast(e.LetterBegun, self.begun.event)


def open_case(
    composer: Composer,
    person: Identity,
    found: FoundLetter,
    begun: Entry,
    contested: Contested | None,
    published: Published,
) -> LetterCase:
    """`person` is who the letter was begun for."""
    letter = cast(LetterBegun, begun.event)
    history = GroundHistory()
    for entry in person.entries:
        if entry.version >= begun.version:
            break
        history.add(entry)
    attempts = tuple(
        entry
        for entry in person.entries
        if isinstance(entry.event, LetterBegun) and entry.event.message == letter.message
    )
    outcomes = tuple(
        entry
        for entry in person.entries
        if entry not in attempts and getattr(entry.event, "message", "") == letter.message
    )
    asking = {
        entry.event.message
        for entry in person.entries
        if isinstance(entry.event, LetterBegun)
        and (entry.event.kind, entry.event.purpose) == ("confirmation", letter.purpose)
        and entry.event.message != letter.message
    }
    about = tuple(entry for entry in person.entries if _is_about(entry.event, letter, asking))
    fields = person.known.fields if person.known else None
    words = published_words(composer, published, attempts, history.person, fields)
    case = LetterCase(
        found=found,
        contested=contested,
        person=person,
        begun=begun,
        attempts=attempts,
        outcomes=outcomes,
        about=about,
        ground=history.of_letter(letter),
        words=words,
    )
    if contested is None or words is None:
        return case
    return replace(
        case,
        subject=_compared(contested.subject, words, "subject"),
        text=_compared(contested.text, words, "text"),
        html=_compared(contested.html, words, "html"),
    )


def _is_about(event: AnyEvent, letter: LetterBegun, asking: Collection[str]) -> bool:
    """Whether it bears on the ground of the letter's purpose: its facts, and what became of the
    mails that asked to confirm (`asking`: their messages).
    """
    if isinstance(event, e.LetterSent | e.LetterInDoubt):
        return event.message in asking
    kinds = (*EVENTS_OF_A_GROUND, e.SubscriberErased, e.MailComplained)
    return isinstance(event, kinds) and getattr(event, "purpose", "*") in (letter.purpose, "*")


def _compared(contested: str, words: PublishedWords, part: str) -> Comparison:
    return compare(contested, _parts(words.as_known, part), _parts(words.with_fields, part))


def _parts(letters: Sequence[Rendered], part: str) -> list[str]:
    return [str(getattr(letter, part)) for letter in letters]
