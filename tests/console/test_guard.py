"""What stands before every page of the console: the address, where a request comes from, who asks,
and what they may.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from fastapi.responses import Response
from starlette.routing import Route as StarletteRoute

from engine.commands.operators import Operator
from engine.console import recovery
from engine.console.access import Right, Role
from engine.console.account_changes import remove
from engine.console.application import Console
from engine.console.caller import local_path
from engine.console.visit import Route, Visit
from engine.context import AppContext
from tests.console.serving import Served, console_of
from tests.sizes import LONG


def shown(visit: Visit) -> Response:
    return visit.refused(f"{visit.inputs.get('words', '')}", 200)


def done(visit: Visit) -> Response:
    return visit.goes_to("/there", "It is done.")


def saved(visit: Visit) -> Response:
    content = {
        "inputs": list(visit.all_inputs),
        "files": {
            n: [f.name, f.octets, f.path.read_bytes().decode()] for n, f in visit.files.items()
        },
        "paths": [str(f.path) for f in visit.files.values()],
    }
    return Response(json.dumps(content), media_type="application/json")


OWN_ROUTES = (
    *(Route("GET", f"/needs/{right}", right, shown) for right in Right),
    *(Route("POST", f"/needs/{right}", right, done) for right in Right),
    Route("GET", "/there", Right.SEE, shown),
    Route("POST", "/save", Right.SEE, saved),
    Route("POST", "/upload", Right.SEE, saved, uploads=True),
)


@pytest.fixture(scope="module", autouse=True)
def codes_are_hashed_fast() -> Iterator[None]:
    """Each walk renews ten recovery codes, a third of a second of processor time in earnest.
    test_passkeys.py sees the hash that is kept.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovery, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="module")
def console(context: AppContext) -> Iterator[Served]:
    with console_of(context, OWN_ROUTES) as served:
        served.account(Role.OPERATOR)
        yield served


def may(role: Role, reads: bool, right: Right) -> bool:
    """Said anew, so that the table of the program cannot be its own proof."""
    rights = {
        Role.AUTHOR: "see write publish send" + (" read-people import" if reads else ""),
        Role.OPERATOR: " ".join(Right),
        Role.RIGHTS: "see read-people act-on-people handle-rights papers",
        Role.AUDITOR: "see audit papers",
    }
    return str(right) in rights[role].split()


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("role", Role)
def test_each_role_reaches_the_routes_it_has_the_right_to_and_no_other(
    console: Served, role: Role, reads: bool
) -> None:
    # A right to read gives more to an author alone: of the others with it, one route for each right
    # and method.
    routes = console.console.routes if LONG or role is Role.AUTHOR or not reads else OWN_ROUTES
    with console.as_role(role, reads=reads) as browser:
        for route in routes:
            if route.path == "/sign-out":
                continue
            path = re.sub(r"\{[^}]+\}", "0", route.path)
            answer = browser.get(path) if route.method == "GET" else browser.submit(path)
            assert answer.status_code < 500, (route.method, path)
            forbidden = answer.status_code == 403
            assert forbidden is not may(role, reads, route.right), (route.method, path)


def test_whoever_is_not_signed_in_any_more_reaches_nothing(console: Served) -> None:
    context = console.context
    removed = context.accounts.add("Gone", Role.OPERATOR, False, 1)
    assert removed is not None
    gone, over = console.as_account(removed.id), console.as_role()
    assert remove(context, removed, Operator("tests"))
    with context.database.connection() as connection:
        connection.execute(
            b"UPDATE desk.console_session SET seen = seen - interval '31 minutes' WHERE token ="
            b" sha256(%(token)s::bytea)",
            {"token": over.token.encode()},
        )
    with console.stranger() as stranger, gone, over:
        for browser in (stranger, gone, over):
            for route in console.console.routes:
                path = re.sub(r"\{[^}]+\}", "0", route.path)
                answer = browser.get(path) if route.method == "GET" else browser.submit(path)
                if route.method == "GET":
                    assert answer.status_code == 303, path
                    assert answer.headers["location"].startswith("/sign-in"), path
                else:
                    assert answer.status_code == 401, path


def test_everything_that_is_served_is_a_route_with_its_right_or_open_to_all(
    console: Served,
) -> None:
    served = {
        (min((route.methods or set()) - {"HEAD"}), route.path)
        for route in console.console.site.router.routes
        if isinstance(route, StarletteRoute)
    }
    named = {(route.method, route.path) for route in console.console.routes}
    open_to_all = {(route.method, route.path) for route in console.console.open_routes}
    assert served == named | open_to_all | {("GET", "/static/{digest}/{name}")}
    assert {path for _, path in open_to_all} <= {"/link/{token}"} | {
        path for _, path in open_to_all if path.startswith("/sign-in")
    }


