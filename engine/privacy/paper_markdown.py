"""What the papers share: headings, rows and lists in Markdown, and the words for durations, grounds
and countries. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.i18n.dates import moment_in_words
from engine.i18n.language import Language, Say, country_in_words, translator
from engine.i18n.phrases import say_delay
from engine.letter.markdown import to_html
from engine.sequence.declared import Processor
from engine.sequence.delay import Delay

_EMPTY_HEAD = re.compile(r"<thead>.*?</thead>\n?", re.DOTALL)
_HEADING = re.compile(r"<(/?)h([1-5])>")
_FIRST_CELL = re.compile(r"<tr>\n<td>(.*?)</td>")
_MARKS = re.compile(r"([\\`*_\[\]<>|#])")


@dataclass(frozen=True, slots=True)
class Speech:
    """How a paper speaks: its language, and how it says instants, durations and countries."""

    _: Say
    instant: Callable[[int], str]
    delay: Callable[[Delay], str]
    country: Callable[[str], str]


def speech_in(language: Language, zone: str) -> Speech:
    """Instants on the clock of `zone`."""
    return Speech(
        translator(language),
        lambda instant: moment_in_words(instant, zone, language),
        lambda delay: say_delay(delay, language),
        lambda code: country_in_words(code, language),
    )


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


def as_html(paper: str) -> str:
    """A paper to stand within a page: its headings one level lower, and what a row is about as the
    head of that row.
    """
    html = _EMPTY_HEAD.sub("", to_html(paper))
    html = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) + 1}>", html)
    return _FIRST_CELL.sub(r'<tr>\n<th scope="row">\1</th>', html)


def processor_in_words(processor: Processor, speech: Speech) -> dict[str, str]:
    """What the sentences about a processor have in their place-holders."""
    return {
        "name": plain(processor.name),
        "country": speech.country(processor.country),
        "task": clause(processor.task),
        "data": plain(", ".join(processor.data)),
    }


def paper_foot(
    site: str, position: int, signed: tuple[int, int] | None, instant: Callable[[int], str], _: Say
) -> str:
    """What stands at the foot of each paper: how far the ledger was read, and `signed`, the size
    and date (ms) of the last signed checkpoint.
    """
    if signed is None:
        sentence = _("{site} · position {position} · no signed checkpoint yet")
        return sentence.format(site=site, position=position)
    sentence = _("{site} · position {position} · checkpoint over {size} entries, signed on {when}")
    return sentence.format(site=site, position=position, size=signed[0], when=instant(signed[1]))


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
