"""`relance person`: what a person may ask of who holds their data, each with its fact and its
answer (GDPR 15 to 21); an erasure asks first, and prints a receipt that can be given to the person.
`relance requests`: those that wait for an answer, with their deadline; recorded, put off and
answered here.
"""

from __future__ import annotations

import argparse
import secrets
import sys

from engine.cli.operator_acts import fields_of, operator_cause, report
from engine.cli.private_file import write_private
from engine.cli.progress import catch_up
from engine.cli.terminal import agreed, json_text
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import language_argument, read_date, shown, zone_argument
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UnreadableInput, UserError, address_of
from engine.intake.instants import not_after
from engine.ledger.codec import iso
from engine.privacy.correction import Correction, correction
from engine.privacy.erasure import (
    DELETED,
    STAYS_IN_LOG,
    Archiver,
    Receipt,
    Suppression,
    archiver,
    erase,
    scrub_unless_followed,
)
from engine.privacy.export import as_csv, dossier
from engine.privacy.rights_requests import (
    due_at,
    open_requests,
    person_of,
    record_request,
    settle_request,
)
from engine.sequence.delay import parse_delay
from engine.sequence.mistakes import Unreadable
from engine.subscriber.commands import (
    GrantAccess,
    Object,
    Restrict,
)
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Refused
from engine.vault.sealing import SealingRefused
from engine.vault.vault import VaultWrite


def person(context: AppContext, args: argparse.Namespace) -> int:
    subscriber = person_of(context, args.address)
    _ = translator(context.config.site.language)
    match args.part:
        case "export":
            return _export(context, subscriber, args, _)
        case "correct":
            return _correct(context, subscriber, args, _)
        case "restrict":
            return _restrict(context, subscriber, args.lift, _)
        case "object":
            return _object(context, subscriber, _)
        case _part:
            return _erase(context, subscriber, args)


def _export(context: AppContext, subscriber: str, args: argparse.Namespace, _: Say) -> int:
    """The file is there before the fact that says so: an answer that could not be written is
    none.
    """
    if context.command_handler.load([subscriber])[subscriber].erased:
        raise UserError(N_("this person has been erased"))
    held = dossier(context, subscriber)
    text = as_csv(held) if args.csv else json_text(held) + "\n"
    if args.output is not None:
        write_private(args.output, text.encode())
    cause, kept = operator_cause({"right": "access"})
    now = context.clock.now()
    command = GrantAccess(
        now, cause, "portability" if args.portability else "access", secrets.token_hex(16)
    )
    result = context.command_handler.execute_one(
        CommandRequest(
            command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
        )
    )
    if args.output is not None or not isinstance(result.outcome, Done):
        return report(
            result, _("everything held about this person is in {file}").format(file=args.output), _
        )
    print(text, end="")
    return 0


def _correct(context: AppContext, subscriber: str, args: argparse.Namespace, _: Say) -> int:
    zone, language = zone_argument(args.timezone), language_argument(args.language)
    plan = context.installation_stream.current().plan()
    fields = fields_of(args.field, plan.fields)
    if not (args.email or fields or zone or language):
        raise UserError(
            N_("what is wrong about them? say --email, --field, --timezone or --language"), 2
        )
    wanted = Correction(address_of(args.email) if args.email else "", fields, zone, language)
    cause, kept = operator_cause({"right": "rectification", **wanted.particulars})
    made = correction(context, subscriber, wanted, cause, (kept,))
    if isinstance(made, Refused):
        raise UserError(made)
    return report(context.command_handler.execute_one(made), _("corrected"), _)


def _restrict(context: AppContext, subscriber: str, lift: bool, _: Say) -> int:
    cause, kept = operator_cause({"right": "restriction"})
    now = context.clock.now()
    command = Restrict(now, cause, secrets.token_hex(16), lift)
    result = context.command_handler.execute_one(
        CommandRequest(
            command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
        )
    )
    return report(
        result,
        (
            _("the restriction is lifted")
            if lift
            else _("frozen: nothing is sent and nothing is deleted, until `--lift`")
        ),
        _,
    )


