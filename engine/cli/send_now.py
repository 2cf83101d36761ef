"""`relance send-now LETTER --to …`: one letter to people of one's choosing, at once: how many would
get it and why the others would not is said first, and afterwards what became of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine.audience.sending_now import Aimed, Directing, Ending, Status, aimed, meant_by
from engine.cli.broadcast import LOOK_SECONDS, OUTCOMES, nobody_sends
from engine.cli.operator_acts import operator_cause
from engine.cli.progress import Progress, catch_up
from engine.cli.terminal import agreed
from engine.context import AppContext
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_letter
from engine.i18n.user_error import UserError
from engine.sequence.model import Plan

NOT_SENT: Mapping[Ending, str] = {
    "had": N_("have had it, or will at once"),
    "not on the list": N_("do not stand on its list"),
    "not meant for": N_(
        "are none it is meant for: a reminder, a list without letters, no list at all"
    ),
    "may not": N_("may not be written to: no ground, withdrawn, suppressed or restricted"),
    "busy": N_("could not be decided about: say the same again"),
}
BECAME: Mapping[Status, str] = {
    **{status: OUTCOMES[status] for status in ("sent", "deferred", "failed", "doubt")},
    "withheld": N_("withheld at the last moment: `relance results` says why"),
    "room": N_("wait for room under a cap"),
    "later": N_("wait for the end of a pause of theirs, or until they may be written to again"),
    "begun": OUTCOMES["begun"],
    "waits": N_("not begun yet"),
    "gone": N_("have left the list meanwhile"),
}
UNDER_WAY: frozenset[Status] = frozenset({"waits", "begun"})
LOOKED_AT = 2000
"""People in one look."""


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Raises UserError for what is no letter or nobody, and where it is not agreed to."""
    _ = translator(context.config.site.language)
    plan = context.installation_stream.current().plan()
    letter = aimed(plan, args.letter, context.clock.now())
    catch_up(context)
    meant = meant_by(context, plan, args.to)
    directing = Directing(context, plan, letter, meant)
    counts = directing.count()
    for line in _goes_to(context, plan, letter, counts, _):
        print(line)
    if not counts["new"]:
        return 1
    if not args.yes and not _agreed(_):
        raise UserError(N_("nothing was changed"))
    chosen = {"lists": meant.lists, "segments": meant.segments, "people": len(meant.people)}
    particulars = {"letter": args.letter, "to": chosen}
    written, people = directing.send(lambda: operator_cause(particulars))
    if written["busy"]:
        words = NOT_SENT["busy"]
        print(f"{grouped(written['busy'], _):>9}  {_(words)}")
    return _report(context, directing, people, _)


def _goes_to(
    context: AppContext, plan: Plan, letter: Aimed, counts: Counter[Ending], _: Say
) -> Iterator[str]:
    ngettext = counting_translator(context.config.site.language)
    people = ngettext(
        "{letter} leaves now to {n} person.", "{letter} leaves now to {n} people.", counts["new"]
    )
    yield people.format(
        letter=say_letter(plan, letter.key, letter.letter, _), n=grouped(counts["new"], _)
    )
    others = {ending: n for ending, n in counts.items() if n and ending != "new"}
    if others:
        yield _("It does not go to others who are meant:")
        for ending, words in NOT_SENT.items():
            if ending in others:
                yield f"{grouped(others[ending], _):>9}  {_(words)}"
    yield _("Caps, pauses and what readers chose hold as ever; its delay and its hours do not.")


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("say --yes to send it"))
    return agreed(_("Send it now? [y/N] "))


def _report(context: AppContext, directing: Directing, people: Sequence[str], _: Say) -> int:
    """Follow it until each has an outcome, or nobody is there to send it."""
    waiting, ended = list(people), Counter[Status]()
    why = ""
    with Progress() as progress:
        while waiting and not (why := nobody_sends(context, _)):
            some, waiting = waiting[:LOOKED_AT], waiting[LOOKED_AT:]
            became = directing.became(some)
            ended.update(status for status in became.values() if status not in UNDER_WAY)
            still = [who for who, status in became.items() if status in UNDER_WAY]
            waiting += still
            if still:
                progress.show(
                    _("{n} of {all}").format(
                        n=grouped(ended.total(), _), all=grouped(len(people), _)
                    )
                )
                time.sleep(LOOK_SECONDS)
    for start in range(0, len(waiting), LOOKED_AT):
        ended.update(directing.became(waiting[start : start + LOOKED_AT]).values())
    if why:
        print(why)
    for status, words in BECAME.items():
        if ended[status]:
            print(f"{grouped(ended[status], _):>9}  {_(words)}")
    return 0
