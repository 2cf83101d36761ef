"""A dossier as one page of HTML that prints on A4: no script, nothing from elsewhere, every outside
word escaped. Pure.

The running foot and the page numbers are boxes in the margins of printed pages (CSS Paged Media,
4.2), which Chromium since 131 and WeasyPrint know; on a screen the foot stands at the end.
"""

from __future__ import annotations

from html import escape

from engine.audit.dossier import Dossier, Question
from engine.audit.report import line_as_html, page_of, section_as_html
from engine.i18n.language import translator
from engine.i18n.printable import printable

STYLE = """
@page { size: A4; margin: 12mm 15mm 17mm;
  @bottom-left { content: %(foot)s; font: 7.5pt/1.2 sans-serif; color: #444; vertical-align: top;
    padding-top: 3mm; width: 150mm; white-space: nowrap; }
  @bottom-right { content: %(page)s counter(page) " / " counter(pages);
    font: 7.5pt/1.2 sans-serif; color: #444; vertical-align: top; padding-top: 3mm; } }
* { box-sizing: border-box; }
body { font: 16px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; max-width: 50rem;
  margin: 0 auto; padding: 1rem; color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.45rem; line-height: 1.2; margin: 0 0 .2rem; }
h2 { font-size: 1.05rem; margin: 1.1rem 0 .3rem; border-bottom: 1px solid #999; }
p { margin: .3rem 0; } .about { color: #444; }
.conclusion { border: 2px solid #1a1a1a; padding: .5rem .8rem; margin: .8rem 0; }
.conclusion h2 { border: 0; margin: 0; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .2rem 1rem; margin: 0; }
dt { color: #444; } dd { margin: 0; }
dt.of { grid-column: 1 / -1; font-weight: 600; color: inherit; }
@media (min-width: 34.01rem) { dl.dates { grid-template-columns: 8rem 1fr 8rem 1fr; } }
ul { margin: 0; padding-left: 1.2rem; } li { margin: .35rem 0; }
.note { display: block; color: #444; } .alarm { color: #8a1020; font-weight: 600; }
.alarm::before { content: "! "; }
pre { font: inherit; font-size: .93em; white-space: pre-wrap; margin: 0; padding: .1rem .6rem;
  border-left: 3px solid #999; }
.annex { margin-top: 2.5rem; } .annex li { font-size: .92rem; }
footer { margin-top: 2rem; border-top: 1px solid #999; color: #444; font-size: .8rem; }
@media (max-width: 34rem) { dl { display: block; } dd { margin: 0 0 .5rem; } }
@media print {
  body { font-size: 8.7pt; line-height: 1.28; max-width: none; padding: 0; }
  h1 { font-size: 14pt; } h2 { font-size: 9.5pt; margin: 5pt 0 1.5pt; break-after: avoid; }
  .conclusion { margin: 5pt 0; padding: 4pt 7pt; }
  dl { grid-template-columns: 42mm 1fr; gap: .8pt 4mm; } main li { margin: 1pt 0; }
  dl.dates { grid-template-columns: 31mm 1fr 31mm 1fr; }
  .annex { break-before: page; margin: 0; }
  .annex li { font-size: 8.2pt; } .annex pre { break-inside: avoid-page; }
  dd, .conclusion { break-inside: avoid-page; } footer { display: none; } }
"""


def dossier_as_html(dossier: Dossier) -> str:
    _ = translator(dossier.language)
    style = STYLE % {"foot": css_string(dossier.foot), "page": css_string(f"{_('page')} ")}
    conclusion = "".join(f"<p>{line_as_html(line)}</p>" for line in dossier.conclusion)
    questions = "\n".join(map(_question, dossier.questions))
    annex = "\n".join(map(section_as_html, dossier.annex))
    body = (
        f"<main>\n<h1>{_text(dossier.title)}</h1>\n"
        f'<p class="about">{_text(dossier.about)}</p>\n'
        f'<section class="conclusion"><h2>{_text(_("Conclusion"))}</h2>\n{conclusion}</section>\n'
        f"{questions}\n</main>\n"
        f'<div class="annex">\n<h1>{_text(_("Annex"))}</h1>\n{annex}\n</div>\n'
        f"<footer>{_text(dossier.foot)}</footer>"
    )
    return page_of(dossier.title, dossier.language, style, body)


def _question(question: Question) -> str:
    heading = f"<h2>{_text(question.heading)}</h2>"
    if not any(row.label for row in question.rows):
        lines = "".join(f"<li>{line_as_html(row.line)}</li>" for row in question.rows)
        return f"<section>\n{heading}\n<ul>{lines}</ul>\n</section>"
    rows = []
    for row in question.rows:
        label, answer = _text(row.label), line_as_html(row.line)
        rows.append(
            f"<dt>{label}</dt><dd>{answer}</dd>" if answer else f'<dt class="of">{label}</dt>'
        )
    kind = ' class="dates"' if question.dates else ""
    return f"<section>\n{heading}\n<dl{kind}>\n" + "\n".join(rows) + "\n</dl>\n</section>"


def _text(text: str) -> str:
    return escape(printable(text))


def css_string(text: str) -> str:
    """A string of CSS: whatever is no letter, figure or space is escaped, and each escape ended by
    a space that belongs to it (CSS Syntax 4.3.7).
    """
    escaped = (
        character if character.isalnum() or character == " " else f"\\{ord(character):x} "
        for character in printable(text)
    )
    return f'"{"".join(escaped)}"'
