"""A form as HTML, and as values for a page of somebody's own: everything that is shown where an
address is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal, assert_never, get_args
from urllib.parse import urlencode

from engine.config import Site
from engine.i18n.language import N_, Language, Say, translator
from engine.installation.publishing import digest_of, notice_text, partner_line
from engine.intake.forms import (
    AGE,
    AGREED,
    CAMPAIGN,
    EMAIL,
    SOURCE,
    FormFaults,
    honeypot_name,
    input_of,
)
from engine.sequence.model import Choice, Form, Plan
from engine.web.controls import UNFIT, Control
from engine.web.pages import TEMPLATES, Pages, unlinked
from engine.web.preference_offer import choices_on

REASONS = {
    "missing": N_("Please fill this in."),
    "address": N_("This is not a whole e-mail address: it looks like name@example.org."),
    "sign": N_("This address holds a sign that no mail server takes. Did you mean {meant}?"),
    "meant": N_("Did you mean {meant}?"),
    "long": N_("This is too long."),
    "line": N_("Please write this in one line."),
    "link": N_("Please leave out the web address."),
    "choose": N_("Please choose one."),
    **UNFIT,
    "age": N_("Please tick this box: we do not write to anyone younger."),
    "tick": N_("Please tick this box: we only write to people who agreed."),
}
Snippet = Literal["html", "script", "frame"]
SNIPPETS: tuple[Snippet, ...] = get_args(Snippet)
NOTHING = FormFaults({})
COMPLETIONS = {
    "first_name": "given-name",
    "last_name": "family-name",
    "name": "name",
    "town": "address-level2",
    "company": "organization",
    "birthday": "bday",
    "birthdate": "bday",
}


def embed_html(plan: Plan, name: str, site: Site, *, source: str = "", campaign: str = "") -> str:
    """The form as plain HTML for an author's own page: it needs no script, no style and no cookie.
    `source` and `campaign` are where people come from who fill in this copy.
    """
    form, none = plan.forms[name], defaultdict[str, str](str)
    return (
        Pages(site)
        .text(
            "form_inputs.html",
            form.language,
            action=f"{site.url}/f/{name}",
            values=none | {SOURCE: source, CAMPAIGN: campaign},
            errors=none,
            stamp="",
            copied=True,
            whole_window=False,
            meant="",
            form=form,
            controls=_controls(form, none, none),
            choices=choices_on(plan, form, form.language),
            seen=_seen(plan, form),
        )
        .strip()
        + "\n"
    )


def script_html() -> str:
    """What stands right after that form where a page wants to keep its visitors: it sends the form
    and shows the answer there. Without it, or where it fails, the form is sent as any other.
    """
    return f"<script>\n{(TEMPLATES / 'form_script.js').read_text()}</script>\n"


def frame_html(plan: Plan, name: str, site: Site, *, source: str = "", campaign: str = "") -> str:
    """The form's page in a frame, as high as it probably is on a telephone."""
    form = plan.forms[name]
    query = {"utm_source": source, "utm_campaign": campaign}
    given = urlencode({name: value for name, value in query.items() if value})
    return Pages(site).text(
        "form_frame.html",
        form.language,
        form=form,
        address=f"{site.url}/f/{name}" + (f"?{given}" if given else ""),
        height=_height(plan, form),
    )


def snippet_html(
    plan: Plan, name: str, site: Site, kind: Snippet, *, source: str = "", campaign: str = ""
) -> str:
    """What an author pastes into a page of their own."""
    match kind:
        case "html":
            return embed_html(plan, name, site, source=source, campaign=campaign)
        case "script":
            copied = embed_html(plan, name, site, source=source, campaign=campaign)
            return copied + script_html()
        case "frame":
            return frame_html(plan, name, site, source=source, campaign=campaign)
        case _:
            assert_never(kind)


def _height(plan: Plan, form: Form) -> int:
    """In CSS pixels, 360 of them wide: of inputs, boxes, and lines of words."""
    boxes = [form.checkbox, form.age, *(choice.label for choice in _answers(form))]
    offered = [
        option.name for choice in choices_on(plan, form, form.language) for option in choice.options
    ]
    words = notice_text(plan, form.name)
    inputs = 1 + len(form.fields) + bool(form.order_field)
    ticks = len(offered) + sum(map(bool, boxes))
    return 400 + 95 * inputs + 45 * ticks + 26 * (len(words) // 38)


def _answers(form: Form) -> tuple[Choice, ...]:
    return form.question.choices if form.question else ()


def form_values(
    plan: Plan,
    form: Form,
    values: Mapping[str, str],
    sentence: str = "",
    faults: FormFaults = NOTHING,
) -> dict[str, object]:
    """What form.html is rendered with: what somebody wrote, and what is wrong with it, in the
    form's language.
    """
    _, errors = translator(form.language), worded(faults, form.language)
    return {
        "values": defaultdict(str, values),
        "sentence": _(sentence) if sentence else "",
        "errors": defaultdict(str, errors),
        "mistakes": [
            (name, label, errors[name]) for name, label in labels(form, _) if name in errors
        ],
        "meant": faults.meant,
        "may_stay": faults.reasons.get(EMAIL) == "meant",
        "form": form,
        "controls": _controls(form, values, errors),
        "choices": choices_on(plan, form, form.language),
        "seen": _seen(plan, form),
    }


def worded(faults: FormFaults, language: Language) -> dict[str, str]:
    """What is wrong, by the name of the input."""
    _ = translator(language)
    return {
        name: _(REASONS[reason]).format(meant=faults.meant)
        for name, reason in faults.reasons.items()
    }


def _controls(
    form: Form, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Control]:
    """Those of the form's typed fields, by name."""
    return {
        field.name: Control.of(
            field,
            input_of(values, field.name, field),
            form.language,
            id=f"relance-{field.name}",
            name=field.name,
            required=field.required,
            wrong=errors.get(field.name, ""),
        )
        for field in form.fields
        if field.type != "text"
    }


def labels(form: Form, _: Say) -> Iterator[tuple[str, str]]:
    """Each input a person fills in, by its name, as its label calls it; in the order in which they
    stand on the page.
    """
    yield EMAIL, _("Your e-mail address")
    yield from ((field.name, field.label) for field in form.fields)
    yield from ((name, _("Your order number")) for name in filter(None, (form.order_field,)))
    yield from ((question.name, question.label) for question in filter(None, (form.question,)))
    yield from ((AGREED, unlinked(form.checkbox)), (AGE, unlinked(form.age)))


def _seen(plan: Plan, form: Form) -> dict[str, object]:
    """What the form shows, which is what `notice_text` records, and its digest."""
    return {
        "purpose": plan.purposes[form.purpose],
        "partner": partner_line(plan, form.purpose),
        "trap": honeypot_name(form),
        "completions": defaultdict(str, COMPLETIONS),
        "shown": digest_of(notice_text(plan, form.name)),
    }
