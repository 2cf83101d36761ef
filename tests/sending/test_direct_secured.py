"""A provider's server is spoken to under TLS where it offers that, and must prove who it is where
its domain asks for it: by MTA-STS (RFC 8461) or DANE (RFC 7672).
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.dns.resolver import Tlsa
from engine.sending import dane, mta_sts
from engine.sending.mail_exchange import NO_ANSWER, NOT_PROVEN
from engine.sending.mta_sts import MtaSts, Policy, https, read_policy, read_record
from engine.sending.replies import Verdict, fault_of
from tests.dns.stub import Fault, Records, StubDns
from tests.sending.certificates import Authority
from tests.sending.direct_world import mx, world
from tests.sending.handing_over import LOOPS, letter, run
from tests.sink import Sink

HOST = "mx.a.example"
ONE = {"a.example": mx(HOST)}
ENFORCED = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 86400\n"
TESTED = ENFORCED.replace("enforce", "testing")


@dataclass(frozen=True)
class Certified:
    """`own` and `authority` are certificates in DER."""

    trusted: ssl.SSLContext
    context: ssl.SSLContext
    own: bytes
    authority: bytes

    def sink(self) -> Sink:
        return Sink(tls="starttls", certificate=self.context)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    folder, authority = tmp_path_factory.mktemp("certificates"), Authority()
    context = authority.server(folder, HOST, whole=True)
    own = x509.load_pem_x509_certificates((folder / f"{HOST}.pem").read_bytes())[0]
    return Certified(authority.trusted(), context, own.public_bytes(Encoding.DER), authority.der)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return Authority().server(tmp_path_factory.mktemp("stranger"), "elsewhere.example")


def sent(
    sink: Sink,
    *,
    policy: str = "",
    tlsa: Records = (),
    secure: bool | Collection[str] = False,
    trusted: ssl.SSLContext | None = None,
    loop: str = "asyncio",
) -> Verdict | None:
    """What became of one mail for a domain with this policy and these TLSA records; one that is put
    off says why.
    """

    async def main() -> Verdict | None:
        policies = {"a.example": policy} if policy else {}
        async with world(
            {HOST: sink}, ONE, secure=secure, trusted=trusted, policies=policies
        ) as there:
            service = f"_{sink.port}._tcp.{HOST}"
            if tlsa:
                there.dns.zone = {**there.dns.zone, service: {"TLSA": tlsa}}
            if not isinstance(secure, bool):
                there.dns.secure = [name.format(service=service) for name in secure]
            outcome = (await there.deliver(letter(1, "r@a.example")))["m1"]
        if outcome.verdict is Verdict.TEMPORARY:
            why = NO_ANSWER if tlsa is Fault.SERVFAIL else NOT_PROVEN
            assert (outcome.reply, fault_of(outcome.stage, why)) == (why, "sender")
        return outcome.verdict

    return run(main(), loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_without_a_demand_a_server_nobody_vouches_for_is_spoken_to_under_tls(
    stranger: ssl.SSLContext, loop: str
) -> None:
    sink = Sink(tls="starttls", certificate=stranger)
    assert sent(sink, loop=loop) is Verdict.ACCEPTED
    assert [message.tls for message in sink.messages] == [True]


@pytest.mark.parametrize("said", ["454 4.7.0 Not now", "220 2.0.0 Ready"])
def test_without_a_demand_tls_that_fails_leaves_the_mail_in_clear(
    said: str, stranger: ssl.SSLContext
) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate: no handshake succeeds
    sink = Sink(tls="starttls", certificate=old)
    sink.answer("starttls", said)
    assert sent(sink) is Verdict.ACCEPTED
    assert [message.tls for message in sink.messages] == [False]


def test_a_policy_in_force_takes_a_server_that_proves_who_it_is(certified: Certified) -> None:
    sink = certified.sink()
    assert sent(sink, policy=ENFORCED, trusted=certified.trusted) is Verdict.ACCEPTED
    assert [message.tls for message in sink.messages] == [True]


@pytest.mark.parametrize("case", ["a stranger", "no TLS", "another name"])
def test_a_policy_in_force_puts_off_what_no_server_can_take_as_it_asks(
    case: str, certified: Certified, stranger: ssl.SSLContext
) -> None:
    sink = {
        "a stranger": Sink(tls="starttls", certificate=stranger),
        "no TLS": Sink(),
        "another name": certified.sink(),
    }[case]
    policy = ENFORCED.replace(HOST, "other.example") if case == "another name" else ENFORCED
    assert sent(sink, policy=policy, trusted=certified.trusted) is Verdict.TEMPORARY
    assert not any(command.startswith(b"MAIL") for command in sink.commands)


@pytest.mark.parametrize("case", ["a stranger", "no TLS", "another name"])
def test_a_policy_that_is_tested_is_noted_and_stops_nothing(
    case: str, certified: Certified, stranger: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink() if case == "no TLS" else Sink(tls="starttls", certificate=stranger)
    policy = TESTED.replace(HOST, "other.example") if case == "another name" else TESTED
    with caplog.at_level("INFO", "relance.send"):
        assert sent(sink, policy=policy, trusted=certified.trusted) is Verdict.ACCEPTED
    assert "would not hold" in caplog.text
    assert "a.example" not in caplog.text


def tlsa_of(der: bytes, usage: int, selector: int, matching: int) -> str:
    if selector == 1:
        key = x509.load_der_x509_certificate(der).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    data = [der, hashlib.sha256(der).digest(), hashlib.sha512(der).digest()][matching]
    return f"{usage} {selector} {matching} {data.hex()}"


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("parameters", [(3, 1, 1), (3, 0, 2), (3, 1, 0), (2, 0, 1), (2, 1, 2)])
def test_a_server_whose_certificate_the_dns_vouches_for_is_spoken_to(
    parameters: tuple[int, int, int], loop: str, certified: Certified
) -> None:
    sink = certified.sink()
    vouched = certified.own if parameters[0] == 3 else certified.authority
    records = [tlsa_of(vouched, *parameters), "3 1 1 " + "00" * 32]
    assert sent(sink, tlsa=records, secure=True, loop=loop) is Verdict.ACCEPTED
    assert [message.tls for message in sink.messages] == [True]


@pytest.mark.parametrize("case", ["another key", "another authority", "no TLS", "no answer"])
def test_a_server_the_dns_does_not_vouch_for_gets_nothing(case: str, certified: Certified) -> None:
    sink = Sink() if case == "no TLS" else certified.sink()
    usage = 2 if case == "another authority" else 3
    tlsa: Records = Fault.SERVFAIL if case == "no answer" else [f"{usage} 1 1 {'00' * 32}"]
    assert sent(sink, tlsa=tlsa, secure=True) is Verdict.TEMPORARY
    assert not any(command.startswith(b"MAIL") for command in sink.commands)


@pytest.mark.parametrize("missing", ["", "a.example", HOST, "{service}"])
def test_the_dns_is_believed_about_certificates_only_where_it_was_validated_all_the_way(
    missing: str, certified: Certified
) -> None:
    secure = {"a.example", HOST, "{service}"} - {missing}
    verdict = sent(certified.sink(), tlsa=["3 1 1 " + "00" * 32], secure=secure)
    assert verdict is (Verdict.ACCEPTED if missing else Verdict.TEMPORARY)


@pytest.mark.parametrize("secure", [True, False])
def test_a_domain_that_takes_its_mail_itself_is_held_to_dane_too(
    secure: bool, certified: Certified
) -> None:
    async def main() -> Verdict | None:
        async with world({HOST: certified.sink()}, {}, secure=secure) as there:
            port = there.route.settings.direct.port
            there.dns.zone = {
                **there.dns.zone,
                f"_{port}._tcp.{HOST}": {"TLSA": ["3 1 1 " + "00" * 32]},
            }
            return (await there.deliver(letter(1, f"r@{HOST}")))["m1"].verdict

    assert run(main()) is (Verdict.TEMPORARY if secure else Verdict.ACCEPTED)


def test_records_that_cannot_be_used_ask_for_tls_and_nothing_else(certified: Certified) -> None:
    unusable = ["1 1 1 " + "00" * 32, "3 1 9 " + "00" * 32]
    assert sent(certified.sink(), tlsa=unusable, secure=True) is Verdict.ACCEPTED
    assert sent(Sink(), tlsa=unusable, secure=True) is Verdict.TEMPORARY


def test_a_policy_never_makes_up_for_dane_that_fails(certified: Certified) -> None:
    verdict = sent(
        certified.sink(),
        policy=ENFORCED,
        tlsa=["3 1 1 " + "00" * 32],
        secure=True,
        trusted=certified.trusted,
    )
    assert verdict is Verdict.TEMPORARY


def test_an_authority_vouches_for_its_own_servers_names_alone(certified: Certified) -> None:
    anchor = [Tlsa(2, 0, 1, hashlib.sha256(certified.authority).digest())]
    chain, now = [certified.own, certified.authority], datetime.now(UTC)
    assert dane.holds(anchor, chain, HOST, now)
    assert not dane.holds(anchor, chain, "other.example", now)
    assert not dane.holds(anchor, chain, HOST, now + timedelta(days=3))
    assert not dane.holds(anchor, [certified.own], HOST, now)
    assert not dane.holds(anchor, [], HOST, now)
    own = [Tlsa(3, 0, 1, hashlib.sha256(certified.own).digest())]
    assert dane.holds(own, chain, "other.example", now + timedelta(days=3))


@pytest.mark.parametrize(
    ("texts", "id"),
    [
        (["v=STSv1; id=20261130T000000;"], "20261130T000000"),
        (["v=STSv1;id=1", "v=spf1 -all"], "1"),
        (["v=STSv1 ; id=1; later=x"], "1"),
        (["v=STSv1; id=1", "v=STSv1; id=2"], ""),
        (["v=STSv1; id="], ""),
        (["v=STSv2; id=1"], ""),
        ([], ""),
    ],
)
def test_the_record_of_a_policy_is_read_strictly(texts: list[str], id: str) -> None:
    assert read_record(texts) == id


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "version: STSv1\r\nmode: enforce\r\nmx: *.A.example\r\nmx: b.example\r\n"
            "max_age: 60\r\n",
            (Policy("enforce", ("*.a.example", "b.example")), 60),
        ),
        ("version: STSv1\nmode: none\nmax_age: 60\n", (None, 60)),
        (f"{TESTED}later: x\n", (Policy("testing", (HOST,)), 86400)),
        (ENFORCED.replace("86400", "9999999999"), (Policy("enforce", (HOST,)), 31_557_600)),
        ("", None),
        ("<html>\n", None),
        (ENFORCED.replace("STSv1", "STSv2"), None),
        (ENFORCED.replace("86400", "soon"), None),
        ("version: STSv1\nmode: enforce\nmax_age: 60\n", None),
        (ENFORCED.replace("enforce", "maybe"), None),
    ],
)
def test_a_policy_is_read_strictly(text: str, read: tuple[Policy | None, int] | None) -> None:
    assert read_policy(text) == read


def test_a_star_stands_for_one_label() -> None:
    policy = Policy("enforce", ("*.a.example", "mail.b.example"))
    assert policy.allows("mx.a.example") and policy.allows("mail.b.example")
    assert not any(map(policy.allows, ("a.example", "x.mx.a.example", "mx.b.example")))


class Published:
    """A domain's policy as its host has it, and how often it was asked for."""

    def __init__(self, text: str | None) -> None:
        self.text, self.fetched = text, 0

    async def fetch(self, address: object, host: str) -> str | None:
        assert host == "mta-sts.a.example"
        self.fetched += 1
        return self.text


