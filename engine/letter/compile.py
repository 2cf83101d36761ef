"""From a letter's source to what one person receives: compiled once at publication, rendered per
person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.letter.draft import (
    CONTROL,
    MAX_HTML_BYTES,
    Draft,
    LetterSource,
    RenderSettings,
    resolved,
)
from engine.letter.foreign_tags import FOOT_DOES_IT, means_a_foot_link
from engine.letter.layout import PLACEHOLDERS, ButtonColours, Foot, foot_html, foot_text
from engine.letter.merge import (
    MergeFailed,
    Template,
    Value,
    compile_template,
    field_lines,
    fragment,
    parsed,
)
from engine.letter.placeholders import url_name
from engine.letter.precompiled_body import Encode, PrecompiledBody
from engine.letter.typed_fields import comparison_mistakes, filter_mistakes
from engine.sequence.links import Link
from engine.sequence.mistakes import Mistake, column_of
from engine.sequence.nearest import nearest_field, question
from engine.words import N_, Words, words

__all__ = [
    "ButtonColours",
    "Compiled",
    "Foot",
    "LetterMistakes",
    "LetterSource",
    "MergeFailed",
    "Mistake",
    "RenderSettings",
    "Rendered",
    "check_letter",
    "compile_letter",
]


class LetterMistakes(Exception):
    """All the mistakes of a letter."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Rendered:
    """What one person receives. HTML and text say the same and hold the same links."""

    subject: str
    html: str
    text: str


class _Subject(Template):
    """One line without control characters, whatever the fields hold."""

    def __init__(self, line: Template) -> None:
        super().__init__(line._template, line.fields, line.source, line.types)

    def render(self, values: Mapping[str, Value], own: Mapping[str, str] | None = None) -> str:
        return CONTROL.sub(" ", super().render(values, own)).strip()


@dataclass(frozen=True)
class Compiled:
    """A published letter. `fields` are the person's fields it uses; `links` its action links, in
    order.
    """

    links: tuple[Link, ...]
    fields: frozenset[str]
    _subject: _Subject
    _preheader: Template
    _html: Template
    _text: Template
    _url_names: tuple[str, ...]
    _logo: str

    def render(self, values: Mapping[str, Value], urls: Sequence[str], foot: Foot) -> Rendered:
        """`urls` gives the URL of a move or copy by its index. Raises MergeFailed when the letter
        cannot be rendered for this person.
        """
        if len(urls) != len(self._url_names):
            raise ValueError(
                f"this letter has {len(self._url_names)} action links, not {len(urls)}"
            )
        own = self._own(urls, foot)
        own["subject"] = self._subject.render(values, own)
        own["preheader"] = self._preheader.render(values, own)
        html = self._html.render(values, own | {"foot": fragment(foot_html(foot))})
        text = self._text.render(values, own | {"foot": foot_text(foot)})
        if len(html) * 4 > MAX_HTML_BYTES and len(html.encode()) > MAX_HTML_BYTES:
            raise MergeFailed(
                N_("With this person's fields the letter would exceed {most} bytes of HTML."),
                most=MAX_HTML_BYTES,
            )
        return Rendered(own["subject"], html, text.strip("\n") + "\n")

    def precompiled(
        self, urls: Sequence[str], foot: Foot, marks: Sequence[str], encode: Encode
    ) -> PrecompiledBody:
        """The body for many people: `urls` and `foot` as in `render`, the same for everybody, with
        `marks` in place of the links' tokens.
        """
        lines = {"subject": self._subject, "preheader": self._preheader}
        html, text = (self._html, fragment(foot_html(foot))), (self._text, foot_text(foot))
        return PrecompiledBody(lines, html, text, self._own(urls, foot), marks, encode)

    def _own(self, urls: Sequence[str], foot: Foot) -> dict[str, str]:
        own = dict(zip(self._url_names, urls, strict=True))
        own.update(
            site=foot.who,
            language=foot.language,
            logo=self._logo,
            _colon=foot.colon,
            _colon_at_end=foot.colon.rstrip(" "),
        )
        for name, label, url in (
            ("unsubscribe", foot.unsubscribe_label, foot.unsubscribe_url),
            ("everything", foot.everything_label, foot.everything_url),
        ):
            own[name] = label if url else ""
            if url:
                own[f"_{name}_url"] = url
        if foot.confirm_url:
            own["_confirm_url"] = foot.confirm_url
        return own


def check_letter(source: LetterSource, fields: Mapping[str, str]) -> tuple[Mistake, ...]:
    """Every mistake of a letter, in order of file and line; `fields` are the merge fields that
    exist, with their labels.
    """
    return tuple(sorted(_mistakes(Draft(source, RenderSettings(), fields), fields)))


def compile_letter(
    source: LetterSource,
    settings: RenderSettings | str = "",
    logo: str = "",
    fields: Mapping[str, str] | None = None,
) -> Compiled:
    """Compile, or raise LetterMistakes with all of them; a merge field that is not among `fields`
    is one, where they are given.

    `settings` may be the URL alone under which `pictures/…` and `files/…` (also as `logo`) are
    sought.
    """
    installed = RenderSettings(settings) if isinstance(settings, str) else settings
    draft = Draft(source, installed, fields or {})
    mistakes = _mistakes(draft, fields)
    address = resolved(logo, installed.assets_base)
    if logo and address == logo and not re.fullmatch(r"https://[^\s\"'<>\\]+", logo):
        mistakes.add(
            Mistake(
                source.path,
                1,
                N_("The logo `{address}` must be `pictures/…` or an https address."),
                address=logo,
            )
        )
    if mistakes:
        raise LetterMistakes(tuple(sorted(mistakes)))
    html, text = draft.templates()
    types = source.types
    subject = compile_template(source.subject, source.path, False, types)
    preheader = compile_template(source.preheader, source.path, False, types)
    used = subject.fields | preheader.fields | html.fields | text.fields
    return Compiled(
        links=draft.links,
        fields=frozenset(name for name in used - PLACEHOLDERS if not name.startswith("_")),
        _subject=_Subject(subject),
        _preheader=preheader,
        _html=html,
        _text=text,
        _url_names=tuple(url_name(link) for link in draft.links if link.index >= 0),
        _logo=address,
    )


def _mistakes(draft: Draft, fields: Mapping[str, str] | None) -> set[Mistake]:
    unknown = (
        {
            Mistake(file, line, _no_such_field(name, fields), True, column_of(text, line, name))
            for file, text in draft.readable
            for name, line in field_lines(text)
            if name not in fields and name not in PLACEHOLDERS
        }
        if fields is not None
        else set()
    )
    misfits = (
        {
            Mistake(file, line, why, True, column_of(text, line, "{"))
            for file, text in draft.readable
            for find in (filter_mistakes, comparison_mistakes)
            for line, why in find(parsed(text), draft.types)
        }
        if fields is not None
        else set()
    )
    return unknown | misfits | set(draft.mistakes)


def _no_such_field(name: str, labels: Mapping[str, str]) -> Words:
    if means_a_foot_link(name):
        return words(FOOT_DOES_IT, tag=f"{{{{ {name} }}}}")
    return words(
        N_("The merge field `{field}` does not exist.{hint}"),
        field=name,
        hint=question(nearest_field(name, labels)),
    )
