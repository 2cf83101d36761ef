"""Action links in a letter's source: where they stand, what is wrong with them, and how URLs take
their place.

`===11===` moves the reader to list 11, `+++11+++` copies, `===unsubscribe===` and
`===everything===` withdraw, `===confirm===` is the link of a confirmation letter. They are
understood as targets of Markdown links, reference definitions, autolinks and `href`, also when an
editor put `http://` before them or encoded them. Code and comments are plain text. Pure; never
raises on a source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Literal
from urllib.parse import quote, unquote

from engine.sequence.mistakes import Mistake
from engine.words import N_, Words, words

Kind = Literal["move", "copy", "unsubscribe", "everything", "confirm"]
SPECIAL: tuple[Kind, ...] = ("unsubscribe", "everything", "confirm")
SOURCES_CACHE_SIZE = 256
"""What is known of a source is kept for so many: every letter of a folder has the same layout."""


@dataclass(frozen=True)
class Link:
    """One action link. `index` numbers moves and copies in order of appearance, from 0; it is -1
    for the others.
    """

    index: int
    kind: Kind
    target: str
    line: int


_COMMENT_START = re.compile(r"<!--(?!\[if|<!|>)")
_FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(`{3,}(?=[^`]*$)|~{3,})")
_TARGET = re.compile(
    r"\]\([ \t]*\n?[ \t]*(?:<(?P<angle>[^<>\n]*)>|(?P<inline>[^\s()<>]+))(?=[\s)])"
    r"""|(?<![\w-])href\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"']+))"""
    r"|^[ >]*\[[^\]\n]+\]:[ \t]*\n?[ \t]*"
    r"(?:<(?P<reference_angle>[^<>\n]*)>|(?P<reference>[^\s<>]+))"
    r"|<(?P<auto>[^\s<>]+)>",
    re.M | re.I,
)
_ACTION = re.compile(r"(===|\+\+\+)([^\s=+]+)\1")
_NEARLY = re.compile(r"(?:==|\+\+|[=+]\s*[\w-]+\s*[=+]+$)")
_NEARLY_END = re.compile(r"[\w -]+(?:==+|\+\++)")
_SIGN = {"=": r"(?:=|%3D|&#61;|&#x3D;|&equals;)", "+": r"(?:\+|%2B|&#43;|&#x2B;|&plus;)"}
_STRAY = re.compile(
    "|".join(
        rf"(?<!{re.escape(char)})({sign}{{3}}[\w-]+{sign}{{3}})(?!{re.escape(char)})"
        for char, sign in _SIGN.items()
    ),
    re.I,
)


def visible(source: str) -> str:
    """The source, same length and same lines, with code and comments blanked."""
    text = _without_fences(source)
    text = _without_code_spans(text)
    parts: list[str] = []
    done = 0
    for start, end in find_comments(text):
        parts += [text[done:start], _blank(text[start:end])]
        done = end
    return "".join(parts) + text[done:]


def find_comments(text: str) -> Iterator[tuple[int, int]]:
    """Where `<!-- -->` begin and end; conditional comments of mail programs are not meant."""
    place = 0
    while opening := _COMMENT_START.search(text, place):
        end = text.find("-->", opening.end())
        if end < 0:
            return
        place = end + len("-->")
        yield opening.start(), place


def find_links(source: str) -> tuple[Link, ...]:
    """The action links in order of appearance; the same target twice is two links."""
    return tuple(link for link, _, _, _ in _found(source))


def substitute(source: str, url_for: Callable[[Link], str]) -> str:
    """The source with each action target replaced in place, so that Markdown and HTML see ordinary
    URLs.
    """
    parts: list[str] = []
    done = 0
    for link, start, end, place in _found(source):
        url = quote(url_for(link), safe="/:?#@!$&*+,;=%~-._")
        replacement = url if place == "auto" else url.replace("&", "&amp;")
        parts += [source[done:start], replacement]
        done = end
    return "".join(parts) + source[done:]


