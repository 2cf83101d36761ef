"""`relance inbound --unknown`: mails that came back and were not understood, listed, shown as they
came, thrown away.
"""

from __future__ import annotations

import argparse
import re

from engine.cli.terminal import json_text, print_octets, shown
from engine.context import AppContext
from engine.i18n import dates
from engine.i18n.language import N_, counting_translator, grouped, translator
from engine.i18n.user_error import UserError
from engine.inbound.kept_reasons import in_words
from engine.inbound.mail import Part, addresses_in, header_alone
from engine.status.finding_words import size
from engine.vault.inbound_mail import UnknownMail

ID_SHOWN = 12
MAX_SUBJECT = 80
_ID = re.compile(r"[0-9a-f]{4,64}")


def unknown_mails(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    if args.show:
        print_octets(context.inbound_mails.octets(_named(context, args.show).id))
        return 0
    if args.throw_away:
        named = [_named(context, id).id for id in args.throw_away]
        count = context.inbound_mails.throw_away(*named)
        sentence = ngettext("{n} mail thrown away", "{n} mails thrown away", count)
        print(sentence.format(n=grouped(count, _)))
        return 0
    mails = context.inbound_mails.unknown()
    if args.json:
        print(json_text([_as_json(context, mail) for mail in mails]))
    else:
        _list(context, mails)
    return 0


def _list(context: AppContext, mails: list[UnknownMail]) -> None:
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    for mail in mails:
        head = header_alone(mail.begin)
        when = dates.shown(mail.at, context.config.site.timezone)
        print(f"{mail.id[:ID_SHOWN]}  {when}  {mail.door}  {size(mail.size, _)}")
        print(f"    {in_words(mail.why).said(_)}")
        if sender := _sender(head):
            print("    " + _("from {address}").format(address=shown(sender)))
        if subject := head.words("subject")[:MAX_SUBJECT]:
            print("    " + _("“{subject}”").format(subject=shown(subject)))
    if not mails:
        print(_("Every mail that came back was understood."))
        return
    count = len(mails)
    sentence = ngettext("{n} mail was not understood", "{n} mails were not understood", count)
    print(sentence.format(n=grouped(count, _)))
    print(_("`--show ID` prints one as it came, `--throw-away ID` deletes it."))


def _named(context: AppContext, text: str) -> UnknownMail:
    """By its id, or the beginning of it. Raises UserError."""
    wanted = text.strip().lower()
    mails = context.inbound_mails.unknown(wanted, 2) if _ID.fullmatch(wanted) else []
    if len(mails) != 1:
        sentence = (
            N_("several mails have an id that begins with {id}: write more of it")
            if mails
            else N_("no mail that was not understood has the id {id}: see --unknown")
        )
        raise UserError(sentence, 2, id=text)
    return mails[0]


def _sender(head: Part) -> str:
    return next(iter(addresses_in(head.value("from"))), "")


def _as_json(context: AppContext, mail: UnknownMail) -> dict[str, object]:
    head = header_alone(mail.begin)
    return {
        "id": mail.id,
        "at": dates.shown(mail.at, context.config.site.timezone),
        "door": mail.door,
        "size": mail.size,
        "why": mail.why,
        "said": in_words(mail.why).said(translator(context.config.site.language)),
        "from": _sender(head),
        "subject": head.words("subject"),
    }
