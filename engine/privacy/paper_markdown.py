"""What the papers share: headings, rows and lists in Markdown, and the words for durations, grounds
and countries. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.sequence.declared import Processor
from engine.sequence.delay import Delay

Say = Callable[[str], str]
_MARKS = re.compile(r"([\\`*_\[\]<>|#])")


@dataclass(frozen=True, slots=True)
class Speech:
    """How a paper speaks: its language, and how it says instants and durations."""

    _: Say
    instant: Callable[[int], str]
    delay: Callable[[Delay], str]


def plain(text: str) -> str:
    """Text from outside as one line that Markdown shows as it is."""
    line = " ".join(
        "".join(character if character.isprintable() else " " for character in text).split()
    )
    return _MARKS.sub(r"\\\1", line)


def clause(text: str) -> str:
    """The same, to stand within a sentence of ours."""
    return plain(text).rstrip(".")


def heading(level: int, text: str) -> str:
    return f"{'#' * level} {text}\n"


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """A table of two columns: what, and what is so."""
    lines = ["| | |", "|---|---|", *(f"| {name} | {value or '–'} |" for name, value in pairs)]
    return "\n".join(lines) + "\n"


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items) + "\n"


def processor_in_words(processor: Processor) -> dict[str, str]:
    """What the sentences about a processor have in their place-holders."""
    return {
        "name": plain(processor.name),
        "country": processor.country,
        "task": clause(processor.task),
        "data": plain(", ".join(processor.data)),
    }


def bases(_: Say) -> Mapping[str, str]:
    """Each ground, with the article it rests on."""
    return {
        "consent": _("consent (GDPR 6(1)(a); CPCE L34-5)"),
        "soft-optin": _(
            "legitimate interest: one’s own similar products, to customers, who may object (GDPR"
            " 6(1)(f); CPCE L34-5 al. 4)"
        ),
        "b2b": _(
            "legitimate interest: messages about their profession, to people told so, who may"
            " object (GDPR 6(1)(f))"
        ),
        "service": _("a contract, or steps the person asked for (GDPR 6(1)(b))"),
    }
