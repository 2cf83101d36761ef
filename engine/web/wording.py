"""What a refusal of the core means to a reader: plain words, without the number or name of a
list.
"""

from __future__ import annotations

import re

from engine.i18n.language import N_

_SAID: tuple[tuple[str, str], ...] = (
    (r"there is no list ", N_("What this link led to no longer exists.")),
    (
        r"this person has been erased",
        N_("We no longer hold anything about you, so there is nothing left to change."),
    ),
    (
        r"there is no live ground",
        N_("We no longer write to you about this, so this answer changes nothing."),
    ),
    (
        r"this person is among ",
        N_("You are further along already: this answer changes nothing any more."),
    ),
    (
        r"this person (has been on|left) list ",
        N_("You have been here before, and these letters are sent only once."),
    ),
    (
        r"this request has expired",
        N_(
            "This link is no longer valid. Use the newest message you had from us, or fill in the"
            " form again."
        ),
    ),
    (r"too late: ", N_("It is too late to take this answer back: things have moved on since.")),
    (
        r"this address cannot be written to",
        N_("We cannot write to your address any more. If that is a mistake, please write to us."),
    ),
    (
        r"this subscription is confirmed",
        N_(
            "Your subscription was confirmed and stays as it is. To leave, use the link at the foot"
            " of any letter."
        ),
    ),
    (
        r"the stop journal ",
        N_(
            "We could not do this just now, and nothing has changed. Please try again later, or"
            " write to us."
        ),
    ),
    (r"too many changes at once", N_("We are very busy at this moment. Please try again.")),
)
NO_LONGER = N_("This is no longer possible.")


def for_a_reader(why: str) -> str:
    """An English message that the catalogue holds."""
    return next((said for pattern, said in _SAID if re.match(pattern, why)), NO_LONGER)
