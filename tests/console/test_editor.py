"""An author writes letters in the editor: what is typed is kept, saved where it belongs, and never
written over by or over anybody.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Literal

import pytest

from engine.authoring import drafts
from engine.authoring.author_files import write_octets
from engine.console.uploads import safe_name
from engine.console.visit import UploadedFile
from tests.console.visiting import words_of
from tests.console.writing import DIALOGUE, FILES, Desk, form_of

EDIT = "/d/jardin/edit"
QUESTION = f"{EDIT}?letter=10/question"
WORDS = "jardin/question.md"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf"
    "c0000000030001 5cd9 0b2e0000000049454e44ae426082".replace(" ", "")
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def opened(desk: Desk, letter: str = "10/question") -> dict[str, str]:
    """The editor's form as it stands."""
    page = desk.get(f"{EDIT}?letter={letter}")
    return form_of(page, f"{EDIT}?letter={letter.replace('/', '%2F')}") | {"view": "wide"}


def sent(tmp_path: Path, name: str, octets: bytes) -> UploadedFile:
    path = tmp_path / "upload"
    path.write_bytes(octets)
    return UploadedFile(name, path, len(octets))


def test_what_is_typed_is_kept_in_the_draft_and_not_in_the_folder(desk: Desk) -> None:
    form = opened(desk) | {"body": "Neuf\r\n", "subject": "Alors ?", "do": "draft"}
    answer = desk.kept(EDIT, form)
    assert answer.headers["location"] == f"{EDIT}?letter=10%2Fquestion&view=wide"
    assert desk.text(WORDS) == "Neuf\n"
    assert desk.text("jardin.toml") == DIALOGUE.replace("Oui ou non ?", "Alors ?")
    assert (desk.sequences / WORDS).read_text() == FILES[WORDS]
    assert (desk.sequences / "jardin.toml").read_text() == DIALOGUE


@pytest.mark.parametrize("language", ["en", "fr"])
def test_keeping_what_was_not_touched_leaves_every_octet(
    desk: Desk, language: Literal["en", "fr"]
) -> None:
    """French pages have no-break blanks of their own; what is written keeps its own."""
    desk.language = language
    words = "\ufeff\r\n\r\nA ? « B » !\r\nB : e\u0301\n[Oui](===11===)"
    (desk.sequences / WORDS).write_bytes(words.encode())
    (desk.sequences / "jardin.toml").write_bytes(DIALOGUE.replace("\n", "\r\n").encode())
    for letter in ("10/accueil", "10/question", "11/bravo"):
        desk.kept(EDIT, opened(desk, letter) | {"do": "draft"})
    assert not desk.draft.paths()


def test_saving_writes_the_folder_and_ends_the_draft(desk: Desk) -> None:
    (desk.sequences / "jardin.toml").write_bytes(DIALOGUE.replace("\n", "\r\n").encode())
    form = opened(desk) | {"body": "Neuf\r\n", "subject": "Alors ?", "do": "save"}
    assert "2 files are in the folder now" in desk.kept(EDIT, form).done
    assert (desk.sequences / WORDS).read_bytes() == b"Neuf\n"
    expected = DIALOGUE.replace("Oui ou non ?", "Alors ?").replace("\n", "\r\n")
    assert (desk.sequences / "jardin.toml").read_bytes() == expected.encode()
    assert not desk.draft.paths()


def test_two_authors_have_drafts_of_their_own_and_the_second_is_shown_both(desk: Desk) -> None:
    other = Desk(desk.folder, account="b2")
    mine, theirs = opened(desk), opened(other)
    desk.kept(EDIT, mine | {"body": "A moi\r\n", "do": "draft"})
    other.kept(EDIT, theirs | {"body": "A toi\r\n", "do": "save"})
    assert (desk.sequences / WORDS).read_text() == "A toi\n"
    assert desk.kept(EDIT, opened(desk) | {"do": "save"}).headers["location"] == "/draft"
    assert "changed in the folder meanwhile" in desk.get("/draft")
    page = desk.get(f"/draft/both?file={WORDS}")
    assert "&lt;&lt;&lt;&lt;&lt;&lt;&lt; mine\nA moi" in page and "A toi" in page
    assert (desk.sequences / WORDS).read_text() == "A toi\n" and desk.text(WORDS) == "A moi\n"
    form = form_of(page, "/draft/both") | {"text": "A nous\r\n"}
    desk.kept("/draft/both", form)
    desk.kept("/draft", {"do": "save"})
    assert (desk.sequences / WORDS).read_text() == "A nous\n" and not desk.draft.paths()


