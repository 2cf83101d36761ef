"""The year as a calendar, its file, and an entry that is only intended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.responses import Response

from engine.console import programme_page
from engine.console.access import Role
from engine.console.open_dialogue import draft_of
from engine.console.visit import Redirect
from engine.context import AppContext
from tests.console.visiting import answered, counted, visit, words_of


def get(context: AppContext, at: str = "/programme", **query: str) -> Response:
    return answered(tuple(programme_page.routes(context)), "GET", at, visit(url=at, query=query))


def post(context: AppContext, **inputs: str) -> Response:
    visitor = visit(url="/programme", inputs=inputs)
    return answered(tuple(programme_page.routes(context)), "POST", "/programme", visitor)


@pytest.fixture
def undrafted(context: AppContext) -> Iterator[None]:
    yield
    draft = draft_of(context, visit())
    for path in draft.paths():
        draft.discard(path)


def test_a_year_shows_what_is_written_intended_and_free(
    context: AppContext, people: list[str]
) -> None:
    asked = visit(url="/programme", query={"year": "2027"})
    page = counted(tuple(programme_page.routes(context)), "/programme", asked)
    words = words_of(page)
    assert "some day Plantations → 21 (carried out by apres-les-gelees) · intended" in words
    assert "Tue 16 09:00 Une terre lourde, et pourtant généreuse" in words
    assert "Christmas" in words and b'id="day-2027-02-16"' in page.body
    assert "From where 6 people stand now" in words and b"<rect" in page.body


def test_a_year_that_is_none_is_the_running_one(context: AppContext) -> None:
    assert "Programme of 2026" in words_of(get(context, year="0<b>"))
    assert "Programme of 2027" in words_of(get(context, year="2027"))


def test_the_calendar_file_has_the_same_entries(context: AppContext) -> None:
    answer = get(context, "/programme/calendar-file", year="2027")
    assert answer.headers["content-disposition"] == 'attachment; filename="programme-2027.ics"'
    assert bytes(answer.body).startswith(b"BEGIN:VCALENDAR") and b"Plantations" in answer.body


@pytest.mark.usefixtures("undrafted")
def test_an_intended_entry_is_noted_in_the_draft(context: AppContext) -> None:
    entry = {"what": "Plants de tomates", "on": "2027-06", "to": "segment:actifs"}
    done = post(context, **entry, file="onboarding.toml", year="2027")
    assert isinstance(done, Redirect) and done.headers["location"] == "/programme?year=2027"
    assert "some day Plants de tomates → segment:actifs (not written yet)" in words_of(
        get(context, year="2027")
    )


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"what": "", "on": "2027-06"}, "Say what is intended."),
        ({"what": "<b>x", "on": "2027-13"}, "is no month and no day"),
        ({"what": "Plantations", "on": "2027-06"}, "There are two entries"),
    ],
)
def test_what_is_no_entry_is_said_and_not_written(
    entry: dict[str, str], sentence: str, context: AppContext
) -> None:
    answer = post(context, **entry, file="onboarding.toml")
    assert answer.status_code == 422 and sentence in words_of(answer)
    assert b"<b>x" not in answer.body and not draft_of(context, visit()).paths()


def test_more_than_a_cap_lets_leave_is_marked_and_said(
    context: AppContext, people: list[str], undrafted: None
) -> None:
    draft = draft_of(context, visit())
    text = draft.text("prospects.toml") or ""
    more = "".join(
        f'\n[[broadcast]]\nid = "{name}"\nto = [1]\non = "2027-03-01 1{name[-1]}:00"\n'
        f'subject = "S"\nbody = "prospects/terre-lourde.md"\n'
        for name in [f"trop-{n}" for n in range(6)]
    )
    draft.write("prospects.toml", text + more)
    page = get(context, year="2027")
    assert "leaves no room on list 1 " in words_of(page) and b'class="crowded"' in page.body


def test_an_auditor_looks_and_writes_nothing(context: AppContext) -> None:
    account = visit(Role.AUDITOR).account
    may = {(r.method, r.path) for r in programme_page.routes(context) if account.may(r.right)}
    assert may == {("GET", "/programme"), ("GET", "/programme/calendar-file")}
