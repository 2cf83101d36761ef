"""Hosted forms: the page, the copy for an author's own site, and the post. No cookie, no captcha; a
page is the same for everyone (G14).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from threading import Lock
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from engine.commands.group_commit import CommandGroupCommit
from engine.config import Site
from engine.desk.clock import wall_now
from engine.desk.desk import SENT, TRAPS, Desk
from engine.desk.desk import SHOWN as SHOWN_COUNT
from engine.i18n.language import N_, Language, Say, translator
from engine.installation.publishing import digest_of, notice_text, partner_line
from engine.installation.state import Installation
from engine.intake.field_reader import ORDER_OF_DATES
from engine.intake.forms import (
    AGE,
    AGREED,
    BOUGHT,
    CAMPAIGN,
    EMAIL,
    MAX_ANSWER_CHARACTERS,
    PROOF,
    SHOWN,
    SOURCE,
    STAMP,
    FormFaults,
    honeypot_name,
    input_of,
    is_trapped,
    read,
    shown_again,
)
from engine.sequence.model import Form, Plan
from engine.subscriber.own_robot import AGENT, is_of_robot
from engine.web.controls import UNFIT, Control
from engine.web.enrolment import Enrolment, Received, TooOften, TryAgain
from engine.web.limits import Limits
from engine.web.page_signatures import OLDEST_STAMP, YOUNGEST_STAMP, make_stamp, stamped_at
from engine.web.pages import Pages, is_address, spoken, unlinked
from engine.web.preference_offer import choices_on
from engine.web.request import posted_inputs, visitor_of
from engine.web.stores import FormStores

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
CHANGED = N_("This form has changed since it was shown to you. Please read it again, then send it.")
TRAPPED = N_(
    "An input that people do not see was filled in, perhaps by your browser. It is empty again:"
    " please send the form once more."
)
OLD = N_("This page had been open for a long time. Please send it again.")
BUSY = N_("Too much is going on at once. Please send it again in a moment.")
OFTEN = N_(
    "Many forms have come from your network within the last hour. Nothing is lost: please send this"
    " one again in an hour."
)
NOTHING = FormFaults({})
MIN_ANSWER_SECONDS = 0.3
"""What a form that was taken is answered after, whoever's address it holds: somebody unknown is
written down, and others need not be (G14).
"""
COMPLETIONS = {
    "first_name": "given-name",
    "last_name": "family-name",
    "name": "name",
    "town": "address-level2",
    "company": "organization",
    "birthday": "bday",
    "birthdate": "bday",
}


def router(stores: FormStores, group_commit: CommandGroupCommit) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    forms = Forms(stores, group_commit)

    @routes.api_route("/f/{name}", methods=["GET", "HEAD"])
    def show(name: str, request: Request) -> Response:
        answer = forms.show(name, request.query_params)
        if request.method == "GET" and request.headers.get("user-agent") != AGENT:
            forms.shown.add(name)
        return answer

    @routes.api_route("/f/{name}/embed", methods=["GET", "HEAD"])
    def embed(name: str) -> Response:
        return forms.embed(name)

    @routes.api_route("/f/{name}/thanks", methods=["GET", "HEAD"])
    def thanks(name: str) -> Response:
        return forms.thanks(name, objects=False)

    @routes.api_route("/f/{name}/objection", methods=["GET", "HEAD"])
    def objection(name: str) -> Response:
        return forms.thanks(name, objects=True)

    @routes.post("/f/{name}")
    async def post(name: str, request: Request) -> Response:
        posted = await posted_inputs(request)
        begun = time.monotonic()
        answer = await run_in_threadpool(forms.take, name, posted, request)
        if answer.status_code == 303:
            await asyncio.sleep(begun + MIN_ANSWER_SECONDS - time.monotonic())
        return answer

    return routes


def embed_html(plan: Plan, name: str, site: Site) -> str:
    """The form as plain HTML for an author's own page: it needs no script, no style and no
    cookie.
    """
    form, none = plan.forms[name], defaultdict[str, str](str)
    page = Pages(site).page(
        "form_inputs.html",
        spoken(plan.language, site),
        action=f"{site.url}/f/{name}",
        values=none,
        errors=none,
        stamp="",
        copied=True,
        meant="",
        form=form,
        controls=_controls(form, none, none, spoken(plan.language, site)),
        choices=choices_on(plan, form, spoken(plan.language, site)),
        seen=_seen(plan, form),
    )
    return bytes(page.body).decode().strip() + "\n"


def form_values(
    plan: Plan,
    form: Form,
    values: Mapping[str, str],
    language: Language,
    sentence: str = "",
    faults: FormFaults = NOTHING,
) -> dict[str, object]:
    """What form.html is rendered with: what somebody wrote, and what is wrong with it, in the
    page's language.
    """
    _ = translator(language)
    errors = {
        name: _(REASONS[reason]).format(meant=faults.meant)
        for name, reason in faults.reasons.items()
    }
    return {
        "values": defaultdict(str, values),
        "sentence": _(sentence) if sentence else "",
        "errors": defaultdict(str, errors),
        "mistakes": [
            (name, label, errors[name]) for name, label in _labels(form, _) if name in errors
        ],
        "meant": faults.meant,
        "may_stay": faults.reasons.get(EMAIL) == "meant",
        "form": form,
        "controls": _controls(form, values, errors, language),
        "choices": choices_on(plan, form, language),
        "seen": _seen(plan, form),
    }


def _controls(
    form: Form, values: Mapping[str, str], errors: Mapping[str, str], language: Language
) -> dict[str, Control]:
    """Those of the form's typed fields, by name."""
    return {
        field.name: Control.of(
            field,
            input_of(values, field.name, field),
            language,
            id=f"relance-{field.name}",
            name=field.name,
            required=field.required,
            wrong=errors.get(field.name, ""),
        )
        for field in form.fields
        if field.type != "text"
    }


