"""`relance status` on real installations: running, not running, stuck, and without its database."""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.sending import resume
from engine.cli.status import status
from engine.context import AppContext
from engine.desk.processes import Processes
from engine.inbound.settings import Inbound, Place
from engine.installation.events import SendingPaused
from engine.status.gather import gather
from engine.subscriber.events import Cause
from tests.cli.asking import FILES, join
from tests.cli.commanding import SMTP, SOURCE, Installation, database, embedded, published, stop
from tests.running import free_port, wait_for
from tests.running_installation import CONFIG

pytestmark = pytest.mark.timeout(240)
MakeContext = Callable[..., AppContext]


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


def said(
    context: AppContext,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool = False,
    settled: bool = False,
) -> tuple[int, str]:
    ended = status(context, argparse.Namespace(json=as_json, settled=settled))
    return ended, capsys.readouterr().out


def test_it_says_what_runs_and_that_all_is_well_and_with_status_1_that_nothing_runs(
    relance: Installation,
) -> None:
    with relance.running() as process:
        alive = relance("status")
        assert (alive.status, alive.err) == (0, "")
        assert (
            f"follow, send, web on {socket.gethostname()}, process {process.pid}, for " in alive.out
        )
        assert "all is well" in alive.out and "agenda: up to date" in alive.out
        assert stop(process).status == 0
    over = relance("status")
    assert (
        over.status == 1
        and "nothing runs" in over.out
        and "start it: `relance run`" in over.out
        and over.err == ""
    )


def test_one_that_was_killed_is_missed_until_another_takes_its_place(relance: Installation) -> None:
    with relance.running() as process:
        process.kill()
        process.communicate(timeout=30)
    with database(relance) as connection:
        connection.execute("UPDATE desk.process SET seen = seen - interval '1 minute'")
    found = json.loads(relance("status", "--json").out)["findings"]
    assert [each["code"] for each in found] == ["nothing-runs", "vanished"]
    with relance.running() as process:
        assert relance("status").status == 0
        stop(process)


