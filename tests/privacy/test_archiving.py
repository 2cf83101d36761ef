"""Proof kept for legal defence after an erasure (D13): only the auditor can read it, each opening
is a fact, and at its term it is gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from engine.cli import prove as opening
from engine.cli import rights
from engine.cli.parser import parser
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.ledger.codec import decode
from engine.privacy.erasure import Archived, archiver, erase
from engine.sequence.delay import DAY, Delay
from engine.sequence.mistakes import Unpublishable
from engine.subscriber.events import Cause, ProofArchived, ProofOpened, SubscriberErased
from engine.vault.sealing import SealingRefused, recipient, seal, unseal
from tests.conftest import MakeContext
from tests.privacy.garden import FILES, Anna, Everything
from tests.running_installation import Installations

SHOP = Cause("operator", "o1")
IDENTITY = pyrage.x25519.Identity.generate()
KEY = f'\n[proof]\narchive_recipient = "{IDENTITY.to_public()}"\n'
FIVE_YEARS = Delay(months=60)


@pytest.fixture
def anna(make_context: MakeContext) -> Anna:
    found = Anna(make_context(FILES, KEY)).joins()
    found.clicks(found.is_sent(), 0, 11)
    found.changes()
    return found


def archived(anna: Anna) -> int:
    """Erased, with proof kept; the version of the last fact."""
    context = anna.context
    result, receipt = erase(
        context,
        anna.stream,
        SHOP,
        context.command_handler.execute_one,
        archive=archiver(context, FIVE_YEARS),
    )
    assert receipt is not None and any("sealed" in each.what for each in receipt.kept)
    return result.person.version


def test_what_is_sealed_proves_everything_and_nobody_here_can_read_it(
    anna: Anna, installations: Installations
) -> None:
    context = anna.context
    states = [
        context.ledger.bytes_at(entry.position) for entry in context.ledger.stream(anna.stream)
    ]
    kept = context.vault.evidence_bytes(anna.stream)
    archived(anna)
    assert Everything.of(installations, context).found(*anna.words) == set()
    sealed, ends_at = context.vault.archived(anna.stream) or (b"", 0)
    said = json.loads(unseal(sealed, str(IDENTITY)))
    assert said["address"] == anna.address and said["fields"] == {"first_name": anna.name}
    assert [each["state"].encode() for each in said["entries"]] == states
    assert len(said["evidence"]) == len(kept) >= 3
    committed = {
        decode(each["position"], each["state"].encode()).cause.evidence for each in said["entries"]
    }
    for each in said["evidence"]:
        assert (
            hashlib.sha256(
                b"commit/v1\0" + bytes.fromhex(each["salt"]) + each["payload"].encode()
            ).hexdigest()
            == each["commitment"]
        )
        assert each["commitment"] in committed
    events = [entry.event for entry in context.ledger.stream(anna.stream)][-2:]
    assert (
        isinstance(events[0], ProofArchived)
        and events[0].ends_at == ends_at
        and isinstance(events[1], SubscriberErased)
    )


def test_what_happens_while_it_is_sealed_is_sealed_too(anna: Anna) -> None:
    context, seal_it, times = anna.context, archiver(anna.context, FIVE_YEARS), iter(range(2))

    def slowly(subscriber: str) -> Archived:
        made = seal_it(subscriber)
        for _ in times:
            anna.changes()
            break
        return made

    _result, receipt = erase(
        context, anna.stream, SHOP, context.command_handler.execute_one, archive=slowly
    )
    assert receipt is not None
    said = json.loads(unseal((context.vault.archived(anna.stream) or (b"", 0))[0], str(IDENTITY)))
    facts = context.ledger.stream(anna.stream)
    assert len(said["entries"]) == len(facts) - 4 and facts[-5].name == "profile-changed"


def test_each_opening_is_a_fact_and_hands_out_what_only_the_auditor_opens(
    anna: Anna, tmp_path: Path
) -> None:
    archived(anna)
    key = tmp_path / "key.txt"
    key.write_text(f"# created by age-keygen\n{IDENTITY}\n")

    def opened(*more: str) -> bytes:
        path = tmp_path / f"proof-{len(more)}"
        assert (
            opening.open_archive(
                anna.context,
                parser().parse_args(["audit", "open-archive", anna.stream, "-o", str(path), *more]),
            )
            == 0
        )
        return path.read_bytes()

    sealed = opened()
    assert sealed.startswith(b"age-encryption.org/v1\n") and anna.address.encode() not in sealed
    assert json.loads(opened("--identity", str(key)))["address"] == anna.address
    assert [type(entry.event) for entry in anna.context.ledger.stream(anna.stream)][-2:] == [
        ProofOpened,
        ProofOpened,
    ]
    anna.context.views.catch_up()
    assert anna.context.views.compare(lambda done, total: None) == []


def test_the_verb_seals_what_it_erases(anna: Anna, capsys: pytest.CaptureFixture[str]) -> None:
    said = ["person", "erase", anna.address, "--yes", "--keep-proof"]
    with pytest.raises(UserError, match="is not a duration"):
        rights.person(anna.context, parser().parse_args([*said, "for ever"]))
    assert rights.person(anna.context, parser().parse_args([*said, "5 years"])) == 0
    assert "scellée avec la clé de l’auditeur" in capsys.readouterr().out
    assert anna.context.vault.archived(anna.stream)


def refused(context: AppContext, *arguments: str) -> str:
    with pytest.raises(UserError) as said:
        opening.open_archive(context, parser().parse_args(["audit", "open-archive", *arguments]))
    return str(said.value)


def test_what_cannot_be_opened_is_said_and_not_recorded(anna: Anna, tmp_path: Path) -> None:
    assert "no proof is kept of this person" in refused(
        anna.context, anna.stream, "-o", str(tmp_path / "x")
    )
    before = archived(anna)
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    assert "does not open it" in refused(
        anna.context, anna.stream, "-o", str(tmp_path / "x"), "--identity", str(other)
    )
    other.write_text("no key at all")
    assert "is not a private key of age" in refused(
        anna.context, anna.stream, "-o", str(tmp_path / "x"), "--identity", str(other)
    )
    other.write_text("")
    assert "is there already" in refused(anna.context, anna.stream, "-o", str(other))
    assert len(anna.context.ledger.stream(anna.stream)) == before


def test_at_its_term_it_is_deleted(anna: Anna) -> None:
    archived(anna)
    vault, ends_at = anna.context.vault, (anna.context.vault.archived(anna.stream) or (b"", 0))[1]
    assert ends_at > anna.context.clock.now() + 5 * 365 * DAY - DAY
    assert vault.end_archives(ends_at - 1) == 0 and vault.archived(anna.stream)
    assert vault.end_archives(ends_at) == 1 and vault.archived(anna.stream) is None


def test_without_an_auditor_nothing_is_sealed_and_nobody_erased(make_context: MakeContext) -> None:
    context = make_context(FILES)
    with pytest.raises(SealingRefused, match="archive_recipient"):
        archiver(context, FIVE_YEARS)


@pytest.mark.parametrize("key", ["age1nothing", "AGE-SECRET-KEY-1X", "ssh-ed25519 AAAA"])
def test_a_key_that_is_none_stops_the_start(make_context: MakeContext, key: str) -> None:
    with pytest.raises(Unpublishable, match="archive_recipient"):
        make_context(FILES, f'\n[proof]\narchive_recipient = "{key}"\n')


def test_what_was_sealed_is_opened_by_its_key_alone() -> None:
    public, wrong = str(IDENTITY.to_public()), str(pyrage.x25519.Identity.generate())
    sealed = seal(b"proof", recipient(public))
    assert unseal(sealed, str(IDENTITY)) == b"proof"
    attempts: list[Callable[[], bytes]] = [
        lambda: unseal(sealed, wrong),
        lambda: unseal(sealed[:-1], str(IDENTITY)),
        lambda: unseal(b"", wrong),
    ]
    for attempt in attempts:
        with pytest.raises(SealingRefused):
            attempt()
