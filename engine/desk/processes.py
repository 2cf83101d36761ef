"""Running processes on all hosts: each says every few seconds that it lives and what troubles it.
All must agree on the secrets and the time of the database; one that differs is refused before it
has done anything. All times are wall-clock.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from engine import __version__
from engine.desk.clock import wall_now
from engine.store.connecting import connect
from engine.store.database import Database
from engine.store.release import NewerDatabase, refuse_newer
from engine.store.sql import beside
from engine.words import N_, WordedError

SQL = beside(__file__)
EXPIRY_SECONDS = 20
"""Seconds without a heartbeat after which a process is considered dead."""
GAP_SECONDS = 12
"""Seconds between two heartbeats within which a process has been heard all the time."""
LASTING = ""
STANDS = "stands"
"""What the trouble of a loop that stands still begins with; a colon and its part follow."""


class Beating(NamedTuple):
    """A process, its uptime and the seconds since its last heartbeat."""

    parts: list[str]
    host: str
    pid: int
    since: float
    seen: float
    version: str


class Processes:
    def __init__(self, database: Database) -> None:
        self.database = database

    def beat(
        self, identifier: str, parts: Collection[str], troubles: Mapping[str, str], clock: int = 0
    ) -> None:
        """This process lives, does these parts, and is troubled by these things (what → why, in
        words without anything personal). `clock`: by how many milliseconds its machine's clock is
        ahead of the database's. Raises Disagreement where programs of this release are refused by
        now.
        """
        values = {
            "id": identifier,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "parts": sorted(parts),
            "expires": EXPIRY_SECONDS,
            "clock": clock,
            "gap": GAP_SECONDS,
            "version": __version__,
        }
        values |= {"whats": list(troubles), "whys": list(troubles.values())}
        with self.database.connection() as connection:
            row = connection.execute(SQL["beat"], values).fetchone()
        try:
            refuse_newer(str(row[0]) if row is not None and row[0] else __version__)
        except NewerDatabase as error:
            raise Disagreement(error.words.message, **dict(error.words.values)) from error

    def stands(self, identifier: str, troubles: Mapping[str, str]) -> None:
        """One of its loops does not move: what troubles it is said, and no beat is heard."""
        values = {"id": identifier, "whats": list(troubles), "whys": list(troubles.values())}
        with self.database.transaction() as connection:
            for name in ("trouble", "over"):
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

    def all(self) -> list[Beating]:
        with self.database.connection() as connection:
            return [Beating(*row) for row in connection.execute(SQL["all"]).fetchall()]

    def troubles(self) -> list[tuple[str, str, float]]:
        """What, why, and for how many seconds. Of views those that this release follows."""
        with self.database.connection() as connection:
            return cast(
                list[tuple[str, str, float]],
                connection.execute(
                    SQL["troubles"], {"expires": EXPIRY_SECONDS, "version": __version__}
                ).fetchall(),
            )

    def forget(self) -> None:
        with self.database.transaction() as connection:
            connection.execute(SQL["forget"])
            connection.execute(SQL["forget_troubles"])


CLOCK_TOLERANCE_MILLIS = 2000
"""By how many milliseconds of wall time a machine's clock may differ from the database's."""
CLOCK_READINGS = 3
REPLACEABLE = ("link.key", "nonce.key")
"""With another pepper, suppressed addresses would no longer be recognised."""


ANOTHER = N_(
    "{file} is not the secret this database was begun with: copy data/secrets from a machine that"
    " runs on it, or from where you keep it apart; nothing was changed"
)
ANOTHER_REPLACEABLE = N_(
    "{file} is not the secret this database was begun with: copy data/secrets from a machine that"
    " runs on it, or from where you keep it apart; if you have replaced it on purpose: `relance"
    " accept-secret {name}`; nothing was changed"
)


class Disagreement(WordedError):
    """A secret or the clock of this machine differs from that of the others: which one, and what to
    do.
    """


def check_secrets(database: Database, fingerprints: Mapping[str, str], folder: Path) -> None:
    """The first process on a database stores fingerprints of its secrets; all others must have the
    same. Raises Disagreement.
    """
    with database.connection() as connection:
        known = dict(connection.execute(SQL["secrets"]).fetchall())
        if not fingerprints.keys() <= known.keys():
            values = {"names": list(fingerprints), "fingerprints": list(fingerprints.values())}
            connection.execute(SQL["know_secrets"], values)
            known = dict(connection.execute(SQL["secrets"]).fetchall())
    _compare(known, fingerprints, folder)


def accept_secret(owner: str, name: str, fingerprints: Mapping[str, str], folder: Path) -> None:
    """`name`, one of REPLACEABLE, replaces the former secret. Raises Disagreement if another secret
    differs; then nothing is changed.
    """
    with connect(owner) as connection, connection.transaction():
        connection.execute(SQL["accept_secret"], {"name": name, "fingerprint": fingerprints[name]})
        _compare(dict(connection.execute(SQL["secrets"]).fetchall()), fingerprints, folder)


def _compare(known: Mapping[str, str], fingerprints: Mapping[str, str], folder: Path) -> None:
    for name, fingerprint in fingerprints.items():
        if known.get(name, fingerprint) != fingerprint:
            another = ANOTHER_REPLACEABLE if name in REPLACEABLE else ANOTHER
            raise Disagreement(another, file=str(folder / name), name=name)


def check_clock(database: Database) -> int:
    """By how many milliseconds this machine's clock is ahead, if that is tolerable. Raises
    Disagreement.
    """
    ahead, unsure = _looked(database)
    for _ in range(CLOCK_READINGS):
        if not _differs(ahead, unsure):
            return ahead
        # The reading with the shortest round trip counts: a busy machine may have been suspended
        # within another.
        ahead, unsure = min((ahead, unsure), _looked(database), key=lambda look: look[1])
    if _differs(ahead, unsure):
        host = socket.gethostname()
        with database.connection() as connection:
            rows = connection.execute(
                SQL["clocks"], {"host": host, "expires": EXPIRY_SECONDS}
            ).fetchall()
        raise clock_differs(host, ahead, {str(other): int(clock) for other, clock in rows})
    return ahead


def clock_differs(host: str, ahead: int, others: Mapping[str, int]) -> Disagreement:
    """Which clock is wrong, as far as it can be known: `ahead` and, for each other machine, by how
    many milliseconds its clock is ahead of the database's.
    """
    seconds = f"{ahead / 1000:+,.0f}"
    with_us = sorted(
        other for other, clock in others.items() if abs(clock - ahead) <= CLOCK_TOLERANCE_MILLIS
    )
    with_database = sorted(
        other for other, clock in others.items() if abs(clock) <= CLOCK_TOLERANCE_MILLIS
    )
    if len(with_database) > len(with_us):
        return Disagreement(
            N_(
                "the clock of this machine ({host}) differs by {seconds} s from the database's, and"
                " the others ({others}) agree with the database: set this machine's clock right and"
                " start again"
            ),
            host=host,
            seconds=seconds,
            others=", ".join(with_database),
        )
    if len(with_us) > len(with_database):
        return Disagreement(
            N_(
                "the clock of this machine ({host}) differs by {seconds} s from the database's, and"
                " the others ({others}) agree with this machine: set the clock of the database's"
                " machine right and start again"
            ),
            host=host,
            seconds=seconds,
            others=", ".join(with_us),
        )
    return Disagreement(
        N_(
            "the clock of this machine ({host}) differs by {seconds} s from the database's: set the"
            " one that is wrong right and start again"
        ),
        host=host,
        seconds=seconds,
    )


def _differs(ahead: int, unsure: int) -> bool:
    return abs(ahead) - unsure > CLOCK_TOLERANCE_MILLIS


def _looked(database: Database) -> tuple[int, int]:
    """By how much this machine's clock is ahead, and the uncertainty: half of the round trip
    (ms).
    """
    with database.connection() as connection:
        begun, told = time.monotonic(), wall_now()
        (there,) = connection.execute(SQL["now"]).fetchone() or (told,)
        half = round((time.monotonic() - begun) * 500)
    return told + half - int(there), half
