"""Pictures and downloads are published with the words: every machine serves the same, whatever
stands in its own folder, and the ledger says which octets a name stood for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.authoring.publication import (
    PublishedMeanwhile,
    apply,
    plan_publication,
    plan_rollback,
    unpublished_changes,
)
from engine.context import AppContext
from engine.installation.published_assets import MANIFEST, published_assets
from tests.conftest import MakeContext

PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x14\x08\x02\0\0\0"
"""As far as its size: 40 by 20 pixels."""
FILES = {
    "a.toml": """
title = "Une lettre"
purpose = "conseils"

[[list]]
id = 10
name = "dix"

  [[list.letter]]
  id = "one"
  after = "0 minutes"
  subject = "Bonjour"
  body = "one.md"
""",
    "one.md": "![Logo](pictures/logo.png)\n",
}


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    """With a picture and a download, published."""
    context = make_context({})
    sequences = context.config.sequences
    for name, text in FILES.items():
        (sequences / name).write_text(text, encoding="utf-8")
    (sequences / "pictures").mkdir()
    (sequences / "pictures" / "logo.png").write_bytes(PICTURE)
    (sequences / "files").mkdir()
    (sequences / "files" / "guide.pdf").write_bytes(b"%PDF-1.7 of the first edition")
    publish(context)
    return context


def publish(context: AppContext) -> int:
    return apply(context, plan_publication(context))


def served(context: AppContext, kind: str, name: str) -> bytes | None:
    descriptor = context.served_assets().open(kind, name)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def second_host(context: AppContext, folder: Path) -> AppContext:
    """With the configuration and the secrets alone."""
    shutil.copy(context.config.folder / "config.toml", folder)
    return replace(context, config=replace(context.config, folder=folder))


def test_another_machine_serves_what_was_published_without_the_authors_folder(
    context: AppContext, tmp_path: Path
) -> None:
    second = second_host(context, tmp_path)
    assert served(second, "files", "guide.pdf") == b"%PDF-1.7 of the first edition"
    assert second.served_assets().size_of("logo.png") == (40, 20)
    assert served(second, "files", "other.pdf") is None
    assert unpublished_changes(second) == 0 == unpublished_changes(context)
    # From its own disk the second time.
    guide = second.config.data / "published" / digest(b"%PDF-1.7 of the first edition")
    assert guide.read_bytes() == served(second, "files", "guide.pdf")


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def test_a_changed_picture_is_a_change_that_is_published_and_taken_back(
    context: AppContext,
) -> None:
    guide = context.config.sequences / "files" / "guide.pdf"
    guide.write_bytes(b"%PDF-1.7 of the second edition")
    assert unpublished_changes(context) == 1
    assert served(context, "files", "guide.pdf") == b"%PDF-1.7 of the first edition"
    proposal = plan_publication(context)
    assert any("files/guide.pdf" in line for line in proposal.words(MANIFEST))
    apply(context, proposal)
    assert served(context, "files", "guide.pdf") == b"%PDF-1.7 of the second edition"
    guide.unlink()
    publish(context)
    # Letters that have left still name it.
    assert served(context, "files", "guide.pdf") == b"%PDF-1.7 of the second edition"
    back = plan_rollback(context)
    assert back is not None
    apply(context, back)
    known = published_assets(context.installation_stream.current())
    assert known["files/guide.pdf"] == digest(b"%PDF-1.7 of the second edition")


def test_what_changes_after_it_was_looked_at_is_not_published(context: AppContext) -> None:
    guide = context.config.sequences / "files" / "guide.pdf"
    guide.write_bytes(b"%PDF-1.7 looked at")
    proposal = plan_publication(context)
    guide.write_bytes(b"%PDF-1.7 written later")
    before = context.installation_stream.current().edition
    with pytest.raises(PublishedMeanwhile):
        apply(context, proposal)
    assert context.installation_stream.current().edition == before


def test_what_was_never_published_is_served_from_the_folder_of_its_machine(
    context: AppContext,
) -> None:
    (context.config.sequences / "files" / "draft.pdf").write_bytes(b"%PDF-1.7 a draft")
    assert served(context, "files", "draft.pdf") == b"%PDF-1.7 a draft"
