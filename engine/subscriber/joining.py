"""Who may join a list, what joining it makes them leave, and being moved to one."""

from __future__ import annotations

from engine.frozen import dataclass
from engine.sequence.model import List, Plan
from engine.sequence.timing import later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.eligibility import live_ground
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person

RULE = e.Cause("rule")


@dataclass(frozen=True, slots=True)
class Entry:
    """Permission to join: the run to open (or the open run, when `already`), and the lists that a
    rule makes the person leave.
    """

    target: List
    run: int
    already: bool
    leaves: tuple[e.ListLeft, ...]


def entry(
    person: Person,
    plan: Plan,
    number: int,
    at: int,
    *,
    source: int = 0,
    assume_ground: bool = False,
) -> Entry | Refused:
    """Whether the person may join list `number` now; `source` is the list they leave for it, 0 for
    none.
    """
    target = plan.lists.get(number)
    if target is None:
        return Refused(Refusal.LIST_UNKNOWN, list=number)
    if person.erased:
        return Refused(Refusal.ERASED)
    ground = live_ground(person, target.purpose)
    if not assume_ground and ground is None:
        return Refused(Refusal.NO_GROUND, purpose=target.purpose)
    if (
        ground is not None
        and not assume_ground
        and ground.partner != plan.partner_of(target.purpose)[0]
    ):
        return Refused(Refusal.ANOTHER_PARTNER, purpose=target.purpose)
    standing = person.memberships.get(number)
    if standing is not None:
        return Entry(target, standing.run, True, rule_leaves(person, plan, target, at, source))
    refusal = group_refusal(person, plan, target) or _rejoin_refusal(person, plan, target, at)
    if refusal is not None:
        return refusal
    return Entry(target, person.runs + 1, False, rule_leaves(person, plan, target, at, source))


def rule_leaves(
    person: Person, plan: Plan, target: List, at: int, source: int
) -> tuple[e.ListLeft, ...]:
    """Memberships that joining `target` ends: its `leaves`, and the lists of every group that
    yields to its group.
    """
    standing = [
        m for m in person.memberships.values() if m.list != source and ends(plan, target, m.list)
    ]
    return tuple(e.ListLeft(at, membership.list, membership.run, "rule") for membership in standing)


def ends(plan: Plan, target: List, number: int) -> bool:
    """Whether joining `target` ends a membership of list `number`."""
    listed = plan.lists.get(number)
    groups = set(target.leaves_groups) | plan.yielding_to(target.group)
    by_group = listed is not None and listed.group in groups and listed.group != ""
    return number != target.id and (number in target.leaves or by_group)


def group_refusal(person: Person, plan: Plan, target: List) -> Refused | None:
    """A member of a group that the target's group yields to does not join the target: a client is
    not made a prospect.
    """
    group = plan.groups.get(target.group)
    if group is None:
        return None
    for number in person.memberships:
        listed = plan.lists.get(number)
        if listed is not None and listed.group in group.yields_to:
            return Refused(Refusal.GROUP_YIELDS, group=listed.group, other=group.name)
    return None


def _rejoin_refusal(person: Person, plan: Plan, target: List, at: int) -> Refused | None:
    left_at = person.left_at.get(target.id)
    if left_at is None or target.rejoin.kind == "always":
        return None
    if target.rejoin.kind == "never":
        return Refused(Refusal.JOINED_ONCE_ONLY, list=target.id)
    if at < later(left_at, target.rejoin.after, zone_of(person, plan)):
        return Refused(Refusal.LEFT_TOO_RECENTLY, list=target.id, time=str(target.rejoin.after))
    return None


def transfer(command: c.Transfer, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return NothingToDo(Unchanged.CALL_REPEATED)
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    source = person.memberships.get(command.source)
    standing = person.memberships.get(command.target)
    if standing is not None and (source is None or source is standing):
        return NothingToDo(Unchanged.ON_LIST_ALREADY, list=command.target)
    if command.source and source is None:
        return Refused(Refusal.NOT_ON_LIST, list=command.source)
    permission = entry(person, plan, command.target, command.at, source=command.source)
    if isinstance(permission, Refused):
        return permission
    moved = e.ListTransferred(
        at=command.at,
        source=source.list if source else 0,
        source_run=source.run if source else 0,
        target=command.target,
        run=permission.run,
        why=command.cause.door,
        joined=not permission.already,
    )
    honoured = (e.CallHonoured(command.at, command.call),) if command.call else ()
    facts = done(command.cause, moved, *honoured).facts + done(RULE, *permission.leaves).facts
    return Done(facts)
