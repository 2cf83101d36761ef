"""`relance audit evidence` reads everybody's proof and names what is missing; and who was brought
by others is told from where.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest

from engine.audit.vault_check import Deletions, evidence_faults
from engine.cli.audit_checks import evidence
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.subscriber.commands import Withdraw
from engine.subscriber.events import Cause, LetterDeferred
from tests.running_installation import Installations
from tests.web import doors
from tests.web.visiting import Site, behind_a_proxy


@pytest.fixture
def site(installations: Installations) -> Iterator[Site]:
    with behind_a_proxy(installations, doors.FILES, doors.PARTNER) as made:
        yield made


def parts_of(octets: bytes) -> list[str]:
    """The text and the HTML of a mail, in one line each."""
    mail = message_from_bytes(octets, policy=default)
    return [" ".join(part.get_content().split()) for part in mail.iter_parts()]


def audit(context: AppContext, address: str = "") -> int:
    return evidence(context, argparse.Namespace(address=address))


def test_whole_proofs_are_counted_and_one_that_lacks_a_name_is_told_with_it(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    for come in (doors.by_form, doors.by_api, doors.by_import, doors.by_operator, doors.by_page):
        come(site)
    capsys.readouterr()
    assert (
        audit(site.context) == 0
        and capsys.readouterr().out == "fondements dont la preuve est entière : 5\n"
    )
    broken = doors.last(site, "simple@exemple.fr")
    site.context.vault.forget_evidence([bytes.fromhex(broken.entry.cause.evidence)])
    with pytest.raises(UserError, match="some have no whole proof"):
        audit(site.context)
    said = capsys.readouterr().out
    assert said.startswith(
        f"{site.stream('simple@exemple.fr')}  « conseils », par form : manque method (le coffre"
        " n’en contient plus rien)\n"
    )
    assert "method: 1\n" in said and "@" not in said
    assert audit(site.context, "appel@exemple.fr") == 0
    with pytest.raises(UserError, match="nobody is known"):
        audit(site.context, "personne@exemple.fr")


def test_a_withdrawn_ground_needs_no_proof_to_write_and_its_evidence_does_not_vanish(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    address = doors.by_form(site)
    site.context.vault.forget_evidence(
        [bytes.fromhex(doors.last(site, address).entry.cause.evidence)]
    )
    site.command(address, Withdraw(site.context.clock.now(), Cause("click"), "conseils"))
    with pytest.raises(UserError, match="of 0 grounds"):
        audit(site.context)
    assert capsys.readouterr().out.endswith("\nmissing: 1\n")


def test_who_was_brought_by_others_reads_in_each_letter_from_where(site: Site) -> None:
    doors.call(
        site,
        {
            "email": "appel@exemple.fr",
            "basis": "consent",
            **doors.CALL,
            "source": "Salon <du>\n jardin & co",
        },
    )
    doors.by_form(site)
    brought, own = doors.posted(site.context, site, "appel@exemple.fr", "simple@exemple.fr")
    for mail, expected in ((brought, True), (own, False)):
        text, html = parts_of(mail.body)
        assert ("Nous tenons votre adresse de : Salon <du> jardin & co." in text) is expected
        assert (
            "Nous tenons votre adresse de : Salon &lt;du&gt; jardin &amp; co." in html
        ) is expected


def test_who_was_brought_by_others_and_not_told_within_a_month_is_named(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    address = doors.by_import(site)
    assert audit(site.context) == 0
    site.context.clock.jump(31 * DAY)
    with pytest.raises(UserError):
        audit(site.context)
    said = capsys.readouterr().out
    assert (
        f"{site.stream(address)}  adresse apportée par d’autres il y a plus d’un mois" in said
        and "told: 1\n" in said
    )


def test_a_mail_server_s_words_may_be_gone_after_their_time_and_not_before() -> None:
    deferred = LetterDeferred(0, "m", 60_000, 450)
    fact = Entry(
        7, "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", 3, "letter-deferred", 0, 100 * DAY,
        Cause("relay", evidence="ab" * 32), deferred,
    )  # fmt: skip
    (fault,) = evidence_faults([fact], {}, Deletions(()))
    assert (fault.code, fault.position) == ("missing", 7)
    young, before, past = (9, 0, 50 * DAY), (6, 0, 300 * DAY), (9, 0, 300 * DAY)
    assert list(evidence_faults([fact], {}, Deletions((young, before)))) == [fault]
    assert not list(evidence_faults([fact], {}, Deletions((past,))))