@pytest.fixture
def record() -> Iterator[StubDns]:
    zone = {"_mta-sts.a.example": {"TXT": ['"v=STSv1; id=1"']}}
    with StubDns({**zone, "mta-sts.a.example": {"A": ["192.0.2.1"]}}, ttl=0) as dns:
        yield dns


def test_a_policy_is_fetched_once_for_as_long_as_it_asks(record: StubDns) -> None:
    published, now = Published(ENFORCED), 1000.0
    policies = MtaSts(record.resolver(), published.fetch, lambda address: True, lambda: now)
    enforced = Policy("enforce", (HOST,))

    def asked() -> tuple[Policy | None, int]:
        return asyncio.run(policies.of("a.example")), published.fetched

    assert [asked(), asked()] == [(enforced, 1), (enforced, 1)]
    record.zone = {**record.zone, "_mta-sts.a.example": {"TXT": ['"v=STSv1; id=2"']}}
    published.text = None  # somebody on the way takes it off
    assert [asked(), asked()] == [(enforced, 2), (enforced, 2)]
    now += mta_sts.FETCH_AGAIN_SECONDS
    published.text = TESTED
    assert asked() == (Policy("testing", (HOST,)), 3)
    record.zone = {}
    assert asked() == (Policy("testing", (HOST,)), 3)
    now += 86400
    assert asked() == (None, 3)


