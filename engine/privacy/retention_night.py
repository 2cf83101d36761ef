"""The nightly round: what is past its time is counted, acted upon if the operator says so, and told
of in the ledger (D14). One host at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from engine.context import AppContext
from engine.installation.events import RetentionApplied
from engine.privacy import retention_people as people
from engine.privacy import retention_records as things
from engine.privacy.retention_due import Terms, night_of, terms
from engine.privacy.retention_people import NightlyCap
from engine.privacy.scrubbing import note_erased
from engine.sequence.declared import Retention
from engine.store.sql import beside
from engine.subscriber.events import Cause
from engine.subscriber.inactivity import retention_of

log = logging.getLogger("relance.retention")
SQL = beside(__file__)
PEOPLE: Mapping[str, Callable[[AppContext, Terms, NightlyCap, Retention], int]] = {
    "unanswered": people.erase_the_unanswered,
    "unconfirmed": people.erase_the_unconfirmed,
    "silent": people.ask_the_silent,
}
"""In this order: who was asked long ago goes first when a night is short."""
RULES = (*PEOPLE, *things.THINGS)


def apply_if_night(context: AppContext) -> bool:
    """Once for each local date of the engine's clock, by whichever host is first; whether this one
    was. What a crash leaves undone, the next round does: the night is over when its fact is
    written.
    """
    declared = retention_of(context.installation_stream.current().plan())
    zone = context.config.site.timezone
    if context.installation_stream.current().last_night >= night_of(context.clock.now(), zone):
        return False
    with context.database.transaction(long=True) as connection:
        (alone,) = connection.execute(SQL["alone"]).fetchone() or (False,)
        if not alone or context.installation_stream.current().last_night >= night_of(
            context.clock.now(), zone
        ):
            return False
        applied = _apply(context, declared, zone)
        now = context.clock.now()
        context.installation_stream.execute(lambda state: [applied], Cause("engine"), now)
    # Whatever else was deleted since the last night goes along: former addresses, proof at its
    # term.
    note_erased(context)
    log.info(
        "retention applied",
        extra={
            "night": applied.night,
            "mode": applied.mode,
            "rules": {rule[0]: list(rule[1:3]) for rule in applied.rules},
        },
    )
    return True


def past(context: AppContext, within: Terms) -> dict[str, tuple[int, int]]:
    """By rule: how many are past their time, and the oldest there is at all (ms, 0: none)."""
    return context.views.silences(
        within.silent, within.unanswered, within.unconfirmed
    ) | things.found(context, within)


def _apply(context: AppContext, declared: Retention, zone: str) -> RetentionApplied:
    now = context.clock.now()
    within = terms(declared, now, zone)
    cap = NightlyCap(declared.nightly_cap)
    done = dict.fromkeys(RULES, 0)
    found = past(context, within)
    if declared.mode == "enforce":
        for rule, act in PEOPLE.items():
            done[rule] = act(context, within, cap, declared)
        for rule in things.THINGS:
            done[rule] = things.purge(context, rule, within)
    return RetentionApplied(
        now,
        night_of(now, zone),
        declared.mode,
        tuple((rule, found[rule][0], done[rule], found[rule][1]) for rule in RULES),
    )
