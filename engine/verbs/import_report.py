"""What an import did, or would do, as numbers and as the lines that say it to the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.intake.rejects import RejectWriter
from engine.intake.table import Rejected, Table
from engine.language import N_, Say

REASONS_SHOWN = 40
LINES_SHOWN = 5
LETTER_LINES = 10
HELD = 10_000

LABELS = {
    "joined": N_("join the list, not known before"),
    "joined-known": N_("join the list, known already"),
    "ground": N_("on the list already, get this ground"),
    "updated": N_("on the list already, get new fields"),
    "contact": N_("on the list already, get a later last contact"),
    "already": N_("nothing to change"),
    "left-since": N_("have left the list since they were collected: left alone"),
    "consented-since": N_("have consented again since they refused: left alone"),
    "duplicate": N_("said more than once in the file"),
    "withdrawn": N_("known, withdrawn as the file says"),
    "suppressed": N_("known, suppressed as the file says"),
    "noted": N_("not known: only a hash is kept, so that they are never written to"),
}
OTHER = "other reasons"


@dataclass
class Rejections:
    """Rejected rows, counted by reason and written beside the input in the order of its lines. `rehearsed`: counted only."""

    source: Path
    rehearsed: bool = False
    count: int = 0
    reasons: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    _held: list[Rejected] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = RejectWriter(self.source)

    def add(self, line: int, reason: str, raw: str, kind: str = "") -> None:
        """`kind` is the reason without what differs from row to row."""
        kind = kind or reason
        if kind not in self.reasons and len(self.reasons) >= REASONS_SHOWN:
            kind = OTHER
        count, lines = self.reasons.get(kind, (0, ()))
        self.reasons[kind] = (count + 1, lines if len(lines) == LINES_SHOWN else (*lines, line))
        self.count += 1
        if not self.rehearsed:
            self._held.append(Rejected(line, reason, raw))
            if len(self._held) >= HELD:
                self.settle()

    def settle(self) -> None:
        """Write what is held. Raises TableRefused."""
        for line, reason, raw in sorted(self._held):
            self.writer.add(line, reason, raw)
        self._held.clear()

    @property
    def path(self) -> Path | None:
        return self.writer.path if self.writer.count else None

    def lines(self, _: Say) -> Iterator[str]:
        if not self.count:
            return
        yield _count(self.count, _("rejected"))
        for reason, (count, where) in sorted(self.reasons.items(), key=lambda item: -item[1][0]):
            lines = ", ".join(map(str, sorted(where))) + (", …" if count > len(where) else "")
            yield f"    {count:>9,}  {reason} ({_('line')} {lines})"
        if self.path is not None:
            yield _("  Each rejected row with its line and reason: {path}").format(path=self.path)


@dataclass
class ImportReport:
    """`counts` has the keys of LABELS; `letters` counts (kind, letter, local date) of each newcomer's next act, when rehearsed."""

    heading: str
    start: str
    table: Table
    rejections: Rejections
    rehearsed: bool = False
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    letters: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    ending: str = ""
    warning: str = ""
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """1 where every single row was rejected, 130 where Ctrl-C stopped it."""
        if self.interrupted:
            return 130
        return 1 if self.rejections.count and self.rejections.count == self.rows else 0

    def lines(self, _: Say) -> Iterator[str]:
        yield self.heading
        yield _("  columns: {columns}").format(columns=_columns(self.table))
        if self.table.unmapped:
            yield _("  columns not used: {columns}").format(columns=", ".join(map(_quoted, self.table.unmapped[:20])))
        if self.warning:
            yield self.warning
        yield _said_of_start(self.start, _)
        yield _("Dry run, nothing is written. This would happen to {rows} rows:" if False else DRY).format(rows=f"{self.rows:,}") if (
            self.rehearsed
        ) else _(DONE).format(rows=f"{self.rows:,}")
