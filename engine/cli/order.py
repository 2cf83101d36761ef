"""`relance order`: what one person ordered or was paid back, as the operator tells it, or a file of
orders. An order is recorded once, however often it is told.
"""

from __future__ import annotations

import argparse

from engine.cli.import_file import stop_between_steps
from engine.cli.operator_acts import operator_cause, report
from engine.cli.progress import Progress
from engine.cli.terminal import json_text
from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests, refund_request
from engine.context import AppContext
from engine.i18n.dates import read_date
from engine.i18n.in_words import in_english
from engine.i18n.language import N_, amount_in_words, translator
from engine.i18n.user_error import UserError, address_of
from engine.imports.columns import EMAIL
from engine.imports.orders import FIELDS, OrderImportOptions, import_orders
from engine.imports.refusals import TableRefused
from engine.intake.amounts import AmountRefused, read_amount, read_currency
from engine.intake.instants import not_after
from engine.intake.orders import OrderRefused, PlacedOrder, Refund, read_number, read_products
from engine.subscriber.outcome import Done, Refused


def order(context: AppContext, args: argparse.Namespace) -> int:
    return _import(context, args) if args.part == "import" else _one(context, args)


def _import(context: AppContext, args: argparse.Namespace) -> int:
    mapping: dict[str, str] = {}
    for pair in args.map:
        column, equals, name = pair.rpartition("=")
        if not equals or not column.strip() or name.strip() not in (EMAIL, *FIELDS):
            known = ", ".join((EMAIL, *FIELDS))
            raise UserError(
                N_("--map {pair}: write COLUMN=FIELD; there are: {known}"),
                2,
                pair=pair,
                known=known,
            )
        mapping[column.strip()] = name.strip()
    _ = translator(context.config.site.language)
    try:
        currency = read_currency(args.currency) if args.currency else ""
        options = OrderImportOptions(args.file, mapping, currency, args.date_order, args.dry_run)
        with (
            Progress(_("Reading") if args.dry_run else _("Importing"), say=_) as tell,
            stop_between_steps() as stopping,
        ):
            report = import_orders(context.importing(), options, tell, stopping)
    except (AmountRefused, TableRefused) as error:
        raise UserError(error.reason, 2) from error
    for line in report.lines(_):
        print(line)
    return report.exit_code


def _one(context: AppContext, args: argparse.Namespace) -> int:
    plan, now = context.installation_stream.current().plan(), context.clock.now()
    try:
        number = read_number(args.number)
        currency = read_currency(args.currency) if args.currency else ""
        amount, currency = read_amount(args.amount, currency) if args.amount else (0, currency)
        if args.part == "refund":
            return _refund(context, args, Refund(number, amount, currency), now)
        products = read_products(args.product, plan)
    except (AmountRefused, OrderRefused) as error:
        raise UserError(error.reason, 2) from None
    placed_at = not_after(read_date(args.date, plan.timezone), now) if args.date else now
    if placed_at is None:
        raise UserError(N_("--date lies in the future"), 2)
    placed = PlacedOrder(
        address=address_of(args.address),
        number=number,
        amount=amount,
        currency=currency,
        products=products,
        placed_at=placed_at,
    )
    cause, kept = operator_cause({"order": number})
    [request] = record_requests(context.vault, [placed], now, lambda order: (cause, (kept,)))
    _ = translator(context.config.site.language)
    done = _("order {order} recorded: {amount}")
    words = amount_in_words(amount, currency, _)
    return _carried_out(context, args, request, done.format(order=number, amount=words))


def _refund(context: AppContext, args: argparse.Namespace, refund: Refund, now: int) -> int:
    if args.amount and not refund.amount:
        raise UserError(N_("nothing is refunded with --amount 0: leave it out to refund all"), 2)
    cause, kept = operator_cause({"order": refund.number})
    request = refund_request(context.vault, refund, now, (cause, (kept,)))
    done = translator(context.config.site.language)(N_("order {order} refunded"))
    return _carried_out(context, args, request, done.format(order=refund.number))


def _carried_out(
    context: AppContext, args: argparse.Namespace, request: CommandRequest | Refused, done: str
) -> int:
    if isinstance(request, Refused):
        raise UserError(request)
    result = context.command_handler.execute_one(request)
    changed = isinstance(result.outcome, Done)
    if args.json and not result.conflict and not isinstance(result.outcome, Refused):
        said = done if isinstance(result.outcome, Done) else in_english(result.outcome)
        print(json_text({"done": changed, "said": said, "subscriber": result.stream}))
        return 0
    return report(result, done, translator(context.config.site.language))
