"""What else the site answers: pictures and downloads, what a monitor asks, and pages for what is
not there or went wrong.
"""

from __future__ import annotations

import html
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from engine.context import AppContext
from engine.desk.processes import Processes
from engine.i18n.phrases import command
from engine.letter.link_token import FIRST_LINK, make_token
from engine.web.pages import Pages, is_address
from engine.web.server import CannotListen, listen
from tests.conftest import MakeContext
from tests.running_installation import CONFIG, Installations
from tests.web.correspondence import FILES, joined
from tests.web.serving import served


@pytest.fixture
def with_files(context: AppContext) -> Iterator[AppContext]:
    for name, content in (
        ("pictures/radis été.png", b"\x89PNG\r\n\x1a\n"),
        ("files/guide.pdf", b"%PDF-1.7"),
        ("files/semis.csv", b"a;b"),
    ):
        path = context.config.sequences / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (context.config.sequences / "pictures" / "away.png").unlink(missing_ok=True)
    (context.config.sequences / "pictures" / "away.png").symlink_to(
        context.config.folder / "config.toml"
    )
    yield context
    # Nothing of the folder would be read while it is there.
    (context.config.sequences / "pictures" / "away.png").unlink()


def test_a_picture_is_shown_and_a_download_is_saved(
    with_files: AppContext, reader: httpx.Client
) -> None:
    picture, download = reader.get("/a/pictures/radis%20été.png"), reader.get("/a/files/guide.pdf")
    assert (picture.status_code, picture.headers["content-type"], picture.content[:4]) == (
        200,
        "image/png",
        b"\x89PNG",
    )
    assert "content-disposition" not in picture.headers
    assert (download.headers["content-type"], download.headers["content-disposition"]) == (
        "application/pdf",
        'attachment; filename="guide.pdf"',
    )
    for answer in (picture, download):
        assert (
            answer.headers["cache-control"] == "public, max-age=3600"
            and answer.headers["x-content-type-options"] == "nosniff"
        )
    assert reader.head("/a/files/guide.pdf").status_code == 200


def test_a_download_can_be_gone_on_with_and_leaves_nothing_open(
    with_files: AppContext, reader: httpx.Client
) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        part = reader.get("/a/files/guide.pdf", headers={"Range": "bytes=5-"})
        assert (part.status_code, part.content, part.headers["content-range"]) == (
            206,
            b"1.7",
            "bytes 5-7/8",
        )
        assert reader.head("/a/files/guide.pdf").headers["content-length"] == "8"
    assert len(os.listdir("/dev/fd")) < before + 10


def test_a_folder_of_pictures_that_is_a_link_is_not_served(make_context: MakeContext) -> None:
    context = make_context(FILES)
    (context.config.folder / "elsewhere").mkdir()
    (context.config.folder / "elsewhere" / "a.png").write_bytes(b"x")
    (context.config.sequences / "pictures").symlink_to(context.config.folder / "elsewhere")
    with served(context) as url:
        assert httpx.get(f"{url}/a/pictures/a.png").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "pictures/none.png",
        "pictures/away.png",
        "pictures/..%2f..%2fconfig.toml",
        "pictures/%2e%2e/layout.html",
        "files/semis.csv%00.png",
        "letters/question.md",
        "pictures/",
        "files/..%5cconfig.toml",
        "../data/secrets/link.key",
    ],
)
def test_nothing_else_of_the_folder_is_served(
    with_files: AppContext, reader: httpx.Client, path: str
) -> None:
    answer = reader.get(f"/a/{path}")
    assert answer.status_code == 404 and "postal_address" not in answer.text


def test_robots_are_asked_to_stay_away(reader: httpx.Client) -> None:
    assert reader.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


LOST = [
    ("GET", "/nothing"),
    ("GET", "/l"),
    ("GET", "/f/none"),
    ("GET", "/a/pictures/none.png"),
    ("GET", f"/l/{'A' * 35}"),
    ("GET", "/l/x"),
    ("PUT", "/l/x"),
    ("POST", "/robots.txt"),
    ("DELETE", "/"),
    ("PATCH", "/f/inscription"),
    ("POST", f"/l/{'A' * 35}"),
]


