"""The changelog keeps to its form, and knows the version that runs."""

from __future__ import annotations

import re

from engine import __version__
from tests.docs.pages import page

CHANGELOG = page("CHANGELOG.md")
VERSIONS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_first_heading_is_of_what_is_not_released_yet() -> None:
    assert VERSIONS[0] == "[Unreleased]"
    for version in VERSIONS[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", version)


def test_changes_are_of_the_six_kinds() -> None:
    named = re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)
    assert named
    assert set(named) <= KINDS


def test_the_version_that_runs_is_named() -> None:
    newest = CHANGELOG.split("\n## ")[1] if len(VERSIONS) == 1 else VERSIONS[1]
    assert __version__ in newest
