"""What the HTML of a letter shows: its links with their words, its pictures, and its words with
their colours, in the light and in the dark. Pure.

Colours are those of `style` and `bgcolor`, into which a letter's own style sheet has been written
(`inlining`), and, in the dark, of the simple rules (`p`, `.sheet`, `a.button`) of its media query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import NamedTuple

from engine.letter.colour import contrast, read_colour

MAX_IN_LISTS = 200
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SILENT = frozenset({"head", "style", "script", "title"})
_DARK = re.compile(
    r"@media[^{}]*prefers-color-scheme\s*:\s*dark[^{}]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}", re.I
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?(?:\.([\w-]+))?", re.I)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)")
_NAMED = {"white": "#ffffff", "black": "#000000"}
_FILLING = "[\u2007\ufeff\u034f\u200b\u200c\u00ad]"
_FILLINGS = re.compile(f"{_FILLING}+")
_FULL = re.compile(rf"(?:{_FILLING}\s*){{20}}")
"""Blanks nobody sees, which keep the words after a preheader out of lists of mails."""


class ShownLink(NamedTuple):
    words: str
    address: str


class ShownPicture(NamedTuple):
    """`alternative` None: it has none at all; "": it adorns."""

    address: str
    alternative: str | None


class ShownWords(NamedTuple):
    """Words that are shown in one pair of colours, by the first of them."""

    words: str
    colour: str
    behind: str
    is_button: bool

    @property
    def contrast(self) -> float:
        return contrast(self.colour, self.behind)


@dataclass(frozen=True)
class ShownParts:
    """`in_lists`: the first words, as lists of mails show them after the subject."""

    links: tuple[ShownLink, ...]
    pictures: tuple[ShownPicture, ...]
    light: tuple[ShownWords, ...]
    dark: tuple[ShownWords, ...]
    in_lists: str


@dataclass(frozen=True, slots=True)
class _Painted:
    colour: str
    behind: str
    is_button: bool = False
    hidden: bool = False


class _DarkRule(NamedTuple):
    tag: str
    name: str
    declared: Mapping[str, str]


def shown_parts(html: str) -> ShownParts:
    light = _Reader((), _Painted("#000000", "#ffffff"))
    light.feed(html)
    light.close()
    rules = tuple(_dark_rules(html))
    dark = _Reader(rules, _Painted("#ffffff", "#121212"))
    if rules:
        dark.feed(html)
        dark.close()
    return ShownParts(
        links=tuple(light.links),
        pictures=tuple(light.pictures),
        light=tuple(light.words.values()),
        dark=tuple(dark.words.values()),
        in_lists=" ".join(_FULL.split("".join(light.texts))[0].split())[:MAX_IN_LISTS],
    )


def _dark_rules(html: str) -> Iterator[_DarkRule]:
    for media in _DARK.finditer(html):
        for selectors, body in _RULE.findall(media[1]):
            declared = _declared(body)
            for selector in selectors.split(","):
                simple = _SIMPLE.fullmatch(selector.strip())
                if simple and selector.strip():
                    yield _DarkRule((simple[1] or "").lower(), simple[2] or "", declared)


def _declared(css: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in css.split(";"))
    return {
        name.strip().lower(): value.replace("!important", "").strip().lower()
        for name, _colon, value in pairs
    }


def _colour(text: str, before: str) -> str:
    """As it is written, or `before` where that is no colour we know."""
    for part in (text, *text.split()):
        if part in _NAMED:
            return _NAMED[part]
        rgb = _RGB.fullmatch(part)
        if rgb:
            return "#" + "".join(f"{min(255, int(channel)):02x}" for channel in rgb.groups())
        if part.startswith("#"):
            try:
                return read_colour(part)
            except ValueError:
                return before
    return before


@dataclass(eq=False)
class _Reader(HTMLParser):
    rules: tuple[_DarkRule, ...]
    page: _Painted
    links: list[ShownLink] = field(default_factory=list)
    pictures: list[ShownPicture] = field(default_factory=list)
    words: dict[tuple[str, str, bool], ShownWords] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, _Painted]] = []
        self._href: str | None = None
        self._label: list[str] = []

    @property
    def _now(self) -> _Painted:
        return self._open[-1][1] if self._open else self.page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            alternative = given.get("alt")
            self.pictures.append(ShownPicture(given.get("src", ""), alternative))
            self._label.append(alternative or "")
        if tag == "a" and "href" in given:
            self._href, self._label = given["href"], []
        if tag not in _VOID:
            self._open.append((tag, self._painted(tag, given)))

    def _painted(self, tag: str, given: Mapping[str, str]) -> _Painted:
        now = self._now
        colour, behind = now.colour, _colour(given.get("bgcolor", "").lower(), now.behind)
        declared = _declared(given.get("style", ""))
        classes = given.get("class", "").split()
        for rule in self.rules:
            if rule.tag in ("", tag) and (not rule.name or rule.name in classes):
                declared |= rule.declared
                if "background-color" in rule.declared:
                    declared.pop("background", None)
        behind = _colour(declared.get("background", ""), behind)
        behind = _colour(declared.get("background-color", ""), behind)
        colour = _colour(declared.get("color", ""), colour)
        hidden = now.hidden or tag in _SILENT
        return replace(
            now,
            colour=colour,
            behind=behind,
            is_button=tag == "a" and ("background" in declared or "background-color" in declared),
            hidden=hidden or declared.get("display") == "none",
        )

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append(ShownLink(" ".join(" ".join(self._label).split()), self._href))
            self._href = None
        if tag in (name for name, _painted in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        words, now = " ".join(_FILLINGS.sub(" ", data).split()), self._now
        if any(name in _SILENT for name, _painted in self._open):
            return
        self._label.append(data)
        self.texts.append(data)
        if words and not now.hidden:
            key = (now.colour, now.behind, now.is_button)
            self.words.setdefault(key, ShownWords(words, *key))
