"""What the domain name system says of a name, as values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest

from engine.dns import resolver as r
from engine.dns.resolver import Found, Mx, NoRecords, NoSuchName, Tlsa, Unreachable
from tests.dns.stub import Fault, StubDns, Zone

ZONE: Zone = {
    "example.fr": {
        "MX": ["20 b.mx.example.fr.", "10 A.mx.example.fr."],
        "TXT": ['"v=spf1 " "-all"', '"autre"'],
    },
    "xn--bcher-kva.example": {"MX": ["10 mx.example.fr."]},
    "_mta-sts.xn--bcher-kva.example": {"TXT": ['"v=STSv1; id=1"']},
    "no-mail.example": {"MX": ["0 ."]},
    "mx.example.fr": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "old.example.fr": {"A": ["192.0.2.2"], "AAAA": Fault.SERVFAIL},
    "alias.example.fr": {"CNAME": ["mx.example.fr."]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["mx.example.fr."]},
    "_25._tcp.mx.example.fr": {"TLSA": ["3 1 1 " + "ab" * 32]},
    "broken.example": {"*": Fault.SERVFAIL},
    "refusing.example": {"*": Fault.REFUSED},
    "silent.example": {"*": Fault.SILENT},
    "long.example": {"TXT": [f'"{number:0>250}"' for number in range(9)]},
}
run = asyncio.run


@pytest.fixture(scope="module")
def server() -> Iterator[StubDns]:
    with StubDns(ZONE, secure=True, truncated=["cut.example"]) as stub:
        yield stub


def answers(found: r.Answer[r.Record]) -> set[r.Record]:
    assert isinstance(found, Found)
    return set(found.records)


def test_each_kind_of_record_is_read(server: StubDns) -> None:
    dns = server.resolver()
    assert answers(run(dns.mx("example.fr"))) == {
        Mx(10, "a.mx.example.fr"),
        Mx(20, "b.mx.example.fr"),
    }
    assert answers(run(dns.txt("example.fr"))) == {"v=spf1 -all", "autre"}
    assert answers(run(dns.ptr("192.0.2.1"))) == {"mx.example.fr"}
    assert answers(run(dns.cname("alias.example.fr"))) == {"mx.example.fr"}
    assert answers(run(dns.tlsa("_25._tcp.mx.example.fr"))) == {Tlsa(3, 1, 1, b"\xab" * 32)}
    both: set[r.Address] = {IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1")}
    assert answers(run(dns.addresses("mx.example.fr"))) == both
    assert answers(run(dns.addresses("mx.example.fr", ipv6=False))) == {IPv4Address("192.0.2.1")}


def test_an_alias_is_followed_and_its_end_named(server: StubDns) -> None:
    found = run(server.resolver().addresses("alias.example.fr", ipv6=False))
    assert isinstance(found, Found)
    assert (found.records, found.name) == ((IPv4Address("192.0.2.1"),), "mx.example.fr")


def test_one_version_of_addresses_is_enough(server: StubDns) -> None:
    assert answers(run(server.resolver().addresses("old.example.fr"))) == {IPv4Address("192.0.2.2")}


@pytest.mark.parametrize("domain", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
def test_an_internationalised_domain_is_asked_for_by_its_a_labels(
    server: StubDns, domain: str
) -> None:
    assert answers(run(server.resolver().mx(domain))) == {Mx(10, "mx.example.fr")}


def test_a_service_beneath_an_internationalised_domain_is_found(server: StubDns) -> None:
    assert answers(run(server.resolver().txt("_mta-sts.bücher.example"))) == {"v=STSv1; id=1"}


def test_a_domain_may_say_that_it_takes_no_mail(server: StubDns) -> None:
    found = run(server.resolver().mx("no-mail.example"))
    assert isinstance(found, Found) and r.is_null_mx(found.records)
    assert r.is_null_mx([Mx(0, ""), Mx(10, "")])
    assert not any(map(r.is_null_mx, ([Mx(10, "mx.example.fr")], [Mx(0, ""), Mx(1, "a")], [])))


@pytest.mark.parametrize("name", ["nobody.example", "a..b", f"{'a' * 64}.example", "\ud800.fr"])
def test_a_name_that_is_not_there_or_cannot_be_is_no_such_name(server: StubDns, name: str) -> None:
    assert run(server.resolver().mx(name)) == NoSuchName()


def test_a_name_without_such_records_is_told_from_no_such_name(server: StubDns) -> None:
    assert run(server.resolver().mx("mx.example.fr")) == NoRecords()
    assert run(server.resolver().addresses("example.fr")) == NoRecords()
    assert run(server.resolver().addresses("nobody.example")) == NoSuchName()


@pytest.mark.parametrize(
    ("domain", "why"),
    [("broken.example", "failed"), ("refusing.example", "failed"), ("silent.example", "timed-out")],
)
def test_trouble_is_no_answer(server: StubDns, domain: str, why: r.Trouble) -> None:
    assert run(server.resolver().mx(domain)) == Unreachable(why)
    assert run(server.resolver().addresses(domain)) == Unreachable(why)


def test_a_long_or_cut_answer_is_asked_for_again_by_tcp(server: StubDns) -> None:
    assert len(answers(run(server.resolver().txt("long.example")))) == 9
    run(server.resolver().txt("cut.example"))
    assert ("cut.example", "TXT", "tcp") in server.questions


def test_an_answer_is_kept_for_its_time_to_live_also_when_it_says_no(server: StubDns) -> None:
    dns = server.resolver()
    before = len(server.questions)
    for _ in range(3):
        found = run(dns.mx("example.fr"))
        assert run(dns.mx("kept.example")) == NoSuchName()
    assert isinstance(found, Found) and 290 <= found.ttl <= 300
    assert len(server.questions) - before == 2


def test_an_answer_without_time_to_live_is_asked_for_again() -> None:
    with StubDns({"example.fr": {"MX": ["10 mx.example.fr."]}}, ttl=0) as server:
        dns = server.resolver()
        run(dns.mx("example.fr"))
        run(dns.mx("example.fr"))
        assert len(server.questions) == 2


def test_an_answer_is_secure_where_the_resolver_on_this_machine_says_so(server: StubDns) -> None:
    found = run(server.resolver().mx("example.fr"))
    assert isinstance(found, Found) and found.secure
    with StubDns(ZONE) as unsigned:
        plain = run(unsigned.resolver().mx("example.fr"))
    assert isinstance(plain, Found) and not plain.secure


def test_that_there_are_no_records_may_be_secure_too(server: StubDns) -> None:
    none = run(server.resolver().mx("mx.example.fr"))
    assert isinstance(none, NoRecords) and none.secure
    with StubDns(ZONE) as unsigned:
        plain = run(unsigned.resolver().mx("mx.example.fr"))
    assert isinstance(plain, NoRecords) and not plain.secure


@pytest.mark.parametrize(
    ("nameserver", "own"),
    [
        ("127.0.0.53", True),
        ("::1", True),
        ("192.0.2.53", False),
        ("https://dns.example/dns-query", False),
        (None, False),
    ],
)
def test_only_what_is_at_a_loopback_address_is_on_this_machine(
    nameserver: str | None, own: bool
) -> None:
    assert r.is_on_this_machine(nameserver) is own


def test_the_word_of_a_resolver_elsewhere_does_not_count(
    server: StubDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(r, "is_on_this_machine", lambda nameserver: False)
    found = run(server.resolver().mx("example.fr"))
    assert isinstance(found, Found) and not found.secure


def test_questions_are_asked_at_once(server: StubDns) -> None:
    dns = server.resolver()

    async def both() -> list[r.Answer[Mx]]:
        return await asyncio.gather(*map(dns.mx, ("example.fr", "silent.example")))

    found = run(both())
    assert [type(answer) for answer in found] == [Found, Unreachable]
