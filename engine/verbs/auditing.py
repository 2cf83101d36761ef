"""`audit replay` and `rebuild`: views are nothing but what the ledger says."""

from __future__ import annotations

import argparse

from engine.house import House
from engine.verbs.progress import Progress
from engine.verbs.refusal import Refusal

VIEWS = ("agenda", "members", "letters")


def replay(house: House, args: argparse.Namespace) -> int:
    """Rebuild every view beside the live ones from one snapshot; "equal", or the rows that differ and status 1."""
    with Progress("replaying") as tell:
        differences = house.views.compare(tell)
    if not differences:
        print("equal")
        return 0
    for each in differences:
        print(f"{each.table}: {each.where}: {each.row}")
    raise Refusal(f"not equal: {len(differences)} rows differ (at most 50 of each kind are shown); `relance rebuild` makes the views anew")


def rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("view", nargs="*", help=f"one of {', '.join(VIEWS)} (default: all)")


def rebuild(house: House, args: argparse.Namespace) -> int:
    unknown = [name for name in args.view if name not in VIEWS]
    if unknown:
        raise Refusal(f"there is no view {unknown[0]}; there are: {', '.join(VIEWS)}", 2)
    with Progress("rebuilding") as tell:
        house.views.rebuild(args.view, tell)
    print("rebuilt")
    return 0


def audit_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    parts.add_parser("replay", help='rebuild every view beside the live ones: "equal", or the rows that differ')


def audit(house: House, args: argparse.Namespace) -> int:
    return replay(house, args)
