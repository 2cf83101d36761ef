"""Files of refusals: every address in one is never written to again, whoever it is; of
strangers a keyed hash is kept and nothing else (D15).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.context import AppContext
from engine.i18n.language import translator
from engine.imports.batches import Importer
from engine.imports.columns import EMAIL
from engine.imports.interruption import stop_between_steps
from engine.imports.rejected_rows import Rejections
from engine.imports.report import SuppressReport
from engine.imports.rows import Departure, departure
from engine.imports.seen_addresses import Seen
from engine.imports.table import Row, open_table
from engine.subscriber.terms import SuppressionReason

CHUNK = 1_000
NO_MAPPING: Mapping[str, str] = MappingProxyType({})


def run_suppress(
    context: AppContext,
    path: Path,
    reason: SuppressionReason,
    tell: Callable[[int, int], None] = lambda done, total: None,
    mapping: Mapping[str, str] = NO_MAPPING,
) -> SuppressReport:
    """`tell(done, total)` in bytes. Raises TableRefused for a file that cannot be read."""
    opened = open_table(path, (EMAIL,), mapping)
    _ = translator(context.config.site.language)
    chunk: dict[bytes, Departure] = {}
    seen = Seen()
    with Rejections(path, _) as rejections, stop_between_steps() as stopping:
        report = SuppressReport(
            _("{file}, never to be written to ({reason}):").format(file=path.name, reason=reason),
            rejections,
        )
        importer = Importer(
            context, path.name, "*", context.command_handler.execute, rejections, report.count
        )
        for row in opened.rows():
            report.rows += 1
            each = departure(row, reason) if isinstance(row, Row) else row
            if not isinstance(each, Departure):
                rejections.add(*each)
                continue
            for departed in each.by_address():
                hashed = context.vault.hash(departed.address)
                if seen.first(hashed) is not None:
                    report.counts["duplicate"] += 1
                    continue
                chunk[hashed] = departed
            if len(chunk) >= CHUNK:
                importer.departures(chunk)
                chunk = {}
                tell(*opened.progress())
                if stopping():
                    report.interrupted = True
                    break
        if chunk:
            importer.departures(chunk)
    return report
