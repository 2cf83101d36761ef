"""When a message that was not taken is tried again, and when a whole target is left alone. Pure;
instants are milliseconds of the wall clock.

A message is tried ten times within 34 hours, then given up. It holds no other: it waits beside.
Where five different messages have failed since one was last taken, it is the target that fails: it
is tried with one message at a time, an hour apart at most, old and new ones by turns, and no try
counts against a message. Its position stands still meanwhile, so that nothing is lost. After five
days of nothing but failures it is switched off, and keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from engine.desk.hooks import HookState, Retry

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
DELAYS: Final = (
    *(5 * SECOND, 55 * SECOND, 9 * MINUTE, 30 * MINUTE, 80 * MINUTE),
    *(3 * HOUR, 6 * HOUR, 9 * HOUR, 14 * HOUR),
)
"""Between the ten tries: 34 hours."""
MAX_TRIES: Final = len(DELAYS) + 1
TARGET_DELAYS: Final = (
    *(30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, HOUR),
)
"""Between tries of a target that fails; the last again and again."""
JITTER: Final = 0.1
"""By what part a delay is shorter or longer, so that targets do not come all at once."""
FAILURES_OF_A_TARGET: Final = 5
MAX_RETRIES: Final = 1000
"""Messages of one target that may wait to be tried again; then its position stands still."""
DEAD_AFTER: Final = 5 * DAY
MAX_RETRY_AFTER: Final = DAY
GONE: Final = 410
THROTTLED: Final = frozenset({429, 503})
"""Whose Retry-After speaks of the whole target (RFC 9110 section 10.2.3, RFC 6585 section 4)."""


class Change(NamedTuple):
    """What a try has made of a target: its state, what of its queue is put and dropped."""

    state: HookState
    put: tuple[Retry, ...] = ()
    drop: tuple[int, ...] = ()


def is_backing_off(state: HookState) -> bool:
    return len(state.failing) >= FAILURES_OF_A_TARGET


def delivered(
    state: HookState, position: int, retry: Retry | None, answer: str, now: int
) -> Change:
    state = replace(
        state,
        position=state.position if retry else position,
        failing=(),
        failing_since=0,
        probes=0,
        next_try=0,
        delivered=state.delivered + 1,
        answered_at=now,
        answer=answer,
    )
    return Change(state, drop=(position,) if retry else ())


def refused(
    state: HookState,
    position: int,
    retry: Retry | None,
    answer: str,
    now: int,
    *,
    retry_after: int = 0,
    chance: float = 0.5,
) -> Change:
    """A try that was not answered with 2xx. `retry_after`: ms that the target asks for; `chance`:
    from 0 to 1, random.
    """
    probing = is_backing_off(state)
    failing = state.failing if position in state.failing else (*state.failing, position)
    state = replace(
        state,
        failing=failing[-FAILURES_OF_A_TARGET:],
        failing_since=state.failing_since or now,
        failures=state.failures + 1,
        answered_at=now,
        answer=answer,
    )
    if is_backing_off(state):
        wait = _jittered(TARGET_DELAYS[min(state.probes, len(TARGET_DELAYS) - 1)], chance)
        state = replace(state, probes=state.probes + 1, next_try=now + max(wait, retry_after))
    elif retry_after and answer in {str(status) for status in THROTTLED}:
        state = replace(state, next_try=now + retry_after)
    if now - state.failing_since >= DEAD_AFTER:
        state = replace(state, off="dead", off_at=now)
    if probing:
        return Change(state, put=(retry._replace(tried_at=now, answer=answer),) if retry else ())
    tries = retry.tries + 1 if retry else 1
    if retry is None:
        state = replace(state, position=position)
    if tries >= MAX_TRIES:
        state = replace(state, given_up=state.given_up + 1)
        return Change(state, put=(Retry(position, tries, None, now, answer),))
    wait = max(_jittered(DELAYS[tries - 1], chance), retry_after)
    return Change(state, put=(Retry(position, tries, now + wait, now, answer),))


def gone(state: HookState, answer: str, now: int) -> Change:
    """410: nothing more is wanted there."""
    return Change(replace(state, off="gone", off_at=now, answered_at=now, answer=answer))


def _jittered(delay: int, chance: float) -> int:
    return round(delay * (1 + JITTER * (2 * chance - 1)))


class Turn(NamedTuple):
    """What a target is tried with: a message of its queue, or the next of the ledger (`new`); else
    how long (ms) to wait, unless something new comes.
    """

    retry: Retry | None = None
    new: bool = False
    wait: int = 0


def turn(state: HookState, retries: Iterable[Retry], now: int, *, has_new: bool) -> Turn:
    """Whose turn it is. `has_new`: the ledger has a message for it that was not tried yet."""
    waiting = [retry for retry in retries if retry.next_try is not None]
    if state.off:
        return Turn(wait=DAY)
    if now < state.next_try:
        return Turn(wait=state.next_try - now)
    if is_backing_off(state):
        longest_ago = min(waiting, key=lambda retry: retry.tried_at, default=None)
        if has_new and (longest_ago is None or state.probes % 2 == 0):
            return Turn(new=True)
        return Turn(longest_ago) if longest_ago else Turn(wait=DAY)
    first = min(waiting, key=_next_try, default=None)
    if first is not None and _next_try(first) <= now:
        return Turn(first)
    if has_new and len(waiting) < MAX_RETRIES:
        return Turn(new=True)
    return Turn(wait=_next_try(first) - now if first else DAY)


def _next_try(retry: Retry) -> int:
    return retry.next_try or 0


def read_retry_after(text: str, now: int) -> int:
    """Retry-After in ms from `now`: seconds or a date (RFC 9110 section 10.2.3); 0 for what is
    neither. Nobody is waited for longer than MAX_RETRY_AFTER.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * SECOND, MAX_RETRY_AFTER)
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(round(until * SECOND) - now, MAX_RETRY_AFTER))
