"""A console that cannot listen, or fails as it starts, holds up no letter: status and log tell."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.console import application
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.runtime.shutdown import STOP_SIGNALS, ended_in_time
from engine.runtime.supervisor import RunOptions, run_parts
from engine.status.findings import findings
from engine.status.gather import gather
from engine.subscriber.events import LetterSent
from tests.cli.asking import FILES, join
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
EVERYTHING = frozenset({"web", "follow", "send", "console"})
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """On ports that nobody has."""
    with installations.made(FILES) as made:
        config = replace(
            made.config,
            web=replace(made.config.web, port=0),
            console=replace(made.config.console, port=0),
            mailbox_port=0,
            mailbox_smtp_port=0,
        )
        yield replace(made, config=config)


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield
    ended_in_time()
    for number, handler in before.items():
        signal.signal(number, handler)


def on_port(context: AppContext, port: int) -> AppContext:
    console = replace(context.config.console, port=port)
    return replace(context, config=replace(context.config, console=console))


def told_while_it_runs(context: AppContext) -> str:
    """What status says of the console, once it does and the letter of somebody new has left."""
    (who,) = join(context, 1)
    told: list[str] = []

    def watch() -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = [one for one in findings(gather(context)) if one.code == "console"]
            entries = context.ledger.stream(who)
            if found and any(isinstance(entry.event, LetterSent) for entry in entries):
                told.append(f"{found[0].level}: {found[0].values['why']}")
                break
            time.sleep(0.1)
        signal.raise_signal(signal.SIGTERM)

    watching = threading.Thread(target=watch)
    watching.start()
    options = RunOptions(parts=EVERYTHING, seconds=2 * PATIENCE_SECONDS)
    assert asyncio.run(run_parts(context, options)) == []
    watching.join()
    assert told, "status said nothing, or no letter left"
    return told[0]


def test_a_console_whose_port_is_taken_holds_up_no_letter(
    context: AppContext, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with caplog.at_level(logging.ERROR, "relance.run"):
            told = told_while_it_runs(on_port(context, port))
    assert told.startswith("stuck: ") and f"127.0.0.1:{port}" in told
    assert "[console] host, port" in told
    assert "the console does not start" in caplog.text


def test_a_console_that_fails_as_it_starts_holds_up_no_letter(
    context: AppContext, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(application.Console, "__init__", broken)
    with caplog.at_level(logging.ERROR, "relance.run"):
        assert told_while_it_runs(context) == "stuck: ZeroDivisionError"
    assert "the console has ended, and everything else goes on" in caplog.text


def test_a_console_by_itself_is_refused_where_its_port_is_taken(context: AppContext) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        alone = RunOptions(parts=frozenset({"console"}), seconds=1)
        with pytest.raises(UserError, match="cannot listen"):
            asyncio.run(run_parts(on_port(context, taken.getsockname()[1]), alone))
