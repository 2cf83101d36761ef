"""What a refusal of the core means to a reader: plain words, without the number or name of a
list.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.subscriber.outcome import Refusal
from engine.words import N_

_NO_LONGER = N_("This is no longer possible.")
_ONLY_ONCE = N_("You have been here before, and these letters are sent only once.")

FOR_READERS: Mapping[Refusal, str] = MappingProxyType(
    dict.fromkeys(Refusal, _NO_LONGER)
    | {
        Refusal.LIST_UNKNOWN: N_("What this link led to no longer exists."),
        Refusal.ERASED: N_(
            "We no longer hold anything about you, so there is nothing left to change."
        ),
        Refusal.NO_GROUND: N_(
            "We no longer write to you about this, so this answer changes nothing."
        ),
        Refusal.GROUP_YIELDS: N_(
            "You are further along already: this answer changes nothing any more."
        ),
        Refusal.JOINED_ONCE_ONLY: _ONLY_ONCE,
        Refusal.LEFT_TOO_RECENTLY: _ONLY_ONCE,
        Refusal.REQUEST_EXPIRED: N_(
            "This link is no longer valid. Use the newest message you had from us, or fill in the"
            " form again."
        ),
        Refusal.TOO_LATE_TO_UNDO: N_(
            "It is too late to take this answer back: things have moved on since."
        ),
        Refusal.UNREACHABLE: N_(
            "We cannot write to your address any more. If that is a mistake, please write to us."
        ),
        Refusal.CONFIRMED: N_(
            "Your subscription was confirmed and stays as it is. To leave, use the link at the foot"
            " of any letter."
        ),
        Refusal.JOURNAL_UNWRITABLE: N_(
            "We could not do this just now, and nothing has changed. Please try again later, or"
            " write to us."
        ),
    }
)
