"""The built-in mailbox's page: shows what readers would get, to this machine alone, and lets no
letter do anything but be read and clicked.
"""

from __future__ import annotations

import asyncio
import email.policy
import os
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from engine.context import AppContext
from engine.sending.mailbox import Mailbox
from engine.web.letterbox import make_letterbox
from engine.web.server import listen, serve_on
from tests.running_installation import Installations
from tests.sizes import sized
from tests.web.browsing import browsing
from tests.web.correspondence import FILES
from tests.web.serving import PATIENCE_SECONDS

PICTURES = os.environ.get("RELANCE_TEST_PICTURES", "")
HOSTILE = """<html><head lang="fr"><meta http-equiv="refresh" content="0;url=https://x.invalid/">
<base href="https://x.invalid/"></head>
<body onload="document.title='run'"><h1>Bonjour Anna</h1>
<script>top.document.title = 'run'; parent.postMessage('run', '*')</script>
<img src="x" onerror="top.document.title='run'">
<iframe src="javascript:top.document.title='run'"></iframe>
<form action="https://x.invalid/"><button>Envoyer</button></form>
<a id="oui" href="{url}">Oui</a></body></html>"""


class Box:
    """A served mailbox, and letters put into it as the mail server puts them."""

    def __init__(self, context: AppContext, url: str) -> None:
        self.context, self.url = context, url
        self.mailbox = Mailbox(context.config.data / "mailbox")
        self.mailbox.folder.mkdir(parents=True, exist_ok=True)
        self.mailbox._last = 0

    def put(
        self,
        subject: str,
        to: str = "anna@lecteurs.example",
        html: str = "<p>Bonjour</p>",
        text: str = "Bonjour",
        date: str = "Tue, 01 Dec 2026 09:00:00 +0100",
    ) -> None:
        message = EmailMessage(policy=email.policy.SMTP)
        message["Subject"] = subject
        message["From"] = "Le Potager <bonjour@potager.example>"
        message["To"] = to
        message["Date"] = date
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        self.put_octets(message.as_bytes(), to)

    def put_octets(self, octets: bytes, to: str = "anna@lecteurs.example") -> None:
        self.mailbox._store("bonjour@potager.example", to, octets)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


@pytest.fixture(scope="module")
def served(context: AppContext) -> Iterator[str]:
    with _served(make_letterbox(context.config, context.installation_stream)) as url:
        yield url


@pytest.fixture
def box(context: AppContext, served: str) -> Iterator[Box]:
    box = Box(context, served)
    yield box
    for path in box.mailbox.folder.iterdir():
        path.unlink()


class _served:
    def __init__(self, app: FastAPI) -> None:
        self.listening = listen("127.0.0.1", 0)
        self.loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(app,), daemon=True)

    def _run(self, app: FastAPI) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(serve_on(app, self.listening, (), self.ready.set, self.stop))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def __enter__(self) -> str:
        port = self.listening.getsockname()[1]
        self.thread.start()
        assert self.ready.wait(PATIENCE_SECONDS)
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"letterbox-{name}.png"))


def test_an_empty_mailbox_says_where_letters_come_from(box: Box) -> None:
    page = box.get("/").text
    assert (
        "Aucune lettre pour l’instant" in page and "/f/" in page and 'http-equiv="refresh"' in page
    )


def test_the_newest_letter_is_shown_and_any_other_can_be_chosen(box: Box) -> None:
    box.put("Première", text="Un")
    box.put("Deuxième", "bruno@lecteurs.example", text="Deux")
    page = box.get("/").text
    assert (
        "<h1>Deuxième</h1>" in page
        and 'src="/html/0000000002"' in page
        and "bruno@lecteurs.example" in page
    )
    assert 'http-equiv="refresh"' not in page
    chosen = box.get("/?letter=0000000001&part=text").text
    assert "<h1>Première</h1>" in chosen and 'src="/text/0000000001"' in chosen
    assert box.get("/text/0000000001").text.strip() == "Un"
    assert "Subject:" in box.get("/source/0000000001").text


