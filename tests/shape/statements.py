"""How SQL is written: each query says why it is there, and none asks the database what time it
is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.shape.source import Finding, Source

# The desk works by the wall clock: leases (taken where the agenda is read), nonces and limits; a
# migration notes when it was made, programs are heard of, and a connection is asked for how long it
# has been silent.
WALL_CLOCK = (
    "engine/desk/",
    "engine/web/limits.sql",
    "projections/taking.sql",
    "engine/store/migrate.sql",
    "engine/store/release.sql",
    "engine/store/connecting.sql",
)

_NAME = re.compile(r"--\s*name:")
_WHY = re.compile(r"--\s*\S")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_CLOCK = re.compile(
    r"\b(now\s*\(\s*\)|(clock|statement|transaction)_timestamp\s*\(|current_(timestamp|date|time)\b|localtime(stamp)?\b)",
    re.IGNORECASE,
)


def each_query_says_why(source: Source) -> Iterator[Finding]:
    if not source.path.endswith(".sql"):
        return
    lines = [line.strip() for line in source.text.splitlines()]
    for number, line in enumerate(lines, start=1):
        after = lines[number] if number < len(lines) else ""
        if _NAME.match(line) and (not _WHY.match(after) or _NAME.match(after)):
            yield source.finding(number, "a named query without its line of why")


def engine_time_is_handed_in(source: Source) -> Iterator[Finding]:
    if not source.path.endswith(".sql") or source.inside(WALL_CLOCK):
        return
    bare = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), source.text)
    for found in _CLOCK.finditer(bare):
        line = bare.count("\n", 0, found.start()) + 1
        yield source.finding(line, f"{found[0]} reads the wall clock: hand the engine's time in")