@lru_cache(maxsize=SOURCES_CACHE_SIZE)
def find_mistakes(source: str, file: str) -> tuple[Mistake, ...]:
    """Action marks that no reader could click: outside a link, or misspelt inside one. In order of
    line.
    """
    text = visible(source)
    mistakes: list[Mistake] = []
    rest = list(text)
    for match in _TARGET.finditer(text):
        place, raw = _target_of(match)
        if _action(raw) is None:
            plain = _normal(raw)
            if not (_NEARLY.match(plain) or _NEARLY_END.fullmatch(plain)):
                continue
            mistakes.append(Mistake(file, *_place(text, match.start(place), _explain(plain))))
        rest[match.start(place) : match.end(place)] = " " * len(raw)
    outside = "".join(rest)
    for match in _STRAY.finditer(outside):
        mark = _normal(match[0])
        sentence = words(
            N_('`{mark}` stands outside a link; write [words]({mark}) or <a href="{mark}">.'),
            mark=mark,
        )
        mistakes.append(Mistake(file, *_place(text, match.start(), sentence)))
    return tuple(sorted(mistakes, key=lambda mistake: mistake.line))


@lru_cache(maxsize=SOURCES_CACHE_SIZE)
def _found(source: str) -> tuple[tuple[Link, int, int, str], ...]:
    text = visible(source)
    count = 0
    found: list[tuple[Link, int, int, str]] = []
    for match in _TARGET.finditer(text):
        place, raw = _target_of(match)
        action = _action(raw)
        if action is None:
            continue
        kind, target = action
        index = -1 if kind in SPECIAL else count
        count += kind not in SPECIAL
        link = Link(index, kind, target, _line(text, match.start(place)))
        found.append((link, match.start(place), match.end(place), place))
    return tuple(found)


def _target_of(match: re.Match[str]) -> tuple[str, str]:
    place = match.lastgroup or ""
    return place, match[place]


def _normal(raw: str) -> str:
    """What the author meant before an editor encoded it or took it for a host name."""
    plain = unquote(unquote(unescape(raw))).replace("\\=", "=").replace("\\+", "+").strip()
    return unicodedata.normalize(
        "NFC", re.sub(r"^https?:/{0,3}(?=[=+])", "", plain, flags=re.I).rstrip("/")
    )


def _action(raw: str) -> tuple[Kind, str] | None:
    match = _ACTION.fullmatch(_normal(raw))
    if match is None:
        return None
    sign, target = match[1], match[2]
    for special in SPECIAL:
        if target == special:
            return (special, "") if sign == "===" else None
    if not all(_allowed(char) for char in target):
        return None
    if re.fullmatch(r"[0-9]+", target):
        target = target.lstrip("0") or "0"
    return ("move" if sign == "===" else "copy"), target


def _allowed(char: str) -> bool:
    return char in "-0123456789" or (char.isalpha() and char == char.lower())


def _explain(plain: str) -> Words:
    if re.fullmatch(r"\+{3}(unsubscribe|everything)\+{3}", plain):
        return words(
            N_("`{mark}` cannot be a copy; write ==={name}===."), mark=plain, name=plain.strip("+")
        )
    return words(
        N_(
            "`{mark}` is no list; write ===11=== to move or +++11+++ to copy, with the list's"
            " number or its name in lower case."
        ),
        mark=plain,
    )


def _place(text: str, position: int, sentence: Words) -> tuple[int, Words, bool, int]:
    """What a mistake is made of after its file."""
    return _line(text, position), sentence, True, position - text.rfind("\n", 0, position)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _without_fences(source: str) -> str:
    lines: list[str] = []
    fence = ""
    for line in source.split("\n"):
        opening = None if fence else _FENCE.match(line)
        if opening:
            fence = opening[1]
        elif not fence:
            lines.append(line)
            continue
        elif re.fullmatch(rf"[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t\r]*", line):
            fence = ""
        lines.append(" " * len(line))
    return "\n".join(lines)


def _without_code_spans(text: str) -> str:
    return "".join(_without_spans_in(part) for part in re.split(r"(\n[ \t]*\n)", text))


def _without_spans_in(paragraph: str) -> str:
    runs = [(match.start(), match.end()) for match in re.finditer(r"`+", paragraph)]
    closing: dict[int, int] = {}
    following: dict[int, int] = {}
    for place in range(len(runs) - 1, -1, -1):
        length = runs[place][1] - runs[place][0]
        if length in following:
            closing[place] = following[length]
        following[length] = place
    parts: list[str] = []
    done = place = 0
    while place < len(runs):
        if place in closing and paragraph[max(runs[place][0] - 1, 0) : runs[place][0]] != "\\":
            start, end = runs[place][0], runs[closing[place]][1]
            parts += [paragraph[done:start], _blank(paragraph[start:end])]
            done, place = end, closing[place]
        place += 1
    return "".join(parts) + paragraph[done:]
