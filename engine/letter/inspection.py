"""What may not leave in a letter's HTML: unsafe or misleading links, active content, anything
fetched but pictures.

Also where merge fields may stand in a tag: inside quotes, in words a reader reads, never in an
address (so that two people receive the same URLs, byte for byte).

The words of a link are compared with the host of its target, by the Public Suffix List
(publicsuffix.org, in the package), so that nobody reads one address and is led to another. Only the
host is compared: its owner answers for its paths.
"""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

from engine.letter.merge import Piece
from engine.letter.placeholders import Placeholders
from engine.sequence.mistakes import Mistake, column_of
from engine.words import N_, Value

_DOTS = re.compile("[\u3002\uff0e\uff61]")
_ADDRESS_IN_WORDS = re.compile(r"(?:https?://|www\.)[^\s<>\"'()]+", re.I)
_ONE_TOKEN = re.compile(r"(?:[\w-]+\.)+[^\W_][\w-]*\.?(?::\d+)?(?:[/?#]\S*)?")
_AROUND = re.compile(
    r"^[\W_]+|(?<![^\w/])[^\w/]+$"
)  # arrows, quotes and stops around a link's words
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
# Endings of file names that are also top-level domains.
_FILE_ENDINGS = frozenset({"zip", "mov", "md", "py", "ps"})
_NAMES_OF_PRODUCTS = frozenset({"asp.net", "ado.net", "vb.net"})
_LONGEST_IN_CAPITALS = 4


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def hosts_named(words: str) -> tuple[str, ...]:
    """The hosts that `words` plainly name: addresses with `https://` or `www.`, or words that are
    one host and nothing else.

    `Node.js`, `guide.pdf` and `M.Dupont` name none.
    """
    plain = _AROUND.sub("", _DOTS.sub(".", normalize("NFKC", words)))
    addresses = _ADDRESS_IN_WORDS.findall(plain)
    if (
        not addresses
        and _ONE_TOKEN.fullmatch(plain)
        and _ends_like_a_host(re.split(r"[/?#:]", plain)[0].rstrip("."))
    ):
        addresses = [plain]
    return tuple(host for address in addresses if (host := host_of(address.rstrip(".,;:!?"))))


def _ends_like_a_host(name: str) -> bool:
    """Whether the last label, as it is written, is a top-level domain: `Booking.com`,
    `BOOKING.COM`, but no surname after an initial.
    """
    if _IPV4.fullmatch(name):
        return True
    last = name.rpartition(".")[2]
    if (
        last.lower() in _FILE_ENDINGS
        or name.lower() in _NAMES_OF_PRODUCTS
        or (last != last.lower() and len(last) > _LONGEST_IN_CAPITALS)
    ):
        return False
    return _suffixes().publicsuffix(last.lower()) is not None


def host_of(address: str) -> str:
    """The host of an address with or without its scheme, in small letters, without `www.`; empty
    where there is none.
    """
    whole = address if re.match(r"[a-z][a-z+.-]*://", address, re.I) else f"https://{address}"
    try:
        host = urlsplit(whole).hostname or ""
    except ValueError:
        return ""
    host = normalize("NFKC", unquote(host)).rstrip(".").removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return host


def leads_there(host: str, href: str) -> bool:
    """Whether `href` leads to `host`, or to another host of the same registrable domain."""
    led_to = host_of(href)
    owner = _suffixes().privatesuffix(host)
    return host == led_to or (owner is not None and owner == _suffixes().privatesuffix(led_to))


ASSET = re.compile(r"(?:\./)?((?:pictures|files)/[^\s\"'<>]+)")
_ACTIVE = frozenset(
    {
        "script",
        "form",
        "input",
        "button",
        "select",
        "textarea",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "base",
        "link",
        "audio",
        "video",
        "svg",
        "math",
        "template",
        "xmp",
        "plaintext",
        "noembed",
        "noframes",
    }
)
_WORDS = frozenset({"alt", "title", "aria-label"})
_ADDRESSES = frozenset(
    {
        "href",
        "src",
        "srcset",
        "action",
        "formaction",
        "background",
        "poster",
        "cite",
        "data",
        "xlink:href",
        "ping",
        "longdesc",
        "usemap",
    }
)
_VOID = frozenset({"br", "hr", "img", "meta", "col", "wbr", "area", "source"})
_OFTEN_UNCLOSED = frozenset(
    {"p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "tfoot", "option", "colgroup"}
)
_TAG = re.compile(
    r"""<[a-z][\w:-]*(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*/?>""", re.I
)
_TAG_START = re.compile(r"<[a-z/!?][\w-]*", re.I)
_WHOLE_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^"'>])*>""")
_COMMENT = re.compile(r"<!--(?:-?>|.*?-->)", re.S)
_UNQUOTED = re.compile(r"""=\s*([^\s"'>][^\s>]*)""")
_CSS_URL = re.compile(r"url\(\s*[\"']?\s*(?!https://)", re.I)
_CSS_FONT = re.compile(r"@import|@font-face|expression\s*\(|javascript:", re.I)


