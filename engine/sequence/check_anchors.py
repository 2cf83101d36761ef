"""Checks of dates that matter: dates that are past, dates nothing is counted from, letters whose
moment is past already, and intended entries of the programme that nobody carries out.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.sequence.anchors import Anchor, Anchored
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Letter, Plan
from engine.sequence.plan_source import PlanSource
from engine.sequence.timing import to_local
from engine.words import N_


def anchored_letters(plan: Plan) -> Iterator[tuple[tuple[str, ...], Letter, Anchored]]:
    """Every letter and broadcast that is counted from a date, by its path."""
    for listed in plan.lists.values():
        for letter in listed.letters:
            if letter.anchored is not None:
                yield ("letter", str(listed.id), letter.id), letter, letter.anchored
    for broadcast in plan.broadcasts.values():
        if broadcast.anchored is not None:
            yield ("broadcast", broadcast.id), broadcast.letter, broadcast.anchored


def anchors_nothing_is_counted_from(source: PlanSource) -> Iterator[Mistake]:
    used = {
        anchored.date.id
        for _, _, anchored in anchored_letters(source.plan)
        if isinstance(anchored.date, Anchor)
    }
    for name in source.plan.anchors:
        if name not in used:
            message = N_('no letter is counted from "{anchor}": it is only told in the programme')
            yield source.mistake(("anchor", name), "", message, anchor=name)


def anchors_in_the_past(source: PlanSource) -> Iterator[Mistake]:
    for anchor in source.plan.anchors.values():
        if source.now and anchor.at and anchor.at < source.now:
            message = N_(
                "this date is past: letters before it reach nobody any more, and who joins now gets"
                " none that is counted from it"
            )
            yield source.mistake(("anchor", anchor.id), "at", message)


def letters_whose_moment_is_past(source: PlanSource) -> Iterator[Mistake]:
    """`before` an anchor by more than the anchor is away, or the anchor is past: nobody gets the
    letter any more. One that leaves since a date still leaves as long as it may be late.
    """
    zone = source.plan.timezone
    for path, letter, anchored in anchored_letters(source.plan):
        date = anchored.date
        if not source.now or not isinstance(date, Anchor) or date.feast or not anchored.before:
            continue
        planned = anchored.planned(date.at, letter.hours, zone)
        if planned < source.now:
            message = N_('"{letter}" was to leave on {day}: it reaches nobody any more')
            day = f"{to_local(planned, zone):%Y-%m-%d %H:%M}"
            yield source.mistake(path, "before", message, letter=letter.id, day=day)


def intentions_in_the_past(source: PlanSource) -> Iterator[Mistake]:
    """An intended entry whose month or day is past, and that no broadcast carries out."""
    done = {broadcast.programme for broadcast in source.plan.broadcasts.values()}
    if not source.now:
        return
    for entry in source.plan.programme.values():
        if entry.id not in done and entry.on < source.today[: len(entry.on)]:
            message = N_(
                '"{entry}" was intended for {on}, and no broadcast says `programme = "{id}"`'
            )
            yield source.mistake(
                ("programme", entry.id), "on", message, entry=entry.what, on=entry.on, id=entry.id
            )
