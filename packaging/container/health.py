"""Asks this container's own /health, at the port that config.toml gives the pages: status 0
while it answers 200. The standard library alone, since it is asked every half minute.

Containers of a part that serves no pages (`send`, `follow`) are without a health check.
"""

from __future__ import annotations

import os
import sys
import tomllib
import urllib.request
from pathlib import Path

SECONDS = 4


def main() -> int:
    with Path("config.toml").open("rb") as file:
        web = tomllib.load(file).get("web", {})
    host = os.environ.get("RELANCE_WEB_HOST") or web.get("host", "127.0.0.1")
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
        host, f"[{host}]" if ":" in host else host
    )
    # No proxy stands between a container and itself.
    asking = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with asking.open(
            f"http://{reached}:{web.get('port', 8080)}/health", timeout=SECONDS
        ) as told:
            return 0 if told.status == 200 else 1
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
