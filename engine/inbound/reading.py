"""What a mail that came back says: its bytes become one of a closed set of readings. Pure; never
raises, whatever the bytes.

The order is the policy. A token of ours for unsubscribing is obeyed whatever the mail says. A
complaint, a report of DMARC and a challenge are told apart by their form before anything is taken
for a bounce; a bounce comes before automatic replies, because mail systems mark theirs as such too.
What is left is a person's reply, or is not understood and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from engine.inbound.aggregate_report import (
    AggregateReport,
    ReportFault,
    ReportRefused,
    holds_report,
    read_aggregate_report,
)
from engine.inbound.automatic import (
    OUT_OF_OFFICE,
    AutoReplied,
    Challenged,
    is_in_bulk,
    read_automatic,
    read_challenge,
)
from engine.inbound.delivery_status import Bounced, Delayed, Delivered, read_delivery_status
from engine.inbound.dialects import is_written_by_a_mail_system, read_dialect, report_words
from engine.inbound.feedback import Complained, read_feedback
from engine.inbound.letter_identity import LetterMark, Receiver, mark_of, token_of
from engine.inbound.mail import InboundFault, InboundRefused, Part, attached_mails, parse_mail
from engine.inbound.stop_words import Stopped, read_stop, stopped_by_token
from engine.words import Reason


class Obscurity(StrEnum):
    """Why a mail within the bounds is not understood."""

    UNKNOWN_REPORT = auto()


@dataclass(frozen=True, slots=True)
class Replied:
    """A person wrote. `letter` None: not in answer to a letter of ours, as far as can be seen."""

    letter: LetterMark | None


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Kept and listed, so that nothing is lost."""

    letter: LetterMark | None
    why: Reason[InboundFault] | Reason[ReportFault] | Reason[Obscurity]


Reading = (
    Bounced
    | Delayed
    | Delivered
    | Complained
    | AutoReplied
    | Challenged
    | Stopped
    | Replied
    | AggregateReport
    | NotUnderstood
)


def read_mail(octets: bytes, ours: Receiver, recipients: Sequence[str] = ()) -> Reading:
    """`recipients` are the addresses of the envelope, where a door knows them; it then is they
    alone that say for which token the mail came.
    """
    try:
        mail = parse_mail(octets)
    except InboundRefused as error:
        return NotUnderstood(None, error.reason)
    if token := token_of(mail, ours, recipients, "unsubscribe"):
        return stopped_by_token(mail, LetterMark(token.message, "token"))
    letter = mark_of(mail, ours, recipients)
    if complaint := read_feedback(mail, letter):
        return complaint
    if report := holds_report(mail):
        try:
            return read_aggregate_report(report)
        except ReportRefused as error:
            return NotUnderstood(letter, error.reason)
    return _read_words(mail, letter, ours)


def _read_words(mail: Part, letter: LetterMark | None, ours: Receiver) -> Reading:
    if challenge := read_challenge(mail, letter):
        return challenge
    for report in (mail, *_forwarded_reports(mail)):
        if status := read_delivery_status(report, letter, report_words(report)):
            return status
    away = OUT_OF_OFFICE.search(mail.words("subject")[:500]) is not None
    system = not away and is_written_by_a_mail_system(mail)
    if not system and (automatic := read_automatic(mail, letter)):
        return automatic
    if not away and (bounce := read_dialect(mail, letter)):
        return bounce
    if not system and is_in_bulk(mail):
        return AutoReplied(letter)
    if not system and (stop := read_stop(mail, letter, ours)):
        return stop
    if system or mail.content_type == "multipart/report":
        return NotUnderstood(letter, Reason(Obscurity.UNKNOWN_REPORT))
    return Replied(letter)


def _forwarded_reports(mail: Part) -> list[Part]:
    """Reports that a mail system, and no person, has put into a mail of its own."""
    if not is_written_by_a_mail_system(mail):
        return []
    return [inner for inner in attached_mails(mail) if inner.content_type == "multipart/report"]
