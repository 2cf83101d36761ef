"""Whatever an author or a reader has written, a page of the console shows it as words (G09)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

import pytest

from engine.commands.command_handler import CommandRequest
from engine.console.application import page_routes
from engine.console.visit import Route
from engine.context import AppContext
from engine.subscriber.commands import ChangeProfile
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES, answer, join, send
from tests.console.importing import looked_at
from tests.console.visiting import visit
from tests.running_installation import Installations

TAG = "<img src=x onerror=alert(1)>"
WORDS = f"{TAG}\" autofocus onfocus=alert(2) x='"
SEGMENT = f"""
[[segment]]
id = "s"
name = '''{WORDS.replace("'", "’")}'''
all = ["on 10"]
"""


class Acting(HTMLParser):
    """Finds what acts in a page: an attribute of an event, a script of its own, an address that is
    one, a picture that nobody put there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        acts = any(name.startswith("on") or name == "style" for name in known)
        own = tag in ("script", "style") and "src" not in known
        leads = any((value or "").lower().startswith("javascript:") for value in known.values())
        if acts or own or leads or known.get("src") == "x":
            self.found.append(f"<{tag} {known}>")


def acting(page: str) -> list[str]:
    parser = Acting()
    parser.feed(page)
    return parser.found


def hostile() -> dict[str, str]:
    """The dialogue that asks, with such words wherever an author may write some."""
    written = WORDS.replace('"', '\\"')
    dialogue = FILES["d.toml"]
    for plain in ("Essai", "Une question", "Encore", "Un carnet ?"):
        dialogue = dialogue.replace(f'"{plain}"', f'"{written}"')
    asks = "Alors ?\n\n[" + WORDS.replace("]", "") + "](===11===) [Non](===12===)\n"
    return FILES | {"d.toml": dialogue + SEGMENT, "asks.md": asks}


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(hostile()) as made:
        yield made


@pytest.fixture(scope="module")
def named(context: AppContext, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What stands for each part of an address: somebody of this name who has answered so, a file
    to be imported that is full of such words.
    """
    cell = WORDS.replace('"', '""')
    table = f'email;"{cell}"\nwho@lecteurs.example;"{cell}"\n"{cell}";\n'
    upload = looked_at(context, tmp_path_factory.mktemp("sent"), table, name=f"{WORDS}.csv")
    (who,) = join(context, 1)
    begun = send(context, [who])[who]
    answer(context, who, begun, 0, 11, label=WORDS, question="list:10/asks")
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            ChangeProfile(now, Cause("api"), ("first_name",)),
            stream=who,
            vault_write=VaultWrite(who, now, fields={"first_name": WORDS}),
        )
    )
    context.views.catch_up()
    return {
        "dialogue": "d",
        "list": "10",
        "letter": "asks",
        "subscriber": who,
        "broadcast": "poll",
        "segment": "s",
        "key": "list:10",
        "before": "1",
        "after": "1",
        "format": "csv",
        "upload": upload,
    }


def test_every_page_shows_hostile_words_as_words(
    context: AppContext, named: Mapping[str, str]
) -> None:
    shown: set[str] = set()
    for route in page_routes(context):
        if route.method == "GET":
            text = _page(route, named)
            assert acting(text) == [], route.path
            shown |= {route.path} if "&lt;img src=x onerror" in text else set()
    # A page that shows none of them proves nothing; these are known to.
    assert {"/", "/d", "/d/{dialogue}", "/people/{subscriber}", "/segments"} <= shown
    assert {"/import", "/import/{upload}", "/import/{upload}/report"} <= shown


def _page(route: Route, named: Mapping[str, str]) -> str:
    """What is shown there, "" for a letter in its own sandbox, and for what is no page."""
    parts = re.findall(r"\{(\w+)", route.path)
    path = {part: named.get(part, WORDS) for part in parts}
    url = re.sub(r"\{(\w+)\}", lambda part: path[part[1]], route.path)
    response = route.handler(visit(url=url, path=path, query={"q": WORDS, "text": WORDS}))
    assert response.status_code < 500, route.path
    is_page = response.headers.get("content-type", "").startswith("text/html")
    sandboxed = "sandbox" in response.headers.get("content-security-policy", "")
    return bytes(response.body).decode() if is_page and not sandboxed else ""


@pytest.mark.parametrize(
    "page", ["<p onclick='x()'>", TAG, "<script>x()</script>", "<a href='JavaScript:x()'>"]
)
def test_what_acts_is_found(page: str) -> None:
    assert acting(page)
