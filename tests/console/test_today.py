"""The start page: an author sees in one look what leaves, what is stuck and what was answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.authoring import inspection
from engine.config import Config
from engine.console import dialogues, slow_counts
from engine.console.access import Role
from engine.console.today import REMEDIES, routes
from engine.context import AppContext
from engine.installation.events import SendingPaused
from engine.status import findings
from engine.subscriber.events import Cause
from engine.views import DueCount
from projections.reading import ReadViews
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations


@pytest.mark.usefixtures("people")
def test_the_latest_answers_are_told_by_their_words(context: AppContext) -> None:
    words = words_of(answered(tuple(routes(context)), "GET", "/", visit()))
    assert "Oui → 11" in words and "Non → 12" in words
    assert "Avez-vous semé vos premières graines ?" in words
    assert words.index("Non → 12") < words.index("Oui → 11"), "the latest first"


@pytest.mark.usefixtures("people")
def test_who_may_not_read_people_is_led_to_nobody(context: AppContext) -> None:
    page = answered(tuple(routes(context)), "GET", "/", visit(Role.AUTHOR)).body
    assert b"/people/" not in page
    assert b"/people/" in answered(tuple(routes(context)), "GET", "/", visit()).body


@pytest.mark.usefixtures("people")
def test_a_pause_is_told_with_the_page_that_ends_it(context: AppContext) -> None:
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [SendingPaused(now, "operator")], Cause("operator"), now
    )
    answer = answered(tuple(routes(context)), "GET", "/", visit(language="fr"))
    assert "L’envoi est en pause" in words_of(answer)
    assert b'href="/operator#sending"' in answer.body
    assert "held" in words_of(answered(tuple(routes(context)), "GET", "/", visit()))


@pytest.mark.usefixtures("people")
def test_the_figures_are_asked_for_alone(context: AppContext) -> None:
    answer = answered(tuple(routes(context)), "GET", "/today/live", visit())
    assert b"<html" not in answer.body and b"<a " not in answer.body
    words = words_of(answer)
    assert "3 answers given in them" in words
    assert "6 came to a list in seven days" in words and "0 left one" in words


@pytest.mark.usefixtures("people")
def test_each_live_figure_is_one_query(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Today and of a dialogue, which are asked for again and again while they are open."""
    asked, ask = list[str](), ReadViews._ask

    def counting(views: ReadViews, query: str, **values: object) -> list[tuple[object, ...]]:
        asked.append(query)
        return ask(views, query, **values)

    pages = {route.path: route for route in (*routes(context), *dialogues.routes(context))}
    monkeypatch.setattr(ReadViews, "_ask", counting)
    pages["/today/live"].handler(visit())
    assert len(asked) == 2, "counters of people and letters; what falls due"
    asked.clear()
    edition = str(context.installation_stream.current().edition)
    address = visit(path={"dialogue": "onboarding"}, query={"edition": edition})
    assert pages["/d/{dialogue}/live"].handler(address).status_code == 200
    assert len(asked) == 2, "ways; who stands where"


@pytest.mark.usefixtures("people")
def test_what_falls_due_among_very_many_is_counted_beside_the_page(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_counts, "LIVE_UP_TO", 0)
    go, views = threading.Event(), context.views
    due = views.due_within

    def slowly(instants: Sequence[int]) -> list[DueCount]:
        go.wait(10)
        return due(instants)

    monkeypatch.setattr(views, "due_within", slowly)
    pages = tuple(routes(context))
    assert "being counted" in words_of(answered(pages, "GET", "/today/live", visit()))
    assert "So many letters" in words_of(answered(pages, "GET", "/", visit()))
    go.set()
    end = time.monotonic() + 10
    while "being counted" in words_of(answered(pages, "GET", "/today/live", visit())):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_folder_is_looked_through_once_while_nothing_changes(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, inspect = list[int](), inspection.inspect

    def counting(config: Config, files: dict[str, str], now: int = 0) -> inspection.Read:
        looked.append(now)
        return inspect(config, files, now)

    monkeypatch.setattr(inspection, "inspect", counting)
    pages = (*routes(context), *dialogues.routes(context))
    letter = context.config.sequences / "onboarding" / "bravo.md"
    text = letter.read_text("utf-8")
    try:
        letter.write_text(f"{text}\nEncore un mot.\n", encoding="utf-8")
        for _ in range(2):
            assert "unpublished" in words_of(answered(pages, "GET", "/d", visit()))
            answered(pages, "GET", "/", visit())
        assert len(looked) == 1
    finally:
        letter.write_text(text, encoding="utf-8")


def test_nothing_published_leads_to_the_first_steps(installations: Installations) -> None:
    with installations.made({}) as empty:
        answer = answered(tuple(routes(empty)), "GET", "/", visit())
        assert b'href="/first-steps"' in answer.body
        assert "Nobody has answered lately" in words_of(answer)


def test_every_remedy_is_of_a_finding_that_there_is() -> None:
    files = Path(findings.__file__).parent.glob("*findings.py")
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    known = {code for code in REMEDIES if f'"{code}"' not in source}
    assert known <= {"no-web", "no-follow", "no-send"}
