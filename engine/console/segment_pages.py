"""`/segments`: the tree of segments with how many are in each, and one of them with its lines in
words; people put in by hand, and why somebody is in it or is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

from fastapi.responses import Response

from engine.audience.putting import Direction, PutTally, Putting
from engine.audience.segments import (
    HasSegments,
    LineCount,
    SegmentTruth,
    WhyStores,
    around,
    behind,
    line_counts,
    own_lines,
    too_many,
    tree,
    why,
)
from engine.console.access import Right
from engine.console.open_dialogue import AuthoringStores, PeopleOnLists, draft_of, read_draft, told
from engine.console.person_page import PersonStores, PersonViews, subject_of_visit
from engine.console.slow_counts import Members, SlowCounts, members_of_segments
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.condition_words import line_in_words, use_in_words
from engine.i18n.language import N_
from engine.intake.address import AddressRefused, normalise
from engine.sequence.model import Plan, Segment
from engine.sequence.segment_uses import SegmentUse, uses_of
from engine.sequence.timing import to_local
from engine.views import PeopleCount

MAX_ADDRESSES = 1000
LINES_LAST_SECONDS = 60


class SegmentPageViews(HasSegments, PeopleOnLists, PersonViews, Protocol): ...


class SegmentPageStores(WhyStores, AuthoringStores, PersonStores, Protocol):
    @property
    def views(self) -> SegmentPageViews: ...


@dataclass(frozen=True, slots=True)
class LineRow:
    """`way`: "all", "any" or "none"; `line` as it is written, `words` what it means."""

    way: str
    line: str
    words: str
    people: PeopleCount | None = None


@dataclass(frozen=True, slots=True)
class Use:
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """What is counted over everybody: how many are in each segment, and, of a segment, for how many
    each of its lines holds.
    """

    members: Members
    lines: SlowCounts[Segment, Sequence[LineCount]]


def counts_of(stores: SegmentPageStores) -> SegmentCounts:
    views, clock = stores.views, stores.clock

    def lines(segment: Segment) -> Sequence[LineCount]:
        return line_counts(segment, views.segments, clock.now(), lambda done, of: None)

    return SegmentCounts(members_of_segments(views), SlowCounts(lines, lasts=LINES_LAST_SECONDS))


def routes(stores: SegmentPageStores) -> Sequence[Route]:
    here = "/segments/{segment}"

    counts = counts_of(stores)

    def shown(_: AuthoringStores, visit: Visit) -> Response:
        return segments(stores, visit, counts)

    def one_shown(_: AuthoringStores, visit: Visit) -> Response:
        return segment(stores, visit, counts)

    return (
        Route("GET", "/segments", Right.SEE, told(shown, stores)),
        Route("GET", here, Right.SEE, told(one_shown, stores)),
        Route(
            "POST", f"{here}/people", Right.ACT_ON_PEOPLE, lambda visit: put(stores, visit, counts)
        ),
        Route(
            "POST", f"{here}/why", Right.READ_PEOPLE, lambda visit: look_up(stores, visit, counts)
        ),
        Route(
            "GET",
            f"{here}/why/{{subscriber}}",
            Right.READ_PEOPLE,
            lambda visit: why_page(stores, visit),
        ),
    )


def segments(stores: SegmentPageStores, visit: Visit, counts: SegmentCounts) -> Response:
    plan = stores.installation_stream.current().plan()
    today = to_local(stores.clock.now(), plan.timezone).date()
    members = counts.members.ask(None)
    rows = tree(plan, members or {}, stores.desk.segment_counts(), today)
    written = _written(stores, visit)
    return visit.page(
        "segments.html",
        rows=[(row, [use_in_words(use, visit.say, plan) for use in row.uses]) for row in rows],
        counting=members is None,
        uncounted=any(row.week is None or row.month is None for row in rows),
        too_many=[(plan.titles.get(file, file), n) for file, n in too_many(plan).items()],
        new=[s for s in written.segments.values() if s.id not in plan.segments],
        changed=[
            s for s in written.segments.values() if s.id in plan.segments and _differs(plan, s)
        ],
        gone=[s for s in plan.segments.values() if s.id not in written.segments and written.titles],
        dialogues=bool(plan.titles or written.titles),
    )


def _written(stores: SegmentPageStores, visit: Visit) -> Plan:
    """The plan as this account's draft has it, as far as it can be read."""
    return read_draft(stores, draft_of(stores, visit)).plan


