"""What is typed to bring people in from files, and to keep others out."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.i18n.language import N_


def import_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.imports import rows
    from engine.imports.agreement import ColumnMeaning
    from engine.imports.recipes import recipes
    from engine.intake.instants import DATE_ORDERS

    columns = {
        rows.SOURCE: N_("the column that says where each address comes from"),
        rows.COLLECTED: N_("the column that says when each was collected"),
        rows.BASIS: N_("the column that says on what basis: consent, soft-optin or b2b"),
        rows.PROOF: N_("the column that holds a proof of consent, such as the number of a form"),
        rows.ORDER: N_("the column that holds the order number behind a soft opt-in"),
        rows.FUNCTION: N_(
            "the column that holds a profession, required for b2b (but for addresses such as"
            " contact@)"
        ),
        rows.THEME: N_("the column that says which themes each person chose"),
        rows.TAGS: N_(
            "the column of each person's tags: who has one named like a segment without conditions"
            " is put into it"
        ),
        rows.LAST_CONTACT: N_("the column that says when each person was last in touch"),
    }
    meanings: dict[ColumnMeaning, str] = {
        "unsubscribed": N_(
            "a column of refusals, where yes or a date means that they refused; more than once"
            " for more"
        ),
        "subscribed": N_(
            "a column of agreements, where yes or a date means that they agreed, and no that they"
            " refused; more than once for more"
        ),
        "confirmed": N_(
            "a column of confirmations, where no means that they have not agreed yet; more than"
            " once for more"
        ),
        "ignore": N_(
            "a column that means nothing here, although it may look like one of refusals or of a"
            " field; more than once for more"
        ),
    }
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help=N_(
            ".csv or .txt files; encoding, delimiter and columns are detected. Refusals in any of"
            " them come first"
        ),
    )
    parser.add_argument(
        "--list", required=True, metavar="ID", help=N_("the number or name of a published list")
    )
    parser.add_argument(
        "--from",
        dest="recipe",
        default="",
        choices=tuple(recipes()),
        help=N_("the tool that exported the files: its columns and file names are known"),
    )
    parser.add_argument(
        "--source",
        default="",
        metavar="TEXT",
        help=N_("where these addresses come from, if no column says so"),
    )
    collected = N_("when they were collected, if no column says so: 2026-12-01 or 01/12/2026")
    parser.add_argument("--collected", default="", metavar="DATE", help=collected)
    parser.add_argument(
        "--basis",
        default="",
        choices=("consent", "soft-optin", "b2b"),
        help=N_("on what basis, if no column says so"),
    )
    parser.add_argument(
        "--objection",
        default="",
        metavar="TEXT",
        help=N_("how they could object at collection; required for soft-optin and b2b"),
    )
    parser.add_argument(
        "--start",
        default="none",
        choices=rows.STARTS,
        help=N_("what they receive of the list's letters (default: none)"),
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help=N_("what a column holds; COLUMN is a heading or a number"),
    )
    for option, what in columns.items():
        parser.add_argument(option, default="", metavar="COLUMN", help=what)
    for meaning, what in meanings.items():
        parser.add_argument(
            f"--{meaning}", action="append", default=[], metavar="COLUMN", help=what
        )
    date_order = N_(
        "how the dates of its columns are written, where they do not show it (03/04/2026)"
    )
    parser.add_argument("--date-order", choices=DATE_ORDERS, help=date_order)
    parser.add_argument(
        "--first-address",
        action="store_true",
        help=N_("where a cell holds several addresses, take the first"),
    )
    parser.add_argument(
        "--segment",
        default="",
        metavar="ID",
        help=N_("put everybody of the file into a segment without conditions"),
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help=N_("give people who are known already the fields of the file too"),
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help=N_("say exactly what would happen, and write nothing"),
    )


REASONS = ("operator", "bounced", "complained")


def suppress_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help=N_("a .csv or .txt file of addresses")
    )
    parser.add_argument(
        "--reason",
        default="operator",
        choices=REASONS,
        help=N_("why they must not be written to (default: operator)"),
    )
    parser.add_argument(
        "--email",
        default="",
        metavar="COLUMN",
        help=N_("the column of addresses, where it is not evident"),
    )
