"""Settings as they are published in the installation's stream, and read back from it."""

from __future__ import annotations

from engine.installation.publishing import publication
from engine.installation.state import Installation, read_settings, write_settings
from engine.sequence.declared import Declared, Retention
from engine.sequence.delay import Delay
from engine.sequence.parse import Settings
from tests.sequence.dialogues import SETTINGS


def test_settings_published_before_there_was_anything_to_declare_keep_their_digest() -> None:
    before = write_settings(SETTINGS)
    assert "declared" not in before and "partner" not in before
    assert read_settings(before).declared is None
    assert write_settings(read_settings(before)) == before


def test_a_change_of_a_duration_alone_is_published() -> None:
    first, second = (
        Settings(declared=Declared(retention=Retention(silent_after=Delay(months=months))))
        for months in (24, 12)
    )
    installation = Installation()
    for event in publication(installation, {}, first, 1, "test"):
        installation = installation.evolve(event)
    assert publication(installation, {}, first, 2, "test") == ()
    for event in publication(installation, {}, second, 3, "test"):
        installation = installation.evolve(event)
    editions = [installation.plan(edition).declared for edition in (1, 2)]
    assert [declared.retention.silent_after for declared in editions if declared] == [
        Delay(months=24),
        Delay(months=12),
    ]
