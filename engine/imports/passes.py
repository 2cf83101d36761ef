"""The passes over a file that is imported: everything is read, refusals first, then those who
arrive; a bad row costs no other, and the same file twice changes nothing. And the one pass over a
file of addresses that must not be written to.

Arrivals are shuffled within windows of WINDOW rows (fewer, where rows are very long) before they
are written. What that protects: somebody who has the ledger and learns the file (or knows that it
was sorted by name) cannot tell from a position which of those rows it was. It does not hide from
which window a position comes, nor anything from somebody who has the vault, whose evidence names
the line.
"""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from engine.commands.operators import Operator, at_the_command_line
from engine.i18n.language import translator
from engine.imports.agreement import COLUMN_MEANINGS, REFUSING, Cell
from engine.imports.columns import EMAIL, Place, column_of
from engine.imports.importer import AT_ONCE, DryRun, Importer
from engine.imports.recipes import Recipe
from engine.imports.refusals import RowFault, TableFault, TableRefused
from engine.imports.rejected_rows import Rejections
from engine.imports.report import ImportReport, SuppressReport
from engine.imports.rows import (
    DATED,
    RESERVED,
    Arrival,
    Departure,
    ImportDefaults,
    departure,
    proofs_of,
    read_row,
)
from engine.imports.scan import scan
from engine.imports.seen import Seen
from engine.imports.stores import ImportStores
from engine.imports.table import Rejected, Row, columns_in, headings_in, open_table
from engine.intake.instants import DateOrder
from engine.sequence.model import Ending, Plan
from engine.subscriber.terms import SuppressionReason
from engine.words import Reason

WINDOW = 10_000
WINDOW_CHARACTERS = 10_000_000
CHUNK = 1_000
OF_EVERYBODY = ("timezone", "language")
NO_MAPPING: Mapping[str, str] = MappingProxyType({})
Tell = Callable[[int, int], None]
CONTRADICTED = Reason(RowFault.CONTRADICTED)
REFUSED_ELSEWHERE = Reason(RowFault.REFUSED_ELSEWHERE)