def test_changes_to_other_lines_of_one_file_are_joined_and_looked_at_before_saving(
    desk: Desk,
) -> None:
    other = Desk(desk.folder, account="b2")
    desk.kept(EDIT, opened(desk) | {"subject": "Alors ?", "do": "draft"})
    other.kept("/d/jardin/lists", {"do": "title", "title": "Au potager"})
    other.kept("/draft", {"do": "save"})
    assert "both changes are joined" in desk.kept("/draft", {"do": "save"}).done
    assert (desk.sequences / "jardin.toml").read_text() == DIALOGUE.replace('jardin"', 'potager"')
    desk.kept("/draft", {"do": "save"})
    text = (desk.sequences / "jardin.toml").read_text()
    assert "Au potager" in text and "Alors ?" in text and not desk.draft.paths()


def test_the_folder_changing_while_two_versions_are_joined_is_told_again(desk: Desk) -> None:
    desk.kept(EDIT, opened(desk) | {"body": "A moi\r\n", "do": "draft"})
    (desk.sequences / WORDS).write_text("A toi\n")
    form = form_of(desk.get(f"/draft/both?file={WORDS}"), "/draft/both") | {"text": "A nous\r\n"}
    (desk.sequences / WORDS).write_text("Encore\n")
    answer = desk.post("/draft/both", form)
    assert answer.status_code == 409 and b"A nous" in answer.body
    assert (desk.sequences / WORDS).read_text() == "Encore\n"


def test_git_changing_other_lines_while_somebody_types_is_joined(desk: Desk) -> None:
    form = opened(desk)
    (desk.sequences / WORDS).write_text(FILES[WORDS].replace("A-t-on", "Avez-vous"))
    body = form["body"].replace("[Non]", "[Pas encore]")
    desk.kept(EDIT, form | {"body": body, "do": "draft"})
    assert desk.text(WORDS) == FILES[WORDS].replace("A-t-on", "Avez-vous").replace(
        "[Non]", "[Pas encore]"
    )


def test_git_changing_the_same_line_is_shown_beside_what_was_typed(desk: Desk) -> None:
    form = opened(desk)
    (desk.sequences / WORDS).write_text("Autre\n")
    answer = desk.post(EDIT, form | {"body": "Moi\r\n", "do": "save"})
    assert answer.status_code == 409
    page = unescape(bytes(answer.body).decode())
    assert "<<<<<<< mine\nMoi\n=======\nAutre\n>>>>>>> theirs" in page
    assert (desk.sequences / WORDS).read_text() == "Autre\n"
    again = form_of(bytes(answer.body).decode(), f"{EDIT}?letter=10%2Fquestion")
    desk.kept(EDIT, again | {"body": "Moi et autre\r\n", "do": "draft"})
    assert desk.text(WORDS) == "Moi et autre\n"


def test_a_second_window_of_the_same_author_does_not_write_over_the_first(desk: Desk) -> None:
    first, second = opened(desk), opened(desk)
    desk.kept(EDIT, first | {"body": "Un\r\n", "do": "draft"})
    answer = desk.post(EDIT, second | {"body": "Deux\r\n", "do": "draft"})
    assert answer.status_code == 409 and desk.text(WORDS) == "Un\n"


def test_a_window_goes_on_over_what_it_kept_itself(desk: Desk) -> None:
    form = opened(desk)
    for body in ("Un\r\n", "Un deux\r\n"):
        answer = desk.post(f"{EDIT}/draft", form | {"body": body})
        assert answer.status_code == 200 and b"kept in your draft" in answer.body
    desk.kept(EDIT, form | {"body": "Trois\r\n", "do": "draft"})
    assert desk.text(WORDS) == "Trois\n"


