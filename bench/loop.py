"""The whole loop: letters that are due are taken, claimed in the ledger, composed, checked, handed over by SMTP, and their outcomes recorded.

Senders and a follower run as processes of their own, as on any host. Their time runs from the first claim's entry to the last outcome's.
The limit is smtp-source on the same smtp-sink, before and after which nothing else is under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.composing import octets
from bench.installation import ROUND_LISTS, YES, Installation, installed, join
from bench.processes import relance, running
from bench.sink import SESSIONS, Sink, sink
from bench.table import Row, against
from engine.house import House
from engine.installation.events import InstallationEvent, SendingPaused, SendingResumed
from engine.subscriber.events import Cause, LetterBegun, LetterSent

GOAL = 0.25
SENDERS = 2
PATIENCE = 300.0
SMTP = """
[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}
"""


def measure(quick: bool) -> list[Row]:
    """Each round sends one list's letter to as many people; then the other sender sends as many, short ones and ones of equal size."""
    rounds, count = (3, 500) if quick else (ROUND_LISTS, 10_000)
    strict, equal = [], []
    with sink() as target, installed(SMTP.format(port=target.port, connections=SESSIONS // SENDERS)) as here:
        _prepare(here, rounds, count)
        size = octets(here.folder)
        with ExitStack() as processes:
            for part in ("follow", *["send"] * SENDERS):
                processes.enter_context(running(relance(here.folder, part), says_ready=False))
            _wait(lambda: _all_at_work(here), "a sender or the follower is not at work")
            for number in range(1, rounds + 1):
                rate = count / _send(here.house, number, count)
                strict.append((rate, _limit(target, count, 0)))
                equal.append((rate, _limit(target, count, size)))
    name = "loop" if not target.plain else f"loop (limit: {target.sender})"
    return [
        against(name, "letters/s", None if target.plain else GOAL, strict),
        against(f"{name}, letters of equal size", "letters/s", None, equal),
    ]


def _prepare(here: Installation, rounds: int, count: int) -> None:
    house = here.house
    _say(house, [SendingPaused(house.clock.now(), "bench", number) for number in range(1, rounds + 1)])
    for number in range(1, rounds + 1):
        join(house, number, count)
    house.views.catch_up()
    house.desk.set_mark(f"armed:{house.config.smtp.host}", house.clock.now(), 0)
    # Nobody has followed this yet: a view that has come so far tells that the follower works.
    _say(house, [SendingPaused(house.clock.now(), "bench", YES)])


def _all_at_work(here: Installation) -> bool:
    """Each sender has its file of marks."""
    senders = len(list((here.folder / "data" / "marks").glob("*.marks")))
    return senders >= SENDERS and _followed(here.house)


def _followed(house: House) -> bool:
    head = house.ledger.head()
    return all(position >= head for _, position, _ in house.views.positions())


def _say(house: House, events: Sequence[InstallationEvent]) -> None:
    house.publications.current()
    if not house.publications.append(events, Cause("operator"), house.clock.now()):
        raise RuntimeError("the installation of the benchmark has changed by itself")


def _send(house: House, number: int, count: int) -> float:
    """Seconds for the letters of one list; afterwards everything is at rest."""
    before = house.ledger.head() + 1
    _say(house, [SendingResumed(house.clock.now(), number)])
    _wait(lambda: house.ledger.head() >= before + 2 * count, f"{count} letters have no outcome")
    first, last = house.ledger.at(before + 1), house.ledger.at(before + 2 * count)
    if first is None or last is None or not (isinstance(first.event, LetterBegun) and isinstance(last.event, LetterSent)):
        raise RuntimeError(f"something else than {count} letters happened: {first}, {last}")
    _wait(lambda: _followed(house), "the views do not follow")
    return (last.recorded_at - first.recorded_at) / 1000


def _limit(target: Sink, count: int, size: int) -> float:
    return count / target.fill(count, size)


def _wait(reached: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            raise RuntimeError(f"after {PATIENCE:g} seconds {otherwise}")
        time.sleep(0.05)
