"""What providers say by mail of letters that were sent, handed in by LMTP as a mail server hands it
in, stops what nobody asked for, and steps a domain back that is warming up (A50).
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from engine.context import AppContext
from engine.inbound.handling import InboundHandler
from engine.inbound.listener import Bounds, InboundListener
from engine.inbound.settings import Place
from engine.installation.events import SendingResumed
from engine.sending.guarding import guard
from engine.sequence.delay import DAY
from engine.shaping.warmup import WarmUp
from engine.status.findings import findings
from engine.status.gather import gather
from engine.subscriber.events import Cause, LetterBegun
from tests.cli.asking import FILES, join, send
from tests.inbound.coming_back import CONFIG, HOME, ComingBack
from tests.inbound.mails import SAMPLES
from tests.running_installation import Installations
from tests.sending.readers import who_got_a_letter

pytestmark = pytest.mark.postgres
READERS, DAYS = 250, 6
"""Who got a letter, and sending days of a domain that nobody knew before."""


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES, CONFIG) as made:
        yield made


def warming(context: AppContext, days: int) -> None:
    """The domain has been sending to Orange for so many days, and not yet today."""
    with context.database.connection() as connection:
        connection.execute("DELETE FROM desk.warm_up")
        connection.execute(
            "INSERT INTO desk.warm_up (identity, provider, day, days) VALUES (%s, 'orange',"
            " floor(extract(epoch FROM clock_timestamp()) / 86400), %s)",
            (HOME, days),
        )


def fed(context: AppContext, sample: str, begun: Mapping[str, LetterBegun], use: str) -> None:
    """One mail about each of these letters, by the door that `run` opens."""
    world, text = ComingBack(context), (SAMPLES / sample).read_text("utf-8")
    people = context.vault.people(begun)
    mails = [
        (
            world.address("bounce", letter.message) if use == "bounce" else "fbl@garden.example",
            world.filled(text, letter.message, people[stream].address),
        )
        for stream, letter in begun.items()
    ]

    def hand_in(port: int) -> None:
        with smtplib.LMTP("127.0.0.1", port) as server:
            for recipient, octets in mails:
                server.sendmail("", [recipient], octets)

    asyncio.run(_listening(InboundHandler(context.inbound()), hand_in))
    context.views.catch_up()


async def _listening(handler: InboundHandler, talk: Callable[[int], None]) -> None:
    listener = InboundListener(Place("127.0.0.1", 0), "lmtp", handler, HOME, Bounds(silence=5))
    await listener.start()
    try:
        await asyncio.to_thread(talk, listener.port)
    finally:
        await listener.stop()


def sent(context: AppContext, people: Sequence[str]) -> dict[str, LetterBegun]:
    begun = send(context, people)
    context.views.catch_up()
    return begun


def some(begun: Mapping[str, LetterBegun], count: int) -> dict[str, LetterBegun]:
    return dict([*begun.items()][:count])


@pytest.mark.parametrize(
    ("sample", "use", "enough", "reason", "back"),
    [
        ("arf-signal-spam.eml", "feed", 1, "complaints", 2),
        ("exim-dsn-unknown.eml", "bounce", 13, "bounces", 0),
    ],
    ids=["complaints", "bounces"],
)
def test_what_comes_back_by_mail_stops_what_nobody_asked_for(
    context: AppContext, sample: str, use: str, enough: int, reason: str, back: int
) -> None:
    begun = sent(context, join(context, READERS))
    warming(context, DAYS)
    fed(context, sample, some(begun, enough - 1), use)
    assert not guard(context) and context.installation_stream.current().paused == {}
    fed(context, sample, dict([*begun.items()][enough - 1 : enough]), use)
    assert guard(context)
    assert context.installation_stream.current().paused == {0: reason}
    today = WarmUp(0, DAYS - back)
    assert context.shaping.warm_up({"orange": 5000}, HOME) == {"orange": today.limit}
    join(context, 1)
    assert who_got_a_letter(context, times=2) == []
    assert {"paused", reason} <= {finding.code for finding in findings(gather(context))}
    now = context.clock.now()
    context.installation_stream.execute(lambda _: [SendingResumed(now)], Cause("engine"), now)
    assert who_got_a_letter(context)
    context.clock.jump(8 * DAY)
