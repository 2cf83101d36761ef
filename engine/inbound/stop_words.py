"""A reply by which somebody leaves: "STOP", « désinscription » and their like, alone on the first
line or in the subject (B09). Somebody who writes more than that is answered by a person.

It counts only where our own mail server says that the sender is who it claims to be, by an aligned
DKIM or SPF (RFC 8601, RFC 9989); otherwise it is a request that a person looks at. Only the topmost
Authentication-Results under our server's name is believed: whatever stands beneath came with the
mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.inbound.letter_identity import LetterMark, Receiver
from engine.inbound.mail import Part, addresses_in, words_of

StopProof = Literal["token", "authenticated", "none"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody wants no more letters. `proof` "none": nobody is unsubscribed, a request is opened.
    `sender` is the address in From, in lower case; of a token's mail it proves nothing.
    """

    letter: LetterMark | None
    proof: StopProof
    sender: str


_STOP: Final = re.compile(
    r"(?:please |merci de |svp |s['’]il vous pla[iî]t,? ?|je (?:veux|souhaite|d[ée]sire|voudrais) "
    r"|veuillez |i (?:want|would like|wish) to |pouvez[- ]vous |can you |demande de )?"
    r"(?:stop(?: (?:all|mails?|e-?mails?|pub|sms|newsletter|please|svp))?|unsub(?:scribe)?(?: me)?"
    r"|d[ée]sinscri(?:ption|re|vez|s)(?:[- ]moi)?|me d[ée]sinscrire|d[ée]sabonn(?:er|ement|ez"
    r"|e)(?:[- ]moi)?"
    r"|me d[ée]sabonner|remove(?: me)?|opt[- ]?out|cancel(?: (?:my )?subscription)?|take me off"
    r"|arr[êe]te[rz]?|ne plus recevoir(?: vos? (?:mails?|e-?mails?|courriels?|newsletters?"
    r"|lettres?))?"
    r"|retire[rz](?:[- ]moi)?|supprime[rz](?:[- ]moi)?|resiliation|r[ée]siliation)"
    r"(?: (?:from|de|of) (?:this|your|the|cette|votre|vos|la|the mailing) ?(?:mailing )?"
    r"(?:list|liste|newsletter|mails?|e-?mails?|lettre|envois?)s?)?"
    r"(?:,? (?:please|merci|thanks|thank you|svp|s['’]il vous pla[iî]t))?[\s.!,;:*]*",
    re.IGNORECASE,
)
_REPLY = re.compile(r"^(?:(?:re|aw|tr|fw|fwd|rép|rep|sv)\s*:\s*)+", re.IGNORECASE)
_QUOTED = re.compile(
    r"^(?:>|-{2,}|_{3,}|(?:le|on|am) .{0,200}(?:wrote|écrit|schrieb)|de ?:|from ?:|envoy[ée]"
    r"|sent from)",
    re.IGNORECASE,
)
MAX_FIRST_LINE: Final = 120
_RESULT = re.compile(r"(?<![\w.-])(dkim|spf|dmarc)\s*=\s*pass\b([^;]{0,1000})", re.IGNORECASE)
_PROPERTY = re.compile(
    r"(header\.d|header\.i|header\.from|smtp\.mailfrom|smtp\.mail)\s*=\s*\"?([^\s;\"]{1,320})",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\([^()]{0,1000}\)")
_COUNTS_FOR: Final[dict[str, tuple[str, ...]]] = {
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "dmarc": ("header.from",),
}


def read_stop(mail: Part, letter: LetterMark | None, ours: Receiver) -> Stopped | None:
    if not asks_to_stop(mail):
        return None
    sender = _sender(mail)
    if sender and is_authenticated(mail, sender.rpartition("@")[2], ours):
        return Stopped(letter, "authenticated", sender)
    return Stopped(letter, "none", sender)


def stopped_by_token(mail: Part, letter: LetterMark) -> Stopped:
    """Any mail to the address of the token, whatever it says."""
    return Stopped(letter, "token", _sender(mail))


def _sender(mail: Part) -> str:
    """The one address of the one From; "" where there are several of either."""
    values = mail.values("from")
    found = addresses_in(values[0]) if len(values) == 1 else []
    return found[-1].lower() if found and len(set(found)) == 1 else ""


def asks_to_stop(mail: Part) -> bool:
    """Whether the first written line says nothing else; the subject counts where nothing is
    written.
    """
    line = _first_line(words_of(mail))
    if line:
        return len(line) <= MAX_FIRST_LINE and _STOP.fullmatch(line) is not None
    subject = _REPLY.sub("", mail.words("subject")[:500].strip())
    return _STOP.fullmatch(subject[: MAX_FIRST_LINE + 1]) is not None


def _first_line(text: str) -> str:
    for line in text.split("\n", 100)[:100]:
        bare = line.strip(" \t\u00a0*_\"'«»")
        if bare:
            return "" if _QUOTED.match(bare) else bare
    return ""


def is_authenticated(mail: Part, domain: str, ours: Receiver) -> bool:
    """Whether our own server found a pass of DKIM, SPF or DMARC that is aligned with `domain`: the
    same domain, or one above it that has a dot.
    """
    headers = mail.values("authentication-results")
    if not headers or _authserv(headers[0]) not in ours.authserv_ids:
        return False
    results = _COMMENT.sub(" ", headers[0])
    return any(
        _aligned(value, domain)
        for found in _RESULT.finditer(results)
        for name, value in _properties(found[2])
        if name in _COUNTS_FOR[found[1].lower()]
    )


def _properties(text: str) -> Sequence[tuple[str, str]]:
    return [(found[1].lower(), found[2].lower()) for found in _PROPERTY.finditer(text)]


def _aligned(value: str, domain: str) -> bool:
    signed = value.rpartition("@")[2].rstrip(".")
    return "." in signed and (signed == domain or domain.endswith("." + signed))


def _authserv(header: str) -> str:
    return _COMMENT.sub(" ", header).partition(";")[0].split(" ")[0].strip().lower()
