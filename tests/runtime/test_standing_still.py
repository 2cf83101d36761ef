"""A process says that it lives while its loops move: one that stands still is said, and no beat of
its process is heard until it moves again.
"""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.desk.movement import MOVES_WITHIN_SECONDS, STALL_SECONDS, Movement
from engine.runtime import heartbeat
from engine.sending import claim
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from tests.sending.readers import MakeContext, with_readers
from tests.sending.test_send_batches import until

LOOKS = st.lists(st.floats(0.1, STALL_SECONDS), max_size=60)


class Stopwatch:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def after(movement: Movement, watch: Stopwatch, looks: list[float]) -> frozenset[str]:
    for seconds in looks:
        watch.at += seconds
        movement.standing()
    return movement.standing()


@given(LOOKS, st.floats(0, 100))
def test_a_loop_stands_still_that_did_not_come_round_in_time(
    looks: list[float], resting: float
) -> None:
    watch = Stopwatch()
    movement = Movement(watch)
    movement.goes_on("send", resting)
    movement.waits("follow")
    standing = after(movement, watch, looks)
    assert standing == ({"send"} if watch.at > resting + MOVES_WITHIN_SECONDS else frozenset())
    movement.goes_on("send")
    assert movement.standing() == frozenset()


@given(LOOKS, st.floats(STALL_SECONDS + 1, 1e6))
def test_while_the_whole_machine_stood_still_no_loop_is_to_blame(
    looks: list[float], stall: float
) -> None:
    watch = Stopwatch()
    movement = Movement(watch)
    movement.goes_on("send")
    after(movement, watch, looks)
    awake = watch.at
    watch.at += stall
    assert movement.standing() == ({"send"} if awake > MOVES_WITHIN_SECONDS else frozenset())


@pytest.mark.postgres
def test_a_sender_that_hangs_is_not_heard_of_until_it_moves(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = with_readers(make_context, 1)
    going_on, hangs, ahead = threading.Event(), threading.Event(), [0.0]
    movement = Movement(lambda: time.monotonic() + ahead[0])
    take = claim.take_and_claim

    def hanging(*arguments: object, **more: object) -> object:
        hangs.set()
        going_on.wait(60)
        return take(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(claim, "take_and_claim", hanging)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)

    def said() -> list[str]:
        return [what for what, _, _ in context.processes.troubles() if what.startswith("stands")]

    def beats() -> object:
        with context.database.connection() as connection:
            return connection.execute("SELECT seen FROM desk.process").fetchall()

    def said_as_time_goes() -> bool:
        ahead[0] += STALL_SECONDS - 1
        time.sleep(0.03)
        return bool(said())

    async def works() -> None:
        settings = RelaySettings("127.0.0.1", 9, "none", connections=1)
        sender = Sender(context.sending(), settings, movement=movement)
        async with heartbeat.beating(context, {"send"}, dict, movement):
            running = asyncio.create_task(sender.run())
            await until(hangs.is_set)
            assert said() == []
            await until(said_as_time_goes)
            before = beats()
            await asyncio.sleep(0.2)
            assert said() == ["stands:send"] and beats() == before
            going_on.set()
            await until(lambda: said() == [] and beats() != before)
            sender.stop()
            await running

    asyncio.run(works())
