"""Where nothing is due nothing is done: no statement comes more than once in five seconds, and yet
what comes is heard at once, by whichever process it concerns.
"""

from __future__ import annotations

import asyncio
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from engine.context import AppContext
from engine.installation.events import SendingPaused, SendingResumed
from engine.runtime import following
from engine.runtime.clock_changes import set_speed
from engine.runtime.shutdown import STOP_SIGNALS, ended_in_time
from engine.runtime.supervisor import RunOptions, run_parts
from engine.sending import sender
from engine.sequence.delay import DAY
from engine.subscriber.events import Cause, LetterBegun, LetterSent
from tests.running_installation import Installations, publish, write_sequences
from tests.sending.test_segments import join

pytestmark = pytest.mark.postgres
COUNTED_SECONDS, APART_SECONDS = 12, 5
SOON_SECONDS = 14.0
"""Much less than what rests looks for by itself, and more than a busy machine needs."""
DIALOGUE = """
title = "Potager"
purpose = "conseils"

[[list]]
id = 10
name = "semis"
group = "clients"

  [[list.letter]]
  id = "welcome"
  after = "0 minutes"
  subject = "Bienvenue"
  body = "welcome.md"

  [[list.letter]]
  id = "later"
  after = "20 days"
  subject = "Plus tard"
  body = "welcome.md"
"""
BROADCAST = """
[[broadcast]]
id = "annonce"
to = [10]
on = "{on}"
subject = "Une annonce"
body = "welcome.md"
"""
FILES = {"d.toml": DIALOGUE, "welcome.md": "Bonjour.\n\n[Oui](===10===)\n"}
assert min(following.REST_SECONDS, sender.REST_SECONDS) > 2 * SOON_SECONDS


@pytest.fixture
def context(installations: Installations) -> Iterator[AppContext]:
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    with installations.made(FILES) as made:
        config = replace(
            made.config,
            web=replace(made.config.web, port=0),
            console=replace(made.config.console, port=0),
            mailbox_port=0,
            mailbox_smtp_port=0,
        )
        yield replace(made, config=config)
    ended_in_time()
    for number, handler in before.items():
        signal.signal(number, handler)


def at_rest(
    context: AppContext,
    act: Callable[[], None],
    parts: frozenset[str],
    *,
    is_followed: bool = True,
) -> None:
    """Does `act` while a process with these parts runs, and has nothing to do any more; where it
    does not follow, somebody else does, unless nobody is to.
    """
    failed = list[BaseException]()

    def talk() -> None:
        try:
            _within(lambda: bool(context.processes.all()), 60)
            time.sleep(1)
            act()
        except BaseException as error:
            failed.append(error)
        finally:
            signal.raise_signal(signal.SIGTERM)

    async def run() -> list[BaseException]:
        if "follow" in parts or not is_followed:
            return await run_parts(context, RunOptions(parts=parts, seconds=90))
        follower = following.Follower(
            context.database, context.views, context.clock, lambda: None, lambda: None
        )
        try:
            return await run_parts(context, RunOptions(parts=parts, seconds=90))
        finally:
            follower.stop()
            await follower.ended

    talking = threading.Thread(target=talk)
    talking.start()
    ended = asyncio.run(run())
    talking.join()
    if failed:
        raise failed[0]
    assert ended == []


EVERYTHING = frozenset({"follow", "send", "web", "console"})
FOLLOW, SEND = frozenset({"follow"}), frozenset({"send", "web"})
"""Readers and letters, the built-in mailbox among them: whoever sends alone has none."""


def test_no_statement_comes_more_than_once_in_five_seconds(
    context: AppContext, installations: Installations
) -> None:
    join(context, "anna")

    def count() -> None:
        _within(lambda: _letters(context) == 1, 60)
        time.sleep(6)  # a beat notes how far the ledger has come
        with _statements(installations) as counted:
            time.sleep(COUNTED_SECONDS)
        most = COUNTED_SECONDS // APART_SECONDS + 1
        assert not {statement: times for statement, times in counted.items() if times > most}
        assert sum(counted.values()) < 4 * COUNTED_SECONDS

    at_rest(context, count, EVERYTHING)


def test_a_letter_that_somebody_elses_view_finds_due_leaves_at_once(context: AppContext) -> None:
    def somebody_joins() -> None:
        join(context, "anna")
        _within(lambda: _letters(context) == 1)

    at_rest(context, somebody_joins, SEND)


def test_a_pause_that_ends_and_a_clock_that_runs_faster_are_heard_by_who_sends(
    context: AppContext,
) -> None:
    now, operator = context.clock.now(), Cause("operator")
    context.installation_stream.execute(
        lambda state: [SendingPaused(now, "operator")], operator, now
    )
    join(context, "anna")
    context.views.catch_up()

    def goes_on() -> None:
        context.installation_stream.execute(lambda state: [SendingResumed(now)], operator, now)
        _within(lambda: _letters(context, LetterSent) == 1)
        context.views.catch_up()
        time.sleep(3)  # it has gone to rest again
        set_speed(context, 21 * DAY // 2000)
        _within(lambda: _letters(context) == 2)

    # A follower would tell of what is due, and who sends be woken by that.
    at_rest(context, goes_on, SEND, is_followed=False)


def test_a_broadcast_published_meanwhile_falls_due_at_its_moment(context: AppContext) -> None:
    join(context, "anna")

    def is_published() -> None:
        _within(lambda: _letters(context) == 1, 60)
        local = datetime.fromtimestamp(context.clock.now() / 1000, ZoneInfo("Europe/Paris"))
        moment = (local + timedelta(minutes=2)).replace(second=0, microsecond=0)
        context.clock.jump(int((moment - local).total_seconds() * 1000) - 4000)
        folder = context.config.sequences.parent
        on = moment.strftime("%Y-%m-%d %H:%M")
        write_sequences(folder, {"d.toml": DIALOGUE + BROADCAST.format(on=on)})
        publish(context)
        due = int(moment.timestamp() * 1000)
        _within(lambda: any(o.at == due for o in context.installation_stream.current().calendar))
        # The views of this test are the follower's: nobody else tells the sender.
        _within(lambda: _letters(context) == 2)

    at_rest(context, is_published, SEND)


@pytest.mark.parametrize("parts", [EVERYTHING, FOLLOW, SEND], ids=lambda parts: "-".join(parts))
def test_being_told_to_stop_is_heard_at_once(context: AppContext, parts: frozenset[str]) -> None:
    told = list[float]()
    at_rest(context, lambda: told.append(time.monotonic()), parts)
    assert time.monotonic() - told[0] < SOON_SECONDS


def _letters(context: AppContext, kind: type[LetterBegun | LetterSent] = LetterBegun) -> int:
    entries = context.ledger.between(0, context.ledger.head(), 10_000)
    return sum(isinstance(entry.event, kind) for entry in entries)


def _within(holds: Callable[[], bool], seconds: float = SOON_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


@contextmanager
def _statements(installations: Installations) -> Iterator[Counter[str]]:
    """What the server is asked meanwhile, whoever asks."""
    counted, log = Counter[str](), installations.data.with_name("postgres.run") / "postgres.log"
    with psycopg.connect(installations.admin, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
        begun = log.stat().st_size
        try:
            yield counted
        finally:
            with log.open("rb") as lines:
                lines.seek(begun)
                text = lines.read().decode()
            connection.execute("ALTER SYSTEM RESET log_statement")
            connection.execute("SELECT pg_reload_conf()")
    for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", text):
        if asked := re.search(r"(?:statement|execute [^:]*): (.*)", entry, re.S):
            counted[" ".join(asked[1].split())] += 1
