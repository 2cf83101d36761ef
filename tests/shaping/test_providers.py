"""Whose mailbox an address is, and that what Relance ships about providers is whole."""

import re
from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import packaged_providers
from engine.sequence.mistakes import Unpublishable
from engine.shaping.providers import OTHER, Provider, Providers, read_providers
from engine.shaping.rules import NoPattern, Rule, matching, read_pattern, reply_line

PROVIDERS = packaged_providers()
RULES = [(provider, rule) for provider in PROVIDERS for rule in provider.rules]
ACCEPTANCES = (
    "250 2.0.0 OK",
    "250 2.0.0 Ok: queued as 4LTRMf3Klkz9vNp1",
    "250 2.0.0 OK  1732980000 ffacd0b85a97d-38259b4d5acsi123 - gsmtp",
    "250 2.6.0 <1@x> [InternalId=123, Hostname=AM0.prod.outlook.com] Queued mail for delivery",
    "250 ok dirdel",
    "250 2.0.0 mwinf5c04 ME message accepted OFR_000",
    "250 Requested mail action okay, completed: id=1MNcgj-1ue23t3pyV-00S2YR",
    "250 2.1.5 Ok, too many connections were seen, rate limit lifted",
)


@pytest.mark.parametrize(
    ("domain", "mx", "name"),
    [
        ("orange.fr", None, "orange"),
        ("WANADOO.FR.", None, "orange"),
        ("neuf.fr", None, "sfr"),
        ("laposte.net", None, "laposte"),
        ("free.fr", None, "free"),
        ("bbox.fr", None, "bouygues"),
        ("gmail.com", ["mx.elsewhere.example"], "gmail"),
        ("ecole.example", ["aspmx.l.google.com."], "gmail"),
        ("mairie.example", ["mairie-example.mail.protection.outlook.com"], "microsoft"),
        ("commerce.example", ["mx1.mail.ovh.net", "aspmx.l.google.com"], "ovh"),
        ("atelier.example", ["mx.unknown.example", "mail.protonmail.ch"], "proton"),
        ("atelier.example", ["notgoogle.com"], OTHER),
        ("atelier.example", [], OTHER),
        ("", None, OTHER),
    ],
)
def test_a_domain_belongs_to_the_provider_of_its_table_or_of_its_servers(
    domain: str, mx: list[str] | None, name: str
) -> None:
    assert PROVIDERS.of(domain, mx).name == name
    assert PROVIDERS.of_address(f"somebody@{domain}").name in (name, OTHER)


@given(st.text(max_size=300), st.lists(st.text(max_size=80), max_size=5))
def test_any_domain_has_exactly_one_provider(domain: str, mx: list[str]) -> None:
    assert PROVIDERS.of(domain, mx).name in PROVIDERS.by_name


def test_each_provider_says_when_it_was_checked_and_where_it_is_written() -> None:
    assert {provider.name for provider in PROVIDERS} == {
        *("orange", "sfr", "laposte", "free", "bouygues", "gmail", "microsoft", "yahoo"),
        *("apple", "ovh", "proton", "gmx", OTHER),
    }
    for provider in PROVIDERS:
        assert date(2026, 1, 1) <= provider.checked_on <= date(2027, 12, 31), provider.name
        assert len(provider.source) > 15, provider.name
        assert bool(provider.domains and provider.mx) is (provider.name != OTHER)


@pytest.mark.parametrize(("provider", "rule"), RULES, ids=lambda value: value.name)
def test_each_rule_matches_its_sample_and_no_acceptance(provider: Provider, rule: Rule) -> None:
    assert rule in provider.rules_for(rule.sample)
    assert re.match(r"[45]\d\d ", rule.sample)
    assert rule.checked_on >= date(2026, 1, 1)
    assert len(rule.source) > 5
    for accepted in ACCEPTANCES:
        assert matching((rule,), accepted) == ()
        assert not (rule.matches(accepted) and rule not in PROVIDERS.by_name[OTHER].rules)


def test_what_speaks_of_a_mailbox_is_no_providers_rule() -> None:
    for reply in (
        reply_line(550, "5.1.1", "The email account that you tried to reach does not exist."),
        reply_line(550, "5.1.1", "<address>: user does not exist"),
        reply_line(550, "5.5.0", "Adresse d au moins un destinataire invalide. OFR_416 [416]"),
        reply_line(552, "5.2.2", "The recipient's inbox is out of storage space."),
        reply_line(550, "5.2.1", "sorry, user over quota [mx1]"),
    ):
        for provider in PROVIDERS:
            assert provider.rules_for(reply) == (), (provider.name, reply)


