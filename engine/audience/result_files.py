"""What came of letters as files: the same numbers as rows of CSV, and as what JSON holds. The names
of columns are the same in every language, so that a program can go by them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TextIO

from engine.audience.measured import NOBODY_MEASURED, MeasuredPeople
from engine.audience.result_words import BOUNCES
from engine.audience.results import Results, Sales, VisitCount
from engine.imports.rejected_rows import inert
from engine.intake.amounts import decimal
from engine.views import ArmCount, Grouping

NUMBERS = (
    "due", "accepted", "refused", "withheld", "put_off", "in_doubt", "under_way", "complained",
    "unsubscribed", "answered", "unanswered",
)  # fmt: skip
Cells = Mapping[str, Mapping[str, int | None]]
Measured = Mapping[str, MeasuredPeople]


def as_rows(
    found: Sequence[Results],
    visits: Mapping[str, Sequence[VisitCount]],
    measured: Measured | None,
    arms: Mapping[str, Sequence[ArmCount]],
) -> list[dict[str, object]]:
    """For JSON. `arms` are those of letters that are or were tried, `measured` is None where nobody
    is.
    """
    return [
        asdict(one)
        | {
            "unanswered": one.unanswered,
            "visits": [asdict(visit) for visit in visits.get(one.name, ())],
        }
        | ({} if measured is None else {"measured": _shown(measured, one)})
        | ({"versions": [asdict(arm) for arm in arms[one.name]]} if one.name in arms else {})
        for one in found
    ]


def _shown(measured: Measured, one: Results) -> dict[str, int | None]:
    return measured.get(one.name, NOBODY_MEASURED).shown()


def write_csv(
    found: Sequence[Results], by: Grouping, file: TextIO, measured: Measured | None = None
) -> None:
    """Orders have columns for each currency; what is `measured` where people are, empty for few."""
    currencies = sorted({sale.currency for one in found for sale in one.sales})
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    money = [f"{what}_{c.lower()}" for c in currencies for what in ("orders", "amount", "refunded")]
    of_measured = [f"measured_{name}" for name in NOBODY_MEASURED.shown()]
    columns = [by, *NUMBERS, *(f"bounced_{kind}" for kind in BOUNCES), *money]
    writer.writerow(columns if measured is None else [*columns, *of_measured])
    for one in found:
        sales = {sale.currency: sale for sale in one.sales}
        cells = [one.name, *(str(getattr(one, name)) for name in NUMBERS)]
        cells += [str(one.bounced.get(kind, 0)) for kind in BOUNCES]
        for currency in currencies:
            sale = sales.get(currency) or Sales(currency, 0, 0, 0, 0)
            cells += [str(sale.orders), _decimal(sale.amount, currency)]
            cells.append(_decimal(sale.refunded, currency))
        if measured is not None:
            cells += ["" if n is None else str(n) for n in _shown(measured, one).values()]
        writer.writerow(map(inert, cells))


def write_cells(first: str, table: Cells, file: TextIO) -> None:
    """People by source or segment; a cell that is not shown is empty."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    columns = [name for cells in [*table.values()][:1] for name in cells]
    writer.writerow([first, *columns])
    for name, cells in table.items():
        shown = ("" if n is None else str(n) for n in cells.values())
        writer.writerow([inert(name), *shown])


def _decimal(amount: int, currency: str) -> str:
    whole, fraction = decimal(amount, currency)
    return f"{whole}.{fraction}" if fraction else str(whole)
