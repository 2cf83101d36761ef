"""What is seen to before anything leaves: a first start and a long outage wait for somebody, and no
letter comes later than its author allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.context import House
from engine.runtime.startup import make_ready
from engine.sending.sender import Sender
from engine.sending.settings import RelaySettings
from engine.sequence.delay import DAY, HOUR
from engine.subscriber.events import LetterSent, LetterWithheld
from tests.cli.asking import FILES, join
from tests.sink import Sink

pytestmark = pytest.mark.postgres
MakeHouse = Callable[..., House]
RELAY = '\n[smtp]\nhost = "relay.potager.example"\n'


def ticks(house: House) -> int:
    """How many letters the real sender hands to a real server."""

    async def tick() -> int:
        async with Sink() as sink:
            sender = Sender(house, RelaySettings("127.0.0.1", sink.port, "none", connections=1))
            for _ in range(3):
                await sender.tick()
                await asyncio.to_thread(house.views.catch_up)
            await sender.relay.close()
            sender.marks.close()
            return len(sink.messages)

    return asyncio.run(tick())


def events(house: House, kind: type) -> int:
    return sum(isinstance(entry.event, kind) for batch in house.ledger.all() for entry in batch)


def test_an_outage_longer_than_allowed_holds_sending_and_a_shorter_one_does_not(
    make_house: MakeHouse,
) -> None:
    house = make_house(FILES, RELAY)
    make_ready(house, 0)
    assert house.publications.current().paused == {0: "first-start"}
    house = make_house(FILES, RELAY)
    house.desk.set_mark("armed:relay.potager.example", house.clock.now(), 0)
    house.desk.set_mark("tick", house.clock.now(), 0)
    house.clock.jump(DAY - HOUR)
    make_ready(house, 0)
    assert house.publications.current().paused == {}
    house.clock.jump(2 * HOUR)
    make_ready(house, 0)
    assert house.publications.current().paused == {0: "outage"}
    join(house, 2)
    house.views.catch_up()
    assert ticks(house) == 0


def test_after_the_longest_outage_no_letter_is_later_than_its_list_allows(
    make_house: MakeHouse,
) -> None:
    house = make_house(FILES)
    join(house, 1)
    house.clock.jump(6 * DAY)
    join(house, 1)
    house.clock.jump(2 * DAY)
    house.views.catch_up()
    assert ticks(house) == 1
    assert (events(house, LetterSent), events(house, LetterWithheld)) == (1, 1)