def find_html_mistakes(
    html: str,
    source: str,
    file: str,
    placeholders: Placeholders,
    picture_fields: frozenset[str] = frozenset(),
) -> list[Mistake]:
    """Mistakes in HTML made from `source`; `picture_fields` are the fields that may be the whole of
    a `src`.
    """
    inspector = _Inspector(source, file, placeholders, picture_fields)
    unfinished = unfinished_tag(html)
    if unfinished:
        inspector.refuse(
            unfinished,
            N_("The HTML tag `{tag}` is not finished: it lacks a quote or its `>`."),
            tag=unfinished,
        )
        return inspector.mistakes
    inspector.feed(html)
    inspector.close()
    return inspector.mistakes


class _Inspector(HTMLParser):
    def __init__(
        self, source: str, file: str, placeholders: Placeholders, picture_fields: frozenset[str]
    ) -> None:
        super().__init__(convert_charrefs=True)
        self._source, self._file = source, file
        self._placeholders, self._picture_fields = placeholders, picture_fields
        self.mistakes: list[Mistake] = []
        self._seen_until: dict[str, int] = {}
        self._open: list[str] = []
        self._ifs: list[list[str]] = []
        self._href: str | None = None
        self._label = ""

    def refuse(self, needle: str, message: str, /, **values: Value) -> None:
        line, column = self._place_of(needle)
        self.mistakes.append(Mistake(self._file, line, message, True, column, **values))

    def _refuse_tag(self, piece: Piece, message: str, /, **values: Value) -> None:
        self.mistakes.append(
            Mistake(
                self._file,
                piece.line,
                message,
                True,
                column_of(self._source, piece.line, piece.text),
                **values,
            )
        )

    def _place_of(self, needle: str) -> tuple[int, int]:
        """Line and column where the author wrote it; a second mistake about the same words is
        sought further down.
        """
        pieces = self._placeholders.pieces_in(needle)
        if pieces:
            return pieces[0].line, column_of(self._source, pieces[0].line, pieces[0].text)
        link = self._placeholders.link_of(needle)
        if link:
            return link.line, column_of(self._source, link.line, link.target)
        for source in (self._source, unescape(self._source)):
            for text in (needle, unquote(needle)):
                place = source.lower().find(text.lower(), self._seen_until.get(text, 0))
                if text and place >= 0:
                    self._seen_until[text] = place + 1
                    column = place - source.rfind("\n", 0, place) if source is self._source else 0
                    return source.count("\n", 0, place) + 1, column
        return 1, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        attributes = {name: value or "" for name, value in attrs}
        if tag in _ACTIVE:
            self.refuse(
                f"<{tag}",
                N_("<{tag}> may not be used in a letter; mail programs block it or it is unsafe."),
                tag=tag,
            )
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.refuse(
                "refresh",
                N_("A letter may not send its reader elsewhere by itself (meta refresh)."),
            )
        if tag == "html" and not attributes.get("lang"):
            self.refuse(
                "<html", N_('<html> must say its language, as in <html lang="fr" dir="ltr">.')
            )
        if self._placeholders.any.search(raw):
            self._inspect_fields(tag, raw, attributes)
        for name, value in attributes.items():
            if name.startswith("on"):
                self.refuse(
                    name, N_("`{name}` may not be used: a letter holds no script."), name=name
                )
            elif name == "style":
                self._inspect_style(value)
            elif name in _ADDRESSES:
                self._inspect_address(tag, name, value)
        if tag == "img":
            self._label += attributes.get("alt", "")
            if "alt" not in attributes:
                self.refuse(
                    attributes.get("src", "<img"),
                    N_('This picture needs an alt text (alt="" if it adorns).'),
                )
        if tag == "a" and "href" in attributes:
            self._href, self._label = attributes["href"], ""
        if tag not in _VOID | _OFTEN_UNCLOSED and not raw.endswith("/>"):
            self._open.append(tag)

    def _inspect_fields(self, tag: str, raw: str, attributes: dict[str, str]) -> None:
        unquoted = _UNQUOTED.search(re.sub(r"\"[^\"]*\"|'[^']*'", '""', raw))
        if not _TAG.fullmatch(raw) or (unquoted and self._placeholders.pieces_in(unquoted[1])):
            self.refuse(
                raw, N_("A merge tag inside an HTML tag must be part of a value in quotes.")
            )
            return
        for name, value in attributes.items():
            pieces = self._placeholders.pieces_in(value)
            if self._placeholders.pieces_in(name) or any(
                piece.kind == "statement" for piece in pieces
            ):
                self.refuse(
                    raw, N_("`if` may not stand inside an HTML tag; put it around the tag.")
                )
            elif pieces and name == "src" and tag == "img" and self._is_picture_field(value):
                continue
            elif pieces and name in _ADDRESSES:
                self.refuse(
                    value,
                    N_(
                        "A merge field may not be part of a link or picture address: every reader"
                        " gets the same address."
                    ),
                )
            elif pieces and name not in _WORDS and not (tag == "html" and name == "lang"):
                message = N_("A merge field may not stand in `{name}`; only in {names}.")
                self.refuse(value, message, name=name, names=", ".join(sorted(_WORDS)))
        if self._placeholders.any.search(tag):
            self.refuse(raw, N_("A merge field may not be the name of an HTML tag."))

    def _is_picture_field(self, value: str) -> bool:
        piece = self._placeholders.piece_of(value)
        return piece is not None and piece.text in self._picture_fields

    def _inspect_address(self, tag: str, name: str, value: str) -> None:
        link = self._placeholders.link_of(value)
        if link is not None and tag == "a" and name == "href":
            return
        if self._placeholders.link.search(value):
            self.refuse(
                value, N_("Only a link's target can be an action, and it must be the whole target.")
            )
            return
        if self._placeholders.pieces_in(value):
            return
        if name not in ("href", "src"):
            self.refuse(
                value, N_("`{name}` may not be used; use href on <a> and src on <img>."), name=name
            )
        elif re.search(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]", value):
            self.refuse(
                value,
                N_("`{address}` holds a space, a backslash or a control character."),
                address=repr(value),
            )
        elif ASSET.fullmatch(value) and ".." not in unquote(value).split("/"):
            return
        elif name == "src" and not re.match(r"https://[^/]", value, re.I):
            self.refuse(
                value,
                N_("The picture `{address}` must be `pictures/…` or an https address."),
                address=value,
            )
        elif name == "href" and not re.match(r"https://[^/]|mailto:.|tel:.|#", value, re.I):
            self.refuse(
                value,
                N_(
                    "The link `{address}` must begin with https:, mailto: or tel:, or be `files/…`."
                ),
                address=value,
            )

    def _inspect_style(self, style: str) -> None:
        for match in (_CSS_FONT.search(style), _CSS_URL.search(style)):
            if match:
                self.refuse(
                    match[0],
                    N_("`{style}` may not be used in a style: nothing is fetched but pictures."),
                    style=match[0],
                )

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self._inspect_label(self._href, " ".join(self._label.split()))
            self._href = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def _inspect_label(self, href: str, label: str) -> None:
        if not label:
            self.refuse(href, N_("This link has no words a reader could see or hear."))
            return
        if label == unquote(href).rpartition("/")[2]:
            return
        if any(not leads_there(host, href) for host in hosts_named(label)):
            shown = self._placeholders.shown(href)
            message = N_(
                "The words `{words}` look like an address but the link goes to `{address}`."
            )
            self.refuse(href, message, words=label, address=shown)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self._inspect_style(data)
            if self._placeholders.any.search(data):
                self.refuse(
                    self._placeholders.any.findall(data)[0],
                    N_("A merge tag may not stand in a style."),
                )
            return
        self._label += data
        for piece in self._placeholders.pieces_in(data):
            if piece.kind == "output":
                if piece.text == "foot" and "title" in self._open:
                    self._refuse_tag(piece, N_("{{ foot }} cannot stand in the title."))
                continue
            word = piece.word
            if word == "if":
                self._ifs.append(list(self._open))
            elif self._ifs and self._open != self._ifs[-1]:
                self._refuse_tag(
                    piece,
                    N_("This `{tag}` stands inside another HTML element than its `if`."),
                    tag=word,
                )
            if word == "endif" and self._ifs:
                self._ifs.pop()

    def _hidden(self, data: str) -> None:
        for piece in self._placeholders.pieces_in(data):
            self._refuse_tag(piece, N_("A merge tag may not stand in a comment."))

    handle_comment = handle_decl = handle_pi = unknown_decl = _hidden  # type: ignore[assignment]


def unfinished_tag(html: str) -> str:
    """The beginning of a tag that would swallow what follows it, foot included; empty if there is
    none.
    """
    place = 0
    while opening := _TAG_START.search(html, place):
        form = _COMMENT if opening[0].startswith("<!--") else _WHOLE_TAG
        whole = form.match(html, opening.start())
        if whole is None:
            return opening[0]
        place = whole.end()
    return ""
