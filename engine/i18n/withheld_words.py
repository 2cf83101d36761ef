"""Why a letter was withheld, in the operator's words: what to mend, where somebody can. `status`,
`show`, `watch` and the retry say it alike.
"""

from __future__ import annotations

from engine.i18n.language import N_, Say
from engine.i18n.stored_words import stored_in_words

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