def test_while_typing_a_change_elsewhere_is_told_and_not_written_over(desk: Desk) -> None:
    form = opened(desk)
    (desk.sequences / WORDS).write_text("Autre\n")
    answer = desk.post(f"{EDIT}/draft", form | {"body": "Moi\r\n"})
    assert answer.status_code == 200 and b"changed elsewhere meanwhile" in answer.body
    assert not desk.draft.paths()


def test_a_subject_changed_elsewhere_is_not_written_over(desk: Desk) -> None:
    form = opened(desk)
    changed = DIALOGUE.replace("Oui ou non ?", "Alors ?")
    (desk.sequences / "jardin.toml").write_text(changed)
    answer = desk.post(EDIT, form | {"subject": "Et donc ?", "do": "draft"})
    assert answer.status_code == 422
    assert "it reads “Alors ?” there now" in words_of(answer) and b"Et donc" in answer.body
    assert desk.text("jardin.toml") == changed


def test_a_disk_that_is_full_loses_nothing_that_was_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = opened(desk)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(drafts, "write_octets", full)
    answer = desk.post(EDIT, form | {"body": "Tant de mots\r\n", "do": "draft"})
    monkeypatch.setattr(drafts, "write_octets", write_octets)
    assert answer.status_code == 507 and b"Tant de mots" in answer.body
    assert "No space left on device" in words_of(answer)


def test_an_answer_is_put_in_and_its_new_list_is_made_on_the_way(desk: Desk) -> None:
    form = opened(desk, "10/accueil") | {
        "do": "answer",
        "answer": "Plus tard [peut-être]",
        "target": "new",
        "new_list": "Plus tard",
        "thanks": "À bientôt",
        "at": "",
    }
    assert desk.kept(EDIT, form).headers["location"].endswith("&open=answer#answers")
    words = desk.text("jardin/accueil.md")
    assert words.endswith("Bienvenue.\n\n[Plus tard \\[peut-être\\]](===plus-tard===)\n")
    assert desk.text("jardin.toml").endswith(
        '[[list]]\nid     = 12\nname   = "plus-tard"\nthanks = "À bientôt"\n'
    )


def test_a_button_that_is_pressed_twice_puts_in_once(desk: Desk) -> None:
    form = opened(desk) | {"body": "Neuf\r\n", "do": "answer", "answer": "Oui", "target": "new"}
    for _ in range(2):
        desk.kept(EDIT, form)
    assert desk.text(WORDS) == "Neuf\n\n[Oui](===oui===)\n"
    assert desk.text("jardin.toml").count("[[list]]") == 3


def test_a_form_from_before_something_was_put_in_does_not_take_it_out(desk: Desk) -> None:
    form = opened(desk) | {"at": ""}
    desk.kept(EDIT, form | {"do": "answer", "answer": "Jamais", "target": "semis"})
    desk.kept(EDIT, form | {"do": "save"})
    assert (desk.sequences / WORDS).read_text().endswith("[Jamais](===semis===)\n")


def test_a_copy_is_written_as_one(desk: Desk) -> None:
    form = opened(desk, "10/accueil") | {"do": "answer", "answer": "Aussi", "kind": "copy"}
    desk.kept(EDIT, form | {"target": "semis"})
    assert "[Aussi](+++semis+++)" in desk.text("jardin/accueil.md")


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"do": "answer", "answer": ""}, "Write what the reader clicks on."),
        ({"do": "answer", "answer": "X", "target": "nowhere"}, "Choose where this answer leads."),
        ({"do": "field", "field": "nothing"}, "Choose a field."),
        ({"do": "asset"}, "Choose a file."),
    ],
)
def test_what_is_missing_is_said_and_the_words_are_kept(
    desk: Desk, inputs: Mapping[str, str], sentence: str
) -> None:
    answer = desk.post(EDIT, opened(desk) | {"body": "Mes mots\r\n"} | dict(inputs))
    assert answer.status_code == 422 and sentence in words_of(answer)
    assert desk.text(WORDS) == "Mes mots\n"


def test_a_field_is_put_where_the_cursor_stands(desk: Desk) -> None:
    form = opened(desk) | {"body": "Cher , oui\r\n", "do": "field", "at": "5"}
    desk.kept(EDIT, form | {"field": "first_name", "field_default": "l'ami"})
    assert desk.text(WORDS) == "Cher {{ first_name | default('l\\'ami', true) }}, oui\n"


