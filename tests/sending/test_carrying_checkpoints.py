"""Whoever is asked to confirm holds, in that very mail, the newest checkpoint of the ledger: a
witness the operator did not choose.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.letter.link_token import CONFIRM
from engine.proof.checkpoint import HEADER, carried_by, open_checkpoint
from engine.proof.signing import read_vkey
from engine.proof.verify import notes_in
from engine.vault.act_evidence import octets_of
from tests.installation import Installations
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
