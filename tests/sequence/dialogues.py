"""Small dialogues written line by line, and how their reading is asked for in tests."""

from __future__ import annotations

from collections.abc import Mapping

from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Field, Group, Plan, Purpose
from engine.sequence.parse import Settings, parse

SETTINGS = Settings(
    purposes=(Purpose("conseils", "La lettre"), Purpose("offres", "Les offres")),
    groups=(Group("prospects", ("clients",)), Group("clients")),
    fields=(Field("first_name", "Prénom"),),
)
HEAD = 'title = "Essai"\npurpose = "conseils"\n'
WORDS = {"a.md": "Bonjour.\n", "q.md": "Alors ?\n\n[Oui](===11===) [Non](===12===)\n"}


def listed(number: int, name: str, *lines: str) -> str:
    return "\n".join(["", "[[list]]", f"id = {number}", f'name = "{name}"', *lines, ""])


def letter(name: str, *lines: str, body: str = "a.md", when: str = 'after = "0 minutes"') -> str:
    return "\n".join(
        [
            "",
            "[[list.letter]]",
            f'id = "{name}"',
            f'subject = "Sujet"\nbody = "{body}"',
            when,
            *lines,
            "",
        ]
    )


def read(toml: str, words: Mapping[str, str] = WORDS, settings: Settings = SETTINGS) -> Plan:
    return parse({"d.toml": toml, **words}, settings)


def mistakes(
    toml: str, words: Mapping[str, str] = WORDS, settings: Settings = SETTINGS
) -> list[str]:
    """ "file:line: text" of every mistake, none when there is none."""
    try:
        read(toml, words, settings)
    except Unpublishable as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


def line_of(text: str, part: str) -> int:
    """The line on which `part` stands first."""
    return text[: text.index(part)].count("\n") + 1
