"""When a page may press its own button (C03): only for an old letter, and only while nothing suggests a robot. A suspicion costs one button (C04)."""

from __future__ import annotations

import itertools

import httpx
import pytest
from fastapi.responses import Response

from engine.house import House
from engine.link_token import CONFIRM, EVERYTHING, NOT_ME, UNDO, UNSUBSCRIBE
from engine.subscriber.events import ConsentWithdrawn, ListMoved
from engine.web.pages import Pages
from engine.web.pressing import Visitor
from engine.web.robots import Visit, is_prefetch, is_scanner, may_act_alone
from engine.web.visits import Visits
from tests.conftest import MakeHouse
from tests.web.correspondence import FILES, MINUTE, NO, OFFERS, PHONE, SHOP, YES, confirmation, form_to, joined, letter, press, written_to

ZOO = [
    "",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Barracuda Sentinel (EE)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
    "python-requests/2.32.3",
    "curl/8.5.0",
    "Wget/1.21.4",
    "Go-http-client/2.0",
    "Java/17.0.2",
    "okhttp/4.12.0",
    "Mozilla/5.0 (compatible; Mimecast URL Protect)",
    "Proofpoint URL Defense",
    "Mozilla/5.0 zscaler/1.0",
    "Symantec Email Security.cloud",
]
PEOPLE = [
    PHONE,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
]


@pytest.mark.parametrize("agent", [*ZOO, "   "])
def test_a_known_scanner_is_recognised(agent: str) -> None:
    assert is_scanner(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_is_taken_for_one(agent: str) -> None:
    assert not is_scanner(agent)


@pytest.mark.parametrize(
    ("name", "value"), [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
)
def test_a_prefetch_is_recognised(name: str, value: str) -> None:
    assert is_prefetch({name: value}) and not is_prefetch({name: ""}) and not is_prefetch({})


AGES, AGENTS, FLAGS = [None, 0.0, 299.9, 300.0, 86_400.0], [PHONE, "curl/8.5.0"], [False, True]


@pytest.mark.parametrize("visit", [Visit(*each) for each in itertools.product(AGES, AGENTS, FLAGS, [0, 1], FLAGS, FLAGS)], ids=str)
def test_a_page_acts_by_itself_only_when_all_conditions_hold(visit: Visit) -> None:
    holds = visit in {Visit(300.0, PHONE), Visit(86_400.0, PHONE)}
    assert may_act_alone(visit) == holds


def acts_alone(reader: httpx.Client, token: str, agent: str = PHONE) -> bool:
    page = reader.get(f"/l/{token}", headers={"User-Agent": agent})
    assert page.status_code == 200 and "<button" in page.text
    return "<script" in page.text


@pytest.mark.parametrize(("minutes", "alone"), [(0, False), (1, False), (4, False), (5, True), (60, True), (60 * 24 * 30, True)])
def test_the_page_of_a_letter_acts_by_itself_from_its_fifth_minute_on(house: House, reader: httpx.Client, minutes: int, alone: bool) -> None:
    assert acts_alone(reader, letter(house, minutes_ago=minutes).link(YES)) is alone


def test_minutes_are_those_of_the_wall_clock_however_fast_the_engine_runs(make_house: MakeHouse) -> None:
    fast = make_house(FILES)
    fast.clock.set_rate(1440)
    found = letter(fast, minutes_ago=60 * 24)
    visits, visitor = Visits(fast, Pages(fast.config.site)), Visitor(found.link(YES), "GET", PHONE, "", "", False, False)

    def acts_by_itself() -> bool:
        (page,) = visits.answers([(visitor, None)])
        assert isinstance(page, Response)
        return b"<script" in page.body

    assert not acts_by_itself()
    fast.clock.jump(1440 * 5 * MINUTE)
    assert acts_by_itself()


def test_a_letter_not_known_to_be_accepted_is_never_old(house: House, reader: httpx.Client) -> None:
    found = written_to(house, joined(house), accepted=False)
    house.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, found.link(YES))


def test_the_moment_a_letter_was_accepted_is_found_after_the_person_has_moved_on(house: House, reader: httpx.Client) -> None:
    found = letter(house, minutes_ago=60)
    press(reader, found.link(YES))
    press(reader, found.link(SHOP))
    with house.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '11 seconds'")
    assert found.person().standing_from(found.claim.run) is not None and 10 not in found.lists()
    assert acts_alone(reader, found.link(NO))


@pytest.mark.parametrize("agent", ZOO)
def test_a_scanner_gets_the_button_and_nothing_else(house: House, reader: httpx.Client, agent: str) -> None:
    assert not acts_alone(reader, letter(house, minutes_ago=60).link(YES), agent)


def test_two_links_of_one_letter_within_seconds_are_a_robots_and_the_second_asks(house: House, reader: httpx.Client) -> None:
    found = letter(house, minutes_ago=60)
    assert acts_alone(reader, found.link(YES))
    assert not acts_alone(reader, found.link(NO))
    with house.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '11 seconds'")
    assert acts_alone(reader, found.link(NO))


def test_what_may_act_by_itself_are_answers_and_withdrawals(house: House, reader: httpx.Client) -> None:
    def alone(action: int) -> bool:
        return acts_alone(reader, letter(house, minutes_ago=60).token(action))

    assert alone(UNSUBSCRIBE) and alone(EVERYTHING)
    asked = confirmation(house)
    house.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, asked.token(CONFIRM)) and not acts_alone(reader, asked.token(NOT_ME))
    assert not acts_alone(reader, letter(house, minutes_ago=60).link(OFFERS))
    moved = letter(house)
    press(reader, moved.link(YES))
    house.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, moved.token(UNDO))


