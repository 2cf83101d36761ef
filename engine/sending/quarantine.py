"""The quarantine: a person about whom nothing can be decided does not stop the others. Their row is
put on the desk with the reason, and retried automatically.

The reason stays there until the row's act is done. An unforeseen error is recorded by its type
alone: its message may be personal.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.commands.group_commit import bisect_failures
from engine.desk.desk import Desk
from engine.ledger.codec import EntryRefused
from engine.ledger.store import LOST
from engine.sending.outcome_tally import log_done
from engine.store.safe_error_text import safe_error_text
from engine.subscriber.events import LetterBegun, LetterSent
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person

log = logging.getLogger("relance.send")
RETRY_SECONDS = 3600
"""Wall-clock seconds after which a row in quarantine is tried again."""

Rows = Sequence[tuple[str, str]]
"""(subscriber, key) of the agenda's rows."""


def execute_apart(
    command_handler: CommandHandler,
    desk: Desk,
    rows: Rows,
    requests: Sequence[CommandRequest],
    known: Mapping[str, Person],
) -> tuple[list[tuple[str, str]], list[Result]]:
    """Decide about taken rows together, one request for each. Rows that cannot be decided go into
    quarantine; returns the rows that were decided, and the results in their order. Raises LOST.
    """
    answers = bisect_failures(partial(command_handler.execute, known=known), requests)
    decided: list[tuple[tuple[str, str], Result]] = []
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, LOST):
            raise answer
        if isinstance(answer, Exception):
            _quarantine(desk, row, answer)
        else:
            decided.append((row, answer))
    ended = [(row, result) for row, result in decided if _ended(result)]
    if ended:
        desk.unstick([row for row, _ in ended])
        log_done([result for _, result in ended])
    return [row for row, _ in decided], [result for _, result in decided]


def unstick_sent(
    desk: Desk, rows: Mapping[str, tuple[str, str]], results: Sequence[Result]
) -> None:
    """`rows` are (subscriber, key) by message id: rows whose letter was accepted leave the
    quarantine.
    """
    events = (
        event
        for result in results
        if isinstance(result.outcome, Done)
        for event in result.outcome.events
    )
    sent = {event.message for event in events if isinstance(event, LetterSent)}
    desk.unstick([row for message, row in rows.items() if message in sent])


def unforeseen(error: Exception) -> str:
    """The recorded reason of an unforeseen error while composing a letter. The letter is retried
    like one that the server refused temporarily.
    """
    return f"{safe_error_text(error)}: put off, and tried again"


def _ended(result: Result) -> bool:
    """Whether the row's act is done and was no letter: an ending, an expired request. A letter is
    done only when the relay has accepted it.
    """
    return isinstance(result.outcome, Done) and not any(
        isinstance(event, LetterBegun) for event in result.outcome.events
    )


def _quarantine(desk: Desk, row: tuple[str, str], error: Exception) -> None:
    subscriber, key = row
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
    desk.stick(subscriber, key, why, RETRY_SECONDS)
