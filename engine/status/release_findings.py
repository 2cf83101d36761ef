"""What the facts mean about programs of several releases on one database. Apart from findings.py,
which is long.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import __version__
from engine.i18n.language import N_
from engine.status.facts import Facts
from engine.status.finding import Finding
from engine.store.release import numbers


def of_releases(facts: Facts) -> Iterator[Finding]:
    running = {process.version for process in facts.processes if process.lives}
    newest = max({__version__, *running}, key=numbers)
    for process in facts.processes:
        if process.lives and process.version != newest:
            what = N_("{parts} on {host} (process {pid}) is Relance {version}, older than {newest}")
            remedy = N_(
                "upgrade it and start it again; what it could not read is held back meanwhile"
            )
            values: dict[str, object] = {
                "parts": ", ".join(process.parts),
                "host": process.host,
                "pid": process.pid,
                "version": process.version,
                "newest": newest,
            }
            yield Finding("older", "notice", what, remedy, values)
