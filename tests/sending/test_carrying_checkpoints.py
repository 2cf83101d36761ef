"""Whoever gets a letter holds, in that very mail, the newest checkpoint of the ledger: a witness
the operator did not choose. The first letter after a consent covers it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.letter.link_token import CONFIRM
from engine.proof.bundle import zipped
from engine.proof.cached_checkpoint import CachedCheckpoint
from engine.proof.checkpoint import HEADER, carried_by, open_checkpoint
from engine.proof.signing import read_vkey
from engine.proof.verify import notes_in
from engine.sending.compose import Composer
from engine.sending.inert_letter import LetterReader, composed_test, letter_named
from engine.sending.mailbox import Mailbox
from engine.subscriber.events import LetterSent
from engine.vault.evidence import octets_of
from tests.proof.handed import bundle, judged
from tests.running_installation import Installations
from tests.sending.readers import send_until
from tests.web import doors
from tests.web.correspondence import press
from tests.web.visiting import Site, behind_a_proxy

pytestmark = pytest.mark.postgres


@pytest.fixture
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        yield made


def asked(site: Site, address: str) -> bytes:
    """The mail that asked somebody, as a mail server took it."""
    site.post("inscription", {"email": address, "jardin": "Un balcon"})
    (mail,) = doors.posted(site.context, site, address)
    return mail.body


def test_the_mail_on_the_wire_and_the_one_that_is_kept_as_evidence_carry_what_was_signed_last(
    site: Site,
) -> None:
    assert HEADER.encode() not in asked(site, "avant@exemple.fr")
    site.context.tree.sign_now()
    older = asked(site, "pendant@exemple.fr")
    signed = site.context.tree.sign_now()
    mail = asked(site, "apres@exemple.fr")
    assert carried_by(mail) == signed.note != carried_by(older)
    assert notes_in(mail) == [signed.note], "the stand-alone verifier finds it too"
    assert (
        open_checkpoint(carried_by(mail), [read_vkey(site.context.tree.vkey)]).size == signed.size
    )
    press(site.client, doors.letter_to(site, "apres@exemple.fr").token(CONFIRM))
    assert octets_of(doors.last(site, "apres@exemple.fr").particulars) == mail


def test_the_letter_in_her_own_mailbox_covers_her_consent_and_the_verifier_reads_it(
    site: Site, tmp_path: Path
) -> None:
    """No checkpoint is signed here but by the sender itself, over what she confirmed just now."""
    context, anna = site.context, "anna@exemple.fr"
    context.tree.sign_now()
    site.post("inscription", {"email": anna, "jardin": "Un balcon"})
    doors.confirmed(site, anna)
    before = context.tree.latest()

    async def story(mailbox: Mailbox) -> None:
        await mailbox.start()
        try:
            await send_until(
                context,
                mailbox,
                lambda: sum(isinstance(fact, LetterSent) for fact in site.facts(anna)) == 2,
            )
        finally:
            await mailbox.stop()

    asyncio.run(story(mailbox := Mailbox(tmp_path / "mailbox")))
    (entry,) = mailbox.list(10, anna)
    letter = tmp_path / "mailbox" / f"{entry.id}.eml"
    signed = context.tree.latest()
    assert before is not None and signed is not None
    assert carried_by(letter.read_bytes()) == signed.note
    confirmed = next(fact for fact in site.entries(anna) if fact.name == "consent-confirmed")
    assert before.size < confirmed.position <= signed.size

    (proof := tmp_path / "anna.zip").write_bytes(zipped(bundle(context, site.stream(anna), signed)))
    found = judged(proof, "--checkpoint", letter)
    assert found.status == 0, found.wrong
    assert "agrees with the checkpoint held elsewhere" in "\n".join(found.said["proved"])
    assert "attested by the operator alone" not in "\n".join(found.said["not_proved"])


def test_a_letter_sent_to_try_it_carries_the_checkpoint_too(site: Site) -> None:
    signed = site.context.tree.sign_now()
    context = site.context
    plan = context.installation_stream.current().plan()
    composer = Composer(context.config, context.secrets.link_key, CachedCheckpoint(context.tree))
    claim, reader = letter_named(plan, "bonjour"), LetterReader()
    now = context.clock.now()
    composed, envelope = composed_test(composer, plan, claim, reader, "moi@exemple.fr", now)
    assert composed.subject.startswith("[Test] ")
    assert carried_by(envelope.body) == signed.note
