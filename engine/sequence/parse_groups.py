"""`[[group]]`, `[[theme]]` and `[[content]]` of config.toml: who people are, and what letters may
be about or hold.
"""

from __future__ import annotations

from typing import Literal

from engine.sequence.draft import check_name
from engine.sequence.model import Group
from engine.sequence.nearest import hint, nearest
from engine.sequence.table import Table
from engine.words import N_


def read_groups(root: Table) -> tuple[Group, ...]:
    tables = root.tables("group")
    names = [table.need("name", str, "") for table in tables]
    groups = []
    for number, (table, name) in enumerate(zip(tables, names, strict=True)):
        if name and name in names[:number]:
            table.mistake("name", N_('there are two groups "{group}"'), group=name)
        groups.append(Group(name, _yields_to(table, names)))
        table.finish()
    return tuple(groups)


def _yields_to(table: Table, names: list[str]) -> tuple[str, ...]:
    """One name in quotes, or several in a list."""
    table.known.add("yields_to")
    value = table.values.get("yields_to", [])
    written = value if isinstance(value, list) else [value]
    for other in written:
        if not isinstance(other, str):
            message = N_("`yields_to` is the name of a group in quotes, or several in a list")
            table.mistake("yields_to", message)
        elif other not in names:
            table.mistake(
                "yields_to",
                N_('"{group}" yields to "{other}", which is not declared{hint}'),
                group=str(table.values.get("name", "")),
                other=other,
                hint=hint(nearest(other, names)),
            )
    return tuple(map(str, written))


def read_options(root: Table, kind: Literal["theme", "content"]) -> list[tuple[str, str]]:
    """Id and name of each `[[theme]]` or `[[content]]`."""
    options: list[tuple[str, str]] = []
    for table in root.tables(kind):
        option = table.need("id", str, ""), table.need("name", str, "")
        check_name(option[0], table, "id")
        if option[0] in [known for known, _ in options]:
            table.mistake(
                "id", N_('there are two [[{kind}]] with the id "{id}"'), kind=kind, id=option[0]
            )
        table.finish()
        options.append(option)
    return options
