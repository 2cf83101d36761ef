"""The forms by which people come in: how each looks, the words that are agreed to, what to copy
into a page of one's own, and how often it was shown, sent and confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.config import Config
from engine.console.access import Right
from engine.console.places import dialogue_url, list_url
from engine.console.visit import Route, Visit
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import HELD, SENT, SHOWN, TRAPS, Desk
from engine.i18n.phrases import say_list
from engine.installation.events import STREAM, NoticePublished
from engine.installation.publishing import digest_of, notice_text
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.sequence.model import Form, Plan
from engine.views import FormCount, week_of
from engine.web.form_rendering import embed_html, frame_html, script_html
from engine.web.shown_words import shown_by

WEEKS = 8
PREVIEW = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'self'; sandbox"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Nothing in it runs, is sent or is fetched."""


class FormViews(Protocol):
    def form_weeks(self, since: int) -> list[FormCount]: ...


class FormPageStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def views(self) -> FormViews: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class Week(NamedTuple):
    """`monday` and the six days after it. `confirmed`: of whom the form asked in that week, who
    has confirmed since; by the engine's clock, the others by the wall's.
    """

    monday: date
    shown: int
    sent: int
    confirmed: int


class Snippet(NamedTuple):
    """`html`, to be pasted into a page of the author's own."""

    id: str
    title: str
    about: str
    html: str


class Listed(NamedTuple):
    form: Form
    to: str
    purpose: str
    shown: int
    sent: int
    confirmed: int


def routes(stores: FormPageStores) -> Sequence[Route]:
    return (
        Route("GET", "/forms", Right.SEE, lambda visit: _forms(stores, visit)),
        Route("GET", "/forms/{name}", Right.SEE, lambda visit: _form(stores, visit)),
        Route("GET", "/forms/{name}/preview", Right.SEE, lambda visit: _preview(stores, visit)),
    )


def _forms(stores: FormPageStores, visit: Visit) -> Response:
    plan = stores.installation_stream.current().plan()
    counts = stores.desk.counted_by_week(
        [f"{what}/{name}" for name in plan.forms for what in (SHOWN, SENT)]
    )
    confirmed = _confirmed(stores)
    return visit.page(
        "forms.html",
        forms=[
            Listed(
                form,
                _leads_to(form, plan),
                plan.purposes[form.purpose].name,
                sum(counts.get(f"{SHOWN}/{form.name}", {}).values()),
                sum(counts.get(f"{SENT}/{form.name}", {}).values()),
                sum(confirmed.get(form.name, {}).values()),
            )
            for form in plan.forms.values()
        ],
        traps=stores.desk.counted(TRAPS, 30),
        held=stores.desk.held(HELD)[0],
    )


def _known(stores: FormPageStores, visit: Visit) -> tuple[Plan, Form | None]:
    plan = stores.installation_stream.current().plan()
    return plan, plan.forms.get(visit.path["name"])


def _form(stores: FormPageStores, visit: Visit) -> Response:
    plan, form = _known(stores, visit)
    _ = visit.say
    if form is None:
        return visit.not_found(_("There is no such form."))
    notice, site = notice_text(plan, form.name), stores.config.site
    html = embed_html(plan, form.name, site)
    return visit.page(
        "form_page.html",
        form=form,
        purpose=plan.purposes[form.purpose].name,
        to=_leads_to(form, plan),
        list_url=list_url(plan, form.list),
        edit_url=f"{dialogue_url(form.file)}/edit" if form.file else "",
        address=f"{site.url}/f/{form.name}",
        snippets=(
            Snippet(
                "snippet",
                "HTML",
                _("A form that needs no script, no style and no cookie, on any page."),
                html,
            ),
            Snippet(
                "with-script",
                _("HTML with a script"),
                _(
                    "The same, and visitors stay on your page: the script shows them the answer,"
                    " and keeps what utm_source and utm_campaign say. Where it does not run, the"
                    " form is sent as any other."
                ),
                html + script_html(),
            ),
            Snippet(
                "frame",
                _("A frame"),
                _("Our page within yours, with the words always those in force."),
                frame_html(plan, form.name, site),
            ),
        ),
        words=notice,
        words_language=form.language,
        digest=digest_of(notice),
        since=_since(stores, form.name, digest_of(notice)),
        weeks=weeks_of(stores, form.name),
    )


def _leads_to(form: Form, plan: Plan) -> str:
    """The list that people come on; those of its question's answers, where these decide."""
    answers = form.question.choices if form.question else ()
    numbers = [form.list] if form.list else [choice.list for choice in answers]
    return ", ".join(say_list(plan, number) for number in dict.fromkeys(numbers))


def _preview(stores: FormPageStores, visit: Visit) -> Response:
    """What a visitor gets, as it is recorded beside each consent."""
    plan, form = _known(stores, visit)
    if form is None:
        _ = visit.say
        return visit.not_found(_("There is no such form."))
    html = shown_by(plan, stores.config.site).forms[form.name]
    return Response(html, headers=PREVIEW, media_type="text/html")


def _since(stores: FormPageStores, name: str, digest: str) -> int:
    """When these words came in force (ms); 0 where they are not recorded."""
    for entry in reversed(stores.ledger.stream(STREAM)):
        event = entry.event
        if isinstance(event, NoticePublished) and event.form == name:
            return event.at if event.digest == digest else 0
    return 0


def weeks_of(stores: FormPageStores, name: str) -> list[Week]:
    """The latest weeks of which something is counted, the newest first."""
    shown, sent = f"{SHOWN}/{name}", f"{SENT}/{name}"
    counts = stores.desk.counted_by_week([shown, sent])
    today = date.fromtimestamp(wall_now() / 1000)
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=number) for number in range(WEEKS)]
    confirmed = _confirmed(stores).get(name, {})
    weeks = [
        Week(
            day,
            counts.get(shown, {}).get(day, 0),
            counts.get(sent, {}).get(day, 0),
            confirmed.get(number, 0),
        )
        for number, day in enumerate(mondays)
    ]
    while len(weeks) > 1 and not any(weeks[-1][1:]):
        weeks.pop()
    return weeks


def _confirmed(stores: FormPageStores) -> dict[str, dict[int, int]]:
    """By form, and by how many weeks ago it asked them: how many have confirmed."""
    this = week_of(stores.clock.now())
    counts: dict[str, dict[int, int]] = {}
    for count in stores.views.form_weeks(this - 7 * (WEEKS - 1)):
        counts.setdefault(count.form, {})[(this - count.week) // 7] = count.confirmed
    return counts
