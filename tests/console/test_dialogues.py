"""An author sees a dialogue drawn with the people in it, and follows any of its ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from engine.audience.people import read_lines
from engine.console.access import Role
from engine.console.dialogue_counts import Went, went
from engine.console.dialogues import routes
from engine.console.drawing_cards import draw_cards
from engine.context import AppContext
from engine.sequence.delay import DAY
from engine.views import TransitionCount
from engine.words import Language
from tests.authoring.test_drawing import PLAN
from tests.console.sample import lived
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations

LIVE = "/d/{dialogue}/live"


def page(
    context: AppContext,
    path: str = "/d/{dialogue}",
    role: Role = Role.OPERATOR,
    language: Language = "en",
    query: dict[str, str] | None = None,
    **parts: str,
) -> tuple[str, str]:
    """A page of the sample's dialogue: its marks, and what it says."""
    visitor = visit(role, language, query=query or {}, path={"dialogue": "onboarding", **parts})
    response = answered(tuple(routes(context)), "GET", path, visitor)
    assert response.status_code == 200, response.body
    return bytes(response.body).decode(), words_of(response)


def number(marks: str, name: str) -> str:
    """The text of the element of an id."""
    (text,) = re.findall(rf'id="{re.escape(name)}">([^<]*)<', marks)
    return str(text).replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.usefixtures("people")
def test_a_card_says_how_many_stand_there_and_an_answer_how_many_gave_it(
    context: AppContext,
) -> None:
    marks, _ = page(context)
    assert [number(marks, f"p-list-{n}") for n in (10, 11, 12)] == ["3", "2", "1"]
    assert number(marks, "n-list-10-graines-semees-moved11") == "2"
    assert number(marks, "s-list-10-graines-semees-moved11") == "33%"
    assert number(marks, "n-list-10-graines-semees-moved12") == "1"


@pytest.mark.usefixtures("people")
def test_every_card_line_and_arrow_leads_to_a_page_of_its_own(context: AppContext) -> None:
    marks, _ = page(context)
    assert 'href="/d/onboarding/list/10?days=30"' in marks
    assert 'href="/l/10/graines-semees"' in marks
    assert 'href="/d/onboarding/way/list-10-graines-semees-moved11?days=30"' in marks
    assert 'href="/b/carnet"' in marks


@pytest.mark.usefixtures("people")
def test_the_drawing_says_the_same_as_text(context: AppContext) -> None:
    _, words = page(context)
    text = words[words.index("The same as text") :]
    assert "prise-en-main" in text and "→ graines-semees : 2" in text.replace(" :", " :")


@pytest.mark.usefixtures("people")
def test_only_numbers_change_and_nothing_moves(context: AppContext) -> None:
    def still(marks: str) -> list[str]:
        (drawing,) = re.findall(r"<svg.*</svg>", marks, re.S)
        return re.sub(r'(class="(?:people|count|share)"[^>]*>)[^<]*', r"\1", drawing).split("\n")

    few = page(context)[0]
    now = context.clock.now() // DAY
    with context.database.connection() as connection:
        connection.execute(
            "UPDATE view_members_2.transition SET n = n + 9000000 WHERE day <= %s", (now,)
        )
        many = page(context)[0]
        connection.execute("UPDATE view_members_2.transition SET n = n - 9000000")
    assert "9,000,002" in many and "9,000,002" not in few
    assert still(few) == still(many)


@pytest.mark.usefixtures("people")
def test_numbers_are_sent_alone_each_into_its_own_text(context: AppContext) -> None:
    edition = str(context.installation_stream.current().edition)
    marks, _ = page(context, LIVE, query={"edition": edition})
    assert "<svg" not in marks and "<a " not in marks
    assert '<b hx-swap-oob="innerHTML:#p-list-11">2</b>' in marks
    ids = set(re.findall(r'id="([pns]-[^"]+)"', page(context)[0]))
    assert set(re.findall(r"innerHTML:#([^\"]+)", marks)) == ids


