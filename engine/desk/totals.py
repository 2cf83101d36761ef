"""Numbers that only grow, for a monitor: what the processes of an installation have done since its
desk was made. Where the desk was lost they begin at 0 again. They name nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

TotalName = Literal[
    "begun", "outcome", "delay", "delay_ms", "visit", "presumed_human", "taken", "refused"
]
"""begun: letters that senders have begun, each try. outcome: what came of them, by
engine.sending.outcome_tally.Outcome. delay: letters accepted, by the bound of DELAY_BOUNDS that
their delay is within ("" beyond the last); delay_ms: the sum of these delays. visit,
presumed_human: visits to links of letters, by the kind of engine.desk.desk.VisitCell. taken,
refused: calls, by webhook.
"""
DELAY_BOUNDS = (1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400)
"""Seconds of the engine's time."""
_BOUNDS_MS = [bound * 1000 for bound in DELAY_BOUNDS]


class Total(NamedTuple):
    name: TotalName
    label: str = ""


def delay_totals(at: int, dues: Sequence[int]) -> Counter[Total]:
    """What letters that were due at `dues` and accepted at `at` (ms, engine time) add."""
    delays = [max(0, at - due) for due in dues]
    within = Counter(bisect_left(_BOUNDS_MS, delay) for delay in delays)
    labels = (*map(str, DELAY_BOUNDS), "")
    counts = Counter({Total("delay", labels[bound]): n for bound, n in within.items()})
    return counts + Counter({Total("delay_ms"): sum(delays)})
