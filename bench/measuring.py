"""`python -m bench [--quick | --large] [--output FILE] [--picture FILE] [NAME …]`: measure, print
one table, write `bench/results.json`.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from bench import (
    append,
    arriving,
    chaos,
    claiming,
    clicking,
    composing,
    follow,
    importing,
    leaving,
    ledger,
    loop,
    memory,
    pages,
    proof,
    rebuild,
    segments,
    shaping,
)
from bench.ground import Ground, NoRoom, ground
from bench.machine import described, load
from bench.sizes import Size
from bench.table import Row, printed, write

ALONE: dict[str, Callable[[Size], list[Row]]] = {
    "append": append.measure,
    "follow": follow.measure,
    "importing": importing.measure,
    "composing": composing.measure,
    "clicking": clicking.measure,
    "arriving": arriving.measure,
    "proof": proof.measure,
    "leaving": leaving.measure,
    "segments": segments.measure,
    "claiming": claiming.measure,
    "shaping": shaping.measure,
    "pages": pages.measure,
}
"""Each with an installation of its own."""
ON_GROUND: dict[str, Callable[[Size, Ground], list[Row]]] = {
    "rebuild": rebuild.measure,
    "loop": loop.measure,
    "memory": memory.measure,
    "ledger": ledger.measure,
}
"""On the large databases of the run."""
RESULTS = Path(__file__).with_name("results.json")
DUE = {Size.QUICK: 500, Size.USUAL: 4_000, Size.LARGE: 10_000}


def main() -> int:
    names = (*ALONE, *ON_GROUND)
    found = argparse.ArgumentParser(
        prog="python -m bench",
        description="What Relance costs, as ratios to limits found in the same run.",
    )
    found.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which measures (default: all): {', '.join(names)}",
    )
    sizes = found.add_mutually_exclusive_group()
    sizes.add_argument(
        "--quick",
        action="store_true",
        help="small sizes, to see that it works; the figures mean little",
    )
    sizes.add_argument("--large", action="store_true", help="the sizes the goals are set for")
    found.add_argument(
        "--output",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="where the results go (default: bench/results.json)",
    )
    found.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="where to draw cost against the ledger's size (default: nowhere)",
    )
    args = found.parse_args()
    if unknown := [name for name in args.names if name not in names]:
        found.error(f"there is no measure {', '.join(unknown)}; there are {', '.join(names)}")
    size = Size.QUICK if args.quick else Size.LARGE if args.large else Size.USUAL
    # What was made is removed then too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    before = load()
    rows, settings = _measured(args.names or names, size, args.picture)
    if not args.names:
        rows += chaos.rows()
    print(described(before, settings), printed(rows), sep="\n\n")
    write(rows, args.output)
    return 0


def _measured(
    names: Iterable[str], size: Size, picture: Path | None
) -> tuple[list[Row], dict[str, str]]:
    """Their rows, and the settings of the server that has the large databases. What has no room on
    this disk is said, and has no row.
    """
    rows: list[Row] = []
    settings: dict[str, str] = {}
    with ExitStack() as stack:
        large: Ground | None = None
        for name in names:
            print(f"measuring {name} … (load {load()})", file=sys.stderr, flush=True)
            if name not in ALONE and large is None:
                large = stack.enter_context(ground(DUE[size], picture))
                settings = large.place.settings()
            try:
                if name in ALONE:
                    found = ALONE[name](size)
                else:
                    assert large is not None
                    found = ON_GROUND[name](size, large)
            except NoRoom as why:
                print(f"not measured: {name}: {why}", file=sys.stderr)
                continue
            print(printed(found), file=sys.stderr, flush=True)
            rows += found
    return rows, settings
