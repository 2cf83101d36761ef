"""Forms in the console: how they look, what is agreed to, how often they were shown and sent."""

from __future__ import annotations

from html import unescape

import pytest
from fastapi.responses import Response

from engine.console.access import Role
from engine.console.form_pages import routes, weeks_of
from engine.context import AppContext
from engine.installation.publishing import digest_of, notice_text
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.web.form_rendering import embed_html, frame_html, script_html
from engine.web.forms import ShownCounts
from tests.console.visiting import answered, visit, words_of
from tests.projections.test_rebuilding import happened

FORM = "inscription"


def get(context: AppContext, path: str, role: Role = Role.AUTHOR, name: str = FORM) -> Response:
    return answered(tuple(routes(context)), "GET", path, visit(role, path={"name": name}))


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_every_form_and_what_is_agreed_to(context: AppContext, role: Role) -> None:
    plan = context.installation_stream.current().plan()
    assert all(form.title in words_of(get(context, "/forms", role)) for form in plan.forms.values())
    page = words_of(get(context, "/forms/{name}", role))
    assert digest_of(notice_text(plan, FORM)) in page
    assert "In force since" in page
    assert f"{context.config.site.url}/f/{FORM}" in page


def test_what_to_paste_into_another_page_stands_there_to_be_copied(context: AppContext) -> None:
    page = unescape(bytes(get(context, "/forms/{name}").body).decode())
    plan, site = context.installation_stream.current().plan(), context.config.site
    assert embed_html(plan, FORM, site) + script_html() in page
    assert frame_html(plan, FORM, site).strip() in page
    assert "names no site" in page and f"{site.url}/f/{FORM}.json" in page


def test_the_preview_is_what_visitors_get_and_can_do_nothing(context: AppContext) -> None:
    answer = get(context, "/forms/{name}/preview")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("; sandbox") and "script-src" not in policy
    assert b'name="email"' in bytes(answer.body)


@pytest.mark.parametrize("path", ["/forms/{name}", "/forms/{name}/preview"])
def test_a_form_that_is_none_is_told_so(context: AppContext, path: str) -> None:
    answer = get(context, path, name="<b>")
    assert answer.status_code == 404 and "There is no such form." in words_of(answer)


def test_what_was_shown_is_counted_by_form_and_week_with_a_write_a_second(
    context: AppContext,
) -> None:
    before = weeks_of(context, "ambassadeur")[0]
    shown = ShownCounts(context.desk)
    for _ in range(50):
        shown.add("ambassadeur")
    assert weeks_of(context, "ambassadeur")[0].shown == before.shown + 1
    shown._written -= 2
    shown.add("ambassadeur")
    after = weeks_of(context, "ambassadeur")
    assert (after[0].shown, after[0].sent) == (before.shown + 51, before.sent)
    assert after[0].monday.weekday() == 0


def test_who_was_asked_and_confirmed_is_counted_in_the_week_of_the_asking(
    context: AppContext,
) -> None:
    now = context.clock.now()
    before = weeks_of(context, FORM)[0].confirmed
    for at, weeks_ago in ((now, 0), (now - 14 * DAY, 2)):
        asked = e.ConsentRequested(at, "accompagnement", f"r{at}", (10,), now + DAY, form=FORM)
        confirmed = e.ConsentConfirmed(now, "accompagnement", f"r{at}", "human_button")
        happened(context, e.SubscriberRegistered(at), asked, confirmed)
        context.views.catch_up()
        assert weeks_of(context, FORM)[weeks_ago].confirmed == before + 1
        before = 0
    assert "confirmed" in words_of(get(context, "/forms"))
    assert "Confirmed of those sent" in words_of(get(context, "/forms/{name}"))
