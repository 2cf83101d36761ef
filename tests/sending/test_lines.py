"""Of the connections to a provider that are ours, none more is ever open, whichever of its servers
letters go to; and none carries more than the provider takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.config import packaged_providers
from engine.sending.envelope import Delivery, Envelope
from engine.sending.lines import Lines
from engine.sending.replies import Reply
from engine.shaping.providers import Provider
from tests.sending.direct_world import World, mx, world
from tests.sending.handing_over import everyone, letter, run
from tests.sink import Sink

TWO_KINDS = {"one.example": mx("mx1.orange.fr"), "two.example": mx("mx2.orange.fr")}
YAHOO = packaged_providers().by_name["yahoo"]


def letters(count: int, *domains: str) -> list[Envelope]:
    return [letter(n, f"r{n}@{domains[n % len(domains)]}") for n in range(count)]


async def delivered(there: World, envelopes: Sequence[Envelope], lines: Lines) -> list[Delivery]:
    def of(provider: Provider) -> Lines | None:
        return lines if provider.name != "other" else None

    outcomes: list[Delivery] = []
    there.route.keep_to(of)
    await there.route.deliver(envelopes, everyone, outcomes.append)
    return outcomes


def test_all_servers_of_a_provider_share_its_connections() -> None:
    open_now: list[int] = []
    sinks = Sink(pause=0.01), Sink(pause=0.01)
    for sink in sinks:
        sink.on_accepted = lambda message: open_now.append(sum(each.open for each in sinks))
    lines = Lines(lambda reply: None, allowed=2)

    async def main() -> list[Delivery]:
        servers = {"mx1.orange.fr": sinks[0], "mx2.orange.fr": sinks[1]}
        async with world(servers, TWO_KINDS, connections=4) as there:
            both = letters(40, "one.example", "two.example")
            first, second = await asyncio.gather(
                delivered(there, both[:20], lines), delivered(there, both[20:], lines)
            )
            return first + second

    assert len(run(main())) == 40
    assert max(open_now) <= 2
    assert all(sink.messages for sink in sinks)
    assert (lines.active, lines.open) == (0, 0)


def test_a_connection_is_left_when_it_has_carried_what_the_provider_takes() -> None:
    sink = Sink()
    most = YAHOO.messages_per_connection

    async def main() -> list[Delivery]:
        zone = {"a.example": mx("mta5.am0.yahoodns.net")}
        async with world({"mta5.am0.yahoodns.net": sink}, zone) as there:
            return await delivered(there, letters(most * 2 + 1, "a.example"), Lines(print, 1))

    assert len(run(main())) == len(sink.messages) == most * 2 + 1
    assert (sink.connections, sink.most_open) == (3, 1)


def test_without_a_lease_nothing_is_begun_and_nothing_ends() -> None:
    sink = Sink()

    async def main() -> list[Delivery]:
        async with world({"mx1.orange.fr": sink}, TWO_KINDS) as there:
            return await delivered(there, letters(3, "one.example"), Lines(print, 0))

    assert run(main()) == []
    assert sink.connections == 0


def test_a_connection_that_is_turned_away_is_told_of_and_the_others_are_enough() -> None:
    sink, heard = Sink(limit=1, pause=0.01), list[Reply]()
    lines = Lines(heard.append, allowed=2)

    async def main() -> list[Delivery]:
        async with world({"mx1.orange.fr": sink}, TWO_KINDS) as there:
            return await delivered(there, letters(30, "one.example"), lines)

    assert len(run(main())) == len(sink.messages) == 30
    assert [reply.code for reply in heard] == [421]
    assert lines.allowed == 1


def test_a_lease_that_is_taken_back_ends_what_is_not_begun() -> None:
    sink = Sink(pause=0.02)
    lines = Lines(print, allowed=1)
    sink.on_accepted = lambda message: lines.resize(0) if len(sink.messages) == 4 else None

    async def main() -> list[Delivery]:
        async with world({"mx1.orange.fr": sink}, TWO_KINDS) as there:
            first = await delivered(there, letters(20, "one.example"), lines)
            second = await delivered(there, letters(20, "two.example"), lines)
            return first + second

    assert len(run(main())) == 20  # what a connection has begun with it carries to its end
