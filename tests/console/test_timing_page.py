"""When letters leave is changed by small forms, and lived through beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.console.timing_forms import written_days
from engine.console.timing_page import read_answers, written
from tests.console.visiting import words_of
from tests.console.writing import DIALOGUE, Desk, form_of

TIMING = "/d/jardin/timing"
QUESTION = f"{TIMING}?letter=10/question"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(params=["en", "fr"])
def spoken(tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk(tmp_path, language=request.param)


def form(desk: Desk, do: str, letter: str = "10/question") -> dict[str, str]:
    """The second and third form of the page: the letter's, and its list's."""
    page = desk.get(f"{TIMING}?letter={letter}")
    second = page.split(f'<form method="post" action="{TIMING}"')
    values = form_of(f'action="{TIMING}"{second[1 if do == "letter" else 2]}', TIMING)
    return values | {"do": do}


@pytest.mark.parametrize("letter", ["10/accueil", "10/question", "11/bravo"])
@pytest.mark.parametrize("do", ["letter", "ends"])
def test_keeping_a_form_that_was_not_touched_leaves_every_octet(
    spoken: Desk, letter: str, do: str
) -> None:
    spoken.kept(TIMING, form(spoken, do, letter))
    assert not spoken.draft.paths()


@pytest.mark.parametrize(
    ("inputs", "former", "new"),
    [
        ({"delay": "3 days"}, 'after     = "2 jours"', 'after     = "3 days"'),
        ({"delay": "3 jours"}, 'after     = "2 jours"', 'after     = "3 days"'),
        ({"delay": "1 semaine"}, 'after     = "2 jours"', 'after     = "1 week"'),
        ({"delay": "1h30"}, 'after     = "2 jours"', 'after     = "1 hour 30 minutes"'),
        ({"at": "10:30"}, 'at        = "9h"            #', 'at        = "10:30"         #'),
        (
            {"at": "", "between": "de 9h à 12h"},
            'at        = "9h"            # chez eux',
            'between   = "09:00-12:00"',
        ),
        ({"day-sat": "yes"}, 'days      = "lun-ven"', 'days      = "mon-sat"'),
        ({"weight": "7"}, "", "weight    = 7"),
        ({"when": "wait"}, 'after     = "2 jours"', 'wait      = "2 jours"'),
    ],
)
def test_what_is_changed_is_written_where_it_stands(
    desk: Desk, inputs: Mapping[str, str], former: str, new: str | None
) -> None:
    desk.kept(TIMING, form(desk, "letter") | dict(inputs))
    before, after = DIALOGUE.split("\n"), desk.text("jardin.toml").split("\n")
    gone = [line.strip() for line in before if line not in after]
    come = [line.strip() for line in after if line not in before]
    assert all(line.startswith(former) for line in gone) and bool(gone) == bool(former)
    assert come and (new is None or come[0].startswith(new))


def test_a_letter_becomes_a_reminder_of_one_that_asks(desk: Desk) -> None:
    text = DIALOGUE.replace(
        "[[list]]\nid     = 11",
        '  [[list.letter]]\n  id = "encore"\n  wait = "1 day"\n  subject = "Encore"\n'
        '  body = "jardin/question.md"\n\n[[list]]\nid     = 11',
    )
    (desk.sequences / "jardin.toml").write_text(text)
    reminder = {"when": "reminds", "delay": "1 day", "reminds": "question"}
    desk.kept(TIMING, form(desk, "letter", "10/encore") | reminder)
    assert 'id = "encore"\n  reminds = "question"\n  wait = "1 day"' in desk.text("jardin.toml")


@pytest.mark.parametrize(
    ("inputs", "new"),
    [
        ({"ends": "leave"}, 'ends   = { leave = true, after = "1 week" }   # ceux'),
        ({"ends": "copy"}, 'ends   = { copy = 11, after = "1 week" }      # ceux'),
        ({"ends_after": ""}, "ends   = { move = 11 }                        # ceux"),
        ({"ends": "", "ends_after": ""}, ""),
        ({"min_gap": "1 jour"}, 'min_gap = "1 day"'),
        ({"rejoin": "never"}, 'rejoin = "never"'),
        ({"stop_on_reply": "yes"}, "stop_on_reply = true"),
        ({"rejoin": "after", "rejoin_after": "1 mois"}, 'rejoin = "after 1 month"'),
    ],
)
def test_the_end_of_a_list_is_chosen(desk: Desk, inputs: Mapping[str, str], new: str) -> None:
    desk.kept(TIMING, form(desk, "ends") | dict(inputs))
    lines = desk.text("jardin.toml").split("\n")
    if new:
        assert any(line.startswith(new) for line in lines)
    else:
        assert not any(line.startswith("ends") for line in lines)


@pytest.mark.parametrize(
    ("do", "inputs", "sentence"),
    [
        ("letter", {"delay": "bientôt"}, "is not a duration"),
        ("letter", {"delay": ""}, "Say how long."),
        ("letter", {"between": "9h"}, "is not a window"),
        ("letter", {"between": "9h-10h"}, "Say an hour or a window, not both."),
        ("ends", {"ends": "move", "ends_target": ""}, "Choose where they go."),
        ("ends", {"ends_after": "jamais"}, "is not a duration"),
        ("ends", {"rejoin": "after", "rejoin_after": "souvent"}, "is not a duration"),
        ("ends", {"rejoin": "after", "rejoin_after": ""}, "Say how long."),
        ("letter", {"when": "anchor", "anchor": ""}, "Choose the date it is counted from."),
    ],
)
def test_what_cannot_be_read_is_said_and_stays_in_the_form(
    desk: Desk, do: str, inputs: Mapping[str, str], sentence: str
) -> None:
    answer = desk.post(TIMING, form(desk, do) | dict(inputs))
    assert answer.status_code == 422 and sentence in words_of(answer)
    page = bytes(answer.body).decode()
    assert all(value in page for value in inputs.values())
    assert not desk.draft.paths()


def test_somebody_lives_through_the_draft_and_another_answer_leads_elsewhere(desk: Desk) -> None:
    silent = desk.get(QUESTION)
    assert "D+2" in silent and "joins list 10 arrivee" in silent and "Bravo" in silent
    assert "answers" not in words_of(desk.ask("GET", QUESTION))
    answered = desk.ask("GET", f"{QUESTION}&answers=10/question:0")
    assert "answers “Oui” → 11 semis" in words_of(answered)
    page = bytes(answered.body).decode()
    assert 'aria-current="true">Oui' in page and "answers=10%2Fquestion%3A1" in page


def test_a_draft_that_cannot_be_read_is_not_lived_and_says_why(desk: Desk) -> None:
    (desk.sequences / "jardin/question.md").write_text("[Oui](===perdu===)")
    page = desk.get(QUESTION)
    assert "cannot be lived yet" in page and "list perdu" in page


def test_answers_stand_in_the_address_and_what_is_none_is_left_out() -> None:
    answers = {"10/question": 0, "carnet": 2}
    assert read_answers(written(answers)) == answers
    assert read_answers("x,10/a:b,10/c:1," + "d:1," * 100) == {"10/c": 1, "d": 1}


def test_days_are_written_as_authors_write_them() -> None:
    assert written_days(frozenset(range(5))) == "mon-fri"
    assert written_days(frozenset({1, 3})) == "tue,thu"
    assert written_days(frozenset(range(7))) == written_days(frozenset()) == ""
