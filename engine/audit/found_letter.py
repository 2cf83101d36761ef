"""Which letter of the ledger a contested mail is: by its Message-ID, which anybody can copy, and by
its links, which only this installation makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.audit.report import Line
from engine.context import AppContext
from engine.i18n.language import Language, Say, counting_translator
from engine.ledger.codec import Entry
from engine.letter import link_token
from engine.subscriber.events import LetterBegun

HIGHEST_POSITION = 2**63 - 1


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

    @property
    def sound(self) -> bool:
        return self.begun is not None and not self.forged and not self.mixed


def find_letter(context: AppContext, messages: Sequence[str], tokens: Sequence[str]) -> FoundLetter:
    """Views must have been followed to the head."""
    named = [entry for message in messages if (entry := _of_message(context, message)) is not None]
    genuine, forged = _of_links(context, tokens)
    message = named[0] if named else None
    link = genuine[0] if genuine else None
    mixed = len({_message(entry) for entry in (*named, *genuine)}) > 1
    return FoundLetter(link or message, message is not None, link is not None, forged, mixed)


def _of_message(context: AppContext, message: str) -> Entry | None:
    """The view finds; the ledger says whether it is so."""
    found = context.views.begun(message)
    entry = context.ledger.at(found[1]) if found else None
    return entry if entry is not None and _message(entry) == message else None


def _of_links(context: AppContext, tokens: Sequence[str]) -> tuple[list[Entry], int]:
    """The beginnings that genuine links lead to, and how many links are none."""
    claimed = [link_token.read_token(token) for token in tokens]
    positions = {
        each.position
        for each in claimed
        if each is not None and 0 < each.position <= HIGHEST_POSITION
    }
    entries = context.ledger.at_all(positions) if positions else {}
    genuine = []
    for each in claimed:
        entry = entries.get(each.position) if each is not None else None
        if (
            each is not None
            and entry is not None
            and _message(entry)
            and link_token.genuine(context.secrets.link_key, each, _message(entry))
        ):
            genuine.append(entry)
    return genuine, len(tokens) - len(genuine)


def _message(entry: Entry) -> str:
    return entry.event.message if isinstance(entry.event, LetterBegun) else ""


def identity(
    found: FoundLetter,
    ids: Sequence[str],
    messages: Sequence[str],
    tokens: Sequence[str] | None,
    language: Language,
    _: Say,
) -> list[Line]:
    """What the mail's two marks are worth, in words; `tokens` None where only an id was given."""
    lines = []
    for said in ids or ("",):
        values = {"id": said or "-"}
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
                    alarm=True,
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
        lines.append(Line(forged_links(found.forged, language), alarm=True))
    if found.mixed:
        lines.append(
            Line(
                _(
                    "its Message-ID and its links are those of different letters: it was put"
                    " together; the link is followed"
                ),
                alarm=True,
            )
        )
    return lines


def forged_links(count: int, language: Language) -> str:
    ngettext = counting_translator(language)
    said = ngettext(
        "{n} of its links is forged or damaged: its mark is not this installation's",
        "{n} of its links are forged or damaged: their mark is not this installation's",
        count,
    )
    return said.format(n=count)
