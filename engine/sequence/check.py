"""Checks of a plan that parses and would still go wrong. Pure; one small function per check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.sequence import (
    check_anchors,
    check_letters,
    check_pressure,
    check_segments,
    check_texts,
)
from engine.sequence.anchors import Anchor
from engine.sequence.declared import Retention
from engine.sequence.delay import DAY
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Letter, List, Plan
from engine.sequence.plan_source import CONFIG, PlanSource, named
from engine.sequence.webhooks import WebhookRule
from engine.words import N_

MAX_GROUPS = 10
SHORTEST_SILENCE = 30 * DAY
"""Whoever is away for a month is not silent."""
ANYWHERE = 0
"""Instead of a list: wherever somebody stands."""


def rules_across_purposes(source: PlanSource) -> Iterator[Mistake]:
    """A click can ask for consent on its page; a rule cannot."""
    lists = source.plan.lists
    for listed in lists.values():
        target = lists.get(listed.ends.target) if listed.ends is not None else None
        if target is not None and target.purpose != listed.purpose:
            message = N_(
                'this ending leads from the purpose "{purpose}" to "{other}", which its readers may'
                " not have agreed to: let a link ask them"
            )
            yield source.mistake(
                ("list", str(listed.id)),
                "ends",
                message,
                True,
                purpose=listed.purpose,
                other=target.purpose,
            )


def copies_that_are_hidden_moves(source: PlanSource) -> Iterator[Mistake]:
    for entry in source.letters_in_plan():
        for link in entry.letter.links:
            target = source.plan.lists.get(link.target)
            left = [
                sending_list
                for sending_list in entry.lists
                if target is not None and source.plan.takes_off(sending_list, target)
            ]
            if link.kind == "copy" and target is not None and left:
                message = N_(
                    "this copy is a hidden move: joining {joined} takes the reader off {left}"
                )
                yield source.at_link(
                    entry.letter, link, message, joined=named(target), left=named(left[0])
                )


def transitions_always_refused(source: PlanSource) -> Iterator[Mistake]:
    """A member of a list to whose group the target's group yields is always refused there."""
    plan = source.plan
    for entry in source.letters_in_plan():
        for link in entry.letter.links:
            target = plan.lists.get(link.target)
            if (
                target is not None
                and entry.lists
                and all(_yields(target, sending_list, plan) for sending_list in entry.lists)
            ):
                message = N_(
                    'this link is always refused: "{group}" yields to "{other}", where its readers'
                    " stand"
                )
                group, other = target.group, entry.lists[0].group
                yield source.at_link(entry.letter, link, message, group=group, other=other)
    for listed in plan.lists.values():
        target = plan.lists.get(listed.ends.target) if listed.ends is not None else None
        if target is not None and _yields(target, listed, plan):
            message = N_('this ending is always refused: "{group}" yields to "{other}"')
            yield source.mistake(
                ("list", str(listed.id)), "ends", message, group=target.group, other=listed.group
            )


def _yields(target: List, source: List, plan: Plan) -> bool:
    group = plan.groups.get(target.group)
    return group is not None and source.id != target.id and source.group in group.yields_to


def broadcasts_for_another_purpose(source: PlanSource) -> Iterator[Mistake]:
    for broadcast in source.plan.broadcasts.values():
        entries = source.tables.get(("broadcast", broadcast.id), {}).get("to")
        by_itself = entries if isinstance(entries, list) else []
        for number in broadcast.to:
            listed = source.plan.lists.get(number)
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
                yield source.mistake(
                    place, "to", message, purpose=broadcast.purpose, list=named(listed), other=other
                )


def too_many_groups(source: PlanSource) -> Iterator[Mistake]:
    count = len(source.plan.groups)
    if count > MAX_GROUPS:
        message = N_("{count} groups are more than {most}: nobody keeps so many apart")
        yield source.at(CONFIG, f"group[{MAX_GROUPS}]", message, count=count, most=MAX_GROUPS)


def choices_without_letters(source: PlanSource) -> Iterator[Mistake]:
    """A theme or a type of content that readers could choose, and no letter has."""
    letters = [entry.letter for entry in source.letters_in_plan()]
    themes = {letter.theme for letter in letters}
    contents = {letter.content for letter in letters}
    for kind, options, used in (
        ("theme", source.plan.themes, themes),
        ("content", source.plan.contents, contents),
    ):
        for place, code in enumerate(options):
            if code not in used:
                message = N_('no letter has {kind} = "{code}": who chooses only this gets nothing')
                yield source.at(CONFIG, f"{kind}[{place}].id", message, kind=kind, code=code)


