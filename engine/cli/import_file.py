"""`relance import FILE…`: what is typed becomes the options of an import, held against the
installation; then the files are imported and their reports printed. `relance suppress FILE`: every
address in it is never written to again (D15). Ctrl-C stops both between two steps.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError
from engine.imports import rows
from engine.imports.agreement import COLUMN_MEANINGS
from engine.imports.columns import EMAIL
from engine.imports.declaration import BY_COLUMN, Declaration, options_of
from engine.imports.passes import (
    NO_MAPPING,
    ImportOptions,
    SuppressOptions,
    run_imports,
    run_suppress,
)
from engine.imports.recipes import recipes, recognised
from engine.imports.refusals import TableRefused
from engine.imports.table import headings_in
from engine.subscriber.terms import SUPPRESSION_REASONS, one_of


def import_file(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    files = from_arguments(args, context)
    try:
        with (
            Progress(_("Reading") if args.dry_run else _("Importing"), say=_) as tell,
            stop_between_steps() as stopping,
        ):
            reports = run_imports(context.importing(), files, tell, stopping)
    except TableRefused as error:
        if not args.recipe:
            _name_recipe(args.files, _)
        raise UserError(error.reason, 2) from error
    for number, report in enumerate(reports):
        if number:
            print()
        for line in report.lines(_):
            print(line)
    return max(report.exit_code for report in reports)


def _name_recipe(paths: Sequence[Path], _: Say) -> None:
    """Says of what tool the files that need an answer look like an export."""
    headers = []
    with contextlib.suppress(TableRefused):
        headers = [headings_in(path) for path in paths]
    recipe = next((known for header in headers if (known := recognised(header))), None)
    if recipe is not None:
        hint = _("This looks like an export of {tool}: --from {name} knows its columns.")
        print(hint.format(tool=recipe.title, name=recipe.id), file=sys.stderr)


def from_arguments(args: argparse.Namespace, context: AppContext) -> list[ImportOptions]:
    """For each file. Raises UserError of status 2 with a sentence."""
    stores = context.importing()
    declaration = Declaration(
        list=args.list,
        source=args.source,
        collected=args.collected,
        basis=args.basis,
        objection=args.objection,
        start=args.start,
        segment=args.segment,
        mapping=_mapping(args, tuple(stores.field_labels)),
        recipe=recipes()[args.recipe] if args.recipe else None,
        date_order=args.date_order,
        first_address=args.first_address,
        update=args.update,
    )
    options = options_of(declaration, Path(), stores)
    if isinstance(options, list):
        about, reason = options[0]
        raise UserError(N_("--collected: {why}") if about == "collected" else reason, 2, why=reason)
    for ground in declaration.unsaid():
        said_nowhere = N_(
            "--{what} is required, or a column that says it with {column} COLUMN: nobody is"
            " imported without it"
        )
        if not args.recipe:
            _name_recipe(args.files, translator(context.config.site.language))
        raise UserError(said_nowhere, 2, what=ground, column=BY_COLUMN[ground])
    paths = dict.fromkeys(Path(file) for file in args.files)
    return [replace(options, path=path, dry_run=args.dry_run) for path in paths]


def _mapping(args: argparse.Namespace, fields: tuple[str, ...]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    pairs = [
        (getattr(args, option[2:].replace("-", "_")), option) for option in rows.RESERVED.values()
    ]
    pairs += [(column, meaning) for meaning in COLUMN_MEANINGS for column in getattr(args, meaning)]
    for pair in args.map:
        column, equals, field = pair.rpartition("=")
        if not equals or not column.strip() or not field.strip():
            raise UserError(N_("--map {pair}: write COLUMN=FIELD"), 2, pair=pair)
        option = f"--{field}" if field in COLUMN_MEANINGS else rows.RESERVED.get(field, "")
        if option and field in fields:
            message = N_(
                "--map {pair}: {field} is one of [fields] and more; for the other meaning say"
                " {option} COLUMN"
            )
            raise UserError(message, 2, pair=pair, field=field, option=option)
        pairs.append((column, rows.RESERVED.get(field, field)))
    for column, field in pairs:
        if not column:
            continue
        if mapping.get(column, field) != field:
            raise UserError(
                N_("the column {column} is said to be two things: {one} and {other}"),
                2,
                column=column,
                one=mapping[column],
                other=field,
            )
        if field in mapping.values() and field not in COLUMN_MEANINGS:
            raise UserError(N_("two columns are said to be {field}"), 2, field=field)
        mapping[column] = field
    return mapping


def suppress(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    mapping = {args.email: EMAIL} if args.email else NO_MAPPING
    try:
        with Progress(_("Suppressing"), say=_) as tell, stop_between_steps() as stopping:
            options = SuppressOptions(
                path=args.file,
                reason=one_of(args.reason, SUPPRESSION_REASONS),
                mapping=mapping,
            )
            report = run_suppress(context.importing(), options, tell, stopping)
    except TableRefused as error:
        raise UserError(error.reason, 2) from error
    for line in report.lines(_):
        print(line)
    return report.exit_code


@contextmanager
def stop_between_steps() -> Iterator[Callable[[], bool]]:
    """Within it the first Ctrl-C only makes the answer true, so that the step under way is
    finished; the second interrupts as ever.
    """
    asked = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
