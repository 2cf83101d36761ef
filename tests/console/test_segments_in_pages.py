"""Segments looked at, people put in by hand, why somebody is in one, and one built line by line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from fastapi.responses import Response

from engine.audience.segments import LineCount, line_counts
from engine.console import segment_builder, segment_pages, slow_counts
from engine.console.access import Role
from engine.console.open_dialogue import draft_of
from engine.console.visit import Redirect, Route
from engine.context import AppContext
from engine.sequence.model import Segment
from engine.views import SegmentViews
from tests.console import sample
from tests.console.visiting import answered, visit, words_of
from tests.console.writing import pairs_of
from tests.running import wait_for
from tests.running_installation import Installations

BY_HAND = '\n[[segment]]\nid = "salon"\nname = "Au salon"\nstatic = true\n'
ONE, EDIT, NEW = "/segments/{segment}", "/segments/{segment}/edit", "/segments/new"
Pairs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """The sample, with a segment that people are put into."""
    files = {**sample.FILES, "prospects.toml": sample.FILES["prospects.toml"] + BY_HAND}
    with installations.made(files, config=sample.CONFIG) as made:
        yield made


def routes(context: AppContext) -> tuple[Route, ...]:
    return (*segment_builder.routes(context), *segment_pages.routes(context))


def get(
    context: AppContext, at: str = "/segments", segment: str = "", **values: object
) -> Response:
    role = values.pop("role", Role.OPERATOR)
    path = {"segment": segment, **values.pop("path", {})}  # type: ignore[dict-item]
    visitor = visit(role, url=at.replace("{segment}", segment), path=path, **values)  # type: ignore[arg-type]
    return answered(routes(context), "GET", at, visitor)


def post(context: AppContext, at: str, segment: str, pairs: Pairs) -> Response:
    url, path = at.replace("{segment}", segment), {"segment": segment} if segment else {}
    visitor = visit(url=url, path=path, inputs=dict(pairs), all_inputs=pairs)
    return answered(routes(context), "POST", at, visitor)


def address(context: AppContext, who: str) -> str:
    return context.vault.people([who])[who].address


def draft(context: AppContext) -> str:
    return draft_of(context, visit()).text("prospects.toml") or ""


@pytest.fixture
def undrafted(context: AppContext) -> Iterator[None]:
    yield
    draft_of(context, visit()).discard("prospects.toml")


def test_the_tree_shows_each_with_its_people_and_who_uses_it(
    context: AppContext, people: list[str]
) -> None:
    words = words_of(get(context))
    assert "Ont répondu ou commandé depuis six mois 3 not known" in words
    assert "broadcast “Une terre lourde, et pourtant généreuse”" in words
    assert "idle: used by nothing" in words


def test_of_very_many_people_no_page_waits_for_the_count(
    context: AppContext, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_counts, "LIVE_UP_TO", 0)
    pages, end = routes(context), time.monotonic() + 20
    words = ""
    while "six mois 3" not in words and time.monotonic() < end:
        words = words_of(answered(pages, "GET", "/segments", visit(url="/segments")))
        assert "six mois 3" in words or "six mois being counted" in words
    assert "six mois 3" in words


def test_a_segment_says_its_lines_in_words_and_counts_them_when_asked(
    context: AppContext, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "holds for" not in words_of(get(context, ONE, "actifs"))
    go = Event()

    def waiting(
        segment: Segment, views: SegmentViews, at: int, tell: Callable[[int, int], None]
    ) -> list[LineCount]:
        assert go.wait(30)
        return line_counts(segment, views, at, tell)

    monkeypatch.setattr(segment_pages, "line_counts", waiting)
    pages, path, query = routes(context), {"segment": "actifs"}, {"count": "yes"}

    def page() -> str:
        visitor = visit(url="/segments/actifs", path=path, query=query)
        return words_of(answered(pages, "GET", ONE, visitor))

    assert "takes a moment" in page() and "holds for" not in page()
    go.set()
    wait_for(lambda: "holds for" in page())
    words = page()
    assert "Answered any letter within 6 months answered anything within 6 months" in words
    assert "holds for 3, unknown of 0, does not hold for 3" in words
    assert get(context, ONE, "nowhere").status_code == 404


def test_why_somebody_is_in_it_is_said_line_by_line_and_recorded(
    context: AppContext, people: list[str]
) -> None:
    found = post(context, ONE + "/why", "actifs", [("address", address(context, people[0]))])
    assert isinstance(found, Redirect)
    assert found.headers["location"] == f"/segments/actifs/why/{people[0]}"
    path = {"subscriber": people[0]}
    words = words_of(get(context, ONE + "/why/{subscriber}", "actifs", path=path))
    assert "In “Ont répondu" in words and "if nothing happens, until" in words
    assert context.ledger.stream(people[0])[-1].name == "profile-read"
    child = words_of(get(context, ONE + "/why/{subscriber}", "terres-lourdes", path=path))
    assert "Not known to be in" in child
    nobody = post(context, ONE + "/why", "actifs", [("address", "nobody@exemple.fr")])
    assert nobody.status_code == 422 and b'href="#address"' in nobody.body


def test_people_are_put_in_by_their_addresses_and_taken_out(
    context: AppContext, people: list[str]
) -> None:
    both = f"{address(context, people[3])}\nnobody@exemple.fr\n"
    done = post(context, ONE + "/people", "salon", [("addresses", both), ("do", "put")])
    assert isinstance(done, Redirect)
    assert done.done == "1 person put in. 1 address is nobody’s here."
    context.views.catch_up()
    assert context.views.segments.counts()["salon"] == 1
    wrong = post(context, ONE + "/people", "salon", [("addresses", "no address\n")])
    assert wrong.status_code == 422 and "line 1" in words_of(wrong)
    out = post(context, ONE + "/people", "salon", [("addresses", both), ("do", "take")])
    assert isinstance(out, Redirect) and out.done.startswith("1 person taken out.")
    assert post(context, ONE + "/people", "actifs", [("addresses", both)]).status_code == 409


def followed(context: AppContext, answer: Response, at: str, segment: str = "") -> str:
    assert isinstance(answer, Redirect), words_of(answer)
    where = answer.headers["location"].split("?")[1].split("#")[0]
    query = dict(pair.split("=") for pair in where.split("&"))
    return bytes(get(context, at, segment, query=query).body).decode()


def begun(*more: tuple[str, str]) -> Pairs:
    return [("name", "Autour de Lyon"), ("file", "prospects.toml"), ("parent", ""), *more]


def test_a_line_is_added_and_removed_without_losing_the_others(context: AppContext) -> None:
    line = ("kind.0", "on"), ("way.0", "none"), ("list.0", "10")
    add = ("do", "add"), ("new_kind", "field:town"), ("new_way", "any")
    page = followed(context, post(context, NEW, "", begun(*line, *add)), NEW)
    assert 'id="line-1-operator"' in page and 'value="Autour de Lyon"' in page
    assert "none = [&#39;on 10&#39;]" in page or "none = [&#34;on 10&#34;]" in page
    page = followed(context, post(context, NEW, "", begun(*line, ("do", "remove.0"))), NEW)
    assert 'id="line-0"' not in page


def test_how_many_people_are_in_it_is_counted_by_a_button(
    context: AppContext, people: list[str]
) -> None:
    line = ("kind.0", "answered"), ("way.0", "all"), ("answer.0", "anything")
    page = followed(context, post(context, NEW, "", begun(*line, ("do", "count"))), NEW)
    assert '<p class="value">3</p><p class="words">people are in it now' in page


@pytest.mark.usefixtures("undrafted")
def test_a_whole_segment_goes_to_the_draft_as_its_author_would_write_it(
    context: AppContext,
) -> None:
    lines = ("kind.0", "field"), ("field.0", "town"), ("operator.0", "is"), ("way.0", "all")
    values = ("values.0", "Lyon\r\nVilleurbanne"), ("do", "save")
    done = post(context, NEW, "", begun(*lines, *values))
    assert isinstance(done, Redirect), words_of(done)
    assert 'all  = [\'field town is "Lyon" or "Villeurbanne"\']' in draft(context)
    assert "Autour de Lyon new" in words_of(get(context))
    assert "not published yet" in words_of(get(context, ONE, "autour-de-lyon"))


def test_a_mistake_is_shown_with_its_line_and_column_and_nothing_is_written(
    context: AppContext,
) -> None:
    line = ("kind.0", "joined"), ("list.0", "10"), ("within.0", "30 <b>daz"), ("do", "save")
    answer = post(context, NEW, "", begun(*line))
    assert answer.status_code == 422 and b'href="#line-0"' in answer.body
    assert "Line 1: column 18" in words_of(answer)
    assert b"<b>daz" not in answer.body and draft(context).endswith(BY_HAND)
    missing = post(context, NEW, "", [("file", "prospects.toml"), ("do", "save")])
    assert "Give it a name." in words_of(missing) and "Add a first line." in words_of(missing)


@pytest.mark.usefixtures("undrafted")
def test_keeping_without_a_change_leaves_every_byte(context: AppContext) -> None:
    for segment in ("actifs", "terres-lourdes", "salon"):
        page = bytes(get(context, EDIT, segment).body).decode()
        pairs = pairs_of(page)
        assert isinstance(post(context, EDIT, segment, [*pairs, ("do", "save")]), Redirect)
    assert not draft_of(context, visit()).paths()


@pytest.mark.usefixtures("undrafted")
def test_a_segment_in_use_is_not_taken_out(context: AppContext) -> None:
    pairs: Pairs = [("do", "take-out")]
    refused = post(context, EDIT, "terres-lourdes", pairs)
    assert refused.status_code == 422 and "It is used, so it cannot be taken out" in words_of(
        refused
    )
    assert isinstance(post(context, EDIT, "salon", pairs), Redirect)
    assert '"salon"' not in draft(context)


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.AUTHOR, {ONE, "/segments", NEW, EDIT}), (Role.AUDITOR, {ONE, "/segments"})],
)
def test_who_may_not_read_people_sees_counts_alone(
    role: Role, may: set[str], context: AppContext
) -> None:
    account = visit(role).account
    assert {route.path for route in routes(context) if account.may(route.right)} == may
