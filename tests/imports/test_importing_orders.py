"""A shop's export of orders: each is recorded once, of whoever is known, and a bad row costs no
other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.imports.orders import OrderImportOptions, OrderReport, import_orders
from engine.imports.refusals import TableFault, TableRefused
from engine.ledger.codec import iso
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause, OrderRecorded
from engine.vault.vault import VaultWrite
from tests.running_installation import Installations
from tests.web.garden import GARDEN

PEOPLE = ("anna", "bruno", "chloe", "david", "emma", "fanny")


@pytest.fixture(scope="module")
def garden(installations: Installations) -> Iterator[AppContext]:
    with installations.made(GARDEN) as context:
        now = context.clock.now()
        for name in PEOPLE:
            command = Subscribe(now, Cause("operator"), 30, "consent", "declared")
            address, vault_write = f"{name}@lecteurs.example", VaultWrite("", now)
            context.command_handler.execute_one(
                CommandRequest(command, address=address, vault_write=vault_write)
            )
        yield context


def imported(
    context: AppContext,
    folder: Path,
    rows: str,
    *,
    mapping: Mapping[str, str] = {},
    currency: str = "",
    dry_run: bool = False,
) -> OrderReport:
    path = folder / "commandes.csv"
    path.write_text(rows, "utf-8")
    options = OrderImportOptions(path, mapping, currency, dry_run=dry_run)
    return import_orders(context.importing(), options)


def orders(context: AppContext, name: str) -> list[OrderRecorded]:
    stream = context.vault.find(f"{name}@lecteurs.example")
    assert stream is not None
    events = [entry.event for entry in context.ledger.stream(stream)]
    return [event for event in events if isinstance(event, OrderRecorded)]


def rejected(folder: Path) -> dict[int, str]:
    path = folder / "commandes.csv.rejected.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {int(row["line"]): row["reason"] for row in csv.DictReader(file)}


def test_each_order_is_recorded_once_however_often_the_file_comes(
    garden: AppContext, tmp_path: Path
) -> None:
    rows = (
        "Adresse e-mail;N° de commande;Total;Devise;SKU;Date de commande\n"
        "anna@lecteurs.example;A-1;12,50 €;;livre, semis;13/01/2026 10:00\n"
        "anna@lecteurs.example;A-2;1 234,50;EUR;;14/01/2026\n"
    )
    first, again = (imported(garden, tmp_path, rows) for _ in range(2))
    assert (first.counts, again.counts) == ({"recorded": 2}, {"already": 2})
    one, two = sorted(orders(garden, "anna"), key=lambda order: order.at)
    assert (one.amount, one.currency, one.products) == (1250, "EUR", ("livre", "semis"))
    assert (two.amount, two.currency, two.products) == (123450, "EUR", ())
    assert iso(one.at) == "2026-01-13T09:00:00.000Z"


def test_a_rehearsal_writes_nothing_and_says_the_same(garden: AppContext, tmp_path: Path) -> None:
    rows = (
        "email,order,amount\n"
        "bruno@lecteurs.example,B-1,5\n"
        "bruno@lecteurs.example,B-1,5\n"
        "nobody@lecteurs.example,B-2,5\n"
    )
    head = garden.ledger.head()
    rehearsed = imported(garden, tmp_path, rows, currency="EUR", dry_run=True)
    assert garden.ledger.head() == head and not rejected(tmp_path)
    done = imported(garden, tmp_path, rows, currency="EUR")
    assert rehearsed.counts == done.counts == {"recorded": 1, "duplicate": 1}
    assert rehearsed.rejections.count == done.rejections.count == 1


def test_articles_of_one_order_are_one_order(garden: AppContext, tmp_path: Path) -> None:
    rows = (
        "email,order,amount,currency,sku\n"
        "chloe@lecteurs.example,C-1,30.00,EUR,livre\n"
        "chloe@lecteurs.example,C-1,,,semis\n"
        "chloe@lecteurs.example,C-1,30.00,EUR,coffret\n"
    )
    assert imported(garden, tmp_path, rows).counts == {"recorded": 1}
    [order] = orders(garden, "chloe")
    assert (order.amount, order.products) == (3000, ("livre", "semis", "coffret"))


def test_a_row_that_cannot_be_recorded_is_rejected_with_its_reason(
    garden: AppContext, tmp_path: Path
) -> None:
    rows = (
        "email;order;amount;currency;products;date\n"
        "nobody@lecteurs.example;D-1;5;EUR;;2026-01-13\n"
        "david@lecteurs.example;;5;EUR;;2026-01-13\n"
        "david@lecteurs.example;D-3;cinq;EUR;;2026-01-13\n"
        "david@lecteurs.example;D-4;5;;;2026-01-13\n"
        "david@lecteurs.example;D-5;5;EUR;un livre;2026-01-13\n"
        "david@lecteurs.example;D-6;5;EUR;;2999-01-13\n"
        "david@lecteurs.example;D-7;5;EUR;;\n"
        "david@lecteurs;D-8;5;EUR;;2026-01-13\n"
        "david@lecteurs.example;D-9;5;EUR;;2026-01-13\n"
        "david@lecteurs.example;D-9;6;EUR;;2026-01-13\n"
        "emma@lecteurs.example;D-9;5;EUR;;2026-01-13\n"
    )
    report = imported(garden, tmp_path, rows)
    assert report.counts == {"recorded": 1} and report.exit_code == 0
    assert sorted(rejected(tmp_path)) == [2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert garden.vault.find("nobody@lecteurs.example") is None
    other = "email;order;amount;currency\nemma@lecteurs.example;D-9;5;EUR\n"
    assert imported(garden, tmp_path, other).exit_code == 1
    changed = "email;order;amount;currency\ndavid@lecteurs.example;D-9;7;EUR\n"
    assert imported(garden, tmp_path, changed).exit_code == 1


def test_a_column_that_is_not_found_is_named(garden: AppContext, tmp_path: Path) -> None:
    rows = "email;n;combien\nfanny@lecteurs.example;F-1;5 €\n"
    with pytest.raises(TableRefused) as refused:
        imported(garden, tmp_path, rows)
    assert refused.value.reason.code is TableFault.COLUMN_NEEDED
    mapping = {"n": "order", "combien": "amount"}
    assert imported(garden, tmp_path, rows, mapping=mapping).counts == {"recorded": 1}


def test_dates_that_read_two_ways_are_asked_about(garden: AppContext, tmp_path: Path) -> None:
    rows = "email;order;amount;date\nfanny@lecteurs.example;F-2;5 €;03/04/2026\n"
    with pytest.raises(TableRefused) as refused:
        imported(garden, tmp_path, rows)
    assert refused.value.reason.code is TableFault.DATES_READ_BOTH_WAYS
