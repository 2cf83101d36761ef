"""The text part, made from the HTML: the same facts and the same links, within 72 columns but for
longer addresses.

Works on HTML whose merge tags and links are placeholders, so it runs once per letter, not once per
person. Each block ends with its own blank line: a block inside an `if` leaves no trace when the
condition is false.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from engine.letter.layout import TEXT_WIDTH as WIDTH
from engine.letter.placeholders import Placeholders

_COLON_WIDTH = 3
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "header",
        "html",
        "main",
        "nav",
        "p",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "td",
        "th",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
    }
)
_SKIPPED = frozenset({"head", "style", "script", "title", "template"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "source"})
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)


def to_text(html: str, placeholders: Placeholders, colon: str, colon_at_end: str) -> str:
    """`colon` is what stands between the words and the URL of an answer, `colon_at_end` the same
    where the URL begins a line.
    """
    reader = _Reader(placeholders, colon, colon_at_end)
    reader.feed(html)
    reader.close()
    reader.flush()
    return "".join(reader.out)


class _Reader(HTMLParser):
    def __init__(self, placeholders: Placeholders, colon: str, colon_at_end: str) -> None:
        super().__init__(convert_charrefs=True)
        self._placeholders, self._colon, self._colon_at_end = placeholders, colon, colon_at_end
        self._only_statements = re.compile(rf"(?:\s|{placeholders.statement})*")
        self.out: list[str] = []
        self._line = ""
        self._skipping: list[str] = []
        self._prefixes: list[str] = []
        self._bullet = ""
        self._lists: list[int | None] = []
        self._href: str | None = None
        self._label_from = 0
        self._answers = self._preformatted = False
        self._heading = ""
        self._layout_tables: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._skipping:
            if tag == self._skipping[0]:
                self._skipping.append(tag)
            return
        hidden = (
            "hidden" in attributes
            or "data-html-only" in attributes
            or _HIDDEN.search(attributes.get("style", ""))
        )
        if tag in _SKIPPED or (hidden and tag not in _VOID):
            self._skipping.append(tag)
        elif hidden:
            return
        elif tag == "br":
            self._line += "\v"
        elif tag == "img":
            self._line += attributes.get("alt", "")
        elif tag == "hr":
            self.flush()
            self.out.append("-" * 40 + "\n\n")
        elif tag == "a":
            self._href, self._label_from = attributes.get("href", ""), len(self._line)
        elif tag in ("td", "th") and self._layout_tables and not self._layout_tables[-1]:
            if self._line.strip():
                self._line += " | "
        elif tag in _BLOCKS:
            self._open_block(tag, attributes)

    def _open_block(self, tag: str, attributes: dict[str, str]) -> None:
        self.flush()
        if tag == "table":
            self._layout_tables.append(attributes.get("role") in ("presentation", "none"))
        elif tag in ("ul", "ol"):
            start = attributes.get("start", "1")
            self._lists.append(None if tag == "ul" else int(start) if start.isdecimal() else 1)
        elif tag == "li" and self._lists:
            number = self._lists[-1]
            self._bullet = "- " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
            self._prefixes.append(" " * len(self._bullet))
        elif tag == "blockquote":
            self._prefixes.append("> ")
        elif tag == "div" and "answers" in attributes.get("class", "").split():
            self._answers = True
        elif tag == "pre":
            self._preformatted = True
        elif re.fullmatch("h[1-6]", tag):
            self._heading = "=" if tag == "h1" else "-"

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[0]:
                self._skipping.pop()
        elif tag == "a":
            self._close_link()
        elif tag in ("td", "th") and self._layout_tables and not self._layout_tables[-1]:
            return
        elif tag in _BLOCKS:
            self._close_block(tag)

    def _close_link(self) -> None:
        href, self._href = self._href or "", None
        label = _SPACES.sub(" ", self._line[self._label_from :]).strip()
        if self._answers:
            fits = (
                self._placeholders.width(label) + _COLON_WIDTH + self._placeholders.width(href)
                <= WIDTH
            )
            between = self._colon if fits else f"{self._colon_at_end}\v"
            self._line = f"{self._line[: self._label_from]}{label}{between}{href}"
            self.flush()
        elif href.startswith(("https:", "http:", "mailto:", "tel:")):
            address = href.removeprefix("mailto:").removeprefix("tel:")
            bare = re.sub(r"^https?://|/$", "", address)
            if re.sub(r"^(?:https?://|mailto:|tel:)|/$", "", label) == bare or not label:
                self._line = self._line[: self._label_from] + address
            else:
                self._line += f" ({address})"

    def _close_block(self, tag: str) -> None:
        self.flush()
        if tag == "table" and self._layout_tables:
            if not self._layout_tables.pop():
                self.out.append("\n")
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
            self.out.append("" if self._lists else "\n")
        elif (tag == "li" and self._lists and self._prefixes) or (
            tag == "blockquote" and self._prefixes
        ):
            self._prefixes.pop()
            self._bullet = ""
        elif tag == "div" and self._answers:
            self._answers = False
            self.out.append("\n")
        elif tag == "pre":
            self._preformatted = False
        self._heading = ""

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._line += data.replace("\n", "\v") if self._preformatted else data

    def flush(self) -> None:
        """End the block being read: wrapped, prefixed, underlined if it is a heading."""
        text, self._line = self._line, ""
        self._label_from = 0
        if self._only_statements.fullmatch(text):
            self.out.append(re.sub(r"\s", "", text))
            return
        first = "".join(self._prefixes)
        if self._bullet:
            first = "".join(self._prefixes[:-1]) + self._bullet
            self._bullet = ""
        lines = self._wrapped(text, WIDTH - len(first))
        if self._heading:
            lines.append(
                self._heading * min(WIDTH, max(self._placeholders.width(line) for line in lines))
            )
        rest = "".join(self._prefixes)
        block = "\n".join((rest if place else first) + line for place, line in enumerate(lines))
        in_table = bool(self._layout_tables) and not self._layout_tables[-1]
        close = self._answers or self._lists or in_table
        self.out.append(block + ("\n" if close else "\n\n"))

    def _wrapped(self, text: str, width: int) -> list[str]:
        if self._preformatted:
            return text.strip("\v").split("\v")
        lines: list[str] = []
        for part in text.split("\v"):
            line, used = "", 0
            for word in _SPACES.sub(" ", part).strip(" ").split(" "):
                room = self._placeholders.width(word)
                if line and used + 1 + room > width and not (self._answers and self._colon in word):
                    lines.append(line)
                    line, used = word, room
                else:
                    line, used = (f"{line} {word}", used + 1 + room) if line else (word, room)
            lines.append(line)
        return lines
