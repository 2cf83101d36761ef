"""`relance person`: what a person may ask of who holds their data, each with its fact and its
answer (GDPR 15 to 21).
"""

from __future__ import annotations

import argparse
import secrets

from engine.cli.erase import erase
from engine.cli.find_person import person_of
from engine.cli.people import fields_of, operator_cause, report
from engine.cli.private_file import write_private
from engine.cli.terminal import json_text
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import language_said, zone_said
from engine.i18n.language import N_, Say, translator
from engine.i18n.refusal import Refusal, address_of
from engine.privacy.correction import Correction, correction
from engine.privacy.export import as_csv, dossier
from engine.subscriber.commands import GrantAccess, Object, Restrict
from engine.subscriber.outcome import Done, Refused
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
            return erase(context, subscriber, args)


def _export(context: AppContext, subscriber: str, args: argparse.Namespace, _: Say) -> int:
    """The file is there before the fact that says so: an answer that could not be written is
    none.
    """
    if context.command_handler.load([subscriber])[subscriber].erased:
        raise Refusal(N_("this person has been erased"))
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
    zone, language = zone_said(args.timezone), language_said(args.language)
    plan = context.installation_stream.current().plan()
    fields = fields_of(args.field, frozenset(plan.fields))
    if not (args.email or fields or zone or language):
        raise Refusal(
            N_("what is wrong about them? say --email, --field, --timezone or --language"), 2
        )
    wanted = Correction(address_of(args.email) if args.email else "", fields, zone, language)
    cause, kept = operator_cause({"right": "rectification", "fields": sorted(fields)})
    made = correction(context, subscriber, wanted, cause, (kept,))
    if isinstance(made, Refused):
        raise Refusal(made)
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
