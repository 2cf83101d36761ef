"""Reading `[[form]]` and `[confirmation]`: what a person is shown where they give their address,
and what asks them to confirm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from engine.sequence.delay import Delay, parse_delay
from engine.sequence.draft import Draft, check_name
from engine.sequence.model import (
    ASKED,
    MEASURE,
    Asked,
    Choice,
    Confirmation,
    Field,
    Form,
    FormField,
    Question,
)
from engine.sequence.nearest import hint, nearest, nearest_field
from engine.sequence.parse_letters import check_body
from engine.sequence.parse_segments import static_segment
from engine.sequence.table import Table, http_url, origin_of
from engine.words import LANGUAGES, N_

CONFIRMATION_BODY = "(built in)"


def read_form(table: Table, root: Table, draft: Draft) -> Form:
    name = table.need("name", str, "")
    check_name(name, table, "name")
    fields = tuple(_field(field_table, draft) for field_table in table.tables("field"))
    question_table = table.table("question")
    question = _question(question_table, draft) if question_table is not None else None
    number = draft.resolve(table.values["list"], table, "list") if "list" in table.values else 0
    table.known.add("list")
    if "list" not in table.values and question is None:
        table.mistake("", N_("a form leads to a `list`, or has a [form.question] whose choices do"))
    basis = table.one_of("basis", ("consent", "soft-optin", "b2b", "service"), "consent")
    form = Form(
        name,
        table.need("title", str, ""),
        draft.purpose(table, root),
        number,
        table.need("notice", str, ""),
        table.get("button", str, "Je m'inscris"),
        table.get("checkbox", str, ""),
        root.file,
        table.get("intro", str, ""),
        fields,
        question,
        cast(Literal["consent", "soft-optin", "b2b", "service"], basis),
        table.get("confirm", bool, basis == "consent"),
        table.get("thanks", str, ""),
        table.get("confirmed", str, ""),
        table.get("order_field", str, ""),
        table.get("age", str, ""),
        table.get("function_field", str, ""),
        _asked(table, draft),
        static_segment(table, draft),
        language=table.one_of("language", LANGUAGES, draft.settings.language),
        sites=tuple(dict.fromkeys(_sites(table))),
    )
    for listed in form.lists:
        if listed in draft.lists and draft.lists[listed][0].purpose != form.purpose:
            message = N_(
                "list {list} has another purpose than the form: consent would be asked for the"
                " wrong thing"
            )
            table.mistake("list", message, list=listed)
    if basis == "consent" and not form.checkbox:
        table.mistake(
            "",
            N_(
                'a form that asks for consent needs a `checkbox = "Oui, je souhaite recevoir…"`'
                " (never ticked beforehand)"
            ),
        )
    _duties(form, table)
    table.finish()
    return form


def _asked(table: Table, draft: Draft) -> tuple[Asked, ...]:
    """In the order of the page, whatever theirs."""
    written = table.get("ask", list, [])
    offered = {"themes": draft.settings.themes, "contents": draft.settings.contents}
    measures = draft.settings.measured is not None
    for code in written:
        if code not in ASKED:
            message = N_(
                '`ask` knows "themes", "contents", "frequency" and "measure", not {code}{hint}'
            )
            close = hint(nearest(str(code), ASKED))
            table.mistake("ask", message, code=repr(code), hint=close)
        elif offered.get(code) == ():
            message = N_("`ask`: nobody can choose among {code}, none are declared in config.toml")
            table.mistake("ask", message, code=code)
        elif code == MEASURE and not measures:
            message = N_("`ask`: nobody is measured while [measure] `people` of config.toml is off")
            table.mistake("ask", message)
    return tuple(code for code in ASKED if code in written)


def _sites(table: Table) -> Iterator[str]:
    for site in table.get("sites", list, []):
        address = site if isinstance(site, str) else ""
        parts = http_url(address)
        if parts and origin_of(address) and parts.path in ("", "/") and not parts.query:
            yield origin_of(address)
        else:
            message = N_('`sites` are addresses such as "https://www.example.org", not {site}')
            table.mistake("sites", message, site=repr(site))


def _duties(form: Form, table: Table) -> None:
    """What the law asks of a ground that is not consent, where the address is given (CPCE L34-5 al.
    4; CNIL on B2B).
    """
    if form.basis in ("soft-optin", "b2b") and not form.checkbox:
        message = N_(
            'a form of basis "{basis}" needs a `checkbox = "Je m’y oppose"`: who has not consented'
            " may object here"
        )
        table.mistake("", message, basis=form.basis)
    if form.basis == "soft-optin" and not form.order_field:
        table.mistake(
            "",
            N_(
                'a form of basis "soft-optin" needs an `order_field`: it goes with a sale, whose'
                " number is the proof"
            ),
        )
    if form.basis == "b2b" and form.function_field not in {
        field.name for field in form.fields if field.required
    }:
        table.mistake(
            "",
            N_(
                'a form of basis "b2b" needs a `function_field`: one of its required fields, which'
                " holds the profession"
            ),
        )
    elif form.function_field and form.function_field not in {field.name for field in form.fields}:
        table.mistake(
            "function_field", N_('"{field}" is no field of this form'), field=form.function_field
        )


def _field(table: Table, draft: Draft) -> FormField:
    name = table.need("name", str, "")
    declared = {field.name: field for field in draft.settings.fields}
    known = declared.get(name, Field(name, name))
    if name and name not in declared:
        close = hint(nearest_field(name, {field.name: field.label for field in declared.values()}))
        table.mistake(
            "name",
            N_('the field "{field}" is not declared in [fields] of config.toml{hint}'),
            field=name,
            hint=close,
        )
    form_field = FormField(
        name,
        table.get("label", str, name if known.type == "text" else known.label),
        known.type,
        known.options,
        table.get("required", bool, False),
    )
    table.finish()
    return form_field


def _question(table: Table, draft: Draft) -> Question:
    choices = []
    for choice in table.tables("choice"):
        label = choice.need("label", str, "")
        number = (
            draft.resolve(choice.values["list"], choice, "list")
            if "list" in choice.values
            else choice.need("list", int, 0)
        )
        choice.known.add("list")
        choice.finish()
        choices.append(Choice(label, number))
    if len(choices) < 2:
        table.mistake("", N_("a question has at least two [[form.question.choice]]"))
    question = Question(
        table.get("name", str, "choice"), table.need("label", str, ""), tuple(choices)
    )
    table.finish()
    return question


def read_confirmation(table: Table, draft: Draft) -> Confirmation:
    body = table.get("body", str, CONFIRMATION_BODY)
    if body != CONFIRMATION_BODY:
        check_body(body, table, draft)
    confirmation = Confirmation(
        table.get("subject", str, ""),
        body,
        table.get("preheader", str, ""),
        table.parsed("remind_after", parse_delay, Delay(days=2)),
        table.parsed("expire_after", parse_delay, Delay(days=7)),
        table.get("remind_subject", str, ""),
    )
    table.finish()
    return confirmation
