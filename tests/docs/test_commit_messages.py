"""A commit says in a line what changes for whoever uses Relance, and in its body why."""

from __future__ import annotations

import os
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

HOOK = ROOT / ".githooks/commit-msg"
LONGEST = "É" * 72


def refusals(message: str) -> list[str]:
    """What the hook says of the message."""
    return list(runpy.run_path(str(HOOK))["faults"](message))


@pytest.mark.parametrize(
    "message",
    [
        "A form keeps its accents\n\nBrowsers in latin-1 posted octets that were read as UTF-8.\n",
        f"{LONGEST}\n\nSeventy-two characters are allowed, however many octets they take.\n",
        "\n# On branch main\nA form keeps its accents\n\nIt lost them.\n# Changes:\n",
        "A form keeps its accents\n\nIt lost them.\n\nReviewed-by: Anna\n",
        "Merge branch 'forms'\n",
        "fixup! A form keeps its accents\n",
    ],
)
def test_a_message_is_accepted(message: str) -> None:
    assert refusals(message) == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (f"{LONGEST}s\n\nIt lost them.\n", "The subject has 73 characters; 72 are the most."),
        ("A form keeps its accents\nIt lost them.\n", "The second line is not empty"),
        ("A form keeps its accents\n", "There is no body"),
        ("A form keeps its accents\n\n# Please enter the commit message\n", "There is no body"),
        ("A form keeps its accents\n\nReviewed-by: Anna\n", "There is no body"),
        (
            ("A form keeps its accents\n\n# ---------- >8 ----------\ndiff --git a/x b/x\n"),
            "There is no body",
        ),
    ],
)
def test_a_message_is_refused(message: str, reason: str) -> None:
    (refusal,) = refusals(message)
    assert refusal.startswith(reason)


def test_an_empty_message_is_refused() -> None:
    assert refusals("# nothing\n")[0] == "There is no subject."


def test_git_calls_the_hook(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        identity = ["-c", "user.name=Anna", "-c", "user.email=anna@lecteurs.example"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    git("init", "--quiet")
    git("config", "core.hooksPath", str(HOOK.parent))
    commit = ["commit", "--quiet", "--allow-empty", "-m", "A form keeps its accents"]
    refused = git(*commit)
    assert refused.returncode == 1
    assert "There is no body" in refused.stderr
    assert git(*commit, "-m", "It lost them.").returncode == 0