def test_a_route_without_a_right_cannot_be_registered(context: AppContext) -> None:
    without = Route("GET", "/x", None, shown)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="GET /x names no right"):
        Console(context, "http://localhost", b"key", [without])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_a_post_that_another_site_has_begun_is_refused(
    console: Served, headers: dict[str, str]
) -> None:
    with console.as_role() as browser:
        answer = browser.post("/save", data={"csrf": browser.csrf}, headers=headers)
        assert answer.status_code == 403
        assert browser.submit("/save").status_code == 200


def test_a_post_without_its_session_s_token_is_refused(console: Served) -> None:
    with console.as_role() as browser, console.as_role() as other:
        for csrf in ("", "x", other.csrf):
            assert browser.submit("/save", {"csrf": csrf}).status_code == 403
        headers = {"X-CSRF-Token": browser.csrf}
        assert browser.submit("/save", {"csrf": ""}, headers=headers).status_code == 200


def test_another_host_name_is_not_answered_with_a_page(console: Served) -> None:
    with console.as_role() as browser:
        answer = browser.get("/there", headers={"Host": "rebound.example"})
        assert answer.status_code == 421
        assert f'href="{console.url}"' in answer.text


def test_what_a_page_has_done_is_said_once_on_the_next(console: Served) -> None:
    with console.as_role() as browser:
        answer = browser.submit("/needs/see")
        assert (answer.status_code, answer.headers["location"]) == (303, "/there")
        assert "It is done." not in browser.get("/there", headers={"HX-Request": "true"}).text
        assert "It is done." in browser.read("/there")
        assert "It is done." not in browser.read("/there")


def test_uploads_lie_in_a_file_that_is_gone_afterwards(console: Served) -> None:
    with console.as_role() as browser:
        files = {"people": ("../../x.csv", b"email\n")}
        kept = browser.submit("/upload", {"list": ["1", "2"]}, files).json()
        assert kept["files"] == {"people": ["../../x.csv", 6, "email\n"]}
        assert [pair for pair in kept["inputs"] if pair[0] == "list"] == [
            ["list", "1"],
            ["list", "2"],
        ]
        assert not any(map(os.path.exists, kept["paths"]))
        assert browser.submit("/save", files=files).status_code == 400


def test_a_body_larger_than_a_form_is_refused(console: Served) -> None:
    with console.as_role() as browser:
        assert browser.submit("/save", {"words": "x" * 1_048_577}).status_code == 413
        assert browser.submit("/save", {"words": "x" * 900_000}).status_code == 200


def test_lost_addresses_and_methods_say_so_to_whoever_asks(console: Served) -> None:
    with console.as_role() as browser, console.stranger() as stranger:
        assert browser.get("/nowhere").status_code == 404
        assert "Perhaps the address was cut off" in browser.get("/nowhere").text
        assert 'aria-label="Main"' in browser.get("/nowhere").text
        assert 'aria-label="Main"' not in stranger.get("/nowhere").text
        answer = browser.get("/save")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        french = stranger.get("/nowhere", headers={"Accept-Language": "de, fr;q=0.5, en;q=0.1"})
        assert '<html lang="fr"' in french.text


def test_every_answer_keeps_other_origins_out(console: Served) -> None:
    with console.as_role() as browser:
        answers = [browser.get(path) for path in ("/there", "/nowhere", "/sign-in", "/link/x")]
        answers += [browser.post("/save"), browser.get("/there", headers={"Host": "x"})]
        for answer in answers:
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in answer.headers


def test_a_page_that_fails_says_so_and_shows_nothing_of_why(context: AppContext) -> None:
    def fails(visit: Visit) -> Response:
        raise ValueError("secret words")

    routes = [Route("GET", "/fails", Right.SEE, fails)]
    with console_of(context, routes) as served, served.as_role() as browser:
        answer = browser.get("/fails")
        assert answer.status_code == 500
        assert "Something went wrong" in answer.text and "secret" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example", "/\\evil", "/\t/evil", "evil", "", "/a\\b"]
)
def test_nobody_is_led_to_another_site(url: str) -> None:
    assert local_path(url) == "/"


def test_a_page_of_ours_is_led_to() -> None:
    assert local_path("/people/1?tab=2") == "/people/1?tab=2"
