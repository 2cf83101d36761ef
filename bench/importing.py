"""Importing a file of new people, against COPY of every row it writes in the ledger and the vault,
a chunk's rows in one transaction.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.copying import Table, copy_in, rows_of, twin
from bench.installation import Installation, installed
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.cli.arguments_of_imports import import_arguments
from engine.cli.import_file import from_arguments
from engine.imports.passes import CHUNK, run_imports
from engine.store.sql import beside

GOAL = 0.4
SQL = beside(__file__)
EVENTS = ("ledger", "events", "originator_id")
PEOPLE = ("vault", "person", "subscriber")
EVIDENCE = ("vault", "evidence", "subscriber")
WRITES = (EVENTS, PEOPLE, EVIDENCE)
"""Each table an import writes, with the column that says whose row it is."""


def measure(size: Size) -> list[Row]:
    """From the opening of a .csv with addresses and first names to the last commit; nobody in it is
    known.
    """
    rounds, count = size.pick((3, 1000), (3, 20_000), (3, 200_000))
    found = []
    with installed() as here:
        for number in range(rounds):
            path = _written(here.folder, number, count)
            before = _everybody(here)
            with Watch() as importing:
                _import(here, path)
            new = sorted(_everybody(here) - before)
            if len(new) != count:
                raise RuntimeError(f"of {count} people {len(new)} were imported")
            tables = [_table(here, new, *each) for each in WRITES]
            with Watch() as copying:
                _copy(here, tables, -(-count // CHUNK))
            found.append((count / importing.seconds, count / copying.seconds))
    return [against("import", "people/s", GOAL, found)]


def _written(folder: Path, number: int, count: int) -> Path:
    path = folder / f"readers-{number}.csv"
    lines = [
        "email,first_name",
        *(f"reader-{number}-{n}@potager.example,Prénom {n}" for n in range(count)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _import(here: Installation, path: Path) -> None:
    parser = argparse.ArgumentParser()
    import_arguments(parser)
    said = ["--list", "1", "--basis", "consent", "--source", "bench", "--collected", "2020-01-01"]
    options = from_arguments(parser.parse_args([str(path), *said]), here.context)
    run_imports(here.context.importing(), options)


def _everybody(here: Installation) -> set[str]:
    return {str(row[0]) for row in here.owner.execute(SQL["everybody"]).fetchall()}


def _table(here: Installation, people: list[str], schema: str, table: str, column: str) -> Table:
    types, rows = rows_of(here.owner, schema, table, column, people)
    return Table(twin(here.owner, schema, table), types, rows)


def _copy(here: Installation, tables: list[Table], chunks: int) -> None:
    for chunk in range(chunks):
        with here.owner.transaction():
            for table in tables:
                size = -(-len(table.rows) // chunks)
                part = table.rows[chunk * size : (chunk + 1) * size]
                copy_in(here.owner, table.name, table.types, part, max(1, len(part)))
