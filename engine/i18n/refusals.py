"""Messages for why a command was refused or had nothing to do, for operators and for callers of the
API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.subscriber.outcome import Refusal, Unchanged
from engine.words import N_

REFUSALS: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.ADDRESS_SUPPRESSED: N_("this address is suppressed ({why})"),
        Refusal.ADDRESS_TAKEN: N_("somebody else is known under that address"),
        Refusal.ANOTHER_PARTNER: N_('the consent for "{purpose}" names another partner'),
        Refusal.ANSWERS_CONTRADICT: N_(
            "two different answers came within seconds of each other; please choose"
        ),
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
        Refusal.NOT_ON_LIST: N_("this person is not on list {list}"),
        Refusal.NO_GROUND: N_('there is no live ground to write for the purpose "{purpose}"'),
        Refusal.NO_SUCH_REQUEST: N_("there is no such request to be answered"),
        Refusal.ONE_PURPOSE_AT_A_TIME: N_("consent is given to one purpose at a time"),
        Refusal.PARTNER_NEEDS_CONSENT: N_("only consent lets anybody write for a partner"),
        Refusal.PERSON_UNKNOWN: N_("nobody is known under this address"),
        Refusal.REQUEST_EXPIRED: N_("this request has expired; please fill in the form again"),
        Refusal.REQUEST_OF_SEVERAL_PURPOSES: N_("a request names published lists of one purpose"),
        Refusal.RESTRICTED: N_(
            "the processing of this person is restricted: nothing is deleted but at their own wish"
        ),
        Refusal.RIGHT_UNKNOWN: N_('there is no right "{right}"'),
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
        Unchanged.CALL_REPEATED: N_("this call was carried out before"),
        Unchanged.CONFIRMED_ALREADY: N_("this subscription is confirmed already"),
        Unchanged.CONFLICT: N_("too many changes at once; please try again"),
        Unchanged.ERASED: N_("this person has been erased"),
        Unchanged.HEARD_SINCE: N_("this person has been heard of since"),
        Unchanged.IN_DOUBT_ALREADY: N_("in doubt already"),
        Unchanged.LETTER_UNDER_WAY: N_("this letter is under way"),
        Unchanged.MAY_NOT_BE_ASKED: N_(
            "this person may not be written to, so they cannot be asked"
        ),
        Unchanged.NOBODY_WRITTEN_TO: N_("nobody is written to under this address"),
        Unchanged.NO_MOVE_TO_UNDO: N_("there is no move of this letter to take back"),
        Unchanged.NOTHING_CHANGED: N_("nothing has changed"),
        Unchanged.NOTHING_DUE: N_("nothing is due here"),
        Unchanged.NOT_ON_LIST: N_("this person is not on list {list}"),
        Unchanged.NOT_RESTRICTED: N_("the processing of this person is not restricted"),
        Unchanged.NOT_WITHHELD: N_("no such letter is withheld from this person"),
        Unchanged.ON_LIST_ALREADY: N_("this person is on list {list} already"),
        Unchanged.OUTCOME_RECORDED: N_("the outcome of this letter is recorded already"),
        Unchanged.PAST_LATENESS: N_("this letter is past the lateness its author allows"),
        Unchanged.PERSON_UNKNOWN: N_("nobody is known under this address"),
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
