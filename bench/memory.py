"""The most memory that each process of Relance ever held, PostgreSQL's apart, while it works among
very many people.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.clicking import CONNECTIONS, PORTS, buttons
from bench.crowd import multiply
from bench.ground import PEOPLE, Ground
from bench.http import answers
from bench.installation import DUE_LISTS, ROUND_LISTS
from bench.processes import free_port
from bench.sending import SMTP, at_work, send
from bench.sink import SESSIONS, sink
from bench.sizes import Size
from bench.table import Row
from engine.context import AppContext
from engine.letter.link_token import FIRST_LINK, make_token
from engine.subscriber.events import LetterBegun

GOAL = 200
TOGETHER, APART = ("run",), ("follow", "send", "web")
CLICKS = 500


def measure(size: Size, ground: Ground) -> list[Row]:
    """Each sends, follows or serves: one list's letters, then clicks in them. First every part as a
    process of its own, then `run`, which is all.
    """
    ports = (free_port(), free_port(), free_port())
    peaks: dict[str, int] = {}
    with sink() as target:
        extra = SMTP.format(port=target.port, connections=SESSIONS) + PORTS.format(*ports)
        with ground.copy(ground.crowd_among(PEOPLE[size]), extra) as here:
            for number, parts in zip(DUE_LISTS[ROUND_LISTS:], (APART, TOGETHER), strict=True):
                multiply(here, ground.firsts[number], ground.due - 1)
                with at_work(here, parts, 1) as processes:
                    before = here.context.ledger.head()
                    send(here.context, number, ground.due)
                    click(ports[0], links(here.context, before)[:CLICKS])
                    peaks |= {
                        name: peak(process.pid)
                        for name, process in zip(parts, processes, strict=True)
                    }
    return [
        Row(
            f"memory of {name}, {PEOPLE[size]:,} people", peaks[name], "MB", goal=GOAL, at_most=True
        )
        for name in (*APART, *TOGETHER)
    ]


def links(context: AppContext, before: int) -> list[str]:
    """Of the letters that were begun right after a position."""
    entries = context.ledger.between(before, context.ledger.head(), 2 * CLICKS)
    begun = [
        (entry.position, entry.event.message)
        for entry in entries
        if isinstance(entry.event, LetterBegun)
    ]
    return [
        make_token(context.secrets.link_key, FIRST_LINK, position, message)
        for position, message in begun
    ]


def click(port: int, tokens: Sequence[str]) -> None:
    asyncio.run(_clicked(port, tokens))


async def _clicked(port: int, tokens: Sequence[str]) -> None:
    await answers(port, await buttons(port, tokens), CONNECTIONS)


def peak(pid: int) -> int:
    """In MB; where the system keeps no peak of a living process, what it holds now."""
    if sys.platform != "linux":
        return int(psutil.Process(pid).memory_info().rss) // 10**6
    said = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in said if line.startswith("VmHWM:")) * 1024 // 10**6
