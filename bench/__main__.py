"""`python -m bench [--quick] [--output FILE] [NAME …]`: measure, print one table, write `bench/results.json`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench import append, clicking, composing, follow, importing, loop, rebuild
from bench.table import Row, printed, write

MEASURES: dict[str, Callable[[bool], list[Row]]] = {
    "append": append.measure,
    "follow": follow.measure,
    "rebuild": rebuild.measure,
    "importing": importing.measure,
    "composing": composing.measure,
    "clicking": clicking.measure,
    "loop": loop.measure,
}
RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    found = argparse.ArgumentParser(prog="python -m bench", description="What Relance costs, as ratios to limits found in the same run.")
    found.add_argument("names", nargs="*", metavar="NAME", help=f"which measures (default: all): {', '.join(MEASURES)}")
    found.add_argument("--quick", action="store_true", help="small sizes, to see that it works; the figures mean little")
    found.add_argument("--output", type=Path, default=RESULTS, metavar="FILE", help="where the results go (default: bench/results.json)")
    args = found.parse_args()
    if unknown := [name for name in args.names if name not in MEASURES]:
        found.error(f"there is no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    rows: list[Row] = []
    for name in args.names or MEASURES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += MEASURES[name](args.quick)
    print(printed(rows))
    write(rows, args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
