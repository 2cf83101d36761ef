"""What the page of preferences offers, the same for everybody: purposes, themes, types of content,
how often, a pause, to be measured. Its words are published as a form's are, and name what a choice
was made from. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.i18n.language import N_, Language, translator
from engine.installation.publishing import partner_line
from engine.intake.preferences import (
    CONTENT,
    FREQUENCY,
    ON_FORM,
    THEME,
    form_to_switch_on,
    forms_of,
)
from engine.letter.french_spacing import spaced
from engine.sequence.model import MEASURE, Asked, Form, Plan
from engine.subscriber.terms import FREQUENCIES, Frequency

FREQUENCY_WORDS: dict[Frequency, str] = {
    "as-it-comes": N_("As they come"),
    "weekly": N_("At most one a week"),
    "monthly": N_("At most one a month"),
}
NO_TICK_IS_ALL = N_("Tick what interests you. Without a tick, you receive all.")


@dataclass(frozen=True, slots=True)
class OfferedPurpose:
    """`switch`: it may be switched on here; else `form` is where one agrees to it, if anywhere.
    `by_mail` says that a mail asks to confirm it, "" where none does.
    """

    id: str
    name: str
    about: tuple[str, ...]
    by_mail: str
    switch: bool
    form: Form | None


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Offer:
    heading: str
    purposes: tuple[OfferedPurpose, ...]
    themes: tuple[Option, ...]
    contents: tuple[Option, ...]
    measured: OfferedPurpose | None
    frequencies: tuple[Option, ...]
    notice: str
    """All of it as text, one line for each thing said."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form asks besides, as the page does: boxes or, where `one`, buttons of which one is
    chosen. Each option's code is the name of its box, or the value of its button.
    """

    title: str
    about: str
    options: tuple[Option, ...]
    one: str = ""


def choices_on(plan: Plan, form: Form, language: Language) -> tuple[Choices, ...]:
    _, offered = translator(language), offer(plan, language)
    about = _(NO_TICK_IS_ALL)

    def boxes(prefix: str, options: tuple[Option, ...]) -> tuple[Option, ...]:
        return tuple(Option(ON_FORM + prefix + option.code, option.name) for option in options)

    choices: dict[Asked, Choices] = {
        "themes": Choices(_("Themes"), about, boxes(THEME, offered.themes)),
        "contents": Choices(_("Types of content"), about, boxes(CONTENT, offered.contents)),
        "frequency": Choices(_("How often"), "", offered.frequencies, one=ON_FORM + FREQUENCY),
    }
    if (measured := plan.measured) is not None:
        box = Option(ON_FORM + MEASURE, measured.name)
        choices["measure"] = Choices(_("Measuring"), measured.description, (box,))
    return tuple(choices[kind] for kind in form.ask if kind in choices)


def published_as(language: Language) -> str:
    """The name under which the page's words are published; no form is called like it."""
    return f"preferences/{language}"


def offer(plan: Plan, language: Language) -> Offer:
    _ = translator(language)
    purposes = []
    for purpose in plan.purposes.values():
        form = form_to_switch_on(plan, purpose.id)
        by_mail = form is not None and form.confirm
        about = (
            _("By e-mail."),
            purpose.description,
            partner_line(plan, purpose.id),
        )
        purposes.append(
            OfferedPurpose(
                id=purpose.id,
                name=purpose.name,
                about=tuple(filter(None, about)),
                by_mail=_("We will send you a message to confirm it.") if by_mail else "",
                switch=form is not None,
                form=form or next(iter(forms_of(plan, purpose.id)), None),
            )
        )
    themes = tuple(Option(theme.id, theme.name) for theme in plan.themes.values())
    contents = tuple(Option(content.id, content.name) for content in plan.contents.values())
    frequencies = tuple(Option(code, _(FREQUENCY_WORDS[code])) for code in FREQUENCIES)
    measured = (
        OfferedPurpose(
            id=MEASURE,
            name=plan.measured.name,
            about=(plan.measured.description,),
            by_mail="",
            switch=True,
            form=None,
        )
        if plan.measured is not None
        else None
    )
    heading = _("Choose what you receive")
    lines = [heading, _("What you receive")]
    lines += [f"[ ] {' '.join(filter(None, (p.name, *p.about, p.by_mail)))}" for p in purposes]
    for title, options in ((_("Themes"), themes), (_("Types of content"), contents)):
        if options:
            lines += [title, *(f"[ ] {option.name}" for option in options)]
    lines += [_("How often"), *(f"( ) {option.name}" for option in frequencies)]
    lines += [_("Pause until")]
    if measured is not None:
        lines += [_("Measuring"), f"[ ] {' '.join((measured.name, *measured.about))}"]
    lines += [f"[{_('Save my choices')}]"]
    notice = "\n".join(lines)
    return Offer(
        heading=heading,
        purposes=tuple(purposes),
        themes=themes,
        contents=contents,
        measured=measured,
        frequencies=frequencies,
        notice=spaced(notice) if language == "fr" else notice,
    )
