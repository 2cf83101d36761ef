"""`python -m tests.cluster [--people N] [--parts run] [DRILL ...]`: the drills, all or those that
are named, and a table of what came of them. It ends by itself within the hour.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import drills
from tests.cluster.databases import Pair, PatroniPair
from tests.cluster.drills import Result, Strike
from tests.cluster.hosts import PARTS, PAUSE_SECONDS, Cluster
from tests.cluster.network import missing

ON_ONE_CLUSTER: dict[str, Strike] = {
    "nothing": drills.nothing,
    "killed": drills.killed,
    "killed-at-speed": drills.killed,
    "cut-off": drills.cut_off,
    "unanswered": drills.unanswered,
    "paused": drills.paused,
    "hung": drills.hung,
    "clock": drills.clock_jumps,
    "promoted": drills.fails_over,
}
"""One after the other on one cluster, whose standby is promoted by hand at last."""
BY_PATRONI: dict[str, Strike] = {
    "patroni": drills.fails_over,
    "patroni-late": drills.fails_over_late,
}
"""The first with synchronous commit, the second without: five seconds of the log are lost."""
FAST_SECONDS = 0.01
"""How long the mail server thinks where letters leave at speed: many are claimed at once."""
MAX_SECONDS = 3600
COLUMNS = (
    *("drill", "letters", "missed", "twice", "in doubt", "of them taken", "held"),
    *("longest gap s", "after promotion s", "after return s", "whole s"),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster")
    every = [*ON_ONE_CLUSTER, *BY_PATRONI]
    parser.add_argument("drill", nargs="*", metavar="DRILL", help=", ".join(every))
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--parts", nargs="+", default=PARTS)
    chosen = parser.parse_args()
    if unknown := set(chosen.drill) - set(every):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if why := missing():
        print(f"The drills were not run: {why}", file=sys.stderr)
        return 1
    # The exception unwinds all that was begun.
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit(f"given up after {MAX_SECONDS} s or told to"))
    signal.alarm(MAX_SECONDS)
    wanted = [name for name in every if name in (chosen.drill or every)]
    print(_row(COLUMNS) + "\n" + _row(["---"] * len(COLUMNS)), flush=True)
    results = []
    for pair, known in ((Pair, ON_ONE_CLUSTER), (PatroniPair, BY_PATRONI)):
        names = [name for name in wanted if name in known]
        if names and pair is PatroniPair and (why := PatroniPair.missing()):
            print(f"{', '.join(names)} were not run: {why}", file=sys.stderr)
        elif names:
            results += run(pair, {name: known[name] for name in names}, chosen.people, chosen.parts)
    for result in results:
        print(f"\n{result.drill}: status found")
        print("\n".join(f"- {line}" for line in result.findings) or "- nothing")
        print("\n".join(f"- ended by itself: {each}" for each in result.ended))
    return 0


def run(
    pair: type[Pair], strikes: dict[str, Strike], people: int, parts: Sequence[str]
) -> list[Result]:
    """Each is printed as soon as it is over."""
    results = []
    root = Path(tempfile.mkdtemp(prefix="cluster-"))
    root.chmod(0o711)
    try:
        with Cluster(root, pair, parts=parts) as cluster:
            if "clock" in strikes:
                cluster.machines[-1].restart_with_clock()
            if {"promoted", "patroni"} & strikes.keys():
                cluster.pair.synchronous(True)
            for name, strike in strikes.items():
                if name == "patroni-late":
                    cluster.pair.synchronous(False)
                fast = name.endswith("at-speed")
                pause, readers = (FAST_SECONDS, people * 4) if fast else (PAUSE_SECONDS, people)
                results.append(drills.drilled(cluster, name, readers, strike, pause))
                print(_line(results[-1]), flush=True)
                if name == "patroni":
                    cluster.pair.bring_back()
    finally:
        if os.environ.get("RELANCE_CLUSTER_KEEP"):
            print(f"kept: {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)
    return results


def _line(result: Result) -> str:
    counts = (result.letters, result.missed, result.doubles, result.doubt, result.wire, result.held)
    seconds = (result.gap, result.resumed, result.back, result.took)
    told = ["–" if each is None else f"{each:.1f}" for each in seconds]
    return _row([result.drill, *map(str, counts), *told])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
