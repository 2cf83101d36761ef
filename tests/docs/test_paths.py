"""What a page says of the tree is there: each path it names, and each link between pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        ROOT / "bench/README.md",
        *ROOT.glob("clients/**/*.md"),
    ]
)
TREE = re.compile(
    r"`((?:engine|projections|tests|bench|docs|packaging|\.githooks)(?:/[\w.-]+)+/?)[`:]"
)
WRITTEN_BY_RUNS = {"bench/results.json", "bench/chaos.json"}
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#([^)]+))?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_path_on_a_page_exists(page: Path) -> None:
    named = set(TREE.findall(page.read_text("utf-8"))) - WRITTEN_BY_RUNS
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_between_pages_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8").replace("```", "\0")
    prose = "".join(text.split("\0")[::2])
    for path, heading in LINK.findall(prose):
        target = page.parent / path
        if path.startswith(("=", "+", "pictures/", "files/")):  # an example of an author's own
            continue
        assert target.exists(), path
        anchors = (
            [
                re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
                for line in re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            ]
            if heading
            else []
        )
        assert not heading or heading in anchors, f"{path}#{heading}"
