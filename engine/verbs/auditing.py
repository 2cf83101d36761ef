"""`audit replay` and `rebuild`: views are nothing but what the ledger says. Stopping either at any point loses nothing."""

from __future__ import annotations

import argparse

from engine.house import House
from engine.language import N_, translator
from engine.verbs.progress import Progress
from engine.verbs.refusal import Refusal
from engine.verbs.wording import language_of

VIEWS = ("agenda", "members", "letters", "silence")


def replay(house: House, args: argparse.Namespace) -> int:
    """Rebuild every view beside the live ones from one snapshot; "equal", or the rows that differ and status 1."""
    _ = translator(language_of(house.config))
    with Progress(_("Replaying")) as tell:
        differences = house.views.compare(tell)
    if not differences:
        # The word a script looks for, the same in every language.
        print("equal")
        return 0
    places = {"live only": _("live only"), "rebuilt only": _("rebuilt only")}
    for each in differences:
        print(f"{each.table}: {places.get(each.where, each.where)}: {each.row}")
    said = N_("not equal: {n} rows differ (at most 50 of each kind are shown); `relance rebuild` makes the views anew")
    raise Refusal(said, n=len(differences))


def rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("view", nargs="*", metavar="VIEW", help=f"one of {', '.join(VIEWS)} (default: all)")


def rebuild(house: House, args: argparse.Namespace) -> int:
    _ = translator(language_of(house.config))
    for name in args.view:
        if name not in VIEWS:
            raise Refusal(N_("there is no view {view}; there are: {known}"), 2, view=name, known=", ".join(VIEWS))
    with Progress(_("Rebuilding")) as tell:
        house.views.rebuild(args.view, tell)
    print(_("rebuilt: {views}").format(views=", ".join(args.view or VIEWS)))
    return 0


def audit_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    parts.add_parser("replay", help='rebuild every view beside the live ones: "equal", or the rows that differ')


def audit(house: House, args: argparse.Namespace) -> int:
    return replay(house, args)
