"""`relance form snippet NAME`: what to paste into a page of one's own, so that a published form
stands there.
"""

from __future__ import annotations

import argparse
import sys

from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.sequence.nearest import hint, nearest
from engine.web.form_rendering import snippet_html

NO_SITES = N_(
    "the form names no `sites`: until it does and is published, no other site shows it in a frame"
    " or reads its answers"
)


def form(context: AppContext, args: argparse.Namespace) -> int:
    plan, site = context.installation_stream.current().plan(), context.config.site
    if args.name not in plan.forms:
        close = hint(nearest(args.name, plan.forms))
        raise UserError(N_('no form "{form}" is published{hint}'), 2, form=args.name, hint=close)
    pasted = snippet_html(
        plan, args.name, site, args.kind, source=args.source, campaign=args.campaign
    )
    print(pasted, end="")
    if args.kind != "html" and not plan.forms[args.name].sites:
        print(translator(site.language)(NO_SITES), file=sys.stderr)
    return 0
