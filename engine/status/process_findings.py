"""What runs, what does not, and what stands still."""

from __future__ import annotations

from collections.abc import Iterator

from engine.desk.movement import MOVES_WITHIN_SECONDS
from engine.desk.processes import STANDS
from engine.i18n.language import N_
from engine.status.facts import Facts
from engine.status.finding import Finding


def of_processes(facts: Facts) -> Iterator[Finding]:
    if not facts.live:
        yield Finding("nothing-runs", "stopped", N_("nothing runs"), N_("start it: `relance run`"))
    else:
        missing = {
            "web": (
                N_("nobody serves pages: links in letters do not answer"),
                N_("start `relance web`, or `relance run`, which does everything"),
            ),
            "follow": (
                N_("nobody keeps the views up to date: nothing new falls due"),
                N_("start `relance follow`, or `relance run`"),
            ),
            "send": (N_("nobody sends"), N_("start `relance send`, or `relance run`")),
        }
        for part, (what, remedy) in missing.items():
            if part not in facts.live:
                yield Finding(f"no-{part}", "stopped", what, remedy)
    for process in facts.processes:
        if not process.lives:
            what = N_("{parts} on {host} (process {pid}) has not been heard of for {since}")
            remedy = N_(
                "it was killed, its machine is down, or it does not reach the database: see its"
                " log, start it again"
            )
            values = {
                "parts": ", ".join(process.parts),
                "host": process.host,
                "pid": process.pid,
                "since": process.seen,
            }
            yield Finding("vanished", "stopped", what, remedy, values)
    for trouble in facts.troubles:
        if trouble.what.startswith(f"{STANDS}:"):
            what = N_("{part} on {host} stands still: nothing has moved in it for {since}")
            remedy = N_("others go on without it; see its log, and start it again")
            values = {
                "part": trouble.what.partition(":")[2],
                "host": trouble.why,
                "since": trouble.since + MOVES_WITHIN_SECONDS,
            }
            yield Finding("stands-still", "stopped", what, remedy, values)
