"""Exactly what is shown where somebody agrees, as text that can be kept: each form as a visitor
gets it, and the words of the pages behind links.

Published with the sequences and again when a new program words them otherwise, so that each
consent's evidence names what its person saw (D02, D03).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from engine.config import Site
from engine.i18n.language import LANGUAGES, Language, translator
from engine.installation.publishing import AS_JSON, EMBEDDED, ShownWords, partner_line
from engine.letter.french_spacing import spaced
from engine.sequence.model import Plan
from engine.web.form_json import snapshot
from engine.web.form_rendering import embed_html, form_values
from engine.web.pages import Pages
from engine.web.preference_offer import offer, published_as

# Where a press on a page behind a link gives a ground.
CONSENT, AGAIN, AGAIN_ALL, CONFIRM = "consent", "again", "again-all", "confirm"
KINDS = (CONSENT, AGAIN, AGAIN_ALL, CONFIRM)


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says before somebody agrees on it."""

    heading: str
    paragraphs: tuple[str, ...]
    button: str
    box: str = ""
    quiet: str = ""

    @property
    def notice(self) -> str:
        box = f"[ ] {self.box}" if self.box else ""
        return "\n".join(
            filter(None, (self.heading, *self.paragraphs, box, f"[{self.button}]", self.quiet))
        )


def words_of(kind: str, plan: Plan, purpose: str, language: Language) -> Words:
    """The words of the page on which `purpose` is agreed to, spaced as the page shows them."""
    words = _words_of(kind, plan, purpose, language)
    if language != "fr":
        return words
    return Words(
        spaced(words.heading),
        tuple(map(spaced, words.paragraphs)),
        spaced(words.button),
        spaced(words.box),
        spaced(words.quiet),
    )


def _words_of(kind: str, plan: Plan, purpose: str, language: Language) -> Words:
    _ = translator(language)
    declared = plan.purposes.get(purpose)
    name, description = (declared.name, declared.description) if declared else (purpose, "")
    if kind == CONSENT:
        return Words(
            _("Would you like to receive “{purpose}”?").format(purpose=name),
            tuple(filter(None, (description, partner_line(plan, purpose)))),
            _("Confirm my choice"),
            _("Yes, I would like to receive “{purpose}”.").format(purpose=name),
            _("You can unsubscribe with one click, in every letter."),
        )
    if kind == CONFIRM:
        text = (_("Press the button to receive “{purpose}”.").format(purpose=name),)
        return Words(_("Confirm your subscription"), text, _("I confirm my subscription"))
    left = (
        _("You will not receive “{purpose}” any more.").format(purpose=name)
        if kind == AGAIN
        else _("You will receive nothing from us any more.")
    )
    return Words(_("You are unsubscribed"), (left,), _("Subscribe me again"))


def notice_key(kind: str, purpose: str, language: Language) -> str:
    """Under which name the words of a page stand among the notices; no form is called like it."""
    return f"{kind}:{purpose}/{language}"


def shown_by(plan: Plan, site: Site) -> ShownWords:
    """Everything of a plan that people agree on. What differs from visitor to visitor (stamps, what
    they had written) is left out.
    """
    pages, forms = Pages(site), {}
    for name, form in plan.forms.items():
        forms[name] = pages.text(
            "form.html",
            form.language,
            action=f"/f/{name}",
            stamp="",
            copied=False,
            framed=False,
            whole_window=False,
            **form_values(plan, form, defaultdict(str)),
        )
        forms[f"{name}/{EMBEDDED}"] = embed_html(plan, name, site)
        forms[f"{name}/{AS_JSON}"] = snapshot(plan, form)
    notices = {
        notice_key(kind, purpose, spoken_in): (
            words_of(kind, plan, purpose, spoken_in).notice,
            spoken_in,
        )
        for kind in KINDS
        for purpose in plan.purposes
        for spoken_in in LANGUAGES
    }
    centre = {
        published_as(spoken_in): (offer(plan, spoken_in).notice, spoken_in)
        for spoken_in in LANGUAGES
    }
    return ShownWords(forms, notices | centre)