def test_the_list_is_refreshed_by_itself_and_can_be_kept_to_one_reader(box: Box) -> None:
    box.put("Première")
    box.put("Deuxième", "bruno@lecteurs.example")
    every = box.get("/list?letter=0000000001").text
    one = box.get("/list?to=anna@lecteurs.example").text
    assert (
        'http-equiv="refresh"' in every
        and every.index("Deuxième") < every.index("Première")
        and every.count('aria-current="true"') == 1
    )
    assert (
        "Première" in one
        and "Deuxième" not in one
        and 'href="/?letter=0000000001&amp;to=anna%40lecteurs.example"' in one
    )


def test_the_list_tells_when_letters_were_written_by_the_engines_clock_and_finds_words(
    box: Box,
) -> None:
    box.put("Première récolte", date="Tue, 01 Dec 2026 09:00:00 +0100")
    box.put("Deuxième", "bruno@lecteurs.example", date="Fri, 04 Dec 2026 09:30:00 +0100")
    every = box.get("/list").text
    assert "01/12/2026 09:00" in every and "04/12/2026 09:30" in every
    for words, subject in (
        ("RECOLTE", "Première récolte"),
        ("bruno", "Deuxième"),
        ("premiere anna", "Première récolte"),
    ):
        found = box.get(f"/list?q={words}").text
        assert found.count("<li") == 1 and subject in found
    assert "Aucune lettre ne contient cela." in box.get("/list?q=poireau").text
    assert "Première récolte" in box.get("/?q=recolte").text


def test_a_letter_is_shown_narrow_and_at_night(box: Box) -> None:
    box.put(
        "Bonjour",
        html=(
            "<style>@media (prefers-color-scheme: dark) { p { color: red } }</style><p>Bonjour</p>"
        ),
    )
    page = box.get("/?width=360&dark=1").text
    assert 'src="/html/0000000001?dark=1"' in page
    assert "@media (min-width: 0px)" in box.get("/html/0000000001?dark=1").text
    assert "@media (prefers-color-scheme: dark)" in box.get("/html/0000000001").text
    assert (
        'style="max-width: 360px"' in page and 'class="letter dark"' in page and "De jour" in page
    )
    assert (
        "max-width: 9" not in box.get("/?width=9px;color:red").text
        and 'class="letter"' in box.get("/").text
    )


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8081",
        "127.0.0.1.evil.example",
        "localhost.evil.example:1",
        "",
        "[::2]:8081",
        "2130706433",
    ],
)
@pytest.mark.parametrize("path", ["/", "/list", "/html/0000000001", "/source/0000000001"])
def test_a_foreign_host_name_is_refused(box: Box, path: str, host: str) -> None:
    box.put("Secret")
    answer = box.get(path, Host=host)
    assert answer.status_code in (400, 403) and "Secret" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8081", "localhost:8081", "[::1]:8081"])
def test_this_machine_is_not_foreign_to_itself(box: Box, host: str) -> None:
    assert box.get("/", Host=host).status_code == 200