@pytest.mark.usefixtures("people")
def test_another_edition_brings_the_whole_page(context: AppContext) -> None:
    visitor = visit(query={"edition": "0"}, path={"dialogue": "onboarding"})
    response = answered(tuple(routes(context)), "GET", LIVE, visitor)
    assert response.status_code == 204 and response.headers["HX-Refresh"] == "true"


@pytest.mark.usefixtures("people")
def test_a_list_shows_who_stands_on_it_to_who_may_read_people(context: AppContext) -> None:
    path = "/d/{dialogue}/list/{list}"
    marks, words = page(context, path, list="11")
    assert "2 people stand here" in words and "“Oui” 10 prise-en-main 2" in words
    assert len(re.findall(r'href="/people/[0-9a-f-]{36}"', marks)) == 2
    marks, words = page(context, path, Role.AUTHOR, list="11")
    assert "/people/" not in marks and "2 people stand here" in words


@pytest.mark.usefixtures("people")
def test_an_arrow_shows_who_went_that_way(context: AppContext) -> None:
    path, way = "/d/{dialogue}/way/{way}", "list-10-graines-semees-moved12"
    marks, words = page(context, path, way=way)
    assert "1 went this way in 30 days" in words
    assert len(re.findall(r'href="/people/[0-9a-f-]{36}"', marks)) == 1
    assert "/people/" not in page(context, path, Role.AUDITOR, way=way)[0]


def test_people_of_a_long_list_come_in_pages(
    context: AppContext, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.console.dialogues.PAGE", 2)
    path, seen = "/d/{dialogue}/list/{list}", list[str]()
    query: dict[str, str] = {}
    for _ in range(2):
        marks, _words = page(context, path, query=query, list="10")
        seen += re.findall(r'href="/people/([0-9a-f-]{36})"', marks)
        query = dict(re.findall(r"(before)=([0-9a-f.-]+)", marks))
    assert sorted(seen) == sorted(people[3:]) and not query


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/d/{dialogue}", {"dialogue": "nothing"}),
        ("/d/{dialogue}/list/{list}", {"list": "999"}),
        ("/d/{dialogue}/list/{list}", {"list": "x"}),
        ("/d/{dialogue}/list/{list}", {"list": "1"}),
        ("/d/{dialogue}/way/{way}", {"way": "nothing"}),
        ("/d/{dialogue}/as/{format}", {"format": "pdf"}),
    ],
)
def test_what_is_not_there_is_said(context: AppContext, path: str, parts: dict[str, str]) -> None:
    visitor = visit(path={"dialogue": "onboarding", **parts})
    assert answered(tuple(routes(context)), "GET", path, visitor).status_code == 404


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("form", "begins"), [("text", "Prise en main"), ("mermaid", "flowchart"), ("dot", "digraph")]
)
def test_a_dialogue_can_be_taken_along(context: AppContext, form: str, begins: str) -> None:
    visitor = visit(path={"dialogue": "onboarding", "format": form})
    response = answered(tuple(routes(context)), "GET", "/d/{dialogue}/as/{format}", visitor)
    assert bytes(response.body).decode().startswith(begins)
    assert response.headers["content-disposition"].startswith("attachment; filename=")


@pytest.mark.usefixtures("people")
def test_all_dialogues_stand_in_one_list_with_their_people(context: AppContext) -> None:
    _, words = page(context, "/d")
    assert "Prise en main du coffret" in words and "6 people on its lists" in words
    assert "6 came, 0 went on or left" in words
    assert "unpublished" not in words


@pytest.fixture
def changed_folder(context: AppContext) -> Iterator[None]:
    file = context.config.sequences / "onboarding.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('after     = "2 days"', 'after     = "3 days"'), encoding="utf-8")
    yield
    file.write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("people", "changed_folder")
def test_what_is_not_published_is_marked_in_the_folders_drawing(context: AppContext) -> None:
    assert "unpublished changes" in page(context, "/d")[1]
    assert "J+3" not in page(context, language="fr")[1]
    marks, words = page(context, language="fr", query={"plan": "folder"})
    assert "J+3" in words and 'class="line letter changed"' in marks


