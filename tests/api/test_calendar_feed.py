"""An author's calendar follows the programme, by an address that holds a key of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from icalendar import Calendar

from engine.api.api_keys import create
from engine.context import AppContext
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import Site, visited

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(GARDEN) as made:
        yield made


@pytest.fixture(scope="module")
def site(context: AppContext) -> Iterator[Site]:
    with visited(context) as visiting:
        yield visiting


def test_the_calendar_holds_what_is_published_of_this_year_and_the_next(site: Site) -> None:
    key = create(site.context.desk, "agenda", {"calendar"})
    answer = site.client.get(f"/calendar/{key}.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    years = {event.decoded("dtstart").year for event in events}
    assert len(years) == 2 and len({str(event["uid"]) for event in events}) == len(events)


def test_no_other_key_opens_it_and_nothing_but_the_key(site: Site) -> None:
    wide = create(site.context.desk, "tout", {"calendar", "read"})
    reading = create(site.context.desk, "lecture", {"read"})
    for key, status in ((wide, 403), (reading, 403), ("relance_none", 401), ("x", 401)):
        answer = site.client.get(f"/calendar/{key}.ics")
        assert answer.status_code == status
        assert key not in answer.text


def test_a_key_for_the_calendar_does_nothing_else(site: Site) -> None:
    key = create(site.context.desk, "agenda", {"calendar"})
    answer = site.client.post(
        "/api/v1/people/lookup",
        json={"email": "anna@example.org"},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 403
