"""Names, in the last lines of a test run, everything that was skipped and why: nothing is skipped
silently.

Loaded by the line `pytest_plugins = ["tests.named_skips"]` in `tests/conftest.py`.
"""

from __future__ import annotations

from collections import defaultdict

import pytest


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.getreports("skipped"):
        skipped[reason(report)].append(report.nodeid)
    if not skipped:
        return
    terminalreporter.section("NOT TESTED", sep="=", red=True, bold=True)
    for why, tests in sorted(skipped.items()):
        terminalreporter.write_line(f"{len(tests)} skipped: {why}", red=True, bold=True)
        for test in sorted(tests):
            terminalreporter.write_line(f"    {test}")
