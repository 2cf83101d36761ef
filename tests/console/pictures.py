"""`make pictures`: the pictures of docs/console.md, of the sample installation with invented people
who lived in it. Run as `python -m tests.console.pictures [FOLDER]`.

In French, 1280 and 360 pixels wide, light and dark, as WebP. What a clock or chance decides (a
date, a person's id) differs from one run to the next, so nothing compares octets.
"""

from __future__ import annotations

import base64
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Page

from engine.commands.command_handler import CommandRequest
from engine.console.access import Role
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.sequence.draft import as_name
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from tests.cli.asking import answer, send
from tests.clusters import SHARED
from tests.console import sample
from tests.console.delivering import delivered, reported
from tests.console.importing import Pages
from tests.console.serving import Browser, Served, console_of
from tests.running_installation import Installations
from tests.web.browsing import browsing, close_browser

FOLDER = sample.ROOT / "docs" / "pictures"
QUALITY, HIGHEST = 60, 1400
PARTS = ("follow", "schedule", "send", "web", "console")
"""What runs, as far as the pictures tell."""
NAMES = """
Camille Hugo Inès Jules Lina Malo Nour Oscar Paula Rémi Salomé Théo Violette Yanis Zoé Adèle
Bastien Clara Diego Élise Farid Gaëlle Ilan Jeanne Karim Léonie Maxence Nina Octave Romane Samir
Tess Ugo Victoire Wassim Agathe Côme Daphné Élie Fanny Gabin Hélène Ismaël Julie Kenza Lucien
Mila Noé Olivia Paul Quitterie Rose Simon Thaïs Ulysse Valentin Alba Basile Chloé David Emma
Félix Garance Hanna Ivan Joséphine Loan Manon Nils
"""
WAVES = ((34, 18, 7), (22, 11, 3), (13, 0, 0))
"""How many come, and how many of them answer yes and no, from one wave to the next."""
CONTACTS = """E-mail;Prénom;Inscrit le;Newsletter
ana@lecteurs.example;Ana;12/03/2026;oui
basile@lecteurs.example;Basile;14/03/2026;non
"""
DARK = ("dialogue",)
PHONE = ("today", "dialogue", "person")


class Picture(NamedTuple):
    """`page` is a path of the console; `{person}` stands for the first who lives there, `{upload}`
    for a file that waits to be imported.
    """

    name: str
    page: str


class Look(NamedTuple):
    suffix: str
    width: int
    scheme: Literal["light", "dark"]


PICTURES = (
    Picture("first-steps", "/first-steps"),
    Picture("today", "/"),
    Picture("dialogues", "/d"),
    Picture("dialogue", "/d/onboarding"),
    Picture("editor", "/d/onboarding/edit"),
    Picture("timing", "/d/onboarding/timing"),
    Picture("letter", "/l/10/graines-semees"),
    Picture("publish", "/publish"),
    Picture("editions", "/publish/history"),
    Picture("people", "/people"),
    Picture("person", "/people/{person}"),
    Picture("results", "/results"),
    Picture("segments", "/segments"),
    Picture("import", "/import"),
    Picture("import-columns", "/import/{upload}"),
    Picture("broadcasts", "/broadcasts"),
    Picture("programme", "/programme"),
    Picture("forms", "/forms"),
    Picture("requests", "/requests"),
    Picture("operator", "/operator"),
    Picture("accounts", "/accounts"),
    Picture("account", "/account"),
    Picture("api", "/api-reference"),
    Picture("delivery", "/operator/delivery"),
    Picture("connections", "/connections"),
    Picture("connection", "/connections/boutique"),
)


def looks(name: str) -> Iterator[Look]:
    """In what sizes and colours a page is shown; the first is that of a desk by day."""
    yield Look("", 1280, "light")
    if name in DARK:
        yield Look("-dark", 1280, "dark")
    if name in PHONE:
        yield Look("-phone", 360, "light")


def files() -> list[str]:
    return [
        f"console-{picture.name}{look.suffix}.webp"
        for picture in PICTURES
        for look in looks(picture.name)
    ]


