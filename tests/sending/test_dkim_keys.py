"""Keys that sign letters are made, published, changed and revoked, and no letter on its way loses
its signature; a key that cannot be used is named, and nothing is sent without it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.cli.dkim import dkim as command
from engine.config import Config, config_of, read_config
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.mime.message import serialize
from engine.mime.return_path import read_return_address, read_token, return_key
from engine.sending.dkim_keys import (
    KEPT_SECONDS,
    OLD_SECONDS,
    UNPUBLISHED_SECONDS,
    UNREVOKED_SECONDS,
    DkimKeys,
    DkimSigning,
    key_faults,
)
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay import Relay
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sending.smtp_settings import Dkim
from engine.sequence.mistakes import Unpublishable
from tests.mime.test_message import LETTER, letters
from tests.running import ROOT
from tests.sending.readers import enter, with_readers
from tests.sink import EVERYTHING, Accepted, Sink

DOMAIN = "potager.example"
NOW = int(time.time())
RECORD = re.compile(r"(\S+\.) IN TXT (.+)")
Zone = dict[bytes, bytes]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return replace(read_config(ROOT), folder=tmp_path, dkim=Dkim(DOMAIN, ed25519=True))


def with_key(config: Config) -> DkimKeys:
    keys = DkimKeys(config)
    keys.make(NOW)
    keys.take(NOW)
    return keys


def published(zone: Zone, lines: Sequence[str]) -> None:
    """What the operator does with the printed lines."""
    for line in lines:
        found = RECORD.fullmatch(line)
        assert found is not None
        pieces = re.findall(r'"([^"]*)"', found[2])
        assert all(len(piece) <= 255 for piece in pieces)
        zone[found[1].encode()] = "".join(pieces).encode()


def verdicts(message: bytes, zone: Zone) -> list[bool]:
    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        return zone.get(name)

    found = []
    for index in range(message.count(b"DKIM-Signature:")):
        try:
            found.append(bool(dkim.DKIM(message).verify(index, dnsfunc=lookup)))
        except dkim.DKIMException:
            found.append(False)
    return found


def test_what_a_mail_server_gets_verifies_dots_and_line_ends_and_all(config: Config) -> None:
    zone: Zone = {}
    keys = with_key(config)
    published(zone, keys.dns_lines(keys.all()[0]))
    signing = DkimSigning(config)
    signing.read()
    bodies = [serialize(mail) for mail in [*letters()][::97]]
    bodies += [
        b"From: a@potager.example\r\n\r\nlone\nline\r ends",
        b"From: a@e.fr\r\n\r\n.\r\n..\r\n",
    ]
    envelopes = [
        Envelope(f"{number:032x}", "a@potager.example", f"p{number}@lecteurs.example", body)
        for number, body in enumerate(bodies)
    ]

    async def story() -> list[bytes]:
        deliveries: list[Delivery] = []
        async with Sink() as sink:
            relay = Relay(RelaySettings("127.0.0.1", sink.port, "none", connections=1))
            await relay.deliver(signing.signed(envelopes), None, deliveries.append)
            await relay.close()
            return [message.body for message in sink.messages]

    got = asyncio.run(story())
    assert len(got) == len(envelopes)
    assert [verdicts(body, zone) for body in got] == [[True, True]] * len(got)


def test_a_change_of_keys_loses_no_letter_signed_before_during_or_after(config: Config) -> None:
    zone: Zone = {}
    keys, signing = DkimKeys(config), DkimSigning(config)
    letter = Envelope("0" * 32, "a@potager.example", "b@lecteurs.example", serialize(LETTER))
    sent: list[bytes] = []

    def send() -> str:
        signing.read()
        sent.extend(envelope.body for envelope in signing.signed([letter, letter]))
        assert all(verdicts(body, zone) == [True, True] for body in sent)
        found = re.search(rb"s=([\w-]+);", sent[-1])
        assert found is not None
        return found[1].decode()

    published(zone, keys.dns_lines(keys.make(NOW)))
    keys.take(NOW)
    assert send() == "relance"
    new = keys.make(NOW + 1)
    assert send() == "relance"
    published(zone, keys.dns_lines(new))
    assert send() == "relance"
    keys.take(NOW + 2)
    assert send() == "relance-2"
    with pytest.raises(UserError, match="may still be on their way"):
        keys.retire(NOW + 2 + KEPT_SECONDS - 1)
    assert send() == "relance-2"
    revoked = keys.retire(NOW + 2 + KEPT_SECONDS)
    published(zone, keys.dns_lines(revoked))
    assert zone[b"relance._domainkey.potager.example."] == b"v=DKIM1; p="
    assert verdicts(sent[-1], zone) == [True, True] and verdicts(sent[0], zone) == [False, False]
    assert sorted(os.listdir(keys.folder)) == [
        "keys.json",
        "relance-2-ed25519.pem",
        "relance-2.pem",
    ]
    assert keys.make(NOW + KEPT_SECONDS + 3).selector == "relance-3"


@pytest.mark.parametrize(
    ("state", "seconds", "code"),
    [
        ("signing", OLD_SECONDS, "old"),
        ("made", UNPUBLISHED_SECONDS, "unpublished"),
        ("former", UNREVOKED_SECONDS, "unrevoked"),
    ],
)
def test_what_is_due_with_a_key_is_told_once_its_time_is_over(
    config: Config, state: str, seconds: int, code: str
) -> None:
    keys = with_key(config)
    if state != "signing":
        keys.make(NOW)
    if state == "former":
        keys.take(NOW)
    assert [fault.code for fault in key_faults(config, NOW + seconds)] in ([], ["unpublished"])
    faults = [fault for fault in key_faults(config, NOW + seconds + 1) if fault.code == code]
    selector = "relance-2" if state == "made" else "relance"
    assert [f"the DKIM key {selector} " in fault.words.said() for fault in faults] == [True]
    assert not [*key_faults(replace(config, dkim=Dkim()), NOW + 2 * OLD_SECONDS)]


def test_private_keys_are_the_owners_alone_and_stand_in_no_line_that_is_printed(
    config: Config,
) -> None:
    keys = with_key(config)
    for file in keys.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    private = "".join((keys.folder / "relance.pem").read_text().splitlines()[1:-1])
    assert not any(private[40:80] in line for line in keys.dns_lines(keys.all()[0]))


def test_without_a_domain_nothing_changes(config: Config) -> None:
    signing = DkimSigning(replace(config, dkim=Dkim()))
    signing.read()
    letter = Envelope("0" * 32, "a@e.fr", "b@e.fr", b"From: a@e.fr\r\n\r\nx")
    assert signing.signed([letter]) == [letter]


def gone(file: Path) -> None:
    file.unlink()


def unreadable(file: Path) -> None:
    file.unlink()
    file.mkdir()


def no_key(file: Path) -> None:
    file.write_text("relay password")


def another_kind(file: Path) -> None:
    file.write_bytes(file.with_name("relance-ed25519.pem").read_bytes())


def too_short(file: Path) -> None:
    key = generate_private_key(65537, 1024)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def list_spoiled(file: Path) -> None:
    file.with_name("keys.json").write_text('[{"selector": 1}]')


SPOILED = pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (gone, "the DKIM key data/secrets/dkim/relance.pem cannot be read: No such file"),
        (unreadable, "the DKIM key data/secrets/dkim/relance.pem cannot be read: Is a directory"),
        (no_key, "data/secrets/dkim/relance.pem is not the private DKIM key"),
        (another_kind, "data/secrets/dkim/relance.pem is not the private DKIM key"),
        (too_short, "relance.pem has 1024 bits; mailbox providers ask for 2048"),
        (list_spoiled, "data/secrets/dkim/keys.json is not the list of DKIM keys"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)


@SPOILED
def test_a_key_that_cannot_be_used_is_named(
    config: Config, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(with_key(config).folder / "relance.pem")
    with pytest.raises(UserError, match=re.escape(sentence)):
        DkimSigning(config).read()
    (fault,) = key_faults(config, NOW)
    assert fault.code == "unusable" and sentence in fault.words.said()


def test_a_domain_without_a_key_or_with_one_not_yet_published_signs_nothing(config: Config) -> None:
    with pytest.raises(UserError, match="no key signs for it yet"):
        DkimSigning(config).read()
    DkimKeys(config).make(NOW)
    with pytest.raises(UserError, match="no key signs for it yet"):
        DkimSigning(config).read()


@pytest.mark.postgres
def test_letters_leave_signed_through_a_change_of_keys_and_none_is_begun_without_one(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, 3)
    config = replace(
        context.config,
        dkim=Dkim(DOMAIN, ed25519=True),
        smtp=replace(context.config.smtp, return_path=DOMAIN),
    )
    keys, zone = with_key(config), Zone()
    published(zone, keys.dns_lines(keys.all()[0]))
    file = keys.folder / "relance.pem"
    octets = file.read_bytes()
    file.unlink()

    def take_over(letter: Accepted) -> None:
        if keys.one("made"):
            keys.take(NOW + 2)

    async def story() -> list[Accepted]:
        async with Sink((*EVERYTHING, "DSN")) as sink:
            relay = RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            sender = Sender(replace(context.sending(), config=config), relay)
            assert await sender.tick() == 0 and not sink.messages
            assert "relance.pem cannot be read" in sender.trouble
            file.write_bytes(octets)
            # Another key takes over while the first of these letters is on the wire.
            published(zone, keys.dns_lines(keys.make(NOW + 1)))
            sink.on_accepted = take_over
            assert await sender.tick() == 3
            assert sender.trouble == ""
            await asyncio.to_thread(enter, context, "reader-late")
            assert await sender.tick() == 1
            await sender.route.close()
            sender.journal.close()
            return sink.messages

    got = asyncio.run(story())
    assert [verdicts(letter.body, zone) for letter in got] == [[True, True]] * 4
    selectors = [re.findall(rb"\n s=([\w-]+);", letter.body) for letter in got]
    assert [found[0] for found in selectors] == [b"relance"] * 3 + [b"relance-2"]
    # Each has a return path of its own, and an envelope id that says the same.
    key = return_key(context.secrets.link_key)
    tokens = [read_return_address(key, letter.sender) for letter in got]
    assert None not in tokens and len(set(tokens)) == 4
    ids = [letter.mail.partition(b" ENVID=")[2].decode() for letter in got]
    assert [read_token(key, envelope_id) for envelope_id in ids] == tokens


def said(
    config: Config, capsys: pytest.CaptureFixture[str], part: str, published: bool = False
) -> str:
    args = argparse.Namespace(part=part, published=published, stream="marketing")
    assert command(config, args) == 0
    return capsys.readouterr().out


def test_the_command_prints_the_lines_of_the_dns_and_refuses_what_comes_too_early(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(config, site=replace(config.site, language="en"))
    assert "no key yet" in said(config, capsys, "show")
    with pytest.raises(UserError, match="`relance dkim new` makes the first"):
        said(config, capsys, "rotate")
    first = said(config, capsys, "new")
    assert "relance._domainkey.potager.example. IN TXT (" in first
    assert "relance-ed25519._domainkey.potager.example. IN TXT" in first
    with pytest.raises(UserError, match="is made and waits"):
        said(config, capsys, "new")
    assert "relance signs from here on." in said(config, capsys, "rotate", published=True)
    with pytest.raises(UserError, match="there is a key already"):
        said(config, capsys, "new")
    with pytest.raises(UserError, match="no new key waits"):
        said(config, capsys, "rotate", published=True)
    with pytest.raises(UserError, match="no former key"):
        said(config, capsys, "retire")
    assert "relance-2._domainkey" in said(config, capsys, "rotate")
    assert "stays published until" in said(config, capsys, "rotate", published=True)
    with pytest.raises(UserError, match=r"from \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\) on"):
        said(config, capsys, "retire")
    shown = said(config, capsys, "show")
    assert "relance: signs nothing since" in shown and "relance-2: signs since" in shown
    with pytest.raises(UserError, match="Relance signs nothing: write that"):
        said(replace(config, dkim=Dkim()), capsys, "show")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('domain = "Potager.example"', "`domain` is a host name in small letters"),
        ('domain = "localhost"', "`domain` is a host name in small letters"),
        ('domain = "jardin.example"', "`domain` is not that of the address letters come from"),
        ('selector = "a.b"', "`selector` is made of at most 40 small letters"),
        ('selector = ""', "`selector` is made of at most 40 small letters"),
        ('ed25519 = "yes"', "`ed25519` must be true or false"),
        ('keys = "x"', "keys"),
        ('[smtp]\nreturn_path = "retours@potager.example"', "`return_path` is a host name"),
        ("[smtp]\nreturn_path = 1", "`return_path` must be"),
        ("[smtp]\nmessage_size_limit = 49_999", "a number of octets from 50000 to 45000000"),
    ],
)
def test_a_bad_value_of_the_configuration_is_a_mistake(written: str, sentence: str) -> None:
    text = (
        '[site]\nname = "x"\nurl = "https://x.example"\nfrom = "a@lettres.potager.example"\n'
        'postal_address = "x"\n[[purpose]]\nid = "a"\nname = "a"\n[dkim]\n'
    )
    assert config_of(Path(), text + 'domain = "potager.example"\n').dkim.domain == DOMAIN
    with pytest.raises(Unpublishable) as refused:
        config_of(Path(), text + written)
    (mistake,) = refused.value.mistakes
    assert sentence in mistake.words.said()
