"""`relance requests`: rights people have asked for and that wait for an answer, with their
deadline; recorded, put off and answered here.
"""

from __future__ import annotations

import argparse
import secrets

from engine.cli.catch_up import catch_up
from engine.cli.find_person import person_of
from engine.cli.people import operator_cause, report
from engine.cli.terminal import json_text
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Say, translator
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError
from engine.intake.instants import not_after
from engine.ledger.entry_json import iso
from engine.subscriber.commands import AnswerRight, AnyCommand, ExerciseRight, ExtendRight
from engine.vault.vault import VaultWrite


def requests(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    catch_up(context)
    if args.right or args.by:
        return _record(context, args, _)
    chosen = args.extend or args.answered or args.refused
    if chosen:
        return _settle(context, chosen, args, _)
    now, zone = context.clock.now(), context.config.site.timezone
    standing = context.views.open_rights()
    if args.json:
        rows = [
            {"request": r, "subscriber": s, "right": right, "due_at": iso(due), "late": due < now}
            for s, r, right, due in standing
        ]
        print(json_text(rows))
        return 0
    if not standing:
        print(_("no request waits for an answer"))
    for subscriber, request, right, due in standing:
        late = "  " + _("LATE") if due < now else ""
        by = _("by {date}").format(date=shown(due, zone)[:10])
        print(f"{request}  {by}  {stored_in_words(right, _)}  {subscriber}{late}")
    return 0


def _record(context: AppContext, args: argparse.Namespace, _: Say) -> int:
    if not (args.right and args.by):
        raise UserError(N_("say both --right and --by"), 2)
    subscriber, now = person_of(context, args.by), context.clock.now()
    received = (
        not_after(read_date(args.received, context.config.site.timezone), now)
        if args.received
        else now
    )
    if received is None:
        raise UserError(N_("--received lies in the future"), 2)
    cause, kept = operator_cause({"right": args.right} | ({"note": args.note} if args.note else {}))
    request = secrets.token_hex(16)
    command = ExerciseRight(
        at=now, cause=cause, right=args.right, request=request, received_at=received
    )
    result = context.command_handler.execute_one(
        CommandRequest(
            command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
        )
    )
    due = result.person.rights.get(request)
    when = shown(due.due_at, context.config.site.timezone) if due else ""
    return report(
        result,
        _("request {request} is to be answered by {when}").format(request=request, when=when),
        _,
    )


def _settle(context: AppContext, chosen: str, args: argparse.Namespace, _: Say) -> int:
    subscriber = next(
        (who for who, request, _right, _due in context.views.open_rights() if request == chosen), ""
    )
    if not subscriber:
        raise UserError(N_("no request {request} waits for an answer"), request=chosen)
    cause, kept = operator_cause({"note": args.note} if args.note else {})
    now = context.clock.now()
    command: AnyCommand = (
        ExtendRight(now, cause, chosen)
        if args.extend
        else AnswerRight(now, cause, chosen, "refused" if args.refused else "done")
    )
    result = context.command_handler.execute_one(
        CommandRequest(
            command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
        )
    )
    if args.extend:
        due = result.person.rights.get(chosen)
        when = shown(due.due_at, context.config.site.timezone) if due else ""
        return report(
            result,
            _("request {request} is to be answered by {when}").format(request=chosen, when=when),
            _,
        )
    return report(result, _("request {request} is answered").format(request=chosen), _)
