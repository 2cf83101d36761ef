"""A list of people written to a file or to standard output, which is an event of the installation:
how many, with which fields, and by which conditions they were chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from engine.audience.people_export import Rows, record_export, write_rows
from engine.cli.arguments_of_people import STDOUT
from engine.cli.operator_acts import operator_cause
from engine.cli.private_file import private_file
from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError


def refuse_taken(path: Path | None) -> None:
    """Raises UserError where a file stands there already."""
    if path is not None and path != STDOUT and path.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=path)


def write_people(
    context: AppContext,
    path: Path,
    columns: Sequence[str],
    pages: Rows,
    chosen_by: dict[str, object],
    expected: int = 0,
) -> int:
    """Every cell inert in a spreadsheet, in a file that only its owner reads; how many rows.
    `chosen_by` lies in the vault: a condition may name somebody.

    The fact stands before the file takes its name, and also where standard output breaks off: there
    is no list that nobody knows of.
    """
    _, written = translator(context.config.site.language), 0
    with Progress(_("Writing"), say=_) as tell, _opened(path) as file:

        def told(so_far: int) -> None:
            nonlocal written
            tell(written := so_far, expected)

        try:
            write_rows(file, columns, pages, told)
        finally:
            record_export(context, chosen_by, written, operator_cause)
    return written


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path == STDOUT:
        yield sys.stdout
        return
    with private_file(path, "utf-8-sig") as file:
        yield file