def test_a_providers_own_rule_comes_before_the_common_ones() -> None:
    line = reply_line(550, "5.7.26", "unauthenticated: DKIM and SPF did not pass. DMARC - gsmtp")
    assert [rule.name for rule in PROVIDERS.of("gmail.com").rules_for(line)] == [
        "not-authenticated"
    ]
    assert [rule.name for rule in PROVIDERS.of("proton.me").rules_for(line)] == [
        "common-not-authenticated"
    ]


@pytest.mark.parametrize(
    "pattern",
    ["a*", "a+", ".*", "(a{0,9}){0,9}", "(a|b){2}", ".{0,200}.{0,2}", "a{3,}", r"(a)\1", "(", ""],
)
def test_a_pattern_that_could_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(NoPattern):
        read_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"[*+]", r"\*\+", r"[0-9]{3} .{0,120}x", "(?:a|b)?c", r"\{"])
def test_a_pattern_of_bounded_repetitions_is_taken(pattern: str) -> None:
    assert read_pattern(pattern)


OWN = """
[orange]
connections = 1
domains = ["orange.fr", "wanadoo.fr", "free.fr"]

[entreprise]
title = "The group's own servers"
mx = ["mail.groupe.example"]
connections = 20
messages_per_connection = 1000
messages_per_minute = 6000

  [[entreprise.rule]]
  name = "full"
  reply = '452 4\\.3\\.1'
  action = "wait"
  for = "10 minutes"
  checked_on = "2026-11-30"
  source = "their postmaster"
  sample = "452 4.3.1 Insufficient system storage"
"""


def test_an_operators_file_overlays_key_by_key() -> None:
    own = read_providers(OWN, "providers.toml", PROVIDERS)
    assert (own.of("orange.fr").connections, own.of("orange.fr").messages_per_connection) == (
        1,
        100,
    )
    assert own.of("orange.fr").rules == PROVIDERS.of("orange.fr").rules
    assert own.of("free.fr").name == "orange"
    assert "free.fr" not in own.by_name["free"].domains
    assert own.of("x.example", ["mx1.mail.groupe.example"]).title == "The group's own servers"
    assert own.by_name["entreprise"].rules_for("452 4.3.1 no room")[0].seconds == 600
    assert PROVIDERS.of("free.fr").name == "free"


def wrong(text: str, base: Providers | None = PROVIDERS) -> str:
    with pytest.raises(Unpublishable) as refused:
        read_providers(text, "own.toml", base)
    return "\n".join(map(str, refused.value.mistakes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[orange]\nconnections = 0", "own.toml:2: `connections` is a number from 1 to 100"),
        ("[orange]\nconections = 1", "own.toml:2: unknown key `conections`"),
        ("[neu]\nconnections = 1", "own.toml:1: `messages_per_connection` is missing"),
        ('[orange]\ndomains = ["Orange FR"]', "own.toml:2: Orange FR is no domain"),
        ('[orange]\nmx = ["x.fr"]\n[sfr]\nmx = ["x.fr"]', "x.fr is given to orange too"),
        ("[Orange]\nconnections = 1", "own.toml:1: a provider's name is made of"),
        ("orange = 1", "own.toml:1: `orange` must be a table"),
        (OWN.replace("452 4.3.1 Ins", "250 4.3.1 Ins"), "`reply` does not match this `sample`"),
        (OWN.replace("452 4\\.3\\.1", ".*"), "repeats single characters"),
        (OWN.replace('"2026-11-30"', '"today"'), '"today" is no day'),
        (OWN.replace('"10 minutes"', '"2 years"'), "is not between a minute and thirty days"),
        (OWN.replace('name = "full"', 'name = "Full Up"'), "`name` is made of at most 40"),
        (OWN[: OWN.index("  sample")], "`sample` is missing"),
        ("[orange", "own.toml:1:"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_key(text: str, said: str) -> None:
    assert said in wrong(text)


def test_without_the_provider_of_all_others_nothing_is_read() -> None:
    assert "`other` is missing" in wrong("", None)


def test_a_provider_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        PROVIDERS.of("orange.fr").connections = 9  # type: ignore[misc]
