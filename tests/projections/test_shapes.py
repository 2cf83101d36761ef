"""Views are made anew where their tables are others: whoever changes the tables of a view gives it
another version, so that an installation which has the former ones still opens.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import projections
from projections.agenda import Agenda
from projections.choices import Choices
from projections.inactivity import Inactivity
from projections.letters import Letters
from projections.members import Members

SHAPES = {
    "agenda": (8, "3a0a0891c7ac2165"),
    "members": (2, "ad5c594b9e529f1b"),
    "letters": (5, "e20c6adf20df2dc3"),
    "inactivity": (2, "b519d3be693e1dcc"),
    "choices": (3, "68315ad35836cd64"),
}
"""Of each view its version, and a digest of the statements that make its tables. Where the digest
differs, the view wants another version.
"""
CREATE = re.compile(r"^-- name: create\n(.*?)(?=^-- name:|\Z)", re.MULTILINE | re.DOTALL)


def digest(name: str) -> str:
    """Of the statements without comments and blanks."""
    found = CREATE.search((Path(projections.__path__[0]) / f"{name}.sql").read_text("utf-8"))
    assert found is not None
    statements = re.sub(r"--[^\n]*", "", found[1])
    return hashlib.sha256("".join(statements.split()).encode()).hexdigest()[:16]


def test_tables_that_are_others_have_another_version() -> None:
    views = (
        ("agenda", Agenda),
        ("members", Members),
        ("letters", Letters),
        ("inactivity", Inactivity),
        ("choices", Choices),
    )
    assert {file: (view.version, digest(file)) for file, view in views} == SHAPES