def _object(context: AppContext, subscriber: str, _: Say) -> int:
    cause, kept = operator_cause({"right": "objection"})
    now = context.clock.now()
    result = context.command_handler.execute_one(
        CommandRequest(
            Object(now, cause, secrets.token_hex(16)),
            stream=subscriber,
            vault_write=VaultWrite("", now, evidence=(kept,)),
        )
    )
    return report(result, _("withdrawn from everything; their objection is noted"), _)


def _erase(context: AppContext, subscriber: str, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    archive = _archiver(context, args.keep_proof) if args.keep_proof else None
    if context.command_handler.load([subscriber])[subscriber].erased:
        print(_("this person has been erased"))
        return 0
    if not args.yes and not _agreed(_):
        raise UserError(N_("nothing was changed"))
    cause = Cause("operator", secrets.token_hex(8))
    suppression: Suppression = "forget" if args.forget_suppression else "bar"
    result, receipt = erase(
        context,
        subscriber,
        cause,
        context.command_handler.execute_one,
        suppression=suppression,
        archive=archive,
    )
    if receipt is None:
        return report(result, "", _)
    scrubbed = scrub_unless_followed(context)
    print(
        json_text(receipt.as_json()) if args.json else "\n".join(receipt_lines(context, receipt, _))
    )
    if scrubbed.refused:
        print(_(STAYS_IN_LOG), file=sys.stderr)
    return 0


def receipt_lines(context: AppContext, receipt: Receipt, _: Say) -> list[str]:
    zone = context.config.site.timezone
    deleted = [
        f"  - {_(DELETED[what])}: {grouped(count, _)}" for what, count in receipt.deleted.items()
    ]
    kept = [
        f"  - {_(rest.what).format(date=shown(rest.until, zone)[:10] if rest.until else '')}"
        for rest in receipt.kept
    ]
    return [
        _("Erased on {when}, by {name}").format(
            when=shown(receipt.at, zone), name=context.config.site.name
        ),
        _("Reference: {id}, entry {position}").format(
            id=receipt.subscriber, position=receipt.position
        ),
        _("Deleted:"),
        *deleted,
        _("What remains, and why:"),
        *kept,
    ]


def _archiver(context: AppContext, duration: str) -> Archiver:
    try:
        return archiver(context, parse_delay(duration))
    except (Unreadable, SealingRefused) as error:
        raise UnreadableInput(error) from error


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("an erasure cannot be taken back: say --yes"))
    return agreed(_("An erasure cannot be taken back. Erase this person? [y/N] "))


def requests(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    catch_up(context)
    if args.right or args.by:
        return _record(context, args, _)
    if args.extend or args.answered or args.refused:
        return _settle(context, args, _)
    now, zone = context.clock.now(), context.config.site.timezone
    standing = open_requests(context)
    if args.json:
        rows = [
            {
                "request": row.request,
                "subscriber": row.subscriber,
                "right": row.right,
                "due_at": iso(row.due_at),
                "late": row.due_at < now,
            }
            for row in standing
        ]
        print(json_text(rows))
        return 0
    if not standing:
        print(_("no request waits for an answer"))
    for row in standing:
        late = "  " + _("LATE") if row.due_at < now else ""
        by = _("by {date}").format(date=shown(row.due_at, zone)[:10])
        right = stored_in_words(row.right, _)
        print(f"{row.request}  {by}  {right}  {row.subscriber}{late}")
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
    cause = operator_cause({"right": args.right} | ({"note": args.note} if args.note else {}))
    request, result = record_request(context, subscriber, args.right, received, cause)
    return report(result, _to_be_answered(context, request, due_at(result, request), _), _)


def _settle(context: AppContext, args: argparse.Namespace, _: Say) -> int:
    cause = operator_cause({"note": args.note} if args.note else {})
    if args.extend:
        result = settle_request(context, args.extend, "extended", cause)
        when = due_at(result, args.extend)
        return report(result, _to_be_answered(context, args.extend, when, _), _)
    request = args.answered or args.refused
    result = settle_request(context, request, "refused" if args.refused else "done", cause)
    return report(result, _("request {request} is answered").format(request=request), _)


def _to_be_answered(context: AppContext, request: str, when: int, _: Say) -> str:
    day = shown(when, context.config.site.timezone) if when else ""
    sentence = _("request {request} is to be answered by {when}")
    return sentence.format(request=request, when=day)
