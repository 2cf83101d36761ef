"""Checks of caps against what is to leave under them: a list whose letters do not all fit, a
reminder that always comes too soon, weights that decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.sequence.delay import DAY, NONE, Delay
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Letter, List, Plan
from engine.sequence.plan_source import PlanSource, named
from engine.sequence.pressure import Cap, Caps
from engine.sequence.timing import due, later, to_instant
from engine.words import N_

STARTS = [(day, hour) for day in range(5, 12) for hour in (3, 10, 20)]
"""Each day of a week of January, at three hours: when somebody may join."""


def lists_that_do_not_fit(source: PlanSource) -> Iterator[Mistake]:
    """A letter of a list that a silent reader never gets, whenever they join, because the list's
    own letters before it fill a cap until it is too late.
    """
    plan = source.plan
    for listed in plan.lists.values():
        caps = tuple(cap for _, cap in plan.caps_for(listed.purpose))
        if not caps:
            continue
        starts = (to_instant(datetime(2026, 1, *start), plan.timezone) for start in STARTS)
        missed = [dict(_missed(listed, caps, start, plan.timezone)) for start in starts]
        for letter in set.intersection(*map(set, missed)):
            cap = missed[0][letter]
            message = N_(
                'nobody gets "{letter}": the letters of {list} before it fill "{cap}" until it is'
                " too late; space them, or allow more"
            )
            place = ("letter", str(listed.id), letter)
            yield source.mistake(
                place, "", message, True, letter=letter, list=named(listed), cap=cap.words
            )


def _missed(listed: List, caps: Caps, joined: int, zone: str) -> Iterator[tuple[str, Cap]]:
    """The letters that find no room, each with the cap that was full, for a reader who joins at
    `joined` (ms) and answers nothing.
    """
    left_at: dict[str, int] = {}
    before = joined
    for letter in listed.letters:
        planned = _planned(letter, joined, before, left_at, zone)
        if planned is None:
            continue
        room, full = _room(planned, caps, sorted(left_at.values()), zone)
        if full is not None and (
            letter.when_full == "skip" or room > later(planned, listed.max_lateness, zone)
        ):
            yield letter.id, full
            before = planned
            continue
        before = left_at[letter.id] = room


def _planned(
    letter: Letter, joined: int, before: int, left_at: dict[str, int], zone: str
) -> int | None:
    """When a letter is meant to leave (ms), None for a reminder of one that did not, and for one
    that is counted from a date of its own.
    """
    if letter.anchored is not None:
        return None
    if letter.reminds and letter.reminds not in left_at:
        return None
    base = left_at[letter.reminds] if letter.reminds else before
    if letter.after is not None:
        return due(joined, letter.after, letter.hours, zone)
    return due(base, letter.wait or NONE, letter.hours, zone)


def _room(planned: int, caps: Caps, left: list[int], zone: str) -> tuple[int, Cap | None]:
    """The first instant from `planned` on at which no cap is full, and a cap that was until
    then.
    """
    at, full = planned, None
    for cap in caps:
        last = left[-cap.count :]
        if len(last) == cap.count and cap.covers(last[0], at, zone):
            at, full = max(at, later(last[0], cap.window, zone)), cap
    return at, full


def reminders_that_come_too_soon(source: PlanSource) -> Iterator[Mistake]:
    """A broadcast's reminder for which the broadcast itself leaves no room: under a cap of one
    letter in more time than it waits.
    """
    plan = source.plan
    for broadcast in plan.broadcasts.values():
        reminder = broadcast.reminder
        if reminder is None:
            continue
        wait = reminder.wait or NONE
        patience = broadcast.max_lateness if reminder.when_full == "wait" else NONE
        for _, cap in plan.caps_for(broadcast.purpose):
            if cap.count == 1 and cap.window.least_ms > _at_most(wait) + _at_most(patience):
                message = N_(
                    'nobody gets the reminder of "{broadcast}": it comes {wait} after it, and'
                    ' "{cap}" allows no second letter by then; let it come later'
                )
                yield source.mistake(
                    ("broadcast", broadcast.id),
                    "reminder",
                    message,
                    True,
                    broadcast=broadcast.id,
                    wait=wait.words,
                    cap=cap.words,
                )


def _at_most(delay: Delay) -> int:
    """A letter may leave a day later than its delay says, at the hour that is written."""
    return delay.most_ms + (DAY if delay.is_calendar else 0)


def weights_that_never_matter(source: PlanSource) -> Iterator[Mistake]:
    """A weight where no cap of config.toml holds, or where all letters have the same."""
    plan = source.plan
    weights = {entry.letter.weight for entry in source.letters_in_plan()}
    for place, purpose in _places(plan):
        if "weight" not in source.tables.get(place, {}):
            continue
        if not plan.caps_for(purpose):
            message = N_(
                'no cap holds for "{purpose}" ([pressure] or [[purpose]] `max` in config.toml):'
                " this weight matters only to who chose to be written to less often"
            )
            yield source.mistake(place, "weight", message, purpose=purpose)
        elif len(weights) == 1:
            message = N_("all letters have the same weight: it decides nothing")
            yield source.mistake(place, "weight", message)


def _places(plan: Plan) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a weight may be written, and the purpose it is for."""
    for listed in plan.lists.values():
        for letter in listed.letters:
            yield ("letter", str(listed.id), letter.id), listed.purpose
    for broadcast in plan.broadcasts.values():
        yield ("broadcast", broadcast.id), broadcast.purpose
