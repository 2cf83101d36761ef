"""A newcomer builds a dialogue by small forms, and never sees its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.authoring.inspection import inspect
from engine.console.visit import Redirect
from engine.simulation.live import GivenAnswer, live
from tests.console.visiting import words_of
from tests.console.writing import DIALOGUE, NOON, Desk, form_of

LISTS = "/d/jardin/lists"
NEW_LIST = {"do": "new", "new_list": "Après semer"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_newcomer_makes_a_list_a_welcome_and_a_question_with_two_answers(desk: Desk) -> None:
    given = {"title": "Mon été", "purpose": "conseils", "list": "Bienvenue", "subject": "Bonjour"}
    given["form"] = "yes"
    edit = desk.kept("/new-dialogue", given).headers["location"]
    assert edit == "/d/mon-ete/edit"
    assert "?plan=folder" not in desk.get(edit)
    letter = {"list": "12", "subject": "Oui ou non ?", "when": "wait", "delay": "2 jours"}
    question = desk.kept("/d/mon-ete/letter", letter).headers["location"]
    for words in ("Oui", "Non"):
        page = desk.get(question.replace("%2F", "/"))
        form = form_of(page, question) | {
            "do": "answer",
            "answer": words,
            "target": "new",
            "at": "",
        }
        desk.kept(edit, form)
    assert 'wait    = "2 days"' in desk.text("mon-ete.toml")
    desk.kept("/draft", {"do": "save"})
    assert 'href="/d/mon-ete?plan=folder"' in desk.get(edit)
    read = inspect(desk.config, desk.draft.files(), NOON)
    assert not [mistake for mistake in read.fatal if mistake.file.startswith("mon-ete")]
    assert read.plan.forms["mon-ete"].lists == (12,)
    assert [field.name for field in read.plan.forms["mon-ete"].fields] == ["first_name"]
    assert "4 chemin des Tilleuls" in read.plan.forms["mon-ete"].notice
    given_answer = {"12/oui-ou-non": (GivenAnswer(0),)}
    life = live(read.plan, 12, given_answer, NOON, "Europe/Paris")
    assert [(entry.kind, entry.target) for entry in life if entry.kind in ("letter", "moves")] == [
        ("letter", 0),
        ("letter", 0),
        ("moves", 13),
    ]


def test_what_is_missing_of_a_new_dialogue_is_said_at_once(desk: Desk) -> None:
    answer = desk.post("/new-dialogue", {"title": "T", "purpose": "x"})
    assert answer.status_code == 422
    for sentence in ("Give its first list", "Write the subject", "Choose what its readers"):
        assert sentence in words_of(answer)
    assert not desk.draft.paths()


def test_a_list_is_renamed_wherever_it_is_named(desk: Desk) -> None:
    (desk.sequences / "autre.toml").write_text(
        'title = "A"\npurpose = "conseils"\n[[list]]\nid = 50\nname = "autre"\n'
        'leaves = ["semis", 10]\nends = { move = "semis" }  # là\n'
    )
    rename = {"do": "list", "number": "11", "name": "a-seme", "thanks": "Bravo !"}
    desk.kept(LISTS, rename)
    assert desk.text("jardin.toml") == DIALOGUE.replace('"semis"', '"a-seme"')
    assert "[Oui](===a-seme===)" in desk.text("jardin/question.md")
    assert 'leaves = ["a-seme", 10]\nends = { move = "a-seme" } # là' in desk.text("autre.toml")


def test_a_name_is_made_of_what_is_typed_and_told(desk: Desk) -> None:
    for typed in ({"do": "list", "number": "11", "name": "Avant de semer"}, NEW_LIST):
        answer = desk.kept(LISTS, typed)
        assert isinstance(answer, Redirect) and "-semer" in answer.done
    assert '"avant-de-semer"' in desk.text("jardin.toml")
    assert '"apres-semer"' in desk.text("jardin.toml")
    assert "===avant-de-semer===" in desk.text("jardin/question.md")


@pytest.mark.parametrize("name", ["", "12", "unsubscribe", "arrivee", "Arrivée !"])
def test_a_name_that_no_link_could_hold_is_refused(desk: Desk, name: str) -> None:
    answer = desk.post(LISTS, {"do": "list", "number": "11", "name": name})
    assert answer.status_code == 422 and b'href="#name-11"' in answer.body
    assert not desk.draft.paths()


def test_letters_change_places(desk: Desk) -> None:
    desk.kept("/d/jardin/letter/move", {"letter": "10/question", "way": "up"})
    text = desk.text("jardin.toml")
    assert text.index('"question"') < text.index('"accueil"')
    desk.kept("/d/jardin/letter/move", {"letter": "10/question", "way": "down"})
    assert not desk.draft.paths()


def test_removing_a_list_says_first_what_it_does_to_people(desk: Desk) -> None:
    desk.standing = {11: 7}
    words = words_of(desk.ask("GET", f"{LISTS}/remove?list=11"))
    assert "7 people stand on it" in words
    assert "Answers of these letters lead to it, and have to be changed: 10/question." in words
    desk.kept(f"{LISTS}/remove", {"list": "11"})
    assert "semis" not in desk.text("jardin.toml")
    assert "perdu" not in desk.text("jardin.toml")


def test_removing_a_letter_says_who_does_not_get_it_any_more(desk: Desk) -> None:
    words = words_of(desk.ask("GET", "/d/jardin/letter/remove?letter=10/accueil"))
    assert "7 people stand on this list" in words and "jardin/accueil.md" in words
    desk.kept("/d/jardin/letter/remove", {"letter": "10/accueil"})
    assert '"accueil"' not in desk.text("jardin.toml")
    assert desk.text("jardin/accueil.md").startswith("Bonjour")


def test_a_letter_that_was_never_published_is_removed_without_a_fright(desk: Desk) -> None:
    letter = {"list": "11", "subject": "Neuf", "when": "once", "delay": ""}
    desk.kept("/d/jardin/letter", letter)
    words = words_of(desk.ask("GET", "/d/jardin/letter/remove?letter=11/neuf"))
    assert "never published" in words


def test_a_reminder_begins_with_the_words_it_reminds_of(desk: Desk) -> None:
    letter = {"list": "10", "subject": "Alors ?", "when": "reminds", "delay": "1 day"}
    desk.kept("/d/jardin/letter", letter | {"reminds": "question"})
    assert desk.text("jardin/alors.md") == desk.text("jardin/question.md")
    assert 'reminds = "question"' in desk.text("jardin.toml")


def test_the_draft_page_shows_each_difference_and_takes_it_back(desk: Desk) -> None:
    desk.kept(LISTS, {"do": "title", "title": "Au potager"})
    page = desk.get("/draft")
    assert "- title   = &#34;Au jardin&#34;" in page and "+ title   = &#34;Au potager&#34;" in page
    desk.kept("/draft", {"do": "discard", "file": "jardin.toml"})
    assert "Nothing is waiting" in desk.get("/draft") and not desk.draft.paths()
