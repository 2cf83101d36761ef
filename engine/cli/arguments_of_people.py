"""Arguments of the verbs about people, and of those about their rights.

What a room has to say is brought in by the one verb that needs it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.cli.arguments_of_imports import import_arguments, suppress_arguments
from engine.i18n.language import N_

STDOUT = Path("-")


def suppressions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ask",
        action="store_true",
        help=N_("whether an address is among them; it is typed, and kept nowhere"),
    )
    parser.add_argument(
        "--lift",
        default=None,
        metavar="REASON",
        help=N_("let an address be written to again, which is typed, for this reason"),
    )
    parser.add_argument("--json", action="store_true", help=N_("the same, for programs"))


BASES = ("double-opt-in", "consent", "soft-optin", "b2b", "service")


def subscribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", help=N_("of the person"))
    parser.add_argument("--list", required=True, metavar="ID", help=N_("the list's number or name"))
    parser.add_argument(
        "--basis",
        choices=BASES,
        default="double-opt-in",
        help=N_("why we may write (default: they confirm by mail)"),
    )
    parser.add_argument(
        "--source",
        default="",
        help=N_("how the address was collected; required for any basis but double-opt-in"),
    )
    parser.add_argument(
        "--collected", default="", metavar="DATE", help=N_("when it was collected (default: now)")
    )
    parser.add_argument("--proof", default="", help=N_("what proves it: a reference, a sentence"))
    parser.add_argument(
        "--order",
        default="",
        metavar="TEXT",
        help=N_("the order or sale the address was given with; required for soft-optin"),
    )
    parser.add_argument(
        "--function",
        default="",
        metavar="TEXT",
        help=N_("the person's profession; required for b2b, but for contact@ and the like"),
    )
    parser.add_argument(
        "--objection",
        default="",
        metavar="TEXT",
        help=N_("how they could object at collection; required for soft-optin and b2b"),
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=N_("a field of [fields]; more than once for more"),
    )
    parser.add_argument(
        "--timezone", default="", metavar="ZONE", help=N_("the person's own, such as Europe/Paris")
    )
    parser.add_argument(
        "--language",
        default="",
        metavar="LANGUAGE",
        help=N_("the person's own: a code or a name, such as fr or français"),
    )
    parser.add_argument(
        "--start",
        choices=("welcome", "none"),
        default="welcome",
        help=N_("whether the list's letters follow (default: they do)"),
    )


def transfer_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", help=N_("of the person"))
    parser.add_argument(
        "--from", dest="source", required=True, metavar="ID", help=N_("the list's number or name")
    )
    parser.add_argument(
        "--to", dest="target", required=True, metavar="ID", help=N_("the list's number or name")
    )


def unsubscribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", help=N_("of the person"))
    parser.add_argument(
        "--purpose",
        default="*",
        metavar="ID",
        help=N_("the purpose to withdraw (default: everything)"),
    )


def order_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.intake.instants import DATE_ORDERS

    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    record = parts.add_parser("record", help=N_("somebody who is known ordered something"))
    record.add_argument("address", help=N_("of the person"))
    refund = parts.add_parser("refund", help=N_("an order was paid back, wholly or in part"))
    for part in (record, refund):
        part.add_argument(
            "number", metavar="NUMBER", help=N_("the order's number, as the shop has it")
        )
        part.add_argument(
            "--amount",
            required=part is record,
            default="",
            metavar="AMOUNT",
            help=(
                N_('what was paid: "12,50 €"')
                if part is record
                else N_("what was paid back (default: all that is left)")
            ),
        )
        part.add_argument(
            "--currency",
            default="",
            metavar="CODE",
            help=N_("three letters (ISO 4217), where the amount does not say it"),
        )
        part.add_argument("--json", action="store_true", help=N_("what came of it, for programs"))
    orders = parts.add_parser("import", help=N_("orders from a .csv file, of people who are known"))
    orders.add_argument(
        "file", type=Path, metavar="FILE", help=N_("a .csv file, as a shop exports it")
    )
    orders.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help=N_(
            "which column holds email, order, amount, currency, products or date; more than once"
            " for more"
        ),
    )
    orders.add_argument(
        "--currency", default="", metavar="CODE", help=N_("where no row says it: three letters")
    )
    orders.add_argument(
        "--date-order",
        choices=DATE_ORDERS,
        help=N_("how the dates of its columns are written, where they do not show it (03/04/2026)"),
    )
    orders.add_argument(
        "--dry-run",
        action="store_true",
        help=N_("say exactly what would happen, and write nothing"),
    )
    record.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="CODE",
        help=N_("the code of what was ordered; more than once for more"),
    )
    record.add_argument(
        "--date", default="", metavar="DATE", help=N_("when it was ordered (default: now)")
    )


def show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address", help=N_("of the person, or their opaque id, as `relance status` has it")
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("a list of facts in order: name, both dates, cause, payload"),
    )


CSV_HELP = N_(
    "every cell quoted and inert in a spreadsheet, into a file that only you can read (default:"
    " standard output)"
)


def members_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", metavar="LIST", help=N_("the list's number or name"))
    parser.add_argument(
        "--csv", type=Path, nargs="?", const=STDOUT, default=None, metavar="FILE", help=CSV_HELP
    )


def lists_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("an object per list: list, name, group, purpose, people, due_next_day, paused"),
    )


def person_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    whose = N_("of the person, a former one of theirs, or their opaque id")
    export = parts.add_parser(
        "export",
        help=N_("everything held about them, as JSON or CSV"),
        description=N_("answers a right of access"),
    )
    export.add_argument("address", help=whose)
    form = export.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=N_("the whole of it (default)"))
    form.add_argument(
        "--csv",
        action="store_true",
        help=N_("a line for each thing that is known, for a spreadsheet"),
    )
    export.add_argument(
        "--portability",
        action="store_true",
        help=N_("they asked to take their data elsewhere (GDPR 20)"),
    )
    export.add_argument(
        "-o",
        dest="output",
        type=Path,
        default=None,
        metavar="FILE",
        help=N_("where to (default: standard output)"),
    )
    correct = parts.add_parser("correct", help=N_("put right what is wrong about them"))
    correct.add_argument("address", help=whose)
    correct.add_argument(
        "--email", default="", metavar="ADDRESS", help=N_("their address is another")
    )
    correct.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=N_("a field of [fields]; more than once for more"),
    )
    correct.add_argument(
        "--timezone", default="", metavar="ZONE", help=N_("their own, such as Europe/Paris")
    )
    correct.add_argument(
        "--language",
        default="",
        metavar="LANGUAGE",
        help=N_("their own: a code or a name, such as fr or français"),
    )
    restrict = parts.add_parser(
        "restrict", help=N_("freeze them: nothing is sent, nothing is deleted, until it is lifted")
    )
    restrict.add_argument("address", help=whose)
    restrict.add_argument(
        "--lift",
        action="store_true",
        help=N_("go on; they must have been told before (GDPR 18(3))"),
    )
    parts.add_parser(
        "object", help=N_("they object: withdraw them from every purpose, at once")
    ).add_argument("address", help=whose)
    _erase_arguments(
        parts.add_parser(
            "erase", help=N_("forget them, and print a receipt of what remains and why")
        ),
        whose,
    )


def _erase_arguments(parser: argparse.ArgumentParser, whose: str) -> None:
    parser.add_argument("address", help=whose)
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))
    parser.add_argument(
        "--keep-proof",
        default="",
        metavar="DURATION",
        help=N_('seal the proof to [proof] archive_recipient and keep it: "5 years"'),
    )
    parser.add_argument(
        "--forget-suppression",
        action="store_true",
        help=N_("do not keep the hash that bars this address from later imports"),
    )
    parser.add_argument("--json", action="store_true", help=N_("the receipt for programs"))


def requests_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.subscriber.rights import RIGHTS

    parser.add_argument("--json", action="store_true", help=N_("the open requests, for programs"))
    parser.add_argument(
        "--right",
        choices=RIGHTS,
        default="",
        help=N_("record that somebody asked for this (with --by)"),
    )
    parser.add_argument("--by", default="", metavar="ADDRESS", help=N_("who asked"))
    parser.add_argument(
        "--received", default="", metavar="DATE", help=N_("when it came in (default: now)")
    )
    parser.add_argument(
        "--note",
        default="",
        help=N_("how it came in, or why it was answered so; kept in the vault"),
    )
    act = parser.add_mutually_exclusive_group()
    act.add_argument(
        "--extend",
        default="",
        metavar="REQUEST",
        help=N_("they were told that it takes up to two months more"),
    )
    act.add_argument(
        "--answered", default="", metavar="REQUEST", help=N_("it was answered outside Relance")
    )
    act.add_argument(
        "--refused",
        default="",
        metavar="REQUEST",
        help=N_("it was refused, and they were told why and to whom to complain"),
    )


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "import": import_arguments,
    "subscribe": subscribe_arguments,
    "transfer": transfer_arguments,
    "unsubscribe": unsubscribe_arguments,
    "suppress": suppress_arguments,
    "suppressions": suppressions_arguments,
    "order": order_arguments,
    "show": show_arguments,
    "members": members_arguments,
    "lists": lists_arguments,
    "person": person_arguments,
    "requests": requests_arguments,
}
"""By verb."""
