"""The newest signed checkpoint, for who asks many times a second: one question to the database
answers for some seconds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from engine.proof.errors import ProofRefused
from engine.proof.signer import SigningRefused
from engine.proof.store import SignedCheckpoint
from engine.secret_files import SecretMissing

log = logging.getLogger("relance.proof")
CACHE_SECONDS = 10.0
SIGNING_SECONDS = 5.0
"""How long after one signature on demand a process asks for the next."""
MAX_BEHIND = 20_000
"""Entries for which the tree is not waited for: it grows by so many in about a second."""
REFUSED_SECONDS = 600.0
"""How long a process that cannot sign leaves it to others."""


class CheckpointSource(Protocol):
    """The tree, as far as the newest checkpoint is concerned."""

    def latest(self) -> SignedCheckpoint | None: ...

    def recorded_until(self, signed: SignedCheckpoint) -> int:
        """When the last entry that it covers was recorded (ms, engine time)."""

    def behind(self) -> int:
        """How many entries the tree does not hold yet."""

    def sign_now(self) -> SignedCheckpoint: ...


class CachedCheckpoint:
    """Called, it gives the signed note, b"" where nothing is signed yet. `clock` counts seconds
    from anywhere. Not for several threads at once.
    """

    def __init__(
        self, source: CheckpointSource, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._clock = source, clock
        self._newest: SignedCheckpoint | None = None
        self._until = 0
        self._read_again = self._sign_again = clock()

    def __call__(self) -> bytes:
        if self._clock() >= self._read_again:
            self._take(self._source.latest())
        return self._newest.note if self._newest is not None else b""

    def cover(self, since: int) -> None:
        """Have a checkpoint signed over what was recorded at `since` (ms, engine time) where the
        newest ends before that. Left undone where none was ever signed, where this process signed
        one a moment ago, where the tree is far behind, or where it cannot sign: the next signature
        covers it then.
        """
        if not self() or since < self._until or self._clock() < self._sign_again:
            return
        # Another process may have signed meanwhile.
        self._take(self._source.latest())
        if since < self._until:
            return
        self._sign_again = self._clock() + SIGNING_SECONDS
        try:
            if self._source.behind() <= MAX_BEHIND:
                self._take(self._source.sign_now())
        except (SigningRefused, SecretMissing, ProofRefused, OSError) as error:
            self._sign_again = self._clock() + REFUSED_SECONDS
            log.info("letters carry the checkpoints that others sign", extra={"why": str(error)})

    def _take(self, newest: SignedCheckpoint | None) -> None:
        if newest is not None and newest != self._newest:
            self._until = self._source.recorded_until(newest)
        self._newest = newest
        self._read_again = self._clock() + CACHE_SECONDS
