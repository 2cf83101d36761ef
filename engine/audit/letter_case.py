"""A contested letter with everything that bears on it: the person, the attempts, what became of it,
the ground then, the words then and now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from engine.audit.comparison import Compared, compare
from engine.audit.found_letter import FoundLetter
from engine.audit.grounds_then import GroundsFollowed, GroundThen
from engine.audit.identity import Whose, person
from engine.audit.published import Published
from engine.audit.words_then import WordsThen, words_then
from engine.context import AppContext
from engine.intake.contested import Contested
from engine.ledger.codec import Entry
from engine.sending.compose import Composer
from engine.subscriber import events as e

GROUNDS = (
    e.ConsentRequested,
    e.ConsentGiven,
    e.GroundDeclared,
    e.ConsentConfirmed,
    e.ConsentExpired,
    e.ConsentWithdrawn,
)


@dataclass(frozen=True, slots=True)
class Case:
    """`begun` is the beginning that was found, `attempts` every beginning of the same letter,
    `became` what names it afterwards, `about` every fact about its purpose. `subject`, `text` and
    `html` hold the contested mail's words against the published ones; None where only an id was
    given.
    """

    found: FoundLetter
    contested: Contested | None
    whose: Whose
    begun: Entry
    attempts: tuple[Entry, ...]
    became: tuple[Entry, ...]
    about: tuple[Entry, ...]
    ground: GroundThen
    words: WordsThen | None
    subject: Compared | None = None
    text: Compared | None = None
    html: Compared | None = None

    @property
    def letter(self) -> e.LetterBegun:
        return cast(e.LetterBegun, self.begun.event)

    @property
    def sound(self) -> bool:
        """Whether everything is as it should be: marks that agree, a live ground, and no words but
        those that were published.
        """
        compared = (self.subject, self.text, self.html)
        return (
            self.found.sound
            and not self.ground.why_not
            and not any(each is not None and each.verdict == "differs" for each in compared)
        )


def open_case(
    context: AppContext,
    found: FoundLetter,
    begun: Entry,
    contested: Contested | None,
    published: Published,
) -> Case:
    whose = person(context, begun.stream)
    letter = cast(e.LetterBegun, begun.event)
    following = GroundsFollowed()
    for entry in whose.entries:
        if entry.version >= begun.version:
            break
        following.see(entry)
    attempts = tuple(
        each
        for each in whose.entries
        if isinstance(each.event, e.LetterBegun) and each.event.message == letter.message
    )
    became = tuple(
        each
        for each in whose.entries
        if each not in attempts and getattr(each.event, "message", "") == letter.message
    )
    about = tuple(
        each
        for each in whose.entries
        if isinstance(each.event, (*GROUNDS, e.SubscriberErased, e.MailComplained))
        and _is_about(each, letter.purpose)
    )
    fields = whose.known.fields if whose.known else None
    words = words_then(
        Composer(context.config, context.secrets.link_key),
        published,
        attempts,
        following.person,
        fields,
    )
    case = Case(
        found, contested, whose, begun, attempts, became, about, following.of(letter), words
    )
    return case if contested is None or words is None else _compared(case, contested, words)


def _is_about(entry: Entry, purpose: str) -> bool:
    return getattr(entry.event, "purpose", "*") in (purpose, "*")


def _compared(case: Case, contested: Contested, words: WordsThen) -> Case:
    def held_against(said: str, part: str) -> Compared:
        known, open_ = _parts(words.as_known, part), _parts(words.with_fields, part)
        return compare(said, known, open_)

    return Case(
        case.found, contested, case.whose, case.begun, case.attempts, case.became, case.about, case.ground, words,
        held_against(contested.subject, "subject"), held_against(contested.text, "text"), held_against(contested.html, "html"),
    )  # fmt: skip


def _parts(rendered: Sequence[object], part: str) -> list[str]:
    return [str(getattr(each, part)) for each in rendered]
