"""`relance segments`: the tree of segments with how many are in each. `relance segment`: one of
them line by line, why somebody is in it, whether what is kept is true, and putting people into one
that has no conditions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from engine.audience.putting import Direction, PutTally, Putting
from engine.audience.segments import (
    SegmentCounting,
    SegmentRow,
    SegmentTruth,
    line_counts,
    too_many,
    tree,
    why,
)
from engine.cli.import_file import stop_between_steps
from engine.cli.operator_acts import operator_cause
from engine.cli.progress import Progress, catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.condition_words import line_in_words, use_in_words
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.user_error import UserError, address_of, segment_of, static_segment_of
from engine.imports.columns import EMAIL
from engine.imports.passes import NO_MAPPING
from engine.imports.rejected_rows import Rejections
from engine.imports.report import counted
from engine.imports.rows import Departure, departure
from engine.imports.table import Row, TableRefused, open_table
from engine.ledger.codec import iso
from engine.privacy.rights_requests import person_of
from engine.sequence.model import Plan, Segment
from engine.sequence.segment_uses import uses_of
from engine.sequence.timing import to_local
from engine.subscriber.condition_answers import Truth
from engine.views import PeopleCount, Verified
from engine.words import Language

AT_ONCE = 500
TRUTH_CODES = {True: "true", False: "false", None: "unknown"}


def segments(context: AppContext, args: argparse.Namespace) -> int:
    catch_up(context)
    _ = translator(context.config.site.language)
    plan = context.installation_stream.current().plan()
    counts = SegmentCounting(context).note()
    today = to_local(context.clock.now(), plan.timezone).date()
    rows = tree(plan, counts, context.desk.segment_counts(), today)
    if args.json:
        print(json_text([_row_json(row) for row in rows]))
        return 0
    if not rows:
        print(_("no segment is published yet"))
        return 0
    heads, *lines = _table([_heads(_), *(_cells(row, _) for row in rows)])
    print(heads)
    for row, line in zip(rows, lines, strict=True):
        print(line)
        for used in _used(row, _):
            print(used)
    for line in _remarks(plan, rows, _):
        print(line)
    return 0


def _row_json(row: SegmentRow) -> dict[str, object]:
    return {
        "segment": row.segment.id,
        "name": row.segment.name,
        "in": row.segment.parent or None,
        "static": row.segment.static,
        "people": row.members,
        "week": row.week,
        "month": row.month,
        "used_by": [{"how": use.how, "name": use.name} for use in row.uses],
        "grew_within_90_days": row.grew,
    }


def _heads(_: Say) -> tuple[str, ...]:
    return (_("segment"), _("name"), _("people"), _("in a week"), _("in a month"))


def _cells(row: SegmentRow, _: Say) -> tuple[str, ...]:
    static = f" ({_('by hand')})" if row.segment.static else ""
    return (
        "  " * row.depth + row.segment.id,
        row.segment.name + static,
        _("being built") if row.members is None else grouped(row.members, _),
        _change(row.week),
        _change(row.month),
    )


def _used(row: SegmentRow, _: Say) -> list[str]:
    """Below its row; in lines of at most 80 columns."""
    uses = ", ".join(use_in_words(use, _) for use in row.uses)
    indent = "  " * (row.depth + 2)
    used = _("used by: {uses}").format(uses=uses)
    return wrap(used, 80, initial_indent=indent, subsequent_indent=indent) if uses else []


def _change(change: int | None) -> str:
    return "?" if change is None else f"{change:+}" if change else "="


def _table(rows: Sequence[Sequence[str]], right: Sequence[int] = (2, 3, 4)) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _remarks(plan: Plan, rows: Sequence[SegmentRow], _: Say) -> Iterator[str]:
    if any(row.week is None or row.month is None for row in rows):
        yield _("?: nobody had counted so long ago; from now on it is counted every day.")
    unused = [row.segment.id for row in rows if not row.uses]
    if unused:
        yield _("Used by nothing: {segments}").format(segments=", ".join(unused))
    idle = [row.segment.id for row in rows if row.grew is False]
    if idle:
        yield _("Not grown for 90 days: {segments}").format(segments=", ".join(idle))
    for file, n in too_many(plan).items():
        yield _("{file} has {n} segments: nobody keeps so many apart").format(file=file, n=n)


def segment(context: AppContext, args: argparse.Namespace) -> int:
    match args.part:
        case "show":
            return _show(context, args)
        case "why":
            return _why(context, args)
        case "verify":
            return _verify(context, args)
        case direction:
            return _put(context, args, "put" if direction == "put" else "take")


def _show(context: AppContext, args: argparse.Namespace) -> int:
    catch_up(context)
    _ = translator(context.config.site.language)
    plan, now = context.installation_stream.current().plan(), context.clock.now()
    one, views = segment_of(plan, args.segment), context.views.segments
    members = views.counts().get(one.id)
    with Progress(_("Counting"), say=_) as tell:
        lines = line_counts(one, views, now, tell)
    uses = uses_of(plan)[one.id]
    if args.json:
        print(
            json_text(
                {
                    "segment": one.id,
                    "name": one.name,
                    "in": one.parent or None,
                    "static": one.static,
                    "file": one.file,
                    "people": members,
                    "lines": [
                        {"way": line.way, "condition": str(line.condition)} | line.people._asdict()
                        for line in lines
                    ],
                    "used_by": [{"how": use.how, "name": use.name} for use in uses],
                }
            )
        )
        return 0
    print(_said(_, one.id, f"{one.name} (sequences/{one.file})"))
    ngettext = counting_translator(context.config.site.language)
    print(
        _("being built: who is in it is not known yet")
        if members is None
        else ngettext("{n} person is in it", "{n} people are in it", members).format(
            n=grouped(members, _)
        )
    )
    if one.parent:
        print(_("inside {segment}: who is in that one, and fits here").format(segment=one.parent))
    if one.static:
        print(_("without conditions: people are put into it and taken out"))
    for line in lines:
        words = line_in_words(line.condition, plan, context.config.site.language)
        print(f"  {line.way:<4}  {line.condition!s}")
        print("      " + _said(_, words, _people(line.people, _)))
    print(
        _("used by: {uses}").format(
            uses=", ".join(use_in_words(u, _) for u in uses) or _("nothing")
        )
    )
    return 0


def _said(_: Say, name: str, value: str) -> str:
    return _("{name}: {value}").format(name=name, value=value)


def _people(people: PeopleCount, _: Say) -> str:
    return _("holds for {holds}, unknown of {unknown}, does not hold for {does_not}").format(
        holds=grouped(people.holds, _),
        unknown=grouped(people.unknown, _),
        does_not=grouped(people.does_not, _),
    )


def _why(context: AppContext, args: argparse.Namespace) -> int:
    plan = context.installation_stream.current().plan()
    one, subscriber = segment_of(plan, args.segment), person_of(context, args.address)
    truths = why(context, one, subscriber)
    if args.json:
        print(json_text([_truth_json(truth) for truth in truths]))
        return 0
    language, zone = context.config.site.language, context.config.site.timezone
    for line in _truths(truths, plan, lambda instant: shown(instant, zone)[:16], language):
        print(line)
    return 0


def _truth_json(truth: SegmentTruth) -> dict[str, object]:
    return {
        "segment": truth.segment.id,
        **_answer_json(truth.truth, truth.changes_at),
        "lines": [
            {"way": line.way, "condition": str(line.condition)}
            | _answer_json(line.truth, line.changes_at)
            for line in truth.lines
        ],
    }


def _answer_json(truth: Truth, changes_at: int) -> dict[str, object]:
    return {"truth": TRUTH_CODES[truth], "changes_at": iso(changes_at) if changes_at else None}


def _truths(
    truths: Sequence[SegmentTruth], plan: Plan, moment: Callable[[int], str], spoken: Language
) -> Iterator[str]:
    _ = translator(spoken)
    for truth in truths:
        yield _said(_, truth.segment.id, _answer(truth.truth, truth.changes_at, moment, _))
        for line in truth.lines:
            yield f"  {line.way:<4}  {line.condition}"
            answer = _answer(line.truth, line.changes_at, moment, _)
            yield "      " + _said(_, line_in_words(line.condition, plan, spoken), answer)


def _answer(truth: Truth, changes_at: int, moment: Callable[[int], str], _: Say) -> str:
    words = {True: _("true"), False: _("false"), None: _("unknown")}[truth]
    if not changes_at:
        return words
    return _("{truth}, until {moment} if nothing happens").format(
        truth=words, moment=moment(changes_at)
    )


def _verify(context: AppContext, args: argparse.Namespace) -> int:
    """Status 1 where they differ."""
    plan = context.installation_stream.current().plan()
    wanted = [segment_of(plan, args.segment)] if args.segment else list(plan.segments.values())
    catch_up(context)
    _ = translator(context.config.site.language)
    built = context.views.segments.counts()
    verified = {
        one.id: _verified(context, one, _) for one in wanted if not one.static and one.id in built
    }
    differing = [name for name, result in verified.items() if result.missing or result.extra]
    if args.json:
        print(
            json_text(
                {
                    name: {
                        "people": result.members,
                        "missing": list(result.missing),
                        "extra": list(result.extra),
                    }
                    for name, result in verified.items()
                }
            )
        )
        return 1 if differing else 0
    for one in wanted:
        print(_said(_, one.id, _verdict(one, verified.get(one.id), _)))
    if differing:
        print(_("`relance rebuild` makes what is kept anew from the ledger."))
    return 1 if differing else 0


def _verified(context: AppContext, one: Segment, _: Say) -> Verified:
    """Looked at twice before it is said to differ: in between, time may have changed somebody."""
    views = context.views.segments
    label = _("Asking everybody about {segment}").format(segment=one.id)
    with Progress(label, say=_) as tell:
        verified = views.verify(one.id, context.clock.now(), tell)
        if verified.missing or verified.extra:
            context.views.catch_up()
            verified = views.verify(one.id, context.clock.now(), tell)
    return verified


def _verdict(one: Segment, verified: Verified | None, _: Say) -> str:
    if one.static:
        return _("without conditions: there is nothing to compute")
    if verified is None:
        return _("being built")
    people = grouped(verified.members, _)
    if not (verified.missing or verified.extra):
        return _("equal, {people} in it").format(people=people)
    return _("differs: {people} in it, {missing} are missing, {extra} should not be there").format(
        people=people,
        missing=grouped(len(verified.missing), _),
        extra=grouped(len(verified.extra), _),
    )


def put(context: AppContext, one: Segment, direction: Direction) -> Putting:
    """Puts people into a static segment, or takes them out."""
    return Putting(
        context.command_handler.execute,
        one.id,
        direction,
        context.clock.now(),
        lambda: operator_cause({"segment": one.id}),
        PutTally(),
    )


def _put(context: AppContext, args: argparse.Namespace, direction: Direction) -> int:
    _ = translator(context.config.site.language)
    one = static_segment_of(context.installation_stream.current().plan(), args.segment)
    if bool(args.address) == (args.file is not None):
        raise UserError(N_("whom? name their addresses, or a file with --file"), 2)
    putting = put(context, one, direction)
    if args.file is not None:
        return _put_file(putting, args, _)
    putting.addresses([address_of(address) for address in args.address])
    for line in outcome(putting, _):
        print(line)
    return 1 if putting.tally.nobody or putting.tally.busy else 0


def _put_file(putting: Putting, args: argparse.Namespace, _: Say) -> int:
    mapping = {args.email: EMAIL} if args.email else NO_MAPPING
    try:
        opened = open_table(args.file, (EMAIL,), mapping)
        with (
            Rejections(args.file, _) as rejections,
            Progress(_("Reading"), say=_) as tell,
            stop_between_steps() as stopping,
        ):
            interrupted, addresses = False, list[str]()
            for row in opened.rows():
                entry = departure(row, "operator") if isinstance(row, Row) else row
                if not isinstance(entry, Departure):
                    rejections.add(*entry)
                    continue
                addresses.append(entry.address)
                if len(addresses) == AT_ONCE:
                    putting.addresses(addresses)
                    addresses = []
                    tell(*opened.progress())
                    if interrupted := stopping():
                        break
            putting.addresses(addresses)
    except TableRefused as error:
        raise UserError(error.reason, 2) from error
    for line in (*outcome(putting, _), *rejections.lines(_)):
        print(line)
    if interrupted:
        print(_("Stopped: the same command again does the rest."))
        return 130
    return 0 if putting.tally.changed or putting.tally.already else 1


def outcome(putting: Putting, _: Say) -> Iterator[str]:
    """What became of the people, in lines."""
    tally = putting.tally
    done = _("put into {segment}") if putting.direction == "put" else _("taken out of {segment}")
    there = _("there already") if putting.direction == "put" else _("not in it")
    yield counted(tally.changed, done.format(segment=putting.segment), _)
    for n, what in (
        (tally.already, there),
        (tally.nobody, _("nobody is known under this address")),
        (tally.busy, _("too much is changing for them at once: the same command again does them")),
    ):
        if n:
            yield counted(n, what, _)
