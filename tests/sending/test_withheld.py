"""What somebody can mend (a field that is empty, a relay that cannot carry an address) withholds a letter, and never counts against the person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from engine.house import House
from engine.sending.send import Sender
from engine.sending.settings import RelaySettings
from engine.subscriber.events import LetterWithheld
from tests.sending.handing_over import ONE_BY_ONE
from tests.sending.test_setting_aside import enter
from tests.sink import EVERYTHING, Sink

pytestmark = pytest.mark.postgres
MakeHouse = Callable[..., House]

FILES = {
    "suite.toml": """
title = "Suite"
purpose = "conseils"

[[list]]
id = 1
name = "un"
group = "prospects"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"
""",
    "bonjour.md": "Bonjour.\n",
}
WITHOUT_SMTPUTF8 = tuple(feature for feature in EVERYTHING if feature != "SMTPUTF8")


def sends(house: House, features: Sequence[str] = EVERYTHING, times: int = 3) -> list[str]:
    """Who got a letter, in the order of their names."""

    async def tick() -> list[str]:
        async with Sink(features) as sink:
            sender = Sender(house, RelaySettings("127.0.0.1", sink.port, "none", connections=1))
            for _ in range(times):
                await asyncio.to_thread(house.views.catch_up)
                await sender.tick()
            await asyncio.to_thread(house.views.catch_up)
            await sender.relay.close()
            sender.marks.close()
            return sorted(address.partition("@")[0] for message in sink.messages for address in message.recipients)

    return asyncio.run(tick())


def withheld(house: House, stream: str) -> list[tuple[str, str]]:
    return [(entry.event.why, entry.event.what) for entry in house.ledger.stream(stream) if isinstance(entry.event, LetterWithheld)]


@pytest.mark.parametrize("features", [WITHOUT_SMTPUTF8, tuple(feature for feature in ONE_BY_ONE if feature != "SMTPUTF8")])
def test_a_relay_without_smtputf8_withholds_and_counts_against_nobody(make_house: MakeHouse, features: Sequence[str]) -> None:
    house = make_house(FILES)
    jurgen, anna = enter(house, "jürgen"), enter(house, "anna")
    assert sends(house, features) == ["anna"]
    assert withheld(house, jurgen) == [("cannot be carried", "smtputf8")] and withheld(house, anna) == []
    person = house.decisions.load([jurgen])[jurgen]
    assert (person.soft_bounces, person.suppressed) == (0, "")