@pytest.mark.parametrize(
    "letter", ["0000000009", "..%2F..%2Fconfig.toml", "....//config.toml", "0", "é"]
)
def test_a_letter_that_is_not_there_is_not_found(box: Box, letter: str) -> None:
    box.put("Première")
    for part in ("html", "text", "source"):
        assert box.get(f"/{part}/{letter}").status_code == 404
    page = box.get(f"/?letter={letter}")
    assert (
        page.status_code == 200
        and "gardée ici" in page.text
        and '<iframe class="letter"' not in page.text
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n",
        (
            b"Subject: =?utf-8?q?=ED=A0=80?=\r\nContent-Type: text/html;"
            b" charset=no-such\r\n\r\n\xff\xfe"
        ),
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n",
        (
            b'Subject: "><script>run()</script>\r\nTo: <"><script>@x>\r\nDate:'
            b" never\r\n\r\n</pre><script>run()</script>"
        ),
        b"Content-Type: text/plain; charset*=''utf-8%00\r\nFrom: =?x?q??= <\xe9@\xe9>\r\n\r\n\xe9",
    ],
)
def test_no_letter_breaks_the_page_or_puts_anything_into_it(box: Box, octets: bytes) -> None:
    box.put_octets(octets, 'anna@"><script>run()</script>')
    for path in ("/", "/list", "/?part=text", "/?part=source"):
        page = box.get(path)
        assert page.status_code == 200 and "<script>" not in page.text
    for part in ("html", "text", "source"):
        answer = box.get(f"/{part}/0000000001")
        assert answer.status_code in (200, 404)
        assert (
            "sandbox" in answer.headers["content-security-policy"]
            and "allow-scripts" not in answer.headers["content-security-policy"]
        )
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.browser
def test_a_letter_is_read_and_its_scripts_stay_dead(box: Box) -> None:
    box.put("Avez-vous semé vos graines ?", html=HOSTILE.format(url=f"{box.url}/list"))
    with browsing() as page:
        asked: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url))
        page.goto(box.url)
        frame = page.frame_locator("iframe.letter")
        expect(frame.get_by_role("heading", name="Bonjour Anna")).to_be_visible()
        page.wait_for_timeout(500)
        assert page.title().startswith("Avez-vous semé vos graines ?")
        assert not [url for url in asked if "x.invalid" in url]
        with page.context.expect_page() as opened:
            frame.get_by_role("link", name="Oui").click()
        expect(opened.value.get_by_text("Avez-vous semé vos graines ?")).to_be_visible()
        expect(frame.get_by_role("heading", name="Bonjour Anna")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_the_list_grows_while_the_letter_being_read_stays(
    box: Box, scheme: str, width: int
) -> None:
    for number in range(1, 31):
        box.put(
            f"La lettre n° {number} du potager",
            html="<h1>Au jardin</h1>" + f"<p>Ligne {number}</p>" * 80,
        )
    with browsing(scheme="dark" if scheme == "dark" else "light", width=width) as page:
        page.goto(f"{box.url}/?letter=0000000003")
        letter, rows = page.frame_locator("iframe.letter"), page.frame_locator("iframe.list")
        expect(letter.get_by_text("Ligne 3").first).to_be_visible()
        expect(rows.get_by_role("link", name="La lettre n° 30 du potager")).to_be_visible()
        picture(page, f"{scheme}-{width}")
        reading = next(frame for frame in page.frames if "/html/" in frame.url)
        listing = next(frame for frame in page.frames if "/list" in frame.url)
        reading.evaluate("window.scrollTo(0, 400)")
        rows.get_by_role("link", name="La lettre n° 25 du potager").focus()
        listing.evaluate("window.scrollTo(0, 300)")
        box.put("Une de plus")
        expect(rows.get_by_text("Une de plus")).to_be_attached(timeout=8_000)
        assert reading.evaluate("window.scrollY") == 400 and page.url.endswith("letter=0000000003")
        assert listing.evaluate("window.scrollY") == 300
        expect(rows.get_by_role("link", name="La lettre n° 25 du potager")).to_be_focused()


@pytest.mark.browser
def test_the_first_letter_shows_itself(box: Box) -> None:
    with browsing() as page:
        page.goto(box.url)
        expect(page.get_by_role("heading", name="Aucune lettre pour l’instant")).to_be_visible()
        picture(page, "empty")
        box.put("Bienvenue")
        expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible(timeout=8_000)


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: Poup\xc3\xa9e\n" + b"Content-Type: message/rfc822\n\n" * 3000 + b"x",
        b"Subject: Poup\xc3\xa9e\n"
        + b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(3000)
        )
        + b"\nx",
        b'Subject: Poup\xc3\xa9e\nContent-Type: multipart/mixed; boundary="b"\n\n'
        + b"--b\n\nx\n" * 100_000,
        b"Subject: Poup\xc3\xa9e\n\n" + b"x\n" * sized(1_000_000, 4_000_000),
    ],
    ids=["letters within letters", "parts within parts", "parts", "lines"],
)
def test_a_letter_of_very_many_parts_keeps_nobody_waiting(box: Box, octets: bytes) -> None:
    box.put_octets(octets)
    page = box.get("/")
    assert page.status_code == 200 and "Poup" in page.text
    assert box.get("/html/0000000001").status_code in (200, 404)
    assert box.get("/source/0000000001").status_code == 200
