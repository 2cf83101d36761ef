"""SQL lives in `.sql` files: `-- name: x`, a line of why, the statement. This reads them and lets
PostgreSQL check them before anything runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from psycopg import Connection, Cursor
from psycopg import Error as DatabaseError

_NAME = re.compile(r"^-- name: ([a-z0-9_]+)$", re.MULTILINE)
AnyCursor = Cursor[Any]
"""A cursor whose rows are tuples or dictionaries, as its connection has it; `Any` comes in here and
nowhere else.
"""

PREPARABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_OPEN = re.compile(r"\{[a-z_]+\}")
"""A name of a table or schema that is still to be put in."""
_PARAMETER = re.compile(r"%\(([a-z_]+)\)s")


_CHECKED: set[tuple[object, ...]] = set()


class BrokenStatement(Exception):
    """A statement of a `.sql` file that PostgreSQL does not accept: names the file and the
    query.
    """


@dataclass(frozen=True)
class Queries:
    """The named statements of one file; `queries["due"]` is its text with %(name)s parameters."""

    path: Path
    texts: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def within(self, **names: str) -> Queries:
        """The same statements with these names of tables or schemas put in where a statement has
        `{name}`.
        """
        quoted = {name: '"' + value.replace('"', '""') + '"' for name, value in names.items()}
        return Queries(
            self.path,
            {
                statement: _OPEN.sub(lambda match: quoted.get(match[0][1:-1], match[0]), text)
                for statement, text in self.texts.items()
            },
        )

    def check(self, connection: Connection[Any]) -> None:
        """PREPARE every statement that can be prepared, once per process and all in one journey;
        the boot stops at the first that is broken.
        """
        checked = (self.path, *self.texts.values())
        if checked in _CHECKED:
            return
        prepared = {
            name: f"PREPARE checked AS {_numbered(text)}; DEALLOCATE checked"
            for name, text in self.texts.items()
            if text.startswith(PREPARABLE) and not _OPEN.search(text)
        }
        try:
            connection.execute("; ".join(prepared.values()).encode())
        except DatabaseError:
            for name, statement in prepared.items():
                try:
                    connection.execute(statement.encode())
                except DatabaseError as error:
                    raise BrokenStatement(f"{self.path.name}: {name}: {error}") from error
            # Somebody else has mended it meanwhile.
        _CHECKED.add(checked)


def _numbered(text: str) -> str:
    """The statement with $1, $2… for its named parameters, as PREPARE wants it."""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    return _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", text).replace("%%", "%")


@lru_cache(maxsize=64)
def queries(path: Path) -> Queries:
    """The named statements of a `.sql` file. Raises ValueError for a name given twice or a
    statement without its line of why.
    """
    pieces = _NAME.split(path.read_text(encoding="utf-8"))
    texts: dict[str, str] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in texts:
            raise ValueError(f"{path.name}: {name} is there twice")
        if not body.lstrip().startswith("--"):
            raise ValueError(f"{path.name}: {name} does not say why it is so")
        texts[name] = "\n".join(
            line for line in body.strip().splitlines() if not line.startswith("--")
        )
    return Queries(path, texts)


def beside(python_file: str) -> Queries:
    """The `.sql` file of the same name beside a Python file: `beside(__file__)`."""
    return queries(Path(python_file).with_suffix(".sql"))
