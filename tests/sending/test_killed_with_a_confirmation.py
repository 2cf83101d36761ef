"""A sender is killed with a mail that asks for consent in its hands: whatever its marks say, no
consent is left without that mail.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.intake.evidence_requirements import missing
from engine.letter.link_token import CONFIRM
from engine.mime.return_path import ReturnToken, read_return_address, return_key
from engine.sending.approved_slots import ApprovedSlots
from engine.sending.claim import take_and_claim
from engine.sending.compose import Composer
from engine.sending.delivery_journal import DeliveryJournal, journal_file
from engine.sending.dkim_keys import DkimSigning
from engine.sending.envelope import Envelope
from engine.sending.send_batch import SendBatch
from engine.sending.settling import settle
from engine.subscriber.events import LetterDeferred, LetterInDoubt, LetterSent
from engine.vault.evidence import octets_of
from tests.running_installation import Installations
from tests.web import doors
from tests.web.correspondence import press
from tests.web.visiting import Site, behind_a_proxy

pytestmark = pytest.mark.postgres
ADDRESS = "tuee@exemple.fr"
RETURN_PATH = '[smtp]\nreturn_path = "retours.exemple.fr"\n'


@pytest.fixture
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER + RETURN_PATH) as made:
        yield made


def killed(site: Site, *, dot: bool, code: int = 0, found_after: float = 0) -> Envelope:
    """The mail as it was composed; its sender is dead, its marks are there, and another has settled
    what was left, `found_after` seconds later.
    """
    context = replace(site.context, sender="killed")
    site.post("inscription", {"email": ADDRESS, "jardin": "Un balcon"})
    context.views.catch_up()
    stores = context.sending()
    queue = stores.new_queue()
    claims, _ = take_and_claim(stores, queue, ())
    path = journal_file(context.config.data, "killed")
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = DeliveryJournal(path)
    term = ApprovedSlots(stores.approvals).present_term()
    (envelope,) = SendBatch(stores, journal, queue, claims, lambda deliveries: None, term).compose(
        Composer(context.config, context.secrets.link_key), DkimSigning(context.config)
    )
    if dot:
        journal.dot(envelope.key)
    if code:
        journal.answer(envelope.key, code)
    journal.close()
    time.sleep(found_after)
    settle(site.context.sending(), [(claim.stream, claim.key) for claim in claims], ())
    return envelope


def kept(site: Site) -> list[dict[str, object]]:
    return [
        piece
        for piece in site.context.vault.evidence_of(site.stream(ADDRESS)).values()
        if "mail" in piece
    ]


def test_what_was_accepted_has_its_mail(site: Site) -> None:
    envelope = killed(site, dot=True, code=250)
    (sent,) = [fact for fact in site.facts(ADDRESS) if isinstance(fact, LetterSent)]
    assert (
        octets_of(site.context.vault.evidence_of(site.stream(ADDRESS))[sent.mail]) == envelope.body
    )
    press(site.client, doors.letter_to(site, ADDRESS).token(CONFIRM))
    proof = doors.last(site, ADDRESS)
    assert octets_of(proof.particulars) == envelope.body and proof.gone == ()
    assert missing(proof.particulars) == [] and proof.particulars["relay_words"] is None
    assert proof.particulars["relay_code"] == 250 and "relay_words" in doors.unknown(proof)


@pytest.mark.parametrize("code", [250, 0])
def test_it_was_sent_when_it_was_marked_and_not_when_that_was_found(site: Site, code: int) -> None:
    """What the person withdraws in between was not withdrawn before the letter left (P1)."""
    killed(site, dot=True, code=code, found_after=0.3)
    (begun, became) = site.facts(ADDRESS)[-2:]
    assert isinstance(became, LetterSent | LetterInDoubt)
    assert begun.at <= became.at < site.context.clock.now() - 250


def test_what_is_in_doubt_has_its_mail(site: Site) -> None:
    envelope = killed(site, dot=True)
    (doubt,) = [fact for fact in site.facts(ADDRESS) if isinstance(fact, LetterInDoubt)]
    assert (
        octets_of(site.context.vault.evidence_of(site.stream(ADDRESS))[doubt.mail]) == envelope.body
    )
    press(site.client, doors.letter_to(site, ADDRESS).token(CONFIRM))
    proof = doors.last(site, ADDRESS)
    assert missing(proof.particulars) == [] and {"sent_at", "relay_code", "relay_words"} <= set(
        doors.unknown(proof)
    )


def test_what_was_never_handed_over_leaves_none_and_is_sent_again_with_its_own(site: Site) -> None:
    killed(site, dot=False)
    assert (
        any(isinstance(fact, LetterDeferred) for fact in site.facts(ADDRESS)) and kept(site) == []
    )
    mail = doors.confirmed(site, ADDRESS)
    (piece,) = kept(site)
    token = read_return_address(return_key(site.context.secrets.link_key), mail.sender)
    assert token is not None and mail.sender == piece["from"]
    assert token == ReturnToken("bounce", str(piece["message"]))
    proof = doors.last(site, ADDRESS)
    assert octets_of(proof.particulars) == mail.body and missing(proof.particulars) == []
    assert len(kept(site)) == 1
