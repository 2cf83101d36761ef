"""Which letter of the ledger a contested mail is: by its Message-ID, which anybody can copy, and by
its links, which only this installation makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.audit.report import Line
from engine.i18n.language import Language, Say, counting_translator
from engine.ledger.codec import Entry
from engine.ledger.store import Ledger
from engine.letter import link_token
from engine.subscriber.events import LetterBegun

MAX_POSITION = 2**63 - 1


class LetterView(Protocol):
    def begun(self, message: str) -> tuple[str, int] | None:
        """Whose letter has this message id, and the ledger's position of its first beginning."""


@dataclass(frozen=True, slots=True)
class FoundLetter:
    """`begun` is the letter's beginning, None where there is none. `by_message` and `by_link` say
    what led there, `forged` counts links that are not this installation's, `mixed` that Message-ID
    and link are those of two letters. The link is believed.
    """

    begun: Entry | None
    by_message: bool = False
    by_link: bool = False
    forged: int = 0
    mixed: bool = False


def find_letter(
    ledger: Ledger,
    letters: LetterView,
    link_key: bytes,
    messages: Sequence[str],
    tokens: Sequence[str],
) -> FoundLetter:
    """The view must have followed the ledger to its head. `link_key` tells genuine links."""
    named = [
        entry
        for message in messages
        if (entry := _of_message(ledger, letters, message)) is not None
    ]
    genuine, forged = _of_links(ledger, link_key, tokens)
    message = named[0] if named else None
    link = genuine[0] if genuine else None
    mixed = len({_message(entry) for entry in (*named, *genuine)}) > 1
    return FoundLetter(
        begun=link or message,
        by_message=message is not None,
        by_link=link is not None,
        forged=forged,
        mixed=mixed,
    )


def _of_message(ledger: Ledger, letters: LetterView, message: str) -> Entry | None:
    """The view finds; the ledger says whether it is so."""
    begun = letters.begun(message)
    entry = ledger.at(begun[1]) if begun else None
    return entry if entry is not None and _message(entry) == message else None


def _of_links(ledger: Ledger, link_key: bytes, tokens: Sequence[str]) -> tuple[list[Entry], int]:
    """The beginnings that genuine links lead to, and how many links are none."""
    claims = [link_token.read_token(token) for token in tokens]
    positions = {
        claim.position
        for claim in claims
        if claim is not None and 0 < claim.position <= MAX_POSITION
    }
    entries = ledger.at_all(positions) if positions else {}
    genuine = []
    for claim in claims:
        entry = entries.get(claim.position) if claim is not None else None
        if (
            claim is not None
            and entry is not None
            and _message(entry)
            and link_token.genuine(link_key, claim, _message(entry))
        ):
            genuine.append(entry)
    return genuine, len(tokens) - len(genuine)


def _message(entry: Entry) -> str:
    return entry.event.message if isinstance(entry.event, LetterBegun) else ""


def marks_in_words(
    found: FoundLetter,
    ids: Sequence[str],
    messages: Sequence[str],
    tokens: Sequence[str] | None,
    language: Language,
    _: Say,
) -> list[Line]:
    """What the mail's two marks, Message-ID and links, prove; `tokens` None where only an id was
    given.
    """
    lines = []
    for identifier in ids or ("",):
        values = {"id": identifier or "-"}
        if not messages:
            lines.append(Line(_("Message-ID {id}: not of the form Relance gives").format(**values)))
        elif found.by_message:
            lines.append(
                Line(
                    _(
                        "Message-ID {id}: a letter of this ledger has it (anybody who saw the"
                        " letter could copy it)"
                    ).format(**values)
                )
            )
        else:
            lines.append(
                Line(
                    _(
                        "Message-ID {id}: of the form Relance gives, but no letter of this ledger"
                        " has it"
                    ).format(**values),
                    mark="fault",
                )
            )
    if found.by_link and found.forged:
        lines.append(
            Line(
                _(
                    "at least one of its links is genuine: its mark can be made with this"
                    " installation's key alone"
                )
            )
        )
    elif found.by_link:
        lines.append(
            Line(
                _(
                    "its links are genuine: their mark can be made with this installation's key"
                    " alone"
                )
            )
        )
    elif tokens is not None and not tokens:
        lines.append(Line(_("it holds no link of Relance's form")))
    if found.forged:
        lines.append(Line(forged_links(found.forged, language), mark="fault"))
    if found.mixed:
        lines.append(
            Line(
                _(
                    "its Message-ID and its links are those of different letters: it was put"
                    " together; the link is followed"
                ),
                mark="fault",
            )
        )
    return lines


def forged_links(count: int, language: Language) -> str:
    ngettext = counting_translator(language)
    sentence = ngettext(
        "{n} of its links is forged or damaged: its mark is not this installation's",
        "{n} of its links are forged or damaged: their mark is not this installation's",
        count,
    )
    return sentence.format(n=count)
