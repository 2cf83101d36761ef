"""Hosted forms: the page, perhaps in a frame of an author's own site, the copy for it, and the
post. No cookie, no captcha; a page is the same for everyone (G14).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from engine.commands.group_commit import CommandGroupCommit
from engine.desk.clock import wall_now
from engine.desk.desk import SENT, TRAPS, Desk
from engine.desk.desk import SHOWN as SHOWN_COUNT
from engine.i18n.language import N_, translator
from engine.installation.publishing import AS_JSON, EMBEDDED, digest_of, notice_text
from engine.installation.state import Installation
from engine.intake.field_reader import ORDER_OF_DATES
from engine.intake.forms import (
    AGREED,
    BOUGHT,
    CAMPAIGN,
    MAX_ANSWER_CHARACTERS,
    MAX_NEXT_CHARACTERS,
    NEXT,
    PROOF,
    SHOWN,
    SOURCE,
    STAMP,
    FormFaults,
    is_trapped,
    read,
    shown_again,
)
from engine.sequence.model import Form, Plan
from engine.sequence.table import origin_of
from engine.subscriber.own_robot import AGENT, is_of_robot
from engine.web import form_json
from engine.web.enrolment import Enrolment, Received, TooOften, TryAgain
from engine.web.form_json import Code
from engine.web.form_rendering import (
    NOTHING,
    SNIPPETS,
    Snippet,
    embed_html,
    form_values,
    labels,
    snippet_html,
    worded,
)
from engine.web.limits import HOUR, Limits
from engine.web.page_signatures import OLDEST_STAMP, YOUNGEST_STAMP, make_stamp, stamped_at
from engine.web.pages import Pages, is_address
from engine.web.request import form_body, is_json, posted_inputs, visitor_of, wants_json
from engine.web.stores import FormStores

MISTAKEN = N_("Something is missing, or not right yet:")
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

SENTENCES: Mapping[Code, str] = MappingProxyType(
    {
        "mistakes": "",
        "changed": CHANGED,
        "trapped": TRAPPED,
        "old": OLD,
        "busy": BUSY,
        "often": OFTEN,
    }
)
STATUSES: Mapping[Code, int] = MappingProxyType({"busy": 503, "often": 429})
"""422 for the others."""
RETRY_SECONDS: Mapping[Code, int] = MappingProxyType({"busy": 1, "often": HOUR})
MIN_ANSWER_SECONDS = 0.3
"""What a form that was taken is answered after, whoever's address it holds: somebody unknown is
written down, and others need not be (G14).
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """`leads_to` is where its sender goes from here, "" for our own page."""

    form: Form
    objects: bool
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """`stamp` is that of the post, where it still holds."""

    plan: Plan
    form: Form
    posted: Mapping[str, str]
    code: Code
    faults: FormFaults = NOTHING
    stamp: str = ""