def take(page: Page, path: Path, width: int) -> None:
    high = min(HIGHEST, int(page.evaluate("document.documentElement.scrollHeight")))
    wanted = {
        "format": "webp",
        "quality": QUALITY,
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": width, "height": high, "scale": 1},
    }
    told = page.context.new_cdp_session(page).send("Page.captureScreenshot", wanted)
    path.write_bytes(base64.b64decode(told["data"]))


def take_all(console: Served, parts: Mapping[str, str], folder: Path) -> None:
    accounts = console.context.accounts
    account = accounts.add("Léa", Role.OPERATOR, False, wall_now())
    assert account is not None
    accounts.set_language(account.id, "fr")
    accounts.put_first_steps_away(account.id)
    with console.as_account(account.id) as session:
        _asked(session)
        cookie = {"name": session.cookie, "value": session.token, "url": console.url}
        for picture in PICTURES:
            if picture.name == "delivery":
                delivered(console.context)
                reported(console.context)
            if picture.name == "connections":
                sample.connected(console.context, parts["person"])
            for look in looks(picture.name):
                console.context.processes.beat("pictures", PARTS, {})
                with browsing(width=look.width, scheme=look.scheme) as page:
                    page.context.add_cookies([cookie])  # type: ignore[list-item]
                    answer = page.goto(console.url + picture.page.format(**parts))
                    assert answer is not None
                    if answer.status == 404:
                        print(f"{picture.page} is not there")
                        break
                    assert answer.status == 200, picture
                    page.wait_for_load_state("networkidle")
                    name = f"console-{picture.name}{look.suffix}.webp"
                    take(page, folder / name, look.width)
                    print(name)


def lived_in(context: AppContext) -> str:
    """Who came in waves, and answered or not; the stream of the first."""
    names, streams = iter(NAMES.split()), list[str]()
    for count, yes, no in WAVES:
        here = _come(context, [next(names) for _ in range(count)])
        streams += here
        send(context, here)
        if not yes:
            break
        context.clock.jump(4 * 86_400_000)
        begun = send(context, here)
        for number, stream in enumerate(here[: yes + no]):
            way = (0, 11, "Oui, c’est fait") if number < yes else (1, 12, "Non, aidez-moi")
            link, target, label = way
            question = sample.ASKED
            answer(context, stream, begun[stream], link, target, label=label, question=question)
        send(context, here[:yes], "list:11")
        send(context, here[yes : yes + no], "list:12")
    context.views.catch_up()
    return streams[0]


def _come(context: AppContext, names: Sequence[str]) -> list[str]:
    now = context.clock.now()
    command = Subscribe(now, Cause("form"), 10, "consent", "single", own_act=True)
    results = context.command_handler.execute(
        [
            CommandRequest(
                command,
                address=f"{as_name(name)}@lecteurs.example",
                vault_write=VaultWrite("", now, fields={"first_name": name}),
            )
            for name in names
        ]
    )
    return [result.stream for result in results]


def _asked(session: Browser) -> None:
    """Somebody asks for their data, by telephone."""
    address = f"{as_name(NAMES.split()[1])}@lecteurs.example"
    told = {"right": "access", "by": address, "received": "", "note": "Au téléphone."}
    assert session.submit("/requests", told).status_code == 303
    session.console.context.views.catch_up()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("console-*.webp"):
        if re.fullmatch(r"console-[a-z-]+\.webp", old.name) and old.name not in files():
            old.unlink()
    with tempfile.TemporaryDirectory(prefix="relance-") as cluster:
        os.environ.setdefault(SHARED, cluster)
        _take_anew(folder)


def _take_anew(folder: Path) -> None:
    with Installations() as made, sample.installed(made) as context:
        person = lived_in(context)
        with tempfile.TemporaryDirectory() as sent, console_of(context) as console:
            upload = Pages(context).sent(Path(sent), CONTACTS, name="salon.csv").token
            take_all(console, {"person": person, "upload": upload}, folder)
    close_browser()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
