"""`audit replay` and `rebuild`: views and tree are nothing but what the ledger says. Stopping at
any point loses nothing.
"""

from __future__ import annotations

import argparse

from engine.cli.checkpoints import refusing
from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError

VIEWS = ("agenda", "members", "letters", "silence")
MAX_SHOWN = 50


def replay(context: AppContext, args: argparse.Namespace) -> int:
    """Rebuild every view beside the live ones from one snapshot, and the tree from the ledger's
    bytes; "equal", or what differs and status 1.
    """
    _ = translator(context.config.site.language)
    with refusing(), Progress(_("Recomputing the tree"), say=_) as tell:
        in_tree = list(context.tree.replay(tell))
    with Progress(_("Replaying"), say=_) as tell:
        differences = context.views.compare(tell)
    for unlike in in_tree[:MAX_SHOWN]:
        print(unlike.said(_))
    places = {"live only": _("live only"), "rebuilt only": _("rebuilt only")}
    for difference in differences:
        where = places.get(difference.where, difference.where)
        print(f"{difference.table}: {where}: {difference.row}")
    if in_tree:
        sentence = N_(
            "not equal: {n} differences between ledger, tree and checkpoints (at most 50 are"
            " shown); keep everything as it is: it is evidence"
        )
        raise UserError(sentence, n=len(in_tree))
    if differences:
        sentence = N_(
            "not equal: {n} rows differ (at most 50 of each kind are shown); `relance rebuild`"
            " makes the views anew"
        )
        raise UserError(sentence, n=len(differences))
    # The word a script looks for, the same in every language.
    print("equal")
    return 0


def rebuild(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    for name in args.view:
        if name not in VIEWS:
            raise UserError(
                N_("there is no view {view}; there are: {known}"),
                2,
                view=name,
                known=", ".join(VIEWS),
            )
    with Progress(_("Rebuilding"), say=_) as tell:
        context.views.rebuild(args.view, tell)
    print(_("rebuilt: {views}").format(views=", ".join(args.view or VIEWS)))
    return 0
