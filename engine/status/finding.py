"""What is wrong, as a value. Apart from findings.py, which says what is found of some subjects and
gathers those of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from engine.frozen import dataclass

Level = Literal["stopped", "stuck", "notice"]
WRONG: frozenset[Level] = frozenset({"stopped", "stuck"})


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: stopped (something does not go on), stuck (something waits for a person), notice
    (good to know).
    """

    code: str
    level: Level
    what: str
    remedy: str
    values: Mapping[str, object] = field(default_factory=dict)


def is_well(told: Iterable[Finding]) -> bool:
    return not any(finding.level in WRONG for finding in told)
