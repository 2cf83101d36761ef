"""Whether links, endings and rules do what their author means by them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.sequence.check_ways import made_to_leave
from engine.sequence.mistakes import Mistake
from engine.sequence.model import List, Plan
from engine.sequence.written import CONFIG, Written, named
from engine.words import N_

MOST_GROUPS = 10


def rules_that_cross_purposes(written: Written) -> Iterator[Mistake]:
    """A click can ask for consent on its page; a rule cannot."""
    lists = written.plan.lists
    for listed in lists.values():
        target = lists.get(listed.ends.target) if listed.ends is not None else None
        if target is not None and target.purpose != listed.purpose:
            message = N_(
                'this ending leads from the purpose "{purpose}" to "{other}", which its readers may'
                " not have agreed to: let a link ask them"
            )
            yield written.mistake(
                ("list", str(listed.id)),
                "ends",
                message,
                True,
                purpose=listed.purpose,
                other=target.purpose,
            )


def copies_that_are_hidden_moves(written: Written) -> Iterator[Mistake]:
    for sender in written.senders():
        for link in sender.letter.links:
            target = written.plan.lists.get(link.target)
            left = [
                each
                for each in sender.lists
                if target is not None and made_to_leave(each, target, written.plan)
            ]
            if link.kind == "copy" and target is not None and left:
                message = N_(
                    "this copy is a hidden move: joining {joined} takes the reader off {left}"
                )
                line = written.line_of(sender.letter, link)
                yield Mistake(
                    sender.letter.body,
                    line,
                    message,
                    False,
                    joined=named(target),
                    left=named(left[0]),
                )


def ways_that_are_always_refused(written: Written) -> Iterator[Mistake]:
    """Who stands among those to whom a group yields is never made one of that group."""
    plan = written.plan
    for sender in written.senders():
        for link in sender.letter.links:
            target = plan.lists.get(link.target)
            if (
                target is not None
                and sender.lists
                and all(_yields(target, each, plan) for each in sender.lists)
            ):
                message = N_(
                    'this link is always refused: "{group}" yields to "{other}", where its readers'
                    " stand"
                )
                line = written.line_of(sender.letter, link)
                yield Mistake(
                    sender.letter.body,
                    line,
                    message,
                    False,
                    group=target.group,
                    other=sender.lists[0].group,
                )
    for listed in plan.lists.values():
        target = plan.lists.get(listed.ends.target) if listed.ends is not None else None
        if target is not None and _yields(target, listed, plan):
            message = N_('this ending is always refused: "{group}" yields to "{other}"')
            yield written.mistake(
                ("list", str(listed.id)), "ends", message, group=target.group, other=listed.group
            )


def _yields(target: List, source: List, plan: Plan) -> bool:
    group = plan.groups.get(target.group)
    return group is not None and source.id != target.id and source.group in group.yields_to


def broadcasts_for_another_purpose(written: Written) -> Iterator[Mistake]:
    for broadcast in written.plan.broadcasts.values():
        entries = written.tables.get(("broadcast", broadcast.id), {}).get("to")
        by_itself = entries if isinstance(entries, list) else []
        for number in broadcast.to:
            listed = written.plan.lists.get(number)
            if (
                listed is not None
                and listed.purpose != broadcast.purpose
                and (number in by_itself or listed.name in by_itself)
            ):
                message = N_(
                    'this broadcast speaks for "{purpose}", {list} for "{other}": only those who'
                    " agreed to both get it"
                )
                place, other = ("broadcast", broadcast.id), listed.purpose
                yield written.mistake(
                    place, "to", message, purpose=broadcast.purpose, list=named(listed), other=other
                )


def too_many_groups(written: Written) -> Iterator[Mistake]:
    count = len(written.plan.groups)
    if count > MOST_GROUPS:
        message = N_("{count} groups are more than {most}: nobody keeps so many apart")
        yield written.at(CONFIG, f"group[{MOST_GROUPS}]", message, count=count, most=MOST_GROUPS)
