"""A letter is tried in versions by a form, and each version's words are written in the editor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.console.visiting import words_of
from tests.console.writing import DIALOGUE, Desk, form_of

VERSIONS, EDIT = "/d/jardin/versions", "/d/jardin/edit"
QUESTION = f"{VERSIONS}?letter=10/question"
TRIED = DIALOGUE.replace(
    '  body      = "jardin/question.md"\n',
    """  body      = "jardin/question.md"
  holdout   = 10            # pour voir

    [[list.letter.version]]
    id      = "b"
    share   = 45            # presque la moitié
    subject = "Avez-vous semé ?"
""",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def tried(desk: Desk) -> Desk:
    (desk.sequences / "jardin.toml").write_text(TRIED)
    return desk


def form(desk: Desk) -> dict[str, str]:
    return form_of(desk.get(QUESTION), VERSIONS) | {"do": "keep"}


def test_keeping_a_form_that_was_not_touched_leaves_every_octet(tried: Desk) -> None:
    tried.kept(VERSIONS, form(tried))
    assert not tried.draft.paths()


@pytest.mark.parametrize(
    ("inputs", "gone", "new"),
    [
        ({"share.0": "30"}, "share   = 45            # pres", "share   = 30            # pres"),
        ({"subject.0": "Et ?"}, 'subject = "Avez-vous semé ?"', 'subject = "Et ?"'),
        ({"name.0": "court"}, 'id      = "b"', 'id      = "court"'),
        ({"holdout": "5"}, "holdout   = 10            # pour", "holdout   = 5             # pour"),
        ({"holdout": ""}, "holdout   = 10            # pour voir", ""),
    ],
)
def test_what_is_changed_is_written_where_it_stands(
    tried: Desk, inputs: Mapping[str, str], gone: str, new: str
) -> None:
    tried.kept(VERSIONS, form(tried) | dict(inputs))
    before, after = TRIED.split("\n"), tried.text("jardin.toml").split("\n")
    left = [line.strip() for line in before if line not in after]
    come = [line.strip() for line in after if line not in before]
    assert len(left) == 1 and left[0].startswith(gone)
    assert come == [] if not new else come[0].startswith(new)


def test_another_subject_is_tried(desk: Desk) -> None:
    desk.kept(VERSIONS, form(desk) | {"subject.0": "Avez-vous semé ?", "holdout": "10"})
    made = desk.text("jardin.toml")
    assert '[[list.letter.version]]\n    id      = "b"\n    share   = 50\n' in made
    assert "holdout   = 10" in made and desk.draft.paths() == ("jardin.toml",)


def test_other_words_begin_with_a_copy_and_are_written_in_the_editor(desk: Desk) -> None:
    gone_to = desk.kept(VERSIONS, form(desk) | {"own_words.0": "yes"})
    assert gone_to.headers["location"] == f"{EDIT}?letter=10%2Fquestion%3Ab"
    assert desk.text("jardin/question-b.md") == desk.text("jardin/question.md")
    page = desk.get(f"{EDIT}?letter=10/question:b")
    typed = {"body": "Alors ?\n\n[Oui](===semis===)\n\n[Non](===10===)\n", "do": "draft"}
    desk.kept(EDIT, form_of(page, f"{EDIT}?letter=10%2Fquestion%3Ab") | typed)
    assert desk.text("jardin/question-b.md").startswith("Alors ?")
    assert desk.text("jardin/question.md").startswith("A-t-on")


def editor(desk: Desk) -> dict[str, str]:
    page = desk.get(f"{EDIT}?letter=10/question:b")
    return form_of(page, f"{EDIT}?letter=10%2Fquestion%3Ab")


def test_a_version_in_the_editor_that_was_not_touched_keeps_every_octet(tried: Desk) -> None:
    tried.kept(EDIT, editor(tried) | {"do": "draft"})
    assert not tried.draft.paths()


def test_what_is_typed_in_a_version_never_changes_the_letter_itself(tried: Desk) -> None:
    typed = {"body": "Alors ?\n\n[Oui](===semis===)\n\n[Non](===10===)\n", "do": "draft"}
    tried.kept(EDIT, editor(tried) | typed)
    assert tried.text("jardin/question-b.md") == typed["body"]
    assert tried.text("jardin/question.md").startswith("A-t-on")
    assert '    body    = "jardin/question-b.md"' in tried.text("jardin.toml")
    tried.kept(EDIT, editor(tried) | {"subject": "", "do": "draft"})
    assert "Avez-vous semé" not in tried.text("jardin.toml")


def test_an_answer_put_into_a_version_is_its_alone_and_its_links_are_checked(tried: Desk) -> None:
    answer = {"do": "answer", "answer": "Peut-être", "target": "semis", "kind": "copy"}
    tried.kept(EDIT, editor(tried) | answer)
    assert "Peut-être" in tried.text("jardin/question-b.md")
    assert "Peut-être" not in tried.text("jardin/question.md")
    assert "must have the links of" in words_of(tried.ask("GET", f"{EDIT}?letter=10/question:b"))


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"share.0": "0"}, "A share is a number from 1 to 100."),
        ({"share.0": "95"}, "The shares come to 105"),
        ({"holdout": "beaucoup"}, "A share is a number from 0 to 100."),
        ({"name.0": "Zoé !"}, "small letters, digits and hyphens"),
        ({"name.0": "a"}, "The name a is taken"),
        ({"subject.1": "Autre", "name.1": "b", "share.1": "5"}, "The name b is taken"),
        ({"subject.0": ""}, "This version changes nothing"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    tried: Desk, inputs: Mapping[str, str], sentence: str
) -> None:
    answer = tried.post(VERSIONS, form(tried) | dict(inputs))
    assert answer.status_code == 422 and sentence in words_of(answer)
    page = bytes(answer.body).decode()
    assert all(f'value="{value}"' in page for value in inputs.values() if value)
    assert not tried.draft.paths()


def test_a_version_is_taken_out(tried: Desk) -> None:
    tried.kept(VERSIONS, form(tried) | {"do": "remove.b"})
    assert "list.letter.version" not in tried.text("jardin.toml")


def test_a_version_that_is_none_is_told_so(desk: Desk) -> None:
    assert desk.ask("GET", f"{EDIT}?letter=10/question:z").status_code == 404
    assert desk.ask("GET", f"{VERSIONS}?letter=10/rien").status_code == 404
