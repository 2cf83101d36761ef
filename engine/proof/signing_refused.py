"""Why nothing is signed: what is wrong, and what to do."""

from __future__ import annotations

from engine.words import WordedError


class SigningRefused(WordedError):
    """Neither key nor tree is what the ledger says."""
