"""The auditor's replay recomputes the tree from the ledger's bytes and names whatever does not
agree: a tile, a checkpoint, a range of positions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.installation.events import LedgerRestored
from engine.installation.state import Installation
from engine.proof import tree_replay as replaying
from engine.proof.checkpoint import Checkpoint
from engine.proof.note import parse_note
from engine.proof.signing import NoteSigner
from engine.subscriber.events import Cause
from tests.proof.growing_ledger import write
from tests.proof.test_growing import by_hand
from tests.running_installation import Installations

MakeContext = Callable[..., AppContext]


@pytest.fixture
def context(make_context: MakeContext, monkeypatch: pytest.MonkeyPatch) -> AppContext:
    """Checkpoints over 301, 601 and 901 entries; three more entries that the tree does not hold
    yet.
    """
    monkeypatch.setattr(replaying, "BATCH_ENTRIES", 200)
    context = make_context()
    for _ in range(3):
        write(context, 300)
        context.tree.sign_now()
    write(context, 3)
    return context


def said(context: AppContext) -> list[str]:
    context.installation_stream._state = Installation()
    return [difference.said() for difference in context.tree.replay()]


def last_file(context: AppContext) -> Path:
    return context.config.data / "proof" / "last-checkpoint"


def test_an_untouched_ledger_agrees_with_its_tree_and_with_every_checkpoint(
    context: AppContext,
) -> None:
    seen: list[tuple[int, int]] = []
    assert list(context.tree.replay(lambda done, total: seen.append((done, total)))) == []
    assert seen[-1] == (904, 904)


def test_a_ledger_that_nobody_has_signed_yet_agrees_too(make_context: MakeContext) -> None:
    context = make_context()
    assert said(context) == []
    write(context, 700)
    assert said(context) == []
    context.tree.grow()
    assert said(context) == []


def test_an_entry_that_was_changed_is_named_with_the_checkpoints_over_it(
    installations: Installations, context: AppContext
) -> None:
    by_hand(
        installations,
        context,
        "UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 417",
    )
    origin = context.tree.origin
    found = said(context)
    assert (
        f"checkpoint 601 of {origin} (proof.checkpoint) has another root than the ledger: an entry"
        " at positions 302 to 601 was changed" in found
    )
    assert (
        "tile/0/001 holds other hashes than the ledger's entries at positions 417 to 417" in found
    )
    assert sum("checkpoint 901" in each for each in found) == 2, (
        "as the database has it, and as this machine's file does"
    )
    assert not any("checkpoint 301" in each or "tile/1" in each for each in found)


def test_two_entries_that_changed_places_are_named(
    installations: Installations, context: AppContext
) -> None:
    swap = "UPDATE ledger.events SET notification_id = {1} WHERE notification_id = {0}"
    by_hand(
        installations,
        context,
        ";".join(swap.format(*each) for each in ((20, 100_000), (21, 20), (100_000, 21))),
    )
    assert "tile/0/000 holds other hashes than the ledger's entries at positions 20 to 21" in said(
        context
    )


def test_an_entry_that_was_removed_is_named(
    installations: Installations, context: AppContext
) -> None:
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id = 700")
    assert said(context) == ["the ledger has no entry at position 700"]


def test_an_entry_that_was_removed_and_the_gap_closed_is_named(
    installations: Installations, context: AppContext
) -> None:
    close = (
        "UPDATE ledger.events SET notification_id = notification_id - 1 WHERE notification_id > 700"
    )
    by_hand(
        installations, context, f"DELETE FROM ledger.events WHERE notification_id = 700; {close}"
    )
    found = said(context)
    assert any("tile/0/002" in each and "positions 700 to 768" in each for each in found)
    assert any("checkpoint 901" in each and "positions 602 to 901" in each for each in found)


def test_an_end_that_was_cut_off_is_named(
    installations: Installations, context: AppContext
) -> None:
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id > 800")
    found = said(context)
    assert any(
        "checkpoint 901" in each and "more entries than the ledger has (800)" in each
        for each in found
    )
    assert (
        "the tree holds 901 entries, the ledger 800: entries were removed, or one was put back"
        " without the other" in found
    )


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            (
                "UPDATE proof.tile SET hashes = decode(repeat('00', 8192), 'hex') WHERE level = 0"
                " AND number = 1"
            ),
            "tile/0/001 holds other hashes",
        ),
        (
            "UPDATE proof.tile SET hashes = decode(repeat('00', 96), 'hex') WHERE level = 1",
            "tile/1/000, over positions 1 to 768, is not what",
        ),
        (
            "DELETE FROM proof.tile WHERE level = 0 AND number = 0",
            "tile/0/000, over positions 1 to 256, is missing",
        ),
        (
            "UPDATE proof.checkpoint SET root = decode(repeat('00', 32), 'hex') WHERE size = 601",
            "checkpoint 601",
        ),
        ("UPDATE proof.checkpoint SET note = 'x' WHERE size = 301", "checkpoint 301"),
        (
            "UPDATE proof.checkpoint SET size = 602 WHERE size = 601",
            "the note says something else than its row",
        ),
    ],
)
def test_a_tile_or_a_checkpoint_written_by_hand_is_named(
    installations: Installations, context: AppContext, statement: str, named: str
) -> None:
    by_hand(installations, context, statement)
    (found,) = said(context)
    assert named in found


def test_a_history_written_anew_and_signed_again_is_caught_by_the_file_of_the_machine(
    installations: Installations, context: AppContext
) -> None:
    """With the operator's own key: tiles, database and signatures all agree, and a checkpoint held
    elsewhere does not.
    """
    held = last_file(context).read_bytes()
    by_hand(
        installations,
        context,
        "UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 417; DELETE FROM"
        " proof.checkpoint",
    )
    last_file(context).unlink()
    context.tree.anew()
    context.tree.sign_now()
    assert said(context) == []
    last_file(context).write_bytes(held)
    (found,) = said(context)
    assert (
        "checkpoint 901" in found and str(last_file(context)) in found and "another root" in found
    )


def test_a_checkpoint_in_the_files_place_that_nobody_here_has_signed_is_named(
    context: AppContext,
) -> None:
    note = parse_note(last_file(context).read_bytes())
    last_file(context).write_bytes(NoteSigner(context.tree.origin, b"o" * 32).sign(note.text))
    (found,) = said(context)
    assert "is not signed as such" in found
    stranger = NoteSigner("other.example/log", b"o" * 32)
    last_file(context).write_bytes(
        stranger.sign(str(Checkpoint("other.example/log", 1, bytes(32))))
    )
    (found,) = said(context)
    assert "of which the ledger knows nothing" in found


def test_what_was_signed_over_entries_that_a_restoration_lost_is_not_asked_of_the_ledger(
    installations: Installations, context: AppContext
) -> None:
    by_hand(installations, context, "DELETE FROM ledger.events WHERE notification_id > 800")
    context.tree.anew()
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: [LedgerRestored(now, 800)], Cause("engine"), now
    )
    context.tree.sign_now()
    write(context, 300)
    context.tree.sign_now()
    assert said(context) == []
    by_hand(
        installations,
        context,
        "UPDATE ledger.events SET state = state || ' ' WHERE notification_id = 417",
    )
    found = said(context)
    assert any("checkpoint 601" in each for each in found), (
        "what was signed before, and is still to be here, is"
    )
    assert not any("checkpoint 901" in each for each in found)
