"""A letter in the default layout can be read by everyone: language, names, sizes, contrast by day
and by night.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.letter.compile import Foot, LetterSource, compile_letter

LAYOUT = (Path(__file__).parents[2] / "sequences" / "layout.html").read_text(encoding="utf-8")
VOID = {"meta", "img", "br", "hr"}
FOOT = Foot(
    "Les Jardins",
    "1 rue des Lilas",
    "Vous l'avez demandé.",
    "https://e.fr/u",
    "Se désinscrire",
    "https://e.fr/e",
    "Tout arrêter",
)
BODY = (
    "# Titre\n\nTexte et [lien](https://e.fr).\n\n[Oui](===1===) [Non](===2===)\n\n![Une"
    " photo](pictures/x.png)\n"
)
HTML = (
    compile_letter(
        LetterSource("x.md", "Sujet", "Aperçu", BODY, LAYOUT), "https://e.fr/a", "pictures/l.png"
    )
    .render({}, ["https://e.fr/1", "https://e.fr/2"], FOOT)
    .html
)
STYLE = re.search(r"<style>(.*?)</style>", HTML, re.S)[1]  # type: ignore[index]
DARK_STYLE = STYLE[STYLE.index("@media (prefers-color-scheme: dark)") :]

Declared = dict[str, str]


def declarations(text: str) -> Declared:
    pairs = (
        each.split(":", 1) for each in text.replace("!important", "").split(";") if ":" in each
    )
    return {
        "background-color" if name.strip() == "background" else name.strip(): value.strip()
        for name, value in pairs
    }


def rules(css: str) -> list[tuple[str, Declared, bool]]:
    return [
        (selector.strip(), declarations(body), "!important" in body)
        for selector, body in re.findall(r"([.\w]+)\s*\{([^{}]*)\}", css)
    ]


class Page(HTMLParser):
    """Every stretch of visible text with the declarations in force, by day or by night."""

    def __init__(self, night: bool) -> None:
        super().__init__()
        self._rules = rules(STYLE[: STYLE.index("@media")]) + (rules(DARK_STYLE) if night else [])
        self._stack: list[tuple[str, Declared]] = [
            ("", {"color": "#000000", "background-color": "#ffffff"})
        ]
        self.texts: list[tuple[str, Declared]] = []
        self.elements: list[tuple[str, dict[str, str | None], Declared]] = []
        self.feed(HTML)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        classes = (attributes.get("class") or "").split()
        matching = [
            rule for rule in self._rules if rule[0] == tag or rule[0].removeprefix(".") in classes
        ]
        own: Declared = {}
        for _, declared, important in matching:
            own |= {} if important else declared
        own |= declarations(attributes.get("style") or "")
        for _, declared, important in matching:
            own |= declared if important else {}
        inherited = {
            name: value
            for name, value in self._stack[-1][1].items()
            if name in ("color", "background-color", "font-size", "display")
            and value != "inline-block"
        }
        self.elements.append((tag, attributes, inherited | own))
        if tag not in VOID:
            self._stack.append((tag, inherited | own))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._stack.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        tag, declared = self._stack[-1]
        if data.strip() and tag not in ("style", "title") and declared.get("display") != "none":
            self.texts.append((data.strip(), declared))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    assert re.fullmatch("#[0-9a-f]{6}", colour), colour
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("night", [False, True])
def test_every_text_stands_out_from_its_ground(night: bool) -> None:
    texts = Page(night).texts
    shown = {text for text, _ in texts}
    assert {
        "Titre",
        "lien",
        "Oui",
        "Se désinscrire",
        "Tout arrêter",
        "Vous l'avez demandé.",
    } <= shown
    for text, declared in texts:
        assert contrast(declared["color"], declared["background-color"]) >= 4.5, (text, declared)


def test_day_and_night_differ() -> None:
    assert [declared["color"] for _, declared in Page(False).texts] != [
        d["color"] for _, d in Page(True).texts
    ]


def test_no_text_is_smaller_than_sixteen_pixels() -> None:
    for text, declared in Page(False).texts:
        assert int(declared["font-size"].removesuffix("px")) >= 16, (text, declared)


def test_language_direction_title_and_viewport_are_said() -> None:
    assert re.search(r'<html lang="fr" dir="ltr"[ >]', HTML)
    assert "<title>Sujet</title>" in HTML
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in HTML
    assert '<meta name="color-scheme" content="light dark">' in HTML


def test_tables_are_only_for_show_and_pictures_have_words() -> None:
    elements = Page(False).elements
    tables = [attributes for tag, attributes, _ in elements if tag == "table"]
    pictures = [attributes for tag, attributes, _ in elements if tag == "img"]
    assert tables and all(attributes.get("role") == "presentation" for attributes in tables)
    assert [attributes["alt"] for attributes in pictures] == ["Les Jardins", "Une photo"]


def test_buttons_and_ways_out_are_large_enough_for_a_thumb() -> None:
    targets = [
        declared
        for tag, attributes, declared in Page(False).elements
        if tag == "a" and attributes.get("class") in ("button", "quiet")
    ]
    assert len(targets) == 5
    for declared in targets:
        padding = int(re.match(r"(\d+)px", declared["padding"])[1])  # type: ignore[index]
        assert declared["display"] == "inline-block"
        assert 2 * padding + int(declared.get("line-height", "20px").removesuffix("px")) >= 44


def test_nothing_is_fetched_but_pictures_and_nothing_runs() -> None:
    assert not re.search(r"<script|<link|@import|@font-face|url\(|\son\w+=", HTML, re.I)
    assert set(re.findall(r'src="([^"]*)"', HTML)) == {
        "https://e.fr/a/pictures/l.png",
        "https://e.fr/a/pictures/x.png",
    }


def test_no_column_is_wider_than_six_hundred_pixels_and_the_frame_is_small() -> None:
    assert "max-width:600px" in HTML
    for_outlook = re.findall(r"<!--\[if mso\]>.*?<!\[endif\]-->", HTML)
    assert re.findall(r'width="(\d+)"', "".join(for_outlook)) == ["600"]
    assert not re.search(
        r"(?<!max-)width[:=]\"?\s*\d{3,}(?!%)\b(?!%)", re.sub(r"<!--.*?-->", "", HTML)
    )
    assert len(HTML.encode()) < 8_000
