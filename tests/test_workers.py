"""Tests run by several processes are each run once and told as they ended, and nothing that ends
before its time passes for done.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers import LONGEST, by_module

ROOT = Path(__file__).parents[1]
COMMAND = """
import signal, sys, pytest
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever runs these tests
sys.exit(pytest.main(["-p", "tests.workers", "-p", "no:cacheprovider", "-rA", *sys.argv[1:]]))
"""
SOUND = """
import os, pathlib, pytest
@pytest.mark.parametrize("number", range(20))
def test_each(number): pathlib.Path(f"{__name__}-{number}").write_text(str(os.getpid()))
"""
OTHERS = """
import pytest
def test_false(): print("what was printed"); assert 1 + 1 == 3
def test_skipped(): pytest.skip("for a reason")
@pytest.fixture
def broken(): yield; raise OSError("left open")
def test_left(broken): pass
"""
DEADLY = """
import os
def test_before(): pass
def test_deadly(): os._exit(7)
def test_behind(): pass
"""
MADE = """
import pathlib, time, pytest
@pytest.fixture(scope="session", autouse=True)
def made(tmp_path_factory):
    made = pathlib.Path(f"made-{__name__}")
    try: made.touch(); yield
    finally: made.unlink(missing_ok=True)  # also where it is interrupted before it yields
"""
ENDLESS = MADE + "def test_endless(): time.sleep(60)\n"
FAILS_AT_LAST = MADE + "def test_fails(): time.sleep(0.5); assert False\n"


def begun(folder: Path, *arguments: str, **modules: str) -> subprocess.Popen[str]:
    for name, text in modules.items():
        (folder / f"test_{name}.py").write_text(text, "utf-8")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            COMMAND,
            f"--rootdir={folder}",
            f"--basetemp={folder / 'temporary'}",
            *arguments,
        ],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    try:
        return process.communicate(timeout=60)[0]
    finally:
        process.kill()


def test_each_test_is_run_once_in_the_process_of_its_module(tmp_path: Path) -> None:
    process = begun(tmp_path, "-n", "2", a=SOUND, b=SOUND, c=OTHERS)
    told = ended(process)
    assert process.returncode == 1, told
    assert re.search("=+ 1 failed, 41 passed, 1 skipped, 1 error in", told), told
    assert "what was printed" in told and "assert (1 + 1) == 3" in told and "left open" in told
    processes = [
        {path.read_text() for path in tmp_path.glob(f"test_{name}-*")} for name in ("a", "b")
    ]
    assert [len(one) for one in processes] == [1, 1]
    assert str(process.pid) not in processes[0] | processes[1]


def test_what_a_process_that_died_was_to_run_has_failed(tmp_path: Path) -> None:
    process = begun(tmp_path, "-n", "2", a=DEADLY, b=SOUND, c=SOUND)
    told = ended(process)
    assert process.returncode == 1, told
    assert re.search("=+ 2 failed, 41 passed in", told), told
    assert "FAILED test_a.py::test_deadly" in told and "FAILED test_a.py::test_behind" in told
    assert "ended with status 7" in told


def test_who_is_interrupted_removes_what_was_made(tmp_path: Path) -> None:
    process = begun(tmp_path, "-n", "2", **dict.fromkeys("abcd", ENDLESS))
    end = time.monotonic() + 30
    while len(list(tmp_path.glob("made-*"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(list(tmp_path.glob("made-*"))) == 2
    process.send_signal(signal.SIGINT)
    told = ended(process)
    assert process.returncode == 2 and "KeyboardInterrupt" in told, told
    assert list(tmp_path.glob("made-*")) == []


def test_the_first_failure_stops_all_of_them_where_that_is_asked(tmp_path: Path) -> None:
    process = begun(tmp_path, "-n", "2", "-x", a=ENDLESS, **dict.fromkeys("bcd", FAILS_AT_LAST))
    told = ended(process)
    assert process.returncode == 1 and "stopping after 1 failures" in told, told
    assert re.search("=+ 1 failed in", told), told
    assert list(tmp_path.glob("made-*")) == []


def test_the_longest_modules_come_first(request: pytest.FixtureRequest) -> None:
    folder = Path(__file__).parent
    assert [name for name in LONGEST if not (folder / name).is_file()] == []
    items = sorted(request.session.items, key=lambda item: item.path)
    paths = [module[0].path for module in by_module(items)]
    assert len(paths) == len(set(paths))
    longest = [folder / name for name in LONGEST]
    assert [path for path in paths if path in longest] == [
        path for path in longest if path in paths
    ]
    assert all(path in longest for path in paths[: len(set(paths) & set(longest))])
