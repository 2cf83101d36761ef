"""The providers of the tests keep their limits, say so in their words, and count."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator

import pytest

from engine.sending.replies import parse_reply
from engine.shaping.providers import read_providers
from engine.shaping.rules import reply_line
from tests.providers.provider import BARE_LINE_FEED, Limits, Provider
from tests.providers.zoo import MOODS, Zoo, menagerie
from tests.running import ROOT

LETTER = b"Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaaa@potager.example>\r\n\r\nBonjour.\r\n"


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def clock() -> Hands:
    return Hands()


@pytest.fixture(scope="module")
def zoo(clock: Hands) -> Iterator[Zoo]:
    small = Provider(name="small", limits=Limits(size=1000))
    with Zoo([*menagerie(clock), small]) as zoo:
        zoo["gmail"].limits = Limits(per_minute=2)
        yield zoo


def visit(provider: Provider) -> smtplib.SMTP:
    client = smtplib.SMTP(provider.host, provider.port, "sender.example", timeout=5)
    client.ehlo()
    return client


def offered(client: smtplib.SMTP, letter: bytes = LETTER, sender: str = "b@potager.example") -> str:
    """The answer that decided; the client's own SIZE is not declared."""
    for command in (f"MAIL FROM:<{sender}>", "RCPT TO:<anna@lecteurs.example>", "DATA"):
        code, words = client.docmd(command)
        if code // 100 not in (2, 3):
            return f"{code} {words.decode()}"
    client.send(letter + b".\r\n")
    code, words = client.getreply()
    return f"{code} {words.decode()}"


def test_one_connection_too_many_is_told_so_and_counted(zoo: Zoo) -> None:
    orange = zoo["orange"]
    with visit(orange), visit(orange), pytest.raises(smtplib.SMTPConnectError, match="OFR004_104"):
        visit(orange)
    assert (orange.passed["connections"], orange.most_open, orange.in_vain) == (1, 3, 1)


def test_a_limit_that_is_announced_nowhere_is_kept_too(zoo: Zoo) -> None:
    microsoft = zoo["microsoft"]
    with visit(microsoft), visit(microsoft), pytest.raises(smtplib.SMTPConnectError, match="S3115"):
        visit(microsoft)
    assert microsoft.passed == {"hidden_connections": 1}


def test_a_connection_brings_so_many_messages_and_no_more(zoo: Zoo) -> None:
    yahoo = zoo["yahoo"]
    most, before = yahoo.limits.per_connection, yahoo.accepted
    with visit(yahoo) as client:
        assert {offered(client)[:3] for _ in range(most)} == {"250"}
        assert offered(client) == "421 4.7.0 Too many messages"
    assert (yahoo.accepted - before, yahoo.passed["per_connection"]) == (most, 1)


def test_a_minute_takes_so_many_messages_and_no_more(zoo: Zoo, clock: Hands) -> None:
    gmail = zoo["gmail"]
    for number, (moved, answer) in enumerate([(0, 250), (30, 250), (29, 421), (1, 250), (29, 421)]):
        clock.seconds += moved
        with visit(gmail) as client:
            assert int(offered(client)[:3]) == answer, number
    assert (gmail.busiest_minute, gmail.passed["per_minute"]) == (2, 2)


def test_who_is_new_is_put_off_and_who_comes_too_early_again_is_counted(
    zoo: Zoo, clock: Hands
) -> None:
    free = zoo["free"]
    with visit(free) as client:
        assert offered(client).startswith("451 4.7.1 Greylisting")
    assert (free.attempts, free.put_off, free.passed) == (0, 1, {})
    with visit(free) as client:
        clock.seconds += 299
        assert offered(client).startswith("451")
        clock.seconds += 1
        client.rset()
        assert offered(client).startswith("250")
    assert (free.attempts, free.in_vain, free.passed) == (2, 1, {"greylisting": 1})


@pytest.mark.parametrize("declared", ["", " SIZE=1001"])
def test_a_message_that_is_too_large_is_refused_whether_it_says_so_or_not(
    zoo: Zoo, declared: str
) -> None:
    small = zoo["small"]
    before = small.passed["size"]
    with visit(small) as client:
        assert client.esmtp_features["size"] == "1000"
        if declared:
            assert client.docmd(f"MAIL FROM:<b@potager.example>{declared}")[0] == 552
        else:
            assert offered(client, LETTER + b"." * 1000 + b"\r\n").startswith("552 5.3.4")
    assert small.passed["size"] == before + 1


def test_a_line_feed_alone_smuggles_nothing_in(zoo: Zoo) -> None:
    small = zoo["small"]
    hidden = (
        b"\n.\r\nMAIL FROM:<evil@potager.example>\r\nRCPT TO:<anna@lecteurs.example>\r\nDATA\r\n"
    )
    before = small.accepted
    with visit(small) as client:
        assert offered(client, LETTER + hidden + LETTER) == BARE_LINE_FEED
    assert (small.accepted, small.passed["bare line feed"]) == (before, 1)


@pytest.mark.parametrize("mood", MOODS)
def test_a_provider_is_displeased_as_often_as_it_was_told(mood: str, clock: Hands) -> None:
    _, step, reply = MOODS[mood]
    words = re.sub(r"\n\d\d\d[ -]", "\n", reply)[4:]
    with Zoo(menagerie(clock)) as zoo:
        provider = zoo.displease(mood, times=1)
        if step == "connect":
            with pytest.raises(smtplib.SMTPConnectError, match=re.escape(words)):
                visit(provider)
        else:
            with visit(provider) as client:
                assert offered(client)[4:] == words
        with visit(provider) as client:
            assert offered(client)[:3] == "250"
        assert (provider.accepted, provider.refused.total(), provider.passed.total()) == (1, 1, 0)


def test_what_was_taken_is_known_by_message_and_recipient(zoo: Zoo) -> None:
    taken = [each for each in zoo.taken() if each.address == "anna@lecteurs.example"]
    assert {each.message for each in taken} == {"0" * 32}
    assert len(taken) == sum(each.accepted for each in zoo.providers.values())


PRESETS = read_providers(
    (ROOT / "engine/shaping/providers.toml").read_text("utf-8"), "providers.toml"
)


def rules_for(provider: str, reply: str) -> list[str]:
    """Names of the rules that know a reply as it is on the wire."""
    parsed = parse_reply([line.encode() for line in reply.split("\n")])
    line = reply_line(parsed.code, parsed.enhanced, parsed.text)
    return [rule.name for rule in PRESETS.by_name[provider].rules_for(line)]


@pytest.mark.parametrize("provider", menagerie(), ids=lambda provider: provider.name)
def test_each_is_a_provider_that_is_known_and_takes_what_it_is_known_to_take(
    provider: Provider,
) -> None:
    preset, limits, words = PRESETS.by_name[provider.name], provider.limits, provider.words
    assert {PRESETS.of(domain, [provider.mx]).name for domain in provider.domains} == {
        provider.name
    }
    for limit, chosen in (
        (limits.connections, preset.connections),
        (limits.per_connection, preset.messages_per_connection),
        (limits.per_minute, preset.messages_per_minute),
    ):
        assert not limit or chosen <= limit
    if limits.connections or limits.hidden_connections:
        assert rules_for(provider.name, words.connections)
    if limits.per_minute:
        assert rules_for(provider.name, words.per_minute)
    if limits.hidden_connections:
        assert limits.hidden_connections < preset.connections


@pytest.mark.parametrize("mood", MOODS)
def test_each_mood_is_known_to_a_rule(mood: str) -> None:
    provider, _, reply = MOODS[mood]
    assert rules_for(provider, reply)
