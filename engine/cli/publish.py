"""`relance publish`: first the plan (what differs, whom it touches), then, when that is agreed to,
it is in force. `--rollback` goes back.
"""

from __future__ import annotations

import argparse
import sys

from engine.audience.trial_words import power_lines
from engine.authoring.plan_words import tell
from engine.authoring.publication import (
    NotApproved,
    Proposal,
    PublishedMeanwhile,
    apply,
    plan_publication,
    plan_rollback,
    propose,
)
from engine.cli.check import tell as tell_mistakes
from engine.cli.operator_acts import operator_cause
from engine.cli.sending import withheld_lines
from engine.cli.terminal import Style, agreed, print_styled
from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError

SIGNS: dict[str, Style] = {"+": "added", "-": "removed", "~": "changed"}


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the author's files hold a fatal mistake."""
    _ = translator(context.config.site.language)
    while (edition := _publish(context, args)) is None:
        # Published meanwhile, and nobody has agreed to what was shown: the plan is made anew.
        continue
    if edition:
        print(_("Edition {n} is in force.").format(n=edition))
        for line in withheld_lines(context, context.installation_stream.current().plan()):
            print(line)
    return 0


def _publish(context: AppContext, args: argparse.Namespace) -> int | None:
    """The edition now in force, 0 where nothing was to be published; None when someone else
    published meanwhile.
    """
    _ = translator(context.config.site.language)
    proposal = plan_rollback(context) if args.rollback else plan_publication(context)
    if proposal is None:
        raise UserError(N_("there is nothing to go back to: this is the first edition"))
    tell_mistakes(proposal.warnings, context.config.folder, _)
    language = context.config.site.language
    trials = power_lines(proposal, context.views, language)
    for line in tell(proposal, language, backfill=args.backfill, trials=trials):
        print_styled(line, SIGNS.get(line[:1]))
    if args.plan or not proposal.difference.count:
        return 0
    shown_to_a_person = _agree(proposal, args, _("Publish? [y/N] "))
    try:
        return apply(context, proposal, operator_cause({}), backfill=args.backfill)
    except NotApproved as wanting:
        propose(context, wanting.digest, "", operator_cause({}))
        raise UserError(
            N_(
                "nothing was changed: somebody else has to approve this plan, in the console under"
                " Publish ([publish] approval); once they have, say `relance publish` again"
            )
        ) from None
    except PublishedMeanwhile:
        # What to go back to is another edition now.
        if shown_to_a_person or args.rollback:
            raise UserError(
                N_("someone else published meanwhile: look at the plan again")
            ) from None
        return None


def _agree(proposal: Proposal, args: argparse.Namespace, question: str) -> bool:
    """Whether a person has agreed to this very plan. Asked where someone can answer; elsewhere only
    what strands people needs --yes.
    """
    if args.yes:
        return False
    if sys.stdin.isatty():
        if not agreed(question):
            raise UserError(N_("nothing was changed"))
        return True
    if proposal.stranded:
        raise UserError(
            N_(
                "people stand on lists that would be gone: say --yes, or keep the lists until they"
                " have moved on"
            )
        )
    return False
