"""The frame around a letter: the layout's placeholders, the automatic foot, the buttons.

A layout is HTML in the same restricted language as a letter. It must hold `{{ content }}` and `{{
foot }}`, each once, alone and outside any `if`; it may use `subject`, `preheader`, `site`,
`language`, `logo` (a URL), `unsubscribe` and `everything` (their labels, empty where a letter has
no such link) and link to `===unsubscribe===` and `===everything===`. What carries the attribute
`data-html-only` is left out of the text part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from engine.letter.merge import Piece
from engine.letter.placeholders import Placeholders
from engine.sequence.mistakes import Mistake
from engine.words import N_, Language, words

TEXT_WIDTH = 72
PLACEHOLDERS = frozenset(
    {
        "content",
        "foot",
        "preheader",
        "subject",
        "site",
        "language",
        "logo",
        "unsubscribe",
        "everything",
    }
)
MUST_HOLD = ("content", "foot")
"""Each once, alone, outside any `if`."""
LAYOUT_ONLY = N_("`{name}` has its place in the layout only.")
EVERYWHERE = frozenset({"site", "language"})
_PARAGRAPH = 'style="margin:0 0 12px 0"'
_FOOT_LINK = (
    'class="quiet" style="color:#4a5561;display:inline-block;padding:12px 0;line-height:20px"'
)
# Outlook on Windows lays out with Word: it knows tables and their cells, and neither `inline-block`
# nor the padding of a link.
_FOR_OUTLOOK = "<!--[if mso]>{}<![endif]-->"
_TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'


@dataclass(frozen=True)
class ButtonColours:
    """Colours of buttons: behind their words, and of the words. `own`: chosen by the installation,
    so the layout's dark mode does not change them.
    """

    button: str = "#1f4e79"
    ink: str = "#ffffff"
    own: bool = False


DEFAULT_BUTTON_COLOURS = ButtonColours()


@dataclass(frozen=True)
class Foot:
    """Who writes, why, and the links to unsubscribe. An empty URL is left out (a confirmation mail
    has none); `extra` links come after.
    """

    who: str
    address: str
    why: str
    unsubscribe_url: str = ""
    unsubscribe_label: str = ""
    everything_url: str = ""
    everything_label: str = ""
    language: Language = "fr"
    extra: tuple[tuple[str, str], ...] = ()
    confirm_url: str = ""

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        ways_out = (
            (self.unsubscribe_label, self.unsubscribe_url),
            (self.everything_label, self.everything_url),
        )
        return tuple((label, url) for label, url in (*ways_out, *self.extra) if url)

    @property
    def colon(self) -> str:
        return "\N{NO-BREAK SPACE}: " if self.language == "fr" else ": "


def foot_html(foot: Foot) -> str:
    identity = "<br>".join(escape(part) for part in (foot.who, foot.address) if part)
    links = "&nbsp; ".join(
        f'<a href="{escape(url)}" {_FOOT_LINK}>{escape(label)}</a>' for label, url in foot.links
    )
    paragraphs = (escape(foot.why), identity, links)
    return "".join(f"<p {_PARAGRAPH}>{paragraph}</p>" for paragraph in paragraphs if paragraph)


def foot_text(foot: Foot) -> str:
    identity = "\n".join(_wrapped(part) for part in (foot.who, foot.address) if part)
    links = "\n".join(_wrapped(f"{label}{foot.colon}{url}") for label, url in foot.links)
    return "\n\n".join(part for part in ("-" * 40, _wrapped(foot.why), identity, links) if part)


def _wrapped(text: str) -> str:
    """Within TEXT_WIDTH columns, but for an address longer than that."""
    return "\n".join(
        line
        for part in text.split("\n")
        for line in wrap(part, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    )


def with_buttons(html: str, placeholders: Placeholders, colours: ButtonColours) -> str:
    """A paragraph that holds nothing but moves and copies becomes a row of buttons, each the cell
    of a table of its own.
    """
    target = placeholders.link.pattern.replace("(", "(?:")
    anchor = rf'<a href="{target}"(?: title="[^"]*")?>'
    whole = re.compile(rf"(<a )({anchor[3:]}(?:(?!</?a\b).)*</a>)", re.S)
    blank = re.compile(r"(?:\s|&nbsp;|<br\s*/?>)+")
    before, after = _button(colours)
    between = rf"(?:\s|&nbsp;|<br\s*/?>|{placeholders.statement})*"
    row = re.compile(rf"<p>({between}(?:{anchor}(?:(?!</?a\b|</?p\b).)*</a>{between})+)</p>", re.S)

    def button_row(paragraph: re.Match[str]) -> str:
        links = [placeholders.link_of(url) for url in placeholders.any.findall(paragraph[1])]
        if any(link is not None and link.index < 0 and link.kind != "confirm" for link in links):
            return paragraph[0]
        pieces = whole.split(paragraph[1])
        cells = (
            f"{blank.sub('', pieces[n])}{before}{pieces[n + 2]}{after}"
            for n in range(0, len(pieces) - 1, 3)
        )
        inside = "\n".join((*cells, blank.sub("", pieces[-1])))
        begin, end = _FOR_OUTLOOK.format(f"{_TABLE}><tr>"), _FOR_OUTLOOK.format("</tr></table>")
        return f'<div class="answers" style="margin:20px 0">{begin}\n{inside}\n{end}</div>'

    return row.sub(button_row, html)


def _button(colours: ButtonColours) -> tuple[str, str]:
    """What stands before a link's attributes, and after the link."""
    name = "" if colours.own else 'class="button" '
    cell = (
        f'<td {name}bgcolor="{colours.button}" align="center"'
        f' style="border-radius:6px;background:{colours.button};mso-padding-alt:14px 28px">'
    )
    words = (
        "display:inline-block;padding:14px"
        f" 28px;border-radius:6px;background:{colours.button};color:{colours.ink};font-weight:bold;"
        "line-height:20px;min-width:44px;text-align:center;text-decoration:none"
    )
    begin = _FOR_OUTLOOK.format('<td style="padding:4px 8px 4px 0">')
    end = _FOR_OUTLOOK.format("</td>")
    table = f'{_TABLE} style="display:inline-table;margin:4px 8px 4px 0"><tr>{cell}'
    return f'{begin}{table}<a {name}style="{words}" ', f"</td></tr></table>{end}"


