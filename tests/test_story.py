"""One story through real parts: PostgreSQL, a mail server, HTTP, the command line, the clock sped
up.

Anna says yes. Bruno says no, then yes. Chloé stays silent and is asked again. David unsubscribes.
Emma is copied. Fanny buys. A robot opens every link. Afterwards nothing that identifies any of them
stands in the ledger or a view, and the views equal a replay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.store.embedded import Embedded
from tests.running import (
    GROUND,
    LINK,
    MailServer,
    Relance,
    free_port,
    link,
    plain,
    press,
    wait_for,
    write,
)
from tests.running_installation import LAYOUT, PEOPLE

NAMES = ("anna", "bruno", "chloe", "david", "emma", "fanny")
ORDER = "COMMANDE-77421"
SPEED = "20000"
LONG = pytest.mark.timeout(240)

CONFIG = (
    """
[site]
name = "Le Potager"
url = "{url}"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"
timezone = "Europe/Paris"

[web]
port = {port}

[smtp]
host = "127.0.0.1"
port = {smtp}
sink = true
tls = "none"

[console]
port = 0

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[[purpose]]
id = "commandes"
name = "Le suivi des commandes"

[consent]
declared = "write"
"""
    + PEOPLE
)
DIALOGUE = """
title = "Semis"
purpose = "conseils"

[[list]]
id = 10
name = "semis"
group = "prospects"

  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Avez-vous semé, {{ first_name | default('vous', true) }} ?"
  body = "question.md"

  [[list.letter]]
  id = "question-again"
  reminds = "question"
  wait = "8 days"
  subject = "Alors ?"
  body = "question.md"

[[list]]
id = 11
name = "seme"
group = "prospects"
thanks = "Bravo !"

  [[list.letter]]
  id = "bravo"
  after = "0 minutes"
  subject = "Bravo"
  body = "bravo.md"

[[list]]
id = 12
name = "pas-encore"
group = "prospects"

[[list]]
id = 13
name = "carnet"

[[list]]
id = 20
name = "acheteurs"
group = "clients"
purpose = "commandes"

  [[list.letter]]
  id = "merci"
  after = "0 minutes"
  subject = "Merci"
  body = "bravo.md"