def transitions(source: PlanSource) -> Iterator[tuple[int, int]]:
    """Every transition from a list to another, or from ANYWHERE: by links of its letters and
    broadcasts, by its ending, and by rules about segments.
    """
    for entry in source.letters_in_plan():
        for number in [listed.id for listed in entry.lists] or [ANYWHERE]:
            yield from ((number, link.target) for link in entry.letter.links)
    for rule in source.plan.rules:
        if rule.then != "leave":
            yield rule.source or ANYWHERE, rule.list
    for listed in source.plan.lists.values():
        if listed.ends is not None and listed.ends.target:
            yield listed.id, listed.ends.target


def lists_nobody_can_enter(source: PlanSource) -> Iterator[Mistake]:
    lists = source.plan.lists
    led_to = {target for start, target in transitions(source) if start != target}
    by_form = {number for form in source.plan.forms.values() for number in form.lists}
    by_form |= source.plan.reactivations.keys()
    by_form |= {rule.list for rule in _webhook_rules(source.plan) if rule.then in ("join", "move")}
    alone = [number for number in lists if number not in led_to | by_form]
    for number in alone:
        message = N_(
            "no form, webhook, link or ending leads to {list}: only an import, the API or an"
            " operator does"
        )
        yield source.mistake(("list", str(number)), "", message, list=named(lists[number]))
    reached = _reached({*by_form, *alone, ANYWHERE}, set(transitions(source)))
    for number in lists:
        if number not in reached:
            message = N_("{list} is only reached from lists that nobody can enter")
            yield source.mistake(("list", str(number)), "", message, list=named(lists[number]))


def _webhook_rules(plan: Plan) -> list[WebhookRule]:
    return [rule for webhook in plan.webhooks.values() for rule in webhook.rules]


def _reached(roots: set[int], edges: set[tuple[int, int]]) -> set[int]:
    reached: set[int] = set()
    waiting = set(roots)
    while waiting:
        reached |= waiting
        waiting = {target for source, target in edges if source in waiting} - reached
    return reached


def lists_nobody_can_leave(source: PlanSource) -> Iterator[Mistake]:
    """A list that broadcasts go to may keep people for good; any other list without a way out was
    most likely forgotten.
    """
    plan = source.plan
    left_by_rule = {
        rule.source if rule.then == "move" else rule.list
        for rule in plan.rules
        if rule.then != "join"
    }
    left_by_rule |= {
        rule.source if rule.then == "move" else rule.list
        for rule in _webhook_rules(plan)
        if rule.then in ("move", "leave")
    }
    broadcast_to = {number for broadcast in plan.broadcasts.values() for number in broadcast.to}
    for listed in plan.lists.values():
        if listed.ends is not None or listed.id in broadcast_to or _left_by_rule(listed, plan):
            continue
        if listed.id in left_by_rule:
            continue
        asking = [
            letter for letter in listed.letters if any(link.kind == "move" for link in letter.links)
        ]
        if not asking:
            message = N_(
                "nobody can leave {list}: no `ends`, no rule, and no letter of it moves its reader"
            )
            yield source.mistake(("list", str(listed.id)), "", message, list=named(listed))
        elif not set(asking) & set(_last_letters(listed)):
            message = N_(
                'who does not answer "{letter}" stays on {list} for ever: there is no `ends`, and'
                " the last letter moves nobody"
            )
            yield source.mistake(
                ("list", str(listed.id)), "", message, letter=asking[-1].id, list=named(listed)
            )


def _left_by_rule(listed: List, plan: Plan) -> bool:
    return any(plan.takes_off(listed, other) for other in plan.lists.values())


def _last_letters(listed: List) -> tuple[Letter, ...]:
    """The last letter that everybody gets, and what reminds of it."""
    last = max((i for i, letter in enumerate(listed.letters) if not letter.reminds), default=0)
    return listed.letters[last:]


def endless_loops(source: PlanSource) -> Iterator[Mistake]:
    """A cycle of endings without a delay: the same letters would be sent again and again, at
    once.
    """
    lists = source.plan.lists
    circles: set[frozenset[int]] = set()
    for start in lists.values():
        path = [start]
        while (following := _at_once(path[-1], source.plan)) is not None and following not in path:
            path.append(following)
        if (
            following is not start
            or len(path) == 1
            or frozenset(listed.id for listed in path) in circles
        ):
            continue
        circles.add(frozenset(listed.id for listed in path))
        shown = " → ".join(str(listed.id) for listed in (*path, start))
        message = N_(
            "this circle never rests: {circle}; give an ending `after`, or a list `rejoin`"
        )
        yield source.mistake(("list", str(start.id)), "ends", message, True, circle=shown)


def endings_that_lead_nowhere(source: PlanSource) -> Iterator[Mistake]:
    """Nobody joins a list they are on: such an ending only takes people off."""
    for listed in source.plan.lists.values():
        if listed.ends is not None and listed.ends.target == listed.id:
            message = N_(
                "this ending leads back to {list} itself, and only takes people off it: write"
                " `leave = true`, or use two lists"
            )
            yield source.mistake(
                ("list", str(listed.id)), "ends", message, True, list=named(listed)
            )


