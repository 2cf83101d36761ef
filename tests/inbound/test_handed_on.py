"""What people write is handed on to the operator, as it came, once, and so that no two machines
write to each other for ever (A12, A13, B11).
"""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.message import EmailMessage

import pytest

from engine.inbound.handed_on import handed_on
from engine.runtime import handing_on
from engine.sending.relay_settings import RelaySettings
from engine.status.findings import findings
from engine.status.gather import gather
from tests.inbound.coming_back import CONFIG, ComingBack
from tests.inbound.test_handling import FILES
from tests.running_installation import Installations
from tests.sink import EVERYTHING, Accepted, Sink

pytestmark = pytest.mark.postgres
EIGHT_BIT = """From: =?utf-8?q?Andr=C3=A9?= <andre@lecteurs.example>
Reply-To: bureau@lecteurs.example
Subject: =?utf-8?q?Re=3A_Bienvenue=0D=0ABcc=3A_x=40y.example?=
Message-ID: <m1@lecteurs.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Été comme hiver.
"""


@pytest.fixture(scope="module")
def world(installations: Installations) -> Iterator[ComingBack]:
    with installations.made(FILES, CONFIG) as context:
        yield ComingBack(context)


def parsed(octets: bytes) -> EmailMessage:
    return email.message_from_bytes(octets, policy=email.policy.SMTP)


def taken(
    world: ComingBack, *, refuses: str = "", features: Sequence[str] = EVERYTHING
) -> list[Accepted]:
    """What the mail server has after a round."""

    async def story() -> list[Accepted]:
        async with Sink(features) as sink:
            if refuses:
                sink.answer("dot", refuses)
            settings = RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            await handing_on.hand_on(world.context, settings)
            return list(sink.messages)

    return asyncio.run(story())


def test_a_reply_comes_as_a_mail_that_is_answered_to_its_writer(world: ComingBack) -> None:
    reader = world.reader()
    reader.comes("reply.eml")
    [accepted] = taken(world)
    assert (accepted.sender, accepted.recipients) == ("", ("martine@potager.example",))
    mail = parsed(accepted.body)
    assert mail["From"] == "Anna <bonjour@potager.example>"
    assert (mail["Reply-To"], mail["Subject"]) == (reader.anna.address, "Re: Bienvenue")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "merci beaucoup pour vos conseils" in mail.get_content()
    assert taken(world) == []


def test_a_mail_that_comes_back_here_ends_the_circle(world: ComingBack) -> None:
    """Somebody set `reply_to` to an address whose mail leads here."""
    reader = world.reader()
    reader.comes("reply.eml")
    [accepted] = taken(world)
    before = world.context.ledger.head()
    assert world.handler.handle(accepted.body, ["martine@potager.example"], "lmtp").end == "nothing"
    assert taken(world) == [] and world.context.ledger.head() == before


def test_what_not_every_mail_server_carries_is_attached_beside_its_words(
    world: ComingBack,
) -> None:
    octets = EIGHT_BIT.encode()
    world.handler.handle(octets, ["bonjour@potager.example"], "lmtp")
    [accepted] = taken(world, features=("SIZE 10485760",))
    mail = parsed(accepted.body)
    assert accepted.body.isascii()
    assert mail["From"] == "André <bonjour@potager.example>"
    assert mail["Reply-To"] == "bureau@lecteurs.example"
    assert mail["Bcc"] is None and mail["References"] == "<m1@lecteurs.example>"
    words, original = mail.iter_parts()
    assert "Été comme hiver." in words.get_content()
    assert original.get_content() == octets
    site = world.context.config.site
    bare = handed_on(site, "martine@potager.example", b"X: y\n\nBonjour", bytes(32), 0)
    assert parsed(bare.body)["Reply-To"] is None


def test_what_is_not_taken_is_said_and_kept_until_it_is(
    world: ComingBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reader().comes("reply.eml")
    assert taken(world, refuses="550 5.7.1 no") == []
    codes = [finding.code for finding in findings(gather(world.context))]
    assert "hand-on" in codes
    assert taken(world) == []  # nobody else takes it for ten minutes
    monkeypatch.setattr(handing_on, "wall_now", lambda: 2**42)
    assert len(taken(world)) == 1
    codes = [finding.code for finding in findings(gather(world.context))]
    assert "hand-on" not in codes


def test_without_an_address_of_the_operator_it_is_left_where_it_is(world: ComingBack) -> None:
    config = world.context.config
    nobody = replace(config, inbound=replace(config.inbound, reply_to=""))
    reader = world.reader()
    reader.world = ComingBack(replace(world.context, config=nobody))
    handled = reader.comes("reply.eml", door="imap")
    assert (handled.end, handled.understood) == ("left", False)
    assert reader.facts == ["contact-noted"]
    assert reader.comes("mailinblack.eml", door="imap").end == "left"
