"""What is done with a mail that came in, in a real installation: the fact, what the vault keeps of
it, and what is kept or handed on (B01, B04-B11).
"""

from __future__ import annotations

import argparse
import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.cli.people import show
from engine.commands.command_handler import CommandRequest
from engine.inbound import handling
from engine.inbound.kept_reasons import in_words
from engine.inbound.own_letters import TryLater
from engine.privacy.erasure import erase
from engine.runtime.duties import forget
from engine.sequence.delay import Delay
from engine.subscriber.commands import ChangeProfile
from engine.subscriber.events import Cause, ContactNoted, MailBounced, MailComplained
from engine.vault import inbound_mail
from engine.vault.inbound_mail import UnknownFull
from tests.cli.asking import DIALOGUE, WORDS
from tests.inbound.coming_back import CONFIG, ComingBack, Reader
from tests.inbound.test_aggregate_reports import mail, xml
from tests.privacy.garden import Anna
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
STOPS = """
title = "Suivi"
purpose = "conseils"

[[list]]
id = 20
name = "suivi"
stop_on_reply = true

  [[list.letter]]
  id = "follows"
  after = "0 minutes"
  subject = "Alors ?"
  body = "follows.md"
"""
FILES = {"d.toml": DIALOGUE, "s.toml": STOPS, "follows.md": "Bonjour.\n"} | WORDS
STOP = """From: {who} <{who}>
To: bonjour@potager.example
Subject: Re: Bienvenue
{proof}
STOP
"""
DOCTYPE = """From: anna@reader.example
Content-Type: text/xml
Subject: Report Domain: potager.example

<!DOCTYPE a><feedback/>
"""
OUT_OF_OFFICE = """From: Anna <anna@reader.example>
To: bonjour@potager.example
Subject: Absente du bureau
Auto-Submitted: auto-replied
In-Reply-To: <{message_id}>

Je suis absente jusqu'au 4.
"""


@pytest.fixture(scope="module")
def world(installations: Installations) -> Iterator[ComingBack]:
    with installations.made(FILES, CONFIG) as context:
        yield ComingBack(context)


@pytest.fixture
def reader(world: ComingBack) -> Reader:
    return world.reader()


def test_a_dead_mailbox_is_a_bounce_with_its_cause_and_its_words_in_the_vault(
    reader: Reader,
) -> None:
    handled = reader.comes("exim-dsn-unknown.eml", reader.to("bounce"))
    assert (handled.end, handled.understood) == ("done", True)
    entry = reader.entries[-1]
    assert isinstance(entry.event, MailBounced)
    assert (entry.event.kind, entry.event.message) == ("hard", reader.begun.message)
    assert (entry.cause.door, entry.cause.ref) == ("mail", reader.begun.message)
    kept = reader.world.context.vault.evidence_of(reader.anna.stream)[entry.cause.evidence]
    assert kept["stage"] == "returned" and kept["words"]
    assert reader.suppressed == "bounced"


@pytest.mark.parametrize(
    ("sample", "kind"), [("exim-dsn-full.eml", "soft"), ("exim-dsn-blocked.eml", "blocked")]
)
def test_what_is_not_about_the_address_suppresses_nobody(
    reader: Reader, sample: str, kind: str
) -> None:
    reader.comes(sample, reader.to("bounce"))
    event = reader.entries[-1].event
    assert isinstance(event, MailBounced) and (event.kind, reader.suppressed) == (kind, "")


def test_the_same_mail_again_is_one_fact_whatever_was_written_above_it_on_the_way(
    reader: Reader,
) -> None:
    recipient = reader.to("bounce")
    assert reader.comes("exim-dsn-full.eml", recipient).end == "done"
    again = b"Received: from mx (127.0.0.1)\r\n\tby relance\r\n" + reader.mail(
        "exim-dsn-full.eml"
    ).replace(b"\n", b"\r\n")
    assert reader.world.handler.handle(again, [recipient.upper()], "smtp").end == "repeated"
    assert reader.facts == ["mail-bounced"]


