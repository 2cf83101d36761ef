"""A reason in words: each closed set of codes has a table of its messages. Those about a call are
for whoever writes the program that makes it, in English alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import overload

from engine.i18n.rejections import (
    ADDRESSES,
    AMOUNTS,
    DATE_KINDS,
    DATES,
    FIELDS,
    FILE_KINDS,
    MAILS,
    ORDERS,
    REQUIREMENTS,
    ROWS,
    TABLES,
)
from engine.imports.refusals import DateKind, FileKind, RowFault, TableFault
from engine.intake.address import AddressFault
from engine.intake.amounts import AmountFault
from engine.intake.body_reader import CallFault
from engine.intake.field_reader import FieldFault
from engine.intake.ground_requirements import Requirement
from engine.intake.instants import DateFault
from engine.intake.mail_fault import MailFault
from engine.intake.orders import OrderFault
from engine.subscriber.outcome import Refusal, Unchanged
from engine.words import N_, Reason, Say, Value, Values, Words

REFUSALS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.ADDRESS_SUPPRESSED: N_("this address is suppressed ({why})"),
        Refusal.ADDRESS_TAKEN: N_("somebody else is known under that address"),
        Refusal.ANOTHER_PARTNER: N_('the consent for "{purpose}" names another partner'),
        Refusal.ANSWERS_CONTRADICT: N_(
            "two different answers came within seconds of each other; please choose"
        ),
        Refusal.CHANGED_MEANWHILE: N_("this person has changed since they were read"),
        Refusal.CONFIRMED: N_("this subscription is confirmed and stays as it is"),
        Refusal.COUNTED_FROM_TOO_FAR: N_("the date to count from lies more than 150 years away"),
        Refusal.ERASED: N_("this person has been erased"),
        Refusal.EXTENSION_TOO_LATE: N_("the month in which the person had to be told is over"),
        Refusal.GROUP_YIELDS: N_('this person is among "{group}", to whom "{other}" yields'),
        Refusal.HAS_OBJECTED: N_("this person has asked for no more letters at all"),
        Refusal.JOINED_ONCE_ONLY: N_(
            "this person has been on list {list} before, and it is never joined twice"
        ),
        Refusal.JOURNAL_UNWRITABLE: N_(
            "the stop journal cannot be written ({why}): mend that, and erase again"
        ),
        Refusal.LEFT_TOO_RECENTLY: N_("this person left list {list} less than {time} ago"),
        Refusal.LIST_NOT_PUBLISHED: N_("list {list} is no longer published"),
        Refusal.LIST_UNKNOWN: N_("there is no list {list} in what is published"),
        Refusal.MORE_TO_SEAL: N_(
            "more has happened to this person since the proof was sealed: erase again"
        ),
        Refusal.NOT_ERASED: N_("this person has not been erased: `relance show` tells their story"),
        Refusal.NOT_IN_DOUBT: N_("this letter is not in doubt: it is being sent"),
        Refusal.NOT_OFFERED: N_('no theme or content type "{code}" is declared'),
        Refusal.NOT_ONES_OWN_ACT: N_("only a press by the person themselves gives consent"),
        Refusal.NOT_ON_LIST: N_("this person is not on list {list}"),
        Refusal.NO_GROUND: N_('there is no live ground to write for the purpose "{purpose}"'),
        Refusal.NO_SUCH_REQUEST: N_("there is no such request to be answered"),
        Refusal.ONE_PURPOSE_AT_A_TIME: N_("consent is given to one purpose at a time"),
        Refusal.ORDER_DIFFERS: N_(
            "this order is recorded with another amount: what was recorded stands"
        ),
        Refusal.ORDER_IN_ANOTHER_CURRENCY: N_("this order was paid in {currency}"),
        Refusal.ORDER_OF_ANOTHER: N_("an order of this number is recorded of somebody else"),
        Refusal.ORDER_UNKNOWN: N_(
            "no such order is known, or it is not among the latest {most} of this person"
        ),
        Refusal.PARTNER_NEEDS_CONSENT: N_("only consent lets anybody write for a partner"),
        Refusal.PERSON_UNKNOWN: N_("nobody is known under this address"),
        Refusal.REFUND_BEYOND_ORDER: N_("this is more than is left to be refunded of this order"),
        Refusal.REQUEST_EXPIRED: N_("this request has expired; please fill in the form again"),
        Refusal.REQUEST_OF_SEVERAL_PURPOSES: N_("a request names published lists of one purpose"),
        Refusal.RESTRICTED: N_(
            "the processing of this person is restricted: nothing is deleted but at their own wish"
        ),
        Refusal.RIGHT_UNKNOWN: N_('there is no right "{right}"'),
        Refusal.SEGMENT_NOT_STATIC: N_(
            'nobody is put into the segment "{segment}": who is in it follows from its conditions'
        ),
        Refusal.SEGMENT_UNKNOWN: N_('there is no segment "{segment}"'),
        Refusal.THEIR_OWN_WISH: N_(
            "they asked for this themselves ({why}): only their own act lifts it, by a form or by a"
            " link"
        ),
        Refusal.TOO_LATE_TO_UNDO: N_("too late: the way has gone on since this answer"),
        Refusal.UNREACHABLE: N_("this address cannot be written to"),
        Refusal.WITHDRAWN: N_('this person has withdrawn from "{purpose}"'),
    }
)
UNCHANGED: Mapping[Unchanged, str] = MappingProxyType(
    {
        Unchanged.ANSWERED_ALREADY: N_("this answer is given already"),
        Unchanged.ASKED_ALREADY: N_("this person has been asked already"),
        Unchanged.ASKED_TO_CONFIRM_ALREADY: N_("this person has been asked to confirm already"),
        Unchanged.BOUNCED_ALREADY: N_("it is recorded already that this letter bounced"),
        Unchanged.CALL_REPEATED: N_("this call was carried out before"),
        Unchanged.CONFIRMED_ALREADY: N_("this subscription is confirmed already"),
        Unchanged.CONFLICT: N_("too many changes at once; please try again"),
        Unchanged.ERASED: N_("this person has been erased"),
        Unchanged.HEARD_SINCE: N_("this person has been heard of since"),
        Unchanged.IN_DOUBT_ALREADY: N_("in doubt already"),
        Unchanged.IN_SEGMENT_ALREADY: N_('this person is in the segment "{segment}" already'),
        Unchanged.LETTER_HAD_ALREADY: N_("this person has had this letter, or will at once"),
        Unchanged.LETTER_UNDER_WAY: N_("this letter is under way"),
        Unchanged.MAY_NOT_BE_ASKED: N_(
            "this person may not be written to, so they cannot be asked"
        ),
        Unchanged.MAY_NOT_BE_WRITTEN_TO: N_("this person may not be written to ({why})"),
        Unchanged.NOBODY_WRITTEN_TO: N_("nobody is written to under this address"),
        Unchanged.NO_MOVE_TO_UNDO: N_("there is no move of this letter to take back"),
        Unchanged.NO_RULE_TO_APPLY: N_("no rule is to be applied"),
        Unchanged.NOTHING_CHANGED: N_("nothing has changed"),
        Unchanged.NOTHING_DUE: N_("nothing is due here"),
        Unchanged.NOT_IN_SEGMENT: N_('this person is not in the segment "{segment}"'),
        Unchanged.NOT_MEANT_FOR_THEM: N_("this letter is not meant for this person"),
        Unchanged.NOT_ON_LIST: N_("this person is not on list {list}"),
        Unchanged.NOT_RESTRICTED: N_("the processing of this person is not restricted"),
        Unchanged.NOT_SUPPRESSED: N_("this address is not suppressed"),
        Unchanged.NOT_WITHHELD: N_("no such letter is withheld from this person"),
        Unchanged.ON_LIST_ALREADY: N_("this person is on list {list} already"),
        Unchanged.ORDER_RECORDED: N_("this order is recorded already"),
        Unchanged.ORDER_REFUNDED: N_("nothing of this order is left to be refunded"),
        Unchanged.OUTCOME_RECORDED: N_("the outcome of this letter is recorded already"),
        Unchanged.PAST_LATENESS: N_("this letter is past the lateness its author allows"),
        Unchanged.PERSON_UNKNOWN: N_("nobody is known under this address"),
        Unchanged.REACHED_ALREADY: N_("this date has come round already"),
        Unchanged.RECEIVES_ALREADY: N_("this person receives these letters already"),
        Unchanged.REQUEST_ANSWERED: N_("this request has been answered already"),
        Unchanged.REQUEST_CLOSED: N_("this request is no longer open"),
        Unchanged.REQUEST_EXTENDED: N_("this request has been extended already"),
        Unchanged.RESTRICTED_ALREADY: N_("the processing of this person is restricted already"),
        Unchanged.RIGHT_ASKED_ALREADY: N_(
            "this person has asked for this already, and it is still to be answered"
        ),
        Unchanged.SENDING_RESTRICTED: N_(
            "processing is restricted: nothing is sent, and nothing is deleted"
        ),
        Unchanged.STANDS_THERE: N_("this person stands there already"),
        Unchanged.SUPPRESSED_ALREADY: N_("this address is suppressed already ({why})"),
        Unchanged.THERE_ALREADY: N_("this person is there already"),
        Unchanged.WITHDRAWN_ALREADY: N_("this has been withdrawn already"),
    }
)


CALLS: Mapping[CallFault, str] = MappingProxyType(
    {
        CallFault.AFTER_OR_SINCE: "one of after and since says from where",
        CallFault.AMOUNT_NO_TEXT: (
            'is a text in the currency\'s own unit, such as "12.50": a number may be cents'
        ),
        CallFault.ANOTHER_START: "a double opt-in begins with the welcome",
        CallFault.BEFORE_1970: "lies before 1970",
        CallFault.CHOICE_UNKNOWN: "is one of: {known}",
        CallFault.COLLECTED_REQUIRED: "is required: when was this consent given?",
        CallFault.CONTROL_CHARACTER: "holds a line break or a control character",
        CallFault.FIELDS_NO_OBJECT: "is not an object of names and texts",
        CallFault.FIELD_UNDECLARED: "is not declared; there are: {known}",
        CallFault.IN_THE_FUTURE: "lies in the future, by more than clocks differ",
        CallFault.LANGUAGE_UNKNOWN: "is no language: write a code such as fr or en",
        CallFault.LIST_UNKNOWN: "there is no published list {list}",
        CallFault.MEMBER_UNKNOWN: "is not known here; there are: {known}",
        CallFault.NOTHING_TO_CORRECT: "says nothing that is to be corrected",
        CallFault.NOTHING_TO_REFUND: "is nothing: leave it out to refund all that is left",
        CallFault.NOT_A_LIST: "is neither the number nor the name of a list",
        CallFault.NOT_A_NUMBER: "is no whole number from 0 on",
        CallFault.NOT_A_TEXT: "is not a text",
        CallFault.NOT_TEXTS: "is not a list of texts",
        CallFault.NO_FIELDS_DECLARED: "is not declared; there are: none",
        CallFault.NO_OBJECT: "the body is not a JSON object",
        CallFault.NO_PURPOSES_PUBLISHED: (
            "is none of this installation's: nothing is published yet"
        ),
        CallFault.ON_OR_EVERY: "one of on and every says when it leaves",
        CallFault.PURPOSE_UNKNOWN: "is none of this installation's: {known}",
        CallFault.REQUIRED: "is required",
        CallFault.REQUIRED_FOR_BASIS: "is required for {basis}: {why}",
        CallFault.SOURCE_REQUIRED: "is required: where does this ground come from?",
        CallFault.TOO_LONG: "is longer than {most} characters",
        CallFault.ZONE_UNKNOWN: "is no IANA time zone: write for example Europe/Paris",
    }
)


def in_words(value: Value, _: Say) -> str:
    """A reason, or one of its values, in the language of `_`. A code of no table is shown as it
    is.
    """
    worded = as_words(value)
    return worded.said(_) if isinstance(worded, Words) else str(worded)


def in_english(value: Value) -> str:
    return in_words(value, N_)


@overload
def as_words(value: Reason[StrEnum]) -> Words: ...


@overload
def as_words(value: Value) -> Value: ...


def as_words(value: Value) -> Value:
    """A reason as the message of its code, and so each of its values."""
    match value:
        case Reason(code, values):
            return _filled(_message_of(code) or code, values)
        case Words(text, values):
            return _filled(text, values)
        case StrEnum():
            message = _message_of(value)
            return value if message is None else Words(message)
        case _:
            return value


def _filled(message: str, values: Values) -> Words:
    return Words(message, tuple((name, as_words(value)) for name, value in values))


def _message_of(code: StrEnum) -> str | None:
    match code:
        case Refusal():
            return REFUSALS[code]
        case Unchanged():
            return UNCHANGED[code]
        case AddressFault():
            return ADDRESSES[code]
        case AmountFault():
            return AMOUNTS[code]
        case CallFault():
            return CALLS[code]
        case DateFault():
            return DATES[code]
        case DateKind():
            return DATE_KINDS[code]
        case FieldFault():
            return FIELDS[code]
        case FileKind():
            return FILE_KINDS[code]
        case MailFault():
            return MAILS[code]
        case OrderFault():
            return ORDERS[code]
        case Requirement():
            return REQUIREMENTS[code]
        case RowFault():
            return ROWS[code]
        case TableFault():
            return TABLES[code]
        case _:
            return None