@pytest.mark.parametrize(("method", "path"), LOST)
def test_whatever_is_not_there_says_who_writes_how_to_reach_them_and_offers_the_form(
    reader: httpx.Client, method: str, path: str
) -> None:
    answer = reader.request(method, path)
    assert answer.status_code in (200, 400, 404, 405) and answer.text.count("<h1>") == 1
    for way_on in (
        "Le Potager",
        'href="mailto:bonjour@potager.example"',
        '<a href="/f/inscription">La lettre</a>',
    ):
        assert way_on in answer.text
    assert (
        answer.headers["referrer-policy"] == "no-referrer"
        and answer.headers["cache-control"] == "no-store"
    )
    assert "server" not in answer.headers and "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/l/x", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/robots.txt", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("PATCH", "/f/inscription", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/a/pictures/x.png", "GET, HEAD"),
        ("GET", "/api/v1/subscriptions", "POST"),
    ],
)
def test_a_method_that_is_not_known_is_told_which_are(
    reader: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = reader.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/none", 404), ("DELETE", "/api/v1/subscriptions", 405)],
)
def test_programs_are_answered_with_a_problem(
    reader: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = reader.request(method, path)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["status"]) == (
        status,
        "application/problem+json",
        status,
    )


def test_the_first_page_says_who_writes_and_what_one_may_receive(reader: httpx.Client) -> None:
    page = reader.get("/")
    assert (
        page.status_code == 200
        and "<h1>Le Potager</h1>" in page.text
        and "Des conseils de jardinage, deux fois par mois." in page.text
    )
    assert '<a href="/f/inscription">La lettre</a>' in page.text and "relance -C" not in page.text
    assert reader.head("/").status_code == 200


def test_an_operator_who_has_nobody_yet_is_told_what_comes_next_and_nobody_else_is(
    make_context: MakeContext,
) -> None:
    context = make_context(
        FILES, config=CONFIG.replace("https://lettres.potager.example", "http://127.0.0.1:8080")
    )
    with served(context) as url:
        page = httpx.get(f"{url}/").text
        assert (
            command(context.config.folder, "check") in html.unescape(page)
            and "http://127.0.0.1:8081/" in page
        )
        assert (
            "relance -C"
            not in httpx.get(f"{url}/", headers={"X-Forwarded-For": "198.51.100.7"}).text
        )
        joined(context)
        assert "relance -C" not in httpx.get(f"{url}/").text


def test_a_browser_finds_an_icon(context: AppContext, reader: httpx.Client) -> None:
    icon = reader.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (
        200,
        "image/svg+xml",
    ) and ">L</text></svg>" in icon.text


FAILING = (503, {"status": "failing"})


def health(url: str) -> tuple[int, object]:
    answer = httpx.get(f"{url}/health", timeout=20)
    return answer.status_code, answer.json()


def test_health_says_that_all_is_well_and_nothing_more(
    context: AppContext, reader: httpx.Client
) -> None:
    context.views.catch_up()
    assert health(str(reader.base_url).rstrip("/")) == (200, {"status": "ok"})
    head = reader.head("/health")
    assert (head.status_code, head.content) == (200, b"")


def test_a_store_nobody_looks_after_is_no_health(make_context: MakeContext) -> None:
    context = replace(make_context(FILES), store_trouble=lambda: "its thread has ended")
    context.views.catch_up()
    with served(context) as url:
        assert health(url) == FAILING


