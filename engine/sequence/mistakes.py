"""A mistake in what an author wrote: which file, which line, what, and what to do. All are collected before any is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """`fatal` ones stop a publication; the others are warnings."""

    file: str
    line: int
    text: str
    fatal: bool = True

    def __str__(self) -> str:
        kind = "" if self.fatal else " (warning)"
        return f"{self.file}:{self.line}: {self.text}{kind}"


class Unpublishable(Exception):
    """The sequences hold mistakes; `mistakes` has them all."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
