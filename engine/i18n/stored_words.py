"""Translations of what is stored in English or as a code: the closed sets of values in events,
grounds and views; why a letter was withheld, and what to mend, which `status`, `show`, `watch` and
the retry say alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.i18n.language import N_, Say
from engine.subscriber.evolve import CANNOT_BE_FOLDED
from engine.subscriber.terms import NOT_ELIGIBLE


def _words(*messages: str) -> Mapping[str, str]:
    return MappingProxyType({message: message for message in messages})


BASES = _words(N_("consent"), N_("soft-optin"), N_("b2b"), N_("service"))
GROUND_STATUSES = _words(N_("live"), N_("withdrawn"))
LEAVING = _words(
    N_("operator"), N_("api"), N_("webhook"), N_("rule"), N_("ended"), N_("withdrawn"), N_("reply")
)
UNDOING = _words(N_("contradictory"))
SUPPRESSION = _words(
    N_("objected"), N_("imported"), N_("bounced"), N_("complained"), N_("operator"),
    N_("unsubscribed"), N_("erased"),
)  # fmt: skip
REACHABLE = _words(
    N_("confirmed by the person"), N_("asked for by the person"), N_("lifted by an operator")
)
NOT_SENT = _words(
    N_("refused"),
    N_("gave up"),
    N_("blocked"),
    N_("never handed over"),
    N_("too late"),
    N_("preferences"),
    N_("paused"),
    N_("pressure"),
    N_("cannot be rendered"),
    N_("cannot be carried"),
)
NOT_FOR_THEM = MappingProxyType(
    {"segment": N_("not for this person (segment)"), "holdout": N_("held out to compare")}
)
NOT_ALLOWED = _words(
    N_("erased"),
    N_("processing restricted"),
    N_("no ground for this purpose"),
    N_("consent withdrawn"),
    N_("long silent"),
    N_("the request is no longer open"),
    N_("no longer on this list"),
)
FREQUENCIES = MappingProxyType(
    {
        "as-it-comes": N_("as they come"),
        "weekly": N_("at most one letter a week"),
        "monthly": N_("at most one letter a month"),
    }
)
BOUNCES = _words(N_("hard"), N_("soft"), N_("blocked"))
DOUBT_SETTLED = _words(N_("resend"), N_("taken-as-sent"))
PAUSES = _words(
    N_("first-start"), N_("outage"), N_("restored"), N_("not published"), N_("complaints"),
    N_("bounces"),
)  # fmt: skip
RIGHTS = _words(
    N_("access"),
    N_("rectification"),
    N_("restriction"),
    N_("objection"),
    N_("withdrawal"),
    N_("erasure"),
    N_("portability"),
)
REQUESTS_ANSWERED = _words(N_("done"), N_("refused"), N_("unconfirmed"), N_("retention"))

_EVERY = {
    stored: message
    for table in (
        BASES,
        GROUND_STATUSES,
        LEAVING,
        UNDOING,
        SUPPRESSION,
        REACHABLE,
        NOT_SENT,
        NOT_FOR_THEM,
        NOT_ALLOWED,
        FREQUENCIES,
        BOUNCES,
        DOUBT_SETTLED,
        PAUSES,
        RIGHTS,
        REQUESTS_ANSWERED,
    )
    for stored, message in table.items()
}


def stored_in_words(stored: str, _: Say) -> str:
    """A member of one of the sets; anything else as the catalogue has it, or as it is. Two have a
    part of their own: why a letter was not eligible, and the error of a person set aside.
    """
    if stored.startswith(NOT_ELIGIBLE):
        why = stored_in_words(stored.removeprefix(NOT_ELIGIBLE), _)
        return _("not eligible: {why}").format(why=why)
    kind, _colon, last = stored.rpartition(": ")
    if last == CANNOT_BE_FOLDED:
        return _("{kind}: what has happened to this person cannot be taken in").format(kind=kind)
    return _(_EVERY.get(stored, stored)) if stored else ""


_FIELD = "field:"
_FILTER = "filter:"
_WHAT = {
    "words": N_("its words could not be put together"),
    "letter": N_("its words are in no edition that is in force"),
    "header": N_("a value does not fit into the headers of a mail"),
    "size": N_("it is larger than the mail server takes"),
    "smtputf8": N_(
        "the address has letters outside ASCII, and your mail server does not offer SMTPUTF8"
    ),
    "8bitmime": N_("it has eight-bit characters, and your mail server does not take them"),
    "parameters": N_("your mail server does not know how to take it"),
    "address": N_("the address cannot be written in a mail server’s command"),
    "sender": N_(
        "your own address cannot be written in a mail server’s command: see [site] from in"
        " config.toml"
    ),
}


def why_withheld(why: str, what: str, _: Say) -> str:
    """ "cannot be rendered: the field town is empty" """
    reason = stored_in_words(why, _)
    detail = what_is_wanting(what, _)
    return _("{why}: {what}").format(why=reason, what=detail) if detail else reason


def what_is_wanting(what: str, _: Say) -> str:
    if what.startswith(_FIELD):
        return _("the field {field} is empty").format(field=what.removeprefix(_FIELD))
    if what.startswith(_FILTER):
        return _("a field does not fit its filter or comparison ({fields})").format(
            fields=what.removeprefix(_FILTER)
        )
    return _(_WHAT[what]) if what in _WHAT else what
