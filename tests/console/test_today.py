"""The start page: an author sees in one look what leaves, what is stuck and what was answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.console.access import Role
from engine.console.today import REMEDIES, routes
from engine.context import AppContext
from engine.installation.events import SendingPaused
from engine.status import findings
from engine.subscriber.events import Cause
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


def test_nothing_published_leads_to_the_first_steps(installations: Installations) -> None:
    with installations.made({}) as empty:
        answer = answered(tuple(routes(empty)), "GET", "/", visit())
        assert b'href="/first-steps"' in answer.body
        assert "Nobody has answered lately" in words_of(answer)


def test_every_remedy_is_of_a_finding_that_there_is() -> None:
    source = Path(findings.__file__).read_text(encoding="utf-8")
    known = {code for code in REMEDIES if f'"{code}"' not in source}
    assert known <= {"no-web", "no-follow", "no-send"}
