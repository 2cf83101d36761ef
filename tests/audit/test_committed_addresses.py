"""Whose address it is: the ledger commits to it, and whatever else has an address of the person's
is held against that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from engine.audit.committed_address import AddressCheck, OtherAddress, address_check
from engine.ledger.codec import Encoded, Entry
from engine.ledger.names import NAME_OF
from engine.proof import verify
from engine.subscriber import events as e
from engine.vault.evidence import Evidence, evidence, mail_that_asks

ANNA, BRUNO = "anna@lecteurs.example", "bruno@lecteurs.example"
NEW = "anna@xn--jardin-dt-j4a.example"
STREAM = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
PLACES = {"entered-other": "form", "mailed-other": "mail"}
REGISTERED = e.SubscriberRegistered(1)
MOVED = e.ProfileChanged(2, ("email", "first_name"))
ASKED = e.ConsentRequested(3, "conseils", "r1", (10,), 9)


def checked(
    *facts: tuple[e.PersonEvent, Mapping[str, object]], known: str = ANNA, mail_to: str = ""
) -> AddressCheck:
    """Facts, each with what its evidence says; then the mail that asked, to `mail_to`."""
    pieces: dict[str, Evidence] = {}
    entries = []
    for position, (event, says) in enumerate(facts, 1):
        piece = evidence(bytes(32), {"position": position, **says})
        pieces[piece.commitment.hex()] = piece
        cause = e.Cause("form", evidence=piece.commitment.hex())
        entries.append(Entry(position, STREAM, position, NAME_OF[type(event)], 1, 1, cause, event))
    if mail_to:
        octets = f"To: {mail_to}\r\nSubject: Confirmez\r\n\r\nBonjour\r\n".encode()
        piece = mail_that_asks(
            octets, message="m1", message_id="<m1>", sender="potager.example", recipient=mail_to
        )
        pieces[piece.commitment.hex()] = piece
        sent = e.LetterSent(4, "m1", mail=piece.commitment.hex())
        place = len(entries) + 1
        entries.append(Entry(place, STREAM, place, "letter-sent", 1, 1, e.Cause("relay"), sent))
    found = address_check(entries, pieces, known)
    elsewhere = [(other.place, other.address) for other in found.others if other.position]
    assert verifier_finds(entries, pieces) == (found.committed, elsewhere)
    return found


def verifier_finds(
    entries: Sequence[Entry], pieces: Mapping[str, Evidence]
) -> tuple[str, list[tuple[str, str]]]:
    """The other reading of the same rule, which shares no code: verify.py's."""
    report = verify.Report()
    own = [
        verify.parse_entry(
            entry.position,
            Encoded(entry.stream, entry.event, entry.cause, entry.event.at).at_version(
                entry.version
            ),
        )
        for entry in entries
    ]
    says = {digest: json.loads(piece.payload) for digest, piece in pieces.items()}
    committed = verify.check_addresses(own, says, report)
    wrong = [(PLACES[each.code], each.values["address"]) for each in report.wrong_findings]
    return committed.address, wrong


def test_registration_commits_by_what_was_entered_or_declared() -> None:
    for says in ({"email": ANNA}, {"answers": {"email": ANNA, "first_name": "Anna"}}):
        assert checked((REGISTERED, says)) == AddressCheck(ANNA, ANNA, 1, ())


def test_another_person_s_address_in_the_vault_is_named() -> None:
    found = checked((REGISTERED, {"email": ANNA}), known=BRUNO)
    assert found.others == (OtherAddress("vault", 0, BRUNO),)


def test_a_form_filled_in_with_another_person_s_address_is_named() -> None:
    found = checked((REGISTERED, {"email": ANNA}), (ASKED, {"answers": {"email": BRUNO}}))
    assert found.others == (OtherAddress("form", 2, BRUNO),)


def test_a_mail_that_went_to_another_person_is_named() -> None:
    asked = (REGISTERED, {"email": ANNA}), (ASKED, {"answers": {"email": ANNA}})
    assert checked(*asked, mail_to=ANNA.upper()).others == ()
    assert checked(*asked, mail_to=BRUNO).others == (OtherAddress("mail", 3, BRUNO),)


def test_a_change_of_address_commits_to_the_new_one_and_the_former_was_theirs() -> None:
    moved = (REGISTERED, {"email": ANNA}), (MOVED, {"email": NEW})
    found = checked(*moved, (ASKED, {"answers": {"email": ANNA}}), known=NEW, mail_to=ANNA)
    assert found == AddressCheck(NEW, NEW, 2, ())
    assert checked(*moved, known=ANNA).others == (OtherAddress("vault", 0, ANNA),)


def test_whoever_was_registered_before_has_no_commitment_until_they_fill_in_a_form() -> None:
    assert checked((REGISTERED, {"file": "gens.csv"})) == AddressCheck(ANNA, "", 0, ())
    found = checked((REGISTERED, {}), (ASKED, {"answers": {"email": ANNA}}), known=BRUNO)
    assert (found.committed, found.since) == (ANNA, 2) and len(found.others) == 1
    assert checked((REGISTERED, {"email": ANNA}), (MOVED, {}), known=NEW).committed == ""


@pytest.mark.parametrize("commits", [{"email": BRUNO}, {"email": ["x"]}, {"answers": BRUNO}])
def test_evidence_that_was_exchanged_or_says_no_address_commits_to_nothing(
    commits: Mapping[str, object],
) -> None:
    forged = evidence(bytes(32), commits)
    cause = e.Cause("form", evidence="ab" * 32)
    entry = Entry(1, STREAM, 1, "subscriber-registered", 1, 1, cause, REGISTERED)
    assert address_check([entry], {"ab" * 32: forged}, ANNA) == AddressCheck(ANNA, "", 0, ())
