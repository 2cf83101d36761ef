"""What the long form found, kept for the benchmark's table where RELANCE_CHAOS_FOUND names a file
(`make chaos`: `bench/chaos.json`).
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from tests.chaos.installation import CONNECTIONS

FOUND = os.environ.get("RELANCE_CHAOS_FOUND", "")


def keep(kills: int, doubles: int) -> None:
    """Add a run in which nobody missed a letter to those before it. Two runs may end at once: the
    file is locked meanwhile.
    """
    if not FOUND:
        return
    with Path(FOUND).open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = json.loads(file.read() or "{}")
        so_far = {
            "kills": before.get("kills", 0) + kills,
            "lost": 0,
            "doubles": before.get("doubles", 0) + doubles,
            "connections": CONNECTIONS,
        }
        file.truncate(0)
        file.write(json.dumps(so_far) + "\n")
