"""One process of a measured installation: `python -m bench.worker FOLDER send|follow|web|empty [PORT]`. Says "ready", works until SIGTERM.

What `relance send`, `follow` and `web` do, without their command line; `empty` serves a page with nothing on it through the same server.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path

import uvloop
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from engine.app import open_house
from engine.gathering import Gatherer
from engine.house import House
from engine.ledger.store import CHANNEL
from engine.sending.send import Sender, relay_settings
from engine.web.serve import serve
from engine.web.site import make_site


def ready() -> None:
    print("ready", flush=True)


async def _until_told(work: Awaitable[None], stop: asyncio.Event) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await work


async def _send(house: House, stop: asyncio.Event) -> None:
    sender = Sender(house, relay_settings(house.config, 0))
    sending = asyncio.create_task(sender.run())
    ready()
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([sending, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    sender.stop()
    await sending


async def _follow(house: House, stop: asyncio.Event) -> None:
    with house.database.listen(CHANNEL) as listening:
        ready()
        while not stop.is_set():
            while await asyncio.to_thread(house.views.follow) and not stop.is_set():
                pass
            await asyncio.to_thread(lambda: list(listening.notifies(timeout=0.2, stop_after=1)))


async def _web(house: House, port: int, stop: asyncio.Event) -> None:
    gatherer = Gatherer(house.decisions)
    try:
        await serve(make_site(house, gatherer), "127.0.0.1", port, (), ready, stop)
    finally:
        gatherer.close()


async def _empty(port: int, stop: asyncio.Event) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.api_route("/", methods=["GET", "POST"])
    async def page() -> HTMLResponse:
        return HTMLResponse("")

    await serve(app, "127.0.0.1", port, (), ready, stop)


def main(folder: str, part: str, port: str = "0") -> None:
    stop = asyncio.Event()
    if part == "empty":
        return uvloop.run(_until_told(_empty(int(port), stop), stop))
    with open_house(Path(folder)) as house:
        work = {"send": lambda: _send(house, stop), "follow": lambda: _follow(house, stop), "web": lambda: _web(house, int(port), stop)}[part]
        uvloop.run(_until_told(work(), stop))
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
