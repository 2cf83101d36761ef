"""A file of orders, as shops export them: each row an order, or one article more of the order above
it. Who is unknown is rejected and becomes known by no order; the same file twice changes nothing.

Orders are shuffled before they are written, as people are by an import (engine/imports/passes.py).
"""

from __future__ import annotations

import getpass
import os
import random
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from engine.commands.command_handler import CommandRequest
from engine.commands.orders import Kept, record_requests
from engine.i18n.language import N_, Say, translator
from engine.imports.columns import EMAIL, folded
from engine.imports.passes import CHUNK, WINDOW, Tell
from engine.imports.refusals import DateKind, RowFault, RowRefused, TableFault, TableRefused
from engine.imports.rejected_rows import Rejections
from engine.imports.report import (
    STOPPED,
    columns_in_words,
    counted_lines,
    exit_code_of,
    rows_read,
)
from engine.imports.rows import bounded
from engine.imports.scan import date_order_of
from engine.imports.seen import Seen
from engine.imports.stores import ImportStores
from engine.imports.table import OpenTable, Rejected, Row, Table, open_table
from engine.intake.address import AddressRefused, normalise
from engine.intake.amounts import AmountRefused, read_amount, read_currency
from engine.intake.instants import DateOrder, DateRefused, DatesOfColumn, read_instant
from engine.intake.orders import OrderRefused, PlacedOrder, read_number, read_products
from engine.subscriber.commands import RecordOrder
from engine.subscriber.events import Cause
from engine.subscriber.evolve import fold
from engine.subscriber.orders import record_order
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refused
from engine.subscriber.person import Person
from engine.vault.evidence import kept
from engine.vault.recorded_orders import hash_of_number
from engine.words import Reason

ORDER, AMOUNT, CURRENCY, PRODUCTS, DATE = "order", "amount", "currency", "products", "date"
FIELDS = (ORDER, AMOUNT, CURRENCY, PRODUCTS, DATE)
_USUAL = {
    ORDER: (
        "order number, order id, order no, order name, commande, numéro de commande,"
        " n° de commande, no de commande, n° commande, numéro commande, référence commande"
    ),
    AMOUNT: "total, montant, montant total, total ttc, montant ttc, prix, order total, total paid",
    CURRENCY: "devise, monnaie, order currency, currency code",
    PRODUCTS: "product, produit, produits, article, articles, sku, lineitem sku, item sku",
    DATE: "order date, date de commande, created at, paid at, ordered at, date commande",
}
USUAL = MappingProxyType(
    {folded(heading): name for name, headings in _USUAL.items() for heading in headings.split(",")}
)
_BETWEEN = re.compile(r"[,;|\n]")
CONTRADICTED = Reason(RowFault.ORDER_CONTRADICTED)
PERSON_BUSY = Reason(RowFault.PERSON_BUSY)
ATTEMPTS = 4
LABELS = {
    "recorded": N_("orders are recorded"),
    "already": N_("are recorded already"),
    "duplicate": N_("said more than once in the file"),
}


@dataclass(frozen=True, slots=True)
class OrderImportOptions:
    """`mapping` is COLUMN -> one of FIELDS, or "email". `currency`, a code, holds where a row names
    none. `date_order` is said where the file leaves it open.
    """

    path: Path
    mapping: Mapping[str, str]
    currency: str = ""
    date_order: DateOrder | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """An order with the physical line (from 1) and the text it stands on."""

    order: PlacedOrder
    line: int
    raw: str

    @property
    def content(self) -> int:
        """What makes two rows of one number the same, as a signed number of 64 bits."""
        order = self.order
        return hash((order.address, order.amount, order.currency)) & (2**63 - 1)


