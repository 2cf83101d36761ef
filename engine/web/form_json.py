"""A form for a page that its author builds: what it consists of as JSON, the post as JSON, and the
answers, with refusals as problems (RFC 9457). A script of another site may read them where the
form's `sites` name it (WHATWG Fetch, CORS); no cookie is asked for or given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from engine.i18n.language import N_, translator
from engine.installation.publishing import digest_of, notice_text, partner_line
from engine.intake.forms import AGE, AGREED, EMAIL, SHOWN, STAMP, YES
from engine.sequence.field_values import BETWEEN_OPTIONS, NO
from engine.sequence.model import Form, Plan
from engine.web.pages import is_address
from engine.web.preference_offer import choices_on
from engine.web.request import MAX_INPUTS

Code = Literal["mistakes", "changed", "trapped", "old", "busy", "often", "unreadable", "origin"]
"""Why a form was not taken."""
NOT_NAMED = "The form's `sites` do not name this site."
OF_THE_WORDS = "`hidden` of GET /f/NAME.json"
PREFLIGHT_SECONDS = 600
RECEIVED = N_("We have received your answer.")
OBJECTION_NOTED = N_("Your objection is noted: nothing comes of this form.")
LEFT_TO_CONFIRM = N_(
    "If something is left for you to confirm, a message is on its way to your address, or there"
    " already: open it, and press its button."
)


class UnreadableJson(Exception):
    """What was posted is no form; the text says why, to whoever builds the page."""


def inputs_of(body: bytes, form: Form) -> dict[str, str]:
    """The inputs by name, as a browser would post them: true is a ticked box or a yes, false no box
    and a no, null nothing, a list what was chosen of several. Raises UnreadableJson.
    """
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableJson("The body is not JSON.") from None
    if not isinstance(read, dict) or len(read) > MAX_INPUTS:
        raise UnreadableJson(f"The body is not an object of at most {MAX_INPUTS} members.")
    yes_no = {field.name for field in form.fields if field.type == "yes-no"}
    inputs = {
        name: NO if value is False and name in yes_no else _text(name, value)
        for name, value in read.items()
    }
    if not inputs.get(SHOWN):
        raise UnreadableJson(f"{SHOWN} is missing: which words the page has shown, {OF_THE_WORDS}")
    try:
        "".join((*inputs, *inputs.values())).encode()
    except UnicodeEncodeError:
        raise UnreadableJson("The body holds half a character (a lone surrogate).") from None
    return {name: text for name, text in inputs.items() if text}


def _text(name: str, value: object) -> str:
    match value:
        case bool():
            return YES if value else ""
        case None:
            return ""
        case str():
            return value
        case int() | float():
            return str(value)
        case list() if all(isinstance(option, str) for option in value):
            return BETWEEN_OPTIONS.join(value)
        case _:
            raise UnreadableJson(f"{name} is no text, number, true, false, null or list of texts.")


def described(plan: Plan, form: Form, stamp: str = "") -> dict[str, object]:
    """Everything a page shows who builds the form itself, and what it sends back with it: `stamp`
    says when it was shown.
    """
    purpose = plan.purposes[form.purpose]
    hidden = {SHOWN: digest_of(notice_text(plan, form.name))} | ({STAMP: stamp} if stamp else {})
    return {
        "name": form.name,
        "language": form.language,
        "title": form.title,
        "intro": form.intro,
        "inputs": list(_inputs(plan, form)),
        "purpose": {
            "name": purpose.name,
            "description": purpose.description,
            "partner": partner_line(plan, form.purpose),
        },
        "notice": form.notice,
        "button": form.button,
        "hidden": hidden,
    }


def snapshot(plan: Plan, form: Form) -> str:
    """What `described` says to everybody: it is published, and named by each consent."""
    return json.dumps(described(plan, form), ensure_ascii=False, indent=1) + "\n"


def _inputs(plan: Plan, form: Form) -> Iterator[dict[str, object]]:
    _ = translator(form.language)

    def described_input(
        name: str, label: str, type: str, *options: str, required: bool = False
    ) -> dict[str, object]:
        shown = {"name": name, "label": label, "type": type, "required": required}
        return shown | ({"options": list(options)} if options else {})

    yield described_input(EMAIL, _("Your e-mail address"), "email", required=True)
    for field in form.fields:
        yield described_input(
            field.name, field.label, field.type, *field.options, required=field.required
        )
    if form.order_field:
        yield described_input(form.order_field, _("Your order number"), "text", required=True)
    if form.question:
        answers = [choice.label for choice in form.question.choices]
        question = form.question
        yield described_input(question.name, question.label, "choice", *answers, required=True)
    for choice in choices_on(plan, form, form.language):
        if choice.one:
            options = [{"value": option.code, "label": option.name} for option in choice.options]
            yield described_input(choice.one, choice.title, "choice") | {"options": options}
        else:
            for option in choice.options:
                group = {"group": choice.title, "about": choice.about}
                yield described_input(option.code, option.name, "box") | group
    if form.checkbox:
        yield described_input(AGREED, form.checkbox, "box", required=form.basis == "consent")
    if form.age:
        yield described_input(AGE, form.age, "box", required=True)


def words_of_thanks(form: Form) -> str:
    words = "" if is_address(form.thanks) else form.thanks
    return words or translator(form.language)(RECEIVED)


def thanked(form: Form, *, objects: bool, leads_to: str) -> dict[str, object]:
    """The same for everybody, known or not, as the page of thanks is (G14)."""
    _ = translator(form.language)
    return {
        "objects": objects,
        "thanks": _(OBJECTION_NOTED) if objects else words_of_thanks(form),
        "then": "" if objects else _(LEFT_TO_CONFIRM),
        "redirect": leads_to,
    }


def problem(
    status: int, code: Code, detail: str, more: Mapping[str, object] | None = None
) -> Response:
    """`detail` is a sentence for whoever fills in the form, in its language."""
    return JSONResponse(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            **(more or {}),
        },
        status,
        media_type="application/problem+json",
    )


def readable_by(answer: Response, request: Request, form: Form) -> Response:
    """The answer, which a script may read on a site of the form's."""
    answer.headers["Vary"] = "Origin, Accept"
    origin = request.headers.get("origin", "")
    if origin in form.sites:
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer


def preflight(request: Request, form: Form) -> Response:
    """What a browser asks before a script of another site may post JSON."""
    if request.headers.get("origin", "") not in form.sites:
        return problem(403, "origin", NOT_NAMED)
    answer = readable_by(Response(status_code=204), request, form)
    answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
    answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return answer
