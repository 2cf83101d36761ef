"""The plan of a publication in words: what differs, whom it touches, what happens to who stands
there. For the terminal and the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.authoring.plan_settings_words import in_config, settings_lines
from engine.authoring.publication import Proposal, SegmentChange
from engine.i18n.condition_words import use_in_words
from engine.i18n.language import Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_cap, say_delay, say_list
from engine.sequence.model import Plan, SegmentRule
from engine.sequence.segment_uses import uses_of
from engine.sequence.webhooks import Webhook
from engine.subscriber.agenda_key import BroadcastKey, ListKey
from engine.subscriber.truth import conditions_of
from engine.words import Language

DECIDING = ("broadcast", "only", "unless", "rule")
"""Uses of a segment that decide who is written to."""


def tell(
    proposal: Proposal,
    spoken: Language,
    *,
    backfill: bool = False,
    trials: Iterable[str] = (),
) -> Iterator[str]:
    """The plan of a publication, line by line, with the difference of each text. `trials`: what is
    said of letters that are tried.
    """
    _ = translator(spoken)
    if not proposal.difference.count:
        yield _("Nothing differs from what is in force.")
        return
    if proposal.rolled_back_to:
        yield _("Back to edition {n}:").format(n=proposal.rolled_back_to)
    yield from changes_in_words(proposal, spoken, backfill=backfill)
    yield from trials
    yield from _words(proposal)
    yield ""
    yield totals(proposal, spoken)


def changes_in_words(
    proposal: Proposal, spoken: Language, *, backfill: bool = False
) -> Iterator[str]:
    """What differs, without the texts: lines that begin with "+", "-", "~", and notes to the line
    before that begin with blanks.
    """
    _ = translator(spoken)
    ngettext = counting_translator(spoken)
    changes = proposal.difference

    def on(key: ListKey | BroadcastKey) -> str:
        people = proposal.people_on(key)
        return ngettext("{n} person stands there", "{n} people stand there", people).format(
            n=grouped(people, _)
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
            note = _(": at another time") if mark == "~" else ""
            yield f"{mark} {_letter(key, letter, plan, _)}{note} ({on(key)})"
    for note, letters in (
        (_(": to others of those who stand there"), changes.readdressed),
        (_(": another weight, or `when_full`"), changes.weighed),
    ):
        for key, letter in letters:
            yield f"~ {_letter(key, letter, after, _)}{note} ({on(key)})"
    yield from _past(proposal, spoken, backfill)
    yield from _questions(proposal, spoken)
    for purpose in changes.caps:
        yield _caps(proposal, purpose, spoken)
    yield from _options(proposal, spoken)
    for segment in proposal.segments:
        yield from _segment(proposal, segment, spoken)
    yield from _by_fields(proposal, spoken)
    for sign, rule in changes.rules:
        yield f"{sign} {_rule(rule, before if sign == '-' else after, _)}"
    yield from _webhooks(before.webhooks, after.webhooks, _)
    yield from settings_lines(proposal, spoken)


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
    most = " · ".join(say_cap(cap, spoken) for cap in caps)
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


def _segment(proposal: Proposal, changed: SegmentChange, spoken: Language) -> Iterator[str]:
    """ "~ segment lyon (Lyon): 12 enter, 3 leave"; where rules are about it, that new words make
    nobody enter it for them.
    """
    _ = translator(spoken)
    gone = changed.change == "-"
    plan = proposal.before if gone else proposal.after
    one = plan.segments[changed.segment]
    told = _("{entering} enter, {leaving} leave").format(
        entering=grouped(changed.entering, _), leaving=grouped(changed.leaving, _)
    )
    if gone:
        uses = [use_in_words(use, _) for use in uses_of(proposal.before)[one.id]]
        used = _("it was used by {uses}").format(uses=", ".join(uses) or _("nothing"))
        told = told + _("; ") + used
    line = _("segment {segment} ({name})").format(segment=one.id, name=one.name)
    yield f"{changed.change} " + _("{name}: {value}").format(name=line, value=told)
    moved = changed.entering or changed.leaving
    if not gone and moved and any(rule.segment == one.id for rule in plan.rules):
        yield _("    its rules are applied to none of these, only to who enters or leaves later")


def _rule(rule: SegmentRule, plan: Plan, _: Say) -> str:
    """ "rule: who enters lyon joins 40 club"."""
    sentence = {
        ("enters", "join"): _("rule: who enters {segment} joins {list}"),
        ("enters", "move"): _("rule: who enters {segment} moves from {source} to {list}"),
        ("enters", "leave"): _("rule: who enters {segment} leaves {list}"),
        ("leaves", "join"): _("rule: who leaves {segment} joins {list}"),
        ("leaves", "move"): _("rule: who leaves {segment} moves from {source} to {list}"),
        ("leaves", "leave"): _("rule: who leaves {segment} leaves {list}"),
    }[rule.when, rule.then]
    source = say_list(plan, rule.source)
    return sentence.format(segment=rule.segment, source=source, list=say_list(plan, rule.list))


def _by_fields(proposal: Proposal, spoken: Language) -> Iterator[str]:
    """Segments that read a field and decide who is written to, where that is new."""
    _ = translator(spoken)
    after, former = uses_of(proposal.after), uses_of(proposal.before)
    changed = {segment.segment for segment in proposal.segments}
    for name in sorted(conditions_of(proposal.after).personal):
        uses = [use for use in after[name] if use.how in DECIDING]
        if uses and (name in changed or not {*uses} <= {*former.get(name, ())}):
            yield _(
                "    segment {segment} reads a field, so an auditor cannot recompute who was in it"
                " once that has changed or gone ({uses})"
            ).format(segment=name, uses=", ".join(use_in_words(use, _) for use in uses))


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
        yield in_config(mark, f"{what.format(name=name)} ({have})", _)
        if mark == "-" and people:
            yield _("    they keep this choice: letters of another theme or type do not reach them")


def _webhooks(before: Mapping[str, Webhook], after: Mapping[str, Webhook], _: Say) -> Iterator[str]:
    for name, webhook in after.items():
        if name not in before:
            yield _("+ webhook {webhook}: called at /w/{webhook}").format(webhook=name)
        elif replace(before[name], file=webhook.file) != webhook:
            yield _("~ webhook {webhook}: who calls, or what follows").format(webhook=name)
    for name in before:
        if name not in after:
            yield _("- webhook {webhook}: its calls are answered 404").format(webhook=name)


def totals(proposal: Proposal, spoken: Language) -> str:
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


def _letter(key: ListKey | BroadcastKey, letter: str, plan: Plan, _: Say) -> str:
    if isinstance(key, ListKey):
        where = say_list(plan, key.list)
        return _("letter {letter} of {where}").format(letter=letter, where=where)
    return _("broadcast {name}").format(name=key.broadcast)


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
