"""What has been read so far of an author's files, and what every part of the reading needs: names,
hours, and lists said by number or name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from unicodedata import combining, normalize

from engine.sequence.anchors import Anchor
from engine.sequence.declared import Declared
from engine.sequence.delay import EVERY_DAY, parse_clock, parse_days, parse_window
from engine.sequence.links import SPECIAL
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Content, Field, Group, Intention, List, Purpose, Theme
from engine.sequence.nearest import hint, nearest
from engine.sequence.pressure import Caps
from engine.sequence.table import Table
from engine.sequence.timing import Hours
from engine.words import N_, Language, Words

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_LIST_NUMBER = 999_999_999
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Settings:
    """The part of the configuration that is published with the sequences. `declared` is None where
    it was published before there was any.
    """

    timezone: str = "Europe/Paris"
    language: Language = "fr"
    purposes: tuple[Purpose, ...] = ()
    groups: tuple[Group, ...] = ()
    fields: tuple[Field, ...] = ()
    declared: Declared | None = None
    caps: Caps = ()
    themes: tuple[Theme, ...] = ()
    contents: tuple[Content, ...] = ()
    measured: Purpose | None = None


@dataclass
class Draft:
    """Targets are still as the author wrote them. `lists` keeps each list beside its table, so that
    later mistakes find their line; `segments` keeps the table of each by its id.

    `unread` are the texts of files that are no TOML: a list that seems to be declared there is no
    mistake of whoever names it.
    """

    files: Mapping[str, str]
    settings: Settings
    mistakes: list[Mistake] = field(default_factory=list)
    lists: dict[int, tuple[List, Table]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    segments: dict[str, Table] = field(default_factory=dict)
    anchors: dict[str, Anchor] = field(default_factory=dict)
    programme: dict[str, Intention] = field(default_factory=dict)

    def number(self, reference: object) -> int:
        """The number of the list with that number or name; 0 when there is none."""
        if isinstance(reference, str):
            number = self.names.get(
                reference, int(reference) if _NUMBER.fullmatch(reference) else 0
            )
        else:
            number = (
                reference if isinstance(reference, int) and not isinstance(reference, bool) else 0
            )
        return number if number in self.lists else 0

    def resolve(self, reference: object, table: Table, key: str) -> int:
        """As `number`, and notes a mistake at `key` when there is none."""
        number = self.number(reference)
        if not isinstance(reference, str | int) or isinstance(reference, bool):
            message = N_("a list is said by its number or its name: `10`, or in quotes")
            table.mistake(key, message)
        elif not number and not self.may_be_unread(reference):
            shown = f'"{reference}"' if isinstance(reference, str) else str(reference)
            table.mistake(
                key,
                N_("there is no list {list}{hint}"),
                list=shown,
                hint=self.nearest_list(reference),
            )
        return number

    def nearest_list(self, reference: object) -> Words:
        return hint(nearest(str(reference), (*self.names, *map(str, self.lists))))

    def may_be_unread(self, reference: object) -> bool:
        declared = re.compile(
            rf"""(?m)^\s*(?:id\s*=\s*{re.escape(str(reference))}|name\s*=\s*["']{re.escape(str(reference))}["'])\s*(?:#.*)?$"""
        )
        return any(declared.search(text) for text in self.unread)

    def anchor_may_be_unread(self, name: str) -> bool:
        declared = re.compile(rf"""(?m)^\s*id\s*=\s*["']{re.escape(name)}["']\s*(?:#.*)?$""")
        return any(declared.search(text) for text in self.unread)

    def purpose(self, table: Table, root: Table) -> str:
        """A table's own purpose, or that of its file; both must be declared."""
        purpose = table.get("purpose", str, root.get("purpose", str, ""))
        known = [p.id for p in self.settings.purposes]
        if not purpose:
            table.mistake(
                "",
                N_(
                    "`purpose` is missing: write it at the head of the file; purposes are declared"
                    " in config.toml"
                ),
            )
        elif purpose not in known:
            place = table if "purpose" in table.values else root
            message = N_(
                'the purpose "{purpose}" is not declared in config.toml (there: {known}){hint}'
            )
            place.mistake(
                "purpose",
                message,
                purpose=purpose,
                known=", ".join(known),
                hint=hint(nearest(purpose, known)),
            )
        return purpose

    def group(self, table: Table) -> str:
        group = table.get("group", str, "")
        self.known_group(group, table, "group")
        return group

    def known_group(self, group: str, table: Table, key: str) -> None:
        known = [g.name for g in self.settings.groups]
        if group and group not in known:
            close = hint(nearest(group, known))
            table.mistake(
                key,
                N_('the group "{group}" is not declared in config.toml{hint}'),
                group=group,
                hint=close,
            )


def read_hours(table: Table, inherited: Hours) -> Hours:
    """`at`, `between` and `days` of a table; what it does not say it has from `inherited`."""
    at = table.parsed("at", parse_clock, inherited.at)
    between = table.parsed("between", parse_window, inherited.between)
    if "at" in table.values and "between" in table.values:
        table.mistake("between", N_("`at` and `between` exclude each other"))
    if "at" in table.values:
        between = None
    elif "between" in table.values:
        at = None
    return Hours(at, between, table.parsed("days", parse_days, inherited.days or EVERY_DAY))


def check_name(name: str, table: Table, key: Literal["id", "name"]) -> None:
    if name and not NAME.fullmatch(name):
        message = N_(
            '`{key}` "{name}" may hold small letters, digits and hyphens only, without accents:'
            ' "{better}"'
        )
        table.mistake(key, message, key=key, name=name, better=as_name(name))


def as_name(text: str) -> str:
    """A valid name made from a text: "ete-a-nice" from "Été à Nice"."""
    plain = "".join(letter for letter in normalize("NFD", text.lower()) if not combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63] or "nom"


def check_list_name(name: str, table: Table) -> None:
    """A list's name also stands in links, so it can be neither a number nor one of the links that
    mean something else.
    """
    check_name(name, table, "name")
    if name.isascii() and name.isdigit():
        table.mistake(
            "name",
            N_('the name "{name}" is a number: links would take it for list {name}'),
            name=name,
        )
    elif name in SPECIAL:
        table.mistake(
            "name", N_('the name "{name}" is taken: ==={name}=== is a link of its own'), name=name
        )
