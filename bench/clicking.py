"""Clicks on a move link, each by another reader, against an empty page of the same framework and
server, both at 32 connections.

A click is the POST of the button's form, from its bytes to the page that says what was done, which
is after the commit. The pages with the buttons were opened before. First as many as can be carried
out, then at half that rate, coming by chance: how long all but one in a hundred wait at most. The
row by processor time holds what web and PostgreSQL take for a click against what the server takes
for an empty page.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from bench.http import answers, get, post, waited
from bench.installation import BATCH, Installation, installed, join, send_by_hand
from bench.machine import cores
from bench.processes import free_port, listening, module, relance, running
from bench.processor import Used
from bench.sizes import Size
from bench.table import Row, against
from engine.letter.link_token import FIRST_LINK, make_token

GOAL = 0.25
GOAL_WAIT = 50
CONNECTIONS = 32
NOTHING = post("/", "act=button")
_NONCE = re.compile(rb'name="nonce" value="([^"]+)"')
PORTS = """
[web]
port = {}

[mailbox]
smtp_port = {}
port = {}

[console]
port = 0
"""


def measure(size: Size) -> list[Row]:
    """`relance web` alone on the installation; each round asks the readers of one list, then the
    empty page as often.
    """
    rounds, count, spaced = size.pick((3, 100, 50), (5, 2000, 1000), (5, 3000, 3000))
    ports, empty = (free_port(), free_port(), free_port()), free_port()
    found, waits, alone = [], [], []
    with (
        installed(PORTS.format(*ports)) as here,
        running(module("bench.empty", str(empty))),
        running(relance(here.folder, "web"), says_ready=False) as web,
    ):
        listening(ports[0], web)
        for number in range(1, rounds + 1):
            presses = asyncio.run(buttons(ports[0], _tokens(here, number, count + spaced)))
            before = here.context.ledger.head()
            with Used(here.data) as ours:
                clicks = _rate(ports[0], presses[:count])
            with Used(here.data) as theirs:
                found.append((clicks, _rate(empty, [NOTHING] * count)))
            alone.append((cores() * count / ours.seconds, cores() * count / theirs.seconds))
            waits.append(
                (
                    _wait(ports[0], presses[count:], clicks / 2),
                    _wait(empty, [NOTHING] * spaced, clicks / 2),
                )
            )
            if here.context.ledger.head() != before + count + spaced:
                raise RuntimeError(
                    f"of {count + spaced} clicks {here.context.ledger.head() - before} were"
                    " carried out"
                )
    wait, least = sorted(waits)[(rounds - 1) // 2]
    slowest = Row(
        "click, 99 of 100 at half that rate",
        round(wait, 1),
        "ms",
        round(least, 1),
        round(wait / least, 3),
        GOAL_WAIT,
        at_most=True,
    )
    return [
        against("click", "clicks/s", GOAL, found),
        against("click, by processor time", "clicks/s", None, alone),
        slowest,
    ]


def _rate(port: int, requests: Sequence[bytes]) -> float:
    begun = time.perf_counter()
    asyncio.run(answers(port, requests, CONNECTIONS))
    return len(requests) / (time.perf_counter() - begun)


def _wait(port: int, requests: Sequence[bytes], rate: float) -> float:
    """The milliseconds within which 99 of 100 are answered."""
    waits = sorted(asyncio.run(waited(port, requests, rate, CONNECTIONS)))
    return 1000 * waits[len(waits) * 99 // 100]


async def buttons(port: int, tokens: Sequence[str]) -> list[bytes]:
    """The page of each link, and from it the request that its button sends."""
    pages = await answers(port, [get(f"/l/{token}") for token in tokens], CONNECTIONS)
    presses = []
    for token, page in zip(tokens, pages, strict=True):
        nonce = _NONCE.search(page)
        if nonce is None:
            raise RuntimeError("the page of a link has no button")
        presses.append(post(f"/l/{token}", f"act=button&nonce={nonce[1].decode()}"))
    return presses


def _tokens(here: Installation, number: int, count: int) -> list[str]:
    """Links of letters that were sent to new readers of list `number`."""
    streams, tokens = join(here.context, number, count), []
    for first in range(0, count, BATCH):
        begun = send_by_hand(here.context, number, streams[first : first + BATCH])
        tokens += [
            make_token(here.context.secrets.link_key, FIRST_LINK, position, message)
            for position, message in begun
        ]
    here.context.views.catch_up()
    return tokens
