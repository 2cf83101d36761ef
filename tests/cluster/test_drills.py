"""The short form of `make cluster`: two machines over one PostgreSQL with a standby. One machine
dies, is cut off, stands still; at last the database fails over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from engine.sending.send_batch import RECORD_SECONDS
from tests.cluster import drills
from tests.cluster.drills import Result, Strike
from tests.cluster.hosts import CONNECTIONS, PAUSE_SECONDS, Cluster
from tests.cluster.network import missing
from tests.elsewhere import program_folders
from tests.sizes import LONG

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LONG, reason="the drills of several hosts run in `make test-all`"),
]
PEOPLE = 250
"""So many that the machine that is left has letters to send until the other is back."""
ON_THE_WIRE = CONNECTIONS * (2 + math.ceil(RECORD_SECONDS / PAUSE_SECONDS))
"""Of one machine: of each connection the letter that is being answered and the one behind it, and
those whose answers are not recorded yet.
"""
GOES_ON_SECONDS = 10.0
"""The longest silence while another machine is away."""
RESUMES_SECONDS = 30.0
"""From the promotion of the standby to the end of the silence."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if why := missing() or ("" if program_folders() else "no PostgreSQL of Debian's is here"):
        pytest.skip(why)
    root = tmp_path_factory.mktemp("cluster")
    for folder in (root, *root.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    with Cluster(root, machines=2, parts=("run",)) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "strike"),
    [("killed", drills.killed), ("cutoff", drills.cut_off), ("paused", drills.paused)],
)
def test_a_machine_that_is_away_costs_nobody_a_letter_and_the_other_goes_on(
    cluster: Cluster, name: str, strike: Strike
) -> None:
    result = drills.drilled(cluster, name, PEOPLE, strike)
    _nobody_missed_and_none_came_twice(result)
    assert result.gap < GOES_ON_SECONDS, result
    assert any(line.startswith("vanished") for line in result.findings), result


def test_a_standby_that_is_promoted_is_gone_over_to(cluster: Cluster) -> None:
    cluster.pair.synchronous(True)
    result = drills.drilled(cluster, "promoted", PEOPLE, drills.fails_over)
    _nobody_missed_and_none_came_twice(result)
    assert result.resumed is not None and result.resumed < RESUMES_SECONDS, result


def _nobody_missed_and_none_came_twice(result: Result) -> None:
    assert result.missed == 0 and result.doubles == 0, result
    # In doubt is what was on the wire, and what each connection was about to begin.
    assert result.doubt - result.wire <= CONNECTIONS, result
    assert result.doubt <= ON_THE_WIRE, result
