"""When a page may press its own button (C03): only for an old letter, and only while nothing
suggests a robot. A suspicion costs one button (C04).
"""

from __future__ import annotations

import itertools
from collections import Counter

import httpx
import pytest
from fastapi.responses import Response

from engine.context import AppContext
from engine.letter.link_token import CONFIRM, EVERYTHING, MY_DATA, NOT_ME, UNDO, UNSUBSCRIBE
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.events import ListMoved
from engine.views import FIRST_WEEK, LAST_WEEK
from engine.web import robots
from engine.web.click_evidence import Visitor
from engine.web.robots import Visit, is_prefetch, is_scanner, may_act_alone
from tests.conftest import MakeContext
from tests.web.correspondence import (
    COPY,
    FILES,
    MINUTE,
    NO,
    OFFERS,
    PHONE,
    SHOP,
    YES,
    Telephone,
    confirmation,
    form_to,
    joined,
    letter,
    phone,
    press,
    written_to,
)
from tests.web.visiting import link_visits

ZOO = [
    "",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1;"
        " +http://www.google.com/bot.html) Chrome/141.0 Safari/537.36"
    ),
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Barracuda Sentinel (EE)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23.20.0",
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " HeadlessChrome/141.0.0.0 Safari/537.36"
    ),
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
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    (
        "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/140.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/18.5 Safari/605.1.15"
    ),
]


@pytest.mark.parametrize("agent", [*ZOO, "   "])
def test_a_known_scanner_is_recognised(agent: str) -> None:
    assert is_scanner(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_is_taken_for_one(agent: str) -> None:
    assert not is_scanner(agent)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ],
)
def test_a_prefetch_is_recognised(name: str, value: str) -> None:
    assert is_prefetch({name: value}) and not is_prefetch({name: ""}) and not is_prefetch({})


AGES, AGENTS, FLAGS = [None, 0.0, 299.9, 300.0, 86_400.0], [PHONE, "curl/8.5.0"], [False, True]


def test_a_page_acts_by_itself_only_when_all_conditions_hold() -> None:
    visits = [
        Visit(age, agent, prefetched, others, *flags)
        for age, agent, prefetched, others in itertools.product(AGES, AGENTS, FLAGS, [0, 1])
        for flags in itertools.product(FLAGS, repeat=5)
    ]
    assert {visit for visit in visits if may_act_alone(visit)} == {
        Visit(300.0, PHONE),
        Visit(86_400.0, PHONE),
    }


def acts_alone(reader: httpx.Client, token: str, agent: str = "", **headers: str) -> bool:
    """Opened by somebody new."""
    page = reader.get(f"/l/{token}", headers={"User-Agent": agent or phone(), **headers})
    assert page.status_code == 200 and "<button" in page.text
    return "<script" in page.text


@pytest.mark.parametrize(
    ("minutes", "alone"),
    [(0, False), (1, False), (4, False), (5, True), (60, True), (60 * 24 * 30, True)],
)
def test_the_page_of_a_letter_acts_by_itself_from_its_fifth_minute_on(
    context: AppContext, reader: httpx.Client, minutes: int, alone: bool
) -> None:
    assert acts_alone(reader, letter(context, minutes_ago=minutes).link(YES)) is alone


def test_minutes_are_those_of_the_wall_clock_however_fast_the_engine_runs(
    make_context: MakeContext,
) -> None:
    fast = make_context(FILES)
    fast.clock.set_rate(1440)
    found = letter(fast, minutes_ago=60 * 24)
    visits = link_visits(fast)
    visitor = Visitor(found.link(YES), "GET", PHONE, "", "", False, False)

    def acts_by_itself() -> bool:
        (page,) = visits.answers([(visitor, None)])
        assert isinstance(page, Response)
        return b"<script" in page.body

    assert not acts_by_itself()
    fast.clock.jump(1440 * 5 * MINUTE)
    assert acts_by_itself()


def test_a_letter_not_known_to_be_accepted_is_never_old(
    context: AppContext, reader: httpx.Client
) -> None:
    found = written_to(context, joined(context), accepted=False)
    context.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, found.link(YES))


def test_the_moment_a_letter_was_accepted_is_found_after_the_person_has_moved_on(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    press(reader, found.link(YES))
    press(reader, found.link(SHOP))
    with context.database.connection() as connection:
        connection.execute("DELETE FROM desk.shown WHERE message = %s", (found.claim.message,))
    assert found.person().standing_from(found.claim.run) is not None and 10 not in found.lists()
    assert acts_alone(reader, found.link(NO))


@pytest.mark.parametrize("agent", ZOO)
def test_a_scanner_gets_the_button_and_so_does_whoever_opens_that_letter_later(
    context: AppContext, reader: httpx.Client, agent: str
) -> None:
    found = letter(context, minutes_ago=60)
    assert (
        reader.get(f"/l/{found.link(YES)}", headers={"User-Agent": agent}).text.count("<script")
        == 0
    )
    assert not acts_alone(reader, found.link(YES)) and acts_alone(
        reader, letter(context, minutes_ago=60).link(YES)
    )


def later(context: AppContext, interval: str) -> None:
    """What the desk remembers was so much longer ago."""
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE desk.shown SET at = at - %s::interval, since = since - %s::interval",
            (interval, interval),
        )
        connection.execute(
            "UPDATE desk.visitor SET at = at - %s::interval, hurried = hurried - %s::interval",
            (interval, interval),
        )


