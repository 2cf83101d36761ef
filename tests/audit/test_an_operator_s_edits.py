"""Whoever holds the database, the clock and the key edits what stands there: each edit is named by
the verbs that read it, with status 1, and nothing is signed over it.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from engine.audit.held import misplaced
from engine.audit.vault_check import Deletions, evidence_faults, vault_faults
from engine.installation.events import RetentionApplied
from engine.ledger.codec import EntryRefused
from engine.proof.signer import SigningRefused
from engine.sequence.delay import DAY, Delay
from engine.subscriber.events import Cause
from tests.audit.operating import (
    ANNA,
    BRUNO,
    FAULTS,
    NO_FAULTS,
    Asking,
    Operated,
    put_right,
)


def refuses_to_sign(operator: Operated, asks: Asking, folder: Path, *named: str) -> None:
    """Each verb that signs names what differs, and neither signs nor writes a file."""
    before = operator.context.tree.all_checkpoints()
    for typed in (
        ("prove", ANNA, "-o", str(folder / "anna.zip")),
        ("ledger", "-o", str(folder / "ledger")),
        ("checkpoint",),
        ("story", "nobody@lecteurs.example"),
        ("rotate-key",),
        ("dossier", ANNA, "-o", str(folder / "anna.html")),
    ):
        heard = asks(*typed)
        assert heard.status == 1 and "nothing is signed" in heard.err, (typed, heard)
        assert all(words in heard.err for words in named), (typed, heard)
        assert not heard.out, (typed, heard)
    assert operator.context.tree.all_checkpoints() == before
    assert not list(folder.iterdir())


def test_what_nobody_has_edited_is_told_and_proved_without_a_word(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    told = asks("story", ANNA)
    assert told.status == 0 and "NOT as it was signed" not in told.out
    assert not re.search(r"^ *! ", told.out, re.MULTILINE)
    assert asks("letter", operator.mail.claim.message).status == 0
    assert asks("as-of", operator.today, ANNA).status == 0
    proved = asks("prove", ANNA, "-o", str(tmp_path / "anna.zip"))
    assert proved.status == 0 and not proved.err
    assert asks("replay").out == "equal\n"


def test_an_entry_that_was_changed_is_no_fact_any_more(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    place = operator.position("consent-confirmed")
    operator.changed(place, '"act":"human_button"', '"act":"human_butt0n"')
    named = f"the entry at position {place} is not the one that the tree holds"
    told = asks("story", ANNA)
    assert told.status == 1 and f"! {named}" in told.out
    assert "these are not the bytes that were signed: no fact" in told.out
    letter = asks("letter", operator.mail.claim.message)
    assert letter.status == 1 and f"! {named}" in letter.out
    as_of = asks("as-of", operator.today, ANNA)
    assert as_of.status == 1 and f"! {named}" in as_of.out
    refuses_to_sign(operator, asks, tmp_path, f"at positions {place} to {place}")


def test_an_entry_that_was_changed_with_its_leaf_is_named_by_the_way_to_the_signed_root(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    place = operator.position("consent-confirmed")
    operator.changed(place, '"act":"human_button"', '"act":"human_butt0n"')
    operator.with_its_leaf(place)
    told = asks("story", ANNA)
    assert told.status == 1
    assert (
        "! tile/0/000, over positions 1 to 256, does not lead to the signed checkpoint" in told.out
    )
    assert "these are not the bytes that were signed: no fact" in told.out
    refuses_to_sign(operator, asks, tmp_path, "has another root than the ledger")


@pytest.mark.parametrize("bytes_too", [False, True])
def test_a_withdrawal_moved_to_somebody_else_is_named_and_not_left_out_of_a_proof(
    operator: Operated, asks: Asking, tmp_path: Path, bytes_too: bool
) -> None:
    """By its columns, where no entry differs from its leaf; and with its bytes, where nothing about
    her in the ledger says that she withdrew.
    """
    anna, bruno = operator.site.stream(ANNA), operator.site.stream(BRUNO)
    places = operator.position("consent-withdrawn"), operator.position("list-left")
    operator.edit(
        "UPDATE ledger.events SET originator_id = %(bruno)s, originator_version ="
        " originator_version + 100 WHERE notification_id = ANY(%(places)s)",
        bruno=bruno,
        places=[*places],
    )
    if bytes_too:
        for place in places:
            operator.changed(place, anna, bruno)
            operator.changed(place, '"version":', '"version":10')
    told = asks("story", ANNA)
    assert told.status == 1 and "consent-withdrawn" not in told.out
    assert f"facts of {anna} were known when their state was last computed" in told.out
    if not bytes_too:
        assert all(f"! the entry at position {place} stands in" in told.out for place in places)
    proved = asks("prove", ANNA, "-o", str(tmp_path / "anna.zip"))
    first, last = places
    named = f"at positions {first} to {last}" if bytes_too else f"the entry at position {last}"
    assert proved.status == 1 and named in proved.err
    assert "nothing is signed" in proved.err and not list(tmp_path.iterdir())


def test_a_ledger_that_was_cut_off_with_its_checkpoints_ends_every_verb_and_names_the_views(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    head = operator.context.ledger.head()
    operator.edit("DELETE FROM ledger.events WHERE notification_id > 300")
    operator.edit("DELETE FROM proof.checkpoint")
    replayed = asks("replay")
    assert replayed.status == 1 and "not equal" in replayed.err
    assert (
        f"this machine knew the ledger up to position {head}, and it now ends at 300"
        in replayed.out
    )
    assert f"the tree holds {head} entries, the ledger 300" in replayed.out
    for view in ("agenda", "members", "letters", "silence", "choices", "delivery"):
        assert (
            f"{view}: ahead of the ledger, which ends before this position: {head}" in replayed.out
        )
    told = asks("story", ANNA)
    assert told.status == 1 and "! this machine knew the ledger up to position" in told.out
    refuses_to_sign(operator, asks, tmp_path, "this machine knew the ledger up to position")


def test_published_words_that_were_changed_are_not_told_as_shown(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    place = operator.words(operator.context.installation_stream.current().notices["inscription"])
    operator.changed(place, "garde votre adresse", "donne votre adresse")
    told = asks("story", ANNA)
    assert told.status == 1 and "donne votre adresse" not in told.out
    assert f"! the entry at position {place} is not the one that the tree holds" in told.out
    assert "! the words published under " in told.out
    assert "are others in this ledger now" in told.out
    refuses_to_sign(operator, asks, tmp_path, f"at positions {place} to {place}")


def test_a_letter_s_words_that_were_changed_are_not_told_as_published(
    operator: Operated, asks: Asking
) -> None:
    edition = operator.context.installation_stream.current().editions[1]
    place = operator.words(dict(edition.files)["question.md"])
    operator.changed(place, "avez-vous sem", "avez-vous pay")
    told = asks("letter", operator.mail.claim.message)
    assert told.status == 1 and "avez-vous pay" not in told.out
    assert "! question.md: the words published then are not in this ledger any more" in told.out


def test_a_remembered_position_that_was_removed_is_said_and_nothing_is_signed(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    operator.context.rollback_detection.path.unlink()
    told = asks("story", ANNA)
    assert (
        told.status == 1
        and "ledger-position.json is gone, though this machine has signed" in told.out
    )
    assert asks("replay").status == 1
    refuses_to_sign(operator, asks, tmp_path, "ledger-position.json is gone")


def test_the_checkpoint_of_each_hour_is_not_signed_over_what_was_cut_off_either(
    operator: Operated, asks: Asking
) -> None:
    operator.edit("DELETE FROM ledger.events WHERE notification_id > 300")
    operator.edit("DELETE FROM proof.checkpoint; DELETE FROM proof.tile")
    (operator.context.config.data / "proof" / "last-checkpoint").unlink()
    assert operator.context.tree.sign_when_due(Delay()) is None
    assert "this machine knew the ledger up to position" in operator.context.tree.trouble
    assert not operator.context.tree.all_checkpoints()


def test_evidence_that_was_changed_is_no_whole_proof_and_not_handed_over(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    commitment = operator.evidence("consent-requested")
    operator.edit(
        "UPDATE vault.evidence SET payload = convert_to(replace(convert_from(payload, 'UTF8'),"
        " 'inscription', 'inscriptiom'), 'UTF8') WHERE commitment = decode(%(it)s, 'hex')",
        it=commitment,
    )
    told = asks("story", ANNA)
    assert told.status == 1 and "! the evidence in the vault is NOT what" in told.out
    audited = asks("evidence", ANNA)
    named = f"evidence {commitment[:16]}… is NOT what the ledger commits to"
    assert audited.status == 1 and named in audited.out and "altered: 1\n" in audited.out
    replayed = asks("replay")
    assert replayed.status == 1 and commitment in replayed.out and "not equal" in replayed.err
    proved = asks("prove", ANNA, "-o", str(tmp_path / "anna.zip"))
    assert proved.status == 1 and commitment in proved.err and not list(tmp_path.iterdir())


def test_evidence_that_was_deleted_is_named_where_no_fact_says_why(
    operator: Operated, asks: Asking, tmp_path: Path
) -> None:
    commitment = operator.evidence("consent-confirmed")
    operator.edit(
        "DELETE FROM vault.evidence WHERE commitment = decode(%(it)s, 'hex')", it=commitment
    )
    gone = f"evidence {commitment[:16]}… is gone, and no fact says why"
    told = asks("story", ANNA)
    assert told.status == 1 and f"! {gone}" in told.out
    audited = asks("evidence", ANNA)
    assert audited.status == 1 and gone in audited.out and "missing: 1\n" in audited.out
    proved = asks("prove", ANNA, "-o", str(tmp_path / "anna.zip"))
    assert proved.status == 1 and f"! {gone}" in proved.out
    # What it led to is named by nothing any more.
    assert "and no fact names it" in asks("replay").out


def test_where_somebody_was_is_gone_in_time_or_named(operator: Operated, asks: Asking) -> None:
    operator.edit("DELETE FROM vault.evidence WHERE kind = 'visitor'")
    told = asks("story", ANNA)
    assert told.status == 1 and "! the IP address and the browser that evidence" in told.out
    context = operator.context
    context.clock.jump(400 * DAY)
    now = context.clock.now()
    night = RetentionApplied(now, "2030-01-01", "enforce", (("visitor", 1, 1, 0),))
    context.installation_stream.execute(lambda state: [night], Cause("engine"), now)
    told = asks("story", ANNA)
    assert "the IP address and the browser" not in told.out and told.status == 0


def test_a_person_whose_rows_are_all_gone_is_named_by_the_ledger(
    operator: Operated, asks: Asking
) -> None:
    stream = operator.site.stream(ANNA)
    for table in ("person", "evidence"):
        operator.edit(f"DELETE FROM vault.{table} WHERE subscriber = %(it)s", it=stream)
    audited = asks("evidence")
    assert audited.status == 1 and f"{stream}  the vault holds no address for them" in audited.out


def differences(operator: Operated) -> list[str]:
    """What the whole ledger, its columns, the vault and two people's evidence show, or the refusal
    to read them.
    """
    context = operator.context
    try:
        found = [*context.tree.differences(), *vault_faults(context.ledger, context.vault)]
        said = [words.said() for words in found]
        said += [f"position {at} is misplaced" for at in misplaced(context.database)]
        for address in (ANNA, BRUNO):
            stream = operator.site.stream(address)
            entries, pieces = context.ledger.stream(stream), context.vault.pieces_of(stream)
            said += [fault.code for fault in evidence_faults(entries, pieces, Deletions(()))]
    except (EntryRefused, SigningRefused) as error:
        return [str(error)]
    return said


def test_edits_at_random_are_named_if_they_are_faults_and_not_if_they_are_none(
    lived: Operated,
) -> None:
    chance = random.Random(int(os.environ.get("RELANCE_SEED", "10")))
    every = [*FAULTS.items(), *NO_FAULTS.items()]
    for edit, statement in every * 3:
        kind = chance.choice(("act", "visitor"))
        values = {"entry": chance.randint(2, 350), "n": chance.randint(0, 10_000), "kind": kind}
        with put_right(lived) as operator:
            operator.edit(statement, **values)
            found = differences(operator)
            assert bool(found) == (edit in FAULTS), (edit, values, found)
