"""Running processes on all hosts: each says every few seconds that it lives and what troubles it.
All times are wall-clock.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from typing import cast

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
EXPIRY_SECONDS = 20
"""Seconds without a heartbeat after which a process is considered dead."""
LASTING = ""


class Processes:
    def __init__(self, database: Database) -> None:
        self.database = database

    def beat(
        self, identifier: str, parts: Collection[str], troubles: Mapping[str, str], clock: int = 0
    ) -> None:
        """This process lives, does these parts, and is troubled by these things (what → why, in
        words without anything personal). `clock`: by how many milliseconds its machine's clock is
        ahead of the database's.
        """
        values = {
            "id": identifier,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "parts": sorted(parts),
            "expires": EXPIRY_SECONDS,
            "clock": clock,
        }
        values |= {"whats": list(troubles), "whys": list(troubles.values())}
        with self.database.transaction() as connection:
            for name in ("beat", "succeed", "trouble", "over"):
                connection.execute(SQL[name], values)

    def leave(self, identifier: str) -> None:
        with self.database.transaction() as connection:
            connection.execute(SQL["leave"], {"id": identifier})
            connection.execute(SQL["over"], {"id": identifier, "whats": []})

    def complain(self, what: str, why: str) -> None:
        """A trouble that stays until `settled`, whichever process lives."""
        with self.database.connection() as connection:
            connection.execute(SQL["trouble"], {"id": LASTING, "whats": [what], "whys": [why]})

    def relieve(self, what: str) -> None:
        """The trouble is over."""
        with self.database.connection() as connection:
            connection.execute(SQL["relieve"], {"what": what})

    def settle(self) -> None:
        with self.database.connection() as connection:
            connection.execute(SQL["over"], {"id": LASTING, "whats": []})

    def all(self) -> list[tuple[list[str], str, int, float, float]]:
        """Parts, host, process id, uptime in seconds, and seconds since the last heartbeat."""
        with self.database.connection() as connection:
            return cast(
                list[tuple[list[str], str, int, float, float]],
                connection.execute(SQL["all"]).fetchall(),
            )

    def troubles(self) -> list[tuple[str, str, float]]:
        """What, why, and for how many seconds."""
        with self.database.connection() as connection:
            return cast(
                list[tuple[str, str, float]],
                connection.execute(SQL["troubles"], {"expires": EXPIRY_SECONDS}).fetchall(),
            )

    def forget(self) -> None:
        with self.database.transaction() as connection:
            connection.execute(SQL["forget"])
            connection.execute(SQL["forget_troubles"])