def test_a_policy_that_cannot_be_had_is_not_asked_for_with_each_mail(record: StubDns) -> None:
    published = Published(None)
    policies = MtaSts(record.resolver(), published.fetch, lambda address: True)
    for _ in range(3):
        assert asyncio.run(policies.of("a.example")) is None
    assert published.fetched == 1
    assert asyncio.run(policies.of("nothing.example")) is None
    refusing = MtaSts(record.resolver(), published.fetch, lambda address: False)
    assert asyncio.run(refusing.of("a.example")) is None
    assert published.fetched == 1


POLICY_HOST = "mta-sts.a.example"


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        ("200 OK\r\nContent-Type: text/plain; charset=utf-8", True),
        ("200 OK\r\nContent-Type: text/html", False),
        ("404 Not Found\r\nContent-Type: text/plain", False),
        ("301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Type: text/plain", False),
    ],
)
def test_a_policy_comes_over_https_from_its_own_host(
    answer: str, got: bool, tmp_path: Path
) -> None:
    authority, asked = Authority(), []

    async def main() -> list[str | None]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            length = f"Content-Length: {len(ENFORCED)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {answer}\r\n{length}\r\n\r\n{ENFORCED}".encode())
            await writer.drain()
            writer.close()

        context = authority.server(tmp_path, POLICY_HOST)
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
            fetch = https(authority.trusted(), server.sockets[0].getsockname()[1])
            here = IPv4Address("127.0.0.1")
            return [await fetch(here, host) for host in (POLICY_HOST, "mta-sts.b.example")]

    assert run(main()) == [ENFORCED if got else None, None]
    assert len(asked) == 1
    assert asked[0].startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"Host: {POLICY_HOST}\r\n" in asked[0]


def test_a_policy_host_that_cannot_be_reached_is_none() -> None:
    async def main() -> str | None:
        return await https(Authority().trusted(), 9)(IPv4Address("127.0.0.1"), POLICY_HOST)

    assert run(main()) is None
