"""An installation's database whose house can be opened and closed at will, as an operator's verbs
do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from engine.app import furnished
from engine.cli import backup as copying
from engine.cli.parser import parser
from engine.config import read_config
from engine.context import House, Premises
from engine.secret_files import read_secrets
from tests.cli.asking import FILES
from tests.installation import Installations


@contextmanager
def premises_of(
    installations: Installations,
    prepare: Callable[[House], object] = lambda house: None,
    extra: str = "",
) -> Iterator[Premises]:
    with installations.made(FILES, extra) as house:
        prepare(house)
        with house.database.connection() as connection:
            name = connection.info.dbname
        house.memory.note()
        house.ledger.close()
        house.database.close()
        config = read_config(house.config.folder)
        owner = make_conninfo(installations.admin, dbname=name)
        secrets = read_secrets(config.secrets)
        yield Premises(config, secrets, owner, lambda: furnished(config, owner, secrets))


def backup(premises: Premises, target: Path) -> int:
    return copying.backup(premises, parser().parse_args(["backup", "-o", str(target)]))


def restore(premises: Premises, source: Path, *more: str) -> int:
    return copying.restore(premises, parser().parse_args(["restore", str(source), "--yes", *more]))


def names(house: House, streams: Sequence[str]) -> list[list[str]]:
    return [[entry.name for entry in house.ledger.stream(stream)] for stream in streams]
