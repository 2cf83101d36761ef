"""`python -m bench.empty PORT`: a page with nothing on it, by the framework and the server that
also serve ours. Ends with SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from engine.web.server import serve


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/")
    async def page() -> HTMLResponse:
        return HTMLResponse("")

    await serve(app, "127.0.0.1", port, (), lambda: print("ready", flush=True), stop)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