@dataclass
class OrderReport:
    heading: str
    table: Table
    rejections: Rejections
    rehearsed: bool = False
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        return exit_code_of(self.rejections, self.rows, interrupted=self.interrupted)

    def lines(self, _: Say) -> Iterator[str]:
        yield self.heading
        columns = ", ".join(f"{n} ← {where}" for n, where in columns_in_words(self.table, _))
        yield _("  columns: {columns}").format(columns=columns)
        yield rows_read(self.rows, _, rehearsed=self.rehearsed)
        yield from counted_lines(self.counts, LABELS, _)
        yield from self.rejections.lines(_)
        if self.interrupted:
            yield _(STOPPED)


def import_orders(
    stores: ImportStores,
    options: OrderImportOptions,
    tell: Tell = lambda done, total: None,
    stopping: Callable[[], bool] = lambda: False,
) -> OrderReport:
    """`tell` and `stopping` as for an import of people. Raises TableRefused for a file that cannot
    be read, that lacks a column, or whose dates read two ways.
    """
    opened = open_table(options.path, FIELDS, options.mapping, usual=USUAL)
    for name in (ORDER, AMOUNT):
        if name not in opened.table.columns:
            raise TableRefused(TableFault.COLUMN_NEEDED, field=name)
    if not options.dry_run and not os.access(options.path.parent, os.W_OK):
        raise TableRefused(TableFault.FOLDER_UNWRITABLE, file=options.path.name)
    options = replace(options, date_order=_date_order(opened, options.date_order))
    _ = translator(stores.language)
    heading = _("{file}, orders:").format(file=options.path.name)
    with Rejections(options.path, _, rehearsed=options.dry_run) as rejections:
        report = OrderReport(heading, opened.table, rejections, options.dry_run)
        run = _Run(stores, options, report)
        window: list[_Line] = []
        for line in run.orders(opened, tell):
            window.append(line)
            if len(window) >= WINDOW:
                run.write(window)
                window = []
            if stopping():
                report.interrupted = True
                break
        run.write(window)
    return report


def _date_order(opened: OpenTable, stated: DateOrder | None) -> DateOrder | None:
    index = opened.table.columns.get(DATE)
    if index is None or stated is not None:
        return stated
    dates = DatesOfColumn()
    for row in opened.rows():
        if isinstance(row, Row):
            dates.see(row.values[DATE], row.line)
    return date_order_of(dates, index, opened.table.header)


