"""What every parser and verifier of this room raises, and nothing else. Pure."""

from __future__ import annotations


class ProofRefused(ValueError):
    """What cannot be believed, as a sentence: which part, and why."""
