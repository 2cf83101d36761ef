"""`relance publish`: first the plan (what differs, whom it touches), then, when that is agreed to,
it is in force. `--rollback` goes back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from engine.authoring.publication import (
    Proposal,
    PublishedMeanwhile,
    SegmentChange,
    apply,
    plan_publication,
    plan_rollback,
    publish_first,
    rollback,
    unpublished_changes,
)
from engine.cli.check import tell as tell_mistakes
from engine.cli.sending import withheld_lines
from engine.cli.terminal import Style, agreed, print_styled
from engine.cli.versions import power_lines
from engine.context import AppContext
from engine.i18n.condition_words import use_in_words
from engine.i18n.language import N_, counting_translator, grouped, translator
from engine.i18n.phrases import say_delay, say_list
from engine.i18n.user_error import UserError
from engine.sequence.model import Plan
from engine.sequence.segment_uses import uses_of
from engine.subscriber.agenda_key import BroadcastKey, ListKey
from engine.words import Language

__all__ = [
    "apply",
    "plan_publication",
    "publish_first",
    "rollback",
    "run",
    "tell",
    "unpublished_changes",
]

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
    for line in tell(proposal, context.config.site.language, backfill=args.backfill):
        print_styled(line, SIGNS.get(line[:1]))
    for line in power_lines(proposal, context.views, context.config.site.language):
        print_styled(line, SIGNS.get(line[:1]))
    if args.plan or not proposal.difference.count:
        return 0
    shown_to_a_person = _agree(proposal, args, _("Publish? [y/N] "))
    try:
        return apply(context, proposal, backfill=args.backfill)
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


def tell(proposal: Proposal, spoken: Language, *, backfill: bool = False) -> Iterator[str]:
    """The plan of a publication, line by line."""
    _ = translator(spoken)
    ngettext = counting_translator(spoken)
    changes = proposal.difference
    if not changes.count:
        yield _("Nothing differs from what is in force.")
        return
    if proposal.rolled_back_to:
        yield _("Back to edition {n}:").format(n=proposal.rolled_back_to)

    def on(key: ListKey | BroadcastKey) -> str:
        people = proposal.people_on(key)
        return ngettext("{n} person stands there", "{n} people stand there", people).format(
            n=people
        )

    for number in changes.lists_added:
        yield _("+ list {list}").format(list=say_list(proposal.after, number))
    for number in changes.lists_removed:
        yield (
            _("- list {list}").format(list=say_list(proposal.before, number))
            + f" ({on(ListKey(number))})"
        )
        if number in proposal.stranded:
            yield _("    they stay on it and get nothing more; keep the list, or move them first")
    for number in changes.lists_changed:
        yield (
            _("~ list {list}: its rules or its order").format(list=say_list(proposal.after, number))
            + f" ({on(ListKey(number))})"
        )
    after, before = proposal.after, proposal.before
    for mark, letters, plan in (
        ("+", changes.added, after),
        ("-", changes.removed, before),
        ("~", changes.retimed, after),
    ):
        for key, letter in letters:
            what = _letter(_("letter {letter} of {where}"), key, letter, plan)
            note = _(": at another time") if mark == "~" else ""
            yield f"{mark} {what}{note} ({on(key)})"
    for key, letter in changes.weighed:
        what = _letter(_("letter {letter} of {where}"), key, letter, after)
        yield f"~ {what}" + _(": another weight, or `when_full`") + f" ({on(key)})"
    yield from _past(proposal, spoken, backfill)
    yield from _questions(proposal, spoken)
    for purpose in changes.caps:
        yield _caps(proposal, purpose, spoken)
    yield from _options(proposal, spoken)
    for segment in proposal.segments:
        yield _segment(proposal, segment, spoken)
    if changes.settings:
        yield _("~ config.toml: purposes, groups, fields or time zone")
    for name, people in proposal.unfit.items():
        if people:
            yield ngettext(
                "    field {field}: the value of {n} person does not fit its type or options; it is"
                " kept as it is",
                "    field {field}: the values of {n} people do not fit its type or options; they"
                " are kept as they are",
                people,
            ).format(field=name, n=grouped(people, _))
    if changes.declared:
        yield _(
            "~ config.toml: who answers, retention, processors, partners or consents declared by"
            " files"
        )
    yield from _words(proposal)
    yield ""
    yield _totals(proposal, spoken)


def _questions(proposal: Proposal, spoken: Language) -> Iterator[str]:
    """Which lists begin to ask who has been silent, or no longer do."""
    _ = translator(spoken)
    before, after = proposal.before.reactivations, proposal.after.reactivations
    for number, reactivation in after.items():
        if reactivation != before.get(number):
            mark = "~" if number in before else "+"
            yield _(
                "{mark} {list} asks who has been silent for {delay}; `relance clean --plan` says"
                " how many"
            ).format(
                mark=mark,
                list=say_list(proposal.after, number),
                delay=say_delay(reactivation.silent_for, spoken),
            )
    for number in before.keys() - after.keys():
        sentence = _("- {list} asks nobody any more; who was stopped stays so")
        yield sentence.format(list=say_list(proposal.before, number))


def _caps(proposal: Proposal, purpose: str, spoken: Language) -> str:
    """ "~ config.toml: at most 3 per 7 days of “La lettre” (240 people stand there)"."""
    _ = translator(spoken)
    after = proposal.after
    caps = after.purposes[purpose].caps if purpose else after.caps
    most = " · ".join(map(str, caps))
    sentence = (
        _("~ config.toml: at most {most} of “{purpose}”")
        if purpose
        else _("~ config.toml: at most {most} for anybody")
    )
    if not caps:
        sentence = (
            _("~ config.toml: no cap any more for “{purpose}”")
            if purpose
            else _("~ config.toml: no cap any more for the house")
        )
    people = proposal.people_of(purpose)
    there = counting_translator(spoken)(
        "{n} person stands there", "{n} people stand there", people
    ).format(n=grouped(people, _))
    name = after.purposes[purpose].name if purpose else ""
    return sentence.format(most=most, purpose=name) + f" ({there})"


def _segment(proposal: Proposal, changed: SegmentChange, spoken: Language) -> str:
    """ "~ segment lyon (Lyon): 12 enter, 3 leave"."""
    _ = translator(spoken)
    gone = changed.change == "-"
    plan = proposal.before if gone else proposal.after
    one = plan.segments[changed.segment]
    line = f"{changed.change} " + _("segment {segment} ({name})").format(
        segment=one.id, name=one.name
    )
    if changed.uncounted:
        return line + ": " + _("how many enter cannot be counted before it is in force")
    counts = _("{entering} enter, {leaving} leave").format(
        entering=grouped(changed.entering, _), leaving=grouped(changed.leaving, _)
    )
    if not gone:
        return f"{line}: {counts}"
    uses = [use_in_words(use, _) for use in uses_of(proposal.before)[one.id]]
    used = _("it was used by {uses}").format(uses=", ".join(uses) or _("nothing"))
    return f"{line}: {counts}; {used}"


def _options(proposal: Proposal, spoken: Language) -> Iterator[str]:
    """Themes and types of content; of one that is taken away, how many have chosen it."""
    _ = translator(spoken)
    ngettext = counting_translator(spoken)
    for mark, kind, code in proposal.difference.options:
        plan = proposal.before if mark == "-" else proposal.after
        name = plan.themes[code].name if kind == "theme" else plan.contents[code].name
        what = _("theme “{name}”") if kind == "theme" else _("type of content “{name}”")
        people = proposal.choosing.get((kind, code), 0)
        have = ngettext("{n} person has chosen it", "{n} people have chosen it", people).format(
            n=grouped(people, _)
        )
        yield f"{mark} config.toml: {what.format(name=name)} ({have})"
        if mark == "-" and people:
            yield _("    they keep this choice: letters of another theme or type do not reach them")


def _totals(proposal: Proposal, spoken: Language) -> str:
    """ "In all: 2 letters (1 new, 0 gone, 1 at another time), 1 list, 3 texts; 240 people stand
    there." Whoever stands on two lists counts twice.
    """
    _ = translator(spoken)
    ngettext = counting_translator(spoken)
    changes = proposal.difference
    added, removed, retimed = len(changes.added), len(changes.removed), len(changes.retimed)
    letters = ngettext("{n} letter", "{n} letters", added + removed + retimed).format(
        n=added + removed + retimed
    )
    if added + removed + retimed:
        letters += " " + _("({added} new, {removed} gone, {retimed} at another time)").format(
            added=added, removed=removed, retimed=retimed
        )
    numbers = {*changes.lists_added, *changes.lists_removed, *changes.lists_changed}
    lists = ngettext("{n} list", "{n} lists", len(numbers)).format(n=len(numbers))
    texts = ngettext("{n} text", "{n} texts", len(changes.words)).format(n=len(changes.words))
    keys = {key for key, _letter_id in (*changes.added, *changes.removed, *changes.retimed)} | {
        ListKey(number) for number in numbers
    }
    people = sum(proposal.people_on(key) for key in keys)
    there = ngettext("{n} person stands there", "{n} people stand there", people).format(
        n=grouped(people, _)
    )
    return _("In all: {letters}, {lists}, {texts}; {there}.").format(
        letters=letters, lists=lists, texts=texts, there=there
    )


def _letter(sentence: str, key: ListKey | BroadcastKey, letter: str, plan: Plan) -> str:
    where = say_list(plan, key.list) if isinstance(key, ListKey) else key.broadcast
    return sentence.format(letter=letter, where=where)


def _past(proposal: Proposal, spoken: Language, backfill: bool) -> Iterator[str]:
    """New letters of lists that people stand on: who has passed the place of one does not turn
    back, unless told to.
    """
    new = [
        key
        for key, _ in proposal.difference.added
        if isinstance(key, ListKey) and key.list in proposal.before.lists
    ]
    if not any(proposal.people_on(key) for key in new):
        return
    _ = translator(spoken)
    if backfill:
        yield _("  New letters also go to those for whom their moment is past (--backfill).")
    else:
        yield _(
            "  New letters do not go to those for whom their moment is past; with --backfill"
            " they do."
        )


def _words(proposal: Proposal) -> Iterator[str]:
    for path in proposal.difference.words:
        before, after = path in proposal.before.words, path in proposal.after.words
        if before and after:
            yield ""
            yield from proposal.words(path)
        elif proposal.base:
            yield f"{'+' if after else '-'} sequences/{path}"
