"""The benchmark runs and writes what it promises; how fast anything is, no test says: these
machines are shared.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import chaos, pages
from bench.ground import Ground, NoRoom, ground
from bench.http import Refused, answers, get, waited
from bench.installation import CROWDED, Installation
from bench.measuring import main
from bench.picture import Curve, drawn
from bench.processes import free_port, module, running
from bench.processor import Used
from bench.segments import segmented
from bench.server import Server, server
from bench.sink import Sink
from bench.table import Row, against, printed

ROOT = Path(__file__).parent.parent
KEYS = ["name", "figure", "unit", "limit", "ratio", "goal"]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_quick_run_prints_a_table_and_writes_a_list_of_rows(tmp_path: Path) -> None:
    output, picture = tmp_path / "results.json", tmp_path / "ledger-size.svg"
    ended = bench(
        "--quick",
        "--output",
        str(output),
        "--picture",
        str(picture),
        "append",
        "composing",
        "ledger",
    )
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(output.read_text("utf-8"))
    assert [row["name"].split(" at ")[0] for row in rows] == [
        "append",
        "append, encoding too",
        "compose",
        "compose and sign",
        "the loop's append",
        "the loop's load",
    ]
    for row in rows:
        assert list(row) == KEYS
        assert row["figure"] > 0 and row["limit"] > 0
        assert row["ratio"] == pytest.approx(row["figure"] / row["limit"], abs=0.001)
        assert row["name"] in ended.stdout
    assert rows[0]["goal"] == 0.7
    assert "<title>append: " in picture.read_text("utf-8")


def test_an_unknown_measure_is_refused_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--output", str(output), "apend"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "apend" in told and "append" in told and "Traceback" not in told
    assert not output.exists()


def test_a_row_holds_the_figures_of_the_round_with_the_median_ratio() -> None:
    row = against("x", "letters/s", 0.25, [(100.0, 1000.0), (900.0, 1000.0), (600.0, 2000.0)])
    assert (row.figure, row.limit, row.ratio, row.reached) == (600.0, 2000.0, 0.3, "yes")


def test_of_an_even_number_of_rounds_the_lower_middle_one_counts() -> None:
    assert against("x", "letters/s", None, [(1.0, 10.0), (4.0, 10.0)]).ratio == 0.1


def test_a_goal_above_one_is_a_figure_and_the_table_shows_whether_it_is_reached() -> None:
    rows = [
        Row("fast", 50_000, "events/s", 100_000, 0.5, 40_000),
        Row("slow", 10, "clicks/s", 100, 0.1, 0.25),
    ]
    lines = printed(rows).splitlines()
    assert lines[1].split()[-2:] == ["40,000", "yes"]
    assert lines[2].split()[-2:] == ["0.25", "no"]


def test_short_of_the_goal_the_floor_is_said() -> None:
    assert [
        Row("x", 1, "letters/s", 1, ratio, 0.33, 0.25).reached for ratio in (0.34, 0.26, 0.24)
    ] == ["yes", "floor", "no"]
    assert printed([Row("x", 1, "letters/s", 1, 0.26, 0.33, 0.25)]).splitlines()[1].split()[
        -3:
    ] == ["0.33", "(0.25)", "floor"]


def test_a_goal_may_be_the_most_that_is_wanted() -> None:
    rows = [
        Row("small", 150, "MB", goal=200, at_most=True),
        Row("big", 250, "MB", goal=200, at_most=True),
    ]
    assert [row.reached for row in rows] == ["yes", "no"]
    assert printed(rows).splitlines()[1].split()[-3:] == ["<", "200", "yes"]


def test_a_goal_above_one_may_be_one_of_the_ratio() -> None:
    rows = [
        against("x", "ms", 3.0, [(figure, 10.0)], at_most=True, of="ratio")
        for figure in (25.0, 35.0)
    ]
    assert [row.reached for row in rows] == ["yes", "no"]
    assert printed(rows).splitlines()[1].split()[-3:] == ["<", "3.00", "yes"]


def test_pages_are_held_against_one_on_which_there_is_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [pages.Asked("/", 30.0, 12.0), pages.Asked(pages.EMPTY, 2.0, 1.0)]
    found += [pages.Asked(f"/d/{n}", 250.0 - n, 3.0) for n in range(12)]
    rows = pages.rows(found, 90.0, "20 people")
    slowest, half, first = rows
    assert (slowest.name, slowest.figure, slowest.limit, slowest.ratio, slowest.reached) == (
        "the slowest of 14 pages, 20 people: /d/0",
        250.0,
        2.0,
        125.0,
        "no",
    )
    assert half.figure == 243.5 and (first.figure, first.reached) == (90.0, "yes")
    told = capsys.readouterr().err.splitlines()
    assert len(told) == pages.SHOWN and told[0].endswith("/d/0")


def differing(here: Installation) -> set[str]:
    return {found.table for found in here.context.views.compare(lambda done, total: None)}


@pytest.mark.postgres
@pytest.mark.slow
def test_what_a_crowd_has_in_its_views_equals_the_replay_of_its_entries() -> None:
    with ground(50) as place, place.copy(300) as here:
        assert here.context.ledger.head() > 1800
        assert differing(here) == set()
        standing = "SELECT count(*) FROM view_members_2.membership WHERE list = %s"
        assert here.owner.execute(standing, (CROWDED,)).fetchone() == (301,)


@pytest.mark.postgres
@pytest.mark.slow
def test_segments_of_a_crowd_equal_the_replay_of_its_entries() -> None:
    with server() as place, segmented(place, "segmented", 100, 12, "", 1) as here:
        assert differing(here) == set()
        assert here.context.views.segments.counts()["dixieme"] == 10


def test_a_picture_says_its_points_in_words_and_draws_each() -> None:
    picture = drawn(
        [Curve("a < b", [(1000, 2.0), (10_000, 4.0)]), Curve("c", [(1000, 1.5), (10_000, 1.5)])]
    )
    root = ElementTree.fromstring(picture)
    assert (
        root.findtext("{*}title")
        == "a < b: 2.0 ms at 1,000 events, 4.0 ms at 10,000 events; c: 1.5 ms at 1,000 events, 1.5"
        " ms at 10,000 events"
    )
    assert [circle.get("cy") for circle in root.findall("{*}circle")] == [
        "208.0",
        "112.0",
        "232.0",
        "232.0",
    ]


def test_what_the_chaos_suite_found_is_a_row_and_nothing_where_it_has_not_run(
    tmp_path: Path,
) -> None:
    found = tmp_path / "chaos.json"
    assert chaos.rows(found) == []
    found.write_text(json.dumps({"kills": 300, "lost": 0, "doubles": 60, "connections": 8}))
    assert chaos.rows(found) == [
        Row("doubles per kill (300 kills, 0 lost)", 0.2, "letters", 8, 0.025, 1.0, at_most=True)
    ]


def test_a_disk_too_small_for_a_crowd_is_said_before_anything_is_made() -> None:
    place = Ground(Server(Path("/"), "postgresql://nobody@/nowhere"), 1)
    with pytest.raises(NoRoom, match="1,000,000,000,000"):
        place.crowd(10**12)


def test_the_processors_time_of_a_process_counts_after_its_end_and_ones_own_where_it_is_asked_for(
    tmp_path: Path,
) -> None:
    with Used(tmp_path) as others, Used(tmp_path, own=True) as all_of_us:
        subprocess.run(
            [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True
        )
        begun = time.process_time()
        while time.process_time() < begun + 0.3:
            pass
    assert 0.25 <= others.seconds <= all_of_us.seconds - 0.25


def test_the_plain_sender_hands_every_message_to_the_plain_sink() -> None:
    port = free_port()
    with running(module("bench.plain", "sink", str(port))) as process:
        assert Sink(port, "plain asyncio", True).fill(21, 4000) > 0
        assert process.poll() is None
    assert process.returncode == 0


def test_answers_come_back_in_the_order_of_their_requests_however_slow_each_is() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            path = head.split(b" ")[1]
            await asyncio.sleep(0.05 if path in (b"/0", b"/3") else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))
        writer.close()

    async def asked() -> list[bytes]:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.wait_for(answers(port, [get(f"/{n}") for n in range(10)], 3), 10)

    assert asyncio.run(asked()) == [b"/%d" % n for n in range(10)]


def test_who_has_to_wait_for_a_connection_is_counted_from_when_they_came() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def asked() -> list[float]:
        async with await asyncio.start_server(slow, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.wait_for(waited(port, [get("/")] * 6, 1e6, 2), 10)

    waits = sorted(asyncio.run(asked()))
    assert waits[0] >= 0.04 and waits[2] >= 0.09 and waits[4] >= 0.14


def test_an_answer_other_than_200_is_named() -> None:
    port = free_port()
    with running(module("bench.empty", str(port))), pytest.raises(Refused, match="405"):
        asyncio.run(answers(port, [get("/")], 1))
