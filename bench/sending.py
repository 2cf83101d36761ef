"""An installation at work: senders and a follower as processes of their own, and the time from the
first claim's entry to the last outcome's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from subprocess import Popen

from bench.installation import YES, Installation
from bench.processes import relance, running
from engine.context import AppContext
from engine.installation.events import STREAM, InstallationEvent, SendingPaused, SendingResumed
from engine.ledger.codec import Entry
from engine.subscriber.events import Cause, LetterBegun, LetterSent

PATIENCE = 300.0
SMTP = """
[smtp]
host = "127.0.0.1"
port = {port}
sink = true
tls = "none"
connections = {connections}
"""


@contextmanager
def at_work(here: Installation, parts: Sequence[str], senders: int) -> Iterator[list[Popen[bytes]]]:
    """The processes of these parts of Relance in the installation's folder, once they are seen to
    work; `senders` of them send.
    """
    context = here.context
    context.desk.set_mark(context.config.smtp.armed_mark, context.clock.now(), 0)
    # Nobody has followed this yet: a view that has come so far tells that the follower works.
    say(context, [SendingPaused(context.clock.now(), "bench", YES)])
    marks = here.folder / "data" / "marks"
    before = len(list(marks.glob("*.marks")))
    with ExitStack() as stack:
        processes = [
            stack.enter_context(running(relance(here.folder, part), says_ready=False))
            for part in parts
        ]
        wait(
            lambda: len(list(marks.glob("*.marks"))) >= before + senders and followed(context),
            "a sender or the follower is not at work",
        )
        yield processes


def followed(context: AppContext) -> bool:
    head = context.ledger.head()
    return all(position >= head for _, position, _ in context.views.positions())


def say(context: AppContext, events: Sequence[InstallationEvent]) -> None:
    context.installation_stream.execute(
        lambda state: events, Cause("operator"), context.clock.now()
    )


def send(context: AppContext, number: int, count: int) -> float:
    """Seconds for the letters of one list, so far paused; afterwards everything is at rest."""
    return dispatch(context, SendingResumed(context.clock.now(), number), count)[1]


def dispatch(context: AppContext, event: InstallationEvent, count: int) -> tuple[float, float]:
    """Say what makes so many letters leave. Seconds from then to the first letter's claim, and from
    there to the last outcome; afterwards everything is at rest.
    """
    before, version = context.ledger.head(), context.installation_stream.current().version
    say(context, [event])

    def end() -> int:
        """Where the last outcome stands: the engine may write to the installation's stream among
        the letters (origin-begun).
        """
        return before + context.installation_stream.current().version - version + 2 * count

    wait(lambda: context.ledger.head() >= end(), f"{count} letters have no outcome", count / 100)
    first = _letter_entry(context, LetterBegun, range(before + 1, end() + 1))
    last = _letter_entry(context, LetterSent, range(end(), before, -1))
    wait(lambda: followed(context), "the views do not follow")
    return (first.recorded_at - event.at) / 1000, (last.recorded_at - first.recorded_at) / 1000


def _letter_entry(
    context: AppContext, kind: type[LetterBegun | LetterSent], positions: range
) -> Entry:
    """The first entry of that kind at these positions; only the installation's own may stand before
    it.
    """
    for position in positions:
        entry = context.ledger.at(position)
        if entry is not None and isinstance(entry.event, kind):
            return entry
        if entry is None or entry.stream != STREAM:
            raise RuntimeError(f"something else than letters happened: {entry} at {position}")
    raise RuntimeError(f"there is no {kind.__name__} at {positions}")


def wait(reached: Callable[[], bool], otherwise: str, seconds: float = 0.0) -> None:
    end = time.monotonic() + max(PATIENCE, seconds)
    while not reached():
        if time.monotonic() > end:
            raise RuntimeError(f"after {max(PATIENCE, seconds):g} seconds {otherwise}")
        time.sleep(0.05)