def router(stores: FormStores, group_commit: CommandGroupCommit) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    forms = Forms(stores, group_commit)

    @routes.api_route("/f/{name}.json", methods=["GET", "HEAD"])
    def describe(name: str, request: Request) -> Response:
        return forms.describe(name, request)

    @routes.options("/f/{name}")
    def preflight(name: str, request: Request) -> Response:
        return forms.preflight(name, request)

    @routes.api_route("/f/{name}", methods=["GET", "HEAD"])
    def show(name: str, request: Request) -> Response:
        answer = forms.show(name, request)
        if request.method == "GET" and request.headers.get("user-agent") != AGENT:
            forms.shown.add(name)
        return answer

    @routes.api_route("/f/{name}/embed", methods=["GET", "HEAD"])
    def embed(name: str) -> Response:
        return forms.embed(name)

    @routes.api_route("/f/{name}/embed.txt", methods=["GET", "HEAD"])
    def paste(name: str, request: Request) -> Response:
        return forms.paste(name, request.query_params.get("as", ""))

    @routes.api_route("/f/{name}/thanks", methods=["GET", "HEAD"])
    def thanks(name: str, request: Request) -> Response:
        return forms.thanks(name, request, objects=False)

    @routes.api_route("/f/{name}/objection", methods=["GET", "HEAD"])
    def objection(name: str, request: Request) -> Response:
        return forms.thanks(name, request, objects=True)

    @routes.post("/f/{name}")
    async def post(name: str, request: Request) -> Response:
        if is_json(request):
            body, begun = await form_body(request), time.monotonic()
            answer = await run_in_threadpool(forms.post_json, name, body, request)
        else:
            posted, begun = await posted_inputs(request), time.monotonic()
            answer = await run_in_threadpool(forms.post, name, posted, request)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            await asyncio.sleep(begun + MIN_ANSWER_SECONDS - time.monotonic())
        return answer

    return routes


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

    def show(self, name: str, request: Request) -> Response:
        """`?order=…` (the form's `order_field`) fills in that one input, for a shop that leads
        here; its `proof`, `bought`, `next`, `utm_source` and `utm_campaign` are remembered. In a
        frame, the last two are those of the page around it, where the frame's address has none.
        """
        plan, form = self._published(name)[1:]
        query = _query_around(request, form) | dict(request.query_params)
        remembered = (
            (form.order_field, form.order_field, 200),
            (SOURCE, "utm_source", 200),
            (CAMPAIGN, "utm_campaign", 200),
            (PROOF, "proof", 200),
            (BOUGHT, "bought", 4 * MAX_ANSWER_CHARACTERS),
            (NEXT, "next", MAX_NEXT_CHARACTERS),
        )
        values = {
            name: query[parameter][:most]
            for name, parameter, most in remembered
            if parameter and query.get(parameter)
        }
        return self._page(plan, form, values, request)

    def describe(self, name: str, request: Request) -> Response:
        plan, form = self._published(name)[1:]
        stamp = self._new_stamp(plan, form, f"{name}/{AS_JSON}")
        answer = JSONResponse(form_json.described(plan, form, stamp))
        return form_json.readable_by(answer, request, form)

    def preflight(self, name: str, request: Request) -> Response:
        return form_json.preflight(request, self._published(name)[2])

    def embed(self, name: str) -> Response:
        plan, form = self._published(name)[1:]
        return self.pages.page(
            "form_embed.html",
            form.language,
            form=form,
            snippet=embed_html(plan, name, self.stores.config.site),
        )

    def paste(self, name: str, kind: str) -> Response:
        """What is pasted into another page, for a program that does it."""
        plan = self._published(name)[1]
        wanted: Snippet = next((snippet for snippet in SNIPPETS if snippet == kind), SNIPPETS[0])
        return PlainTextResponse(snippet_html(plan, name, self.stores.config.site, wanted))

    def thanks(self, name: str, request: Request, *, objects: bool) -> Response:
        """Where a form that was taken leads, so that reloading and going back send nothing. The
        same for everybody, known or not, and true of everybody: of what becomes of it only a
        message tells.
        """
        form, site = self._published(name)[2], self.stores.config.site
        _ = translator(form.language)
        return self.pages.page(
            "form_thanks.html",
            form.language,
            framed_by=form.sites,
            framed=_is_framed(request, form),
            form=form,
            objects=objects,
            thanks=form_json.words_of_thanks(form),
            objection_noted=_(form_json.OBJECTION_NOTED),
            left_to_confirm=_(form_json.LEFT_TO_CONFIRM),
            contact=site.reply_to or site.sender,
        )

    def post(self, name: str, posted: Mapping[str, str], request: Request) -> Response:
        """A post of our page or, without its stamp, of the copy."""
        if wants_json(request) and not self._may_read(request, self._published(name)[2]):
            return form_json.problem(403, "origin", form_json.NOT_NAMED)
        rendering = name if posted.get(STAMP) else f"{name}/{EMBEDDED}"
        outcome = self._take(name, posted, request, rendering)
        if wants_json(request):
            return self._in_json(outcome, request)
        if isinstance(outcome, NotTaken):
            return self._page_again(outcome, request)
        page = "objection" if outcome.objects else "thanks"
        return RedirectResponse(outcome.leads_to or f"/f/{name}/{page}", 303)

    def post_json(self, name: str, body: bytes, request: Request) -> Response:
        """A post of a page that its author built, which says which words it has shown."""
        form = self._published(name)[2]
        if not self._may_read(request, form):
            return form_json.problem(403, "origin", form_json.NOT_NAMED)
        try:
            posted = form_json.inputs_of(body, form)
        except form_json.UnreadableJson as error:
            answer = form_json.problem(400, "unreadable", str(error))
            return form_json.readable_by(answer, request, form)
        return self._in_json(self._take(name, posted, request, f"{name}/{AS_JSON}"), request)

    def _may_read(self, request: Request, form: Form) -> bool:
        """Whether a script that would be told the answer may be: a program is of no site."""
        origin = request.headers.get("origin", "")
        return not origin or origin in (*form.sites, origin_of(self.stores.config.site.url))

    def _take(
        self, name: str, posted: Mapping[str, str], request: Request, rendering: str
    ) -> Taken | NotTaken:
        installation, plan, form = self._published(name)
        shown = digest_of(notice_text(plan, name))
        at = (
            stamped_at(self.stores.nonce_key, rendering, shown, posted[STAMP])
            if posted.get(STAMP)
            else 0
        )
        doubt = self._doubt(posted, form, shown, at)
        read_form = read(posted, form, ORDER_OF_DATES.get(form.language))
        if doubt or isinstance(read_form, FormFaults):
            return NotTaken(
                plan=plan,
                form=form,
                posted=posted,
                code=doubt or "mistakes",
                faults=read_form if isinstance(read_form, FormFaults) else NOTHING,
                stamp=posted.get(STAMP, "") if at and not _is_old(at) else "",
            )
        try:
            received = self._received(request, rendering, at or 0)
            self.enrolment.enrol(read_form, form, installation, received)
        except TryAgain:
            return NotTaken(plan=plan, form=form, posted=posted, code="busy")
        except TooOften:
            return NotTaken(plan=plan, form=form, posted=posted, code="often")
        if not is_of_robot(self.stores.config.doctor.robot, read_form.address):
            self.stores.desk.count(f"{SENT}/{name}")
        return Taken(form, read_form.objects, _destination(posted.get(NEXT, ""), form))

    def _doubt(
        self, posted: Mapping[str, str], form: Form, shown: str, at: int | None
    ) -> Code | None:
        """Why this post shows the form again: a robot filled it in, other words were shown than are
        in force, or it lay open too long.
        """
        if is_trapped(posted, form):
            self.stores.desk.count(TRAPS)
            return "trapped"
        if posted.get(SHOWN, shown) != shown:
            return "changed"
        return "old" if at is None or (at and _is_old(at)) else None

    def _received(self, request: Request, rendering: str, at: int) -> Received:
        referrer = request.headers.get("referer", "")[:500]
        return Received(
            visitor=visitor_of(request, self.stores.config.web.trusted_proxies),
            user_agent=request.headers.get("user-agent", "")[:500],
            page=request.url.path,
            referrer=site + urlsplit(referrer).path if (site := origin_of(referrer)) else "",
            rendering=rendering,
            shown_at=at,
            timely=not at or wall_now() - at >= YOUNGEST_STAMP,
        )

    def _page_again(self, refused: NotTaken, request: Request) -> Response:
        values = shown_again(refused.posted, refused.form)
        if refused.code == "changed":
            values.pop(AGREED, None)
        return self._page(refused.plan, refused.form, values, request, refused)

    def _page(
        self,
        plan: Plan,
        form: Form,
        values: Mapping[str, str],
        request: Request,
        refused: NotTaken | None = None,
    ) -> Response:
        leads_to, framed = _destination(values.get(NEXT, ""), form), _is_framed(request, form)
        return self.pages.page(
            "form.html",
            form.language,
            status=STATUSES.get(refused.code, 422) if refused else 200,
            leads_to=[leads_to] if leads_to else [],
            framed_by=form.sites,
            framed=framed,
            action=f"/f/{form.name}",
            stamp=(refused and refused.stamp) or self._new_stamp(plan, form, form.name),
            copied=False,
            whole_window=framed and bool(leads_to),
            headers=None,
            **form_values(
                plan,
                form,
                values,
                SENTENCES[refused.code] if refused else "",
                refused.faults if refused else NOTHING,
            ),
        )

    def _in_json(self, outcome: Taken | NotTaken, request: Request) -> Response:
        _ = translator(outcome.form.language)
        if isinstance(outcome, Taken):
            answer: Response = JSONResponse(
                form_json.thanked(outcome.form, objects=outcome.objects, leads_to=outcome.leads_to)
            )
            return form_json.readable_by(answer, request, outcome.form)
        form, code, faults = outcome.form, outcome.code, outcome.faults
        whys = worded(faults, form.language)
        answer = form_json.problem(
            STATUSES.get(code, 422),
            code,
            _(SENTENCES[code] or MISTAKEN),
            {
                "errors": [
                    {"name": name, "label": label, "detail": whys[name]}
                    for name, label in labels(form, _)
                    if name in whys
                ],
                "meant": faults.meant,
            },
        )
        if code in RETRY_SECONDS:
            answer.headers["Retry-After"] = str(RETRY_SECONDS[code])
        return form_json.readable_by(answer, request, form)

    def _new_stamp(self, plan: Plan, form: Form, rendering: str) -> str:
        shown = digest_of(notice_text(plan, form.name))
        return make_stamp(self.stores.nonce_key, rendering, shown, wall_now())

    def _published(self, name: str) -> tuple[Installation, Plan, Form]:
        installation = self.stores.installation_stream.current()
        plan = installation.plan()
        form = plan.forms.get(name)
        if form is None:
            raise HTTPException(404)
        return installation, plan, form


def _destination(wanted: str, form: Form) -> str:
    """Where whoever has sent the form goes, "" to our page of thanks. Anybody can write a link to
    the form: so `wanted` counts only where it leads to a site of the form's.
    """
    if is_address(wanted) and origin_of(wanted) in form.sites:
        return wanted
    return form.thanks if is_address(form.thanks) else ""


def _is_framed(request: Request, form: Form) -> bool:
    return bool(form.sites) and request.headers.get("sec-fetch-dest") == "iframe"


def _query_around(request: Request, form: Form) -> dict[str, str]:
    """Where somebody came from to the page around the frame, as its address says."""
    around = request.headers.get("referer", "")
    if origin_of(around) not in form.sites:
        return {}
    query = dict(parse_qsl(urlsplit(around).query))
    return {name: query[name] for name in ("utm_source", "utm_campaign") if name in query}


def _is_old(at: int) -> bool:
    return not 0 <= wall_now() - at + 1000 <= OLDEST_STAMP