def test_without_a_database_it_says_so_in_one_line_with_status_1(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    relance.configure('\n[store]\nurl = "postgresql://nobody:topsecret@127.0.0.1:1/nowhere"\n')
    for arguments in (("status",), ("status", "--json")):
        answer = relance(*arguments)
        assert (answer.status, answer.out) == (1, "")
        assert (
            answer.err.startswith("relance: the database cannot be reached: ")
            and len(answer.err.splitlines()) == 1
        )
        assert "topsecret" not in answer.err


def test_what_is_held_and_why_what_is_stuck_and_how_far_views_are_behind(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES, config=CONFIG.replace("[site]", '[site]\nlanguage = "en"'))
    (anna,) = join(context, 1)
    context.views.catch_up()
    assert context.installation_stream.execute(
        lambda state: [SendingPaused(context.clock.now(), "operator", 10)],
        Cause("operator"),
        context.clock.now(),
    )
    context.desk.stick(anna, "list:10", "asks: no first_name")
    ended, text = said(context, capsys)
    assert ended == 1
    assert "1 held: list 10 question (operator)" in text and "agenda: 1 entry behind" in text
    assert (
        f"{anna}  list:10  asks: no first_name" in text
        and "`relance show ID`" in text
        and "@" not in text
    )
    assert anna not in said(context, capsys, settled=True)[1]


def test_the_json_holds_every_fact_and_each_finding(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    Processes(context.database).beat(
        "here", ["send"], {"relay": "refused", "view:agenda": "UndefinedTable: gone"}
    )
    ended, text = said(context, capsys, as_json=True)
    read = json.loads(text)
    assert ended == 1 and read["well"] is False and read["head"] == context.ledger.head()
    assert [each["code"] for each in read["findings"]] == [
        "no-web",
        "no-follow",
        "view-stopped",
        "relay",
    ]
    assert (
        read["findings"][0]["remedy"] == "démarrez `relance web`, ou `relance run`, qui fait tout"
    )
    assert read["views"][0]["fault"] == "UndefinedTable: gone" and read["processes"][0][
        "parts"
    ] == ["send"]
    relayed = replace(context.config, smtp=replace(context.config.smtp, host="relay.amis.fr"))
    heard = replace(relayed, inbound=Inbound(lmtp=Place(path="back.sock")))
    straight = replace(relayed, smtp=replace(relayed.smtp, host="direct"))
    assert [
        gather(replace(context, config=config)).comes_back
        for config in (context.config, relayed, heard, straight)
    ] == [True, False, True, True]


def test_a_stopped_view_keeps_no_verb_from_its_work_and_is_told_of(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES)
    with context.database.connection() as connection:
        connection.execute(
            "ALTER TABLE view_members_2.membership ADD CONSTRAINT nobody CHECK (list <> 10) NOT"
            " VALID"
        )
    assert context.installation_stream.execute(
        lambda state: [SendingPaused(context.clock.now(), "operator")],
        Cause("operator"),
        context.clock.now(),
    )
    join(context, 3)
    assert resume(context, argparse.Namespace(list="", yes=True, anyway=False)) == 0
    told = capsys.readouterr()
    assert (
        "Dans l’heure qui vient, 3 lettres partiront." in told.out
        and "une vue s’est arrêtée" in told.err
    )
    assert context.installation_stream.current().paused == {}


def test_what_a_process_no_longer_complains_of_is_over_and_since_when_it_does_is_kept(
    make_context: MakeContext,
) -> None:
    desk = Processes(make_context(FILES).database)
    desk.beat("here", ["send"], {"relay": "refused"})
    time.sleep(0.05)
    desk.beat("here", ["send"], {"relay": "refused again"})
    ((what, why, since),) = desk.troubles()
    assert (what, why) == ("relay", "refused again") and since >= 0.05
    desk.beat("here", ["send"], {})
    assert desk.troubles() == []
    desk.leave("here")
    assert desk.all() == []


def test_a_mail_server_that_cannot_be_reached_is_said_in_its_own_words(tmp_path: Path) -> None:
    relance, port = Installation(tmp_path), free_port()
    relance.configure(SMTP.format(port=port))
    with embedded(relance):
        relance.done("publish", "--yes")
        relance.done("subscribe", "anna@lecteurs.example", "--list", "10", *SOURCE)
        relance.done("resume", "--yes")
        with relance.running("--speed", "300", "--trial") as process:
            said = f"the mail server cannot be used: 127.0.0.1:{port} cannot be reached"
            wait_for(lambda: said in (screen := relance("status")).out and screen.status == 1)
            with socket.create_server(("127.0.0.1", port)) as server:
                server.settimeout(60)
                connection, _ = server.accept()
                connection.sendall(b"421 4.3.2 no room for anna@lecteurs.example\r\n")
                connection.close()
                wait_for(lambda: "no room for <address>" in relance("status").out)
            lines = [json.loads(line) for line in stop(process).err.splitlines()]
    assert [line["with"] for line in lines if line["what"] == "trouble"] == ["relay"]


def test_a_process_that_cannot_say_that_it_lives_works_on(relance: Installation) -> None:
    with database(relance) as connection, relance.running() as process:
        connection.execute("ALTER TABLE desk.process RENAME TO gone")
        try:
            wait_for(
                lambda: (
                    not connection.execute(
                        "SELECT FROM desk.gone"
                        " WHERE seen > clock_timestamp() - interval '7 seconds'"
                    ).fetchall()
                )
            )
            assert process.poll() is None
        finally:
            connection.execute("ALTER TABLE desk.gone RENAME TO process")
        wait_for(lambda: relance("status").status == 0)
        said = [json.loads(line) for line in stop(process).err.splitlines()]
    assert process.returncode == 0 and any(
        line["what"] == "this process cannot say that it lives" for line in said
    )
