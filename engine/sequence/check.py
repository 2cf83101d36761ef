"""What reads well and still goes wrong: every rule asked of a plan that has been parsed. Pure; one
small function per rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.sequence import check_letters, check_rules, check_ways
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Plan
from engine.sequence.written import Written

Rule = Callable[[Written], Iterator[Mistake]]

RULES: tuple[Rule, ...] = (
    check_ways.lists_nobody_can_enter,
    check_ways.lists_nobody_can_leave,
    check_ways.circles_that_never_rest,
    check_ways.endings_that_lead_nowhere,
    check_rules.rules_that_cross_purposes,
    check_rules.copies_that_are_hidden_moves,
    check_rules.ways_that_are_always_refused,
    check_rules.broadcasts_for_another_purpose,
    check_rules.too_many_groups,
    check_letters.reminders_nobody_can_answer,
    check_letters.letters_nobody_can_reach,
    check_letters.hours_outside_the_window,
    check_letters.broadcasts_in_the_past,
    check_letters.broadcasts_that_never_fall_due,
    check_letters.confirmations_that_confirm_nothing,
    check_letters.fields_collected_and_never_used,
)


def check(plan: Plan, files: Mapping[str, str], now: int = 0) -> tuple[Mistake, ...]:
    """Mistakes (fatal) and warnings, by file and line.

    `files` are the texts the plan was read from, by their path, with "config.toml" beside them if
    that is to be named too. `now` is in milliseconds since 1970; 0 leaves dates alone.
    """
    written = Written(plan, files, now)
    return tuple(sorted({mistake for rule in RULES for mistake in rule(written)}))