def _labels(form: Form, _: Say) -> Iterator[tuple[str, str]]:
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


class ShownCounts:
    """How often each form was shown, by day. Written at most once a second, whatever comes: what
    came in between is written with the next.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._lock = desk, Lock()
        self._counts, self._written = Counter[str](), -1.0

    def add(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1
            if time.monotonic() < self._written + 1:
                return
            counts, self._counts, self._written = self._counts, Counter(), time.monotonic()
        for form, n in counts.items():
            self._desk.count(f"{SHOWN_COUNT}/{form}", n)


class Forms:
    def __init__(self, stores: FormStores, group_commit: CommandGroupCommit) -> None:
        self.stores = stores
        self.pages = Pages(stores.config.site)
        limits = Limits(stores.desk, stores.pepper)
        self.enrolment = Enrolment(stores, group_commit, limits)
        self.shown = ShownCounts(stores.desk)

    def show(self, name: str, query: Mapping[str, str]) -> Response:
        """`?order=…` (the form's `order_field`) fills in that one input, for a shop that leads
        here; its `proof`, `bought`, `utm_source` and `utm_campaign` are remembered.
        """
        plan, form = self._published(name)[1:]
        values = (
            {form.order_field: query[form.order_field][:200]}
            if form.order_field and query.get(form.order_field)
            else {}
        )
        remembered = (
            (SOURCE, "utm_source", 200),
            (CAMPAIGN, "utm_campaign", 200),
            (PROOF, "proof", 200),
            (BOUGHT, "bought", 4 * MAX_ANSWER_CHARACTERS),
        )
        values |= {
            name: query[parameter][:most]
            for name, parameter, most in remembered
            if query.get(parameter)
        }
        return self._page(plan, form, values)

    def embed(self, name: str) -> Response:
        plan, form = self._published(name)[1:]
        site = self.stores.config.site
        return self.pages.page(
            "form_embed.html",
            spoken(plan.language, site),
            form=form,
            snippet=embed_html(plan, name, site),
        )

    def thanks(self, name: str, *, objects: bool) -> Response:
        """Where a form that was taken leads, so that reloading and going back send nothing. The
        same for everybody, known or not, and true of everybody: of what becomes of it only a
        message tells.
        """
        plan, form = self._published(name)[1:]
        site = self.stores.config.site
        return self.pages.page(
            "form_thanks.html",
            spoken(plan.language, site),
            form=form,
            objects=objects,
            contact=site.reply_to or site.sender,
        )

    def take(self, name: str, posted: Mapping[str, str], request: Request) -> Response:
        installation, plan, form = self._published(name)
        shown = digest_of(notice_text(plan, name))
        at = (
            stamped_at(self.stores.nonce_key, name, shown, posted.get(STAMP, ""))
            if posted.get(STAMP)
            else 0
        )
        sentence = self._doubt(posted, form, shown, at)
        read_form = read(posted, form, ORDER_OF_DATES.get(plan.language))
        if sentence or isinstance(read_form, FormFaults):
            faults = read_form if isinstance(read_form, FormFaults) else NOTHING
            values = shown_again(posted, form)
            if sentence == CHANGED:
                values.pop(AGREED, None)
            return self._page(
                plan,
                form,
                values,
                sentence,
                faults,
                422,
                posted.get(STAMP, "") if at and not _is_old(at) else "",
            )
        try:
            self.enrolment.enrol(read_form, form, installation, self._received(request, at or 0))
        except TryAgain:
            return self._page(plan, form, shown_again(posted, form), BUSY, status=503)
        except TooOften:
            return self._page(plan, form, shown_again(posted, form), OFTEN, status=429)
        if not is_of_robot(self.stores.config.doctor.robot, read_form.address):
            self.stores.desk.count(f"{SENT}/{name}")
        if is_address(form.thanks):
            return RedirectResponse(form.thanks, 303)
        return RedirectResponse(f"/f/{name}/{'objection' if read_form.objects else 'thanks'}", 303)

    def _doubt(self, posted: Mapping[str, str], form: Form, shown: str, at: int | None) -> str:
        """Why this post shows the form again: a robot filled it in, other words were shown than are
        in force, or it lay open too long.
        """
        if is_trapped(posted, form):
            self.stores.desk.count(TRAPS)
            return TRAPPED
        if posted.get(SHOWN, shown) != shown:
            return CHANGED
        return OLD if at is None or (at and _is_old(at)) else ""

    def _received(self, request: Request, at: int) -> Received:
        referrer = urlsplit(request.headers.get("referer", "")[:500])
        return Received(
            visitor_of(request, self.stores.config.web.trusted_proxies),
            request.headers.get("user-agent", "")[:500],
            request.url.path,
            (
                f"{referrer.scheme}://{referrer.hostname or ''}{referrer.path}"
                if referrer.scheme in ("http", "https")
                else ""
            ),
            at,
            timely=not at or wall_now() - at >= YOUNGEST_STAMP,
        )

    def _page(
        self,
        plan: Plan,
        form: Form,
        values: Mapping[str, str],
        sentence: str = "",
        faults: FormFaults = NOTHING,
        status: int = 200,
        stamp: str = "",
    ) -> Response:
        language = spoken(plan.language, self.stores.config.site)
        shown = digest_of(notice_text(plan, form.name))
        return self.pages.page(
            "form.html",
            language,
            status=status,
            leads_to=[form.thanks] if is_address(form.thanks) else [],
            action=f"/f/{form.name}",
            stamp=stamp or make_stamp(self.stores.nonce_key, form.name, shown, wall_now()),
            copied=False,
            headers=None,
            **form_values(plan, form, values, language, sentence, faults),
        )

    def _published(self, name: str) -> tuple[Installation, Plan, Form]:
        installation = self.stores.installation_stream.current()
        plan = installation.plan()
        form = plan.forms.get(name)
        if form is None:
            raise HTTPException(404)
        return installation, plan, form


def _is_old(at: int) -> bool:
    return not 0 <= wall_now() - at + 1000 <= OLDEST_STAMP
