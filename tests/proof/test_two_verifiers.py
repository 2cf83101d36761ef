"""Two readings of docs/format.md, `verify.py` and a verifier written from the page alone: over
random lives, and over what is tampered with, they say the same of the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.ledger.codec import Encoded, canonical
from engine.proof import verify
from tests.given import flat
from tests.proof.independent import rule
from tests.proof.test_the_rule import LINES, SCENARIOS, STREAM, Told

Plain = dict[str, object]
"""An entry as JSON has it."""


def in_verify(life: Sequence[bytes]) -> list[tuple[str, int]]:
    """The lines that verify.py finds broken, with positions."""
    replay, broken = verify.Replay(), []
    for position, octets in enumerate(life, 1):
        fact = verify.parse_entry(position, octets)
        lines = verify.LINES_ABOUT.get(verify.subject(fact), verify.LINES_ABOUT["any"])
        broken += [(line.id, position) for line in lines if not line.holds(replay, fact)]
        replay.apply(fact)
        after = [line for line in verify.AFTERWARDS if not line.holds(replay, fact)]
        broken += [(line.id, position) for line in after]
    return broken


def by_the_page(life: Sequence[bytes]) -> list[tuple[str, int]]:
    person, broken = rule.Person(), []
    for position, octets in enumerate(life, 1):
        lines = person.broken(rule.read_entry(position, octets))
        broken += [(line, position) for line in lines]
    return broken


def agreed(life: Sequence[bytes]) -> list[tuple[str, int]]:
    found = in_verify(life)
    assert found == by_the_page(life), b"\n".join(life).decode()
    return found


def stored(facts: Sequence[Told]) -> list[bytes]:
    return [
        Encoded(STREAM, fact.event, fact.cause, fact.recorded).at_version(version)
        for version, fact in enumerate(facts, 1)
    ]


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_forbids_breaks_that_line_in_both(line: str) -> None:
    for life in (SCENARIOS[line].forbidden, SCENARIOS[line].allowed):
        facts = [*map(Told, flat([life.history])), life.fact]
        octets = [_plain(fact, version) for version, fact in enumerate(facts, 1)]
        broken = agreed(octets)
        assert (line, len(octets)) in broken or life is SCENARIOS[line].allowed
        assert {position for _, position in broken} <= {len(octets)}


def _plain(fact: Told, version: int) -> bytes:
    """Also of what the engine refuses to encode."""
    entry = fact.entry()
    return canonical(
        {
            "at": entry.at,
            "cause": entry.cause,
            "data": entry.data,
            "name": entry.name,
            "recorded_at": entry.recorded_at,
            "stream": STREAM,
            "v": 1,
            "version": version,
        }
    )
