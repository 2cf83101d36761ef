"""Results by source, segment and trial: no small cell is shown, and no winner is made up."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from threading import Event

import pytest
from fastapi.responses import Response

from engine.audience.result_files import Cells
from engine.audience.sources import SourceTally
from engine.audience.trial_words import Trial
from engine.console import results_of_people
from engine.console.results_of_people import PeopleResults, TriedLetter, shown_trial
from engine.console.slow_counts import SlowCounts
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.phrases import letter_at
from engine.sequence.model import Version
from engine.views import ArmCount
from tests.console import sample
from tests.console.visiting import counted, visit, words_of
from tests.running_installation import Installations

SHOP = SourceTally(people=120, joined=60, left_soon=9, ordered=12)
A = ArmCount("a", 1000, 100, 20, 98000, 500_000_000, "EUR")
B = ArmCount("b", 1000, 171, 25, 122500, 700_000_000, "EUR")
HELD_OUT = ArmCount("holdout", 1000, 0, 5, 24500, 120_000_000, "EUR")


def page(context: AppContext, at: str, **values: object) -> Response:
    routes = tuple(results_of_people.routes(context))
    return counted(routes, at, visit(url=at, **values))  # type: ignore[arg-type]


def with_counts(context: AppContext, counts: list[ArmCount], ends_at: int = 0) -> PeopleResults:
    """Pages that tell of two sources, and of a trial that came to these counts."""
    plan = context.installation_stream.current().plan()
    letter = letter_at(plan, "list:10", "graines-semees")
    assert letter is not None
    version = Version("b", 40, letter.subject, letter.body, letter.preheader, letter.links)
    trial = Trial(replace(letter, versions=(version,), holdout=20), 1, ends_at)
    return PeopleResults(
        context,
        SlowCounts(lambda _: {"Boutique": SHOP.shown(), "": SourceTally(people=3).shown()}, 5),
        SlowCounts(lambda _: {}),
        SlowCounts(lambda _: [TriedLetter(sample.ASKED, trial, counts)], 5),
    )


def test_a_source_is_told_by_its_people_and_small_cells_are_dashes(context: AppContext) -> None:
    words = words_of(with_counts(context, []).sources(visit()))
    assert "Boutique 120 60 (50 %) – – – – 12 (10 %)" in words
    assert "not known – – – – – – –" in words
    assert "fewer than ten people" in words


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_holds_no_more_than_the_page(context: AppContext, form: str) -> None:
    answer = with_counts(context, []).source_file(visit(path={"format": form}))
    text = bytes(answer.body).decode("utf-8-sig")
    rows = json.loads(text) if form == "json" else list(csv.DictReader(text.splitlines()))
    assert rows[0]["source"] == "Boutique" and str(rows[0]["ordered"]) == "12"
    assert not rows[0]["left_soon"] and not rows[1]["people"]


@pytest.mark.usefixtures("people")
def test_of_a_segment_of_few_nothing_is_told(context: AppContext) -> None:
    answer = page(context, "/results/segments", query={"segment": "actifs", "weeks": "0"})
    assert b'<option value="actifs" selected>' in answer.body
    words = words_of(answer)
    assert "Avez-vous semé vos premières graines ? – – – – – –" in words
    file = page(context, "/results/segments/as/{format}", path={"format": "csv"})
    assert '"list:10/graines-semees","","","","","",""' in bytes(file.body).decode()


def test_a_trial_says_what_is_shown_and_what_the_letter_caused(context: AppContext) -> None:
    words = words_of(with_counts(context, [A, B, HELD_OUT]).trials(visit()))
    assert "B brings more answers than a" in words
    assert "a 10.0 % (between 8.3 % and 12.0 %)" in words
    assert re.search(r"What the letter itself brought about: 1\.[78] points \(between 0", words)
    assert "held out 1,000 – 5 EUR 245.00" in words


def test_no_winner_and_nothing_measurable_are_said_as_such(context: AppContext) -> None:
    alike = [A, replace(B, answered=104), replace(HELD_OUT, people=40)]
    words = words_of(with_counts(context, alike).trials(visit()))
    assert (
        "No winner, either may be the better" in words and "holds however often you look" in words
    )
    assert "not measurable (n = 40)" in words
    few = words_of(
        with_counts(context, [replace(A, answered=3), replace(B, answered=1)]).trials(visit())
    )
    assert "fewer than 10 people have acted; nothing is shown yet" in few


def test_a_trial_runs_until_its_end_or_until_it_is_published_no_more(context: AppContext) -> None:
    plan, _ = context.installation_stream.current().plan(), translator("en")
    (one,) = with_counts(context, [A, B], ends_at=1000).tried.count(0)
    assert shown_trial(one, plan, True, 999, _).runs
    assert not shown_trial(one, plan, True, 1000, _).runs
    assert not shown_trial(one, plan, False, 999, _).runs


def test_an_interval_lies_within_its_frame(context: AppContext) -> None:
    body = bytes(with_counts(context, [A, B]).trials(visit()).body).decode()
    assert body.count('class="whisker"') == 2 and 'x2="100.000%"' in body


def test_each_says_what_to_do_first(installations: Installations) -> None:
    with installations.made({}) as empty:
        for at, sentence in (
            ("/results/sources", "Nobody is here yet"),
            ("/results/segments", "No segment yet"),
            ("/results/trials", "No letter has been tried yet"),
        ):
            assert sentence in words_of(page(empty, at))


def test_while_everybody_is_counted_the_page_says_so(context: AppContext) -> None:
    go = Event()

    def slow(_key: int) -> Cells:
        go.wait(5)
        return {}

    pages = replace(with_counts(context, []), by_source=SlowCounts(slow, patience=0))
    body = bytes(pages.sources(visit()).body).decode()
    go.set()
    assert "takes a moment" in body and 'href="/results/sources">Look again' in body
