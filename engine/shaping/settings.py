"""`[shaping]` of config.toml: which providers there are and what they take."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sequence.table import Table
from engine.words import N_, WordedError


@dataclass(frozen=True, slots=True)
class Shaping:
    """`providers`: a file of the installation's folder that overlays Relance's own, "" for none.
    `guards`: what nobody asked for pauses where complaints or bounces pass theirs. `warm_up`: the
    domain that letters come from is not known to providers yet.
    """

    providers: str = ""
    guards: bool = True
    warm_up: bool = False


def read_shaping(table: Table) -> Shaping:
    return Shaping(
        table.parsed("providers", file_name, ""),
        table.get("guards", bool, True),
        table.get("warm_up", bool, False),
    )


class NoFile(WordedError, ValueError):
    """Not the name of a TOML file."""


def file_name(text: str) -> str:
    if "/" in text or "\\" in text or not text.endswith(".toml"):
        raise NoFile(
            N_('"{text}" is no file of this folder: write for example "providers.toml"'), text=text
        )
    return text