def test_no_break_blanks_are_put_where_french_wants_them(desk: Desk) -> None:
    form = opened(desk) | {"body": "Oui ? « Non » !\r\n`a ? b`\r\n", "subject": "Oui ou non ?"}
    desk.kept(EDIT, form | {"do": "blanks"})
    assert desk.text(WORDS) == "Oui\xa0? «\xa0Non\xa0»\xa0!\n`a ? b`\n"
    assert 'subject   = "Oui ou non\xa0?"' in desk.text("jardin.toml")
    assert 'value="blanks"' not in desk.get(QUESTION)


def test_a_picture_is_put_into_the_folder_under_a_safe_name(desk: Desk, tmp_path: Path) -> None:
    form = opened(desk) | {"do": "asset", "asset_words": "Un semis"}
    for name in ("../Mon été.PNG", "../Mon été.PNG"):
        desk.kept(EDIT, form, upload=sent(tmp_path, name, PNG))
    assert os.listdir(desk.sequences / "pictures") == ["mon-ete.png"]
    assert "![Un semis](pictures/mon-ete.png)" in desk.text(WORDS)
    other = PNG + b"\0"
    desk.kept(EDIT, opened(desk) | {"do": "asset"}, upload=sent(tmp_path, "mon-ete.png", other))
    assert (desk.sequences / "pictures/mon-ete.png").read_bytes() == PNG
    assert (desk.sequences / "pictures/mon-ete-2.png").read_bytes() == other


