"""What is wrong with the keys that sign letters, as `check` and `status` ask. Apart from the keys:
where nothing is signed, nothing of what makes and reads keys is brought in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.config import Config
from engine.sending.stream_settings import STREAMS

if TYPE_CHECKING:
    from engine.sending.dkim_keys import KeyFault


def signing_faults(config: Config, at: int) -> Iterator[KeyFault]:
    """Those of every stream that signs, from the files alone. `at` is in seconds."""
    if any(config.identity(stream).dkim.domain for stream in STREAMS):
        from engine.sending.dkim_keys import key_faults

        yield from key_faults(config, at)
