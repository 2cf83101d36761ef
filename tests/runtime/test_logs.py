"""G03: a whole story with known people, whatever goes wrong in it, and not one of them in any log;
the facts are there, one JSON object a line.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from engine.runtime.logs import LOUD, OneLine
from engine.store.safe_error_text import safe_error_text
from tests.cli.commanding import DIALOGUE, SMTP, SOURCE, Installation, database, embedded
from tests.running import MailServer, link, press, wait_for, write

pytestmark = pytest.mark.timeout(240)
NAMES = {
    "anna": "Grimaldine",
    "bruno": "Tournebize",
    "chloe": "Quatresous",
    "david": "Pamplemousse",
    "emma": "Zinzolin",
    "zoe": "Fanfreluche",
}
VISITOR = "203.0.113.77"
FORM = """
[[form]]
name = "inscription"
list = 10
checkbox = "Oui, je veux la lettre."
title = "La lettre"
button = "Je m'inscris"
notice = "Nous gardons votre adresse pour vous écrire."

  [[form.field]]
  name = "first_name"
  label = "Prénom"
"""
SPECIAL = """
  [[list.letter]]
  id = "special"
  after = "0 minutes"
  subject = "Pour vous"
  body = "special.md"
"""


def people() -> str:
    rows = [
        f"{each}@lecteurs.example;{name if each != 'emma' else ''}"
        for each, name in NAMES.items()
        if each != "zoe"
    ]
    return "\n".join(["email;first_name", *rows]) + "\n"


@pytest.fixture(scope="module")
def told(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[dict[str, object]], str, list[str]]]:
    """The lines of the run, everything that was logged by anybody, and the secrets that were
    about.
    """
    relance = Installation(tmp_path_factory.mktemp("installation"))
    with embedded(relance), MailServer() as mail:
        write(
            relance.folder,
            {
                "sequences/semis.toml": (
                    DIALOGUE.replace("[[list]]\nid = 20", SPECIAL + "\n[[list]]\nid = 20") + FORM
                )
            },
        )
        write(
            relance.folder,
            {
                "sequences/special.md": "Chère {{ first_name }}, rien que pour vous.\n",
                "people.csv": people(),
            },
        )
        relance.configure(
            SMTP.format(port=mail.sink.port),
            {f"port = {relance.web}": f'port = {relance.web}\ntrusted_proxies = ["127.0.0.1"]'},
        )
        relance.done("publish", "--yes")
        for number in ("10", "12"):
            relance.done(
                "import",
                str(relance.folder / "people.csv"),
                "--list",
                number,
                "--start",
                "welcome",
                *SOURCE,
            )
        mail.sink.answer(
            "rcpt",
            f"550 5.1.1 <bruno@lecteurs.example>: {NAMES['bruno']} is unknown, asked {VISITOR}",
            "bruno@lecteurs.example",
        )
        mail.sink.answer(
            "dot",
            f"451 4.7.1 {NAMES['chloe']} chloe@lecteurs.example is greylisted from {VISITOR}",
            "chloe@lecteurs.example",
        )
        mail.sink.answer("connect", "421 4.3.2 busy with david@lecteurs.example", times=1)
        key = relance.done("api-key", "create", "boutique", "--scope", "subscribe").strip()
        relance.done("resume", "--yes")
        process = relance.begin("run", "--speed", "300", "--trial")
        try:
            secrets = [key, *_lives(relance, mail, key)]
        except BaseException as error:
            process.kill()
            raise AssertionError(f"{error!r}: {process.communicate()}") from error
        err = _ends(relance, process)
        postgres = (relance.folder / "data" / "postgres.run" / "postgres.log").read_text()
    yield [json.loads(line) for line in err.splitlines()], err + postgres, secrets


def _lives(relance: Installation, mail: MailServer, key: str) -> list[str]:
    """What people, robots and a shop do, and a database that is taken away and refuses; the tokens
    that were in it.
    """
    wait_for(relance.serves)
    letters = wait_for(
        lambda: (
            len(mail.letters("anna@lecteurs.example")) == 2
            and mail.letters("anna@lecteurs.example")
        )
    )
    wait_for(lambda: len(mail.letters("david@lecteurs.example")) == 2)
    question = next(letter for letter in letters if "semé" in letter["Subject"])
    url = link(question, "Oui")
    assert press(url).status_code == 200
    headers = {"X-Forwarded-For": VISITOR}
    with httpx.Client(base_url=relance.url, headers=headers, timeout=20) as visitor:
        visitor.get(url.replace(relance.url, "")[:-1] + "x")
        visitor.get("/nothing", params={"email": "anna@lecteurs.example"})
        visitor.post(
            "/f/inscription", data={"email": "zoe@lecteurs.example", "first_name": NAMES["zoe"]}
        )
        with database(relance) as connection:
            # A trigger that says in its message, detail and hint whom it is about.
            connection.execute(
                "CREATE FUNCTION vault.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF"
                " NEW.address LIKE 'zoe%' THEN RAISE EXCEPTION USING MESSAGE = 'refused', DETAIL ="
                " NEW.address || NEW.fields::text, HINT = NEW.address; END IF; RETURN NEW; END $$"
            )
            connection.execute(
                "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON vault.person FOR EACH ROW EXECUTE"
                " FUNCTION vault.refuse()"
            )
            call = {
                "email": "zoe@lecteurs.example",
                "list": 10,
                "fields": {"first_name": NAMES["zoe"]},
                "basis": "consent",
                "source": "x",
            }
            call |= {"collected_at": "2026-01-15"}
            said_no = visitor.post(
                "/api/v1/subscriptions", json=call, headers={"Authorization": f"Bearer {key}"}
            )
            assert said_no.status_code == 500 and "zoe" not in said_no.text
            # After a failure the server closes its connection.
            broken = b'{"email": "zoe@lecteurs.example"'
            assert httpx.post(
                f"{relance.url}/api/v1/subscriptions",
                content=broken,
                headers={"Authorization": f"Bearer {key}"},
            ).is_client_error
            connection.execute("DROP TRIGGER refuse ON vault.person")
            connection.execute(
                "ALTER TABLE view_members_2.membership ADD CONSTRAINT nobody CHECK (list <> 11) NOT"
                " VALID"
            )
            relance.done("subscribe", "david@lecteurs.example", "--list", "11", *SOURCE)
            wait_for(lambda: "the view members has stopped" in relance("status").out)
            connection.execute("ALTER TABLE view_members_2.membership DROP CONSTRAINT nobody")
            wait_for(lambda: "the view members has stopped" not in relance("status").out)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="
                " 'relance_program'"
            )
    wait_for(relance.serves)
    relance.done("pause", "--list", "12")
    wait_for(lambda: "special" in relance("status").out)
    return [
        url.rpartition("/")[2],
        *(
            secret
            for letter in letters
            for secret in re.findall(r"/l/([\w-]{35})", letter.as_string())
        ),
    ]


def _ends(relance: Installation, process: object) -> str:
    """Somebody takes a table away beneath the sender: the error nobody expected."""
    import subprocess

    assert isinstance(process, subprocess.Popen)
    with database(relance) as connection:
        connection.execute("ALTER TABLE desk.waiting RENAME TO gone")
        relance("subscribe", "anna@lecteurs.example", "--list", "12", *SOURCE)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            connection.execute("ALTER TABLE desk.gone RENAME TO waiting")
    return str(err)


Told = tuple[list[dict[str, object]], str, list[str]]


def test_no_log_holds_an_address_a_name_a_token_or_an_ip(told: Told) -> None:
    _, text, secrets = told
    assert len(secrets) > 3
    held = [
        secret
        for secret in (
            *NAMES.values(),
            *(f"{name}@" for name in NAMES),
            "lecteurs.example",
            VISITOR,
            *secrets,
        )
        if secret in text
    ]
    assert held == []


def test_the_facts_are_there_one_object_a_line(told: Told) -> None:
    lines, _, _ = told
    whats = [str(line["what"]) for line in lines]
    assert whats[0] == "started" or "started" in whats
    assert "stopped" in whats and "a view has stopped" in whats and "a view goes on" in whats
    ticks = [line for line in lines if line["what"] == "tick"]
    assert sum(int(str(tick.get("sent", 0))) for tick in ticks) >= 4
    assert any(
        isinstance(each := tick.get("failed"), dict) and "550 5.1.1" in each for tick in ticks
    )
    assert any(
        isinstance(each := tick.get("deferred"), dict) and "451 4.7.1" in each for tick in ticks
    )
    assert any(
        isinstance(each := tick.get("withheld"), dict) and "cannot be rendered" in each
        for tick in ticks
    )
    (unexpected,) = [line for line in lines if line["what"] == "ended by an error nobody expected"]
    assert unexpected[
        "error"
    ] == "UndefinedTable" and 'relation "desk.waiting" does not exist' in str(unexpected["said"])
    assert any("engine/sending/" in str(frame) for frame in list(unexpected["trace"]))  # type: ignore[call-overload]
    (refused,) = [line for line in lines if line.get("cause") == "RaiseException"]
    assert refused["from"] == "uvicorn.error" and refused["error"] == refused["said"]


def logged(record: logging.LogRecord) -> dict[str, object]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine())
    handler.emit(record)
    (line,) = stream.getvalue().splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def record(
    name: str, message: str, error: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    found = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, None, info)
    vars(found).update(extra)
    return found


def test_what_an_outside_package_says_is_one_line_without_addresses_and_ips() -> None:
    line = logged(
        record(
            "uvicorn.error",
            f"bad request of {VISITOR} and 2001:db8::7 for anna@lecteurs.example\nGrimaldine",
            extra="Grimaldine",
        )
    )
    assert line["what"] == "bad request of <ip> and <ip> for <address>" and "extra" not in line


def test_what_calls_others_does_not_log_their_addresses() -> None:
    """Each would be a line, and of a hook at many services its address is its password."""
    assert {"httpx", "httpcore"} <= set(LOUD)


def test_our_own_facts_are_looked_through_at_every_depth() -> None:
    token, key = "A" * 35, "relance_" + "b" * 43
    line = logged(
        record(
            "relance.send",
            "trouble",
            why=f"<anna@lecteurs.example> {key}",
            more={"a@b.example": [f"/l/{token}"]},
            path=Path("x"),
        )
    )
    assert line["why"] == "<address> <secret>" and line["more"] == {"<address>": ["/l/<secret>"]}
    line = logged(
        record("relance.run", "cannot reach postgresql://owner:s3cret@db/relance password=s3cret")
    )
    assert "s3cret" not in str(line)


def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_words() -> None:
    try:
        try:
            raise KeyError("Grimaldine")
        except KeyError as cause:
            raise ValueError("anna@lecteurs.example is Grimaldine") from cause
    except ValueError as error:
        line = logged(record("relance.run", "ended", error))
    assert (line["error"], line["said"], line["cause"]) == ("ValueError", "ValueError", "KeyError")
    trace = line["trace"]
    assert isinstance(trace, list)
    assert trace == [line_of for line_of in trace if "tests/runtime/test_logs.py:" in line_of]
    assert "Grimaldine" not in json.dumps(line)


def test_of_a_databases_error_only_words_that_quote_no_value_are_repeated() -> None:
    assert (
        safe_error_text(
            psycopg.errors.UniqueViolation("duplicate key\nDETAIL: (anna@lecteurs.example) exists")
        )
        == "UniqueViolation"
    )
    assert (
        safe_error_text(FileNotFoundError(2, "No such file or directory", "anna.csv"))
        == "FileNotFoundError: No such file or directory"
    )
