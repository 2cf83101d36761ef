"""The image of a container: what goes into it, and what its health check says."""

from __future__ import annotations

import http.server
import re
import runpy
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from engine import environment
from tests.running import ROOT, free_port

PLACE = ROOT / "packaging/container"
CONTAINERFILE = (PLACE / "Containerfile").read_text("utf-8")
LET_IN = {
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    if line.startswith("!")
}


def test_what_is_copied_is_let_in_and_nothing_else_is() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == LET_IN
    assert all((ROOT / source).exists() for source in copied)
    assert "*" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_it_runs_as_nobody_who_may_change_it() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in last
    assert not re.search(r"--chown|/opt/relance\b.*chown", last), "the program belongs to root"


def test_its_variables_are_those_that_are_read() -> None:
    known = {value for value in vars(environment).values() if isinstance(value, str)}
    for file in (CONTAINERFILE, (PLACE / "compose.yaml").read_text("utf-8")):
        assert set(re.findall(r"\bRELANCE_[A-Z_]+", file)) <= known


class Answering(http.server.BaseHTTPRequestHandler):
    status = 200
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def health(folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    (folder / "config.toml").write_text(f'[web]\nhost = "192.0.2.1"\nport = {port}\n', "utf-8")
    monkeypatch.chdir(folder)
    # As the image has it, and as many a machine does.
    monkeypatch.setenv("RELANCE_WEB_HOST", "0.0.0.0")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    return int(runpy.run_path(str(PLACE / "health.py"))["main"]())


@pytest.mark.parametrize(("answer", "status"), [(200, 0), (503, 1)])
def test_its_health_is_what_its_own_page_says(
    answer: int, status: int, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "status", answer)
    monkeypatch.setattr(Answering, "asked", [])
    assert health(tmp_path, port, monkeypatch) == status
    assert Answering.asked == ["/health"]


def test_it_is_not_well_where_nothing_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health(tmp_path, free_port(), monkeypatch) == 1
