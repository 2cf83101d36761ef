"""What is told to an auditor, as text for a terminal and as one page of HTML: no script, nothing
from elsewhere, every outside word escaped. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from engine.i18n.printable import printable

INDENT = "    "
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c1c1c; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #bbb; }
ol, ul { padding-left: 1.5rem; } li { margin: .6rem 0; overflow-wrap: anywhere; }
.note { display: block; color: #444; } .alarm { color: #8a1020; font-weight: 600; }
.alarm::before { content: "! "; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f2;
  border-left: 3px solid #888; padding: .6rem; margin: .3rem 0; }
@page { size: A4; margin: 15mm; }
@media print { body { font-size: 9.5pt; max-width: none; margin: 0; padding: 0; }
  h2 { break-after: avoid; } li { break-inside: avoid-page; } }
"""


Mark = Literal["", "pointer", "fault"]
"""What has an exclamation mark before it. A "pointer" must not be overlooked and may well be so: a
date that was declared, an address that is another by now. A "fault" must not be: whoever asked gets
exit status 1.
"""


@dataclass(frozen=True, slots=True)
class Note:
    """Something said of a line. `verbatim`: words that are shown as they are, over several
    lines.
    """

    text: str
    mark: Mark = ""
    verbatim: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    notes: tuple[Note, ...] = ()
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    sections: tuple[Section, ...]
    language: str = "en"

    @property
    def faulty(self) -> bool:
        """Whether anything in it is a fault."""
        return any(
            "fault" in (line.mark, *(note.mark for note in line.notes))
            for section in self.sections
            for line in section.lines
        )


def as_text(report: Report) -> Iterator[str]:
    """Line by line. What must not be overlooked has an exclamation mark before it."""
    yield printable(report.title)
    for section in report.sections:
        yield ""
        yield printable(section.heading)
        for line in section.lines:
            yield f"{_sign(line.mark)}{printable(line.text)}"
            for note in line.notes:
                if note.text:
                    yield f"{INDENT}{_sign(note.mark)}{printable(note.text)}"
                yield from (
                    f"{INDENT}  | {printable(words.expandtabs(4))}".rstrip()
                    for words in note.verbatim.splitlines()
                )


def _sign(mark: Mark) -> str:
    return "! " if mark else ""


def as_html(report: Report) -> str:
    title = escape(printable(report.title))
    sections = "\n".join(map(section_as_html, report.sections))
    return page_of(report.title, report.language, STYLE, f"<h1>{title}</h1>\n{sections}")


def page_of(title: str, language: str, style: str, body: str) -> str:
    """A whole page of HTML; `style` and `body` are put in as they are."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="robots" content="noindex">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(printable(title))}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def section_as_html(section: Section) -> str:
    lines = "\n".join(f"<li>{line_as_html(line)}</li>" for line in section.lines)
    heading = escape(printable(section.heading))
    return f"<section>\n<h2>{heading}</h2>\n<ul>\n{lines}\n</ul>\n</section>"


def line_as_html(line: Line) -> str:
    text = _said(line.text, line.mark) if line.text else ""
    return text + "".join(map(_note, line.notes))


def _note(note: Note) -> str:
    words = f"<pre>{escape(_lines(note.verbatim))}</pre>" if note.verbatim else ""
    return (f'<span class="note">{_said(note.text, note.mark)}</span>' if note.text else "") + words


def _said(text: str, mark: Mark) -> str:
    escaped = escape(printable(text))
    return f'<span class="alarm">{escaped}</span>' if mark else escaped


def _lines(text: str) -> str:
    return "\n".join(printable(line.expandtabs(4)) for line in text.splitlines())