class _Run:
    """One run of one file."""

    def __init__(
        self, stores: ImportStores, options: OrderImportOptions, report: OrderReport
    ) -> None:
        self.stores, self.options, self.report = stores, options, report
        self.plan, self.now = stores.installation_stream.current().plan(), stores.clock.now()
        self.seen, self.id, self.operator = Seen(), secrets.token_hex(16), getpass.getuser()
        self.shuffle = random.SystemRandom().shuffle
        self.rehearsed: dict[str, Person] = {}

    def orders(self, opened: OpenTable, tell: Tell) -> Iterator[_Line]:
        """Each order once; what cannot be read is rejected."""
        pending: _Line | None = None
        for number, row in enumerate(opened.rows()):
            if number % CHUNK == 0:
                tell(*opened.progress())
            self.report.rows += 1
            try:
                if isinstance(row, Rejected):
                    self.report.rejections.add(*row)
                    continue
                if pending is not None and (more := self._more(row, pending)) is not None:
                    pending = more
                    continue
                line = _Line(self._read(row), row.line, row.raw)
            except (AddressRefused, AmountRefused, DateRefused, OrderRefused, RowRefused) as error:
                self.report.rejections.add(row.line, error.reason, row.raw)
                continue
            if pending is not None:
                yield from self._once(pending)
            pending = line
        if pending is not None:
            yield from self._once(pending)

    def _once(self, line: _Line) -> Iterator[_Line]:
        hashed = hash_of_number(self.stores.vault.pepper, line.order.number)
        before = self.seen.first(hashed, line.content)
        if before is None:
            yield line
        elif before == line.content:
            self.report.counts["duplicate"] += 1
        else:
            self.report.rejections.add(line.line, CONTRADICTED, line.raw)

    def _more(self, row: Row, pending: _Line) -> _Line | None:
        """The order above with the products of this row, where it is one of its articles: the same
        number, and no other amount.
        """
        values, order = row.values, pending.order
        if values[ORDER] != order.number or not values.get(PRODUCTS):
            return None
        if values[AMOUNT] and self._amount(values) != (order.amount, order.currency):
            return None
        products = read_products((*order.products, *_codes(values)), self.plan)
        return replace(pending, order=replace(order, products=products))

    def _read(self, row: Row) -> PlacedOrder:
        values = row.values
        if not values[ORDER]:
            raise RowRefused(RowFault.ORDER_NUMBER_MISSING)
        amount, currency = self._amount(values)
        return PlacedOrder(
            address=normalise(values[EMAIL]),
            number=read_number(values[ORDER]),
            amount=amount,
            currency=currency,
            products=read_products(_codes(values), self.plan),
            placed_at=self._placed_at(values),
        )

    def _amount(self, values: Mapping[str, str]) -> tuple[int, str]:
        stated = values.get(CURRENCY, "")
        return read_amount(
            values[AMOUNT], read_currency(stated) if stated else self.options.currency
        )

    def _placed_at(self, values: Mapping[str, str]) -> int:
        if DATE not in values:
            return self.now
        zone = self.plan.timezone
        at = read_instant(values[DATE], zone, self.options.date_order)
        return bounded(at, self.now, zone, DateKind.ORDER)

    def write(self, window: list[_Line]) -> None:
        self.shuffle(window)
        for start in range(0, len(window), CHUNK):
            self._write(window[start : start + CHUNK])

    def _write(self, chunk: Sequence[_Line]) -> None:
        lines = {line.order.number: line for line in chunk}
        for _attempt in range(ATTEMPTS):
            orders = [line.order for line in lines.values()]
            requests = record_requests(self.stores.vault, orders, self.now, self._kept(lines))
            decided = self._decide([r for r in requests if isinstance(r, CommandRequest)])
            again: dict[str, _Line] = {}
            for line, request in zip(lines.values(), requests, strict=True):
                outcome = request if isinstance(request, Refused) else next(decided)
                match outcome:
                    case None:
                        again[line.order.number] = line
                    case Done():
                        self.report.counts["recorded"] += 1
                    case NothingToDo():
                        self.report.counts["already"] += 1
                    case Refused():
                        self.report.rejections.add(line.line, outcome, line.raw)
            lines = again
            if not lines:
                return
        for line in lines.values():
            self.report.rejections.add(line.line, PERSON_BUSY, line.raw)

    def _decide(self, requests: Sequence[CommandRequest]) -> Iterator[Outcome | None]:
        """What becomes of each; None where other writers were quicker."""
        handler = self.stores.command_handler
        if not self.options.dry_run:
            for result in handler.execute(requests):
                yield None if result.conflict else result.outcome
            return
        unread = {request.stream for request in requests} - self.rehearsed.keys()
        self.rehearsed |= handler.load(unread)
        for request in requests:
            assert isinstance(request.command, RecordOrder)
            person = self.rehearsed[request.stream]
            outcome = record_order(request.command, person)
            if isinstance(outcome, Done):
                self.rehearsed[request.stream] = fold(outcome.events, person)
            yield outcome

    def _kept(self, lines: Mapping[str, _Line]) -> Callable[[PlacedOrder], Kept]:
        return lambda order: self._evidence(lines[order.number])

    def _evidence(self, line: _Line) -> Kept:
        pieces = kept({
            "method": "import",
            "by": {"operator": self.operator},
            "import": self.id,
            "file": self.options.path.name,
            "line": line.line,
            "what": "order",
            "order": line.order.number,
        })  # fmt: skip
        return Cause("import", self.id, evidence=pieces[0].commitment.hex()), pieces


def _codes(values: Mapping[str, str]) -> list[str]:
    return _BETWEEN.split(values.get(PRODUCTS, ""))