def test_a_view_that_stopped_is_no_health_and_its_fault_is_not_published(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    with served(context) as url:
        context.views.follower.faults["members"] = "members: lectrice@exemple.fr"  # type: ignore[attr-defined]
        assert health(url) == FAILING


def test_a_view_nobody_feeds_is_no_health_after_a_minute(make_context: MakeContext) -> None:
    context = make_context(FILES)
    with served(context) as url:
        assert httpx.get(f"{url}/health").status_code == 200
        context.clock.jump(61_000)
        assert health(url) == FAILING
        context.views.catch_up()
        assert httpx.get(f"{url}/health").status_code == 200


def test_a_fault_told_by_another_process_is_no_health_either(make_context: MakeContext) -> None:
    context = make_context(FILES)
    with served(context) as url:
        Processes(context.database).beat(
            "elsewhere", ["follow"], {"view:members": "UndefinedTable: lectrice@exemple.fr"}
        )
        assert health(url) == FAILING


def test_metrics_are_for_who_has_a_key_for_them(context: AppContext, reader: httpx.Client) -> None:
    assert reader.get("/metrics").status_code == 404
    _, other = context.desk.new_key("else", frozenset({"read"}))
    _, key = context.desk.new_key("prometheus", frozenset({"metrics"}))
    assert reader.get("/metrics", headers={"Authorization": "Bearer relance_no"}).status_code == 401
    assert reader.get("/metrics", headers={"Authorization": f"Bearer {other}"}).status_code == 403
    answer = reader.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert (
        answer.status_code == 200
        and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    )
    assert f"relance_ledger_head {float(context.ledger.head())}" in answer.text


def test_metrics_for_this_machine_are_not_for_whom_its_proxy_speaks(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES, '\n[web]\nmetrics = "loopback"\n')
    with served(context) as url:
        assert httpx.get(f"{url}/metrics").status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            assert httpx.get(f"{url}/metrics", headers={name: "x"}).status_code == 404
    with served(context, ("127.0.0.1",)) as url:
        assert (
            httpx.get(f"{url}/metrics", headers={"X-Forwarded-For": "198.51.100.7"}).status_code
            == 404
        )


def test_without_a_database_health_is_503_and_a_page_says_nothing_of_why(
    installations: Installations, caplog: pytest.LogCaptureFixture
) -> None:
    with installations.made(FILES) as context, served(context) as url:
        context.ledger.close()
        context.database.close()
        assert health(url) == FAILING
        token = make_token(context.secrets.link_key, FIRST_LINK, 1, "0" * 32)
        for path in ("/f/inscription", "/w/boutique", f"/l/{token}"):
            answer = httpx.get(f"{url}{path}", timeout=60)
            assert (answer.status_code, answer.headers["retry-after"]) == (
                503,
                "5",
            ) and "Un incident s’est produit" in answer.text
            assert answer.headers["strict-transport-security"] and answer.headers["x-robots-tag"]
            assert not any(
                word in answer.text for word in ("Traceback", "psycopg", "Pool", "ledger")
            )
        assert {record.levelno for record in caplog.records if record.name != "relance.run"} == {
            logging.WARNING
        }, "a trace, for a lost database"
        lost = httpx.get(f"{url}/nothing", timeout=60)
        assert (
            lost.status_code == 404
            and "bonjour@potager.example" in lost.text
            and "La lettre" in lost.text
        )


def test_an_address_in_use_is_a_sentence() -> None:
    first = listen("127.0.0.1", 0)
    try:
        with pytest.raises(
            CannotListen, match=r"cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\)"
        ):
            listen("127.0.0.1", first.getsockname()[1])
    finally:
        first.close()


def test_what_listens_is_known_to_be_tcp_so_that_pages_are_not_held_back() -> None:
    listening = listen("127.0.0.1", 0)
    assert listening.proto == socket.IPPROTO_TCP
    listening.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example/x?y#z", True),
        ("http://[::1]:8080/", True),
        ("https://exemple.été/", True),
        ("Merci https://a.example", False),
        ("javascript:alert(1)", False),
        ("//evil.example", False),
        ("https:\\\\evil.example", False),
        ("https://a;script-src *", False),
        ("https://u:p@a.example", False),
        ("https://a.example/\r\nX: y", False),
        ("https://", False),
        ("https://a:b/", False),
        ("", False),
    ],
)
def test_only_a_whole_web_address_is_taken_for_one(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_everything_put_into_a_page_is_escaped(context: AppContext) -> None:
    page = Pages(context.config.site).page(
        "plain.html", "fr", heading="<script>x</script>", paragraphs=("<b>",)
    )
    assert (
        b"<script>" not in page.body and b"&lt;script&gt;" in page.body and b"<b>" not in page.body
    )
