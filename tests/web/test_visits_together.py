"""Visitors who come at the same moment are served together, and each as if they had come alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from fastapi.responses import Response

from engine.context import AppContext
from engine.intake.clicks import Body
from engine.letter.link_token import FIRST_LINK, UNSUBSCRIBE
from engine.subscriber.events import ConsentWithdrawn, ListMoved
from engine.web import link_resolver
from engine.web.batch_loaders import BatchLoader, Steps, run_together
from engine.web.click_evidence import Visitor
from engine.web.link_visits import LinkVisits
from engine.web.page_signatures import make_nonce
from engine.web.pages import Pages, blank
from tests.web.correspondence import NO, PHONE, YES, Letter, letter, phone
from tests.web.visiting import link_visits

Visit = tuple[Visitor, Body | None]


@pytest.fixture
def visits(context: AppContext) -> LinkVisits:
    return link_visits(context)


def look(token: str) -> Visit:
    return Visitor(token, "GET", phone(), "127.0.0.1", "", False, False), None


def press(context: AppContext, token: str, *, said: str = "button") -> Visit:
    nonce = make_nonce(context.secrets.nonce_key, token, time.time())
    return Visitor(token, "POST", PHONE, "127.0.0.1", "", False, False), Body(
        "auto" if said == "auto" else "button", nonce
    )


def pages_of(answers: Sequence[Response | Exception]) -> list[str]:
    assert all(isinstance(answer, Response) and answer.status_code == 200 for answer in answers), (
        answers
    )
    return [bytes(answer.body).decode() for answer in answers if isinstance(answer, Response)]


def led_to(answers: Sequence[Response | Exception]) -> list[str]:
    """Where presses lead."""
    assert all(isinstance(answer, Response) and answer.status_code == 303 for answer in answers), (
        answers
    )
    return [answer.headers["location"] for answer in answers if isinstance(answer, Response)]


def test_many_readers_press_at_once_and_each_is_moved_once(
    context: AppContext, visits: LinkVisits
) -> None:
    letters = [letter(context) for _ in range(12)]
    assert led_to(visits.answers([press(context, found.link(YES)) for found in letters])) == [
        f"/l/{found.link(YES)}" for found in letters
    ]
    pages = pages_of(visits.answers([look(found.link(YES)) for found in letters]))
    assert all("Bravo ! La suite vous attend." in page for page in pages)
    assert [[type(event) for event in found.since()] for found in letters] == [[ListMoved]] * 12


def test_a_thousand_presses_of_one_persons_link_at_once_leave_one_event_and_all_see_it_done(
    context: AppContext, visits: LinkVisits
) -> None:
    found = letter(context)
    assert set(led_to(visits.answers([press(context, found.link(YES)) for _ in range(1000)]))) == {
        f"/l/{found.link(YES)}"
    }
    assert "Bravo ! La suite vous attend." in pages_of(visits.answers([look(found.link(YES))]))[0]
    assert [type(event) for event in found.since()] == [ListMoved]


def test_a_thousand_one_clicks_of_one_person_at_once_leave_one_withdrawal(
    context: AppContext, visits: LinkVisits
) -> None:
    found = letter(context)
    visitor = Visitor(found.token(UNSUBSCRIBE), "POST", "", "127.0.0.1", "", False, False)
    assert set(pages_of(visits.answers([(visitor, Body("one-click"))] * 1000))) == {
        "unsubscribed\n"
    }
    assert len([event for event in found.since() if isinstance(event, ConsentWithdrawn)]) == 1


def test_of_one_form_sent_twice_at_once_one_acts_and_both_see_it_done(
    context: AppContext, visits: LinkVisits
) -> None:
    found = letter(context)
    visit = press(context, found.link(YES))
    assert led_to(visits.answers([visit, visit])) == [f"/l/{found.link(YES)}"] * 2
    assert len(found.since()) == 1


def test_a_robot_that_opens_both_links_at_the_same_moment_is_seen_on_both(
    context: AppContext, visits: LinkVisits
) -> None:
    found = letter(context, minutes_ago=60)
    assert not any(
        "<script" in page
        for page in pages_of(visits.answers([look(found.link(YES)), look(found.link(NO))]))
    )
    alone = letter(context, minutes_ago=60)
    assert all(
        "<script" in page
        for page in pages_of(visits.answers([look(alone.link(YES)), look(alone.link(YES))]))
    )


def test_a_robot_that_presses_both_links_at_the_same_moment_moves_nobody(
    context: AppContext, visits: LinkVisits
) -> None:
    found = letter(context, minutes_ago=60)
    led_to(
        visits.answers([press(context, found.link(number), said="auto") for number in (YES, NO)])
    )
    assert found.since() == []


def test_one_visit_whose_letter_cannot_be_read_fails_alone(
    context: AppContext, visits: LinkVisits, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = letter(context), letter(context)
    at_all = context.ledger.at_all

    def broken(positions: set[int]) -> object:
        if bad.position in positions:
            raise ValueError("this entry cannot be read")
        return at_all(positions)

    monkeypatch.setattr(context.ledger, "at_all", broken)
    failed, page = visits.answers([press(context, bad.link(YES)), press(context, good.link(YES))])
    assert isinstance(failed, ValueError) and isinstance(page, Response) and good.lists() == {11}


def test_who_comes_back_is_seen_as_they_are_now(context: AppContext, visits: LinkVisits) -> None:
    found = letter(context)
    assert (
        ">Je réponds « Oui, c’est fait »</button>"
        in pages_of(visits.answers([look(found.link(YES))]))[0]
    )
    led_to(link_visits(context).answers([press(context, found.link(YES))]))
    assert "Bravo ! La suite vous attend." in pages_of(visits.answers([look(found.link(YES))]))[0]


def test_only_so_many_letters_and_people_are_remembered(
    context: AppContext, visits: LinkVisits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_resolver, "LINK_CACHE_SIZE", 3)
    resolver = link_resolver.LinkResolver(context.links())
    letters: list[Letter] = [letter(context) for _ in range(5)]
    for found in letters:
        resolver.open([found.token(FIRST_LINK)])
    assert list(resolver._begun) == [found.token(FIRST_LINK) for found in letters[2:]]
    assert list(resolver._people) == [found.stream for found in letters[2:]]


def test_whoever_comes_while_too_many_wait_is_told_so_and_may_press_again(
    visits: LinkVisits,
) -> None:
    machine = visits.busy("A" * 35, Body("one-click"))
    person = visits.busy("A" * 35, Body("button", "x"))
    assert (machine.status_code, machine.headers["retry-after"], bytes(machine.body)) == (
        503,
        "60",
        b"please try again\n",
    )
    assert person.status_code == 503 and b'action="/l/AAAA' in person.body
    assert b"<button" not in visits.busy("A" * 35, None).body
    assert b"<b>" not in visits.busy('"><b>', Body("button", "x")).body


def test_what_several_visits_need_is_done_once_and_the_earliest_need_first() -> None:
    asked: list[tuple[str, list[str]]] = []

    def load_many(kind: str) -> Callable[[Sequence[str]], Sequence[str]]:
        def load(names: Sequence[str]) -> Sequence[str]:
            asked.append((kind, list(names)))
            return [kind] * len(names)

        return load

    reading, writing = BatchLoader(load_many("reading")), BatchLoader(load_many("writing"))

    def visit(name: str) -> Steps[str]:
        if name != "late":
            yield from reading(name)
        return f"{name} {(yield from writing(name))}"

    visits = [visit(name) for name in ("a", "late", "b")]
    assert run_together(visits, (reading, writing)) == ["a writing", "late writing", "b writing"]
    assert [(kind, sorted(names)) for kind, names in asked] == [
        ("reading", ["a", "b"]),
        ("writing", ["a", "b", "late"]),
    ]


def test_a_kept_page_is_filled_anew_each_time_and_what_is_filled_in_is_escaped(
    context: AppContext,
) -> None:
    pages = Pages(context.config.site)

    def filled(what: str) -> str:
        return bytes(
            pages.filled("plain.html", "fr", [what], heading="Titre", paragraphs=(blank(0),)).body
        ).decode()

    assert "<p>&lt;b&gt;</p>" in filled("<b>") and "<p>autre</p>" in filled("autre")
    assert filled("x") != filled("x"), "each has a nonce of its own"