def test_two_doors_at_once_record_one_reply(reader: Reader) -> None:
    ends: list[str] = []
    threads = [
        threading.Thread(target=lambda: ends.append(reader.comes("reply.eml").end))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["repeated", "repeated", "repeated", "waiting"]
    assert reader.facts == ["contact-noted"]


def test_a_forged_report_that_names_a_victim_changes_nothing(reader: Reader) -> None:
    before = reader.world.context.ledger.head()
    forged = reader.mail("forged-victim.eml").replace(
        b"victim@reader.example", reader.anna.address.encode()
    )
    handled = reader.world.handler.handle(forged, ["contact@potager.example"], "smtp")
    assert handled.end == "nothing"
    token = "a" * 52
    desk = reader.world.context.desk
    bounces, unknown = (desk.counted(f"inbound:{kind}", 7) for kind in ("bounced", "notunderstood"))
    at_a_token = reader.world.handler.handle(forged, [f"bounce+{token}@potager.example"], "smtp")
    assert at_a_token.end == "kept"
    assert desk.counted("inbound:bounced", 7) == bounces
    assert desk.counted("inbound:notunderstood", 7) == unknown + 1
    assert reader.world.context.ledger.head() == before and reader.suppressed == ""


def test_a_token_of_another_use_or_of_an_unknown_letter_changes_nothing(reader: Reader) -> None:
    unknown = reader.world.address("bounce", "00" * 16)
    mail = reader.mail("exim-dsn-unknown.eml").replace(
        reader.to("bounce").encode(), unknown.encode()
    )
    assert reader.world.handler.handle(mail, [unknown], "lmtp").end == "kept"
    assert reader.facts == []


def test_a_letter_to_a_former_address_says_nothing_of_the_new_one(reader: Reader) -> None:
    context = reader.world.context
    moved = ChangeProfile(context.clock.now(), Cause("operator"), ("email",))
    context.command_handler.execute_one(CommandRequest(moved, stream=reader.anna.stream))
    assert reader.comes("exim-dsn-unknown.eml", reader.to("bounce")).end == "nothing"
    assert reader.suppressed == ""


def test_a_complaint_ends_everything_and_names_who_passed_it_on(reader: Reader) -> None:
    assert reader.comes("arf-yahoo.eml").end == "done"
    assert reader.facts == ["consent-withdrawn", "list-left", "mail-complained"]
    complained = reader.entries[-1].event
    assert isinstance(complained, MailComplained) and complained.source == "yahoo"
    vault = reader.world.context.vault
    hashed = vault.hash(reader.anna.address)
    assert vault.suppressed([hashed]) == {hashed: "complained"}


def test_a_report_that_it_was_no_spam_changes_nothing(reader: Reader) -> None:
    assert reader.comes("arf-not-spam.eml").end == "nothing"
    assert reader.facts == []


def test_any_mail_to_the_token_unsubscribes_from_the_letter_s_purpose(reader: Reader) -> None:
    """B08: empty, automatic, from whomever."""
    text = "From: robot@elsewhere.example\nAuto-Submitted: auto-replied\nSubject:\n\n"
    assert reader.comes(text, reader.to("unsubscribe")).end == "done"
    left = reader.entries[-2]
    assert (left.name, left.cause.door, left.cause.ref) == (
        "consent-withdrawn", "mailto", reader.begun.message
    )  # fmt: skip
    assert reader.facts == ["consent-withdrawn", "list-left"]
    assert reader.comes(text + "again", reader.to("unsubscribe")).end == "done"
    assert reader.facts == ["consent-withdrawn", "list-left"]


def test_a_stop_that_our_own_server_vouches_for_ends_everything(reader: Reader) -> None:
    domain = reader.anna.address.rpartition("@")[2]
    proof = f"Authentication-Results: mx.potager.example; dkim=pass header.d={domain}\n"
    reader.comes(STOP.format(who=reader.anna.address, proof=proof))
    assert reader.facts == ["consent-withdrawn", "list-left"]
    entry = reader.entries[-2]
    assert entry.cause.door == "mail"
    kept = reader.world.context.vault.evidence_of(reader.anna.stream)[entry.cause.evidence]
    assert kept["words"] == "STOP"


def test_a_stop_that_nobody_vouches_for_opens_a_request_and_no_more(reader: Reader) -> None:
    forged = "Authentication-Results: mx.elsewhere.example; dkim=pass header.d=lecteurs.example\n"
    reader.comes(STOP.format(who=reader.anna.address, proof=forged))
    assert reader.facts == ["right-exercised"]
    stranger = STOP.format(who="personne@ailleurs.example", proof="")
    assert reader.comes(stranger).end == "kept"


def test_a_reply_is_a_contact_and_waits_to_be_handed_on(reader: Reader) -> None:
    handled = reader.comes("reply.eml")
    assert handled.end == "waiting" and handled.understood
    entry = reader.entries[-1]
    assert isinstance(entry.event, ContactNoted) and entry.event.act == "reply"
    assert entry.cause.door == "mail"
    assert reader.world.context.inbound_mails.waiting_since()[0] > 0


@pytest.mark.parametrize("mail", [OUT_OF_OFFICE, "rfc3464-e5-delayed.eml", "mailinblack.eml"])
def test_absences_delays_and_challenges_change_nothing(reader: Reader, mail: str) -> None:
    assert reader.comes(mail, "bonjour@potager.example").understood
    assert reader.facts == []


def test_a_reply_ends_a_list_that_says_so(world: ComingBack) -> None:
    reader = world.reader(20)
    reader.comes("reply.eml")
    assert reader.facts == ["contact-noted", "list-left"]


def test_dmarc_reports_are_counted_once(reader: Reader) -> None:
    report = mail(gzip.compress(xml()), "application/gzip", "xml.gz").encode()
    for recipient in ("dmarc@potager.example", "postmaster@potager.example"):
        assert reader.world.handler.handle(report, [recipient], "lmtp").end == "nothing"
    [source] = reader.world.context.dmarc_reports.sources(0)
    assert (source.domain, source.source) == ("garden.example", "192.0.2.1")
    assert (source.aligned, source.unaligned, source.reporters) == (7, 2, 1)


def test_what_is_not_understood_is_kept_whole_listed_and_thrown_away(reader: Reader) -> None:
    mails = reader.world.context.inbound_mails
    octets = reader.mail(DOCTYPE)
    assert reader.comes(DOCTYPE, door="imap").end == "kept"
    newest = mails.unknown()[0]
    assert (newest.door, newest.size) == ("imap", len(octets))
    assert mails.octets(newest.id) == octets
    assert reader.comes(DOCTYPE, door="imap").end == "kept"  # the door leaves it where it is
    assert mails.throw_away(newest.id) == 1
    assert newest not in mails.unknown()
    assert reader.comes(DOCTYPE, door="imap").end == "repeated"


MANY_PARTS = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 60 + "--b--\n"
NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(12))


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (DOCTYPE, "its report has a DOCTYPE, which no report needs"),
        (MANY_PARTS, "it has more than 50 parts"),
        (NESTED, "its parts lie more than 10 deep in each other"),
        ("no header at all\n", "it has no header: it is no mail"),
    ],
)
def test_a_mail_made_to_do_harm_is_kept_and_said(reader: Reader, mail: str, why: str) -> None:
    octets = reader.mail(f"X-Test: {reader.anna.address}\n{mail}" if "header" not in why else mail)
    assert reader.world.handler.handle(octets, [reader.to("bounce")], "smtp").end == "kept"
    assert in_words(reader.world.context.inbound_mails.unknown()[0].why).said() == why