def _at_once(listed: List, plan: Plan) -> List | None:
    """The list a person may reach in the very moment of joining this one."""
    if (
        listed.ends is None
        or listed.ends.after.nominal_ms
        or listed.rejoin.kind == "never"
        or listed.rejoin.after.nominal_ms
    ):
        return None
    delays = [letter.after or letter.wait for letter in listed.letters if not letter.reminds]
    if any(delay is not None and delay.nominal_ms for delay in delays) or any(
        _comes_at_its_hour(letter) for letter in listed.letters
    ):
        return None
    return plan.lists.get(listed.ends.target)


def _comes_at_its_hour(letter: Letter) -> bool:
    """Whether whoever joins waits for an hour of the day or for a feast. A date that is past is
    waited for by nobody.
    """
    if letter.anchored is not None:
        return isinstance(letter.anchored.date, Anchor) and bool(letter.anchored.date.feast)
    return letter.hours.at is not None


def silences_too_short(source: PlanSource) -> Iterator[Mistake]:
    """Shorter than a month, or than what its own letters and the wait for an answer take."""
    for number, reactivation in source.plan.reactivations.items():
        listed = source.plan.lists[number]
        ending = listed.ends.after.nominal_ms if listed.ends is not None else 0
        takes = ending + sum(
            delay.nominal_ms
            for letter in listed.letters
            if (delay := letter.after or letter.wait) is not None
        )
        if reactivation.silent_for.nominal_ms < max(SHORTEST_SILENCE, takes):
            message = N_(
                "`silent_for` is too short: nearly everybody is silent for so long; write"
                ' "12 months"'
            )
            place = ("reactivation", str(number))
            yield source.mistake(place, "silent_for", message)


def silences_longer_than_retention(source: PlanSource) -> Iterator[Mistake]:
    declared = source.plan.declared
    term = (declared.retention if declared is not None else Retention()).silent_after
    for number, reactivation in source.plan.reactivations.items():
        if reactivation.silent_for.nominal_ms >= term.nominal_ms:
            message = N_(
                "`silent_for` is not shorter than `silent_after` of [retention]: who is silent so"
                " long is asked by that first"
            )
            yield source.mistake(("reactivation", str(number)), "silent_for", message)


Rule = Callable[[PlanSource], Iterator[Mistake]]

RULES: tuple[Rule, ...] = (
    lists_nobody_can_enter,
    lists_nobody_can_leave,
    endless_loops,
    endings_that_lead_nowhere,
    rules_across_purposes,
    copies_that_are_hidden_moves,
    transitions_always_refused,
    broadcasts_for_another_purpose,
    too_many_groups,
    choices_without_letters,
    check_segments.segments_nobody_uses,
    check_segments.too_many_segments,
    check_segments.letters_for_nobody,
    check_segments.broadcasts_without_a_ground,
    check_segments.conditions_that_never_hold,
    check_segments.what_is_measured_of_nobody,
    check_segments.rules_that_run_in_a_circle,
    check_letters.reminders_nobody_can_answer,
    check_letters.letters_nobody_can_reach,
    check_letters.trials_that_show_nothing,
    check_letters.hours_outside_the_window,
    check_letters.broadcasts_in_the_past,
    check_anchors.anchors_nothing_is_counted_from,
    check_anchors.anchors_in_the_past,
    check_anchors.letters_whose_moment_is_past,
    check_anchors.intentions_in_the_past,
    check_letters.broadcasts_that_never_fall_due,
    check_letters.confirmations_that_confirm_nothing,
    check_letters.forms_confirmed_in_another_language,
    check_letters.fields_collected_and_never_used,
    check_pressure.lists_that_do_not_fit,
    check_pressure.reminders_that_come_too_soon,
    check_pressure.weights_that_never_matter,
    silences_too_short,
    silences_longer_than_retention,
    check_texts.characters_nobody_sees,
    check_texts.fields_nobody_fills_in,
    check_texts.texts_too_long,
    check_texts.keys_that_say_nothing,
    check_texts.times_of_no_length,
    check_texts.dates_too_far,
)


def check(plan: Plan, files: Mapping[str, str], now: int = 0) -> tuple[Mistake, ...]:
    """Mistakes (fatal) and warnings, by file and line.

    `files` are the texts the plan was read from, by their path, with "config.toml" beside them if
    that is to be named too. `now` is in milliseconds since 1970; 0 leaves dates alone.
    """
    source = PlanSource(plan, files, now)
    return tuple(sorted({mistake for rule in RULES for mistake in rule(source)}))
