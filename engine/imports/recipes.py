"""What the exports of other tools mean: recipes.toml, held against the columns and the name of a
file. A recipe answers what a person would be asked; what it does not know is asked as ever. Pure,
but for reading the package's own data once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal, TypedDict, get_args
from unicodedata import normalize

from engine.frozen import dataclass
from engine.imports import rows
from engine.imports.agreement import COLUMN_MEANINGS, REFUSALS, Cell
from engine.imports.columns import EMAIL, folded
from engine.intake.instants import DateOrder

KnownFrom = Literal["its source code", "its documentation", "second hand"]
FIELDS: Mapping[str, str] = {
    "email": EMAIL,
    "first_name": "first_name",
    "last_name": "last_name",
    "timezone": "timezone",
    "language": "language",
    **rows.RESERVED,
}
NOBODY_OF_A_FILE = (*REFUSALS, Cell.NOT_YET)


class _Recipe(TypedDict, total=False):
    """As recipes.toml has it."""

    id: str
    title: str
    same_as: str
    known_from: str
    source: str
    dates: DateOrder
    signature: list[str]
    proof: list[str]
    files: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Headings are folded. `columns` are (heading, what it holds), of one field the best first;
    `proof` are columns that prove a consent together; `dates` is how it writes them, None where
    they show it; `files` are (pattern of a name, what it says of everybody in the file).
    """

    id: str
    title: str
    known_from: KnownFrom
    source: str
    dates: DateOrder | None
    signature: frozenset[str]
    columns: tuple[tuple[str, str], ...]
    proof: tuple[str, ...]
    files: tuple[tuple[str, Cell], ...]

    def mapping(self, header: Sequence[str]) -> dict[str, str]:
        """What each column of a file holds, by its heading as it is written there; columns that
        prove a consent come as `rows.PROOF` and their heading.
        """
        written = {folded(heading): heading for heading in reversed(header) if heading}
        mapping: dict[str, str] = {}
        for heading, holds in self.columns:
            name = written.get(heading)
            taken = holds not in COLUMN_MEANINGS and holds in mapping.values()
            if name is not None and name not in mapping and not taken:
                mapping[name] = holds
        proofs = [written[heading] for heading in self.proof if heading in written]
        if len(proofs) == len(self.proof):
            mapping |= {name: f"{rows.PROOF} {name}" for name in proofs if name not in mapping}
        return mapping

    def says_of(self, name: str) -> Cell:
        """What a file called so says of everybody in it: a refusal, NOT_YET, or AGREED where its
        name says nothing.
        """
        lower = normalize("NFC", name).casefold()
        return next(
            (cell for pattern, cell in self.files if fnmatchcase(lower, pattern)), Cell.AGREED
        )


@cache
def recipes() -> Mapping[str, Recipe]:
    """By their names."""
    text = files("engine.imports").joinpath("recipes.toml").read_text("utf-8")
    found: dict[str, Recipe] = {}
    for read in tomllib.loads(text)["recipe"]:
        found[read["id"]] = (
            replace(found[read["same_as"]], id=read["id"], title=read["title"])
            if "same_as" in read
            else _recipe(read)
        )
    return found


def recognised(header: Sequence[str]) -> Recipe | None:
    """The recipe whose signature a file has; the one with the longest, where several fit."""
    headings = frozenset(map(folded, header))
    fitting = [recipe for recipe in recipes().values() if recipe.signature <= headings]
    return max(fitting, key=lambda recipe: len(recipe.signature), default=None)


def _recipe(read: _Recipe) -> Recipe:
    known = read.get("known_from", "")
    by_name: Mapping[str, list[str]] = {
        name: value for name, value in read.items() if isinstance(value, list)
    }
    wanted = [*FIELDS.items(), *((meaning, meaning) for meaning in COLUMN_MEANINGS)]
    return Recipe(
        id=read["id"],
        title=read["title"],
        known_from=next(one for one in get_args(KnownFrom) if one == known),
        source=read.get("source", ""),
        dates=read.get("dates"),
        signature=frozenset(map(folded, by_name["signature"])),
        columns=tuple(
            (folded(heading), holds)
            for name, holds in wanted
            if name != "proof"
            for heading in by_name.get(name, ())
        ),
        proof=tuple(map(folded, by_name.get("proof", ()))),
        files=tuple(
            (pattern, next(cell for cell in NOBODY_OF_A_FILE if cell == says))
            for pattern, says in read.get("files", {}).items()
        ),
    )
