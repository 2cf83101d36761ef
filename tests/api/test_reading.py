"""A program reads lists, segments, people and events a page at a time: nobody twice, nobody left
out, and no address without a fact that says who read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import psycopg
import pytest

from engine.api.api_keys import create
from engine.api.events_read import Reach, reach_of
from engine.audience.segments import KeptCounts
from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.installation.events import STREAM, PeopleExported
from engine.subscriber.commands import Erase, PutIntoSegment
from engine.subscriber.events import Cause, ProfileRead
from engine.subscriber.outcome import NothingToDo, Unchanged
from engine.subscriber.own_robot import robot_stream
from projections.agenda import Agenda
from projections.view import LIVE, schema_of
from tests.api.test_api import Shop, refused
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import visited

NAMES = ("anna", "boris", "chloe", "dirk", "eva")
SCOPES = ("read", "people", "subscribe", "fields", "orders")
SEGMENTS = """title = "Segments"
purpose = "conseils"

[[segment]]
id = "salon"
name = "Salon"
static = true

[[segment]]
id = "balcon"
name = "Au balcon"
all = ['on 31']
"""
Json = dict[str, object]


def address(name: str) -> str:
    return f"{name}@lecteurs.example"


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    files = {**GARDEN, "segments.toml": SEGMENTS}
    with installations.made(files) as context, visited(context) as site:
        shop = Shop(site, create(context.desk, "crm", SCOPES))
        for name in NAMES:
            answer = shop.subscribe(address(name), fields={"first_name": name.title()})
            assert answer.status_code == 201
        assert shop.subscribe(address("eva"), list=31).status_code == 201
        now = context.clock.now()
        for name in ("anna", "eva"):
            put = PutIntoSegment(at=now, cause=Cause("operator"), segment="salon")
            shop.site.command(address(name), put)
        context.views.catch_up()
        yield shop


def get(
    shop: Shop, path: str, _headers: dict[str, str] | None = None, /, **query: object
) -> httpx.Response:
    asked = {name: value for name, value in query.items() if value != ""}
    return shop.site.client.get(
        f"/api/v1/{path}",
        params=cast(dict[str, str], asked),
        headers={"Authorization": f"Bearer {shop.key}"} | (_headers or {}),
    )


def read(shop: Shop, path: str, **query: object) -> Json:
    answer = get(shop, path, **query)
    assert answer.status_code == 200, answer.text
    return cast(Json, answer.json())


def items(page: Json) -> list[Json]:
    return cast(list[Json], page["items"])


def pages(shop: Shop, path: str, **query: object) -> Iterator[list[Json]]:
    """Every page, by its cursor and by its link."""
    after = ""
    while True:
        answer = get(shop, path, after=after, **query)
        page = cast(Json, answer.json())
        yield items(page)
        if page["next"] is None:
            assert "link" not in answer.headers
            return
        after = str(page["next"])
        linked = re.fullmatch(r'<(\?[^>]+)>; rel="next"', answer.headers["link"])
        assert linked is not None
        following = shop.site.client.get(
            answer.request.url.join(linked[1]), headers={"Authorization": f"Bearer {shop.key}"}
        )
        assert following.json() == get(shop, path, after=after, **query).json()


def subscribers(shop: Shop, *names: str) -> list[str]:
    return [shop.site.stream(address(name)) for name in names]


def test_lists_are_read_with_how_many_stand_on_them(shop: Shop) -> None:
    page = read(shop, "lists", limit=2)
    assert [(one["id"], one["people"]) for one in items(page)] == [(30, 5), (31, 1)]
    assert [one["id"] for some in pages(shop, "lists", limit=1) for one in some] == [
        30, 31, 32, 40,
    ]  # fmt: skip
    for reference in ("30", "lettre"):
        one = read(shop, f"lists/{reference}")
        assert (one["name"], one["title"], one["purpose"]) == ("lettre", "Le potager", "conseils")
        assert one["letters"] == [{"id": "bonjour", "subject": "Bonjour", "due": "At once"}]
    refused(get(shop, "lists/77"), 404)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("lists/30/members", NAMES),
        ("segments/salon/members", ("anna", "eva")),
        ("segments/balcon/members", ("eva",)),
        ("people", NAMES),
    ],
)
def test_each_page_begins_where_the_one_before_ended(
    shop: Shop, path: str, names: tuple[str, ...]
) -> None:
    for limit in (1, 2, 200):
        found = [str(one["subscriber"]) for some in pages(shop, path, limit=limit) for one in some]
        assert sorted(found) == sorted(subscribers(shop, *names))
    assert not any("email" in one for one in items(read(shop, path)))


def test_the_latest_members_of_a_list_come_first(shop: Shop) -> None:
    moments = [str(one["since"]) for one in items(read(shop, "lists/30/members"))]
    assert moments == sorted(moments, reverse=True)


def test_segments_are_read_with_their_lines(shop: Shop) -> None:
    assert [(one["id"], one["people"]) for one in items(read(shop, "segments"))] == [
        ("balcon", 1),
        ("salon", 2),
    ]
    one = read(shop, "segments/balcon")
    assert (one["all"], one["static"]) == (["on 31"], False)
    refused(get(shop, "segments/nobody"), 404)
    refused(get(shop, "segments/nobody/members"), 404)


def test_purposes_and_fields_are_read_as_they_are_declared(shop: Shop) -> None:
    plan = shop.site.context.installation_stream.current().plan()
    found = [one for some in pages(shop, "purposes", limit=1) for one in some]
    assert {one["id"]: one["name"] for one in found} == {
        p.id: p.name for p in plan.purposes.values()
    }
    [first_name] = items(read(shop, "fields"))
    assert first_name == {
        "id": "first_name",
        "label": plan.fields["first_name"].label,
        "type": "text",
        "options": [],
    }


@pytest.mark.parametrize("path", ["people", "lists/30/members", "segments/salon/members"])
def test_a_cursor_that_is_none_is_refused(shop: Shop, path: str) -> None:
    for cursor in ("x", "-1", "9" * 40, "12_x"):
        assert "after" in str(refused(get(shop, path, after=cursor), 400)["detail"])


def exports(shop: Shop) -> list[tuple[int, object]]:
    context = shop.site.context
    found = []
    for entry in context.ledger.stream(STREAM):
        if isinstance(entry.event, PeopleExported):
            kept = context.vault.evidence_of(STREAM)[entry.cause.evidence]
            found.append((entry.event.people, kept["by"]))
            assert (entry.cause.door, kept["method"]) == ("api", "api")
    return found


def test_addresses_of_a_list_are_handed_out_once_that_is_recorded(shop: Shop) -> None:
    before = len(exports(shop))
    for path, people in (("people", 5), ("lists/30/members", 5), ("segments/salon/members", 2)):
        found = [one for some in pages(shop, path, include="profile", limit=2) for one in some]
        assert {address("anna"), address("eva")} <= {str(one["email"]) for one in found}
        assert {"first_name": "Anna"} in [one["fields"] for one in found]
        fact, by = exports(shop)[-1]
        assert fact == people and cast(Json, by)["name"] == "crm"
    assert len(exports(shop)) == before + 3
    read(shop, "people", include="profile")
    assert len(exports(shop)) == before + 3
    other = Shop(shop.site, create(shop.site.context.desk, "other", ("read", "people")))
    read(other, "people", include="profile")
    assert len(exports(shop)) == before + 4


def test_a_person_is_read_by_their_id_once_that_is_recorded(shop: Shop) -> None:
    [eva] = subscribers(shop, "eva")
    one = read(shop, f"people/{eva}")
    assert (one["email"], one["fields"]) == (address("eva"), {"first_name": "Eva"})
    assert cast(list[str], one["segments"]) == ["balcon", "salon"]
    assert [cast(Json, place)["list"] for place in cast(list[object], one["memberships"])] == [
        30,
        31,
    ]
    assert (one["barred"], one["suppressed"], one["restricted"]) == (None, None, False)
    reads = [
        entry for entry in shop.site.entries(address("eva")) if isinstance(entry.event, ProfileRead)
    ]
    kept = shop.site.context.vault.evidence_of(eva)[reads[0].cause.evidence]
    assert cast(Json, kept["by"])["name"] == "crm"
    assert one["version"] == reads[0].version
    assert read(shop, f"people/{eva}") == one
    assert len([n for n in shop.site.names(address("eva")) if n == "profile-read"]) == 1


def test_nobody_is_read_under_an_id_that_is_nobodys(shop: Shop) -> None:
    for wrong in ("anna@lecteurs.example", "x", STREAM, "00000000-0000-0000-0000-000000000000"):
        for below in ("", "/memberships", "/orders", "/events"):
            refused(get(shop, f"people/{wrong}{below}"), 404)


def test_memberships_and_orders_of_a_person_are_paged(shop: Shop) -> None:
    [eva] = subscribers(shop, "eva")
    lists = [
        one["list"] for some in pages(shop, f"people/{eva}/memberships", limit=1) for one in some
    ]
    assert lists == [30, 31]
    for number in ("1", "2", "3"):
        body = {"email": address("eva"), "order": number, "amount": "12.50", "currency": "EUR"}
        assert shop.call("orders", body).status_code == 201
    assert (
        shop.call("refunds", {"order": "2", "amount": "2.50", "currency": "EUR"}).status_code == 201
    )
    orders = [one for some in pages(shop, f"people/{eva}/orders", limit=2) for one in some]
    assert [one["amount"] for one in orders] == ["12.50"] * 3
    assert sorted(str(one["refunded"]) for one in orders) == ["0.00", "0.00", "2.50"]


def test_events_are_read_in_the_order_of_the_ledger_and_name_nobody(shop: Shop) -> None:
    found = [one for some in pages(shop, "events", limit=7) for one in some]
    ledger = [entry for batch in shop.site.context.ledger.all() for entry in batch]
    assert [(one["position"], one["type"]) for one in found] == [
        (e.position, e.name) for e in ledger
    ]
    assert not any(name in str(found).lower() for name in (*map(address, NAMES), "bonjour.\\n"))
    backwards = [one for some in pages(shop, "events", limit=7, order="newest") for one in some]
    assert backwards == found[::-1]


def test_a_poller_goes_on_at_the_position_it_was_told(shop: Shop) -> None:
    page = read(shop, "events", type="list-joined", limit=200)
    assert page["next"] is None and len(items(page)) == 6
    position = page["position"]
    assert items(read(shop, "events", after=position, type="list-joined")) == []
    shop.subscribe(address("fritz"))
    later = read(shop, "events", after=position, type=["list-joined", "list-left"])
    assert [one["subscriber"] for one in items(later)] == subscribers(shop, "fritz")
    newest = items(read(shop, "events", order="newest", type="list-joined", limit=1))
    assert newest == items(later)


def test_one_event_is_read_by_its_position(shop: Shop) -> None:
    for event in items(read(shop, "events", limit=3)):
        assert read(shop, f"events/{event['position']}") == event
    for wrong in (0, shop.site.context.ledger.head() + 1, 2**53, "x"):
        refused(get(shop, f"events/{wrong}"), 404)


def test_the_events_of_a_person_are_theirs_alone(shop: Shop) -> None:
    [dirk] = subscribers(shop, "dirk")
    found = [one for some in pages(shop, f"people/{dirk}/events", limit=1) for one in some]
    assert [one["type"] for one in found] == shop.site.names(address("dirk"))
    assert {one["subscriber"] for one in found} == {dirk}
    joined = items(read(shop, f"people/{dirk}/events", type="list-joined"))
    assert [cast(Json, one["data"])["list"] for one in joined] == [30]


@pytest.mark.parametrize(
    ("at", "head", "newest_first", "reach"),
    [
        (0, 5, False, Reach(0, 6, 0)),
        (5, 5, False, Reach(5, 6, 0)),
        (9, 5, False, Reach(9, 6, 0)),
        (0, 25, False, Reach(0, 11, 10)),
        (20, 25, False, Reach(20, 26, 0)),
        (0, 5, True, Reach(0, 6, 0)),
        (0, 25, True, Reach(15, 26, 16)),
        (16, 25, True, Reach(5, 16, 6)),
        (6, 25, True, Reach(0, 6, 0)),
        (1, 25, True, Reach(0, 1, 0)),
    ],
)
def test_one_page_of_events_looks_through_so_many_positions_and_no_more(
    at: int, head: int, newest_first: bool, reach: Reach
) -> None:
    assert reach_of(at, head, 10, newest_first=newest_first) == reach


def set_fields(shop: Shop, who: str, fields: object, **headers: str) -> httpx.Response:
    return shop.site.client.patch(
        f"/api/v1/people/{who}/fields",
        json={"fields": fields},
        headers={"Authorization": f"Bearer {shop.key}"}
        | {n.replace("_", "-"): v for n, v in headers.items()},
    )


def test_fields_are_set_unless_the_person_has_changed_since_they_were_read(shop: Shop) -> None:
    [boris] = subscribers(shop, "boris")
    etag = get(shop, f"people/{boris}").headers["etag"]
    first = set_fields(shop, boris, {"first_name": "Bob"}, If_Match=etag)
    assert (first.status_code, first.json()["said"]) == (200, "fields set")
    assert shop.site.fields(address("boris")) == {"first_name": "Bob"}
    assert shop.site.names(address("boris"))[-1] == "profile-changed"
    refused(set_fields(shop, boris, {"first_name": "Bo"}, If_Match=etag), 412)
    assert shop.site.fields(address("boris")) == {"first_name": "Bob"}
    again = get(shop, f"people/{boris}").headers["etag"]
    assert set_fields(shop, boris, {"first_name": ""}, If_Match=f'"old", {again}').json()["done"]
    assert read(shop, f"people/{boris}")["fields"] == {}
    assert set_fields(shop, boris, {"first_name": ""}).json()["done"] is False
    assert set_fields(shop, boris, {"first_name": "B"}, If_Match="*").json()["done"]
    mistakes = str(refused(set_fields(shop, boris, {"shoe": "44"}), 409)["mistakes"])
    assert "shoe" in mistakes


def test_of_several_who_read_the_same_one_sets_what_they_read(shop: Shop) -> None:
    [dirk] = subscribers(shop, "dirk")
    etag = get(shop, f"people/{dirk}").headers["etag"]
    names = [f"Dirk {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(
            lambda name: set_fields(shop, dirk, {"first_name": name}, If_Match=etag), names
        )
        statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, *[412] * 5]
    assert shop.site.fields(address("dirk"))["first_name"] == names[statuses.index(200)]


def test_who_has_the_person_as_they_are_is_told_so(shop: Shop) -> None:
    [chloe] = subscribers(shop, "chloe")
    etag = get(shop, f"people/{chloe}").headers["etag"]
    assert get(shop, f"people/{chloe}", {"If-None-Match": etag}).status_code == 304
    set_fields(shop, chloe, {"first_name": "Cloé"})
    assert get(shop, f"people/{chloe}", {"If-None-Match": etag}).status_code == 200


def test_who_was_erased_is_gone_and_their_events_remain(shop: Shop) -> None:
    shop.subscribe(address("greta"))
    [greta] = subscribers(shop, "greta")
    now, cause = shop.site.context.clock.now(), Cause("operator")
    erased = shop.site.context.command_handler.execute_one(
        CommandRequest(Erase(now, cause, "asked"), stream=greta)
    )
    assert not erased.conflict
    for below in ("", "/memberships", "/orders"):
        refused(get(shop, f"people/{greta}{below}"), 404)
    refused(set_fields(shop, greta, {"first_name": "G"}), 404)
    assert items(read(shop, f"people/{greta}/events"))[-1]["type"] == "subscriber-erased"


def test_a_key_without_the_scope_reads_nothing(shop: Shop) -> None:
    other = Shop(shop.site, create(shop.site.context.desk, "shop", ("orders",)))
    [anna] = subscribers(shop, "anna")
    for path in ("lists", "segments/salon/members", "people", f"people/{anna}", "events"):
        refused(get(other, path), 403)
    refused(set_fields(other, anna, {"first_name": "A"}), 403)


def test_a_page_takes_as_many_statements_as_a_short_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(self: psycopg.Cursor[tuple[object, ...]], *given: Any, **named: Any) -> object:
        executed.append(given[0])
        return execute(self, *given, **named)

    def statements(path: str, limit: int) -> int:
        """The fewest of three times: others of this process ask the database too."""
        taken = []
        for _ in range(3):
            executed.clear()
            read(shop, path, limit=limit, **({} if path == "events" else {"include": "profile"}))
            taken.append(len(executed))
        return min(taken)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    for path in ("people", "lists/30/members", "segments/balcon/members", "events"):
        assert 1 < statements(path, 1) == statements(path, 200) < 12


def test_the_robot_of_the_installation_is_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    robot = robot_stream("0123456789a")
    monkeypatch.setattr(shop.site.context.command_handler, "mint", lambda address: robot)
    assert shop.subscribe("robot@lecteurs.example").json()["subscriber"] == robot
    shop.site.context.views.catch_up()
    assert robot in shop.site.context.vault.people([robot])
    for path in ("lists/30/members", "people", "events"):
        assert robot not in str([*pages(shop, path, limit=50)])
    [event, *_] = shop.site.context.ledger.stream(robot)
    refused(get(shop, f"events/{event.position}"), 404)


def test_a_segment_that_is_being_built_is_asked_for_again(shop: Shop) -> None:
    context = shop.site.context
    with context.database.connection() as connection:
        schema = schema_of(Agenda, LIVE)
        segments = f'"{schema}".segment_built'
        connection.execute(f"UPDATE {segments} SET definition = 'x' || definition".encode())
        try:
            refused(get(shop, "segments/balcon/members"), 503)
            assert items(read(shop, "segments/salon/members"))
        finally:
            connection.execute(f"UPDATE {segments} SET definition = substr(definition, 2)".encode())


def test_segments_are_counted_once_a_minute() -> None:
    moments = iter([0.0, 0.0, 59.0, 60.0, 60.0])
    counts = iter([{"salon": 2}, {"salon": 3}])
    kept = KeptCounts(lambda: next(counts), lambda: next(moments))
    assert [kept.read()["salon"] for _ in range(3)] == [2, 2, 3]


def test_what_could_not_be_recorded_is_not_shown_and_recorded_the_next_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    [anna] = subscribers(shop, "anna")
    other = Shop(shop.site, create(shop.site.context.desk, "late", ("people",)))
    with monkeypatch.context() as patch:
        conflicted = Result(NothingToDo(Unchanged.CONFLICT), conflict=True)
        patch.setattr(CommandHandler, "execute_one", lambda self, request: conflicted)
        refused(get(other, f"people/{anna}"), 503)
    before = shop.site.names(address("anna")).count("profile-read")
    read(other, f"people/{anna}")
    assert shop.site.names(address("anna")).count("profile-read") == before + 1


def test_a_key_that_only_reads_gets_no_address(shop: Shop) -> None:
    other = Shop(shop.site, create(shop.site.context.desk, "board", ("read",)))
    [anna] = subscribers(shop, "anna")
    refused(get(other, f"people/{anna}"), 403)
    before = len(exports(shop))
    for path in ("people", "lists/30/members", "segments/salon/members"):
        assert not any("email" in one for one in items(read(other, path)))
        refused(get(other, path, include="profile"), 403)
    assert len(exports(shop)) == before


def test_of_whom_nothing_can_be_made_nothing_is_read_but_the_ledger(shop: Shop) -> None:
    [chloe] = subscribers(shop, "chloe")
    aside = f'"{schema_of(Agenda, LIVE)}".aside'
    with shop.site.context.database.connection() as connection:
        connection.execute(f"INSERT INTO {aside} VALUES ('{chloe}', 1, 'why')".encode())
    try:
        for below in ("", "/memberships", "/orders"):
            refused(get(shop, f"people/{chloe}{below}"), 503)
        refused(set_fields(shop, chloe, {"first_name": "C"}), 503)
        assert items(read(shop, f"people/{chloe}/events"))
    finally:
        with shop.site.context.database.connection() as connection:
            connection.execute(f"DELETE FROM {aside}".encode())
