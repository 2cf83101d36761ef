"""Time stamps of others over checkpoints (RFC 3161): what is asked of the server, and whether its
answer is a stamp. The one door to `openssl ts`.

A stamp bounds from above when the checkpoint, and all it covers, was there (F16). It is asked for
with a nonce and the server's certificates (F10). The command is what an auditor reads stamps with,
so what is taken here is what holds there; stricter libraries refuse the answers of the many servers
that are made with it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from engine.proof.errors import ProofRefused
from engine.proof.store import SQL, SignedCheckpoint, signed_of
from engine.store.database import Database

MAX_BYTES = 1_000_000

CONTENT_TYPE = "application/timestamp-query"
OPENSSL_SECONDS = 30
_TIME = re.compile(
    r"^Time stamp: ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE
)
_END = re.compile(
    r"^notAfter=([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4}) GMT$", re.MULTILINE
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
_REASON = re.compile(r"^Status description: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """`response` is the server's whole answer (DER, as `openssl ts` reads it); `at` the time it
    states, `until` when the first certificate in it expires, both in ms since 1970 UTC.
    """

    response: bytes
    at: int
    until: int


def question(checkpoint: bytes) -> bytes:
    """What is sent to the server (DER): the SHA-256 of a signed note, and a nonce. Raises
    ProofRefused where there is no `openssl`.
    """
    with _folder() as folder:
        (folder / "checkpoint").write_bytes(checkpoint)
        done = _openssl(
            folder, "ts", "-query", "-data", "checkpoint", "-sha256", "-cert", "-out", "query.tsq"
        )
        if done.returncode:
            raise ProofRefused(
                "`openssl ts` cannot ask for a time stamp: is it OpenSSL 1.1 or newer?"
            )
        return (folder / "query.tsq").read_bytes()


def accepted(response: bytes, query: bytes, checkpoint: bytes, roots: bytes) -> Stamp:
    """The stamp in a server's answer to `query`. Raises ProofRefused with what is wrong: refused,
    another checkpoint's, another question's, or not signed by one of `roots` (PEM).
    """
    if len(response) > MAX_BYTES:
        raise ProofRefused(f"the answer is longer than {MAX_BYTES} bytes")
    with _folder() as folder:
        for name, octets in (
            ("reply.tsr", response),
            ("query.tsq", query),
            ("checkpoint", checkpoint),
            ("roots.pem", roots),
        ):
            (folder / name).write_bytes(octets)
        read = _openssl(folder, "ts", "-reply", "-in", "reply.tsr", "-text")
        if read.returncode:
            raise ProofRefused("the answer is no time-stamp response (RFC 3161)")
        if "Status: Granted." not in read.stdout.splitlines():
            reason = _REASON.search(read.stdout)
            raise ProofRefused(
                f"the server did not grant it: {reason[1] if reason else 'no reason given'}"
            )
        for what, *rest in (
            ("question", "-queryfile", "query.tsq"),
            ("checkpoint", "-data", "checkpoint"),
        ):
            held = _openssl(
                folder, "ts", "-verify", "-in", "reply.tsr", "-CAfile", "roots.pem", *rest
            )
            if held.returncode:
                raise ProofRefused(f"the stamp does not hold for this {what}: {_why(held.stderr)}")
        return Stamp(response, _stated(read.stdout), _until(folder))


def _stated(text: str) -> int:
    time_line = _TIME.search(text)
    if time_line is None:
        raise ProofRefused("the stamp states no time")
    return _instant(time_line)


def _until(folder: Path) -> int:
    """When the first of the certificates in the answer expires: from then on its signature holds
    only as of its own time (F10).
    """
    taken = _openssl(folder, "ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der")
    listed = _openssl(folder, "pkcs7", "-inform", "DER", "-in", "token.der", "-print_certs")
    ends = []
    for certificate in _CERTIFICATE.findall(listed.stdout):
        (folder / "one.pem").write_text(certificate)
        end_line = _END.search(
            _openssl(folder, "x509", "-in", "one.pem", "-noout", "-enddate").stdout
        )
        if end_line is not None:
            ends.append(_instant(end_line))
    if taken.returncode or listed.returncode or not ends:
        raise ProofRefused(
            "the stamp holds no certificate of its server, though it was asked for: nobody could"
            " verify it later"
        )
    return min(ends)


def _instant(match: re.Match[str]) -> int:
    moment = datetime.strptime(
        f"{match[1]} {match[2]} {match[3]} {match[4]}", "%b %d %H:%M:%S %Y"
    ).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _why(output: str) -> str:
    """The reason in the last line of OpenSSL's that has one."""
    reasons = [line.split(":")[5] for line in output.splitlines() if line.count(":") >= 6]
    return reasons[-1] if reasons else "its certificate is not known here"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="relance-stamp-") as name:
        yield Path(name)


def _openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        command = ["openssl", *arguments]
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            timeout=OPENSSL_SECONDS,
            check=False,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProofRefused(
            "the program `openssl` cannot be run here: install it, time stamps are read with it"
        ) from error


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """`response` is the server's whole answer (DER), `roots` the certificates it was held against
    (PEM). `stamped_at` is the time it states, `holds_until` when the first certificate in it
    expires; both ms since 1970 UTC, by the server's clock.
    """

    origin: str
    size: int
    response: bytes
    roots: bytes
    stamped_at: int
    holds_until: int


class Stamps:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, stamp: KeptStamp) -> None:
        """Harmless when it is there."""
        values = {
            "origin": stamp.origin,
            "size": stamp.size,
            "response": stamp.response,
            "roots": stamp.roots,
        }
        with self.database.connection() as connection:
            connection.execute(
                SQL["add_stamp"],
                values | {"stamped_at": stamp.stamped_at, "holds_until": stamp.holds_until},
            )

    def of(self, origin: str, size: int) -> list[KeptStamp]:
        """Those over one checkpoint, the earliest first."""
        return list(self._asked("stamps_of", origin=origin, size=size))

    def last(self) -> KeptStamp | None:
        return next(self._asked("last_stamp"), None)

    def first_times(self) -> dict[tuple[str, int], int]:
        """When each checkpoint that was stamped first was (ms), by origin and size."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["stamped"]).fetchall()
        return {(str(origin), int(size)): int(at) for origin, size, at in rows}

    def ending(self, before: int, limit: int) -> list[SignedCheckpoint]:
        """Checkpoints whose every stamp ends before an instant, the most urgent first."""
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            return list(
                signed_of(
                    cursor.execute(SQL["ending"], {"before": before, "limit": limit}).fetchall()
                )
            )

    def _asked(self, statement: str, **values: object) -> Iterator[KeptStamp]:
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(SQL[statement], values).fetchall()
        for origin, size, response, roots, stamped_at, holds_until in cast(
            Iterable[tuple[str, int, bytes, bytes, int, int]], rows
        ):
            yield KeptStamp(origin, size, bytes(response), bytes(roots), stamped_at, holds_until)


def best(stamps: Iterable[KeptStamp], now: int) -> KeptStamp | None:
    """What is handed over: of those that still hold the earliest, which bounds best; where none
    does, the last to end. Pure.
    """
    by_age = sorted(stamps, key=lambda stamp: stamp.stamped_at)
    holding = [stamp for stamp in by_age if stamp.holds_until > now]
    return holding[0] if holding else max(by_age, key=lambda stamp: stamp.holds_until, default=None)
