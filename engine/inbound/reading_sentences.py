"""A reading in words: what the mail is, whom it names, and what is done with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from engine.inbound.aggregate_report import AggregateReport, ReportFault
from engine.inbound.automatic import AutoReplied, Challenged
from engine.inbound.delivery_status import Bounced, Delayed, Delivered
from engine.inbound.feedback import Complained
from engine.inbound.letter_identity import LetterMark, MarkKind
from engine.inbound.mail import InboundFault
from engine.inbound.reading import NotUnderstood, Obscurity, Reading, Replied
from engine.inbound.stop_words import Stopped
from engine.inbound.verdict import BounceKind, FailedRecipient
from engine.words import N_, Words, words

NOTHING_FOLLOWS = N_("nothing changes")
NO_LETTER = N_("no letter of this installation is named: nothing changes")

BOUNCES: Mapping[BounceKind, str] = MappingProxyType(
    {
        "hard": N_("a bounce: the address is dead"),
        "soft": N_("a bounce: the mail was not taken this time"),
        "blocked": N_("a bounce: the sender or the letter was refused"),
    }
)
AFTER_A_BOUNCE: Mapping[BounceKind, str] = MappingProxyType(
    {
        "hard": N_("whoever the letter went to is not written to again"),
        "soft": N_("it counts once; five in a row over fourteen days suppress"),
        "blocked": N_("it never counts against whoever the letter went to"),
    }
)
MARKS: Mapping[MarkKind, str] = MappingProxyType(
    {
        "token": N_("letter {message}, by its token"),
        "envelope-id": N_("letter {message}, by the envelope id"),
        "message-id": N_("letter {message}, by its Message-ID"),
    }
)
# A table a set: two codes that are spelled alike are equal as keys.
INBOUND_FAULTS: Mapping[InboundFault, str] = MappingProxyType(
    {
        InboundFault.TOO_LARGE: N_("it is larger than {megabytes} MB"),
        InboundFault.TOO_MANY_PARTS: N_("it has more than {parts} parts"),
        InboundFault.TOO_DEEP: N_("its parts lie more than {deep} deep in each other"),
        InboundFault.NO_HEADER: N_("it has no header: it is no mail"),
    }
)
REPORT_FAULTS: Mapping[ReportFault, str] = MappingProxyType(
    {
        ReportFault.TOO_LARGE: N_("its report is larger than {megabytes} MB"),
        ReportFault.TOO_MANY_RECORDS: N_("its report has more than {records} records"),
        ReportFault.DOCTYPE: N_("its report has a DOCTYPE, which no report needs"),
        ReportFault.NOT_PACKED_WELL: N_("its report cannot be unpacked"),
        ReportFault.NO_XML: N_("its report is not XML, or is cut off"),
        ReportFault.NO_REPORT: N_("its XML is no DMARC report"),
    }
)
OBSCURITIES: Mapping[Obscurity, str] = MappingProxyType(
    {Obscurity.UNKNOWN_REPORT: N_("a mail system's report of a form that is not known")}
)
DMARC = N_("a DMARC report of {organisation} on {domain}: {letters} mails, {passed} aligned")


def why_not(reading: NotUnderstood) -> Words:
    values = dict(reading.why.values)
    match reading.why.code:
        case InboundFault() as code:
            return words(INBOUND_FAULTS[code], **values)
        case ReportFault() as code:
            return words(REPORT_FAULTS[code], **values)
        case Obscurity() as code:
            return words(OBSCURITIES[code], **values)
        case _:
            assert_never(reading.why.code)


def what_it_is(reading: Reading) -> Words:
    match reading:
        case Bounced():
            return words(BOUNCES[reading.kind])
        case Delayed():
            return words(N_("a delay: the mail system goes on trying"))
        case Delivered():
            return words(N_("a report that the letter was delivered or handed on"))
        case Complained():
            message = (
                N_("a complaint ({feedback}) by way of {source}")
                if reading.ends_letters
                else N_("a report ({feedback}) by way of {source}, no complaint")
            )
            return words(message, feedback=reading.feedback, source=reading.source)
        case AutoReplied():
            return words(N_("an automatic reply, such as an absence"))
        case Challenged():
            return words(N_("a challenge: the sender is asked to prove to be a person"))
        case Stopped():
            return words(N_("somebody wants no more letters"))
        case Replied():
            return words(N_("a person's mail"))
        case AggregateReport():
            return words(
                DMARC,
                organisation=reading.organisation,
                domain=reading.domain,
                letters=reading.letters,
                passed=reading.passed,
            )
        case NotUnderstood():
            return words(N_("not understood: {why}"), why=why_not(reading))
        case _:
            assert_never(reading)


def what_is_done(reading: Reading) -> Words:
    """As it is once a door hands the mail in; reading alone changes nothing."""
    match reading:
        case Bounced():
            return words(AFTER_A_BOUNCE[reading.kind] if reading.letter else NO_LETTER)
        case Complained():
            if not reading.ends_letters:
                return words(NOTHING_FOLLOWS)
            ends = N_("whoever the letter went to is unsubscribed and suppressed at once")
            return words(ends if reading.letter else NO_LETTER)
        case Delayed() | Delivered():
            return words(NOTHING_FOLLOWS)
        case AutoReplied():
            return words(N_("nothing changes, and it is no contact"))
        case Challenged():
            return words(N_("it is shown to you; nobody clicks in your place"))
        case Stopped():
            return _after_a_stop(reading)
        case Replied():
            message = N_("it is handed on to you, and counts as a contact where a letter is named")
            return words(message)
        case AggregateReport():
            return words(N_("its numbers are added to those of your domain"))
        case NotUnderstood():
            return words(N_("it is kept and listed; nothing changes"))
        case _:
            assert_never(reading)


def _after_a_stop(reading: Stopped) -> Words:
    match reading.proof:
        case "token":
            return words(N_("whoever the token was made for is unsubscribed, without a question"))
        case "authenticated":
            return words(N_("the sender is unsubscribed: your mail server vouches for the address"))
        case "none":
            return words(N_("a request is opened for a person: nothing proves who the sender is"))
        case _:
            assert_never(reading.proof)


def mark_in(reading: Reading) -> LetterMark | None:
    return None if isinstance(reading, AggregateReport) else reading.letter


def letter_named(reading: Reading) -> Words | None:
    """The letter and by what it is known; None where there is none."""
    mark = mark_in(reading)
    return words(MARKS[mark.kind], message=mark.message) if mark else None


def recipients_named(reading: Reading) -> list[Words]:
    """Whom the mail speaks of, as it writes them; nobody is known by that."""
    match reading:
        case Bounced(recipients=recipients):
            return [_refused(recipient) for recipient in recipients if recipient.address]
        case Delayed(addresses=addresses) | Delivered(addresses=addresses):
            return [words(N_("recipient {address}"), address=address) for address in addresses]
        case _:
            return []


def _refused(recipient: FailedRecipient) -> Words:
    reply = recipient.reply
    codes = " ".join(part for part in (str(reply.code or ""), reply.enhanced) if part)
    message = N_("recipient {address}: {codes}") if codes else N_("recipient {address}")
    return words(message, address=recipient.address, **({"codes": codes} if codes else {}))
