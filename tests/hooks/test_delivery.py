"""Facts reach the targets that want them, each on its own, once each while they answer."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.hooks import GIVEN_UP_KEPT, UNSEEN_KEPT, HookState, Retry
from engine.dns.https import Poster
from engine.dns.resolver import DnsResolver
from engine.hooks.delivery import Delivery
from engine.hooks.posting import Target
from engine.hooks.running import DUTY, Hooks
from engine.hooks.schedule import FAILURES_OF_A_TARGET, HOUR, MAX_TRIES
from engine.hooks.settings import Hook
from engine.hooks.stores import HookStores
from engine.ledger.codec import Encoded
from engine.ledger.store import CHANNEL, Append, Written
from engine.subscriber.events import Cause, ListJoined
from engine.subscriber.own_robot import robot_stream
from tests.cli.asking import FILES, join
from tests.hooks.receiver import WHSEC, Receiver
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
JOINED = ("list-joined",)
LOSE_DUTY = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
NO_NAMES = DnsResolver(["127.0.0.1"], 9)
"""Of loopback no name is asked for."""


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as found:
        (found.config.folder / "secret").write_text(WHSEC + "\n")
        yield found


@dataclass
class Place:
    """One hook of a name of its own, its receiver, and a wall clock that is moved by hand."""

    context: AppContext
    receiver: Receiver
    hook: Hook
    seconds: float = 5
    ahead: int = 0
    delivery: Delivery = field(init=False)
    targets: list[Target] = field(default_factory=list)

    @property
    def stores(self) -> HookStores:
        return replace(self.context.hooks(), now=self.now, chance=lambda: 0.5)

    def now(self) -> int:
        return wall_now() + self.ahead

    def begin(self) -> None:
        """As a process that has just been started."""
        poster = Poster(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), self.seconds)
        target = Target(self.hook, NO_NAMES, poster)
        self.targets.append(target)
        self.delivery = Delivery(self.hook, self.stores, target)
        self.stores.desk.begin([self.hook.name], self.context.ledger.head(), self.now())

    async def deliver(self) -> None:
        """Until there is nothing to do now."""
        while await self.delivery.step() == 0:
            pass

    @property
    def state(self) -> HookState:
        state = self.context.hook_desk.state(self.hook.name)
        assert state is not None
        return state

    @property
    def retries(self) -> list[Retry]:
        return self.context.hook_desk.retries(self.hook.name)


numbers = count(1)


def hook_to(receiver: Receiver, events: tuple[str, ...] = JOINED, secret: str = "secret") -> Hook:
    return Hook(
        name=f"target-{next(numbers)}",
        url=f"http://127.0.0.1:{receiver.port}/told?of=facts",
        events=events,
        secret_files=(secret,),
        allow_private=True,
    )


def live(
    context: AppContext,
    receiver: Receiver,
    lived: Callable[[Place], Awaitable[None]],
    seconds: float = 10,
) -> Place:
    """What is `lived` with one hook."""

    async def main() -> Place:
        async with receiver.serving():
            receiver.ahead = lambda: place.ahead
            place = Place(context, receiver, hook_to(receiver), seconds)
            place.begin()
            await lived(place)
            for target in place.targets:
                await target.close()
            return place

    return asyncio.run(main())


def joins(context: AppContext, people: int = 1) -> list[int]:
    """So many more on list 10; the positions of their joining."""
    before = context.ledger.head()
    join(context, people)
    entries = context.ledger.between(before, context.ledger.head())
    return [entry.position for entry in entries if entry.name == "list-joined"]


def test_each_fact_it_names_comes_once_in_order_over_one_connection(context: AppContext) -> None:
    joins(context)
    receiver, expected = Receiver(), list[int]()

    async def lived(place: Place) -> None:
        expected.extend(joins(context, 3))
        await place.deliver()
        expected.extend(joins(context, 2))
        await place.deliver()

    place = live(context, receiver, lived)
    assert receiver.positions == expected
    assert [told.id for told in receiver.told] == [f"msg_{position}" for position in expected]
    assert receiver.connections == 1
    assert receiver.told[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (place.state.delivered, place.state.position) == (5, expected[-1])


def test_of_the_own_robot_nobody_is_told(context: AppContext) -> None:
    """It goes through the forms every night, and is no person."""

    async def lived(place: Place) -> None:
        stream, now = robot_stream(secrets.token_hex(8)), context.clock.now()
        joined = Encoded(stream, ListJoined(now, 10, 1), Cause("form"), now)
        assert isinstance(context.ledger.append([Append(stream, 0, (joined,))])[0], Written)
        await place.deliver()
        place.ahead += HOUR
        await place.deliver()
        assert place.state.position == context.ledger.head()

    assert live(context, Receiver(), lived).receiver.told == []


def test_what_is_no_fact_of_its_own_moves_it_on_all_the_same(context: AppContext) -> None:
    async def lived(place: Place) -> None:
        place.hook = replace(place.hook, events=("list-left",))
        place.begin()
        joins(context)
        await place.deliver()
        place.ahead += HOUR
        await place.deliver()

    place = live(context, Receiver(), lived)
    assert place.state.position == context.ledger.head()
    assert place.receiver.told == []


def test_a_message_that_is_refused_is_tried_ten_times_in_34_hours_and_holds_no_other(
    context: AppContext,
) -> None:
    refused, others, times = list[int](), list[int](), list[int]()

    async def lived(place: Place) -> None:
        def reply(told: object) -> str:
            position = receiver.told[-1].position
            if position in refused:
                times.append(place.now())
                return "500 No"
            return "200 OK"

        receiver.reply = reply
        refused.extend(joins(context))
        others.extend(joins(context, 2))
        await place.deliver()
        assert receiver.positions == [*refused, *others]
        while (waiting := place.retries[0].next_try) is not None:
            place.ahead = waiting - wall_now()
            await place.deliver()

    receiver = Receiver()
    place = live(context, receiver, lived)
    assert len(times) == MAX_TRIES == 10
    assert (times[-1] - times[0]) / HOUR == pytest.approx(34, abs=0.01)
    assert {told.id for told in receiver.told if told.position in refused} == {f"msg_{refused[0]}"}
    stamps = [int(t.headers["webhook-timestamp"]) for t in receiver.told if t.position in refused]
    assert stamps == [time // 1000 for time in times]
    assert (place.state.given_up, place.state.delivered) == (1, 2)
    waiting = context.hook_desk.waiting()[place.hook.name]
    assert (waiting.retries, waiting.first_given_up) == (0, refused[0])


def test_a_target_that_is_away_for_days_is_told_of_everything_once_it_is_back(
    context: AppContext,
) -> None:
    receiver, expected = Receiver(lambda told: "503 Away"), list[int]()

    async def lived(place: Place) -> None:
        expected.extend(joins(context, 8))
        for _ in range(60):
            await place.deliver()
            place.ahead += HOUR
        assert place.state.position == expected[FAILURES_OF_A_TARGET - 1]
        receiver.reply = lambda told: "204 Back"
        receiver.told.clear()
        for _ in range(24):
            await place.deliver()
            place.ahead += HOUR

    place = live(context, receiver, lived)
    assert sorted(receiver.positions) == expected
    assert (place.state.given_up, place.retries) == (0, [])


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("302 Found\r\nLocation: http://127.0.0.1/", "302"),
        ("304 Not Modified", "304"),
        ("404 Not Found", "404"),
        ("hangs", "timed-out"),
        ("breaks off", "broken-off"),
    ],
)
def test_whatever_is_no_2xx_is_a_failure(context: AppContext, reply: str, answer: str) -> None:
    async def lived(place: Place) -> None:
        joins(context)
        await place.deliver()

    seconds = 0.3 if reply == "hangs" else 10
    place = live(context, Receiver(lambda told: reply), lived, seconds)
    assert (place.state.answer, place.state.failures, len(place.retries)) == (answer, 1, 1)


def test_gone_switches_it_off_until_somebody_switches_it_on(context: AppContext) -> None:
    receiver, expected = Receiver(lambda told: "410 Gone"), list[int]()

    async def lived(place: Place) -> None:
        expected.extend(joins(context, 2))
        await place.deliver()
        place.ahead += HOUR
        await place.deliver()
        assert (place.state.off, receiver.positions) == ("gone", expected[:1])
        receiver.reply = lambda told: "200 OK"
        context.hook_desk.switch_on(place.hook.name)
        place.ahead += HOUR
        await place.deliver()

    live(context, receiver, lived)
    assert receiver.positions == [expected[0], *expected]


def test_what_an_operator_does_while_a_message_is_under_way_counts(context: AppContext) -> None:
    """The answer is not recorded over it."""
    expected = list[int]()

    async def lived(place: Place) -> None:
        def reply(told: object) -> str:
            if len(receiver.told) == 2:
                context.hook_desk.replay(place.hook.name, expected[0] - 1)
            return "200 OK"

        receiver.reply = reply
        expected.extend(joins(context, 2))
        await place.deliver()
        await place.deliver()

    receiver = Receiver()
    live(context, receiver, lived)
    assert receiver.positions == [*expected, *expected]


def test_a_replay_drops_what_it_tells_anew(context: AppContext) -> None:
    receiver, expected = Receiver(lambda told: "500 No"), list[int]()

    async def lived(place: Place) -> None:
        expected.extend(joins(context, 3))
        await place.deliver()
        receiver.reply = lambda told: "200 OK"
        receiver.told.clear()
        context.hook_desk.replay(place.hook.name, expected[1] - 1)
        place.begin()
        await place.deliver()

    place = live(context, receiver, lived)
    assert receiver.positions == expected[1:]
    assert [retry.position for retry in place.retries] == expected[:1]


def test_a_secret_that_is_missing_holds_what_is_to_be_told(context: AppContext) -> None:
    secret, expected = context.config.folder / "other", list[int]()

    async def lived(place: Place) -> None:
        place.hook = replace(place.hook, secret_files=("other", "secret"))
        place.begin()
        expected.extend(joins(context))
        assert await place.delivery.step() > 0
        assert str(secret) in place.delivery.trouble
        secret.write_text("whsec_" + "b" * 44)
        place.ahead += HOUR
        await place.deliver()

    place = live(context, Receiver(), lived)
    assert (place.receiver.positions, place.state.failures) == (expected, 0)
    assert place.delivery.trouble == ""


def test_of_a_ledger_that_was_put_back_nobody_knows_more_than_there_is(
    context: AppContext,
) -> None:
    async def lived(place: Place) -> None:
        beyond = replace(place.state, position=context.ledger.head() + 50)
        again = Retry(beyond.position, 1, 0, 0, "500")
        assert context.hook_desk.record(beyond, put=[again])
        place.begin()
        joins(context)
        await place.deliver()

    place = live(context, Receiver(), lived)
    assert (len(place.receiver.told), place.retries) == (1, [])


def test_what_is_not_wanted_any_more_is_not_tried_again(context: AppContext) -> None:
    receiver = Receiver(lambda told: "400 Bad Request")

    async def lived(place: Place) -> None:
        joins(context)
        await place.deliver()
        place.hook = replace(place.hook, events=("list-left",))
        place.begin()
        place.ahead += HOUR
        await place.deliver()

    place = live(context, receiver, lived)
    assert (len(receiver.told), place.retries) == (1, [])


def test_what_no_configuration_names_any_more_is_forgotten_after_a_month(
    context: AppContext,
) -> None:
    desk, now = context.hook_desk, wall_now()
    desk.begin(["former", "kept"], 3, now)
    for name in ("former", "kept"):
        state = desk.state(name)
        assert state is not None
        assert desk.record(state, put=[Retry(2, 1, 0, 0, "500")])
    desk.begin(["kept"], 9, now + UNSEEN_KEPT)
    assert {"former", "kept"} <= desk.states().keys()
    desk.begin(["kept"], 9, now + UNSEEN_KEPT + 1)
    assert desk.state("former") is None
    assert desk.retries("former") == []
    kept = desk.state("kept")
    assert kept is not None
    assert (kept.position, [retry.position for retry in desk.retries("kept")]) == (3, [2])


def test_of_what_was_given_up_the_last_are_known_for_a_month(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.desk.hooks.MAX_GIVEN_UP", 3)
    desk, now = context.hook_desk, wall_now()
    desk.begin(["given-up"], 9, now)
    state = desk.state("given-up")
    assert state is not None
    waits, given_up = Retry(1, 1, 0, 0, "500"), [Retry(n, 10, None, now, "") for n in range(2, 7)]
    assert desk.record(state, put=[waits, *given_up])
    desk.forget(now + GIVEN_UP_KEPT)
    assert [retry.position for retry in desk.retries("given-up")] == [1, 4, 5, 6]
    assert desk.queue("given-up") == [waits]
    desk.forget(now + GIVEN_UP_KEPT + 1)
    assert desk.retries("given-up") == [waits]


def test_a_dead_target_holds_nobody(
    context: AppContext, installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one that answers nothing, one that is not there and one without a secret, a fourth is
    told of everything at once; one process at a time tells them.
    """
    for name in ("DRAIN_SECONDS", "LOST_SECONDS", "DUTY_SECONDS"):
        monkeypatch.setattr(f"engine.hooks.running.{name}", 0.2)
    hanging, good = Receiver(lambda told: "hangs"), Receiver()

    async def main() -> None:
        async with AsyncExitStack() as stack:
            for receiver in (hanging, good):
                await stack.enter_async_context(receiver.serving())
            nobody = replace(hook_to(good), url="http://127.0.0.1:9/")
            hooks = [hook_to(hanging), nobody, hook_to(good, secret="none"), hook_to(good)]
            stop, tasks = asyncio.Event(), list[asyncio.Task[None]]()
            for _ in range(2):
                tasks.append(
                    asyncio.create_task(
                        Hooks(
                            hooks,
                            context.hooks(),
                            lambda: context.database.duty(DUTY, CHANNEL),
                            NO_NAMES,
                            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                        ).run(stop)
                    )
                )
            while context.hook_desk.state(hooks[3].name) is None:
                await asyncio.sleep(0.05)
            expected.extend(await asyncio.to_thread(joins, context, 20))
            async with asyncio.timeout(20):
                while len(good.told) < 20:
                    await asyncio.sleep(0.05)
            assert good.positions == expected
            # The connection that holds the duty is lost, and with it the duty: it is taken again.
            await asyncio.to_thread(lose_the_duty)
            expected.extend(await asyncio.to_thread(joins, context, 3))
            async with asyncio.timeout(20):
                while len(good.told) < 23:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            stop.set()
            await asyncio.gather(*tasks)

    def lose_the_duty() -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            assert connection.execute(LOSE_DUTY).rowcount

    with context.database.connection() as connection:
        owner = make_conninfo(installations.admin, dbname=connection.info.dbname)
    expected = list[int]()
    asyncio.run(main())
    assert good.positions == expected
    assert {told.position for told in hanging.told} == {expected[0]}
