"""What a form changes of a dialogue's file, as values, and what each change does to the tables of
the file. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.sequence.toml import read_tables
from engine.words import N_, WordedError

TomlValue = str | int | bool | Sequence["TomlValue"] | Mapping[str, "TomlValue"]
TablePath = tuple[tuple[str, str], ...]
"""From the head of the file, which is (): (("list", "10"), ("letter", "welcome")). The second of
each step is what the table is known by (IDENTITIES), "" for a table there can be but one of, "#2"
for the third of its kind where nothing names it.
"""
IDENTITIES = ("id", "name", "list", "what")


class CannotEdit(WordedError):
    """The file is written in a way in which this cannot be changed by a form."""


@dataclass(frozen=True, slots=True)
class SetKey:
    """`value` None takes the key out."""

    table: TablePath
    key: str
    value: TomlValue | None


@dataclass(frozen=True, slots=True)
class AddTable:
    """One more `[[kind]]` within a table, before its sibling `before`, last for ""."""

    within: TablePath
    kind: str
    values: Mapping[str, TomlValue]
    before: str = ""


@dataclass(frozen=True, slots=True)
class RemoveTable:
    table: TablePath


@dataclass(frozen=True, slots=True)
class MoveTable:
    """Among its siblings: before `before`, last for ""."""

    table: TablePath
    before: str = ""


Change = SetKey | AddTable | RemoveTable | MoveTable


def plain(value: object) -> object:
    """What can be compared: true and 1 are not the same."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return (type(value).__name__, str(value))


def stored(value: TomlValue) -> object:
    """As `plain` has what is read from a file."""
    if isinstance(value, Mapping):
        return {key: stored(inner) for key, inner in value.items()}
    if not isinstance(value, str) and isinstance(value, Sequence):
        return [stored(inner) for inner in value]
    return plain(value)


def apply(tables: object, change: Change) -> None:
    """Change `plain` tables in place. Raises CannotEdit for a table that is not there."""
    match change:
        case SetKey(path, key, value):
            table = _table(tables, path)
            if value is None:
                table.pop(key, None)
            else:
                table[key] = stored(value)
        case AddTable(within, kind, values, before):
            siblings = _table(tables, within).setdefault(kind, [])
            if not isinstance(siblings, list):
                raise _no_such_table(kind, before)
            place = index_of(siblings, kind, before) if before else len(siblings)
            siblings.insert(place, stored(values))
        case RemoveTable(path) | MoveTable(path):
            *around, (kind, name) = path
            parent = _table(tables, tuple(around))
            siblings = parent.get(kind)
            if not isinstance(siblings, list):
                raise _no_such_table(kind, name)
            table = siblings.pop(index_of(siblings, kind, name))
            if isinstance(change, MoveTable):
                before = change.before
                place = index_of(siblings, kind, before) if before else len(siblings)
                siblings.insert(place, table)
            elif not siblings:
                del parent[kind]


def _table(tables: object, path: TablePath) -> dict[str, object]:
    for kind, name in path:
        inner = tables.get(kind) if isinstance(tables, dict) else None
        tables = inner[index_of(inner, kind, name)] if isinstance(inner, list) else inner
    if not isinstance(tables, dict):
        raise _no_such_table(*path[-1])
    return tables


def table_at(text: str, path: TablePath) -> Mapping[str, object]:
    """A table as the text of its file has it. Raises CannotEdit where there is none, and ValueError
    for a text that is no TOML.
    """
    return _table(read_tables(text), path)


def index_of(tables: Sequence[object], kind: str, name: str) -> int:
    for index, table in enumerate(tables):
        if isinstance(table, dict) and identity(table) == name:
            return index
    if name.startswith("#") and name[1:].isdecimal() and int(name[1:]) < len(tables):
        return int(name[1:])
    raise _no_such_table(kind, name)


def identity(table: Mapping[str, object]) -> str:
    known = next((table[key] for key in IDENTITIES if key in table), "")
    return str(known[1] if isinstance(known, tuple) else known)


def _no_such_table(kind: str, name: str) -> CannotEdit:
    return CannotEdit(
        N_("there is no [[{kind}]] “{name}” in this file any more"), kind=kind, name=name
    )
