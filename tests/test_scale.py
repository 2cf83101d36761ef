"""After a long run of many people every view equals its replay, and following costs less than
sending: the follower keeps up.

RELANCE_SCALE says how many people (10,000 people make a hundred thousand events; without it a few
hundred, a thousand in the long form).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sequence.delay import DAY
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from tests.sink import Sink
from tests.sizes import sized

PEOPLE = int(os.environ.get("RELANCE_SCALE", sized(300, 1000)))
LETTERS = 4
LETTER = """
  [[list.letter]]
  id = "letter-{n}"
  after = "{n} days"
  subject = "Lettre {n}"
  body = "plain.md"
"""
LIST = 'title = "Longue"\npurpose = "conseils"\n[[list]]\nid = 10\nname = "longue"\n' + "".join(
    LETTER.format(n=n) for n in range(LETTERS)
)


@pytest.mark.timeout(900)
def test_the_views_equal_their_replay_and_the_follower_keeps_up(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context(
        {
            "a.toml": LIST,
            "plain.md": "Bonjour {{ first_name | default('vous', true) }}.\n\n[Encore](+++10+++)\n",
        }
    )
    now = context.clock.now()
    for start in range(0, PEOPLE, 1000):
        command = Subscribe(now, Cause("import"), 10, "consent", "declared", now)
        batch = range(start, min(start + 1000, PEOPLE))
        context.command_handler.execute(
            [
                CommandRequest(
                    command, address=f"p{n}@lecteurs.example", vault_write=VaultWrite("", now)
                )
                for n in batch
            ]
        )
    context.views.catch_up()
    sending, following = asyncio.run(_lived(context))
    assert context.ledger.head() >= PEOPLE * (3 + 2 * LETTERS)
    assert not context.views.compare(lambda done, total: None)
    print(f"{context.ledger.head()} entries; sending {sending:.1f} s, following {following:.1f} s")
    assert following < sending


async def _lived(context: AppContext) -> tuple[float, float]:
    sending = following = 0.0
    async with Sink(keep_bodies=False) as sink:
        sender = Sender(
            context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=4)
        )
        for _ in range(LETTERS):
            while True:
                began = time.perf_counter()
                taken = await sender.tick()
                sending += time.perf_counter() - began
                began = time.perf_counter()
                await asyncio.to_thread(context.views.catch_up)
                following += time.perf_counter() - began
                if not taken:
                    break
            context.clock.jump(DAY)
        await sender.route.close()
        sender.journal.close()
        assert sender.sent == PEOPLE * LETTERS
    return sending, following
