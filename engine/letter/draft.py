"""A letter's source parsed as far as its mistakes allow: the page with placeholders, its text part,
and every mistake.

Links and merge tags are replaced by opaque placeholders, Markdown is converted, the layout is
added, and the whole is inspected; only a draft without mistakes is compiled. So the value of a
person's field is never read as Markdown or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Literal
from urllib.parse import unquote

from engine.letter.foreign_tags import explained
from engine.letter.inlining import with_inlined_styles
from engine.letter.inspection import ASSET, find_html_mistakes, hosts_named, unfinished_tag
from engine.letter.layout import (
    DEFAULT_BUTTON_COLOURS,
    EVERYWHERE,
    LAYOUT_ONLY,
    MUST_HOLD,
    PLACEHOLDERS,
    ButtonColours,
    find_frame_mistakes,
    with_buttons,
)
from engine.letter.markdown import to_html
from engine.letter.merge import (
    Piece,
    Template,
    compile_joined,
    field_lines,
    find_merge_mistakes,
    split_pieces,
)
from engine.letter.placeholders import Placeholders
from engine.letter.plain import to_text
from engine.letter.typed_fields import FieldTypes
from engine.sequence.links import (
    Link,
    find_comments,
    find_links,
    find_mistakes,
    substitute,
    visible,
)
from engine.sequence.mistakes import Mistake, column_of
from engine.words import N_, Words, words

MAX_HTML_BYTES = 100_000
LAYOUT_FILE = "layout.html"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ROOM_FOR_FOOT_AND_FIELDS = 2_000
_ADDRESS = re.compile(r"""(\s(?:src|href)\s*=\s*["']?)([^"'\s>]+)""")
_ORDINARY_LINK = re.compile(
    r"""(<a\s(?:[^<>]*?\s)?href\s*=\s*["']?)(https?://[^"'\s<>]+)([^<>]*>)(.*?)</a>""",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^<>]*>")
_SOURCE = re.compile(r"""\ssrc\s*=\s*["']?([^"'\s>]+)""")
_WIDTH = re.compile(r"""\swidth\s*=\s*["']?([1-9]\d{0,3})["'\s>/]""", re.I)
Line = Literal["subject", "preheader"]
_IN_LINE: Mapping[Line, str] = {
    "subject": N_("In the subject: {why}"),
    "preheader": N_("In the preheader: {why}"),
}
_ONE_LINE: Mapping[Line, str] = {
    "subject": N_("The subject must be one line without control characters."),
    "preheader": N_("The preheader must be one line without control characters."),
}
_NO_LINK: Mapping[Line, str] = {
    "subject": N_("The subject cannot hold a link."),
    "preheader": N_("The preheader cannot hold a link."),
}
_URL_LENGTH = 75
# `/l/` and the token of a link, in place of `/a`.
_BEYOND_THE_BASE = 36
# How wide a picture is said to be at most, in pixels: what a column of 600 leaves it. Outlook goes
# by this alone.
COLUMN = 528


@dataclass(frozen=True)
class LetterSource:
    """`path` names the body's file (Markdown unless it ends in .html); `layout` is the layout's
    HTML itself; `types` are those of the fields that are no texts.
    """

    path: str
    subject: str
    preheader: str
    body: str
    layout: str
    types: FieldTypes = field(default_factory=dict, hash=False)


def no_sizes(name: str) -> None:
    """Knows the size of no picture."""


@dataclass(frozen=True)
class RenderSettings:
    """What an installation adds to its letters: where `pictures/…` and `files/…` are served, how
    buttons look, and how large a picture is, in pixels of width and height, by its name below
    `pictures/`.
    """

    assets_base: str = ""
    button_colours: ButtonColours = DEFAULT_BUTTON_COLOURS
    size_of: Callable[[str], tuple[int, int] | None] = no_sizes
    counted: Callable[[str], str] | None = None
    """Gives the address by way of which an ordinary link leads; None where all lead straight."""
    picture: str = ""
    """The address of a picture that nobody sees, "" for none: its loads are counted."""


class Draft:
    def __init__(
        self, source: LetterSource, settings: RenderSettings, labels: Mapping[str, str]
    ) -> None:
        """`labels` are the fields that exist, for what a mistake may have meant."""
        self._labels = labels
        self._source, self._settings = source, settings
        self._words = Placeholders()
        self._is_html = source.path.lower().endswith((".html", ".htm"))
        self._stands_alone = re.search(r"<html[\s>]", visible(source.body), re.I) is not None
        self._page = self._text = ""
        self.links = find_links(source.body)
        self.readable: list[tuple[str, str]] = []
        self.mistakes: list[Mistake] = []
        self._read()

    @property
    def types(self) -> FieldTypes:
        return self._source.types

    def templates(self) -> tuple[Template, Template]:
        """The HTML and the text, compiled. Only for a draft without mistakes."""
        return (
            compile_joined(self._words.template(self._page), True, self._source.types),
            compile_joined(self._words.template(self._text), False, self._source.types),
        )

    def _read(self) -> None:
        source = self._source
        self._read_line(source.subject, "subject")
        self._read_line(source.preheader, "preheader")
        if not source.subject.strip():
            self.mistakes.append(Mistake(source.path, 1, N_("The letter has no subject.")))
        self.mistakes += find_mistakes(source.body, source.path)
        body = self._pieces(source.body, source.path)
        self._check_frame(body, ("foot",) if self._stands_alone else (), source.path)
        if self._stands_alone:
            if body:
                self._page = self._content(body)
                self._look(self._page, source.body, source.path)
                if not unfinished_tag(self._page):
                    self._finish()
            return
        layout = self._pieces(source.layout, LAYOUT_FILE)
        self._check_frame(layout, MUST_HOLD, LAYOUT_FILE)
        self._check_layout_links()
        if body is not None and layout is not None:
            content = with_buttons(self._content(body), self._words, self._settings.button_colours)
            self._look(content, source.body, source.path)
            frame = self._protect(layout)
            self._look(frame, source.layout, LAYOUT_FILE, frozenset({"logo"}))
            self._page = self._words.any.sub(
                lambda word: content if self._is_content(word[0]) else word[0], frame
            )
            if not unfinished_tag(content) and not unfinished_tag(frame):
                self._finish()

    def _read_line(self, text: str, what: Line) -> None:
        path = self._source.path
        mistakes = [
            words(_IN_LINE[what], why=mistake.words) for mistake in find_merge_mistakes(text, path)
        ]
        if CONTROL.search(text):
            mistakes.append(words(_ONE_LINE[what]))
        if find_links(text) or find_mistakes(text, path):
            mistakes.append(words(_NO_LINK[what]))
        if not mistakes:
            self.readable.append((path, text))
            mistakes += [
                words(_IN_LINE[what], why=words(LAYOUT_ONLY, name=name))
                for name, _ in field_lines(text)
                if name in PLACEHOLDERS - EVERYWHERE
            ]
        self.mistakes += [Mistake(path, 1, sentence) for sentence in mistakes]

    def _pieces(self, source: str, file: str) -> tuple[Piece, ...] | None:
        """Text and tags of a source whose links are placeholders and whose comments are removed;
        None if it cannot be parsed.
        """
        text = _without_comments(substitute(source, self._words.for_link))
        written = _without_comments(source)
        refused = find_merge_mistakes(written, file)
        self.mistakes += [explained(mistake, written, self._labels) for mistake in refused]
        if refused:
            return None
        self.readable.append((file, written))
        if file != LAYOUT_FILE and not self._stands_alone:
            self.mistakes += [
                Mistake(
                    file, line, words(LAYOUT_ONLY, name=name), True, column_of(written, line, name)
                )
                for name, line in field_lines(written)
                if name in PLACEHOLDERS - EVERYWHERE - {*MUST_HOLD}
            ]
        return split_pieces(text, file)

    def _check_frame(
        self, pieces: tuple[Piece, ...] | None, required: tuple[str, ...], file: str
    ) -> None:
        if pieces is not None:
            self.mistakes += find_frame_mistakes(pieces, required, file)

    def _check_layout_links(self) -> None:
        layout = self._source.layout
        self.mistakes += find_mistakes(layout, LAYOUT_FILE)
        message = N_(
            "`{list}` is a list: a layout may only link to ===unsubscribe=== and ===everything===."
        )
        self.mistakes += [
            Mistake(
                LAYOUT_FILE,
                link.line,
                message,
                True,
                column_of(layout, link.line, link.target),
                list=link.target,
            )
            for link in find_links(layout)
            if link.index >= 0
        ]

    def _protect(self, pieces: tuple[Piece, ...]) -> str:
        return "".join(self._words.for_piece(piece) for piece in pieces)

    def _content(self, pieces: tuple[Piece, ...]) -> str:
        text = self._protect(pieces)
        if self._is_html or self._stands_alone:
            return text
        html = to_html(self._with_lone_statements_apart(text))
        return re.sub(rf"<p>((?:\s|{self._words.statement})*)</p>", r"\1", html)

    def _with_lone_statements_apart(self, text: str) -> str:
        """A line that holds only `{% … %}` is a block of its own, so that paragraphs stay whole
        around it.
        """
        alone = re.compile(rf"[ \t]*(?:{self._words.statement}[ \t]*)+")
        lines = zip(text.split("\n"), visible(text).split("\n"), strict=True)
        return "\n".join(
            f"\n{line}\n" if alone.fullmatch(line) and seen.strip() else line
            for line, seen in lines
        )

    def _look(
        self, html: str, source: str, file: str, pictures: frozenset[str] = frozenset()
    ) -> None:
        self.mistakes += find_html_mistakes(html, source, file, self._words, pictures)

    def _is_content(self, word: str) -> bool:
        piece = self._words.piece_of(word)
        return piece is not None and piece.kind == "output" and piece.text == "content"

    def _finish(self) -> None:
        if self._settings.counted is not None:
            self._page = _with_counted_links(self._page, self._settings.counted)
        self._page = _with_assets(self._page, self._settings)
        if not self.mistakes:
            self._page = with_inlined_styles(self._page, self._words)
        if self._settings.picture:
            self._page = _with_picture(self._page, self._settings.picture)
        if self._settings.assets_base:
            self._words.url_length = len(self._settings.assets_base) + _BEYOND_THE_BASE
        colons = (
            self._words.for_piece(Piece("output", name, 0)) for name in ("_colon", "_colon_at_end")
        )
        self._text = to_text(self._page, self._words, *colons)
        path = self._source.path
        in_html = {
            match[1]
            for match in re.finditer(
                rf"""<a\b[^<>]*?\bhref\s*=\s*["']?({self._words.link.pattern})""", self._page, re.I
            )
        }
        in_text = {match[0] for match in self._words.link.finditer(self._text)}
        for place, link in enumerate(self._words.links):
            if link.index < 0:
                continue
            url = self._words.url(place)
            if url not in in_html:
                message = N_(
                    "No reader sees the link to `{list}`: Markdown is not read inside HTML or code."
                )
                self.mistakes.append(self._at_link(link, words(message, list=link.target)))
            elif url not in in_text:
                message = N_("The link to `{list}` is hidden and missing from the text part.")
                self.mistakes.append(self._at_link(link, words(message, list=link.target)))
        if not any(piece.text == "foot" for piece in self._words.pieces_in(self._text)):
            file = path if self._stands_alone else LAYOUT_FILE
            self.mistakes.append(Mistake(file, 1, N_("{{ foot }} stands where no reader sees it.")))
        fixed = self._words.any.sub("", self._page).encode("utf-8", "replace")
        size = len(fixed) + _URL_LENGTH * len(self._words.links)
        if size + _ROOM_FOR_FOOT_AND_FIELDS > MAX_HTML_BYTES:
            message = N_("The HTML takes {size} bytes; mail programs cut a letter near {most}.")
            self.mistakes.append(Mistake(path, 1, message, size=size, most=MAX_HTML_BYTES))

    def _at_link(self, link: Link, sentence: Words) -> Mistake:
        column = column_of(self._source.body, link.line, link.target)
        return Mistake(self._source.path, link.line, sentence, True, column)


def _without_comments(source: str) -> str:
    """The source without the author's comments, which are never sent; line numbers are kept."""
    seen = visible(source)
    parts: list[str] = []
    done = 0
    for start, end in find_comments(source):
        in_code = seen[start:end].strip()
        parts += [
            source[done:start],
            source[start:end] if in_code else "\n" * source.count("\n", start, end),
        ]
        done = end
    return "".join(parts) + source[done:]


def resolved(address: str, assets_base: str) -> str:
    asset = ASSET.fullmatch(address)
    return f"{assets_base.rstrip('/')}/{asset[1]}" if asset else address


def _with_counted_links(html: str, counted: Callable[[str], str]) -> str:
    """The page with ordinary links that lead by way of a counter, but for those whose words name
    where they lead. Action links are placeholders still.
    """

    def led(link: re.Match[str]) -> str:
        address = unescape(link[2])
        straight = Placeholders.any.search(address) or hosts_named(_TAG.sub("", link[4]))
        return link[0] if straight else f"{link[1]}{escape(counted(address))}{link[3]}{link[4]}</a>"

    return _ORDINARY_LINK.sub(led, html)


def _with_picture(html: str, address: str) -> str:
    picture = f'<img src="{escape(address)}" width="1" height="1" alt="">'
    head, end, tail = html.rpartition("</body>")
    return f"{head}{picture}{end}{tail}" if end else html + picture


def _with_assets(html: str, settings: RenderSettings) -> str:
    """The page with public URLs for pictures and files; each picture states its size and, unless
    the author styled it, never exceeds the column.
    """

    def in_tag(tag: re.Match[str]) -> str:
        source = _SOURCE.search(tag[0])
        text = _ADDRESS.sub(
            lambda attribute: (
                attribute[1] + escape(resolved(attribute[2], settings.assets_base))
                if ASSET.fullmatch(attribute[2])
                else attribute[0]
            ),
            tag[0],
        )
        if text[1:4].lower() != "img":
            return text
        own = "" if re.search(r"\sstyle\s*=", text, re.I) else ' style="max-width:100%;height:auto"'
        return f"{text[:4]}{_sized(text, source[1] if source else '', settings)}{own}{text[4:]}"

    return re.sub(r"<(?:img|a)\s[^<>]*>", in_tag, html, flags=re.I)


def _sized(tag: str, source: str, settings: RenderSettings) -> str:
    """The attributes of width and height that a picture lacks: its own, scaled to the width that
    its author gave, or to the column.
    """
    picture = ASSET.fullmatch(source)
    size = (
        settings.size_of(unquote(picture[1].partition("/")[2]))
        if picture and picture[1].startswith("pictures/")
        else None
    )
    if size is None or re.search(r"\sheight\s*=", tag, re.I):
        return ""
    given = _WIDTH.search(tag)
    width = int(given[1]) if given else min(size[0], COLUMN)
    height = max(1, round(size[1] * width / size[0]))
    return f' height="{height}"' if given else f' width="{width}" height="{height}"'
