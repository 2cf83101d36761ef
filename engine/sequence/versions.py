"""Which version of a letter somebody gets: drawn by a hash that anybody can compute again, so that
it is the same on every machine, in every replay, and in later editions that go on with the trial.
Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from engine.sequence.model import HOLDOUT, Letter, Plan

DOMAIN = "relance version"
Arms = tuple[tuple[str, int], ...]
"""Each version with its share of a hundred, in the order in which they are drawn."""


def arm_of(arms: Arms, letter: str, since: int, subscriber: str) -> str:
    """The version that `subscriber` gets of a letter (its letter_ref), in the trial that began with
    edition `since`; "" where nothing is tried.

    The first eight octets of the SHA-256 of DOMAIN, letter, edition and subscriber (four lines,
    without a line end) are a number; its remainder by a hundred is drawn from the shares.
    """
    if not arms:
        return ""
    digest = hashlib.sha256(f"{DOMAIN}\n{letter}\n{since}\n{subscriber}".encode()).digest()
    drawn = int.from_bytes(digest[:8], "big") % 100
    for name, share in arms:
        if drawn < share:
            return name
        drawn -= share
    return arms[-1][0]


def all_in(letter: Letter, name: str) -> Letter:
    """The letter with everybody in one version: in itself, where it has none of that name."""
    versions = tuple(
        replace(version, share=100) for version in letter.versions if version.id == name
    )
    return replace(letter, versions=versions, holdout=100 if name == HOLDOUT else 0)


def plan_in(plan: Plan, name: str) -> Plan:
    """The plan with everybody in one version of each letter."""
    lists = {
        number: replace(listed, letters=tuple(all_in(letter, name) for letter in listed.letters))
        for number, listed in plan.lists.items()
    }
    broadcasts = {
        one.id: replace(one, letter=all_in(one.letter, name)) for one in plan.broadcasts.values()
    }
    return replace(plan, lists=lists, broadcasts=broadcasts)
