"""The styles of a page's head written into its elements too: the one door to css-inline. Orange,
and others, read no head.

The head's styles stay for those who read them (dark colours, small screens). What stands there only
for some screens or some moments would lose against the same property in the element; it is made to
win, as its author meant when nothing stood there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from css_inline import CSSInliner

from engine.letter.placeholders import Placeholders

# Remote styles are refused by `inspection`; nothing is fetched here either.
_INLINER = CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
_STYLE = re.compile(r"(<style\b[^<>]*>)((?:(?!<style\b).)*?)(</style\s*>)", re.I | re.S)
_BRACE = re.compile(r"([{}])")
_STYLED = re.compile(r'(?<=\sstyle=")[^"]*(?=")')
_TAG = re.compile(r"<(body|table|td|th)\b[^<>]*>", re.I)
_COLOUR = re.compile(
    r"(?:^|;)\s*background(?:-color)?\s*:\s*(#[0-9a-f]{3}(?:[0-9a-f]{3})?|[a-z]+)\s*(?:!important\s*)?(?:;|$)",
    re.I,
)


def with_inlined_styles(page: str, placeholders: Placeholders) -> str:
    """A whole page; merge tags and links in it are placeholders and come out as they were."""
    sheets = [_without_comments(style[2]) for style in _STYLE.finditer(page)]
    inlined_families = {
        _family(name) for sheet in sheets for name in _unconditional_properties(sheet)
    }
    if not inlined_families or not re.search(r"<html\b", page, re.I):
        return _with_plain_backgrounds(page)
    # A statement between two rows of a table is no text to whoever reads HTML: it would be put
    # before the table. A comment stays.
    statement = re.compile(rf"{placeholders.statement}")
    page = _STYLE.sub(
        lambda style: (
            style[1] + _with_important(_without_comments(style[2]), inlined_families) + style[3]
        ),
        page,
    )
    inlined = _INLINER.inline(statement.sub(r"<!--\g<0>-->", page))
    return _with_plain_backgrounds(
        re.sub(rf"(?:<!--|&lt;!--)({placeholders.statement})(?:-->|--&gt;)", r"\1", inlined)
    )


def _rules(css: str) -> Iterator[tuple[str, str, bool]]:
    """The style sheet in pieces: selector or declarations, the brace after them, and whether the
    declarations are conditional.
    """
    blocks: list[bool] = []
    *pieces, rest = _BRACE.split(css)
    for words, brace in zip(pieces[::2], pieces[1::2], strict=True):
        yield words, brace, brace == "}" and bool(blocks) and blocks[-1]
        if brace == "{":
            blocks.append(
                bool(blocks and blocks[-1])
                or words.strip().startswith("@")
                or ":" in words.rpartition(";")[2]
            )
        else:
            del blocks[-1:]
    yield rest, "", False


def _without_comments(css: str) -> str:
    """The style sheet without comments; an unclosed one stays as text."""
    pieces, place = [], 0
    while (start := css.find("/*", place)) >= 0 and (end := css.find("*/", start + 2)) >= 0:
        pieces.append(css[place:start])
        place = end + 2
    return "".join((*pieces, css[place:]))


def _unconditional_properties(css: str) -> Iterator[str]:
    """The properties set unconditionally: those that are inlined."""
    for words, brace, sometimes in _rules(css):
        if brace == "}" and not sometimes:
            yield from (
                declaration.partition(":")[0].strip().lower()
                for declaration in words.split(";")
                if ":" in declaration
            )


def _with_important(css: str, inlined: Collection[str]) -> str:
    """Declarations for some screens (`@media`) or states (`a:hover`), made `!important` where an
    inlined declaration would override them.
    """

    def important(declaration: str) -> str:
        name, colon, value = declaration.partition(":")
        loses = colon and "!important" not in value and _family(name) in inlined
        return f"{declaration.rstrip()} !important" if loses else declaration

    return "".join(
        (";".join(map(important, words.split(";"))) if sometimes else words) + brace
        for words, brace, sometimes in _rules(css)
    )


def _family(name: str) -> str:
    """`margin` of `margin-left`: a shorthand and its longhands override one another."""
    return name.strip().lower().partition("-")[0]


def _with_plain_backgrounds(page: str) -> str:
    """Colours behind words as every program takes them: `background`, since Orange drops
    `background-color`, and `bgcolor` for Outlook.
    """

    def plain(style: re.Match[str]) -> str:
        names = re.findall(r"(?:^|;)\s*(background[\w-]*)\s*:", style[0])
        return (
            style[0].replace("background-color", "background")
            if names == ["background-color"]
            else style[0]
        )

    def coloured(tag: re.Match[str]) -> str:
        style = re.search(r'\sstyle="([^"]*)"', tag[0])
        colour = _COLOUR.search(style[1]) if style else None
        if (
            colour is None
            or re.search(r"\sbgcolor\s*=", tag[0], re.I)
            or colour[1].lower() in ("none", "transparent", "inherit")
        ):
            return tag[0]
        return f'{tag[0][: 1 + len(tag[1])]} bgcolor="{colour[1]}"{tag[0][1 + len(tag[1]) :]}'

    return _TAG.sub(coloured, _STYLED.sub(plain, page))