@pytest.mark.parametrize("interval", ["0 seconds", "12 seconds", "20 days"])
@pytest.mark.parametrize("first", [YES, UNSUBSCRIBE, EVERYTHING, MY_DATA])
def test_once_two_links_of_a_letter_were_opened_none_acts_by_itself_for_its_whole_life(
    context: AppContext, reader: httpx.Client, interval: str, first: int
) -> None:
    found = letter(context, minutes_ago=60)
    acts_alone(reader, found.link(YES) if first == YES else found.token(first))
    later(context, interval)
    context.desk.forget()
    assert not acts_alone(reader, found.link(NO))
    later(context, interval)
    assert not acts_alone(reader, found.link(COPY))


def from_networks(context: AppContext, count: int, *, hours: int = 0) -> bool:
    """Whether the page of a link acts by itself for the last of `count` visitors, each from a
    network of their own.
    """
    found, visits = letter(context, minutes_ago=60), link_visits(context)
    for number in range(count):
        (page,) = visits.answers(
            [
                (
                    Visitor(
                        found.link(YES), "GET", phone(), f"198.51.{number}.7", "", False, False
                    ),
                    None,
                )
            ]
        )
        later(context, f"{hours} hours")
    assert isinstance(page, Response)
    return b"<script" in page.body


def test_visits_are_counted_by_letter_and_link_and_those_of_robots_apart(
    context: AppContext, reader: httpx.Client
) -> None:
    context.visit_counts.settle(all_of_them=True)
    found = letter(context, minutes_ago=60)
    ref = letter_ref(found.claim.key, found.claim.letter)
    before = counted(context, ref)
    agent = phone()
    for _ in range(2):
        reader.get(f"/l/{found.link(YES)}", headers={"User-Agent": agent})
    reader.get(f"/l/{letter(context).link(YES)}", headers={"User-Agent": "curl/8.5.0"})
    reader.get(f"/l/{letter(context).token(UNSUBSCRIBE)}", headers={"User-Agent": phone()})
    reader.get("/l/" + "A" * 35, headers={"User-Agent": agent})
    assert counted(context, ref) == before
    context.visit_counts.settle(all_of_them=True)
    after = counted(context, ref)
    assert {cell: n for cell in after if (n := after[cell] - before[cell])} == {
        ("answer", "Oui, c’est fait", "visits"): 3,
        ("answer", "Oui, c’est fait", "people"): 2,
        ("unsubscribe", "", "visits"): 1,
        ("unsubscribe", "", "people"): 1,
    }


def counted(context: AppContext, ref: str) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell, visits, people in context.desk.visited([ref], FIRST_WEEK, LAST_WEEK):
        counts[cell.kind, cell.link, "visits"] += visits
        counts[cell.kind, cell.link, "people"] += people
    return counts


def test_one_link_from_three_networks_within_two_minutes_is_a_robots(context: AppContext) -> None:
    assert (
        from_networks(context, 2)
        and not from_networks(context, 3)
        and from_networks(context, 3, hours=1)
    )


def test_who_opens_pages_of_several_letters_within_seconds_presses_buttons_for_a_quarter_of_an_hour(
    context: AppContext, reader: httpx.Client
) -> None:
    first = letter(context)
    second = letter(context)
    third = letter(context, minutes_ago=60)
    agent = phone()
    assert acts_alone(reader, first.link(YES), agent)
    assert not acts_alone(reader, second.link(YES), agent) and not acts_alone(
        reader, first.link(YES), agent
    )
    later(context, "11 seconds")
    assert not acts_alone(reader, third.link(YES), agent)
    later(context, "16 minutes")
    assert acts_alone(reader, third.link(YES), agent)


