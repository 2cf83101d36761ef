"""The papers are shown and handed out, and breaches written down, in pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.responses import Response

from engine.console.access import Role
from engine.console.paper_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.privacy.paper_markdown import as_html, plain, rows
from tests.cli.asking import FILES
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations

FIRST = {"facts": "Un carton <b> perdu", "effects": "De la publicité", "measures": "Rien encore"}
AT = "/operator/breaches"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


def get(
    context: AppContext, path: str, role: Role = Role.RIGHTS, part: str = "", **query: str
) -> Response:
    query = {name.replace("_", "-"): value for name, value in query.items()}
    named = {"paper": part, "breach": part}
    visitor = visit(role, url=path, query=query, path=named)
    return answered(tuple(routes(context)), "GET", path, visitor)


def post(context: AppContext, part: str = "", **inputs: str) -> Response:
    path = f"{AT}/{{breach}}" if part else AT
    visitor = visit(Role.RIGHTS, url=path, inputs=inputs, path={"breach": part})
    return answered(tuple(routes(context)), "POST", path, visitor)


def recorded(context: AppContext, **inputs: str) -> str:
    answer = post(context, **FIRST | inputs)
    assert isinstance(answer, Redirect)
    return answer.headers["Location"].rpartition("/")[2]


def test_what_is_missing_in_a_paper_is_named_with_where_it_is_declared(
    context: AppContext,
) -> None:
    page = words_of(get(context, "/operator/papers", paper="processor"))
    assert "This paper would not be complete" in page and "[[processor]]: no processor" in page
    assert get(context, "/operator/papers/{paper}", part="processor").status_code == 409
    assert get(context, "/operator/papers/{paper}", part="secrets").status_code == 404


@pytest.mark.parametrize(
    ("as_of", "why"),
    [
        ("1999-01-01", "nothing had been published by"),
        ("2199-01-01", "This day is still to come"),
        ("soon", "is not a date"),
    ],
)
def test_a_day_of_which_there_is_no_paper_says_so(
    context: AppContext, as_of: str, why: str
) -> None:
    page = words_of(get(context, "/operator/papers", as_of=as_of))
    assert "This paper cannot be written" in page and why.lower() in page.lower()


def test_a_breach_is_written_down_and_followed_to_its_end(context: AppContext) -> None:
    breach = recorded(context, risk="high", people="1200")
    page = words_of(get(context, AT + "/{breach}", part=breach))
    assert "hours left to tell the authority" in page and "tell those affected" in page
    assert "Un carton <b> perdu" in page
    for step in ("authority-told", "people-told", "closed"):
        assert isinstance(post(context, breach, step=step), Redirect)
    page = words_of(get(context, AT + "/{breach}", part=breach))
    assert "closed" in page and "hours left" not in page
    known = context.installation_stream.current().breaches[breach]
    assert known.people == 1200 and known.authority_told_at and known.closed_at
    assert "closed" in words_of(get(context, AT))


def test_the_authority_told_too_late_is_said(context: AppContext) -> None:
    breach = recorded(context, at="2020-01-01")
    assert "The 72 hours are over" in words_of(get(context, AT + "/{breach}", part=breach))
    assert isinstance(post(context, breach, step="assessed", risk="none"), Redirect)
    assert "The 72 hours" not in words_of(get(context, AT + "/{breach}", part=breach))


def test_an_auditor_reads_the_log_without_what_may_name_people(context: AppContext) -> None:
    recorded(context, facts="Le carton de Mme Morel")
    handed = bytes(get(context, "/operator/papers/{paper}", part="breaches").body).decode()
    assert "Le carton de Mme Morel" in handed
    for path, part in (("/operator/papers", ""), ("/operator/papers/{paper}", "breaches")):
        answer = get(context, path, Role.AUDITOR, part, paper="breaches")
        text = bytes(answer.body).decode()
        assert "Morel" not in text and "Log of personal data breaches" in text


@pytest.mark.parametrize(
    ("inputs", "place"),
    [
        ({"facts": " "}, "facts"),
        ({"measures": "x" * 20_001}, "measures"),
        ({"effects": "a\x1b[2J"}, "effects"),
        ({"people": "-4"}, "people"),
        ({"at": "hier"}, "at"),
        ({"at": "2190-01-01"}, "at"),
    ],
)
def test_what_cannot_be_written_down_says_why(
    context: AppContext, inputs: dict[str, str], place: str
) -> None:
    head = context.ledger.head()
    page = post(context, **FIRST | inputs)
    assert page.status_code == 422 and f'href="#{place}"'.encode() in page.body
    assert context.ledger.head() == head


def test_an_update_says_something_of_a_breach_that_is_known(context: AppContext) -> None:
    breach = recorded(context)
    assert post(context, breach, step="assessed").status_code == 422
    assert post(context, breach, step="forgotten").status_code == 422
    before = post(context, breach, step="authority-told", at="2019-01-01")
    assert before.status_code == 422 and b'href="#at"' in before.body
    assert post(context, "none", step="closed").status_code == 404
    assert get(context, AT + "/{breach}", part="none").status_code == 404


def test_a_paper_stands_in_a_page_as_words_and_heads_of_rows() -> None:
    html = as_html("# Registre\n\n" + rows([("qui", plain("<script>alert(1)</script>"))]))
    assert "<h2>Registre</h2>" in html and '<th scope="row">qui</th>' in html
    assert "<script" not in html and "<thead" not in html
