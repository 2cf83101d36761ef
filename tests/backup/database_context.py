"""An installation's database whose stores can be opened and closed at will, as an operator's verbs
do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from engine.app import opening_of
from engine.cli import database
from engine.cli.parser import parser
from engine.config import read_config
from engine.context import AppContext, DatabaseContext
from engine.secret_files import read_secrets
from tests.cli.asking import FILES
from tests.running_installation import Installations


@contextmanager
def database_context_of(
    installations: Installations,
    prepare: Callable[[AppContext], object] = lambda context: None,
    extra: str = "",
) -> Iterator[DatabaseContext]:
    with installations.made(FILES, extra) as context:
        prepare(context)
        with context.database.connection() as connection:
            name = connection.info.dbname
        context.rollback_detection.note()
        context.ledger.close()
        context.database.close()
        config = read_config(context.config.folder)
        owner = make_conninfo(installations.admin, dbname=name)
        secrets = read_secrets(config.secrets)
        yield DatabaseContext(config, secrets, owner, opening_of(config, owner, secrets))


def backup(database_context: DatabaseContext, target: Path) -> int:
    return database.backup(database_context, parser().parse_args(["backup", "-o", str(target)]))


def restore(database_context: DatabaseContext, source: Path, *more: str) -> int:
    return database.restore(
        database_context, parser().parse_args(["restore", str(source), "--yes", *more])
    )


def names(context: AppContext, streams: Sequence[str]) -> list[list[str]]:
    return [[entry.name for entry in context.ledger.stream(stream)] for stream in streams]
