"""What may not leave in a letter's HTML: unsafe or misleading links, active content, anything fetched but pictures.

Also where merge fields may stand in a tag: inside quotes, in words a reader reads, never in an address (so that two
people receive the same URLs, byte for byte).
"""
from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

from engine.letter.hosts import hosts_named, leads_there
from engine.letter.merge import MergeMistake
from engine.letter.placeholders import Placeholders

ASSET = re.compile(r"(?:\./)?((?:pictures|files)/[^\s\"'<>]+)")
_ACTIVE = frozenset({"script", "form", "input", "button", "select", "textarea", "iframe", "frame", "frameset", "object",
                     "embed", "applet", "base", "link", "audio", "video", "svg", "math", "template", "xmp", "plaintext",
                     "noembed", "noframes"})
_WORDS = frozenset({"alt", "title", "aria-label"})
_ADDRESSES = frozenset({"href", "src", "srcset", "action", "formaction", "background", "poster", "cite", "data",
                        "xlink:href", "ping", "longdesc", "usemap"})
_VOID = frozenset({"br", "hr", "img", "meta", "col", "wbr", "area", "source"})
_OFTEN_UNCLOSED = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot", "option", "colgroup"})
_TAG = re.compile(r"""<[a-z][\w:-]*(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*/?>""", re.I)
_TAG_START = re.compile(r"<[a-z/!?][\w-]*", re.I)
_WHOLE_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^"'>])*>""")
_COMMENT = re.compile(r"<!--(?:-?>|.*?-->)", re.S)
_UNQUOTED = re.compile(r"""=\s*([^\s"'>][^\s>]*)""")
_CSS_URL = re.compile(r"url\(\s*[\"']?\s*(?!https://)", re.I)
_CSS_FONT = re.compile(r"@import|@font-face|expression\s*\(|javascript:", re.I)


def find_html_mistakes(html: str, source: str, file: str, placeholders: Placeholders,
                       picture_fields: frozenset[str] = frozenset()) -> list[MergeMistake]:
    """Mistakes in HTML made from `source`; `picture_fields` are the fields that may be the whole of a `src`."""
    inspector = _Inspector(source, file, placeholders, picture_fields)
    unfinished = _unfinished_tag(html)
    if unfinished:
        inspector.refuse(unfinished, f"The HTML tag `{unfinished}` is not finished: it lacks a quote or its `>`.")
        return inspector.mistakes
    inspector.feed(html)
    inspector.close()
    return inspector.mistakes


