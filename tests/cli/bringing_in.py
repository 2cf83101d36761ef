"""A small installation to import into, and what one asks of it afterwards."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.cli.arguments_of_imports import import_arguments
from engine.cli.import_file import from_arguments
from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.i18n.in_words import in_english
from engine.imports.passes import run_imports
from engine.imports.report import ImportReport
from engine.ledger.codec import Entry
from engine.subscriber.commands import AnyCommand
from engine.subscriber.events import Cause
from engine.subscriber.person import Person

DAY = 86_400_000
OPERATOR = Cause("operator", "0" * 16)
FILES = {
    "accueil.toml": (
        """
title = "Accueil"
purpose = "conseils"

[[list]]
id = 10
name = "accueil"
group = "prospects"
ends = { move = 20, after = "30 days" }
  [[list.letter]]
  id = "bienvenue"
  after = "0 minutes"
  subject = "Bienvenue"
  body = "lettre.md"
  [[list.letter]]
  id = "suite"
  after = "10 days"
  subject = "La suite"
  body = "lettre.md"

[[list]]
id = 20
name = "clients"
group = "clients"
  [[list.letter]]
  id = "merci"
  after = "0 minutes"
  subject = "Merci"
  body = "lettre.md"
"""
    ),
    "lettre.md": "Bonjour {{ first_name | default('à vous', true) }}\n",
}
SAID = (
    "--list",
    "accueil",
    "--source",
    "Salon du jardin",
    "--collected",
    "2024-03-01",
    "--basis",
    "consent",
)


def table(folder: Path, text: str, name: str = "contacts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def bring(
    context: AppContext, path: Path, *more: str, said: tuple[str, ...] = SAID
) -> ImportReport:
    """What the command line would do with these arguments."""
    [report] = bring_all(context, [path], *more, said=said)
    return report


def bring_all(
    context: AppContext, paths: Sequence[Path], *more: str, said: tuple[str, ...] = SAID
) -> list[ImportReport]:
    """The same with several files in one go."""
    parser = argparse.ArgumentParser()
    import_arguments(parser)
    arguments = parser.parse_args([*map(str, paths), *said, *more])
    return run_imports(context.importing(), from_arguments(arguments, context))


def counts(report: ImportReport) -> dict[str, int]:
    found = dict(report.counts)
    return found | {"rejected": report.rejections.count} if report.rejections.count else found


def reasons(report: ImportReport) -> dict[str, tuple[int, ...]]:
    return {
        in_english(reason): lines for reason, (_count, lines) in report.rejections.reasons.items()
    }


def stream(context: AppContext, address: str) -> str:
    found = context.vault.find(address)
    assert found is not None, address
    return found


def person(context: AppContext, address: str) -> Person:
    found = stream(context, address)
    return context.command_handler.load([found])[found]


def execute(context: AppContext, address: str, command: AnyCommand) -> Result:
    return context.command_handler.execute_one(
        CommandRequest(command, address=address, only_known=True)
    )


def entries(context: AppContext) -> list[Entry]:
    return [entry for batch in context.ledger.all() for entry in batch]


def personal_rows(context: AppContext) -> tuple[int, int, int]:
    """How many people, pieces of evidence and suppressed hashes the vault holds."""
    with context.database.connection() as connection:
        found = connection.execute(
            b"SELECT (SELECT count(*) FROM vault.person), (SELECT count(*) FROM vault.evidence), "
            b"(SELECT count(*) FROM vault.suppression)"
        ).fetchone()
    assert found is not None
    return int(found[0]), int(found[1]), int(found[2])
