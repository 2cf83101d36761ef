"""What an import did, or would do, as numbers and as the lines that say it to the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.i18n.language import N_, Say, grouped
from engine.i18n.phrases import quoted
from engine.imports.rejected_rows import LINES_SHOWN, Rejections, lines_in_words
from engine.imports.rows import Arrival, is_unproved
from engine.imports.table import Table
from engine.subscriber.terms import Start

LETTER_LINES = 10
COLUMNS_SHOWN = 20
TAGS_KEPT, TAGS_SHOWN = 10_000, 20

# What can become of a row, in the order it is said.
LABELS = {
    "joined": N_("join the list, not known before"),
    "joined-known": N_("join the list, known already"),
    "asked": N_("said to have agreed, without a proof: asked once, and join once they confirm"),
    "asked-before": N_("asked before: they have not confirmed, and are not asked again"),
    "ground": N_("on the list already, get this ground"),
    "updated": N_("known already, get new fields"),
    "contact": N_("known already, get a later last contact"),
    "already": N_("nothing to change"),
    "segment": N_("put into a segment"),
    "not-agreed": N_("pending, archived or never asked, as the file says: left out"),
    "left-since": N_("have left the list since they were collected: left alone"),
    "consented-since": N_("have consented again since they refused: left alone"),
    "duplicate": N_("said more than once in the file"),
    "withdrawn": N_("known, withdrawn as the file says"),
    "suppressed": N_("known, suppressed as the file says"),
    "noted": N_("not known: only a hash is kept, so that they are never written to"),
}
STARTS = {
    "none": N_(
        "  start none: nobody imported receives the letters of this list; broadcasts and answers to"
        " links work."
    ),
    "welcome": N_(
        "  start welcome: everybody imported receives every letter of this list from now on."
    ),
    "by-date": N_(
        "  start by-date: letters are counted from the date of collection; those whose day has"
        " passed are left out."
    ),
}
ASKED_FIRST = N_(
    "  consent without a proof is asked for once, and nothing else is sent before they confirm:"
    " [consent] declared = “ask-first” in config.toml; “write” takes the file's word."
)
TAKEN_AT_ITS_WORD = N_(
    "  consent without a proof is taken at the file's word: [consent] declared = “write” in"
    " config.toml. The auditor is shown that nobody was asked."
)
# GDPR 14(3)(a).
TOLD = N_(
    "  By law they learn within a month where you have their address from. The foot of each letter"
    " says so: send them a broadcast by then."
)
ACTS = {
    "letter": N_("{n} × {letter}, on {day}"),
    "end": N_("{n} × the end of the list, on {day}: {ending}"),
    "idle": N_("{n} × nothing: every letter's day has passed"),
}
STOPPED = N_(
    "Stopped before the end of the file. What is counted above is done; the same"
    " command again does the rest."
)
LEFT_EMPTY = N_("{field}: cells that could not be read are left empty")
SEVERAL = N_("several addresses in one cell: the first is taken")


@dataclass
class ImportReport:
    """`counts` has the keys of LABELS; `cells` counts, with their first lines, the optional cells
    left empty (by field) and those of several addresses (""); `unproved` counts rows that declare a
    consent without a proof, and `asks_first` says what becomes of them; `agreed_at` are columns
    that say when people agreed, and are not used; `tags_left` counts tags that name no segment;
    `letters`, when rehearsed, counts (kind of act,
    letter, local date) of what comes first for each who joins.
    """

    heading: str
    start: Start
    table: Table
    rejections: Rejections
    rehearsed: bool = False
    ending: str = ""
    asks_first: bool = False
    unproved: int = 0
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    letters: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cells: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    agreed_at: tuple[str, ...] = ()
    tags_left: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def note(self, arrival: Arrival) -> None:
        self.unproved += is_unproved(arrival)
        for name in (*arrival.left_empty, *([""] if arrival.several else [])):
            count, lines = self.cells.get(name, (0, ()))
            self.cells[name] = (count + 1, (*lines, arrival.line)[:LINES_SHOWN])
        for tag in arrival.tags_left:
            if tag in self.tags_left or len(self.tags_left) < TAGS_KEPT:
                self.tags_left[tag] += 1
        for reason in arrival.unfit:
            self.rejections.add_value(arrival.line, reason, arrival.raw)

    @property
    def exit_code(self) -> int:
        return exit_code_of(self.rejections, self.rows, interrupted=self.interrupted)

    def lines(self, _: Say) -> Iterator[str]:
        yield self.heading
        if self.table.passed_over:
            yield _("  rows before the headings, passed over: {rows}").format(
                rows=grouped(self.table.passed_over, _)
            )
        yield _("  columns: {columns}").format(
            columns=", ".join(
                f"{name} ← {where}" for name, where in columns_in_words(self.table, _)
            )
        )
        if self.table.unmapped:
            names = ", ".join(quoted(heading, _) for heading in self.table.unmapped[:COLUMNS_SHOWN])
            yield _("  columns not used: {columns}").format(columns=names)
        if self.agreed_at:
            names = ", ".join(quoted(heading, _) for heading in self.agreed_at)
            yield _(
                "  when they agreed may stand in {columns}: --collected-column COLUMN keeps each"
                " date"
            ).format(columns=names)
        yield _(STARTS[self.start])
        if self.unproved:
            yield _(ASKED_FIRST if self.asks_first else TAKEN_AT_ITS_WORD)
        if self.start == "none":
            yield _(TOLD)
        yield rows_read(self.rows, _, rehearsed=self.rehearsed)
        yield from counted_lines(self.counts, LABELS, _)
        for name, (count, where) in self.cells.items():
            label = _(LEFT_EMPTY).format(field=name) if name else _(SEVERAL)
            yield counted(count, f"{label} ({lines_in_words(count, where, _)})", _)
        if tags := self.tags_in_words(_):
            yield f"  {tags}"
        yield from self.rejections.lines(_)
        if self.rehearsed:
            yield from self._letters(_)
        if self.interrupted:
            yield _(STOPPED)

    def tags_in_words(self, _: Say) -> str:
        """Those that name no segment, "" for none. One that a single person has may say who they
        are: such are counted alone.
        """
        if not self.tags_left:
            return ""
        shared = [(tag, n) for tag, n in self.tags_left.most_common(TAGS_SHOWN) if n > 1]
        names = [f"{quoted(tag, _)} ×{grouped(count, _)}" for tag, count in shared]
        if others := len(self.tags_left) - len(shared):
            names.append(_("{n} more").format(n=grouped(others, _)))
        return _(
            "tags that are no segment's name, left out: {tags}. Make segments without conditions"
            " of these names, publish, and import the same file again."
        ).format(tags=", ".join(names))

    def _letters(self, _: Say) -> Iterator[str]:
        if not self.letters:
            yield _("No letter of the list would leave.")
            return
        yield _("What would come first, before any answer:")
        for sentence in self.first_letters(_):
            yield f"    {sentence}"

    def first_letters(self, _: Say) -> Iterator[str]:
        """What would come first for those who join, by day."""
        ordered = sorted(self.letters.items(), key=lambda item: (item[0][2] or "9999", item[0]))
        for (kind, letter, day), count in ordered[:LETTER_LINES]:
            yield _(ACTS[kind]).format(
                n=grouped(count, _), letter=letter, day=day, ending=self.ending
            )
        rest = sum(count for _key, count in ordered[LETTER_LINES:])
        if rest:
            yield _("… and {n} on later days").format(n=grouped(rest, _))


@dataclass
class SuppressReport:
    """`counts` has the keys "suppressed" (known), "noted" (not known), "already" and
    "duplicate".
    """

    heading: str
    rejections: Rejections
    rehearsed: bool = False
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False

    def count(self, what: str) -> None:
        self.counts[what] += 1

    @property
    def exit_code(self) -> int:
        return exit_code_of(self.rejections, self.rows, interrupted=self.interrupted)

    def lines(self, _: Say) -> Iterator[str]:
        yield self.heading
        yield rows_read(self.rows, _, rehearsed=self.rehearsed)
        yield from counted_lines(self.counts, LABELS, _)
        yield from self.rejections.lines(_)
        if self.interrupted:
            yield _(STOPPED)


def exit_code_of(rejections: Rejections, rows: int, *, interrupted: bool) -> int:
    """1 where there is no row, or every single one was rejected; 130 where Ctrl-C stopped it."""
    if interrupted:
        return 130
    return 1 if rejections.count >= rows else 0


def rows_read(rows: int, _: Say, *, rehearsed: bool) -> str:
    if rehearsed:
        return _(
            "Dry run: nothing is written. Rows read: {rows}; this is what would happen:"
        ).format(rows=grouped(rows, _))
    return _("Rows read: {rows}.").format(rows=grouped(rows, _))


def counted_lines(counts: Mapping[str, int], labels: Mapping[str, str], _: Say) -> Iterator[str]:
    """A line for each of `labels` that occurred; `counts` has a number, 0 too, for every one."""
    for key, label in labels.items():
        if counts[key]:
            yield counted(counts[key], _(label), _)


def counted(count: int, what: str, _: Say) -> str:
    return f"{grouped(count, _):>11}  {what}"


def columns_in_words(table: Table, _: Say) -> Iterator[tuple[str, str]]:
    """What each column holds, and its heading or number."""
    for name, index in table.columns.items():
        yield name, quoted(table.header[index], _) if table.header is not None else str(index + 1)
    for column in table.judged:
        yield (
            f"--{column.meaning}",
            (quoted(column.heading, _) if column.heading else str(column.place + 1)),
        )