def test_what_is_remembered_of_visitors_names_nobody_and_is_forgotten(
    context: AppContext, reader: httpx.Client
) -> None:
    acts_alone(reader, letter(context).link(YES))
    with context.database.connection() as connection:
        rows = connection.execute(
            "SELECT visitor::text FROM desk.visitor UNION SELECT networks::text FROM desk.shown"
        ).fetchall()
        assert rows and not any("127.0" in text or "iPhone" in text for (text,) in rows)
    later(context, "16 minutes")
    context.desk.forget()
    with context.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM desk.visitor").fetchall() == [(0,)]
        assert connection.execute(
            "SELECT count(*) FROM desk.shown WHERE networks <> '{}'"
        ).fetchall() == [(0,)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "https://eur02.safelinks.protection.outlook.com/?url=x"},
        {"Referer": "https://urldefense.com/v3/__x"},
        {"Via": "1.1 TMES"},
        {"Referer": "https://urldefense.proofpoint.com/v2/url"},
        {"Referer": "https://protect-eu.mimecast.com/s/x"},
        {"Referer": "https://linkprotect.cudasvc.com/url?a=x"},
        {"Referer": "https://secure-web.cisco.com/x"},
    ],
)
def test_who_comes_by_way_of_a_mail_filter_presses_the_button(
    context: AppContext, reader: httpx.Client, headers: dict[str, str]
) -> None:
    found = letter(context, minutes_ago=60)
    assert not acts_alone(reader, found.link(YES), **headers)
    assert acts_alone(reader, found.link(YES), Referer="https://mail.example/"), (
        "a person's visit is no mark on the letter"
    )


def test_answers_alone_may_act_by_themselves(context: AppContext, reader: httpx.Client) -> None:
    assert acts_alone(reader, letter(context, minutes_ago=60).link(COPY))
    for action in (UNSUBSCRIBE, EVERYTHING):
        assert not acts_alone(reader, letter(context, minutes_ago=60).token(action))
    asked = confirmation(context)
    context.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, asked.token(CONFIRM)) and not acts_alone(
        reader, asked.token(NOT_ME)
    )
    assert not acts_alone(reader, letter(context, minutes_ago=60).link(OFFERS))
    moved = letter(context)
    press(reader, moved.link(YES))
    context.clock.jump(60 * MINUTE)
    assert not acts_alone(reader, moved.token(UNDO))


def by_itself(reader: httpx.Client, token: str, agent: str | None = None) -> httpx.Response:
    """The page posts its own button, as `agent` where that is given."""
    mine = phone()
    page = reader.get(f"/l/{token}", headers={"User-Agent": mine}).text
    return reader.post(
        f"/l/{token}",
        data=form_to(page, token) | {"act": "auto"},
        headers={"User-Agent": mine if agent is None else agent},
    )


def test_an_old_letters_page_moves_by_itself_and_says_so_in_the_event(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context, minutes_ago=60)
    assert "Bravo ! La suite vous attend." in by_itself(reader, found.link(YES)).text
    (moved,) = found.since()
    assert (
        isinstance(moved, ListMoved)
        and moved.act == "auto_submit"
        and moved.hold_until >= moved.at + 10 * MINUTE
    )
    assert found.person().last_contact == 0


@pytest.mark.parametrize("action", [UNSUBSCRIBE, EVERYTHING])
def test_nobody_is_unsubscribed_by_a_page_itself(
    context: AppContext, reader: httpx.Client, action: int
) -> None:
    found = letter(context, minutes_ago=60)
    assert "<button" in by_itself(reader, found.token(action)).text
    assert found.since() == []


def test_a_page_that_has_not_waited_does_not_act(
    context: AppContext, reader: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "WAIT_SECONDS", 15.0)
    found = letter(context, minutes_ago=60)
    assert "<button" in by_itself(reader, found.link(YES)).text
    assert found.since() == []


def test_a_page_whose_letter_was_opened_at_another_link_meanwhile_does_not_act(
    context: AppContext, reader: httpx.Client
) -> None:
    found, agent = letter(context, minutes_ago=60), phone()
    page = reader.get(f"/l/{found.link(YES)}", headers={"User-Agent": agent}).text
    acts_alone(reader, found.link(NO))
    answered = reader.post(
        f"/l/{found.link(YES)}",
        data=form_to(page, found.link(YES)) | {"act": "auto"},
        headers={"User-Agent": agent},
    )
    assert "<script" not in answered.text and "<button" in answered.text and found.since() == []


@pytest.mark.parametrize("agent", ["HeadlessChrome/141", "", "curl/8"])
def test_the_decision_is_made_again_when_the_page_submits(
    context: AppContext, reader: httpx.Client, agent: str
) -> None:
    found = letter(context, minutes_ago=60)
    page = by_itself(reader, found.link(YES), agent)
    assert (page.status_code, found.since()) == (200, [])
    reader.post(f"/l/{found.link(YES)}", data=form_to(page.text, found.link(YES)))
    assert found.lists() == {11}


def test_a_young_letter_moves_nobody_by_itself_whatever_the_post_says(
    context: AppContext, reader: httpx.Client
) -> None:
    found = letter(context)
    assert "<button" in by_itself(reader, found.link(YES)).text
    assert found.since() == []


def test_with_every_signal_of_a_robot_a_person_still_needs_one_button_only(
    context: AppContext, site: str
) -> None:
    found = letter(context)
    headers = {"User-Agent": "HeadlessChrome bot", "Sec-Purpose": "prefetch"}
    with Telephone(base_url=site, headers=headers, timeout=20) as client:
        client.get(f"/l/{found.link(NO)}")
        press(client, found.link(YES))
    assert found.lists() == {11}
