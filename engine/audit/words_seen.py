"""The words somebody had before them when something was done: on the form where they asked, in the
mail that asked them to confirm, on the page where they pressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.audit.evidence import sound_particulars
from engine.audit.published import Notice, Published
from engine.intake.contested import TOKEN, ContestedRefused, read_contested
from engine.ledger.codec import Entry
from engine.subscriber.events import ConsentConfirmed, LetterInDoubt, LetterSent
from engine.vault.evidence import Evidence, octets_of

Place = Literal["form", "mail", "page"]
LINK_DOORS = ("click", "one-click")


@dataclass(frozen=True, slots=True)
class WordsSeen:
    """`notice.digest` is the SHA-256 of the words as they were published, of a mail that of its
    octets; "" where the evidence that names them is gone. A mail's words are its subject and its
    text, with links that do not work.
    """

    place: Place
    notice: Notice


def words_seen(
    published: Published, entry: Entry, pieces: Mapping[str, Evidence]
) -> WordsSeen | None:
    """None for a fact that nobody was shown anything for. `pieces` are the person's evidence by
    commitment in hexadecimal.
    """
    event = entry.event
    if isinstance(event, LetterSent | LetterInDoubt):
        return WordsSeen("mail", _mail(pieces, event.mail)) if event.mail else None
    if isinstance(event, ConsentConfirmed):
        digest = str(sound_particulars(pieces, entry.cause.evidence).get("notice_digest", ""))
        return WordsSeen("page", published.notice(digest, entry.position) if digest else Notice(""))
    digest, form = getattr(event, "notice", ""), getattr(event, "form", "")
    if not digest:
        return None
    notice = published.notice(digest, entry.position, form)
    return WordsSeen("page" if entry.cause.door in LINK_DOORS else "form", notice)


def _mail(pieces: Mapping[str, Evidence], commitment: str) -> Notice:
    """No digest where the mail is gone, no words where it is not the one that was handed over."""
    if commitment not in pieces:
        return Notice("")
    particulars = sound_particulars(pieces, commitment)
    try:
        mail = read_contested(octets_of(particulars))
    except (KeyError, ValueError, ContestedRefused):
        return Notice(commitment)
    digest = str(particulars["mail_digest"])
    return Notice(digest, TOKEN.sub("/l/…", f"{mail.subject}\n\n{mail.text}".strip()))
