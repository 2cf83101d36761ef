"""`in-doubt`: letters whose final dot was written and never answered, and how an operator settles
them.
"""

from __future__ import annotations

import argparse

from engine.cli.catch_up import catch_up
from engine.cli.people import operator_cause, report
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, counting_translator, translator
from engine.i18n.refusal import Refusal
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.terms import LetterVerdict


def in_doubt(context: AppContext, args: argparse.Namespace) -> int:
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    catch_up(context)
    doubtful = context.views.in_doubt()
    chosen = args.resend or args.taken_as_sent
    if not chosen:
        people = context.vault.people(
            {subscriber for _message, subscriber, _letter, _at in doubtful}
        )
        for message, subscriber, letter, at in doubtful:
            address = people[subscriber].address if subscriber in people else _("(erased)")
            print(f"{message}  {shown(at, context.config.site.timezone)}  {letter}  {address}")
        print(
            ngettext("{n} letter in doubt", "{n} letters in doubt", len(doubtful)).format(
                n=len(doubtful)
            )
        )
        return 0
    subscriber = next((s for message, s, _letter, _at in doubtful if message == chosen), "")
    if not subscriber:
        raise Refusal(N_("no letter {message} is in doubt"), message=chosen)
    verdict: LetterVerdict = "resend" if args.resend else "taken-as-sent"
    command = RecordOutcome(context.clock.now(), operator_cause({})[0], chosen, verdict)
    result = context.command_handler.execute_one(CommandRequest(command, stream=subscriber))
    return report(
        result, _("it will be sent again") if args.resend else _("it is taken as sent"), _
    )
