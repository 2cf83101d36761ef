"""How a letter looks where it cannot be tried: in the dark or in the light, and in Outlook on
Windows, which lays out with Word's engine. Pure; from the HTML that leaves to the HTML a browser
shows in its place.

What Word does is approximated by what it leaves out, as caniemail.com tested Outlook 2007 to 2019:
it takes what stands in comments for it, reads no media query, rounds no corner, and knows the
padding of cells alone. Its own line heights and blanks are not imitated.
"""

from __future__ import annotations

import re

NOWHERE = "#"
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_LINKED = re.compile(r"(<a(?:rea)?\b[^>]*?\shref\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_FOR_OTHERS = re.compile(
    r"<!--\[if\s*!\s*mso[^\]]*\]>\s*(?:<!-->|-->)(.*?)<!--\s*<!\[endif\]-->", re.S | re.I
)
_FOR_WORD = re.compile(r"<!--\[if\s([^\]]*\bmso\b[^\]]*)\]>(.*?)<!\[endif\]-->", re.S | re.I)
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style\s*>)", re.S | re.I)
_MEDIA = re.compile(r"@media[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.I)
_STYLED = re.compile(r"<([a-z][a-z0-9]*)\b[^>]*?\sstyle\s*=\s*(\"[^\"]*\"|'[^']*')", re.S | re.I)
_DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([^;{}]+);?", re.I)
_UNKNOWN_TO_WORD = frozenset(
    {
        "animation",
        "background-image",
        "background-size",
        "border-radius",
        "box-shadow",
        "max-height",
        "max-width",
        "min-height",
        "min-width",
        "object-fit",
        "opacity",
        "overflow",
        "position",
        "text-shadow",
        "transform",
        "transition",
    }
)
_PADDED = frozenset({"td", "th", "table"})
"""Elsewhere Word reads no padding."""


def inert(html: str) -> str:
    """Every link leads nowhere."""
    return _LINKED.sub(rf'\1"{NOWHERE}"', html)


def in_scheme(html: str, *, dark: bool) -> str:
    """A browser knows one preference at a time; this shows the one that was chosen."""
    chosen = "dark" if dark else "light"
    shown = _SCHEME.sub(
        lambda media: "(min-width: 0)" if media[1] == chosen else "(width < 0)", html
    )
    scheme = f'<meta name="color-scheme" content="{chosen}">'
    return re.sub(r"(<head[^>]*>)", rf"\1{scheme}", shown, count=1, flags=re.I)


def as_word_shows(html: str) -> str:
    """About as Outlook on Windows shows it."""
    taken = _FOR_WORD.sub(
        lambda comment: comment[0] if "!" in comment[1] else comment[2], _FOR_OTHERS.sub("", html)
    )
    sheets = _STYLE.sub(
        lambda style: style[1] + _declared(_MEDIA.sub("", style[2]), "td") + style[3], taken
    )
    return _STYLED.sub(
        lambda tag: tag[0].replace(tag[2], tag[2][0] + _declared(tag[2][1:-1], tag[1]) + tag[2][0]),
        sheets,
    )


def _declared(css: str, tag: str) -> str:
    """What Word makes of declarations in an element of this name."""

    def read(declaration: re.Match[str]) -> str:
        name, value = declaration[1].lower(), declaration[2]
        if name == "mso-padding-alt":
            return f"padding:{value};"
        if name == "display" and value.strip().lower() != "none":
            return ""
        if name in _UNKNOWN_TO_WORD or "url(" in value.lower():
            return ""
        if name.startswith("padding") and tag.lower() not in _PADDED:
            return ""
        return declaration[0]

    return _DECLARATION.sub(read, css)
