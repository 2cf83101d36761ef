"""What lies in the vault beside people and has a life of its own: IP addresses, mail servers'
words, sealed proof, hashes never to be written to.
"""

from __future__ import annotations

from engine.context import AppContext
from engine.privacy.retention_due import Terms
from engine.vault import lifetimes

AT_ONCE = 1000
THINGS = lifetimes.KINDS


def found(context: AppContext, terms: Terms) -> dict[str, tuple[int, int]]:
    """By rule: how many pieces are past their time, and the instant of the oldest there is at all
    (ms, 0: none).
    """
    return lifetimes.ages(
        context.vault, terms.visitor, terms.relay, terms.archive, terms.suppression
    )


def purge(context: AppContext, rule: str, terms: Terms) -> int:
    """Delete what is past its time, some at a time so that no lock is long; how many it was."""
    before = getattr(terms, rule)
    done = 0
    while before:
        some = lifetimes.purge(context.vault, rule, before, AT_ONCE)
        done += some
        if some < AT_ONCE:
            break
    return done