def _differs(plan: Plan, segment: Segment) -> bool:
    return plan.segments[segment.id] != segment


def segment(
    stores: SegmentPageStores,
    visit: Visit,
    counts: SegmentCounts,
    mistakes: Sequence[Mistake] = (),
) -> Response:
    """As it is in force, else as it is written."""
    plan, written = stores.installation_stream.current().plan(), _written(stores, visit)
    name = visit.path["segment"]
    published = name in plan.segments
    shown_plan = plan if published else written
    if name not in shown_plan.segments:
        return visit.not_found(visit.say(N_("There is no segment of this name (any more).")))
    one = shown_plan.segments[name]
    members = counts.members.ask(None)
    is_counted = published and visit.query.get("count") == "yes"
    line_people = counts.lines.ask(one) if is_counted else None
    return visit.page(
        "segment.html",
        status=422 if mistakes else 200,
        mistakes=mistakes,
        segment=one,
        title=shown_plan.titles.get(one.file, one.file),
        published=published,
        differs=published and name in written.segments and _differs(plan, written.segments[name]),
        editable=name in written.segments,
        counting=members is None,
        members=members.get(name) if members is not None else None,
        around=around(shown_plan, one)[:-1],
        lines=list(_lines(one, shown_plan, visit, line_people)),
        counted=is_counted,
        counting_lines=is_counted and line_people is None,
        uses=[_use(use, shown_plan, visit) for use in uses_of(shown_plan)[name]],
        given=visit.inputs,
    )


def _lines(
    segment: Segment, plan: Plan, visit: Visit, counts: Sequence[LineCount] | None
) -> Iterator[LineRow]:
    people = [line.people for line in counts] if counts is not None else repeat(None)
    for (way, condition), holding in zip(own_lines(segment), people, strict=False):
        words = line_in_words(condition, plan, visit.language)
        yield LineRow(way, str(condition), words, holding)


def _use(use: SegmentUse, plan: Plan, visit: Visit) -> Use:
    url = ""
    match use.how:
        case "broadcast":
            url = f"/b/{use.name}"
        case "only" | "unless":
            place, _, letter = use.name.partition("/")
            url = f"/l/{place}/{letter}" if letter else f"/b/{place}"
        case "inside" | "condition":
            url = f"/segments/{use.name}"
        case "form":
            url = f"/forms/{use.name}"
        case "programme":
            intention = plan.programme.get(use.name)
            url = f"/programme?year={intention.on[:4]}" if intention is not None else ""
        case "rule":
            pass
    return Use(use_in_words(use, visit.say, plan), url)


def _published(stores: SegmentPageStores, visit: Visit) -> Segment | None:
    return stores.installation_stream.current().plan().segments.get(visit.path["segment"])


