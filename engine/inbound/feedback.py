"""Complaints: the Abuse Reporting Format (ARF, RFC 5965 and 6650) as Yahoo, Signal Spam and others
send it, and Microsoft's JMRP, which attaches the letter to a mail of its own form (B06).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from engine.inbound.letter_identity import LetterMark
from engine.inbound.mail import Part, addresses_in, attached_mails, fields

FeedbackType = Literal["abuse", "fraud", "virus", "opt-out", "auth-failure", "not-spam", "other"]
_TYPES: Final[dict[str, FeedbackType]] = {
    "abuse": "abuse",
    "fraud": "fraud",
    "virus": "virus",
    "opt-out": "opt-out",
    "opt-out-list": "opt-out",
    "auth-failure": "auth-failure",
    "not-spam": "not-spam",
    "complaint": "abuse",
}
_ENDS_LETTERS: Final = frozenset({"abuse", "fraud", "opt-out", "other"})
_SOURCES: Final = (
    ("signal-spam", "signal"),
    ("yahoo", "yahoo"),
    ("microsoft", "jmrp"),
    ("microsoft", "hotmail"),
    ("microsoft", "outlook"),
    ("validity", "feedbackloop"),
    ("validity", "validity"),
    ("aol", "aol"),
    ("comcast", "comcast"),
    ("laposte", "laposte"),
    ("orange", "orange"),
    ("sfr", "sfr"),
    ("free", "proxad"),
)
_MAX_FIELDS_BYTES = 64 * 1024
_JMRP_SUBJECT = re.compile(r"complaint about message from|(?:junk|spam) (?:mail )?report", re.I)
_JMRP_SENDER = re.compile(r"@(?:[\w-]+\.)?(?:hotmail|outlook|microsoft|live)\.com$", re.I)


@dataclass(frozen=True, slots=True)
class Complained:
    """Somebody told their provider that a letter is not wanted. `source` is the program or provider
    that reports, as it names itself.
    """

    letter: LetterMark | None
    feedback: FeedbackType
    source: str

    @property
    def ends_letters(self) -> bool:
        return ends_letters(self.feedback)


def ends_letters(feedback: FeedbackType) -> bool:
    """Whether whoever complained is unsubscribed; not by a report of a forged letter, of a virus,
    or that it was no spam.
    """
    return feedback in _ENDS_LETTERS


def source_name(source: str) -> str:
    """Who passes a complaint on, of a closed set: what they write of themselves is theirs, and may
    hold anything.
    """
    return next((name for name, words in _SOURCES if words in source.lower()), "other")


def read_feedback(mail: Part, letter: LetterMark | None) -> Complained | None:
    for part in mail.walk():
        if part.content_type == "message/feedback-report":
            known = dict(reversed(list(fields(part.octets[:_MAX_FIELDS_BYTES].strip()))))
            kind = known.get("feedback-type", "").strip().lower()
            source = known.get("reporting-mta", "").rpartition(";")[2].strip()
            source = source or known.get("user-agent", "").strip() or _domain_of(mail)
            return Complained(letter, _TYPES.get(kind, "other"), source[:100])
    if (
        _JMRP_SENDER.search((addresses_in(mail.value("from")) or [""])[0])
        and _JMRP_SUBJECT.search(mail.words("subject")[:500])
        and attached_mails(mail)
    ):
        return Complained(letter, "abuse", "JMRP")
    return None


def _domain_of(mail: Part) -> str:
    return (addresses_in(mail.value("from")) or [""])[0].rpartition("@")[2].lower()
