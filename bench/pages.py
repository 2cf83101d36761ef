"""The console's pages over many people: each one that an operator may see, asked over HTTP of a
running `relance console`, against a page of it on which there is nothing.
"""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple

from bench.ground import GB, KB, SPARE, NoRoom
from bench.processes import free_port, listening, relance, running
from bench.processor import Used
from bench.readership import YEAR, Readership, readership
from bench.server import server
from bench.sizes import Size
from bench.table import Row, Watch
from engine.console.application import page_routes
from tests.console.walk import addresses

GOAL = 200
TIMES = 5
SHOWN = 10
EMPTY, UNKNOWN_FILE = "/no-such-page", "/static/0/none.css"
"""The second is answered as soon as anything is."""
MOST_ALIKE = 4
"""Links of pages are followed, so many to pages of one kind."""
COUNTED_BESIDE = ("/results/s", "/results/trials", "/segments", "/people")
"""What they show of everybody is counted for minutes beside them, so they are asked last."""
BYTES = 9 * KB
"""Of disk, for one of these people."""
_LINK = re.compile(rb'href="(/[^"#]*)')


class Asked(NamedTuple):
    """Milliseconds: the median by the wall, and what one answer takes of the processor, the
    server's and PostgreSQL's.
    """

    address: str
    wall: float
    processor: float


def measure(size: Size) -> list[Row]:
    people, port = size.pick(2_000, 50_000, 1_000_000), free_port()
    needed, free = people * BYTES + SPARE, shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        raise NoRoom(f"{people:,} people need {needed / GB:.0f} GB, and {free / GB:.0f} are free")
    with (
        server() as place,
        readership(place, "readership", people, port) as read,
        running(relance(read.here.folder, "console"), says_ready=False) as process,
    ):
        listening(port, process)
        console = Console(port, read.token)
        console.get(UNKNOWN_FILE)
        with Watch() as first:
            console.get("/")
        found = asked(console, read)
    return rows(found, 1000 * first.seconds, f"{people:,} people")


def rows(found: Sequence[Asked], first: float, of: str) -> list[Row]:
    """The slowest page, all together, and the first page after a start; the ten slowest are
    printed.
    """
    (empty,) = (one for one in found if one.address == EMPTY)
    slowest = sorted(found, key=lambda one: -one.wall)
    for one in slowest[:SHOWN]:
        told = f"{one.wall:7.1f} ms {one.wall / empty.wall:6.1f} times an empty page"
        print(f"{told} {one.processor:7.1f} ms of processor  {one.address}", file=sys.stderr)
    typical = statistics.median(one.wall for one in found)
    measured = (
        (f"the slowest of {len(found)} pages, {of}: {slowest[0].address}", slowest[0].wall),
        (f"half of the pages, {of}", typical),
        (f"the first page after a start, {of}", first),
    )
    return [
        Row(
            name,
            round(figure, 1),
            "ms",
            round(empty.wall, 1),
            round(figure / empty.wall, 1),
            GOAL,
            at_most=True,
            of="figure",
        )
        for name, figure in measured
    ]


def asked(console: Console, read: Readership) -> list[Asked]:
    """Every page of the walk, and those that they lead to; each asked once, then five times."""
    found = []
    for address in sorted(reachable(console, read), key=lambda one: one.startswith(COUNTED_BESIDE)):
        walls = []
        with Used(read.here.data) as used:
            for _ in range(TIMES):
                with Watch() as watch:
                    console.get(address)
                walls.append(1000 * watch.seconds)
        found.append(Asked(address, statistics.median(walls), 1000 * used.seconds / TIMES))
    return found


def reachable(console: Console, read: Readership) -> list[str]:
    context = read.here.context
    kinds = [
        re.compile(re.sub(r"\{\w+:path\}", ".+", re.sub(r"\{\w+\}", "[^/]+", route.path)))
        for route in page_routes(context)
        if route.method == "GET"
    ]
    alike: dict[tuple[object, ...], int] = {}
    waiting = [
        *addresses(context, read.somebody),
        f"/people/{read.old}",
        f"/d/{YEAR}",
        *(f"/results?weeks={weeks}&by={by}" for weeks in (52, 0) for by in ("letter", "week")),
        "/results/joined?weeks=52",
    ]
    known = []
    for address in waiting:
        if address in known:
            continue
        known.append(address)
        for link in console.links(address):
            path, _, query = link.partition("?")
            kind = next((kind for kind in kinds if kind.fullmatch(path)), None)
            if kind is None or link in waiting:
                continue
            names = (kind, *sorted(part.partition("=")[0] for part in query.split("&")))
            alike[names] = alike.get(names, 0) + 1
            if alike[names] <= MOST_ALIKE:
                waiting.append(link)
    return known


@dataclass(frozen=True, slots=True)
class Console:
    """The console at a loopback port, asked as who has the session of `token`."""

    port: int
    token: str

    def get(self, address: str) -> bytes:
        """What is answered, refusals too. Raises RuntimeError for a failure of the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {
            "Host": f"localhost:{self.port}",
            "Cookie": f"relance-console-{self.port}={self.token}",
            "Accept-Language": "fr",
        }
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= 500 or answer.getheader("Location", "").startswith("/sign-in"):
            raise RuntimeError(f"{address} was answered with {answer.status}")
        return body

    def links(self, address: str) -> list[str]:
        return [unescape(link.decode()) for link in _LINK.findall(self.get(address))]