def put(stores: SegmentPageStores, visit: Visit, counts: SegmentCounts) -> Response:
    """Whoever has one of the addresses, into a segment without conditions or out of it."""
    one = _published(stores, visit)
    _, ngettext = visit.say, visit.say_counted
    if one is None or not one.static:
        return visit.refused(
            _("Nobody is put into this segment: who is in it follows from its conditions.")
        )
    lines = [line.strip() for line in visit.inputs.get("addresses", "").splitlines()]
    wrong, addresses = list[int](), list[str]()
    for number, line in enumerate(lines, start=1):
        try:
            addresses += [normalise(line)] if line else []
        except AddressRefused:
            wrong.append(number)
    mistakes = list[Mistake]()
    if wrong:
        message = ngettext("No address: line {lines}.", "No addresses: lines {lines}.", len(wrong))
        text = message.format(lines=", ".join(map(str, wrong[:10])))
        mistakes.append(Mistake("addresses", text))
    if not wrong and not addresses:
        mistakes.append(Mistake("addresses", _("Whom? Write their addresses, one on each line.")))
    if len(addresses) > MAX_ADDRESSES:
        text = _("At most {n} at once: more are brought by an import.").format(n=MAX_ADDRESSES)
        mistakes.append(Mistake("addresses", text))
    if mistakes:
        return segment(stores, visit, counts, mistakes)
    direction: Direction = "take" if visit.inputs.get("do") == "take" else "put"
    putting = Putting(
        stores.command_handler.execute,
        one.id,
        direction,
        stores.clock.now(),
        lambda: visit.cause(segment=one.id),
        PutTally(),
    )
    putting.addresses(dict.fromkeys(addresses))
    return visit.goes_to(f"/segments/{one.id}", _outcome(putting, visit))


def _outcome(putting: Putting, visit: Visit) -> str:
    ngettext, tally = visit.say_counted, putting.tally
    sentences = [
        ngettext("{n} person put in.", "{n} people put in.", tally.changed)
        if putting.direction == "put"
        else ngettext("{n} person taken out.", "{n} people taken out.", tally.changed)
    ]
    counts = [tally.changed]
    if tally.already:
        there = (
            ngettext("{n} was there already.", "{n} were there already.", tally.already)
            if putting.direction == "put"
            else ngettext("{n} was not in it.", "{n} were not in it.", tally.already)
        )
        sentences.append(there)
        counts.append(tally.already)
    if tally.nobody:
        nobody = ngettext(
            "{n} address is nobody’s here.", "{n} addresses are nobody’s here.", tally.nobody
        )
        sentences.append(nobody)
        counts.append(tally.nobody)
    if tally.busy:
        busy = N_("{n} changed at the same moment: please do it once more for them.")
        sentences.append(visit.say(busy))
        counts.append(tally.busy)
    return " ".join(s.format(n=n) for s, n in zip(sentences, counts, strict=True))


def look_up(stores: SegmentPageStores, visit: Visit, counts: SegmentCounts) -> Response:
    """By address; the page that says why is addressed by the id."""
    if _published(stores, visit) is None:
        return visit.not_found(visit.say(N_("There is no segment of this name (any more).")))
    written = visit.inputs.get("address", "").strip()
    try:
        subscriber = behind(stores, normalise(written))
    except AddressRefused:
        subscriber = None
    if subscriber is None:
        nobody = visit.say(N_("Nobody is known under this address."))
        return segment(stores, visit, counts, [Mistake("address", nobody)])
    return visit.goes_to(f"/segments/{visit.path['segment']}/why/{subscriber}")


def why_page(stores: SegmentPageStores, visit: Visit) -> Response:
    one, subscriber = _published(stores, visit), visit.path["subscriber"]
    if one is None:
        return visit.not_found(visit.say(N_("There is no segment of this name (any more).")))
    subject = subject_of_visit(stores, visit)
    if isinstance(subject, Response):
        return subject
    truths, person = why(stores, one, subscriber), subject.known
    plan = stores.installation_stream.current().plan()
    return visit.page(
        "segment_why.html",
        segment=one,
        subscriber=subscriber,
        address=person.address if person is not None else "",
        answer=truths[-1],
        truths=[(truth, _truth_lines(truth, plan, visit)) for truth in truths],
    )


def _truth_lines(truth: SegmentTruth, plan: Plan, visit: Visit) -> list[tuple[object, str, str]]:
    return [
        (line, str(line.condition), line_in_words(line.condition, plan, visit.language))
        for line in truth.lines
    ]