@dataclass(frozen=True)
class ImportOptions:
    """`mapping` is COLUMN -> field, or one of the names of `engine.imports.rows` for what is no
    field, or what a column of refusals means. Unless `by_heading`, no other column is looked for.

    `recipe` says what else the columns hold, and what the name of the file says. `date_order`,
    where it is said, holds for every column of dates. A dry run writes the file of
    rejected rows where it `shows_rejected`.
    """

    path: Path
    defaults: ImportDefaults
    mapping: Mapping[str, str]
    by_heading: bool = True
    recipe: Recipe | None = None
    date_order: DateOrder | None = None
    update: bool = False
    dry_run: bool = False
    shows_rejected: bool = False
    operator: Operator = field(default_factory=at_the_command_line)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Fields are found by their headings; a column of grounds or refusals counts only when it
        is named.
        """
        mapped, known = set(self.mapping.values()), (*OF_EVERYBODY, *self.defaults.fields)
        named = [*sorted(mapped & set(RESERVED.values())), *self.defaults.proofs]
        if not self.by_heading:
            return (EMAIL, *(name for name in known if name in mapped), *named)
        return (EMAIL, *known, *named)


class _Stopped(Exception):
    """Ctrl-C was pressed, and what was begun is finished."""


def run_import(
    stores: ImportStores,
    options: ImportOptions,
    tell: Tell = lambda done, total: None,
    stopping: Callable[[], bool] = lambda: False,
    begun: Callable[[ImportReport], None] = lambda report: None,
) -> ImportReport:
    """One file, as `run_imports` has it."""
    [report] = run_imports(stores, [options], tell, stopping, begun)
    return report


def run_imports(
    stores: ImportStores,
    files: Sequence[ImportOptions],
    tell: Tell = lambda done, total: None,
    stopping: Callable[[], bool] = lambda: False,
    begun: Callable[[ImportReport], None] = lambda report: None,
) -> list[ImportReport]:
    """A report for each of `files`. All are looked at before anybody is brought in; then come the
    refusals of all of them, then those who arrive: who refuses in one arrives by none.

    `tell(done, total)` in bytes; where `stopping` becomes true, what was begun is finished and
    the rest left. `begun` is handed the reports that count what has been done so far. Raises
    TableRefused for a file that cannot be read, or where rejected rows cannot be written.
    """
    files = [_by_recipe(options) for options in _each_with_its_columns(files)]
    with (
        ExitStack() as open_files,
        _few_collections(),
        ThreadPoolExecutor(AT_ONCE, "import") as beside,
    ):
        progress = _PassProgress(tell, stopping)
        readings = [
            _Reading(stores, options, open_files, beside, progress.of_a_file()) for options in files
        ]
        departed = Seen()
        for reading in readings:
            begun(reading.report)
        try:
            for reading in readings:
                reading.look()
            for reading in readings:
                reading.departures(departed)
            for reading in readings:
                reading.arrivals(departed)
        except _Stopped:
            for reading in readings:
                reading.report.interrupted = True
        for reading in readings:
            reading.settle()
        return [reading.report for reading in readings]


@dataclass(frozen=True, kw_only=True)
class SuppressOptions:
    """`mapping` says which column holds the addresses, where it is not evident. A dry run writes
    the file of rejected rows, and nothing else.
    """

    path: Path
    reason: SuppressionReason
    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    operator: Operator = field(default_factory=at_the_command_line)


def run_suppress(
    stores: ImportStores,
    options: SuppressOptions,
    tell: Tell = lambda done, total: None,
    stopping: Callable[[], bool] = lambda: False,
    begun: Callable[[SuppressReport], None] = lambda report: None,
) -> SuppressReport:
    """Every address of the file is never written to again, whoever it is; of strangers a keyed hash
    is kept and nothing else (D15). `tell`, `stopping` and `begun` as for an import. Raises
    TableRefused for a file that cannot be read.
    """
    path, reason = options.path, options.reason
    opened = open_table(path, (EMAIL,), options.mapping)
    _ = translator(stores.language)
    chunk: dict[bytes, Departure] = {}
    seen = Seen()
    with Rejections(path, _) as rejections:
        report = SuppressReport(
            _("{file}, never to be written to ({reason}):").format(file=path.name, reason=reason),
            rejections,
            options.dry_run,
        )
        importer = Importer(
            stores,
            path.name,
            "*",
            (
                DryRun(stores.installation_stream).execute
                if options.dry_run
                else stores.command_handler.execute
            ),
            rejections,
            report.count,
            writes=not options.dry_run,
            operator=options.operator,
        )
        begun(report)
        for row in opened.rows():
            report.rows += 1
            entry = departure(row, reason) if isinstance(row, Row) else row
            if not isinstance(entry, Departure):
                rejections.add(*entry)
                continue
            for departed in entry.by_address():
                hashed = stores.vault.hash(departed.address)
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


def _each_with_its_columns(files: Sequence[ImportOptions]) -> Sequence[ImportOptions]:
    """Of several files, each with the columns of `mapping` that it has; one that none has is left
    to the first, which refuses it. Raises TableRefused.
    """
    if len(files) == 1:
        return files
    has = [columns_in(options.path, options.mapping) for options in files]
    nowhere = files[0].mapping.keys() - set().union(*has)
    kept = [has[0] | nowhere, *has[1:]]
    return [
        replace(options, mapping={c: field for c, field in options.mapping.items() if c in names})
        for options, names in zip(files, kept, strict=True)
    ]


def _by_recipe(options: ImportOptions) -> ImportOptions:
    """With what the recipe knows of the columns of this file that nobody has named, and of its
    name. Raises TableRefused.
    """
    recipe = options.recipe
    if recipe is None:
        return options
    header, mapping = headings_in(options.path), dict(options.mapping)
    named = {column_of(name, header, len(header)) for name in mapping}
    absent = {"first_name", "last_name"} - {*options.defaults.fields}
    for heading, holds in recipe.mapping(header).items():
        place = header.index(heading)
        is_free = holds in COLUMN_MEANINGS or holds not in mapping.values()
        if is_free and place not in named and holds not in absent:
            mapping[Place(place + 1)] = holds
    defaults = replace(
        options.defaults,
        everybody=recipe.says_of(options.path.name),
        proofs=proofs_of(mapping),
    )
    order = options.date_order or recipe.dates
    return replace(options, mapping=mapping, defaults=defaults, date_order=order)


class _PassProgress:
    """How far all files together are, each of which is read three times."""

    def __init__(self, tell: Tell, stopping: Callable[[], bool]) -> None:
        self.tell, self.stopping = tell, stopping
        self.done: list[int] = []
        self.total: list[int] = []

    def of_a_file(self) -> Callable[[int, int], None]:
        """Called with the bytes read so far, in all passes, and those to be read. Raises
        _Stopped.
        """
        place = len(self.done)
        self.done.append(0)
        self.total.append(0)

        def pause(done: int, total: int) -> None:
            self.done[place], self.total[place] = done, total
            self.tell(sum(self.done), sum(self.total))
            if self.stopping():
                raise _Stopped

        return pause


class _Reading:
    """A file: one pass that looks for what has to be asked first, one for refusals, where there is
    a column of them, and one for all else.
    """

    def __init__(
        self,
        stores: ImportStores,
        options: ImportOptions,
        open_files: ExitStack,
        beside: ThreadPoolExecutor,
        progress: Callable[[int, int], None],
    ) -> None:
        self.opened = open_table(options.path, options.wanted, options.mapping, stores.field_labels)
        self.defaults, self.date_order = options.defaults, options.date_order
        rehearsed = options.dry_run and not options.shows_rejected
        if not rehearsed and not os.access(options.path.parent, os.W_OK):
            raise TableRefused(TableFault.FOLDER_UNWRITABLE, file=options.path.name)
        plan, _ = stores.installation_stream.current().plan(), translator(stores.language)
        listed = plan.lists[options.defaults.list]
        heading = _("{file} into list {number} ({name}), purpose “{purpose}”:").format(
            file=options.path.name,
            number=listed.id,
            name=listed.name,
            purpose=plan.purposes[listed.purpose].name,
        )
        rejections = open_files.enter_context(Rejections(options.path, _, rehearsed=rehearsed))
        self.dry_run = DryRun(stores.installation_stream, listed.id)
        self.report = ImportReport(
            heading,
            options.defaults.start,
            self.opened.table,
            rejections,
            options.dry_run,
            _ending(plan, listed.ends),
            options.defaults.ask_first,
        )
        self.importer = Importer(
            stores,
            options.path.name,
            listed.purpose,
            self.dry_run.execute if options.dry_run else stores.command_handler.execute,
            rejections,
            self.report.count,
            options.update,
            not options.dry_run,
            operator=options.operator,
            beside=None if options.dry_run else beside,
        )
        self.hash, self.progress = stores.vault.hash, progress
        self.refuses = options.defaults.everybody in REFUSING or any(
            column.meaning != "ignore" for column in self.opened.table.judged
        )
        self.passes = 3 if self.refuses else 2
        self.shuffle = random.SystemRandom().shuffle

    def look(self) -> None:
        """Raises TableRefused where the operator has to answer something first."""
        typed = self.defaults.typed.items()
        dated = (*DATED, *(name for name, field in typed if field.type == "date"))
        findings = scan(
            self.opened,
            dated,
            self.defaults.zone,
            self.date_order,
            lambda: self._pause(0),
            anybody=self.defaults.everybody is Cell.AGREED,
        )
        self.defaults = replace(self.defaults, judged=findings.judged, orders=findings.orders)
        self.report.agreed_at = findings.agreed_at

    def departures(self, departed: Seen) -> None:
        """Adds them to `departed`."""
        if not self.refuses:
            return
        chunk: dict[bytes, Departure] = {}
        for entry in self._read(1):
            for departed_row in entry.by_address() if isinstance(entry, Departure) else ():
                hashed = self.hash(departed_row.address)
                if departed.first(hashed) is not None:
                    self.report.counts["duplicate"] += 1
                    continue
                chunk[hashed] = departed_row
            if len(chunk) >= CHUNK:
                self.importer.departures(chunk)
                chunk = {}
        if chunk:
            self.importer.departures(chunk)

    def arrivals(self, departed: Seen) -> None:
        """But for those who are in `departed`."""
        window: list[tuple[bytes, Arrival]] = []
        seen = Seen()
        characters, nobody = 0, self.defaults.everybody is Cell.NOT_YET
        for entry in self._read(self.passes - 1):
            self.report.rows += 1
            if isinstance(entry, Rejected):
                if nobody and entry.reason.code is RowFault.NOT_AGREED:
                    self.report.counts["not-agreed"] += 1
                else:
                    self.report.rejections.add(*entry)
            elif isinstance(entry, Arrival):
                hashed = self.hash(entry.address)
                content = entry.content
                if hashed in departed:
                    self.report.rejections.add(entry.line, REFUSED_ELSEWHERE, entry.raw)
                elif (before := seen.first(hashed, content)) is None:
                    self.report.note(entry)
                    window.append((hashed, entry))
                    characters += len(entry.raw)
                elif before == content:
                    self.report.counts["duplicate"] += 1
                else:
                    self.report.rejections.add(entry.line, CONTRADICTED, entry.raw)
            if len(window) == WINDOW or characters > WINDOW_CHARACTERS:
                self._write(window)
                window, characters = [], 0
        self._write(window)

    def settle(self) -> None:
        """What was begun is finished."""
        self.importer.settle(self.defaults)
        self.report.letters = self.dry_run.letters

    def _write(self, window: list[tuple[bytes, Arrival]]) -> None:
        self.shuffle(window)
        for start in range(0, len(window), CHUNK):
            self._pause(self.passes - 1)
            self.importer.arrivals(window[start : start + CHUNK], self.defaults)
        gc.collect()

    def _read(self, done: int) -> Iterator[Arrival | Departure | Rejected]:
        for number, row in enumerate(self.opened.rows()):
            if number % CHUNK == 0:
                self._pause(done)
            yield read_row(row, self.defaults) if isinstance(row, Row) else row

    def _pause(self, done: int) -> None:
        read, total = self.opened.progress()
        self.progress(done * total + read, self.passes * total)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Python looks for cycles among all that lives after every few hundred new objects: a third of
    an import. Once a window is enough, and among what came into being since.
    """
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def _ending(plan: Plan, ending: Ending | None) -> str:
    if ending is None or not ending.target:
        return "—"
    target = plan.lists[ending.target]
    return f"{'→' if ending.kind == 'move' else '+'} {target.id} ({target.name})"
