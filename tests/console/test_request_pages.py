"""Rights that people ask for, written down, put off and answered in pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.responses import Response

from engine.console.access import Role
from engine.console.request_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.sequence.delay import DAY
from tests.cli.asking import FILES, join
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


def get(context: AppContext) -> Response:
    visitor = visit(Role.RIGHTS, url="/requests")
    return answered(tuple(routes(context)), "GET", "/requests", visitor)


def post(context: AppContext, at: str, **inputs: str) -> Response:
    visitor = visit(Role.RIGHTS, url=at, inputs=inputs)
    return answered(tuple(routes(context)), "POST", at, visitor)


def recorded(context: AppContext, who: str, **inputs: str) -> str:
    """The id of a request that has just been written down by the page."""
    before = {request for _who, request, _right, _due in context.views.open_rights()}
    answer = post(context, "/requests", by=who, **inputs)
    assert isinstance(answer, Redirect) and answer.done.startswith("To be answered by ")
    context.views.catch_up()
    (row,) = [row for row in context.views.open_rights() if row[1] not in before]
    return row[1]


def test_a_request_is_written_down_put_off_and_answered(context: AppContext) -> None:
    (who,) = join(context, 1)
    request = recorded(context, who, right="access", note="lettre du 3 mars")
    assert "One request waits for an answer." in words_of(get(context))
    (first,) = [due for _who, one, _right, due in context.views.open_rights() if one == request]
    off = post(context, "/requests/settle", request=request, how="put-off")
    assert isinstance(off, Redirect) and off.done.startswith("To be answered by ")
    context.views.catch_up()
    (later,) = [due for _who, one, _right, due in context.views.open_rights() if one == request]
    assert later > first + 50 * DAY
    done = post(context, "/requests/settle", request=request, how="answered", note="par courrier")
    assert isinstance(done, Redirect) and done.done == "Noted as answered."
    page = words_of(get(context))
    assert "Nobody waits for an answer" in page, "though the views have not heard of it yet"
    assert "Request answered (done) Léa <b>" in page
    kept = context.vault.evidence_of(who).values()
    assert [one["note"] for one in kept if "note" in one] == ["lettre du 3 mars", "par courrier"]
    gone = post(context, "/requests/settle", request=request, how="answered")
    assert isinstance(gone, Redirect) and gone.done.startswith("That request does not wait")


def test_late_requests_come_first_and_cannot_be_put_off_any_more(context: AppContext) -> None:
    prompt, late = join(context, 2)
    recorded(context, prompt, right="erasure")
    long_ago = "2020-01-01"
    request = recorded(context, late, right="portability", received=long_ago)
    page = bytes(get(context).body).decode()
    assert re.findall(r'/people/([0-9a-f-]+)"', page)[:2] == [late, prompt]
    assert "One is late" in words_of(get(context))
    off = post(context, "/requests/settle", request=request, how="put-off")
    assert off.status_code == 409
    refused = post(context, "/requests/settle", request=request, how="refused", note="abusive")
    assert isinstance(refused, Redirect) and refused.done == "Noted as refused."


@pytest.mark.parametrize(
    ("inputs", "place"),
    [
        ({"right": "everything"}, "right"),
        ({"by": ""}, "by"),
        ({"by": "nobody@example.org"}, "by"),
        ({"by": "00" * 16}, "by"),
        ({"received": "soon"}, "received"),
        ({"received": "2099-01-01"}, "received"),
        ({"note": "x" * 2_001}, "note"),
    ],
)
def test_a_request_that_cannot_be_written_down_says_why(
    context: AppContext, inputs: dict[str, str], place: str
) -> None:
    (who,) = join(context, 1)
    page = post(context, "/requests", **({"right": "access", "by": who} | inputs))
    assert page.status_code == 422 and f'href="#{place}"'.encode() in page.body


def test_the_same_right_is_not_asked_for_twice(context: AppContext) -> None:
    (who,) = join(context, 1)
    recorded(context, who, right="access")
    assert post(context, "/requests", by=who, right="access").status_code == 422


def test_what_is_to_be_done_is_said(context: AppContext) -> None:
    assert post(context, "/requests/settle", request="x", how="").status_code == 422