"""
FILES = {
    "sequences/semis.toml": DIALOGUE,
    "sequences/layout.html": LAYOUT,
    "sequences/question.md": (
        "Avez-vous semé ?\n\n[Oui](===11===)\n\n[Non](===12===)\n\n[Le carnet](+++13+++)\n"
    ),
    "sequences/bravo.md": "Merci !\n",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relance]:
    """The story has been lived when a test asks for it."""
    folder = tmp_path_factory.mktemp("story")
    with MailServer() as mail:
        port = free_port()
        relance = Relance(folder, port, mail)
        write(
            folder,
            FILES | {"config.toml": CONFIG.format(url=relance.url, port=port, smtp=mail.sink.port)},
        )
        rows = "".join(f"{name}@lecteurs.example,{name.title()}\n" for name in NAMES)
        write(folder, {"people.csv": "email,prénom\n" + rows})
        with relance.run("--speed", SPEED):
            _live(relance)
        yield relance


def _live(relance: Relance) -> None:
    people = str(relance.folder / "people.csv")
    said = relance.verb("import", people, "--list", "10", *GROUND, "--start", "welcome")
    assert "6" in said
    relance.verb("resume", "--yes")
    wait_for(lambda: all(relance.mail.letters(f"{name}@lecteurs.example") for name in NAMES))
    letters = {name: relance.mail.letters(f"{name}@lecteurs.example")[0] for name in NAMES}
    for letter in (letters["anna"], letters["david"]):
        for url in LINK.findall(plain(letter)):
            for agent in ("Mozilla/5.0 BingPreview/1.0b", "curl/8", ""):
                assert httpx.get(url, headers={"User-Agent": agent}).status_code == 200
                assert httpx.head(url, headers={"User-Agent": agent}).status_code == 200
    assert "Bravo\u00a0!" in press(link(letters["anna"], "Oui")).text
    press(link(letters["bruno"], "Non"))
    press(link(letters["bruno"], "Oui"))
    press(link(letters["emma"], "Le carnet"))
    url = re.search(r"<(http[^>]+)>", str(letters["david"]["List-Unsubscribe"]))
    assert url is not None
    for _ in range(2):
        answer = httpx.post(url[1], data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and "set-cookie" not in answer.headers
    key = re.search(
        r"relance_\S+", relance.verb("api-key", "create", "boutique", "--scope", "subscribe")
    )
    assert key is not None
    order = {
        "email": "fanny@lecteurs.example",
        "list": 20,
        "basis": "service",
        "source": "boutique",
        "collected_at": "2026-01-06",
        "proof": ORDER,
    }
    for _ in range(2):
        heads = {"Authorization": f"Bearer {key[0]}", "Idempotency-Key": ORDER}
        bought = httpx.post(f"{relance.url}/api/v1/subscriptions", json=order, headers=heads)
        assert bought.status_code in (200, 201), bought.text
    wait_for(lambda: len(relance.mail.letters("chloe@lecteurs.example")) >= 2)
    wait_for(lambda: len(relance.mail.letters("anna@lecteurs.example")) >= 2)
    wait_for(lambda: len(relance.mail.letters("fanny@lecteurs.example")) >= 2)


@LONG
def test_anna_says_yes_and_gets_what_follows(told: Relance) -> None:
    facts = told.facts("anna@lecteurs.example")
    assert facts[:5] == [
        "subscriber-registered",
        "consent-given",
        "list-joined",
        "letter-begun",
        "letter-sent",
    ]
    moved = next(
        fact for fact in told.story("anna@lecteurs.example") if fact["event"] == "list-moved"
    )
    assert (moved["payload"]["source"], moved["payload"]["target"], moved["cause"]["door"]) == (
        10,
        11,
        "click",
    )
    assert [str(letter["Subject"]) for letter in told.mail.letters("anna@lecteurs.example")][
        1
    ] == "Bravo"


@LONG
def test_bruno_changes_his_mind_and_stands_in_one_place(told: Relance) -> None:
    moves = [
        fact["payload"]
        for fact in told.story("bruno@lecteurs.example")
        if fact["event"] == "list-moved"
    ]
    assert [(move["source"], move["target"]) for move in moves] == [(10, 12), (12, 11)]


@LONG
def test_chloe_stays_silent_and_is_asked_again_once(told: Relance) -> None:
    begun = [
        fact["payload"]["letter"]
        for fact in told.story("chloe@lecteurs.example")
        if fact["event"] == "letter-begun"
    ]
    assert begun == ["question", "question-again"]


@LONG
def test_david_unsubscribes_once_and_hears_no_more(told: Relance) -> None:
    facts = told.facts("david@lecteurs.example")
    assert facts.count("consent-withdrawn") == 1
    assert "letter-begun" not in facts[facts.index("consent-withdrawn") :]
    assert len(told.mail.letters("david@lecteurs.example")) == 1


@LONG
def test_emma_is_copied_and_stays(told: Relance) -> None:
    facts = told.facts("emma@lecteurs.example")
    assert "list-copied" in facts and "list-left" not in facts


@LONG
def test_fanny_buys_once_and_leaves_the_prospects(told: Relance) -> None:
    story = told.story("fanny@lecteurs.example")
    joined = [fact["payload"]["list"] for fact in story if fact["event"] == "list-joined"]
    left = [
        (fact["payload"]["list"], fact["payload"]["why"])
        for fact in story
        if fact["event"] == "list-left"
    ]
    assert (joined, left) == ([10, 20], [(10, "rule")])


@LONG
def test_no_letter_comes_twice(told: Relance) -> None:
    for name in NAMES:
        ids = [
            str(letter["Message-ID"]) for letter in told.mail.letters(f"{name}@lecteurs.example")
        ]
        assert len(ids) == len(set(ids))


@LONG
def test_replay_says_equal(told: Relance) -> None:
    assert told.verb("audit", "replay").strip().endswith("equal")


@LONG
def test_neither_ledger_nor_view_names_anybody(told: Relance) -> None:
    told.verb("lists")
    embedded = Embedded(told.folder / "data" / "postgres", told.folder / "data" / "secrets")
    with (
        embedded,
        psycopg.connect(make_conninfo(embedded.attach(), dbname="relance")) as connection,
    ):
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname ="
            " 'ledger' OR schemaname LIKE 'view\\_%'"
        ).fetchall()
        text = "\n".join(_dump(connection, str(table[0])) for table in tables)
    # The name in which checkpoints are signed begins with the host of [site] url, which here is
    # where the readers are too.
    text = text.replace(f"127.0.0.1:{told.port}/relance/", "")
    assert "list-moved" in text and len(tables) > 4
    for secret in (
        *NAMES,
        *(name.title() for name in NAMES),
        "lecteurs.example",
        "127.0.0.1",
        ORDER,
        "people.csv",
        "foire",
        "boutique",
    ):
        assert secret not in text, f"{secret} stands in the ledger or in a view"


def _dump(connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    rows = connection.execute(f"SELECT * FROM {table}".encode()).fetchall()
    return "\n".join(
        " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row)
        for row in rows
    )


@LONG
def test_the_log_names_nobody_and_shows_no_link(told: Relance) -> None:
    log = Path(told.folder / "run.log").read_text()
    assert not LINK.search(log) and not any(f"{name}@" in log for name in NAMES)
    assert json.loads(told.verb("lists", "--json"))
