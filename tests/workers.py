"""`-n 6`: the tests are collected once, and run by so many processes, forked when all is imported.

A process takes a whole module at a time, so that what a module's tests share is made once. The
modules that take longest are taken first, so that none stands alone at the end. A process that dies
fails the tests that it was to run.

Loaded by the line `pytest_plugins` in `tests/conftest.py`.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

import pytest

LONGEST = (
    "cli/test_command_line_running.py",
    "console/test_browser_pages.py",
    "chaos/test_network.py",
    "runtime/test_at_rest.py",
    "providers/test_three_hosts.py",
    "store/test_embedded.py",
    "test_story.py",
    "mail_hosts/test_whole_circle.py",
    "chaos/test_moments.py",
    "chaos/test_database.py",
    "console/test_guard.py",
    "api/test_contract.py",
    "console/test_browser_first_run.py",
    "cli/test_status.py",
    "web/test_letterbox.py",
    "chaos/test_kills.py",
    "web/test_in_a_browser.py",
    "test_bench.py",
    "web/test_form_abuse.py",
    "cli/test_command_line_installing.py",
    "cli/test_pausing.py",
    "backup/test_putting_back.py",
    "backup/test_drill.py",
    "proof/test_tampering_with_a_bundle.py",
    "web/test_ones_own_data.py",
    "packaging/test_wheel.py",
    "chaos/test_mail_server.py",
    "chaos/test_stopping.py",
    "imports/test_importing.py",
    "runtime/test_stamping.py",
    "store/test_elsewhere.py",
    "cli/test_command_line.py",
    "chaos/test_overload.py",
    "runtime/test_others_hold.py",
    "cli/test_person.py",
    "console/test_browser_editor.py",
    "chaos/test_audience.py",
    "chaos/test_disk.py",
    "proof/test_killed_while_signing.py",
    "cli/test_attesting.py",
    "runtime/test_logs.py",
    "test_shape.py",
)
"""Below `tests/`, as measured: 60 s down to 14 s each. The others come as they are collected."""
PLACES = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
NUMBER = struct.Struct("=H")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("workers")
    # pytest keeps short options for itself and its plugins.
    group._addoption("-n", dest="workers", type=int, default=0, help="how many processes run tests")


@dataclass
class Worker:
    pid: int
    reports: Connection


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    workers: int = session.config.getoption("workers")
    if not workers or session.testsfailed or session.config.option.collectonly:
        return None
    # Made here, for all of them: in the end it is removed once.
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    if "tests.forked" in sys.modules:
        sys.modules["tests.forked"].share_server()
    modules = by_module(session.items)
    queue, entry = os.pipe()
    for number in range(len(modules)):
        os.write(entry, NUMBER.pack(number))
    os.close(entry)
    begun = [_begun(session, modules, queue) for _ in range(min(workers, len(modules)))]
    try:
        _follow(session, begun, queue)
    finally:
        os.close(queue)
    return True


def by_module(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    """The tests of each module, the longest module first."""
    modules = [list(module) for _, module in groupby(items, key=lambda item: item.path)]
    return sorted(modules, key=lambda module: PLACES.get(module[0].path, len(PLACES)))


def _begun(session: pytest.Session, modules: list[list[pytest.Item]], queue: int) -> Worker:
    receiving, sending = Pipe(duplex=False)
    pid = os.fork()
    if pid:
        sending.close()
        return Worker(pid, receiving)
    status = 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        receiving.close()
        _work(session, modules, queue, sending)
        status = 0
    except BaseException as error:
        # Told to stop, perhaps twice: what was made is removed all the same.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not isinstance(error, KeyboardInterrupt):
            traceback.print_exc()
        session._setupstate.teardown_exact(None)
    finally:
        # What is done at the end of a run, its first process does.
        os._exit(status)


def _work(
    session: pytest.Session, modules: list[list[pytest.Item]], queue: int, sending: Connection
) -> None:
    random.seed()
    # Its own files for what is printed, and no word of its own: who began it tells.
    capture = session.config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    capture.start_global_capturing()
    capture.suspend_global_capture()
    session.config.pluginmanager.register(_Reporting(session.config, sending))
    items = _taken(modules, queue)
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following


def _taken(modules: list[list[pytest.Item]], queue: int) -> Iterator[pytest.Item]:
    while taken := os.read(queue, NUMBER.size):
        yield from modules[NUMBER.unpack(taken)[0]]


@dataclass(eq=False)
class _Reporting:
    config: pytest.Config
    sending: Connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self.config.hook.pytest_report_to_serializable
        self.sending.send(hook(config=self.config, report=report))


def _follow(session: pytest.Session, begun: list[Worker], queue: int) -> None:
    """Reports what the workers report until the last has ended. Who is told to stop, by `-x` or
    Ctrl-C, tells them.
    """
    config, open_ends = session.config, {worker.reports: worker.pid for worker in begun}
    left = {item.nodeid: item.location for item in session.items}
    deaths: list[str] = []
    stopped = False

    def stop() -> None:
        while os.read(queue, 65536):
            pass
        for pid in open_ends.values():
            os.kill(pid, signal.SIGINT)

    def receive(reports: Connection) -> None:
        try:
            data = reports.recv()
        except EOFError:
            _, status = os.waitpid(open_ends.pop(reports), 0)
            if status:
                deaths.append(f"{os.waitstatus_to_exitcode(status)}")
            return
        if stopped:
            return
        report = config.hook.pytest_report_from_serializable(config=config, data=data)
        config.hook.pytest_runtest_logreport(report=report)
        if report.when == "teardown":
            left.pop(report.nodeid, None)
            config.hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)

    while open_ends:
        try:
            for reports in wait(list(open_ends)):
                assert isinstance(reports, Connection)
                receive(reports)
        except KeyboardInterrupt:
            stop()
            for pid in open_ends.values():
                os.waitpid(pid, 0)
            raise
        if not stopped and (session.shouldfail or session.shouldstop):
            stop()
            stopped = True
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    for nodeid, location in left.items():
        why = f"not run to its end: a process ended with status {', '.join(deaths)}"
        report = pytest.TestReport(nodeid, location, {}, "failed", why, "call")
        config.hook.pytest_runtest_logreport(report=report)
