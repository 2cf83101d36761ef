"""Whether people can get onto a list, off it again, and come to rest somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from engine.sequence.mistakes import Mistake
from engine.sequence.model import Letter, List, Plan
from engine.sequence.written import Written, named
from engine.words import N_


def ways(written: Written) -> Iterator[tuple[int, int]]:
    """Every way from a list to another: links of its letters and broadcasts, and its ending."""
    for sender in written.senders():
        for listed in sender.lists:
            yield from ((listed.id, link.target) for link in sender.letter.links)
    for listed in written.plan.lists.values():
        if listed.ends is not None and listed.ends.target:
            yield listed.id, listed.ends.target


def lists_nobody_can_enter(written: Written) -> Iterator[Mistake]:
    lists = written.plan.lists
    led_to = {target for source, target in ways(written) if source != target}
    by_form = {number for form in written.plan.forms.values() for number in form.lists}
    alone = [number for number in lists if number not in led_to | by_form]
    for number in alone:
        message = N_(
            "no form, link or ending leads to {list}: only an import, the API or an operator does"
        )
        yield written.mistake(("list", str(number)), "", message, list=named(lists[number]))
    reached = _reached({*by_form, *alone}, set(ways(written)))
    for number in lists:
        if number not in reached:
            message = N_("{list} is only reached from lists that nobody can enter")
            yield written.mistake(("list", str(number)), "", message, list=named(lists[number]))


def _reached(roots: set[int], edges: set[tuple[int, int]]) -> set[int]:
    reached: set[int] = set()
    waiting = set(roots)
    while waiting:
        reached |= waiting
        waiting = {target for source, target in edges if source in waiting} - reached
    return reached


def lists_nobody_can_leave(written: Written) -> Iterator[Mistake]:
    """Where people get broadcasts they may stay for good; elsewhere a list without any way on is
    most often one forgotten.
    """
    plan = written.plan
    broadcast_to = {number for broadcast in plan.broadcasts.values() for number in broadcast.to}
    for listed in plan.lists.values():
        if listed.ends is not None or listed.id in broadcast_to or _left_by_rule(listed, plan):
            continue
        asking = [
            letter for letter in listed.letters if any(link.kind == "move" for link in letter.links)
        ]
        if not asking:
            message = N_(
                "nobody can leave {list}: no `ends`, no rule, and no letter of it moves its reader"
            )
            yield written.mistake(("list", str(listed.id)), "", message, list=named(listed))
        elif not set(asking) & set(_last_letters(listed)):
            message = N_(
                'who does not answer "{letter}" stays on {list} for ever: there is no `ends`, and'
                " the last letter moves nobody"
            )
            yield written.mistake(
                ("list", str(listed.id)), "", message, letter=asking[-1].id, list=named(listed)
            )


def _left_by_rule(listed: List, plan: Plan) -> bool:
    return any(made_to_leave(listed, other, plan) for other in plan.lists.values())


def made_to_leave(listed: List, joined: List, plan: Plan) -> bool:
    """Whether joining `joined` takes people off `listed`."""
    by_group = listed.group != "" and listed.group in {
        *joined.leaves_groups,
        *plan.yielding_to(joined.group),
    }
    return listed.id != joined.id and (by_group or listed.id in joined.leaves)


def _last_letters(listed: List) -> tuple[Letter, ...]:
    """The last letter that everybody gets, and what reminds of it."""
    last = max((i for i, letter in enumerate(listed.letters) if not letter.reminds), default=0)
    return listed.letters[last:]


def circles_that_never_rest(written: Written) -> Iterator[Mistake]:
    """Endings that lead back to where they began with no time in between: the same letters again
    and again, at once.
    """
    lists = written.plan.lists
    found: set[frozenset[int]] = set()
    for start in lists.values():
        path = [start]
        while (following := _at_once(path[-1], written.plan)) is not None and following not in path:
            path.append(following)
        if following is not start or len(path) == 1 or frozenset(each.id for each in path) in found:
            continue
        found.add(frozenset(each.id for each in path))
        shown = " → ".join(str(each.id) for each in (*path, start))
        message = N_(
            "this circle never rests: {circle}; give an ending `after`, or a list `rejoin`"
        )
        yield written.mistake(("list", str(start.id)), "ends", message, True, circle=shown)


def endings_that_lead_nowhere(written: Written) -> Iterator[Mistake]:
    """Nobody joins a list they stand on: such an ending only takes people off."""
    for listed in written.plan.lists.values():
        if listed.ends is not None and listed.ends.target == listed.id:
            message = N_(
                "this ending leads back to {list} itself, and only takes people off it: write"
                " `leave = true`, or use two lists"
            )
            yield written.mistake(
                ("list", str(listed.id)), "ends", message, True, list=named(listed)
            )


def _at_once(listed: List, plan: Plan) -> List | None:
    """The list a person may be on in the very moment of joining this one."""
    if (
        listed.ends is None
        or listed.ends.after.nominal_ms
        or listed.rejoin.kind == "never"
        or listed.rejoin.after.nominal_ms
    ):
        return None
    delays = [letter.after or letter.wait for letter in listed.letters if not letter.reminds]
    if any(delay is not None and delay.nominal_ms for delay in delays) or any(
        letter.hours.at is not None for letter in listed.letters
    ):
        return None
    return plan.lists.get(listed.ends.target)
