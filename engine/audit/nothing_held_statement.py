"""What is said where nothing is held about an address or a mail: a statement, signed with the
installation's key, that says what it does not say.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.audit.found_letter import forged_links
from engine.audit.nothing_held import Asked, head_of, statement
from engine.audit.report import Line, Note, Report, Section
from engine.audit.signed_statement import vouched
from engine.cli.report_output import hand_out
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import Language, translator
from engine.i18n.printable import printable
from engine.i18n.refusal import address_of
from engine.i18n.refused import in_words
from engine.privacy.fact_values import iso

NOTHING_HELD = 1
"""The exit status: a script can tell "nothing held" from a story."""


def nothing_held_about_address(
    context: AppContext, args: argparse.Namespace, language: Language
) -> int:
    _, address = translator(language), address_of(args.address)
    reason = next(iter(context.vault.suppressed([context.vault.hash(address)]).values()), "")
    listed = _(
        "Its keyed hash is on the suppression list ({why}): that is all that is kept of it."
    ).format(why=in_words(reason, _))
    sentences = (
        _(
            "Nobody is registered under this address in this installation, and no evidence that is"
            " still held names it."
        ),
        listed if reason else _("Its keyed hash is not on the suppression list."),
        _(
            "Somebody who was erased without that hash cannot be told apart from somebody never"
            " known: what stays of them is linked to no address."
        ),
        _(
            "This speaks of one installation at one moment, and not of what others may have sent in"
            " its name."
        ),
    )
    return _say(context, args, language, [Asked("address", address)], reason, sentences)


def nothing_held_about_mail(
    context: AppContext,
    args: argparse.Namespace,
    language: Language,
    asked: Sequence[Asked],
    forged: int,
) -> int:
    """`forged` counts links of Relance's form that are none of this installation's."""
    _ = translator(language)
    sentences = (
        *((forged_links(forged, language),) if forged else ()),
        _(
            "No letter with this Message-ID, and none that a genuine link of this mail leads to,"
            " was ever begun in this ledger."
        ),
        _("The beginning of a letter stays in the ledger when the person it went to is erased."),
        _(
            "A ledger that was put back from an older copy no longer holds what was written after"
            " that copy."
        ),
        _(
            "It does not say who wrote the mail: anybody can put this site's name and address into"
            " a mail of their own."
        ),
    )
    return _say(context, args, language, asked, None, sentences)


def _say(
    context: AppContext,
    args: argparse.Namespace,
    language: Language,
    asked: Sequence[Asked],
    suppressed: str | None,
    sentences: Sequence[str],
) -> int:
    _ = translator(language)

    def text(origin: str) -> str:
        # Asked once the origin is there, which may have begun just now.
        size = context.ledger.head()
        head = head_of(size, context.ledger.bytes_at(size))
        return statement(origin, asked, iso(context.clock.now()), head, suppressed, sentences)

    note = vouched(context, text)
    if args.json:
        plain = {"held": False, "suppressed": suppressed, "note": note}
        print(json_text(plain | {each.what: printable(each.said) for each in asked}))
    elif getattr(args, "html", None) is not None:
        said = _("This signed note can be verified with the key that `relance audit key` prints:")
        section = Section(_("Statement"), (Line(said, (Note("", verbatim=note),)),))
        hand_out(Report(_("Nothing held"), (section,), language), args.html, language)
    else:
        print(note, end="")
    return NOTHING_HELD
