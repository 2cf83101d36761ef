"""What somebody says of a file before it is imported, whoever asks them: what its columns hold, and
what holds for every row. Held against the installation it becomes the options of the import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from engine.frozen import dataclass
from engine.i18n.user_error import UserError, list_of, static_segment_of
from engine.imports import rows
from engine.imports.columns import folded
from engine.imports.passes import ImportOptions
from engine.imports.recipes import Recipe
from engine.imports.refusals import DateKind, RowRefused
from engine.imports.stores import ImportStores
from engine.intake.instants import DateOrder, DateRefused
from engine.sequence.declared import Declared
from engine.subscriber.terms import Basis, Start
from engine.words import Reason, Words

Ground = Literal["source", "collected", "basis"]
BY_COLUMN: Mapping[Ground, str] = MappingProxyType(
    {"source": rows.SOURCE, "collected": rows.COLLECTED, "basis": rows.BASIS}
)
"""Nobody is imported without these: each is said for the file, or by the column named here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """As typed. `list` is a number or a name, `collected` a date whose day comes first where
    `date_order` does not say otherwise, `segment` a static one or "". `mapping` is as in
    ImportOptions; unless `by_heading`, a column holds nothing but what it says. `recipe` is of the
    tool that exported the file, which then is where its people come from.
    """

    list: str
    source: str = ""
    collected: str = ""
    basis: Basis | Literal[""] = ""
    objection: str = ""
    start: Start = "none"
    segment: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe | None = None
    by_heading: bool = True
    date_order: DateOrder | None = None
    first_address: bool = False
    update: bool = False

    def unsaid(self) -> Iterator[Ground]:
        """What neither the declaration nor a column says."""
        given: Mapping[Ground, str] = {
            "source": self.source,
            "collected": self.collected,
            "basis": self.basis,
        }
        named = set(self.mapping.values())
        if self.recipe is not None:
            named |= {rows.SOURCE, *(holds for _, holds in self.recipe.columns)}
        for ground, column in BY_COLUMN.items():
            if not given[ground].strip() and column not in named:
                yield ground


class Wrong(NamedTuple):
    """What of a declaration is wrong, and why."""

    about: Literal["list", "segment", "collected"]
    reason: Words | Reason[StrEnum]


def options_of(
    declaration: Declaration, path: Path, stores: ImportStores
) -> ImportOptions | list[Wrong]:
    """For a declaration that leaves nothing unsaid: what it makes of the file at `path`, or
    everything that is wrong with it.
    """
    plan, wrong = stores.installation_stream.current().plan(), list[Wrong]()
    number, segment = 0, ""
    tool = declaration.recipe.title if declaration.recipe is not None else ""
    try:
        number = list_of(plan, declaration.list).id
    except UserError as error:
        wrong.append(Wrong("list", error.reason))
    try:
        segment = static_segment_of(plan, declaration.segment).id if declaration.segment else ""
    except UserError as error:
        wrong.append(Wrong("segment", error.reason))
    defaults = rows.ImportDefaults(
        list=number,
        now=stores.clock.now(),
        zone=stores.zone,
        source=declaration.source.strip() or tool,
        basis=declaration.basis,
        start=declaration.start,
        fields=tuple(declared.name for declared in stores.fields),
        typed={declared.name: declared for declared in stores.fields if declared.type != "text"},
        objection=declaration.objection.strip(),
        first_address=declaration.first_address,
        ask_first=(plan.declared or Declared()).consent == "ask-first",
        themes={
            name: theme.id for theme in plan.themes.values() for name in (theme.id, theme.name)
        },
        segment=segment,
        proofs=rows.proofs_of(declaration.mapping),
        tags={
            folded(name): one.id
            for one in plan.segments.values()
            if one.static
            for name in (one.id, one.name)
        },
    )
    try:
        if written := declaration.collected.strip():
            order = declaration.date_order or "day-first"
            collected = rows.past(written, defaults, DateKind.COLLECTION, order)
            defaults = replace(defaults, collected=collected)
    except (DateRefused, RowRefused) as error:
        wrong.append(Wrong("collected", error.reason))
    return wrong or ImportOptions(
        path=path,
        defaults=defaults,
        mapping=declaration.mapping,
        by_heading=declaration.by_heading,
        recipe=declaration.recipe,
        date_order=declaration.date_order,
        update=declaration.update,
    )