def test_of_a_mail_that_is_too_large_as_much_is_kept_as_shows_what_it_is(reader: Reader) -> None:
    huge = b"Subject: report\n\n" + b"x" * (30 * 1024 * 1024)
    assert reader.world.handler.handle(huge, [], "imap").end == "kept"
    newest = reader.world.context.inbound_mails.unknown()[0]
    assert newest.size == handling.MAX_KEPT_BYTES
    assert in_words(newest.why).said() == "it is larger than 10 MB"


def test_when_there_is_no_room_for_what_is_not_understood_it_has_to_come_again(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_mail, "MAX_UNKNOWN", 0)
    with pytest.raises(UnknownFull):
        reader.comes("no header at all\n")


def test_while_letters_are_not_followed_yet_a_mail_about_one_has_to_come_again(
    reader: Reader,
) -> None:
    begun = Anna(reader.world.context, "paul@lecteurs.example").joins().is_begun()
    address = reader.world.address("bounce", begun.message)
    mail = reader.mail("exim-dsn-unknown.eml").replace(
        reader.to("bounce").encode(), address.encode()
    )
    with pytest.raises(TryLater):
        reader.world.handler.handle(mail, [address], "lmtp")
    reader.world.context.views.catch_up()
    assert reader.world.handler.handle(mail, [address], "lmtp").end == "done"


def test_what_came_of_it_is_told_with_its_cause_and_a_replay_finds_the_same(
    reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    context = reader.world.context
    reader.comes("exim-dsn-blocked.eml", reader.to("bounce"))
    reader.comes("reply.eml")
    reader.comes("arf-signal-spam.eml")
    show(context, argparse.Namespace(address=reader.anna.address, json=False))
    told = capsys.readouterr().out
    for sentence in (
        "Rejet (bloqué)",
        "A répondu par un courriel",
        "Plainte",
        "courriel revenu",
    ):
        assert sentence in told
    context.views.catch_up()
    assert context.views.compare(lambda done, total: None) == []


def test_what_is_kept_is_forgotten_at_the_end_of_its_time(reader: Reader) -> None:
    context = reader.world.context
    reader.comes(DOCTYPE + reader.anna.address)
    kept = context.inbound_mails.unknown()[0]
    forget(context)
    assert kept in context.inbound_mails.unknown()
    soon = replace(context.config.inbound, keep=Delay(minutes=0))
    time.sleep(0.002)
    forget(replace(context, config=replace(context.config, inbound=soon)))
    assert context.inbound_mails.unknown() == []


def test_a_person_s_mails_go_with_the_person(reader: Reader) -> None:
    context = reader.world.context
    reader.comes("reply.eml")
    reader.comes(DOCTYPE)
    erase(
        context,
        reader.anna.stream,
        Cause("operator", "o1"),
        context.command_handler.execute_one,
        suppression="bar",
    )
    with context.database.connection() as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM vault.inbound_mail WHERE position(%s IN octets) > 0",
            (reader.anna.address.encode(),),
        ).fetchone() or (None,)
    assert count == 0
    assert reader.comes("exim-dsn-unknown.eml", reader.to("bounce")).end == "done"
    assert reader.facts[-1] == "subscriber-erased"
