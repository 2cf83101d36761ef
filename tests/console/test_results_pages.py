"""Results as pages: the same numbers as the command line's, as charts with a table beside each."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from html import unescape
from threading import Event

import pytest
from fastapi.responses import Response

from engine.audience.results import letters_meant, results
from engine.authoring.publication import apply, plan_publication
from engine.commands.command_handler import CommandRequest
from engine.console import results_pages
from engine.console.access import Role
from engine.console.slow_counts import LASTS_SECONDS, SlowCounts
from engine.context import AppContext
from engine.desk.desk import PageOpening, VisitCell
from engine.sequence.delay import DAY
from engine.subscriber.commands import RecordOrder, Withdraw
from engine.subscriber.events import Cause
from engine.views import week_of
from tests.cli.asking import answer, join, send
from tests.console import sample
from tests.console.visiting import answered, counted, visit, words_of
from tests.running_installation import Installations

ASKED = sample.ASKED
LETTER = "/results/letter/{key}/{letter}"
OF_ASKED = {"key": "list:10", "letter": "graines-semees"}


@pytest.fixture(scope="module")
def lived(context: AppContext, people: list[str]) -> Iterator[AppContext]:
    """One of the six who were asked ordered, one left; then the letter was changed, and asked of
    five more, of whom one said yes.
    """
    order = RecordOrder(context.clock.now(), Cause("operator"), "o1", 4900, "EUR")
    left = Withdraw(context.clock.now(), Cause("click"), "conseils")
    for command, who in ((order, people[0]), (left, people[5])):
        context.command_handler.execute_one(CommandRequest(command, stream=who))
    week = week_of(context.clock.now())
    context.desk.count_visits([(VisitCell(ASKED, "answer", "Oui", week), 1234, 56)])
    file = context.config.sequences / "onboarding" / "graines-semees.md"
    file.write_text(f"{file.read_text(encoding='utf-8')}\nÀ vous.\n", encoding="utf-8")
    apply(context, plan_publication(context), backfill=False)
    context.clock.jump(7 * DAY)
    more = join(context, 5)
    send(context, more)
    context.clock.jump(4 * DAY)
    begun = send(context, more)
    answer(context, more[0], begun[more[0]], 0, 11, label="Oui", question=ASKED)
    opened = [PageOpening((begun[who].message, 0), asked=True) for who in more[1:3]]
    context.desk.note_shown(opened)
    with context.database.connection() as connection:
        connection.execute("UPDATE desk.shown SET at = at - interval '1 hour'")
    context.views.catch_up()
    yield context


def page(context: AppContext, at: str = "/results", **values: object) -> Response:
    routes = tuple(results_pages.routes(context))
    return counted(routes, at, visit(url=at, **values))  # type: ignore[arg-type]


def cells(answer: Response, row: str) -> list[str]:
    """What stands in a row of a table beside its head."""
    rows = bytes(answer.body).decode().split('<tr><th scope="row">')[1:]
    (found,) = (line for line in (r.split("</tr>")[0] for r in rows) if f">{row}<" in f">{line}")
    cells = re.findall(r"<td.*?</td>", found)
    return [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in cells]


def charts(answer: Response) -> list[str]:
    return bytes(answer.body).decode().split('<figure class="chart"')[1:]


def test_every_number_is_that_of_the_command_line(lived: AppContext) -> None:
    plan = lived.installation_stream.current().plan()
    (one,) = results(lived.views, plan, letters_meant(plan, [], "prise-en-main/graines-semees"))
    row = cells(page(lived), "prise-en-main/graines-semees")
    assert row[:3] == [str(one.due), str(one.accepted), "0"]
    assert row[3] == f"{one.answered} 36 %" and one.answered == 4
    assert row[6:] == ["1", "EUR 49.00"]


def test_what_is_looked_at_is_chosen_by_an_ordinary_form(lived: AppContext) -> None:
    by_list = page(lived, query={"by": "list", "weeks": "4"})
    assert cells(by_list, "10 prise-en-main")[1] == "22"
    assert b'<option value="list" selected>' in by_list.body
    assert b'href="/results/as/csv?weeks=4&amp;by=list&amp;dialogue="' in by_list.body
    elsewhere = words_of(page(lived, query={"dialogue": "clients.toml"}))
    assert "Nothing left in these weeks." in elsewhere
    assert "13 weeks" in words_of(page(lived, query={"weeks": "9999", "by": "<b>", "list": "x"}))


def test_a_dialogue_has_a_page_of_its_own(lived: AppContext) -> None:
    at = "/results/dialogue/{dialogue}"
    answer = page(lived, at, path={"dialogue": "onboarding"})
    assert cells(answer, "prise-en-main/bienvenue")[0] == "11"
    assert page(lived, at, path={"dialogue": "../config"}).status_code == 404


def test_visits_presumed_people_and_acts_have_each_a_chart_of_their_own(
    lived: AppContext,
) -> None:
    drawn = charts(page(lived))
    (visits,) = (chart for chart in drawn if "1,234" in chart)
    (presumed,) = (chart for chart in drawn if ": 56<" in chart)
    assert "Visits, whoever came" in visits and "presumed to be people’s" in presumed
    assert visits != presumed and all("answered" not in chart for chart in (visits, presumed))


def test_each_chart_has_its_title_its_description_and_its_numbers(lived: AppContext) -> None:
    for shown in (page(lived), page(lived, LETTER, path=OF_ASKED)):
        text = bytes(shown.body).decode()
        assert " style=" not in text and not re.search(r"\son\w+=", text)
        drawn = [chart for chart in charts(shown) if "<svg" in chart]
        assert len(drawn) >= 3
        for chart in drawn:
            assert 'role="img"' in chart and "<title id=" in chart and "<desc id=" in chart
            assert "<table>" in chart or chart.count("<rect") == 2 * chart.count("<g>")


def test_a_letter_is_told_before_and_after_it_was_changed(lived: AppContext) -> None:
    answer = page(lived, LETTER, path=OF_ASKED)
    words = words_of(answer)
    rows = re.findall(r"(\d) (6|5) (3|1) (\d+ %)", words[words.index("Before and after") :])
    assert rows, words
    assert [row[1:] for row in rows] == [("5", "1", "20 %"), ("6", "3", "50 %")]
    assert b'<g class="edition"><title>edition 2</title>' in answer.body
    assert b'href="/publish/history/1/2"' in answer.body


def test_orders_are_counted_in_three_ways_and_cause_is_not_guessed(lived: AppContext) -> None:
    words = words_of(page(lived, LETTER, path=OF_ASKED))
    assert "Within seven days of it 1 EUR 49.00" in words
    assert "After an act in it 1 EUR 49.00" in words
    assert "Not measurable (n = 0)" in words


def test_what_is_no_letter_or_came_from_nobody_is_said(lived: AppContext) -> None:
    for key, letter in (("list:10", "rien"), ("list:99", "x"), ("../x", "<b>")):
        answer = page(lived, LETTER, path={"key": key, "letter": letter})
        assert answer.status_code == 404
    never = page(lived, LETTER, path={"key": "list:11", "letter": "bravo"})
    assert "It has not left in these weeks" in words_of(never)


def test_downloads_hold_the_same_numbers(lived: AppContext) -> None:
    at = "/results/as/{format}"
    text = bytes(page(lived, at, path={"format": "csv"}).body).decode("utf-8-sig")
    rows = {row["letter"]: row for row in csv.DictReader(text.splitlines())}
    assert (rows[ASKED]["accepted"], rows[ASKED]["amount_eur"]) == ("11", "49.00")
    answer = page(lived, at, path={"format": "json"})
    assert "attachment" in answer.headers["content-disposition"]
    asked = next(row for row in json.loads(bytes(answer.body)) if row["name"] == ASKED)
    assert (asked["answered"], asked["visits"][0]["visits"]) == (4, 1234)
    assert page(lived, at, path={"format": "xls"}).status_code == 404


def test_who_came_in_the_same_week_is_followed(lived: AppContext) -> None:
    shown = page(lived, "/results/joined", query={"show": "unsubscribed"})
    assert "People who came onto a list for the first time" in words_of(shown)
    assert re.search(r"(\d+ [A-Z][a-z]{2}) – ", words_of(shown)), "six are too few"
    assert "Nobody came in these weeks" not in words_of(shown)
    file = page(lived, "/results/joined/as/{format}", path={"format": "json"})
    assert json.loads(bytes(file.body)) == []


def test_no_page_of_results_tells_who(lived: AppContext, people: list[str]) -> None:
    for shown in (page(lived), page(lived, LETTER, path=OF_ASKED)):
        assert not any(who.encode() in shown.body for who in people)
        assert b"/people/" not in shown.body


def test_every_role_sees_results(lived: AppContext) -> None:
    for role in Role:
        visitor = visit(role, url="/results")
        assert answered(tuple(results_pages.routes(lived)), "GET", "/results", visitor).body


def test_nothing_sent_yet_says_what_to_do_first(installations: Installations) -> None:
    with installations.made({}) as empty:
        answer = page(empty)
    assert "No letter has left yet" in words_of(answer) and b'href="/publish"' in answer.body
    assert b"<svg" not in answer.body


def test_a_count_over_everybody_is_made_beside_the_page_and_kept() -> None:
    go, made, clock = Event(), list[str](), [0.0]

    def count(key: str) -> int:
        assert go.wait(5)
        made.append(key)
        return len(made)

    counts = SlowCounts(count, patience=0.01, now=lambda: clock[0])
    assert counts.ask("a") is None and counts.ask("a") is None
    go.set()
    assert [until_counted(counts, "a"), counts.ask("a")] == [1, 1]
    clock[0] = LASTS_SECONDS
    assert counts.ask("a") in (1, 2), "the older one while it is made anew"
    assert until_counted(counts, "b") == len(made) and made.count("a") == 2


def test_a_count_that_fails_says_so_and_is_tried_again() -> None:
    def count(key: str) -> int:
        raise ConnectionError(key)

    counts = SlowCounts(count, patience=5)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            counts.ask("a")


def until_counted(counts: SlowCounts[str, int], key: str) -> int:
    end = time.monotonic() + 5
    while (count := counts.ask(key)) is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    return count


def test_who_opened_a_page_and_never_pressed_is_lost_at_the_button(lived: AppContext) -> None:
    assert "lost at the button In the last 60 days 2 readers" in words_of(
        page(lived, LETTER, path=OF_ASKED)
    )
    assert "Avez-vous semé vos premières graines ?: 2" in words_of(page(lived))
