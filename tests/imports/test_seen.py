"""What is remembered of the addresses of a file: exactly what was said first, in a fraction of what
a dictionary takes.
"""

from __future__ import annotations

import hashlib
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from engine.imports.seen import Seen
from tests.sizes import sized

NUMBERS = st.integers(-(2**63), 2**63 - 1)
HASHES = st.binary(min_size=32, max_size=32)
ALIKE = st.builds(
    lambda high, low: bytes(7) + bytes([high]) + bytes(7) + bytes([low]) + bytes(16),
    st.integers(0, 3),
    st.integers(0, 3),
)


def distinct(hashed: bytes) -> bytes:
    """What of a hash is looked at; the one value that stands for an empty place is taken for its
    neighbour.
    """
    return hashed[:8] + (hashed[8:16] if any(hashed[8:16]) else bytes(7) + b"\1")


@given(st.lists(st.tuples(st.one_of(HASHES, ALIKE), NUMBERS), max_size=60))
def test_it_answers_as_a_dictionary_would(said: list[tuple[bytes, int]]) -> None:
    seen, known = Seen(places=2), dict[bytes, int]()
    for hashed, content in said:
        assert (hashed in seen) == (distinct(hashed) in known)
        assert seen.first(hashed, content) == known.get(distinct(hashed))
        known.setdefault(distinct(hashed), content)
        assert len(seen) == len(known)
    assert all(seen.first(hashed, 0) == known[distinct(hashed)] for hashed, _ in said)


def test_a_row_takes_less_than_seventy_octets_however_many_there_are() -> None:
    for rows in (20_000, sized(40_000, 105_000)):
        hashes = [hashlib.sha256(str(number).encode()).digest() for number in range(rows)]
        tracemalloc.start()
        seen = Seen()
        assert all(seen.first(hashed, number) is None for number, hashed in enumerate(hashes))
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert all(seen.first(hashed) == number for number, hashed in enumerate(hashes))
        assert held < 70 * rows
