"""A dry run: requests are decided on what stands now, and nothing is written; what would come first
for whoever joins is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.sequence.timing import to_local
from engine.subscriber.agenda import acts, zone_of
from engine.subscriber.agenda_key import list_key
from engine.subscriber.decide import decide
from engine.subscriber.events import ListJoined
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done
from engine.subscriber.person import NOBODY, Person


class DryRun:
    """`letters` counts (kind of act, letter, date on the reader's clock)."""

    def __init__(self, context: AppContext, number: int) -> None:
        self.context, self.key = context, list_key(number)
        self.number = number
        self.letters: Counter[tuple[str, str, str]] = Counter()

    def execute(
        self,
        requests: Sequence[CommandRequest],
        known: Mapping[str, Person],
        *,
        known_was_read: bool,
    ) -> list[Result]:
        """Decides about people as they were read."""
        installation = self.context.installation_stream.current()
        plan, calendar = installation.plan(), installation.calendar
        results = []
        for request in requests:
            person = known.get(request.stream, NOBODY)
            outcome = decide(request.command, person, plan, calendar)
            results.append(Result(outcome, request.stream))
            if isinstance(outcome, Done) and any(
                isinstance(event, ListJoined) and event.start != "none" for event in outcome.events
            ):
                person = fold(outcome.events, person)
                act = acts(person, plan, calendar)[self.key]
                day = to_local(act.due, zone_of(person, plan)).date().isoformat() if act.due else ""
                self.letters[act.kind, act.letter, day] += 1
        return results
