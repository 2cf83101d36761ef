"""The words somebody had before them when something was done: on the form where they asked, in the
mail that asked them to confirm, on the page where they pressed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
        return WordsSeen("mail", _mail(pieces.get(event.mail))) if event.mail else None
    if isinstance(event, ConsentConfirmed):
        act = pieces.get(entry.cause.evidence)
        digest = str(_read(act).get("notice_digest", "")) if act is not None else ""
        return WordsSeen("page", published.notice(digest, entry.position) if digest else Notice(""))
    digest, form = getattr(event, "notice", ""), getattr(event, "form", "")
    if not digest:
        return None
    notice = published.notice(digest, entry.position, form)
    return WordsSeen("page" if entry.cause.door in LINK_DOORS else "form", notice)


def _mail(piece: Evidence | None) -> Notice:
    """No digest where the mail is gone, no words where it is not the one that was handed over."""
    if piece is None:
        return Notice("")
    particulars = _read(piece)
    digest = str(particulars.get("mail_digest", ""))
    try:
        mail = read_contested(octets_of(particulars))
    except (KeyError, ValueError, ContestedRefused):
        return Notice(digest)
    return Notice(digest, TOKEN.sub("/l/…", f"{mail.subject}\n\n{mail.text}".strip()))


def _read(piece: Evidence) -> Mapping[str, object]:
    try:
        particulars = json.loads(piece.payload)
    except ValueError:
        return {}
    return particulars if isinstance(particulars, dict) else {}
