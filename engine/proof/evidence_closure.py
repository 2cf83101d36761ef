"""Which pieces of evidence a person's facts commit to, directly or by way of another piece.
Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

DIGEST = re.compile(r"[0-9a-f]{64}")


def committed(
    facts: Iterable[bytes], held: Mapping[str, tuple[bytes, bytes]]
) -> dict[str, tuple[bytes, bytes]]:
    """Of the (salt, payload) that are held, those that `facts`, exact bytes of entries, lead to.
    Others belong to later facts, or to none.
    """
    found: dict[str, tuple[bytes, bytes]] = {}
    waiting = [digest for fact in facts for digest in _named(fact)]
    while waiting:
        digest = waiting.pop()
        if digest in held and digest not in found:
            found[digest] = held[digest]
            waiting += _named(held[digest][1])
    return dict(sorted(found.items()))


def _named(said: bytes) -> Iterator[str]:
    """Every text in it that is a SHA-256 in hexadecimal."""
    waiting: list[object] = [json.loads(said)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and DIGEST.fullmatch(each):
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