@pytest.mark.usefixtures("people")
def test_what_was_never_published_is_drawn_from_the_folder(context: AppContext) -> None:
    file = context.config.sequences / "essai.toml"
    text = '[[list]]\nid = 900\nname = "neuve"\npurpose = "conseils"\n'
    file.write_text(f'title = "Essai"\npurpose = "conseils"\n{text}', encoding="utf-8")
    try:
        visitor = visit(path={"dialogue": "essai"})
        response = answered(tuple(routes(context)), "GET", "/d/{dialogue}", visitor)
        assert response.headers["Location"] == "/d/essai?plan=folder"
        marks, _ = page(context, query={"plan": "folder"}, dialogue="essai")
        assert 'class="box list added"' in marks
        assert "not published" in page(context, "/d")[1]
    finally:
        file.unlink()


@pytest.mark.usefixtures("people")
def test_who_gave_an_answer_is_found_wherever_they_stand(context: AppContext) -> None:
    way = "list-10-graines-semees-moved11"
    marks, _ = page(context, "/d/{dialogue}/way/{way}", way=way)
    (line,) = re.findall(r'name="where" value="([^"]*)"', marks)
    assert read_lines([unescape(line)], context.installation_stream.current().plan())
    author, _ = page(context, "/d/{dialogue}/way/{way}", Role.AUTHOR, way=way)
    assert 'name="where"' not in author


@pytest.mark.usefixtures("people")
def test_a_folder_that_cannot_be_read_is_told(context: AppContext) -> None:
    file = context.config.sequences / "onboarding.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\nnonsense =", encoding="utf-8")
    try:
        assert "has mistakes" in page(context, "/d")[1]
        visitor = visit(query={"plan": "folder"}, path={"dialogue": "onboarding"})
        response = answered(tuple(routes(context)), "GET", "/d/{dialogue}", visitor)
        assert response.status_code == 409
    finally:
        file.write_text(text, encoding="utf-8")


def test_an_installation_without_dialogues_says_what_to_do_first(
    installations: Installations,
) -> None:
    with installations.made({}) as empty:
        assert 'href="/first-steps"' in page(empty, "/d")[0]


def count(kind: str, source: int, target: int, n: int, label: str = "") -> TransitionCount:
    question = "list:10/asks" if kind in ("moved", "copied") else ""
    return TransitionCount(source, target, kind, question, label, n)


def test_shares_are_of_all_who_were_on_the_list_in_that_time() -> None:
    drawn = draw_cards(PLAN, "d.toml", "en")
    counts = [
        count("moved", 10, 11, 3, "Oui"),
        count("moved", 10, 11, 1, "Yes, as it was once written"),
        count("copied", 10, 12, 2, "Un carnet aussi"),
        count("ended", 10, 12, 3),
        TransitionCount(10, 12, "copied", "", "ended", 1),
        count("left", 10, 0, 2, "withdrawn"),
        count("joined", 0, 10, 4, "form"),
        count("joined", 0, 10, 3, "click"),
        count("joined", 0, 10, 5, "import"),
    ]
    ways = went(drawn, counts, {10: 10})
    assert ways["list-10-asks-moved11"] == Went(4, 19)
    assert ways["list-10-asks-copied12"] == Went(2, 19)
    assert ways["list-10-again-moved11"] == Went(0, 19)
    assert ways["list-10-ended12"] == Went(4, 19)
    assert ways["form-f-joined10"] == Went(7, 7)


@pytest.mark.usefixtures("people")
def test_new_answers_move_the_numbers(context: AppContext) -> None:
    names = ("n-list-10-graines-semees-moved11", "n-list-10-graines-semees-moved12", "p-list-10")
    before = [int(number(page(context)[0], name)) for name in names]
    lived(context, people=4)
    after = [int(number(page(context)[0], name)) for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, 1]
