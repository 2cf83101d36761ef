"""A commitment is the salted hash of canonical JSON (E06, F15): the same whoever wrote it, with
whichever program.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vault.evidence import evidence

SALT = b"\x33" * 32
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


def test_the_vector_of_the_standard() -> None:
    kept = evidence(SALT, {"v": 1, "type": "ConsentGiven"})
    assert kept.payload == b'{"type":"ConsentGiven","v":1}'
    assert (
        kept.commitment.hex() == "0fa38dd27f9c8ff0b4f6f3369938e4d0c162395f157b31b659edd87eda9b153a"
    )


@given(st.dictionaries(TEXTS, VALUES, max_size=6))
def test_the_payload_is_canonical_json_as_python_writes_it_too(said: dict[str, object]) -> None:
    plainly = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    kept = evidence(SALT, said)
    assert kept.payload == plainly
    assert kept.commitment == hashlib.sha256(b"commit/v1\0" + SALT + plainly).digest()


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        evidence(b"\x33" * 31, {})
