"""Untrusted text made fit for a line of a terminal or a page: control and invisible characters
become dots. Pure.
"""

from __future__ import annotations

from engine.letter.french_spacing import NARROW, NO_BREAK


def is_printable(character: str) -> bool:
    """As Python has it, and the two blanks of French punctuation, which it takes for
    unprintable.
    """
    return character.isprintable() or character in (NO_BREAK, NARROW)


def printable(text: str, keep: str = "") -> str:
    """`text`, as long as it was; the characters of `keep` stay as they are."""
    return "".join(
        character if is_printable(character) or character in keep else "·" for character in text
    )