class _Inspector(HTMLParser):
    def __init__(self, source: str, file: str, placeholders: Placeholders, picture_fields: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._source, self._file = source, file
        self._placeholders, self._picture_fields = placeholders, picture_fields
        self.mistakes: list[MergeMistake] = []
        self._seen_until: dict[str, int] = {}
        self._open: list[str] = []
        self._ifs: list[list[str]] = []
        self._href: str | None = None
        self._label = ""

    def refuse(self, needle: str, sentence: str) -> None:
        self.mistakes.append(MergeMistake(self._file, self._line_of(needle), sentence))

    def _line_of(self, needle: str) -> int:
        """The line where the author wrote it; a second mistake about the same words is sought further down."""
        pieces = self._placeholders.pieces_in(needle)
        if pieces:
            return pieces[0].line
        link = self._placeholders.link_of(needle)
        if link:
            return link.line
        for source in (self._source, unescape(self._source)):
            for text in (needle, unquote(needle)):
                found = source.lower().find(text.lower(), self._seen_until.get(text, 0))
                if text and found >= 0:
                    self._seen_until[text] = found + 1
                    return source.count("\n", 0, found) + 1
        return 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        attributes = {name: value or "" for name, value in attrs}
        if tag in _ACTIVE:
            self.refuse(f"<{tag}", f"<{tag}> may not be used in a letter; mail programs block it or it is unsafe.")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.refuse("refresh", "A letter may not send its reader elsewhere by itself (meta refresh).")
        if tag == "html" and not attributes.get("lang"):
            self.refuse("<html", "<html> must say its language, as in <html lang=\"fr\" dir=\"ltr\">.")
        if self._placeholders.any.search(raw):
            self._inspect_fields(tag, raw, attributes)
        for name, value in attributes.items():
            if name.startswith("on"):
                self.refuse(name, f"`{name}` may not be used: a letter holds no script.")
            elif name == "style":
                self._inspect_style(value)
            elif name in _ADDRESSES:
                self._inspect_address(tag, name, value)
        if tag == "img":
            self._label += attributes.get("alt", "")
            if "alt" not in attributes:
                self.refuse(attributes.get("src", "<img"), "This picture needs an alt text (alt=\"\" if it adorns).")
        if tag == "a" and "href" in attributes:
            self._href, self._label = attributes["href"], ""
        if tag not in _VOID | _OFTEN_UNCLOSED and not raw.endswith("/>"):
            self._open.append(tag)

    def _inspect_fields(self, tag: str, raw: str, attributes: dict[str, str]) -> None:
        unquoted = _UNQUOTED.search(re.sub(r"\"[^\"]*\"|'[^']*'", '""', raw))
        if not _TAG.fullmatch(raw) or (unquoted and self._placeholders.pieces_in(unquoted[1])):
            self.refuse(raw, "A merge tag inside an HTML tag must be part of a value in quotes.")
            return
        for name, value in attributes.items():
            pieces = self._placeholders.pieces_in(value)
            if self._placeholders.pieces_in(name) or any(piece.kind == "statement" for piece in pieces):
                self.refuse(raw, "`if` may not stand inside an HTML tag; put it around the tag.")
            elif pieces and name == "src" and tag == "img" and self._is_picture_field(value):
                continue
            elif pieces and name in _ADDRESSES:
                self.refuse(value, "A merge field may not be part of a link or picture address: "
                                    "every reader gets the same address.")
            elif pieces and name not in _WORDS and not (tag == "html" and name == "lang"):
                self.refuse(value, f"A merge field may not stand in `{name}`; only in {', '.join(sorted(_WORDS))}.")
        if self._placeholders.any.search(tag):
            self.refuse(raw, "A merge field may not be the name of an HTML tag.")

    def _is_picture_field(self, value: str) -> bool:
        piece = self._placeholders.piece_of(value)
        return piece is not None and piece.text in self._picture_fields

    def _inspect_address(self, tag: str, name: str, value: str) -> None:
        link = self._placeholders.link_of(value)
        if link is not None and tag == "a" and name == "href":
            return
        if self._placeholders.link.search(value):
            self.refuse(value, "Only a link's target can be an action, and it must be the whole target.")
            return
        if self._placeholders.pieces_in(value):
            return
        if name not in ("href", "src"):
            self.refuse(value, f"`{name}` may not be used; use href on <a> and src on <img>.")
        elif re.search(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]", value):
            self.refuse(value, f"`{value!r}` holds a space, a backslash or a control character.")
        elif ASSET.fullmatch(value) and ".." not in unquote(value).split("/"):
            return
        elif name == "src" and not re.match(r"https://[^/]", value, re.I):
            self.refuse(value, f"The picture `{value}` must be `pictures/…` or an https address.")
        elif name == "href" and not re.match(r"https://[^/]|mailto:.|tel:.|#", value, re.I):
            self.refuse(value, f"The link `{value}` must begin with https:, mailto: or tel:, or be `files/…`.")

    def _inspect_style(self, style: str) -> None:
        for found in (_CSS_FONT.search(style), _CSS_URL.search(style)):
            if found:
                self.refuse(found[0], f"`{found[0]}` may not be used in a style: nothing is fetched but pictures.")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self._inspect_label(self._href, " ".join(self._label.split()))
            self._href = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def _inspect_label(self, href: str, label: str) -> None:
        if not label:
            self.refuse(href, "This link has no words a reader could see or hear.")
            return
        if label == unquote(href).rpartition("/")[2]:
            return
        if any(not leads_there(host, href) for host in hosts_named(label)):
            shown = self._placeholders.shown(href)
            self.refuse(href, f"The words `{label}` look like an address but the link goes to `{shown}`.")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self._inspect_style(data)
            if self._placeholders.any.search(data):
                self.refuse(self._placeholders.any.findall(data)[0], "A merge tag may not stand in a style.")
            return
        self._label += data
        for piece in self._placeholders.pieces_in(data):
            if piece.kind == "output":
                if piece.text == "foot" and "title" in self._open:
                    self.mistakes.append(MergeMistake(self._file, piece.line, "{{ foot }} cannot stand in the title."))
                continue
            word = piece.word
            if word == "if":
                self._ifs.append(list(self._open))
            elif self._ifs and self._open != self._ifs[-1]:
                self.mistakes.append(MergeMistake(
                    self._file, piece.line, f"This `{word}` stands inside another HTML element than its `if`."))
            if word == "endif" and self._ifs:
                self._ifs.pop()

    def _hidden(self, data: str) -> None:
        for piece in self._placeholders.pieces_in(data):
            self.mistakes.append(MergeMistake(self._file, piece.line, "A merge tag may not stand in a comment."))

    handle_comment = handle_decl = handle_pi = unknown_decl = _hidden  # type: ignore[assignment]


def _unfinished_tag(html: str) -> str:
    """The beginning of a tag that would swallow what follows it, foot included; empty if there is none."""
    place = 0
    while found := _TAG_START.search(html, place):
        form = _COMMENT if found[0].startswith("<!--") else _WHOLE_TAG
        whole = form.match(html, found.start())
        if whole is None:
            return found[0]
        place = whole.end()
    return ""
