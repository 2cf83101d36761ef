"""`run` as its operator has it: it serves and says so, yields to whoever was first, ends within
seconds and loses nothing.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engine.store import postmaster
from tests.cli.commanding import (
    DIALOGUE,
    SMTP,
    SOURCE,
    Installation,
    calm,
    database,
    ended,
    published,
    stop,
)
from tests.forked import Said
from tests.running import MailServer, wait_for, write

pytestmark = pytest.mark.timeout(240)

HOUR = 3600


def servers_of(relance: Installation) -> list[int]:
    """The PostgreSQL processes that work for an installation."""
    return postmaster.survivors((relance.folder / "data" / "postgres").resolve())


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


def test_a_folder_is_served_alone_and_leaves_nothing_running(tmp_path: Path) -> None:
    """The first command of all, and one beside it at the same moment, on a folder where nothing is
    yet.
    """
    relance = Installation(tmp_path)
    both = relance.together(("publish", "--yes"), ("lists", "--json"))
    assert [said.status for said in both] == [0, 0], both
    assert servers_of(relance) == []
    assert (tmp_path / "data" / "secrets").stat().st_mode & 0o777 == 0o700
    assert all(
        path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "data" / "secrets").iterdir()
    )
    with relance.running(command_itself=True) as process:
        assert httpx.get(f"{relance.url}/health").json()["status"] == "ok"
        assert relance.done("subscribe", "anna@lecteurs.example", "--list", "10", *SOURCE)
        wait_for(lambda: "Avez-vous sem" in httpx.get(f"http://127.0.0.1:{relance.page}/").text)
        assert (
            relance.done("send-test", "question", "--to", "me@potager.example")
            == "sent: [Test] Avez-vous semé, vous ?\n"
        )
        said = stop(process, signal.SIGINT)
    assert said.status == 0 and said.out.endswith("Ctrl-C stops.\n") and calm(said.err)
    assert servers_of(relance) == []


def test_nothing_is_started_where_nothing_can_be_published(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    write(
        tmp_path,
        {
            "sequences/semis.toml": DIALOGUE.replace("id = 11", "id = 12"),
            "sequences/question.md": "[Oui](===77===)\n",
        },
    )
    said = relance("run")
    assert (said.status, said.out) == (2, "")
    assert len(said.err.splitlines()) >= 2 and all(
        line.startswith(("sequences/", "    ")) for line in said.err.splitlines()
    )
    assert servers_of(relance) == []


def test_what_is_published_runs_though_the_folder_holds_mistakes(relance: Installation) -> None:
    write(relance.folder, {"sequences/semis.toml": "title = ["})
    try:
        with relance.running() as process:
            said = stop(process)
    finally:
        write(relance.folder, {"sequences/semis.toml": DIALOGUE})
    assert said.status == 0
    assert (
        "sequences/ holds 1 mistake, so what runs is what was published last: `relance check`"
        " names it." in said.out
    )


def test_the_second_on_an_installation_is_told_so_and_has_changed_nothing(
    relance: Installation,
) -> None:
    with relance.running():
        for key, changes in {
            "[web] host, port": {},
            "[mailbox] port": {f"port = {relance.web}": "port = 0"},
            "[mailbox] smtp_port": {
                f"port = {relance.web}": "port = 0",
                f"port = {relance.page}": "port = 0",
            },
        }.items():
            relance.configure(changes=changes)
            second = relance("run", "--speed", "50")
            assert (second.status, second.out) == (1, "")
            assert (
                "cannot listen on 127.0.0.1:" in second.err
                and f"change {key} in config.toml" in second.err
            )
        relance.configure()
        assert relance.serves()
    with relance.running() as process:
        assert "faster" not in stop(process).out


def test_the_clock_goes_on_at_rate_1_from_where_it_stands(relance: Installation) -> None:
    def now() -> float:
        """Engine time in seconds, as a new fact has it."""
        field = f"first_name={time.time()}"
        relance.done(
            "subscribe",
            "clock@lecteurs.example",
            "--list",
            "20",
            "--basis",
            "service",
            "--source",
            "x",
            "--field",
            field,
        )
        return (
            float(
                json.loads(relance.done("show", "clock@lecteurs.example", "--json"))[-1][
                    "recorded_at_ms"
                ]
            )
            / 1000
        )

    with relance.running("--speed", "200000", "--trial", "--for", "60") as process:
        fast = now()
        assert (
            "The clock runs 200,000 times faster than real time: this is a trial."
            in stop(process).out
        )
    assert fast - time.time() > HOUR  # two hundredths of a second of the wall clock
    with relance.running("--speed", "1") as process:
        first, wall = now(), time.time()
        then, passed = now(), time.time() - wall
        assert "faster" not in stop(process).out
    assert fast <= first and then - first < passed + 5


def test_sigterm_while_letters_leave_finishes_what_is_on_the_wire(relance: Installation) -> None:
    """A server that takes its time for each letter: what it has taken is recorded as sent, what was
    not begun is due again, nothing is in doubt.
    """
    with MailServer() as mail:
        mail.sink.pause = 0.1
        relance.configure(SMTP.format(port=mail.sink.port))
        rows = "".join(f"reader{number}@lecteurs.example\n" for number in range(60))
        write(relance.folder, {"readers.txt": rows})
        relance.done(
            "import",
            str(relance.folder / "readers.txt"),
            "--list",
            "10",
            "--start",
            "welcome",
            *SOURCE,
        )
        relance.done("resume", "--yes")
        try:
            with relance.running(command_itself=True) as process:
                wait_for(lambda: len(mail.sink.messages) >= 3)
                began = time.monotonic()
                said = stop(process)
                took = time.monotonic() - began
        finally:
            relance.configure()
        taken = {message.recipients[0] for message in mail.sink.messages}
        assert said.status == 0 and took < 15
        assert 3 <= len(taken) == len(mail.sink.messages) < 60
        assert relance.done("in-doubt") == "0 letters in doubt\n"
        some = (
            sorted(taken)[:2]
            + sorted({f"reader{number}@lecteurs.example" for number in range(60)} - taken)[:2]
        )
        stories = [
            json.loads(told.out)
            for told in relance.together(*(("show", address, "--json") for address in some))
        ]
        assert [any(fact["event"] == "letter-sent" for fact in story) for story in stories] == [
            True,
            True,
            False,
            False,
        ]
        assert relance.done("audit", "replay") == "equal\n"


def test_an_error_nobody_expected_is_one_line_of_json_and_status_1(relance: Installation) -> None:
    """Somebody takes a table of the desk away beneath the sender."""
    with database(relance) as connection, relance.running(command_itself=True) as process:
        connection.execute("ALTER TABLE desk.waiting RENAME TO gone")
        try:
            out, err = process.communicate(timeout=60)
        finally:
            connection.execute("ALTER TABLE desk.gone RENAME TO waiting")
    assert process.returncode == 1 and out.endswith("Ctrl-C stops.\n")
    (line,) = [json.loads(line) for line in err.splitlines() if "error" in json.loads(line)]
    assert (line["level"], line["from"], line["error"]) == (
        "error",
        "relance.run",
        "UndefinedTable",
    )


def test_views_are_made_anew_beneath_a_run_that_goes_on(relance: Installation) -> None:
    with relance.running() as process:
        for _ in range(3):
            said = relance.together(
                ("rebuild",),
                ("subscribe", "anew@lecteurs.example", "--list", "11", *SOURCE),
                ("lists",),
            )
            assert [each.status for each in said] == [0, 0, 0], said
        assert relance.done("audit", "replay") == "equal\n"
        assert relance.serves() and stop(process).status == 0


def interrupted(
    relance: Installation, arguments: tuple[str, ...], under_way: str, number: signal.Signals
) -> Said:
    """A command that is sent a signal as soon as the question `under_way` is answered with true. It
    is halted in that instant, so that it cannot end before the signal is there.
    """
    with database(relance) as connection:
        process = relance.begin(*arguments)
        while process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            reached = connection.execute(under_way.encode()).fetchone() == (True,)
            if reached:
                process.send_signal(number)
            process.send_signal(signal.SIGCONT)
            if reached:
                return ended(process, 30)
            time.sleep(0.05)
    raise AssertionError(f"it had ended before it could be interrupted: {process.communicate()}")


def test_whatever_is_interrupted_loses_nothing(relance: Installation) -> None:
    rows = "".join(f"crowd{number}@lecteurs.example\n" for number in range(6_000))
    write(relance.folder, {"crowd.txt": rows})
    file = ("import", str(relance.folder / "crowd.txt"), "--list", "12", *SOURCE)
    said = interrupted(relance, file, "SELECT count(*) > 1000 FROM ledger.events", signal.SIGINT)
    assert (said.status, said.err) == (130, "")
    people = {row["list"]: row["people"] for row in json.loads(relance.done("lists", "--json"))}
    assert 0 < people[12] < 6_000 and people[12] % 1_000 == 0
    relance.done(*file)
    assert {row["list"]: row["people"] for row in json.loads(relance.done("lists", "--json"))}[
        12
    ] == 6_000
    replaying = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname LIKE 'replay\\_letters%')"
    said = interrupted(relance, ("audit", "replay"), replaying, signal.SIGINT)
    assert (said.status, said.out, said.err) == (130, "", "relance: stopped; nothing is lost\n")
    building = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname LIKE 'building\\_letters%')"
    said = interrupted(relance, ("rebuild",), building, signal.SIGTERM)
    assert (said.status, said.out, said.err) == (128 + signal.SIGTERM, "", "")
    assert relance.done("audit", "replay") == "equal\n"
