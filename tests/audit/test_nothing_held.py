"""That nothing is held is said in a signed note: it verifies with the installation's key, is no
checkpoint, and says what it does not say.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.proof.checkpoint import read_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import parse_note, verified
from engine.proof.signing import read_vkey
from tests.audit.contesting import FILES, Auditor, subscribed
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
NOBODY = "personne@lecteurs.example"
MAIL = b"From: x@y.example\nSubject: a\nMessage-ID: <abc\x1b[2J@y.example>\n\nBonjour"


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


@pytest.fixture
def auditor(context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(context, capsys, tmp_path)


def text_of(context: AppContext, note: str) -> list[str]:
    """Believed: signed by the key the ledger names."""
    origin, vkey = context.tree.begin()
    found = parse_note(note.encode())
    assert [key.name for key in verified(found, [read_vkey(vkey)])] == [origin]
    lines = found.text.splitlines()
    assert lines[0] == origin
    return lines


def test_what_is_said_of_an_address_is_signed_and_names_its_limits(
    context: AppContext, auditor: Auditor
) -> None:
    told = auditor.asks("story", NOBODY)
    lines = text_of(context, told.out)
    assert told.status == 1
    assert lines[1:3] == ["nothing-held/v1", f"address {NOBODY}"] and "suppressed no" in lines
    assert any("cannot be told apart from somebody never known" in line for line in lines)


def test_what_is_said_of_a_mail_is_signed_and_names_the_ledger_it_speaks_of(
    context: AppContext, auditor: Auditor
) -> None:
    lines = text_of(context, auditor.asks("letter", auditor.file(MAIL)).out)
    ledger = next(line for line in lines if line.startswith("ledger ")).split()
    leaf = context.tree.ledger.bytes_at(int(ledger[1]))
    from hashlib import sha256

    assert leaf is not None and ledger[2] == sha256(b"\0" + leaf).hexdigest()
    assert "message-id <abc·[2J@y.example>" in lines


def test_a_changed_statement_is_no_longer_signed(context: AppContext, auditor: Auditor) -> None:
    note = auditor.asks("story", NOBODY).out.replace("suppressed no", "suppressed yes")
    with pytest.raises(ProofRefused):
        text_of(context, note)


def test_no_statement_can_be_taken_for_a_checkpoint(auditor: Auditor) -> None:
    with pytest.raises(ProofRefused):
        read_checkpoint(auditor.asks("story", NOBODY).out.encode())


def test_the_same_note_leaves_as_json_and_as_a_page(
    context: AppContext, auditor: Auditor, tmp_path: Path
) -> None:
    told = auditor.asks("story", NOBODY, "--json")
    assert told.status == 1 and text_of(context, json.loads(told.out)["note"])
    assert auditor.asks("story", NOBODY, "--html", str(tmp_path / "note.html")).status == 1
    assert "nothing-held/v1" in (tmp_path / "note.html").read_text("utf-8")


def test_a_ledger_that_contradicts_what_was_signed_vouches_for_nothing(
    context: AppContext, auditor: Auditor
) -> None:
    """F07: with another key than the ledger names, nothing is signed, and why is said."""
    auditor.asks("story", NOBODY)
    (context.config.secrets / "proof.key").write_text("ab" * 32)
    with pytest.raises(UserError, match="nothing is signed"):
        auditor.asks("story", NOBODY)


def test_a_story_says_by_which_checkpoint_a_fact_was_there(
    context: AppContext, auditor: Auditor
) -> None:
    subscribed(context, NOBODY)
    assert "in no signed checkpoint yet" in auditor.asks("story", NOBODY).out
    signed = context.tree.sign_now()
    assert (
        f"in the checkpoint of {signed.size} entries, signed" in auditor.asks("story", NOBODY).out
    )
    facts = auditor.asks("story", NOBODY, "--json").plain["facts"]
    assert {fact["checkpoint"]["size"] for fact in facts} == {signed.size}  # type: ignore[attr-defined]
