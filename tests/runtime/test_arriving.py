"""`run` takes in mail that comes back, beside everything else; a place that is taken holds up
nothing, and status says it.
"""

from __future__ import annotations

import asyncio
import signal
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.context import AppContext
from engine.inbound.settings import Inbound, Place
from engine.runtime import heartbeat
from engine.runtime.shutdown import STOP_SIGNALS, ended_in_time
from engine.runtime.supervisor import RunOptions, run_parts
from engine.status.findings import findings
from engine.status.gather import gather
from engine.subscriber.events import LetterSent
from tests.cli.asking import FILES
from tests.inbound.coming_back import ComingBack
from tests.privacy.garden import Anna
from tests.running import free_port
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
EVERYTHING = frozenset({"follow", "send", "web", "inbound"})
PATIENCE_SECONDS = 20


@pytest.fixture
def context(installations: Installations) -> Iterator[AppContext]:
    """LMTP where somebody else listens, SMTP where nobody does."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    with installations.made(FILES) as made, socket.create_server(("127.0.0.1", 0)) as taken:
        config = replace(
            made.config,
            web=replace(made.config.web, port=0),
            mailbox_port=0,
            mailbox_smtp_port=0,
            inbound=Inbound(
                lmtp=Place("127.0.0.1", taken.getsockname()[1]),
                smtp=Place("127.0.0.1", free_port()),
                reply_to="martine@potager.example",
            ),
        )
        yield replace(made, config=config)
    ended_in_time()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_mail_is_taken_in_and_letters_leave_though_one_place_is_taken(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.3)
    place, told = context.config.inbound.smtp, list[str]()
    assert place is not None
    anna = Anna(context).joins()

    def has_got_a_letter() -> bool:
        return any(isinstance(e.event, LetterSent) for e in context.ledger.stream(anna.stream))

    def comes_back() -> bool:
        world = ComingBack(context)
        address = world.address("unsubscribe", _message(context, anna.stream))
        try:
            with smtplib.SMTP("127.0.0.1", place.port) as mail:
                mail.sendmail("", [address], b"Subject: unsubscribe\r\n\r\n")
        except smtplib.SMTPDataError as later:
            # While the views do not know the letter yet; a mail server comes again.
            assert later.smtp_code == 451
            return False
        names = [entry.name for entry in context.ledger.stream(anna.stream)]
        return names[-2:] == ["consent-withdrawn", "list-left"]

    def status_says_it() -> bool:
        facts = gather(context)
        told[:] = [*(finding.code for finding in findings(facts)), *facts.live]
        return "inbound-lmtp" in told

    def talk() -> None:
        try:
            _within(has_got_a_letter)
            _within(comes_back)
            _within(status_says_it)
        finally:
            signal.raise_signal(signal.SIGTERM)

    talking = threading.Thread(target=talk)
    talking.start()
    options = RunOptions(parts=EVERYTHING, seconds=2 * PATIENCE_SECONDS)
    assert asyncio.run(run_parts(context, options)) == []
    talking.join()
    assert "inbound-lmtp" in told and "inbound" in told
    assert not {"inbound-smtp", "no-inbound"} & set(told)


def _message(context: AppContext, stream: str) -> str:
    sent = [e.event for e in context.ledger.stream(stream) if isinstance(e.event, LetterSent)]
    return sent[0].message


def _within(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")
