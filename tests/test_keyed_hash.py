"""A keyed hash is the standard library's HMAC-SHA-256, whatever the key and the message."""

from __future__ import annotations

import hmac

from hypothesis import example, given
from hypothesis import strategies as st

from engine.keyed_hash import KeyedHash, keyed_hash


@given(
    st.binary(max_size=130),
    st.binary(max_size=130),
    st.lists(st.binary(max_size=300), min_size=1, max_size=3),
)
@example(b"k" * 64, b"", [b""])
@example(b"k" * 65, b"p" * 64, [b"m" * 64, b"m" * 64])
def test_each_message_has_the_digest_of_the_standard_library(
    key: bytes, prefix: bytes, messages: list[bytes]
) -> None:
    hashed = KeyedHash(key, prefix)
    for message in messages:
        assert hashed.digest(message) == hmac.digest(key, prefix + message, "sha256")


def test_the_same_key_is_not_the_same_hash_for_another_use() -> None:
    assert keyed_hash(b"key", b"one\0").digest(b"") != keyed_hash(b"key", b"two\0").digest(b"")
