"""A mistake in what an author wrote: which file, which line, what, and what to do. All are
collected before any is shown.

What is wrong is kept as a message of the catalogue and its values, so that it is said in the
reader's language where it is shown.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.words import Value, WordedError, Words, words

MAX_SAID = 500
"""Characters of one value in a mistake's sentence: all that can be chosen from, and no more."""


class Unreadable(WordedError, ValueError):
    """The reason why a text is no valid value for its key."""


@dataclass(frozen=True, slots=True, init=False)
class Mistake:
    """`line` and `column` count from 1; a column of 0 means the whole line. `fatal` ones stop a
    publication; the others are warnings.
    """

    file: str
    line: int
    words: Words
    fatal: bool
    column: int

    def __init__(
        self,
        file: str,
        line: int,
        message: str | Words,
        fatal: bool = True,
        column: int = 0,
        /,
        **values: Value,
    ) -> None:
        told = _shortened(message if isinstance(message, Words) else words(message, **values))
        for name, value in (
            ("file", file),
            ("line", line),
            ("words", told),
            ("fatal", fatal),
            ("column", column),
        ):
            object.__setattr__(self, name, value)

    @property
    def text(self) -> str:
        """In English."""
        return self.words.said()

    def __lt__(self, other: Mistake) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, int, str]:
        return self.file, self.line, self.column, self.text

    def __str__(self) -> str:
        kind = "" if self.fatal else " (warning)"
        return f"{self.file}:{self.line}: {self.text}{kind}"


def _shortened(told: Words) -> Words:
    """A text of an author's that is far too long is not said as a whole."""
    values = tuple(
        (
            name,
            f"{value[:MAX_SAID]}…"
            if isinstance(value, str) and len(value) > MAX_SAID
            else _shortened(value)
            if isinstance(value, Words)
            else value,
        )
        for name, value in told.values
    )
    return told if values == told.values else Words(told.message, values)


def column_of(source: str, line: int, needle: str) -> int:
    """Where `needle` begins on a line of `source`, both counted from 1; 0 where it does not stand
    there.
    """
    lines = source.split("\n")
    return lines[line - 1].find(needle) + 1 if needle and 0 < line <= len(lines) else 0


class Unpublishable(Exception):
    """The sequences hold mistakes; `mistakes` has them all."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