def by_itself(reader: httpx.Client, token: str, agent: str = PHONE) -> httpx.Response:
    page = reader.get(f"/l/{token}").text
    return reader.post(f"/l/{token}", data=form_to(page, token) | {"act": "auto"}, headers={"User-Agent": agent})


def test_an_old_letters_page_moves_by_itself_and_says_so_in_the_event(house: House, reader: httpx.Client) -> None:
    found = letter(house, minutes_ago=60)
    assert "Bravo ! La suite vous attend." in by_itself(reader, found.link(YES)).text
    (moved,) = found.since()
    assert isinstance(moved, ListMoved) and moved.act == "auto_submit" and moved.hold_until >= moved.at + 10 * MINUTE
    assert found.person().last_contact == 0


def test_an_old_letters_page_unsubscribes_by_itself(house: House, reader: httpx.Client) -> None:
    found = letter(house, minutes_ago=60)
    by_itself(reader, found.token(UNSUBSCRIBE))
    withdrawn = found.since()[0]
    assert isinstance(withdrawn, ConsentWithdrawn) and withdrawn.act == "auto_submit"


@pytest.mark.parametrize("agent", ["HeadlessChrome/141", "", "curl/8"])
def test_the_decision_is_made_again_when_the_page_submits(house: House, reader: httpx.Client, agent: str) -> None:
    found = letter(house, minutes_ago=60)
    page = by_itself(reader, found.link(YES), agent)
    assert (page.status_code, found.since()) == (200, [])
    reader.post(f"/l/{found.link(YES)}", data=form_to(page.text, found.link(YES)))
    assert found.lists() == {11}


def test_a_young_letter_moves_nobody_by_itself_whatever_the_post_says(house: House, reader: httpx.Client) -> None:
    found = letter(house)
    assert "<button" in by_itself(reader, found.link(YES)).text
    assert found.since() == []


def test_with_every_signal_of_a_robot_a_person_still_needs_one_button_only(house: House, site: str) -> None:
    found = letter(house)
    headers = {"User-Agent": "HeadlessChrome bot", "Sec-Purpose": "prefetch"}
    with httpx.Client(base_url=site, headers=headers, timeout=20) as client:
        client.get(f"/l/{found.link(NO)}")
        press(client, found.link(YES))
    assert found.lists() == {11}
