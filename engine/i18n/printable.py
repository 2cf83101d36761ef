"""What others have written, as it may stand on a line of a screen or a page: a dot for whatever
would steer it, or cannot be seen. Pure.
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
