"""`relance broadcast now ID`: a published broadcast sent at once: who it goes to is said first, and
afterwards what became of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping

from engine.audience.mailings import audience_count, dated_moment, fallen_due_now
from engine.cli.operator_acts import operator_cause
from engine.cli.progress import Progress, catch_up
from engine.cli.terminal import agreed
from engine.commands.operators import execute_for
from engine.context import AppContext
from engine.desk.processes import EXPIRY_SECONDS, Processes
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import (
    command,
    quoted,
    say_list,
    say_moment,
    say_segment,
    subject_of,
)
from engine.i18n.user_error import NOTHING_PUBLISHED, UserError
from engine.sequence.condition import InSegment
from engine.sequence.model import Broadcast, Plan
from engine.sequence.nearest import nearest
from engine.subscriber.agenda_key import BroadcastKey, encode

OUTCOMES: Mapping[str, str] = {
    "sent": N_("accepted by the mail server"),
    "deferred": N_("put off, and tried again by itself"),
    "failed": N_("refused for good"),
    "withheld": N_("withheld: `relance status` says why"),
    "doubt": N_("in doubt: `relance in-doubt` lists them"),
    "begun": N_("on their way"),
}
LOOK_SECONDS = 1.0


def broadcast(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    plan = context.installation_stream.current().plan()
    chosen = _named(plan, args.id)
    catch_up(context)
    now = context.clock.now()
    fallen = fallen_due_now(context.installation_stream.current(), chosen, now)
    key = encode(BroadcastKey(fallen.broadcast, fallen.occurrence))
    had = context.views.outcomes(key, chosen.letter.id)
    for line in _goes_to(context, plan, chosen, sum(had.values()), _):
        print(line)
    if not args.yes and not _agreed(_):
        raise UserError(N_("nothing was changed"))
    made = operator_cause({"broadcast": chosen.id})
    # Claimed as its date would claim it, so that it leaves once, whoever else claims it.
    execute_for(context, made, lambda state: [fallen_due_now(state, chosen, now)], now)
    return _report(context, chosen, key, had, _)


def _named(plan: Plan, name: str) -> Broadcast:
    if name in plan.broadcasts:
        return plan.broadcasts[name]
    if not plan.broadcasts:
        none = N_(
            "no broadcast is published: write a [[broadcast]] in a file of sequences/, then"
            " `relance publish`"
        )
        raise UserError(none if plan.lists else NOTHING_PUBLISHED, 2)
    known = ", ".join(plan.broadcasts)
    if meant := nearest(name, plan.broadcasts):
        raise UserError(
            N_("there is no published broadcast {name}; did you mean {meant}? There are: {known}"),
            2,
            name=name,
            meant=meant,
            known=known,
        )
    raise UserError(
        N_("there is no published broadcast {name}; there are: {known}"), 2, name=name, known=known
    )


def _goes_to(context: AppContext, plan: Plan, chosen: Broadcast, had: int, _: Say) -> list[str]:
    ngettext = counting_translator(context.config.site.language)
    segments, now = context.views.segments, context.clock.now()
    people = audience_count(context, chosen.to, chosen.segments)
    standing = context.views.standing()
    told = [_("{subject}, to who stands on:").format(subject=quoted(subject_of(chosen.letter), _))]
    told += [
        f"{grouped(standing.get(number, 0), _):>9}  {say_list(plan, number)}"
        for number in chosen.to
    ]
    for segment in chosen.segments:
        members = segments.counted(InSegment(segment), now).holds
        told.append(f"{grouped(members, _):>9}  {say_segment(plan, segment, _)}")
    counted = ngettext("{n} person in all.", "{n} people in all, each once.", people).format(
        n=grouped(people, _)
    )
    told.append(counted + " " + _("Who has withdrawn or is suppressed gets nothing."))
    if had:
        again = ngettext(
            "{n} has had it already, and does not get it again.",
            "{n} have had it already, and do not get it again.",
            had,
        )
        told.append(again.format(n=grouped(had, _)))
    if not chosen.every:
        moment = dated_moment(chosen, plan.timezone, now)
        date = chosen.on or say_moment(moment, plan.timezone, context.config.site.language)
        told.append(
            _("It was to leave on {date}; sent now, it does not leave then.").format(date=date)
        )
    if chosen.reminder is not None:
        told.append(_("Whoever does not answer gets its reminder."))
    return told


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("say --yes to send it"))
    return agreed(_("Send it now? [y/N] "))


def _report(
    context: AppContext, chosen: Broadcast, key: str, had: Mapping[str, int], _: Say
) -> int:
    """Follow it until nothing of it is due any more, or nobody is there to send it."""
    head, begun = context.ledger.head(), time.monotonic()
    with Progress() as progress:
        while (why := _why_not_yet(context, chosen, key, head, _)) is WAITING:
            sent = context.views.outcomes(key, chosen.letter.id).get("sent", 0)
            seconds = int(time.monotonic() - begun)
            progress.show(
                _("{n} letters accepted, {seconds} s").format(n=grouped(sent, _), seconds=seconds)
            )
            time.sleep(LOOK_SECONDS)
    if why:
        print(why)
    counts = context.views.outcomes(key, chosen.letter.id)
    for status, words in OUTCOMES.items():
        new = counts.get(status, 0) - had.get(status, 0)
        if new > 0 or (status == "sent" and not why):
            print(f"{grouped(max(new, 0), _):>9}  {_(words)}")
    return 0


WAITING = "waiting"


def _why_not_yet(context: AppContext, chosen: Broadcast, key: str, head: int, _: Say) -> str:
    """ "" once all of it has an outcome; WAITING while it leaves; otherwise a sentence that says
    why it does not.
    """
    if why := nobody_sends(context, _):
        return why
    followed = all(
        position >= head
        for view, position, _fault in context.views.positions()
        if view in ("agenda", "letters")
    )
    if (
        not followed
        or context.views.due_of(key, context.clock.now())
        or context.views.outcomes(key, chosen.letter.id).get("begun")
    ):
        return WAITING
    return ""


def nobody_sends(context: AppContext, _: Say) -> str:
    """Why what is due does not leave at this moment, as a sentence; "" where it does."""
    paused = context.installation_stream.current().paused
    if 0 in paused:
        return _(
            "It is due, and sending is paused: `relance resume` says what will leave, then lets it."
        )
    live = {
        part
        for process in Processes(context.database).all()
        if process.seen < EXPIRY_SECONDS
        for part in process.parts
    }
    if not {"follow", "send"} <= live:
        return (
            _("It is due, and nobody sends at this moment. This does:")
            + "\n  "
            + command(context.config.folder, "run")
        )
    return ""
