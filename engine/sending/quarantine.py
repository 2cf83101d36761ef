"""One bad person never stops the others: what cannot go on for them is set aside with its reason,
and tried again by itself.

The reason stands on the desk until the matter has gone through. Whatever is unforeseen is told by
its kind alone: its words may be personal.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.desk.desk import SQL as DESK
from engine.ledger.codec import EntryRefused
from engine.ledger.store import LOST
from engine.sending.outcome_tally import tell_done
from engine.store.safe_error_text import safe_error_text
from engine.subscriber.events import LetterBegun, LetterSent
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person

log = logging.getLogger("relance.send")
AGAIN = 3600
"""Seconds of wall time after which what was set aside is tried again."""

Pairs = Sequence[tuple[str, str]]


def execute_apart(
    context: AppContext,
    pairs: Pairs,
    requests: Sequence[CommandRequest],
    known: Mapping[str, Person],
) -> tuple[list[tuple[str, str]], list[Result]]:
    """Decide about taken rows together; where that fails, in halves, until those are found about
    whom nothing can be decided.

    The rows that were decided about, and how. Raises LOST.
    """
    try:
        results = context.command_handler.execute(requests, known)
    except LOST:
        raise
    except Exception as error:
        if len(pairs) == 1:
            _set_aside(context, pairs[0], error)
            return [], []
        middle = len(pairs) // 2
        first = execute_apart(context, pairs[:middle], requests[:middle], known)
        rest = execute_apart(context, pairs[middle:], requests[middle:], known)
        return first[0] + rest[0], first[1] + rest[1]
    acted = [(pair, result) for pair, result in zip(pairs, results, strict=True) if _acted(result)]
    if acted:
        context.desk.unstick([pair for pair, _ in acted])
        tell_done([result for _, result in acted])
    return list(pairs), results


def unstick_sent(
    context: AppContext, matters: Mapping[str, tuple[str, str]], results: Sequence[Result]
) -> None:
    """Of these messages and their matters, those whose letter was accepted are no longer stuck."""
    events = (
        event
        for result in results
        if isinstance(result.outcome, Done)
        for event in result.outcome.events
    )
    sent = {event.message for event in events if isinstance(event, LetterSent)}
    context.desk.unstick([pair for message, pair in matters.items() if message in sent])


def unforeseen(error: Exception) -> str:
    """Why a letter could not be made, when nobody thought of it: put off like one the server would
    not take, and tried again.
    """
    return f"{safe_error_text(error)}: put off, and tried again"


def _acted(result: Result) -> bool:
    """Something was done that is no letter: an ending, a request that expired. A letter has gone
    through when it is accepted.
    """
    return isinstance(result.outcome, Done) and not any(
        isinstance(event, LetterBegun) for event in result.outcome.events
    )


def _set_aside(context: AppContext, pair: tuple[str, str], error: Exception) -> None:
    subscriber, key = pair
    why = (
        str(error)
        if isinstance(error, EntryRefused)
        else f"{safe_error_text(error)}: nothing can be decided about this person"
    )
    log.error(
        "somebody is set aside",
        extra={"subscriber": subscriber, "matter": key, "why": why},
        exc_info=error,
    )
    context.desk.stick(subscriber, key, why)
    values = {
        "subscribers": [subscriber],
        "keys": [key],
        "seconds": AGAIN,
        "why": "set aside",
        "position": 0,
    }
    with context.database.connection() as connection:
        connection.execute(DESK["release"], values)