def find_frame_mistakes(
    pieces: tuple[Piece, ...], required: tuple[str, ...], file: str
) -> Iterator[Mistake]:
    """Mistakes about placeholders that must stand alone, once, and outside any `if`."""
    depth = 0
    seen: dict[str, int] = {}
    for piece in pieces:
        if piece.kind == "statement":
            depth += (piece.word == "if") - (piece.word == "endif")
        names = re.sub(r"'[^']*'|\"[^\"]*\"", "", piece.text)
        for name in MUST_HOLD:
            if piece.kind == "text" or not re.search(rf"\b{name}\b", names):
                continue
            if name not in required:
                yield Mistake(file, piece.line, words(LAYOUT_ONLY, name=name))
            elif piece.kind == "statement" or piece.text != name:
                yield Mistake(
                    file,
                    piece.line,
                    N_("Write {place} alone, without filter or condition."),
                    place=f"{{{{ {name} }}}}",
                )
            elif depth:
                yield Mistake(
                    file,
                    piece.line,
                    N_("{place} may not stand inside an `if`."),
                    place=f"{{{{ {name} }}}}",
                )
            seen[name] = seen.get(name, 0) + 1
    for name in required:
        if seen.get(name, 0) != 1:
            message = N_("{place} must stand here once, not {count} times.")
            yield Mistake(file, 1, message, place=f"{{{{ {name} }}}}", count=seen.get(name, 0))
