"""The next act of a membership: the letters of its list, their retries, and the list's ending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.sequence.anchors import Anchored
from engine.sequence.delay import NONE
from engine.sequence.model import Letter, List, Plan
from engine.sequence.timing import Hours, due, first_permitted, later
from engine.subscriber.act import Act, under_way_of, zone_of
from engine.subscriber.eligibility import why_not
from engine.subscriber.inactivity import heard_at
from engine.subscriber.person import LetterState, Membership, Person
from engine.subscriber.terms import PRESSURE


def membership_act(person: Person, m: Membership, plan: Plan) -> Act:
    listed = plan.lists.get(m.list)
    under_way = under_way_of(person, m.letters)
    if under_way is not None:
        return under_way
    if listed is None:
        return Act("idle", list=m.list, run=m.run, why="this list is no longer published")
    reason = why_not(person, "letter", listed.purpose)
    if reason:
        return Act("idle", list=m.list, run=m.run, why=reason)
    if m.start == "none":
        return Act("idle", list=m.list, run=m.run, why="imported without letters")
    if listed.ends is not None and listed.ends.kind == "stop":
        heard = heard_at(person)
        if heard > m.joined_at:
            return Act(kind="end", letter="", due=heard, planned=heard, list=m.list, run=m.run)
    to_come = _letters_to_come(m, listed, zone_of(person, plan), person.preferences.paused_until)
    best = min(to_come, key=lambda act: act.due, default=None)
    if best is not None:
        return best
    return _ending(m, listed, zone_of(person, plan))


def list_letter_retry_act(person: Person, m: Membership, letter: str, plan: Plan) -> Act | None:
    listed = plan.lists.get(m.list)
    published = listed.letter(letter) if listed else None
    if listed is None or published is None or why_not(person, "letter", listed.purpose):
        return None
    if published.reminds and not still_reminds(m, listed, published):
        return None
    return Act("idle", list=m.list, run=m.run)


def natural_due(m: Membership, letter: Letter, zone: str) -> int:
    """When a letter counted from joining is meant to leave."""
    assert letter.after is not None
    return due(m.since, letter.after, letter.hours, zone)


def _letters_to_come(m: Membership, listed: List, zone: str, paused_until: int) -> Iterator[Act]:
    """The letters of the list that are still to be sent. `before` is when the previous letter was
    settled (for the first letter: when the person joined), None while that letter is still to come.

    What was meant to leave before the end of the person's pause (`paused_until`, ms) leaves from
    then on, with the list's gap between, and counts as meant for that moment: no letter gets too
    late by a pause.
    """
    before: int | None = m.since
    for letter in listed.letters:
        state = m.letters.get(letter.id)
        if state is not None and state.status != "deferred":
            before = state.at
            continue
        if letter.reminds and not still_reminds(m, listed, letter):
            continue
        base = _counted_from(m, letter, before, zone)
        if base is None and state is None:
            continue
        planned = (
            state.meant_for
            if state is not None and (state.planned or base is None)
            else _planned(base or m.since, letter, zone)
        )
        if state is None and (_is_past(m, letter, planned) or _is_missed(letter, base, planned)):
            before = planned if before is None else max(before, planned)
            continue
        if state is not None and not state.message and not state.waits:
            # Directed to them: neither its hours nor the list's gap hold it.
            when = max(state.retry_at, m.hold_until)
        elif state is not None and not state.waits:
            when = max(in_window(_retry_at(m, listed, state), letter.hours, zone), m.hold_until)
        else:
            when = _after_gap(m, listed, letter, base, planned, zone)
            if state is not None:
                when = max(when, in_window(state.retry_at, letter.hours, zone))
        if planned < paused_until:
            if when < paused_until:
                when = first_permitted(paused_until, letter.hours, zone)
            planned = when
        yield Act(
            kind="letter",
            letter=letter.id,
            due=when,
            planned=planned,
            list=m.list,
            run=m.run,
            why=PRESSURE if state is not None and state.waits else "",
        )
        before = None


def _retry_at(m: Membership, listed: List, state: LetterState) -> int:
    """A withheld letter that is retried keeps the list's minimum gap from what was sent in the
    meantime.
    """
    sent = [attempt.at for attempt in m.letters.values() if attempt.status == "sent"]
    return (
        max(state.retry_at, max(sent) + listed.min_gap.nominal_ms)
        if state.planned and sent
        else state.retry_at
    )


def still_reminds(m: Membership, listed: List, letter: Letter) -> bool:
    """True only while the letter it reminds of has been sent, and neither that letter nor another
    reminder of the same question has been answered.
    """
    reminded = m.letters.get(letter.reminds)
    if reminded is None or reminded.status != "sent":
        return False
    asked_first = _first_of_reminders(listed, letter)
    return not any(
        state.answered
        for name, state in m.letters.items()
        if (other := listed.letter(name)) is None
        or _first_of_reminders(listed, other) == asked_first
    )


def _first_of_reminders(listed: List, letter: Letter) -> str:
    """The id of the letter at the beginning of a chain of reminders."""
    seen = {letter.id}
    while letter.reminds and letter.reminds not in seen:
        earlier = listed.letter(letter.reminds)
        if earlier is None:
            return letter.reminds
        seen.add(earlier.id)
        letter = earlier
    return letter.id


def _counted_from(m: Membership, letter: Letter, before: int | None, zone: str) -> int | None:
    if letter.reminds:
        return m.letters[letter.reminds].at
    if letter.anchored is not None:
        return date_of(m, letter, letter.anchored, zone)
    return m.since if letter.after is not None else before


def date_of(m: Membership, letter: Letter, anchored: Anchored, zone: str) -> int:
    """The date (ms) that an anchored letter is counted from: of a feast the first after the member
    joined and the letter was published.
    """
    published = 0 if letter.backfill else letter.added_at
    return anchored.first(max(m.joined_at, published), letter.hours, zone)[0]


def _planned(base: int, letter: Letter, zone: str) -> int:
    if letter.anchored is not None:
        planned = letter.anchored.planned(base, letter.hours, zone)
    else:
        planned = due(base, letter.after or letter.wait or NONE, letter.hours, zone)
    return max(planned, letter.added_at) if letter.backfill else planned


def in_window(retry_at: int, hours: Hours, zone: str) -> int:
    """A retry keeps to the author's window and weekdays, but does not wait for the next day's time
    of day.
    """
    return first_permitted(retry_at, replace(hours, at=None), zone)


def _is_past(m: Membership, letter: Letter, planned: int) -> bool:
    """Whether the letter is left out: planned for before the date that an import counts from, or
    published after its moment had passed (unless published with backfill); or counted from a date
    and its moment had passed when the member joined.
    """
    if letter.anchored is not None and planned < m.joined_at:
        return True
    return planned < m.skip_before or (
        planned < letter.added_at and m.joined_at < letter.added_at and not letter.backfill
    )


def _is_missed(letter: Letter, date: int | None, planned: int) -> bool:
    """Whether a letter that has to leave before a date would only leave after it: published later,
    with backfill.
    """
    anchored = letter.anchored
    return anchored is not None and anchored.before and date is not None and planned > date


def _after_gap(
    m: Membership, listed: List, letter: Letter, base: int | None, planned: int, zone: str
) -> int:
    """`planned`, or later when the list has written too recently: letters do not pile up after an
    outage, and are never further apart than the author wrote. A letter that is counted from a date
    keeps to it.
    """
    sent = [(state.at, name) for name, state in m.letters.items() if state.status == "sent"]
    earliest = max(planned, m.hold_until)
    if sent:
        last_at, last_name = max(sent)
        gap = listed.min_gap.nominal_ms
        last = listed.letter(last_name)
        if letter.anchored is not None or (letter.after is None and base == last_at):
            gap = 0
        elif last is not None and last.after is not None:
            gap = min(gap, max(0, planned - natural_due(m, last, zone)))
        earliest = max(earliest, last_at + gap)
    return planned if earliest == planned else first_permitted(earliest, letter.hours, zone)


def _ending(m: Membership, listed: List, zone: str) -> Act:
    if listed.ends is None or m.ended:
        return Act("idle", list=m.list, run=m.run, why="every letter of this list has been sent")
    resolved = max([m.joined_at, *(state.at for state in m.letters.values())])
    at = later(resolved, listed.ends.after, zone)
    return Act(kind="end", letter="", due=at, planned=at, list=m.list, run=m.run)
