"""The outcomes of a batch of letters, counted for one log line and for the totals that a monitor
reads: a line for each letter would reveal who is written to, and when.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from engine.commands.command_handler import Result
from engine.desk.totals import Total, delay_totals
from engine.ledger.names import NAME_OF
from engine.subscriber.events import (
    LetterDeferred,
    LetterFailed,
    LetterInDoubt,
    LetterSent,
    LetterWithheld,
    PersonEvent,
)
from engine.subscriber.outcome import Done

log = logging.getLogger("relance.send")
Outcome = Literal["sent", "deferred", "failed", "withheld", "in_doubt"]


class OutcomeTally:
    def __init__(self, begun: int) -> None:
        self.begun = begun
        self._counts: dict[Outcome, Counter[str]] = {}
        self._delays: Counter[Total] = Counter()
        self._begun_uncounted = begun

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            if isinstance(result.outcome, Done):
                for event in result.outcome.events:
                    if (counted := _kind_and_reason(event)) is not None:
                        kind, reason = counted
                        self._counts.setdefault(kind, Counter())[reason] += 1

    def add_delays(self, at: int, dues: Sequence[int]) -> None:
        """Letters that were due at `dues` were accepted at `at` (ms, engine time)."""
        self._delays += delay_totals(at, dues)

    def totals(self) -> Mapping[Total, int]:
        """What is to be added since the last `log`."""
        counts = {Total("outcome", kind): c.total() for kind, c in self._counts.items()}
        return {Total("begun"): self._begun_uncounted} | counts | self._delays

    def log(self) -> None:
        """One line: how many were begun, accepted, put off, refused, withheld, left in doubt; with
        codes and reasons where there are.
        """
        outcomes: dict[str, object] = {
            kind: dict(reasons) if set(reasons) != {""} else reasons[""]
            for kind, reasons in self._counts.items()
        }
        log.info("tick", extra=outcomes | {"begun": self.begun})
        self._counts, self._delays, self._begun_uncounted = {}, Counter(), 0


def log_done(results: Iterable[Result]) -> None:
    """One log line for the acts of a tick that were no letters: endings, expired requests, letters
    that came too late.
    """
    outcomes = (result.outcome for result in results)
    counts = Counter(
        NAME_OF[type(event)]
        for outcome in outcomes
        if isinstance(outcome, Done)
        for event in outcome.events
    )
    log.info("done", extra={"facts": dict(counts)})


def _kind_and_reason(event: PersonEvent) -> tuple[Outcome, str] | None:
    match event:
        case LetterSent():
            return "sent", ""
        case LetterDeferred(code=code, enhanced=enhanced, why=why):
            return "deferred", f"{code} {enhanced}".strip() if code else why or "no answer"
        case LetterFailed(code=code, enhanced=enhanced, why=why):
            return "failed", f"{code} {enhanced}".strip() if code else why
        case LetterWithheld(why=why):
            return "withheld", why
        case LetterInDoubt(settled=settled):
            return "in_doubt", settled
        case _:
            return None