@pytest.mark.parametrize(
    ("name", "octets", "sentence"),
    [
        ("x.png", b"<script>alert(1)</script>", "not what its name says"),
        ("x.svg", b"<svg/>", "cannot be sent"),
        ("x.html", b"<p>", "cannot be sent"),
        ("x.docx", b"PK\x03\x04 nothing", "not what its name says"),
        ("x.txt", b"\0\1", "not what its name says"),
        ("x.png", PNG + b"\0" * 2_000_000, "larger than 2 MB"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_not_taken(
    desk: Desk, tmp_path: Path, name: str, octets: bytes, sentence: str
) -> None:
    answer = desk.post(EDIT, opened(desk) | {"do": "asset"}, upload=sent(tmp_path, name, octets))
    assert answer.status_code == 422 and sentence in words_of(answer)
    assert not (desk.sequences / "pictures").exists() and not (desk.sequences / "files").exists()


def test_names_of_files_are_made_safe() -> None:
    for name, safe in (
        ("C:\\photos\\Été à Nice.JPG", "ete-a-nice.jpg"),
        ("..", "nom."),
        (".htaccess.png", "htaccess.png"),
        ("a/b/\0c.pdf", "c.pdf"),
    ):
        assert safe_name(name) == safe


def test_mistakes_stand_beside_their_line_with_the_words_of_check(desk: Desk) -> None:
    form = opened(desk) | {"body": "Un\r\n\r\n===nulle-part=== [Oui](===perdu===)\r\n"}
    page = bytes(desk.post(f"{EDIT}/draft", form).body).decode()
    (shown,) = re.findall(r'data-found="([^"]*)"', page)
    found = json.loads(unescape(shown))
    assert [(fault["line"], fault["fatal"]) for fault in found] == [(3, True), (3, True)]
    assert any("list perdu, which does not exist" in fault["text"] for fault in found)
    assert "list perdu, which does not exist" in desk.get(QUESTION)


def test_a_preview_runs_nothing_and_fetches_nothing(desk: Desk) -> None:
    (desk.sequences / "pictures").mkdir()
    (desk.sequences / "pictures/semis.png").write_bytes(PNG)
    (desk.sequences / WORDS).write_text("![Un semis](pictures/semis.png)\n\n[Oui](===11===)\n")
    answer = desk.ask("GET", f"{EDIT}/preview?letter=10/question&view=dark")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and policy.endswith("; sandbox")
    page = bytes(answer.body).decode()
    assert 'src="data:image/png;base64,' in page and 'href="#"' in page
    assert not re.findall(r'(?:src|href)="https?:', page)


def test_the_letter_that_asks_to_confirm_is_written_here_too(desk: Desk) -> None:
    asks = '[confirmation]\nsubject = "Confirmez"   # d’abord\nbody = "jardin/confirmer.md"\n'
    (desk.sequences / "jardin.toml").write_text(f"{DIALOGUE}\n{asks}")
    (desk.sequences / "jardin/confirmer.md").write_text("[Je confirme](===confirm===)\n")
    form = opened(desk, "confirmation") | {"subject": "Un clic", "body": "[Oui](===confirm===)\r\n"}
    desk.kept(EDIT, form | {"do": "draft"})
    assert 'subject = "Un clic"     # d’abord' in desk.text("jardin.toml")
    page = bytes(desk.ask("GET", f"{EDIT}/preview?letter=confirmation").body).decode()
    assert ">Oui</a>" in page and "saisie sur notre formulaire" in page


def test_a_letter_with_mistakes_says_why_it_cannot_be_shown(desk: Desk) -> None:
    (desk.sequences / WORDS).write_text("{{ nothing }}\n")
    words = words_of(desk.ask("GET", f"{EDIT}/preview?letter=10/question"))
    assert "This letter cannot be shown yet" in words


def test_what_authors_wrote_never_becomes_part_of_a_page(desk: Desk) -> None:
    evil = "</textarea><script>alert(1)</script>\" onload='x' {{ 7*7 }}"
    (desk.sequences / WORDS).write_text(evil)
    quoted = json.dumps(evil, ensure_ascii=False)
    text = DIALOGUE.replace('"Oui ou non ?"', quoted).replace('"Au jardin"', quoted)
    (desk.sequences / "jardin.toml").write_text(text.replace('"Bravo !"', quoted))
    for address in (QUESTION, "/d/jardin/lists", "/d/jardin/text", "/d/jardin/timing"):
        page = desk.get(address)
        assert "<script>alert" not in page and "onload='x'" not in page.replace("&#39;", "")
    preview = desk.ask("GET", f"{EDIT}/preview?letter=10/question")
    assert b"<script>" not in preview.body


def test_a_dialogue_that_is_no_toml_is_mended_as_text(desk: Desk) -> None:
    (desk.sequences / "jardin.toml").write_text("[[list]\nid = 10\n")
    assert 'href="/d/jardin/text"' in desk.get(EDIT)
    form = form_of(desk.get("/d/jardin/text"), "/d/jardin/text")
    desk.kept("/d/jardin/text", form | {"text": DIALOGUE.replace("\n", "\r\n")})
    assert "Oui ou non ?" in desk.get(QUESTION)


def test_a_text_of_the_file_is_not_kept_over_a_newer_one(desk: Desk) -> None:
    form = form_of(desk.get("/d/jardin/text"), "/d/jardin/text")
    (desk.sequences / "jardin.toml").write_text(DIALOGUE.replace("Bravo !", "Bien !"))
    answer = desk.post("/d/jardin/text", form | {"text": "title = 'X'\r\n"})
    assert answer.status_code == 409 and b"title = &#39;X&#39;" in answer.body
    assert not desk.draft.paths()


def test_a_file_that_is_no_text_is_named(desk: Desk) -> None:
    (desk.sequences / "autre.md").write_bytes(b"\xff")
    answer = desk.ask("GET", EDIT)
    assert answer.status_code == 409
    assert "sequences/autre.md: Is not UTF-8 (byte 0)" in words_of(answer)


def test_where_nothing_may_be_saved_no_button_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, save="read-only")
    assert 'value="save"' not in desk.get(QUESTION)
    desk.kept(EDIT, opened(desk) | {"body": "Neuf\r\n", "do": "draft"})
    assert 'value="save"' not in desk.get("/draft")
    assert desk.post("/draft", {"do": "save"}).status_code == 409


@pytest.mark.parametrize(
    "address", ["/d/nulle-part/edit", "/d/../../etc/edit", f"{EDIT}?letter=1/x"]
)
def test_what_is_not_there_is_said_with_a_way_back(desk: Desk, address: str) -> None:
    answer = desk.ask("GET", address)
    assert answer.status_code == 404 and b'href="/"' in answer.body
