"""Two streams (A51): what people asked for or need has a sender, a return path, a SenderId and a
signature of its own, and every other letter stays as it was.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Config, config_of
from engine.i18n.user_error import UserError
from engine.mime.return_path import ReturnToken, read_return_address, return_key
from engine.sending.compose import Composer
from engine.sending.dkim_keys import DkimKeys, DkimSigning, keys_of
from engine.sending.envelope import Envelope
from engine.sending.smtp_settings import Dkim
from engine.sending.stream_settings import Identity, Stream, stream_of
from engine.sequence.mistakes import Unpublishable
from tests.mime.test_message import read
from tests.sending.test_dkim_keys import NOW, Zone, published, verdicts
from tests.sending.test_letter_headers import FIRST
from tests.sending.test_two_paths import AT, HTTPS, KEY, OnlyFast, ordered
from tests.sequence.test_sample import plan

OWN = Identity(
    sender="compte@service.atelier.example",
    sender_name="Votre compte",
    return_path="retours.service.atelier.example",
    dkim=Dkim("service.atelier.example", "compte"),
)
BOTH = replace(HTTPS, transactional=OWN)


@pytest.mark.parametrize(
    ("kind", "basis", "stream"),
    [
        ("letter", "consent", "marketing"),
        ("letter", "soft-optin", "marketing"),
        ("broadcast", "b2b", "marketing"),
        ("letter", "service", "transactional"),
        ("broadcast", "service", "transactional"),
        ("confirmation", "consent", "transactional"),
        ("permission", "consent", "transactional"),
    ],
)
def test_what_people_asked_for_or_need_is_a_stream_of_its_own(
    kind: str, basis: str, stream: Stream
) -> None:
    assert stream_of(kind, basis) == stream
    request = ordered(FIRST[kind], {}, basis=basis)
    octets = Composer(BOTH, KEY).compose(request, plan(), AT).octets
    assert OnlyFast(BOTH, KEY).octets(request, plan(), AT) == octets
    envelope = Composer(BOTH, KEY).envelope(request, octets)
    assert envelope.stream == stream
    token = read_return_address(return_key(KEY), envelope.sender)
    assert token == ReturnToken("bounce", FIRST[kind].message)
    if stream == "marketing":
        assert octets == Composer(HTTPS, KEY).compose(request, plan(), AT).octets
        return
    message = read(octets)
    assert message["From"] == "Votre compte <compte@service.atelier.example>"
    assert envelope.sender.endswith("@retours.service.atelier.example")
    assert message["Feedback-ID"].rpartition(":")[2] == "serviceatelierex"[:15]
    assert kind == "confirmation" or "@retours.service.atelier" in message["List-Unsubscribe"]


def test_each_stream_is_signed_by_its_own_key_and_one_alone_by_the_first(tmp_path: Path) -> None:
    config = replace(BOTH, folder=tmp_path, dkim=Dkim("atelier.example"))
    zone: Zone = {}
    for keys in keys_of(config):
        published(zone, keys.dns_lines(keys.make(NOW)))
        keys.take(NOW)
    assert sorted(file.parent.name for file in config.secrets.rglob("keys.json")) == [
        "dkim",
        "transactional",
    ]

    def selectors(config: Config) -> list[str]:
        signing = DkimSigning(config)
        signing.read()
        mails = signing.signed([_envelope("marketing"), _envelope("transactional")])
        assert all(verdicts(mail.body, zone) in ([True], []) for mail in mails)
        return [
            (re.findall(rb"d=([\w.]+);\s+s=(\w+)", mail.body) or [(b"", b"")])[0][1].decode()
            for mail in mails
        ]

    assert selectors(config) == ["relance", "compte"]
    assert selectors(replace(config, transactional=None)) == ["relance", "relance"]
    assert selectors(replace(config, dkim=Dkim())) == ["", "compte"]
    DkimKeys(config, "transactional").folder.joinpath("compte.pem").unlink()
    with pytest.raises(UserError, match=r"secrets/dkim/transactional/compte\.pem cannot be read"):
        DkimSigning(config).read()


def _envelope(stream: Stream) -> Envelope:
    body = b"From: a@atelier.example\r\nSubject: x\r\n\r\nx\r\n"
    return Envelope(key="0" * 32, sender="a@b.fr", recipient="b@c.fr", body=body, stream=stream)


SITE = """[site]
name = "x"
url = "https://x.example"
from = "a@atelier.example"
from_name = "Anne"
postal_address = "x"
[[purpose]]
id = "a"
name = "a"
[smtp]
return_path = "retours.atelier.example"
[dkim]
domain = "atelier.example"
"""


def test_a_stream_takes_from_the_first_what_it_does_not_say() -> None:
    assert config_of(Path(), SITE).transactional is None
    stream = '[stream.transactional]\nfrom = "c@service.atelier.example"\n'
    assert config_of(Path(), SITE + stream).transactional == Identity(
        sender="c@service.atelier.example",
        sender_name="Anne",
        return_path="retours.atelier.example",
        dkim=Dkim("atelier.example", "relance-service"),
    )


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('from = "c"', "`from`"),
        ('return_path = "b.example"', "the stream has no sender"),
        ('from = "c@atelier.example"\nreturn_path = "b@c.example"', "`return_path` is a host name"),
        ('from = "c@autre.fr"', "`domain` is not that of the address letters come from"),
        ('from = "c@atelier.example"\nselector = "relance"', "each stream has a name of its own"),
        ('from = "c@atelier.example"\nselector = "relance-2"', "each stream has a name of its own"),
        ('from = "c@atelier.example"\nselector = "A"', "`selector` is made of at most 40"),
        ('from = "c@atelier.example"\nfrom_name = "a\\nb"', "`from_name` stands in a header"),
        ('from = "c@atelier.example"\nreply_to = "a"', "unknown key"),
    ],
)
def test_a_bad_value_of_a_stream_is_a_mistake(written: str, sentence: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        config_of(Path(), f"{SITE}[stream.transactional]\n{written}\n")
    (mistake,) = refused.value.mistakes
    assert sentence in mistake.words.said()
